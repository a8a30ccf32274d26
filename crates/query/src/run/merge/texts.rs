//! Texts of sorted dictionaries under one numbering that ascends with them: lists are merged, nothing is hashed.

use std::cmp::Ordering;
use std::sync::Arc;

use aggregate::Dictionary;
use arrow_array::{Array, StringArray};
use dialect::order;

use crate::finalize::Values;
use crate::partial::FoldPartial;

/// Dictionaries whose next texts are compared one by one.
const MAX_DICTIONARIES: usize = 8;
/// Codes of a dictionary for each row of the parts, above which most would be passed over.
const MAX_CODES_PER_ROW: usize = 64;

/// The texts that the rows of some parts have.
pub(super) struct MergedTexts {
    dictionary: Arc<Union>,
    /// Dictionaries of the parts, and which of the union's each is like.
    known: Vec<(Arc<dyn Dictionary>, usize)>,
    /// For each dictionary of the union the new code of its own ones.
    maps: Vec<Vec<u32>>,
}

/// Whether codes of both mean the same: segments of one table often have the same texts.
pub(in crate::run) fn are_alike(one: &Arc<dyn Dictionary>, other: &Arc<dyn Dictionary>) -> bool {
    if Arc::ptr_eq(one, other) {
        return true;
    }
    let (Some(one), Some(other)) = (one.texts(), other.texts()) else { return false };
    one.value_offsets() == other.value_offsets() && one.nulls() == other.nulls() && bytes(one) == bytes(other)
}

/// The texts one behind the other.
fn bytes(texts: &StringArray) -> &[u8] {
    let ends = texts.value_offsets();
    match (ends.first(), ends.last()) {
        (Some(start), Some(end)) => &texts.value_data()[*start as usize..*end as usize],
        _ => &[],
    }
}

/// Entries of other dictionaries, ascending, each once.
struct Union {
    dictionaries: Vec<Arc<dyn Dictionary>>,
    /// Which dictionary an entry is in, and its code there.
    entries: Vec<(u32, u32)>,
}

/// A dictionary, and the new codes of those that it was made of.
type Numbered = (Arc<dyn Dictionary>, Vec<Vec<u32>>);

/// All texts of sorted dictionaries; `None` where they are not sorted, or many.
pub(in crate::run) fn union_of(dictionaries: Vec<Arc<dyn Dictionary>>) -> Option<Numbered> {
    let is_plain = |dictionary: &Arc<dyn Dictionary>| dictionary.is_sorted() && dictionary.keys_of().is_none();
    if dictionaries.len() > MAX_DICTIONARIES || !dictionaries.iter().all(is_plain) {
        return None;
    }
    let mut maps: Vec<Vec<u32>> = dictionaries.iter().map(|dictionary| vec![0; dictionary.len()]).collect();
    let codes: Vec<_> = dictionaries.iter().map(|dictionary| 0..dictionary.len()).collect();
    let entries = merge(&dictionaries, codes, &mut maps)?;
    Some((Arc::new(Union { dictionaries, entries }), maps))
}

impl MergedTexts {
    /// `None` unless all parts have codes of few sorted dictionaries.
    pub fn of(parts: &[FoldPartial], at: usize) -> Option<Self> {
        let mut known: Vec<(Arc<dyn Dictionary>, usize)> = Vec::new();
        let mut dictionaries: Vec<Arc<dyn Dictionary>> = Vec::new();
        let mut used: Vec<Vec<u64>> = Vec::new();
        let num_rows: usize = parts.iter().map(FoldPartial::num_groups).sum();
        for part in parts {
            let Values::Coded { codes, dictionary } = &part.keys[at] else { return None };
            let place = place_of(&known, dictionary).unwrap_or_else(|| {
                let alike = dictionaries.iter().position(|other| are_alike(other, dictionary));
                let place = alike.unwrap_or_else(|| {
                    dictionaries.push(dictionary.clone());
                    used.push(vec![0; dictionary.len().div_ceil(64)]);
                    dictionaries.len() - 1
                });
                known.push((dictionary.clone(), place));
                place
            });
            let few = dictionary.len() / MAX_CODES_PER_ROW <= num_rows && dictionaries.len() <= MAX_DICTIONARIES;
            if !few || !dictionary.is_sorted() || dictionary.keys_of().is_some() {
                return None;
            }
            for code in codes.iter() {
                *used[place].get_mut(*code as usize / 64)? |= 1 << (code % 64);
            }
        }
        let mut maps: Vec<Vec<u32>> = dictionaries.iter().map(|dictionary| vec![0; dictionary.len()]).collect();
        let codes = used.iter().map(|words| expression::words::rows(words, 0)).collect();
        let entries = merge(&dictionaries, codes, &mut maps)?;
        Some(Self { dictionary: Arc::new(Union { dictionaries, entries }), known, maps })
    }

    /// Texts, each once.
    pub fn len(&self) -> usize {
        self.dictionary.entries.len()
    }

    pub fn memory_bytes(&self) -> usize {
        let maps: usize = self.maps.iter().map(|map| map.capacity() * size_of::<u32>()).sum();
        maps + self.dictionary.entries.capacity() * size_of::<(u32, u32)>()
    }

