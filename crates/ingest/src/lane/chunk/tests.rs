use serde_json::json;

use super::*;
use crate::parse::Numbering;
use crate::parse::tests::{parse, parser};

/// The rows of a chunk after so many records with so many different keys.
fn fill(chunk: &mut OpenChunk, num_records: usize, num_keys: usize) -> u64 {
    let schema = json!({"dimensionsSpec": {"dimensions": ["id"]}, "metricsSpec": [{"type": "count", "name": "n"}]});
    let parser = parser(schema, json!({"type": "json"}), Numbering::Stream);
    let plan = FoldPlan {
        schema: parser.schema().clone(),
        limits: segment::Limits::default(),
        max_dead_letters: 0,
        max_time_chunks: 10,
        version: "v".to_owned(),
        partition_num: 0,
    };
    let mut batch = parser.batch();
    let records: Vec<String> =
        (0..num_records).map(|at| json!({"ts": 1, "id": (at % num_keys).to_string()}).to_string()).collect();
    parse(&parser, &mut batch, records.iter().map(String::as_bytes));
    chunk.fold(&plan, &batch).unwrap();
    chunk.facts().rows
}

#[test]
fn chunks_are_not_folded_in_vain() {
    let (records, lane) = (TRIAL_RECORDS as usize, LaneId { source_id: "s".to_owned(), source_gen: 1, partition: 0 });
    let mut chunk = OpenChunk::new(lane.clone(), 0, 1);
    assert_eq!(fill(&mut chunk, records, records / 10 * 9), TRIAL_RECORDS / 10 * 9);
    for _ in 0..CHUNKS_A_TRIAL {
        chunk = chunk.next();
        assert_eq!(fill(&mut chunk, 20, 2), 20, "rows only follow one another");
    }
    chunk = chunk.next();
    assert_eq!(fill(&mut chunk, 20, 2), 2, "now and then folding is tried again");
    assert_eq!(fill(&mut chunk.next(), 20, 2), 2, "few rows tell nothing");
    let mut chunk = OpenChunk::new(lane, 0, 1);
    fill(&mut chunk, records, records / 2);
    assert_eq!(fill(&mut chunk.next(), 20, 2), 2, "folding was worth it");
}
