//! Kills at moments that no name is for.

use crate::case::Scene;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::time::Duration;

const NUM_LIVES: u64 = 12;
const EVENTS_A_LIFE: u64 = 300;

/// Each life is cut short while it starts, reads, publishes or drains.
#[test]
fn any_moment() {
    let seed = std::env::var("DOLMEN_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(11);
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut scene = Scene::new(3, 60);
    let running = scene.store.start();
    scene.submit(&running);
    running.kill();
    for life in 0..NUM_LIVES {
        let running = scene.store.launch(&[]);
        scene.send(life * EVENTS_A_LIFE..(life + 1) * EVENTS_A_LIFE);
        std::thread::sleep(Duration::from_millis(random.random_range(0..900)));
        if life % 3 == 2 {
            running.ask_to_stop();
            std::thread::sleep(Duration::from_millis(random.random_range(0..150)));
        }
        running.kill();
    }
    let running = scene.store.start();
    scene.settle(&running, "after the last kill");
    running.drain();
    let running = scene.store.start();
    scene.settle(&running, "after a drain");
    scene.check_books(&running);
}