    /// The new codes by those of a dictionary.
    pub fn map(&self, dictionary: &Arc<dyn Dictionary>) -> Option<&[u32]> {
        Some(&self.maps[place_of(&self.known, dictionary)?])
    }

    pub fn dictionary(&self) -> Arc<dyn Dictionary> {
        self.dictionary.clone()
    }
}

fn place_of(known: &[(Arc<dyn Dictionary>, usize)], dictionary: &Arc<dyn Dictionary>) -> Option<usize> {
    known.iter().find(|(other, _)| Arc::ptr_eq(other, dictionary)).map(|(_, place)| *place)
}

/// The entries of some codes of each, ascending; `None` when a dictionary is in another order.
fn merge(
    dictionaries: &[Arc<dyn Dictionary>],
    mut codes: Vec<impl Iterator<Item = usize>>,
    maps: &mut [Vec<u32>],
) -> Option<Vec<(u32, u32)>> {
    let mut heads: Vec<Option<usize>> = codes.iter_mut().map(Iterator::next).collect();
    let mut entries: Vec<(u32, u32)> = Vec::new();
    let text = |place: usize, code: usize| dictionaries[place].get(code as u32);
    loop {
        let mut least: Option<(usize, usize)> = None;
        for (place, head) in heads.iter().enumerate() {
            let Some(code) = *head else { continue };
            let is_less = |(first, other)| order::compare_nullable(text(place, code), text(first, other)).is_lt();
            if least.is_none_or(is_less) {
                least = Some((place, code));
            }
        }
        let Some((first, code)) = least else { return Some(entries) };
        let value = text(first, code);
        let entry = u32::try_from(entries.len()).ok()?;
        entries.push((u32::try_from(first).ok()?, u32::try_from(code).ok()?));
        for place in first..heads.len() {
            let Some(own) = heads[place].filter(|own| text(place, *own) == value) else { continue };
            maps[place][own] = entry;
            heads[place] = codes[place].next();
            let ascends = |next: &usize| order::compare_nullable(value, text(place, *next)) == Ordering::Less;
            if !heads[place].as_ref().is_none_or(ascends) {
                return None;
            }
        }
    }
}

impl Dictionary for Union {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn get(&self, code: u32) -> Option<&str> {
        let (place, code) = *self.entries.get(code as usize)?;
        self.dictionaries[place as usize].get(code)
    }

    fn is_sorted(&self) -> bool {
        true
    }

    fn code_of(&self, value: Option<&str>) -> Option<u32> {
        let before = |entry: &(u32, u32)| {
            let own = self.dictionaries[entry.0 as usize].get(entry.1);
            order::compare_nullable(own, value).is_lt()
        };
        let at = u32::try_from(self.entries.partition_point(before)).ok()?;
        ((at as usize) < self.entries.len() && self.get(at) == value).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use segment::StringDictionary;

    use super::*;
    use crate::partial::Chunks;

    fn part(texts: &[Option<&str>], codes: &[u32]) -> FoldPartial {
        let dictionary = StringDictionary::sorted(texts.iter().copied().collect()).unwrap();
        let keys = vec![Values::Coded { codes: codes.into(), dictionary: Arc::new(dictionary) }];
        FoldPartial { times: vec![0; codes.len()], keys, states: Vec::new(), chunks: Chunks::default() }
    }

    #[test]
    fn used_texts_of_several_dictionaries_ascend_once_each() {
        let parts = [
            part(&[None, Some("b"), Some("c"), Some("unused"), Some("z")], &[4, 0, 1, 2, 1]),
            part(&[Some("a"), Some("c"), Some("z")], &[0, 1, 2]),
        ];
        let merged = MergedTexts::of(&parts, 0).unwrap();
        let Values::Coded { dictionary, .. } = &parts[0].keys[0] else { panic!("codes") };
        assert_eq!(merged.map(dictionary).unwrap(), [0, 2, 3, 0, 4]);
        let all = merged.dictionary();
        let texts: Vec<Option<&str>> = (0..all.len() as u32).map(|code| all.get(code)).collect();
        assert_eq!(texts, [None, Some("a"), Some("b"), Some("c"), Some("z")]);
        for (code, text) in (0..).zip(texts) {
            assert_eq!(all.code_of(text), Some(code));
        }
        assert_eq!(all.code_of(Some("unused")), None);
    }

    #[test]
    fn the_same_texts_are_one_dictionary() {
        let texts = [None, Some("b"), Some("c")];
        let other = part(&[None, Some("b"), Some("d")], &[2, 1]);
        let parts = [part(&texts, &[0, 2]), other, part(&texts, &[1])];
        let dictionaries = parts.each_ref().map(|part| match &part.keys[0] {
            Values::Coded { dictionary, .. } => dictionary,
            _ => panic!("codes"),
        });
        assert!(are_alike(dictionaries[0], dictionaries[2]));
        assert!(!are_alike(dictionaries[0], dictionaries[1]));
        let merged = MergedTexts::of(&parts, 0).unwrap();
        assert_eq!(dictionaries.map(|dictionary| merged.map(dictionary).unwrap()), [[0, 1, 2], [0, 1, 3], [0, 1, 2]]);
    }
}
