//! The power fails: whatever was not synced is gone (M2, P2).

use crate::case::Scene;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Copies of what was synced, by inode, made inside the processes of the store.
struct Power {
    directory: TempDir,
}

impl Power {
    /// Watches over every process of the store to come.
    fn watch(scene: &mut Scene) -> Power {
        let directory = tempfile::tempdir().expect("a directory");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/power.c");
        let library = directory.path().join("power.so");
        let mut build = Command::new("cc");
        build.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl");
        assert!(build.status().expect("a C compiler").success());
        let power = Power { directory };
        fs::create_dir(power.synced()).expect("a directory");
        scene.store.set("LD_PRELOAD", library.display());
        scene.store.set("DOLMEN_SYNCED", power.synced().display());
        power
    }

    fn synced(&self) -> PathBuf {
        self.directory.path().join("synced")
    }

    /// Puts every file of a store that has ended into the state that was synced last; one that never was is empty.
    /// Answers how many bytes that took away, and from how many files that had been synced.
    fn fail(&self, scene: &Scene) -> (u64, usize) {
        let (mut lost, mut num_synced) = (0, 0);
        for file in files(&scene.store.data_dir()) {
            let about = fs::metadata(&file).expect("a file");
            let kept = fs::read(self.synced().join(about.ino().to_string()));
            num_synced += usize::from(kept.is_ok());
            let kept = kept.unwrap_or_default();
            lost += about.len().saturating_sub(kept.len() as u64);
            fs::write(&file, kept).expect("written");
        }
        (lost, num_synced)
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The power fails at moments around commits, uploads and spills, again and again.
#[test]
fn m2_power_that_fails_around_commits() {
    let mut scene = Scene::new(2, 100);
    let power = Power::watch(&mut scene);
    let mut lost = 0;
    for point in ["M1:12", "B2:2", "M1:30", "B3:2", "U4:3", "U5:2", "B4:2"] {
        scene.die_at(point);
        let (bytes, num_synced) = power.fail(&scene);
        assert!(num_synced > 0, "{point}: nothing was ever synced");
        lost += bytes;
        let next = scene.next;
        scene.send(next..next + 20);
    }
    assert!(lost > 0, "the power failed and nothing was lost");
    scene.prove();
}

#[test]
fn p2_power_that_fails_while_spilling() {
    let mut scene = Scene::new(2, 600_000);
    scene.close_chunks_early();
    let power = Power::watch(&mut scene);
    for point in ["P2:2", "P3:2", "P4:3", "P5:4"] {
        scene.die_at(point);
        power.fail(&scene);
    }
    scene.store.set("DOLMEN__INGEST__CUT_MAX_AGE_MS", 200);
    scene.prove();
}

/// What was published once is there for good.
#[test]
fn m2_a_publication_survives_a_power_loss() {
    let mut scene = Scene::new(2, 50);
    let power = Power::watch(&mut scene);
    let ledger = |running: &harness::Running| -> Vec<Value> {
        let (status, rows) = running.get("/dolmen/v1/ledger?limit=10000").expect("an answer");
        assert_eq!(status, 200, "{rows}");
        rows.as_array().cloned().unwrap_or_default()
    };
    for round in 0..3 {
        scene.send(round * 300..(round + 1) * 300);
        let running = scene.store.start();
        scene.submit(&running);
        scene.settle(&running, "before the power fails");
        let known = harness::until("something published", || Some(ledger(&running)).filter(|rows| !rows.is_empty()));
        running.kill();
        power.fail(&scene);
        let running = scene.store.start();
        let found = ledger(&running);
        assert!(known.iter().all(|row| found.contains(row)), "published before {known:?}, after {found:?}");
        running.kill();
    }
    scene.prove();
}
