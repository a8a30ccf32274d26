//! What a power loss, a bad disk or an old backup leave behind, put there by hand between two lives.

use crate::case::Scene;
use std::fs;
use std::path::{Path, PathBuf};

const ENDLESS_MS: u32 = 600_000;

/// Dies with chunks on the local disk, has `damage` done to the directory of spills, and goes on.
fn after_damage_to_spills(damage: impl Fn(&Path)) {
    let mut scene = Scene::new(2, ENDLESS_MS);
    scene.close_chunks_early();
    scene.die_at("P5:6");
    let spills = scene.store.data_dir().join("spill");
    assert!(files(&spills, "image").len() >= 6, "chunks are on the disk");
    damage(&spills);
    scene.store.set("DOLMEN__INGEST__CUT_MAX_AGE_MS", 200);
    scene.prove();
}

/// Files below `directory` whose name ends so.
fn files(directory: &Path, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path, end),
            false => vec![path],
        })
        .filter(|path| path.to_string_lossy().ends_with(end))
        .collect()
}

fn change(path: &Path, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("a file");
    change(&mut bytes);
    fs::write(path, bytes).expect("written");
}

#[test]
fn p2_spill_files_that_power_loss_cut_short() {
    after_damage_to_spills(|spills| {
        files(spills, "image").iter().for_each(|file| change(file, |bytes| bytes.truncate(bytes.len() / 2)));
    });
}

#[test]
fn p4_a_manifest_with_a_torn_end() {
    after_damage_to_spills(|spills| {
        files(spills, "manifest").iter().for_each(|file| change(file, |bytes| bytes.truncate(bytes.len() - 3)));
    });
}

#[test]
fn p7_spills_that_rot() {
    after_damage_to_spills(|spills| {
        files(spills, "image").iter().for_each(|file| {
            change(file, |bytes| {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x40;
            })
        });
    });
}

#[test]
fn p7_a_manifest_that_rots() {
    after_damage_to_spills(|spills| {
        files(spills, "manifest").iter().for_each(|file| change(file, |bytes| bytes[20] ^= 0x40));
    });
}

#[test]
fn r7_local_state_is_a_cache() {
    after_damage_to_spills(|spills| {
        fs::remove_dir_all(spills).expect("removed");
        let cache = spills.with_file_name("cache");
        if cache.exists() {
            fs::remove_dir_all(cache).expect("removed");
        }
    });
}

/// The database as it is in the data directory.
fn database(scene: &Scene) -> Vec<(PathBuf, Vec<u8>)> {
    let directory = scene.store.data_dir();
    let entries = fs::read_dir(&directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    let is_database = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("metastore.sqlite") && !name.ends_with("lock")
    };
    entries.filter(is_database).map(|path| (path.clone(), fs::read(path).expect("read"))).collect()
}

/// Offsets and segments go back together, so what came later is read again.
#[test]
fn b10_a_database_that_goes_back() {
    let mut scene = Scene::new(2, 100);
    scene.send(0..500);
    let running = scene.store.start();
    scene.submit(&running);
    scene.settle(&running, "before the backup");
    running.kill();
    let backup = database(&scene);
    assert!(!backup.is_empty());
    let running = scene.store.start();
    scene.send(500..1_000);
    scene.settle(&running, "after the backup");
    running.drain();
    database(&scene).iter().for_each(|(path, _)| fs::remove_file(path).expect("removed"));
    backup.iter().for_each(|(path, bytes)| fs::write(path, bytes).expect("restored"));
    scene.prove();
}

#[test]
fn m3_a_damaged_database_is_refused() {
    let mut scene = Scene::new(1, 100);
    scene.send(0..300);
    let running = scene.store.start();
    scene.submit(&running);
    scene.settle(&running, "before the damage");
    running.drain();
    let sound = database(&scene);
    for (path, bytes) in &sound {
        let mut bytes = bytes.clone();
        bytes.iter_mut().skip(100).step_by(7).for_each(|byte| *byte ^= 0xa5);
        fs::write(path, bytes).expect("damaged");
    }
    let refused = scene.store.launch(&[]).refusal();
    assert!(refused.contains("metastore.sqlite") || refused.contains("malformed"), "{refused}");
    sound.iter().for_each(|(path, bytes)| fs::write(path, bytes).expect("restored"));
    scene.prove();
}

#[test]
fn m6_a_second_process_is_told_who_is_there() {
    let mut scene = Scene::new(1, 100);
    scene.send(0..100);
    let running = scene.store.start();
    let refused = scene.store.launch(&[]).refusal();
    assert!(refused.contains(&format!("process {}", running.id())), "{refused}");
    running.kill();
    scene.prove();
}
