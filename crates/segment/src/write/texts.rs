//! The rows of one dimension of texts over all sources, as codes of one dictionary.

use std::hash::BuildHasher;
use std::sync::Arc;

use aggregate::{Codes, ColumnType, Dictionary};
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, StringArray};
use arrow_buffer::OffsetBuffer;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::ReadColumn;
use super::keys::{KeyColumn, TextRows};
use crate::codes::codes_of;
use crate::list_codes::DistinctLists;
use crate::{Error, Result, StringDictionary};

/// One source's rows as codes of its own dictionary. Without a dictionary every row is null and an empty list here.
struct LocalTexts {
    codes: Option<ArrayRef>,
    offsets: Option<OffsetBuffer<i32>>,
    dictionary: Option<Arc<dyn Dictionary>>,
}

impl LocalTexts {
    fn of(column: Option<&ReadColumn>, len: usize) -> Result<Self> {
        let Some(column) = column else {
            return Ok(Self { codes: None, offsets: Some(OffsetBuffer::new_zeroed(len)), dictionary: None });
        };
        let list = column.array.as_list_opt::<i32>();
        let codes = list.map_or(&column.array, |list| list.values()).clone();
        codes_of(codes.as_ref()).ok_or_else(|| Error::invalid("a text column without codes"))?;
        let offsets = list.map(|list| list.offsets().clone());
        Ok(Self { codes: Some(codes), offsets, dictionary: column.dictionary.clone() })
    }

    fn codes(&self) -> Codes<'_> {
        self.codes.as_deref().and_then(codes_of).unwrap_or(Codes::U8(&[]))
    }

    /// Which codes occur in the rows, and whether a row is empty.
    fn used(&self) -> (Vec<bool>, bool) {
        let mut used = vec![false; self.dictionary.as_ref().map_or(0, |d| d.len())];
        let (held, any_empty) = match &self.offsets {
            None => (0..self.codes().len(), false),
            Some(ends) => {
                let held = ends[0] as usize..ends[ends.len() - 1] as usize;
                (held, ends.windows(2).any(|ends| ends[0] == ends[1]))
            }
        };
        match self.codes() {
            Codes::U8(codes) => codes[held].iter().for_each(|&code| used[code as usize] = true),
            Codes::U16(codes) => codes[held].iter().for_each(|&code| used[code as usize] = true),
            Codes::U32(codes) => codes[held].iter().for_each(|&code| used[code as usize] = true),
        }
        (used, any_empty)
    }

    /// Appends the translated code of each row; `null` of an empty one.
    fn translate(&self, map: &[u32], null: u32, out: &mut Vec<u32>) {
        let codes = self.codes();
        match (&self.offsets, codes) {
            (None, Codes::U8(codes)) => out.extend(codes.iter().map(|&code| map[code as usize])),
            (None, Codes::U16(codes)) => out.extend(codes.iter().map(|&code| map[code as usize])),
            (None, Codes::U32(codes)) => out.extend(codes.iter().map(|&code| map[code as usize])),
            (Some(ends), codes) => out.extend(ends.windows(2).map(|ends| match ends[1] - ends[0] {
                0 => null,
                _ => map[codes.get(ends[0] as usize) as usize],
            })),
        }
    }
}

pub(super) fn keys(columns: &[Option<ReadColumn>], lens: &[usize], column_type: &ColumnType) -> Result<KeyColumn> {
    let locals = columns.iter().zip(lens).map(|(column, &len)| LocalTexts::of(column.as_ref(), len));
    let locals = locals.collect::<Result<Vec<_>>>()?;
    let (dictionary, maps) = merged_dictionary(&locals)?;
    let null = dictionary.null_code();
    let num_rows = lens.iter().sum();
    let mut ends = locals.iter().filter_map(|local| local.offsets.as_ref());
    let rows = if ends.any(|ends| ends.windows(2).any(|ends| ends[1] - ends[0] > 1)) {
        list_rows(&locals, &maps, null, num_rows)
    } else {
        let mut codes = Vec::with_capacity(num_rows);
        for (local, map) in locals.iter().zip(&maps) {
            local.translate(map, null.unwrap_or_default(), &mut codes);
        }
        TextRows::Single(codes)
    };
    Ok(KeyColumn::Text { column_type: column_type.clone(), dictionary: Arc::new(dictionary), rows })
}

