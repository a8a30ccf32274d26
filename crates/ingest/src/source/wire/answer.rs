//! A whole answer of a broker, on its own.

use std::sync::Arc;

use super::compression::Unpacker;
use super::messages::fetch;
use super::pages::Pages;
use super::track::{Tools, Track};
use crate::source::{FetchedBatch, Partition, SourceError};

/// Records handed on at once.
const MOST: usize = 4_096;

/// The records in an answer of a broker to a request for records (Fetch, version 11, behind its head), without those of
/// transactions that were given up: what a reader makes of it that follows the partitions of the answer from offset 0
/// on. Fails where the answer or a batch is malformed, fails its checksum or has an older format.
pub fn records_of_answer(answer: Vec<u8>) -> Result<Vec<FetchedBatch>, SourceError> {
    let page = Arc::new(answer);
    let malformed = || SourceError::Unavailable("the answer is malformed".to_owned());
    let (_, all) = fetch::read(&page).map_err(|_| malformed())?;
    let (mut unpacker, mut pages, mut spent) = (Unpacker::default(), Pages::default(), Vec::new());
    let mut tools = Tools { is_checked: true, unpacker: &mut unpacker, pages: &mut pages, spent: &mut spent };
    let mut out = Vec::new();
    for got in all {
        let mut track = Track::new(Partition::new(got.topic, got.partition), 0);
        track.take(&page, got.records, Some(got.aborted)).map_err(|_| malformed())?;
        while track.is_filled() {
            out.extend(track.hand_on(MOST, &mut tools));
        }
        if let Some(trouble) = track.trouble() {
            return Err(trouble.clone());
        }
    }
    Ok(out)
}
