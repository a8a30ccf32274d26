//! New dictionaries from old ones: values are transformed once per entry, equal results become one entry.

use std::sync::Arc;

use aggregate::Dictionary;
use arrow_array::StringArray;
use hashbrown::HashMap;
use segment::{StringDictionary, compare_values};

use crate::{Error, Result};

/// No code: the value is left out.
pub(crate) const DROPPED: u32 = u32::MAX;

/// Collects distinct values, null among them, and numbers them in the order of their coming.
#[derive(Default)]
pub(crate) struct Interner {
    codes: HashMap<Box<str>, u32>,
    null: Option<u32>,
    len: u32,
}

impl Interner {
    /// Fails when there are more values than codes.
    pub fn code(&mut self, value: Option<&str>) -> Result<u32> {
        let known = match value {
            None => self.null,
            Some(value) => self.codes.get(value).copied(),
        };
        if let Some(code) = known {
            return Ok(code);
        }
        let code = self.len;
        if code == DROPPED {
            return Err(Error::limit("a dictionary may have 4294967295 values"));
        }
        self.len += 1;
        match value {
            None => self.null = Some(code),
            Some(value) => {
                self.codes.insert(value.into(), code);
            }
        }
        Ok(code)
    }

    /// The dictionary, sorted, and for each code given out its place there.
    pub fn finish(self) -> Result<(Arc<StringDictionary>, Vec<u32>)> {
        let mut entries: Vec<(Option<&str>, u32)> =
            self.codes.iter().map(|(value, code)| (Some(&**value), *code)).collect();
        entries.extend(self.null.map(|code| (None, code)));
        entries.sort_unstable_by(|a, b| compare_values(a.0, b.0));
        let mut places = vec![0; entries.len()];
        for ((_, code), place) in entries.iter().zip(0u32..) {
            places[*code as usize] = place;
        }
        let values: StringArray = entries.iter().map(|(value, _)| *value).collect();
        let dictionary = StringDictionary::sorted(values).map_err(|error| Error::invalid(error.to_string()))?;
        Ok((Arc::new(dictionary), places))
    }
}

/// A dictionary of transformed values, and for each old code the new one or `DROPPED`.
pub(crate) struct Mapped {
    pub dictionary: Arc<StringDictionary>,
    pub codes: Vec<u32>,
}

/// Transforms every entry; `None` drops it, `Some(None)` makes it null.
pub(crate) fn map(
    dictionary: &dyn Dictionary,
    mut transform: impl FnMut(Option<&str>) -> Option<Option<String>>,
) -> Result<Mapped> {
    let mut interner = Interner::default();
    let mut codes = Vec::with_capacity(dictionary.len());
    for code in (0u32..).take(dictionary.len()) {
        codes.push(match transform(dictionary.get(code)) {
            None => DROPPED,
            Some(value) => interner.code(value.as_deref())?,
        });
    }
    // Lists that are empty read as null, and so do values dropped from single ones.
    interner.code(None)?;
    let (dictionary, places) = interner.finish()?;
    for code in codes.iter_mut().filter(|code| **code != DROPPED) {
        *code = places[*code as usize];
    }
    Ok(Mapped { dictionary, codes })
}