fn list_rows(locals: &[LocalTexts], maps: &[Vec<u32>], null: Option<u32>, num_rows: usize) -> TextRows {
    let mut known = DistinctLists::default();
    let (mut rows, mut list) = (Vec::with_capacity(num_rows), Vec::new());
    for (local, map) in locals.iter().zip(maps) {
        let codes = local.codes();
        let one = OffsetBuffer::from_repeated_length(1, if local.offsets.is_none() { codes.len() } else { 0 });
        for ends in local.offsets.as_ref().unwrap_or(&one).windows(2) {
            list.clear();
            list.extend((ends[0]..ends[1]).map(|at| map[codes.get(at as usize) as usize]));
            if local.dictionary.is_none() {
                list.extend(null);
            }
            rows.push(known.id_of(&list));
        }
    }
    TextRows::Lists { lists: known.into_lists(), rows }
}

/// The values in use, sorted, and for each source its codes translated.
fn merged_dictionary(locals: &[LocalTexts]) -> Result<(StringDictionary, Vec<Vec<u32>>)> {
    const NULL: u32 = u32::MAX;
    let (mut texts, mut ids): (Vec<&str>, HashTable<u32>) = (Vec::new(), HashTable::new());
    let (mut maps, mut any_null) = (Vec::with_capacity(locals.len()), false);
    for local in locals {
        let (used, empty) = local.used();
        any_null |= empty;
        let mut map = vec![0; used.len()];
        let codes = (0..used.len()).filter(|&code| used[code]);
        for (code, dictionary) in codes.zip(std::iter::repeat(local.dictionary.as_ref())) {
            map[code] = match dictionary.and_then(|dictionary| dictionary.get(code as u32)) {
                None => NULL,
                Some(text) => id_of(text, &mut texts, &mut ids),
            };
            any_null |= map[code] == NULL;
        }
        maps.push(map);
    }
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    if i32::try_from(bytes).is_err() {
        return Err(Error::LimitExceeded(format!("{bytes} bytes in one dictionary")));
    }
    let mut sorted: Vec<(u64, u32)> =
        (0u32..).zip(&texts).map(|(id, text)| (dialect::order::prefix(text), id)).collect();
    sorted.sort_unstable_by(|(a, left), (b, right)| {
        a.cmp(b).then_with(|| dialect::order::compare(texts[*left as usize], texts[*right as usize]))
    });
    let mut codes = vec![0; texts.len()];
    (u32::from(any_null)..).zip(&sorted).for_each(|(code, (_, id))| codes[*id as usize] = code);
    for id in maps.iter_mut().flatten() {
        *id = if *id == NULL { 0 } else { codes.get(*id as usize).copied().unwrap_or_default() };
    }
    let null = any_null.then_some(None);
    let values = null.into_iter().chain(sorted.iter().map(|(_, id)| Some(texts[*id as usize])));
    Ok((StringDictionary::known_sorted(values.collect::<StringArray>()), maps))
}

/// The number of a text among the distinct ones.
fn id_of<'a>(text: &'a str, texts: &mut Vec<&'a str>, ids: &mut HashTable<u32>) -> u32 {
    let hash = |text: &str| FixedState::default().hash_one(text);
    let next = texts.len() as u32;
    let id =
        *ids.entry(hash(text), |id| texts[*id as usize] == text, |id| hash(texts[*id as usize])).or_insert(next).get();
    if id == next {
        texts.push(text);
    }
    id
}
