//! Files of segments: an image is opened and every column of it is read; a published file becomes an image.

use super::Target;
use bytes::Bytes;
use segment::{SealedSegment, Segment, image_from_parquet};
use std::io::Write;
use timeline::SegmentId;

pub const TARGET: Target = Target { name: "segment", run };

/// A panic that the store turns into an error is none; one that comes out ends the run all the same.
static QUIET: std::sync::Once = std::sync::Once::new();

fn run(data: &[u8]) {
    if cfg!(fuzzing) {
        QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    }
    let id = || SegmentId::parse("t_2022-01-01T00:00:00.000Z_2022-01-02T00:00:00.000Z_v1", "t").expect("an id");
    if data.starts_with(b"PAR1") {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(data).expect("written");
        let mut image = Vec::new();
        if image_from_parquet(file.path(), &mut image).is_ok() {
            read(&SealedSegment::from_bytes(Bytes::from(image), id()).expect("what was written opens"));
        }
    } else if let Ok(segment) = SealedSegment::from_bytes(Bytes::copy_from_slice(data), id()) {
        read(&segment);
    }
}

fn read(segment: &dyn Segment) {
    let rows = segment.num_rows();
    for column in segment.schema().columns() {
        let Some(found) = segment.column(&column.name) else { continue };
        let read = found.read(0..rows.min(16_384));
        assert_eq!(read.len(), rows.min(16_384), "column {}", column.name);
        if let Some(dictionary) = found.dictionary() {
            let texts = (0..dictionary.len().min(1000) as u32).filter_map(|code| dictionary.get(code));
            std::hint::black_box(texts.map(str::len).sum::<usize>());
        }
    }
}
