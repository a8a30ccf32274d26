//! Batches as producers and brokers write them.

use std::io::Write;

/// A batch to be written.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) first_offset: i64,
    pub(super) epoch: i32,
    pub(super) codec: u8,
    /// The transaction of a producer that it belongs to.
    pub(super) producer: Option<i64>,
    pub(super) is_control: bool,
    /// Whether the log gives the time, and not the producer.
    pub(super) log_time: Option<i64>,
    /// Offsets that the batch had, those included whose records are gone.
    pub(super) num_offsets: i32,
    pub(super) records: Vec<WrittenRecord>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct WrittenRecord {
    pub(super) delta: i32,
    pub(super) time: i64,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

pub(super) const FIRST_MS: i64 = 1_700_000_000_000;

impl Written {
    /// Records of these values.
    pub(super) fn of(first_offset: i64, values: &[&str]) -> Written {
        let record = |(delta, value): (usize, &&str)| WrittenRecord {
            delta: delta as i32,
            time: delta as i64,
            value: Some(value.as_bytes().to_vec()),
            ..WrittenRecord::default()
        };
        Written {
            first_offset,
            epoch: 0,
            codec: 0,
            producer: None,
            is_control: false,
            log_time: None,
            num_offsets: values.len() as i32,
            records: values.iter().enumerate().map(record).collect(),
        }
    }

    /// The mark at the end of a producer's transaction.
    pub(super) fn marker(first_offset: i64, producer: i64, is_commit: bool) -> Written {
        let mut marker = Written::of(first_offset, &["\0\0\0\0\0\0"]);
        marker.records[0].key = Some(vec![0, 0, 0, u8::from(is_commit)]);
        Written { producer: Some(producer), is_control: true, ..marker }
    }

    pub(super) fn next_offset(&self) -> i64 {
        self.first_offset + i64::from(self.num_offsets)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut records = Vec::new();
        self.records.iter().for_each(|record| record.write(&mut records));
        let records = pack(self.codec, &records);
        let flags = [self.log_time.is_some(), self.producer.is_some(), self.is_control];
        let flags = flags.iter().enumerate().map(|(bit, set)| i16::from(*set) << (bit + 3)).sum::<i16>();
        let mut checked = Vec::new();
        checked.extend((i16::from(self.codec & 7) | flags).to_be_bytes());
        checked.extend((self.num_offsets - 1).to_be_bytes());
        checked.extend(FIRST_MS.to_be_bytes());
        checked.extend(self.log_time.unwrap_or(FIRST_MS).to_be_bytes());
        checked.extend(self.producer.unwrap_or(-1).to_be_bytes());
        checked.extend([0; 6]);
        checked.extend((self.records.len() as i32).to_be_bytes());
        checked.extend(records);
        let mut out = Vec::new();
        out.extend(self.first_offset.to_be_bytes());
        out.extend((checked.len() as i32 + 9).to_be_bytes());
        out.extend(self.epoch.to_be_bytes());
        out.push(2);
        out.extend(crc32c::crc32c(&checked).to_be_bytes());
        out.extend(checked);
        out
    }
}

impl WrittenRecord {
    fn write(&self, out: &mut Vec<u8>) {
        let mut body = vec![0];
        varint(self.time, &mut body);
        varint(self.delta.into(), &mut body);
        optional(self.key.as_deref(), &mut body);
        optional(self.value.as_deref(), &mut body);
        varint(self.headers.len() as i64, &mut body);
        for (name, value) in &self.headers {
            optional(Some(name), &mut body);
            optional(value.as_deref(), &mut body);
        }
        varint(body.len() as i64, out);
        out.extend(body);
    }
}

fn varint(value: i64, out: &mut Vec<u8>) {
    let mut left = (value << 1 ^ value >> 63) as u64;
    while left >= 0x80 {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

fn optional(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    varint(bytes.map_or(-1, |bytes| bytes.len() as i64), out);
    out.extend(bytes.unwrap_or_default());
}

/// Numbers of codecs, and one more: Snappy as the Java client frames it.
pub(super) const CODECS: [u8; 6] = [0, 1, 2, 3, 4, XERIAL];
const XERIAL: u8 = 2 | 1 << 7;

pub(super) fn pack(codec: u8, records: &[u8]) -> Vec<u8> {
    let snappy = |bytes: &[u8]| snap::raw::Encoder::new().compress_vec(bytes).expect("compressed");
    match codec {
        1 => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(records).and_then(|()| encoder.finish()).expect("compressed")
        }
        2 => snappy(records),
        3 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(records).expect("compressed");
            encoder.finish().expect("compressed")
        }
        4 => zstd::encode_all(records, 3).expect("compressed"),
        XERIAL => {
            let mut out = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01".to_vec();
            for block in records.chunks(100) {
                let block = snappy(block);
                out.extend((block.len() as u32).to_be_bytes());
                out.extend(block);
            }
            out
        }
        _ => records.to_vec(),
    }
}
