//! The only place that builds paths of objects. Paths hold ids, never names that a user chose.

use crate::disk::RelativePath;
use crate::{Error, Result};

/// Ids in paths: letters, digits and hyphens, as UUIDs and ULIDs have them.
const MAX_ID: usize = 64;

fn id<'a>(what: &'static str, text: &'a str) -> Result<&'a str> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_plain && !text.is_empty() && text.len() <= MAX_ID {
        return Ok(text);
    }
    let text = text.chars().take(MAX_ID).collect();
    Err(Error::Invalid { what, text, why: "an id has 1 to 64 letters, digits and hyphens".to_owned() })
}

/// The object of a segment.
pub fn segment(datasource_id: &str, bundle_id: &str) -> Result<String> {
    Ok(format!("{}/{}.parquet", id("datasource id", datasource_id)?, id("object id", bundle_id)?))
}

/// An object of dead letters.
pub fn dead_letters(datasource_id: &str, bundle_id: &str) -> Result<String> {
    Ok(format!("{}/dead/{}.jsonl.zst", id("datasource id", datasource_id)?, id("object id", bundle_id)?))
}

/// Folder of all objects of a datasource.
pub fn datasource(datasource_id: &str) -> Result<String> {
    Ok(id("datasource id", datasource_id)?.to_owned())
}

/// The log of a task, by the hash of its id (a task id holds names that users chose).
pub fn task_log(task_id: &str) -> String {
    format!("tasks/{}.log", crate::sha256_hex(task_id.as_bytes()))
}

/// The local image of a segment below the cache directory.
pub fn local_image(bundle_id: &str) -> Result<RelativePath> {
    RelativePath::new(&format!("{}.image", id("object id", bundle_id)?))
}

/// The downloaded object of a segment below the cache directory, while its image is built.
pub fn local_object(bundle_id: &str) -> Result<RelativePath> {
    RelativePath::new(&format!("{}.object", id("object id", bundle_id)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_of_ids() {
        assert_eq!(segment("0f-1", "01ARZ").unwrap(), "0f-1/01ARZ.parquet");
        assert_eq!(dead_letters("0f-1", "01ARZ").unwrap(), "0f-1/dead/01ARZ.jsonl.zst");
        assert_eq!(local_image("01ARZ").unwrap().as_str(), "01ARZ.image");
        assert_eq!(task_log("index_a/../b").len(), "tasks/".len() + 64 + ".log".len());
    }

    #[test]
    fn tricks_are_refused() {
        let long = "a".repeat(65);
        for bad in ["", "..", ".", "a/b", "a\\b", "%2e%2e", "a\0b", "é", "a.b", long.as_str()] {
            assert!(segment(bad, "ok").is_err(), "{bad}");
            assert!(segment("ok", bad).is_err(), "{bad}");
            assert!(dead_letters("ok", bad).is_err(), "{bad}");
            assert!(local_image(bad).is_err(), "{bad}");
        }
    }
}
