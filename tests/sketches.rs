//! Sketches travel: bytes recorded from a Druid are those that we write, and what it wrote is read.

use crate::store::Store;
use crate::traps::{self, data};
use std::path::Path;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sketches_travel_between_druid_and_us() {
    let store = Store::start().await;
    let url = store.node.url();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sketches");
    data::load(&store.http, &url, &folder.join("data.json")).await;
    let complaints = traps::complaints(&store.http, &url, &traps::read(&folder.join("recorded.json"))).await;
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    store.node.stop().await;
}
