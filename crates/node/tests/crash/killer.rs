//! A record that ends the process each time it is read (I6).

use crate::case::Scene;
use harness::{DATASOURCE, Totals, event};
use serde_json::json;

const KILLER: u64 = 57;
const NUM_EVENTS: u64 = 200;
/// Two deaths with others beside it, two alone.
const MAX_DEATHS: usize = 4;

#[test]
fn i6_a_record_that_kills_is_passed_over() {
    let mut scene = Scene::new(1, 200);
    let place = format!("I6@{KILLER}");
    let armed = [("DOLMEN_FAIL_POINT", place.as_str())];
    scene.send(0..NUM_EVENTS);
    let mut num_deaths = 0;
    let running = loop {
        let mut running = scene.store.launch(&armed);
        if running.is_ready() && num_deaths == 0 {
            scene.offer(&mut running);
        }
        if scene.settles_or_dies(&mut running, NUM_EVENTS - 1) {
            break running;
        }
        num_deaths += 1;
        assert!(num_deaths <= MAX_DEATHS, "it dies again and again over one record");
    };
    let mut sent = Totals::default();
    (0..NUM_EVENTS).filter(|number| *number != KILLER).for_each(|number| sent.add(&event(number)));
    sent.assert_same(&Totals::read(&running).expect("totals"), "past the record");
    running.drain();

    let running = scene.store.start();
    sent.assert_same(&Totals::read(&running).expect("totals"), "after a drain");
    let (_, letters) = running.get(&format!("/dolmen/v1/supervisors/{DATASOURCE}/deadLetters")).expect("an answer");
    let letters: Vec<_> =
        letters.as_array().into_iter().flatten().map(|one| (&one["offset"], &one["reason"])).collect();
    assert_eq!(letters, [(&json!(KILLER), &json!("killed"))]);
    assert_eq!(running.get("/dolmen/v1/fsck"), Ok((200, json!([]))));
}
