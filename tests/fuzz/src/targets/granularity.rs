//! A granularity in JSON is read, and its buckets are asked for around times near and far.

use super::Target;
use timeline::{Granularity, Interval};

pub const TARGET: Target = Target { name: "granularity", run };

const TIMES: [i64; 6] = [-62_135_596_800_000, -1, 0, 951_782_400_000, 1_700_000_000_123, 253_402_300_799_999];

fn run(data: &[u8]) {
    let Ok(granularity) = serde_json::from_slice::<Granularity>(data) else { return };
    for time in TIMES {
        let start = granularity.bucket_start(time);
        assert!(start <= time, "{granularity:?}: the bucket of {time} begins at {start}");
        let next = granularity.next_bucket(time);
        assert!(next > time, "{granularity:?}: after {time} comes {next}");
        granularity.text(start);
        let day = Interval { start: time, end: time + 86_400_000 };
        granularity.buckets_of(day, 1000).take(1000).for_each(drop);
    }
}
