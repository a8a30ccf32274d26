//! Lookups: tables of a key and a value, as they were at one moment.

use std::sync::{Arc, OnceLock};

use aggregate::Dictionary;
use arrow_array::{Array, StringArray};
use segment::{ArrayColumn, BatchView, Role, SegmentRef, StringDictionary, TIME_COLUMN, narrow};

use crate::{Error, Result};

/// Most text of all keys, and of all values.
const MAX_TEXT_BYTES: usize = i32::MAX as usize;
/// Names of the columns of a lookup that is queried as a table.
const KEY_COLUMN: &str = "k";
const VALUE_COLUMN: &str = "v";

/// The content of a lookup. It does not change; a new version is another one.
pub struct Lookup {
    keys: Arc<StringDictionary>,
    /// Of each key, by its code.
    values: StringArray,
    is_injective: bool,
    rows: OnceLock<SegmentRef>,
}

/// A lookup that several queries may hold.
pub type LookupRef = Arc<Lookup>;

impl Lookup {
    /// Of several entries with the same key the last one holds. `is_injective`: whether its owner says that no two
    /// keys have the same value. Fails on more than 2 GiB of text.
    pub fn new(entries: impl IntoIterator<Item = (String, Option<String>)>, is_injective: bool) -> Result<Self> {
        let mut entries: Vec<(String, Option<String>)> = entries.into_iter().collect();
        entries.sort_by(|a, b| dialect::order::compare(&a.0, &b.0));
        entries.reverse();
        entries.dedup_by(|later, kept| later.0 == kept.0);
        entries.reverse();
        let key_bytes: usize = entries.iter().map(|(key, _)| key.len()).sum();
        let value_bytes: usize = entries.iter().filter_map(|(_, value)| value.as_ref()).map(String::len).sum();
        if key_bytes.max(value_bytes) > MAX_TEXT_BYTES {
            return Err(Error::limit(format!(
                "a lookup may have {MAX_TEXT_BYTES} bytes of keys and as many of values"
            )));
        }
        let keys: StringArray = entries.iter().map(|(key, _)| Some(key.as_str())).collect();
        let values: StringArray = entries.iter().map(|(_, value)| value.as_deref()).collect();
        let keys = StringDictionary::unsorted(keys).map_err(internal)?;
        Ok(Self { keys: Arc::new(keys), values, is_injective, rows: OnceLock::new() })
    }

    /// The value of a key; `None` when there is none, or when it is null.
    pub fn get(&self, key: &str) -> Option<&str> {
        let at = self.keys.code_of(Some(key))? as usize;
        self.values.is_valid(at).then(|| self.values.value(at))
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no two keys are said to have the same value.
    pub fn is_injective(&self) -> bool {
        self.is_injective
    }

    /// All entries, by key in the order of text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.keys.values().iter().zip(&self.values).map(|(key, value)| (key.unwrap_or_default(), value))
    }

    pub fn size_bytes(&self) -> usize {
        self.keys.size_bytes() + self.values.get_array_memory_size()
    }

    /// The entries as rows of two string columns, `k` and `v`. Made once.
    pub fn rows(&self) -> Result<SegmentRef> {
        if let Some(rows) = self.rows.get() {
            return Ok(rows.clone());
        }
        let num_rows = self.len();
        let codes: Vec<u32> = (0u32..).take(num_rows).collect();
        let keys = ArrayColumn::coded(narrow(&codes, num_rows), self.keys.clone()).map_err(internal)?;
        let view = BatchView::builder().time(vec![0; num_rows]).role(TIME_COLUMN, Role::Hidden);
        let view = view.column(KEY_COLUMN, Arc::new(keys)).string(VALUE_COLUMN, self.iter().map(|(_, value)| value));
        let rows: SegmentRef = view.build().map_err(internal)?;
        Ok(self.rows.get_or_init(|| rows).clone())
    }
}

impl std::fmt::Debug for Lookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lookup").field("len", &self.len()).field("is_injective", &self.is_injective).finish()
    }
}

fn internal(error: segment::Error) -> Error {
    Error::invalid(error.to_string())
}

#[cfg(test)]
mod tests {
    use segment::widen;

    use super::Lookup;

    #[test]
    fn the_last_entry_of_a_key_holds() {
        let entry = |key: &str, value: Option<&str>| (key.to_string(), value.map(String::from));
        let entries = [entry("b", Some("1")), entry("a", Some("2")), entry("b", Some("3")), entry("c", None)];
        let lookup = Lookup::new(entries, false).unwrap();
        assert_eq!(
            (lookup.get("a"), lookup.get("b"), lookup.get("c"), lookup.get("d")),
            (Some("2"), Some("3"), None, None)
        );
        let all: Vec<_> = lookup.iter().collect();
        assert_eq!(all, [("a", Some("2")), ("b", Some("3")), ("c", None)]);
    }

    #[test]
    fn entries_are_rows() {
        let lookup = Lookup::new([("x".to_string(), Some("1".to_string())), ("y".to_string(), None)], true).unwrap();
        let rows = lookup.rows().unwrap();
        assert_eq!(rows.num_rows(), 2);
        let text = |name: &str| {
            let column = rows.column(name).unwrap();
            let (codes, dictionary) = (widen(&*column.read(0..2)).unwrap(), column.dictionary().unwrap());
            codes.into_iter().map(|code| dictionary.get(code).map(String::from)).collect::<Vec<_>>()
        };
        assert_eq!(text("k"), [Some("x".to_string()), Some("y".to_string())]);
        assert_eq!(text("v"), [Some("1".to_string()), None]);
        assert!(Lookup::new([], false).unwrap().rows().unwrap().num_rows() == 0);
    }
}
