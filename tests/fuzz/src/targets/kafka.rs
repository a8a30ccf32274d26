//! What a broker answers to whoever asks it for records.

use super::Target;
use ingest::source::records_of_answer;

pub const TARGET: Target = Target { name: "kafka", run };

fn run(data: &[u8]) {
    let Ok(batches) = records_of_answer(data.to_vec()) else { return };
    for batch in batches {
        let offsets: Vec<i64> = batch.records().map(|record| record.offset).collect();
        assert!(offsets.is_sorted_by(|a, b| a < b) && offsets.iter().all(|offset| *offset < batch.next_offset()));
        assert!(batch.records().all(|record| record.headers().count() <= data.len()));
    }
}
