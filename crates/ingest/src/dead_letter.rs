//! Records that could not become rows, kept with the cut that passed them.

use std::borrow::Cow;

use base64::Engine as _;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// One record that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Its place in the partition.
    pub offset: i64,
    /// When the log says it was written, in ms.
    pub timestamp_ms: Option<i64>,
    /// Why it was not taken: `malformed`, `timestamp`, `late`, `panic`, `killed`, ...
    pub reason: String,
    /// The field at fault.
    pub field: Option<String>,
    /// What was wrong with it.
    pub details: Vec<String>,
    /// The first bytes of the record.
    #[serde(with = "as_base64")]
    pub raw: Vec<u8>,
}

impl DeadLetter {
    /// A dead letter about `raw`, the first bytes of the record.
    pub fn new(offset: i64, timestamp_ms: Option<i64>, reason: &str, raw: &[u8]) -> DeadLetter {
        DeadLetter {
            offset,
            timestamp_ms,
            reason: reason.to_owned(),
            field: None,
            details: Vec::new(),
            raw: raw.to_vec(),
        }
    }

    /// As it is kept, with the SHA-256 of its bytes in hexadecimal.
    fn to_json(&self, topic: &str, partition: i32) -> Value {
        json!({
            "topic": topic,
            "partition": partition,
            "offset": self.offset,
            "timestamp": self.timestamp_ms,
            "reason": self.reason,
            "field": self.field,
            "details": self.details,
            "raw": STANDARD.encode(&self.raw),
            "hash": storage::sha256_hex(&self.raw),
        })
    }
}

/// The object of the dead letters of one range of one lane: JSON lines, compressed.
pub(crate) fn encode(letters: &[DeadLetter], topic: &str, partition: i32) -> std::io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for letter in letters {
        serde_json::to_writer(&mut lines, &letter.to_json(topic, partition))?;
        lines.push(b'\n');
    }
    zstd::bulk::compress(&lines, 3)
}

/// The JSON lines of an object of dead letters. At most `limit` bytes are unpacked.
pub fn decode(object: &[u8], limit: usize) -> std::io::Result<Vec<Value>> {
    let lines = zstd::bulk::decompress(object, limit)?;
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).map_err(std::io::Error::from)).collect()
}

mod as_base64 {
    use serde::de::Error as _;

    use super::*;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(bytes, &STANDARD))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        STANDARD.decode(text.as_bytes()).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_gives_back_its_letters() {
        let letters = vec![DeadLetter::new(7, Some(1), "malformed", b"oops"), DeadLetter::new(9, None, "late", b"")];
        let held = serde_json::to_string(&letters).expect("written");
        assert_eq!(serde_json::from_str::<Vec<DeadLetter>>(&held).expect("read"), letters);
        let object = encode(&letters, "t", 3).expect("encoded");
        let lines = decode(&object, 1 << 20).expect("decoded");
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (&lines[0]["offset"], &lines[0]["raw"], &lines[0]["partition"]),
            (&json!(7), &json!("b29wcw=="), &json!(3))
        );
        let hash = "d13f2eadd4ed5b027fa773a29520cc0d65ce374365d641112de786f8a029c2fe";
        assert_eq!(lines[0]["hash"], hash, "of the bytes");
        assert!(decode(&object, 10).is_err(), "a limit is a limit");
    }
}
