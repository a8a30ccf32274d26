use super::*;
use crate::{Error, ErrorKind};

fn path(text: &str) -> RelativePath {
    RelativePath::new(text).unwrap()
}

fn disk() -> (tempfile::TempDir, RealDisk) {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(&folder.path().join("root")).unwrap();
    (folder, disk)
}

#[test]
fn files_live_below_the_root() {
    let (_folder, disk) = disk();
    disk.create_dir(&path("a/b")).unwrap();
    disk.create(&path("a/b/one"), b"1").unwrap();
    assert!(disk.create(&path("a/b/one"), b"2").is_err(), "a new file only");
    disk.append(&path("a/b/one"), b"23").unwrap();
    disk.append(&path("a/b/two"), b"x").unwrap();
    disk.sync(&path("a/b/one")).unwrap();
    disk.sync_dir(&path("a/b")).unwrap();
    assert_eq!(disk.read(&path("a/b/one")).unwrap(), b"123");
    disk.truncate(&path("a/b/one"), 2).unwrap();
    assert_eq!(disk.size(&path("a/b/one")).unwrap(), 2);
    disk.rename(&path("a/b/two"), &path("a/b/one")).unwrap();
    assert_eq!(disk.list(&path("a/b")).unwrap(), ["one"]);
    assert_eq!(disk.read(&path("a/b/one")).unwrap(), b"x");
    disk.remove(&path("a/b/one")).unwrap();
    disk.remove(&path("a/b/one")).unwrap();
    assert_eq!(disk.read(&path("a/b/one")).unwrap_err().kind(), ErrorKind::NotFound);
    disk.remove_dir(&path("a")).unwrap();
    disk.remove_dir(&path("a")).unwrap();
    assert_eq!(disk.list(&path("a")).unwrap(), [""; 0]);
    assert!(disk.free().unwrap() > 0);
}

#[test]
fn tricks_with_paths_are_refused() {
    let long = "a".repeat(256);
    let deep = vec!["ab"; 400].join("/");
    let tricks = [
        "",
        "/",
        "/etc/passwd",
        "..",
        "../x",
        "a/../b",
        "a/..",
        ".",
        "./a",
        "a//b",
        "a/",
        ".hidden",
        "a\\b",
        "c:x",
        "a\0b",
        "a\nb",
        "%2e%2e/x",
        "a/%2f",
        "*",
        long.as_str(),
        deep.as_str(),
    ];
    for trick in tricks {
        assert_eq!(RelativePath::new(trick).unwrap_err().kind(), ErrorKind::Invalid, "{trick:?}");
    }
    assert!(path("a").join("../b").is_err());
    assert_eq!(path("a").join("b").unwrap().as_str(), "a/b");
    assert_eq!(RelativePath::root().join("b").unwrap().parent(), RelativePath::root());
    assert_eq!((path("a/b").parent().as_str().to_owned(), path("a/b").name().to_owned()), ("a".into(), "b".into()));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let (folder, disk) = disk();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "s").unwrap();
    std::os::unix::fs::symlink(&secret, disk.locate(&path("link"))).unwrap();
    assert!(disk.read(&path("link")).is_err());
    assert!(disk.append(&path("link"), b"x").is_err());
    assert!(disk.truncate(&path("link"), 0).is_err());
    assert_eq!(std::fs::read(&secret).unwrap(), b"s");
}

/// Fails each change in turn: the file holds the old bytes or the new, never others.
#[test]
fn an_atomic_write_is_whole_or_not_at_all() {
    for fault in [DiskFault::Full, DiskFault::Broken, DiskFault::Torn(3)] {
        for after in 0.. {
            let (_folder, real) = disk();
            let disk = FaultyDisk::new(real);
            disk.write_atomic(&path("f"), b"old bytes").unwrap();
            disk.fail_from(after, fault);
            let written = disk.write_atomic(&path("f"), b"new bytes");
            disk.heal();
            let found = disk.read(&path("f")).unwrap();
            match written {
                Ok(()) => {
                    assert_eq!(found, b"new bytes");
                    assert_eq!(after, 5, "remove, create, sync, rename, sync of the directory");
                    break;
                }
                Err(_) => assert!(found == b"old bytes" || found == b"new bytes"),
            }
            // What was left halfway is in nobody's way.
            disk.write_atomic(&path("f"), b"third").unwrap();
            assert_eq!(disk.read(&path("f")).unwrap(), b"third");
        }
    }
}

#[test]
fn faults_come_as_planned() {
    let (_folder, real) = disk();
    let disk = FaultyDisk::new(real);
    disk.fail(1, DiskFault::Torn(2));
    disk.append(&path("f"), b"abc").unwrap();
    assert_eq!(disk.append(&path("f"), b"def").unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(disk.read(&path("f")).unwrap(), b"abcde");
    disk.append(&path("f"), b"g").unwrap();
    disk.fail(0, DiskFault::Full);
    assert!(matches!(disk.sync(&path("f")), Err(Error::Full { .. })));
    disk.set_free(17);
    assert_eq!(disk.free().unwrap(), 17);
    assert_eq!(disk.num_changes(), 4);
}
