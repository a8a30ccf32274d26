use std::io::Read;

use serde_json::json;

use super::*;

fn read(source: serde_json::Value, reach: &Reach) -> Result<Vec<String>> {
    let source = parse_input_source(&source, "inputSource")?;
    let text = |file: InputFile| {
        let mut text = String::new();
        (file.open)()?.read_to_string(&mut text).map_err(|error| Error::io("read", error))?;
        Ok(text)
    };
    source.files(reach)?.into_iter().map(text).collect()
}

#[test]
fn the_list_and_the_tags_agree() {
    let tags: Vec<&str> = KINDS.iter().map(|kind| kind.tag).collect();
    assert_eq!(tags, ["http", "inline", "local"]);
}

#[test]
fn local_files_lie_below_allowed_directories() {
    let inside = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::create_dir(inside.path().join("sub")).unwrap();
    std::fs::write(inside.path().join("b.json"), "b").unwrap();
    std::fs::write(inside.path().join("sub/a.json"), "a").unwrap();
    std::fs::write(inside.path().join("c.txt"), "c").unwrap();
    std::fs::write(outside.path().join("secret.json"), "secret").unwrap();
    let reach = Reach { allowed_directories: vec![inside.path().to_owned()], ..Reach::default() };
    let of = |base: &std::path::Path| json!({"type": "local", "baseDir": base, "filter": "*.json"});
    assert_eq!(read(of(inside.path()), &reach).unwrap(), ["b", "a"]);
    assert!(read(of(outside.path()), &reach).is_err());
    assert!(read(of(&inside.path().join("../")), &reach).is_err());
    let file = json!({"type": "local", "files": [outside.path().join("secret.json")]});
    assert!(read(file, &reach).is_err());
    assert_eq!(read(of(std::path::Path::new("/no/such/folder")), &reach).unwrap(), Vec::<String>::new());
    assert!(read(of(inside.path()), &Reach::default()).is_err());
}

#[cfg(unix)]
#[test]
fn links_are_followed_to_what_is_allowed_and_refused_elsewhere() {
    use std::os::unix::fs::symlink;
    let inside = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let at = |name: &str| inside.path().join(name);
    std::fs::create_dir_all(at("store/deep")).unwrap();
    std::fs::write(at("store/deep/a.json"), "a").unwrap();
    std::fs::write(at("store/b.txt"), "b").unwrap();
    std::fs::write(outside.path().join("secret.json"), "secret").unwrap();
    std::fs::create_dir(at("links")).unwrap();
    symlink(at("store/b.txt"), at("links/b.json")).unwrap();
    symlink(at("store/deep"), at("links/deep")).unwrap();
    symlink(at("nothing"), at("links/dangling.txt")).unwrap();
    let reach = Reach { allowed_directories: vec![inside.path().to_owned()], ..Reach::default() };
    let walked = |filter: &str| json!({"type": "local", "baseDir": at("links"), "filter": filter});
    assert_eq!(read(walked("*.json"), &reach).unwrap(), ["b", "a"]);
    let named = |name: &str| json!({"type": "local", "files": [at(name)]});
    assert_eq!(read(named("links/b.json"), &reach).unwrap(), ["b"]);
    let refused = |source, word: &str| {
        let error = read(source, &reach).expect_err(word).to_string();
        assert!(error.contains(word), "{error}");
    };
    refused(walked("*.txt"), "dangling.txt");
    symlink(outside.path().join("secret.json"), at("links/secret.json")).unwrap();
    refused(walked("*.json"), "secret.json] leads to what is not below");
    refused(named("links/secret.json"), "leads to what is not below");
    assert_eq!(read(walked("b.*"), &reach).unwrap(), ["b"], "a link that is not asked for stands in nobody's way");
    symlink(outside.path(), at("links/away")).unwrap();
    refused(walked("b.*"), "away] leads to what is not below");
    refused(named("links/away/secret.json"), "leads to what is not below");
    std::fs::remove_file(at("links/away")).unwrap();
    symlink(at("links"), at("links/again")).unwrap();
    refused(walked("b.*"), "leads back");
}

#[test]
fn a_bomb_is_not_unpacked() {
    let mut packed = Vec::new();
    let mut encoder = flate2::write::GzEncoder::new(&mut packed, flate2::Compression::best());
    for _ in 0..300 {
        std::io::Write::write_all(&mut encoder, &[b' '; 1 << 20]).unwrap();
    }
    encoder.finish().unwrap();
    let mut reader = unpacked("x.gz", Box::new(std::io::Cursor::new(packed))).unwrap();
    let refused = std::io::copy(&mut reader, &mut std::io::sink());
    assert!(refused.is_err());
}
