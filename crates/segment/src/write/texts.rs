//! The rows of one dimension of texts over all sources, as codes of one dictionary.

use std::hash::BuildHasher;
use std::sync::Arc;

use aggregate::{Codes, ColumnType, Dictionary};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, StringArray};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::Part;
use super::adapt::adapted;
use super::keys::{KeyColumn, TextRows};
use crate::codes::codes_of;
use crate::list_codes::DistinctLists;
use crate::{DimensionSchema, Error, Result, StringDictionary};

/// One source's rows as codes of its own dictionary. Without a dictionary every row is null.
pub(super) struct LocalTexts {
    len: usize,
    /// Codes, or lists of codes.
    pieces: Vec<ArrayRef>,
    /// What codes of rows stand for, where they are codes of lists, and which of the lists rows have.
    lists: Option<(ListArray, Vec<bool>)>,
    dictionary: Option<Arc<dyn Dictionary>>,
}

impl LocalTexts {
    pub(super) fn of(part: &Part<'_>, dimension: &DimensionSchema) -> Result<Self> {
        let len = part.len();
        let Some(column) = part.segment.column(&dimension.name) else {
            return Ok(Self { len, pieces: Vec::new(), lists: None, dictionary: None });
        };
        if column.column_type() != dimension.column_type {
            let column = adapted(part.read_column(&*column), &dimension.column_type)?;
            return Self::checked(len, vec![column.array], None, column.dictionary);
        }
        let (pieces, lists) = match column.list_codes() {
            Some(coded) => {
                let codes = part.pieces(|rows| coded.read_codes(rows), |rows| coded.take_codes(rows));
                (codes, Some(coded.lists().clone()))
            }
            None => (part.pieces(|rows| column.read(rows), |rows| column.take(rows)), None),
        };
        Self::checked(len, pieces, lists, column.dictionary())
    }

    fn checked(
        len: usize,
        pieces: Vec<ArrayRef>,
        lists: Option<ListArray>,
        dictionary: Option<Arc<dyn Dictionary>>,
    ) -> Result<Self> {
        let held = |piece: &ArrayRef| match piece.as_list_opt::<i32>() {
            Some(list) => codes_of(list.values().as_ref()).is_some(),
            None => codes_of(piece.as_ref()).is_some(),
        };
        if !pieces.iter().all(held) || lists.as_ref().is_some_and(|lists| codes_of(lists.values()).is_none()) {
            return Err(Error::invalid("a text column without codes"));
        }
        let lists = lists.map(|lists| {
            let mut used = vec![false; lists.len()];
            pieces.iter().for_each(|piece| mark(codes(piece), &mut used));
            (lists, used)
        });
        Ok(Self { len, pieces, lists, dictionary })
    }

    /// Calls `each` with the codes of many rows, or of one list of values. Where rows are codes of lists, with each
    /// of the lists once.
    fn each_held(&self, mut each: impl FnMut(Codes<'_>, bool)) {
        if let Some((lists, used)) = &self.lists {
            return (0..lists.len()).filter(|&list| used[list]).for_each(|list| each(values(lists, list), true));
        }
        for piece in &self.pieces {
            match piece.as_list_opt::<i32>() {
                Some(lists) => (0..lists.len()).for_each(|list| each(values(lists, list), true)),
                None => each(codes(piece), false),
            }
        }
    }

    /// Which codes occur in the rows, and whether a row is empty.
    fn used(&self) -> (Vec<bool>, bool) {
        let mut used = vec![false; self.dictionary.as_ref().map_or(0, |d| d.len())];
        let mut any_empty = self.pieces.is_empty() && self.len > 0;
        self.each_held(|codes, is_list| {
            any_empty |= is_list && codes.is_empty();
            mark(codes, &mut used);
        });
        (used, any_empty)
    }

    fn has_several_values(&self) -> bool {
        let mut found = false;
        self.each_held(|codes, is_list| found |= is_list && codes.len() > 1);
        found
    }

    /// Appends the translated code of each row; `null` of an empty one.
    fn translate(&self, map: &[u32], null: u32, out: &mut Vec<u32>) {
        if self.pieces.is_empty() {
            return out.extend(std::iter::repeat_n(null, self.len));
        }
        let one = |lists: &ListArray, list: usize| match values(lists, list) {
            values if values.is_empty() => null,
            values => map[values.get(0) as usize],
        };
        let of_lists: Option<Vec<u32>> = self.lists.as_ref().map(|(lists, used)| {
            let of_list = |list: usize| if used[list] { one(lists, list) } else { null };
            (0..lists.len()).map(of_list).collect()
        });
        for piece in &self.pieces {
            match piece.as_list_opt::<i32>() {
                Some(lists) => out.extend((0..lists.len()).map(|list| one(lists, list))),
                None => extend(codes(piece), of_lists.as_deref().unwrap_or(map), out),
            }
        }
    }

    /// Appends the number of each row's list.
    fn list_ids(&self, map: &[u32], null: Option<u32>, known: &mut DistinctLists, out: &mut Vec<u32>) {
        if self.pieces.is_empty() {
            let id = known.id_of(null.as_slice());
            return out.extend(std::iter::repeat_n(id, self.len));
        }
        let mut spelled = Vec::new();
        let mut id_of = |held: Codes<'_>| {
            spelled.clear();
            spelled.extend((0..held.len()).map(|at| map[held.get(at) as usize]));
            known.id_of(&spelled)
        };
        let of_codes: Vec<u32> = match &self.lists {
            Some((lists, used)) => {
                (0..lists.len()).map(|list| if used[list] { id_of(values(lists, list)) } else { 0 }).collect()
            }
            None if self.pieces.iter().all(|piece| piece.as_list_opt::<i32>().is_some()) => Vec::new(),
            None => (0..map.len() as u32).map(|code| id_of(Codes::U32(&[code]))).collect(),
        };
        for piece in &self.pieces {
            match piece.as_list_opt::<i32>() {
                Some(lists) => (0..lists.len()).for_each(|list| out.push(id_of(values(lists, list)))),
                None => extend(codes(piece), &of_codes, out),
            }
        }
    }
}

/// The codes of an array, which was found to hold such.
fn codes(array: &ArrayRef) -> Codes<'_> {
    codes_of(array.as_ref()).unwrap_or(Codes::U8(&[]))
}

/// The codes of one list.
fn values(lists: &ListArray, list: usize) -> Codes<'_> {
    let ends = lists.value_offsets();
    codes(lists.values()).slice(ends[list] as usize, ends[list + 1] as usize)
}

fn mark(codes: Codes<'_>, used: &mut [bool]) {
    match codes {
        Codes::U8(codes) => codes.iter().for_each(|&code| used[code as usize] = true),
        Codes::U16(codes) => codes.iter().for_each(|&code| used[code as usize] = true),
        Codes::U32(codes) => codes.iter().for_each(|&code| used[code as usize] = true),
    }
}

/// Appends what each code is in `map`.
fn extend(codes: Codes<'_>, map: &[u32], out: &mut Vec<u32>) {
    match codes {
        Codes::U8(codes) => out.extend(codes.iter().map(|&code| map[code as usize])),
        Codes::U16(codes) => out.extend(codes.iter().map(|&code| map[code as usize])),
        Codes::U32(codes) => out.extend(codes.iter().map(|&code| map[code as usize])),
    }
}

pub(super) fn keys(locals: &[LocalTexts], column_type: &ColumnType) -> Result<KeyColumn> {
    let (dictionary, maps) = merged_dictionary(locals)?;
    let null = dictionary.null_code();
    let num_rows = locals.iter().map(|local| local.len).sum();
    let rows = if locals.iter().any(LocalTexts::has_several_values) {
        list_rows(locals, &maps, null, num_rows)
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
    let (mut known, mut rows) = (DistinctLists::default(), Vec::with_capacity(num_rows));
    for (local, map) in locals.iter().zip(maps) {
        local.list_ids(map, null, &mut known, &mut rows);
    }
    let mut lists: Vec<(Vec<u32>, usize)> = known.into_lists().into_iter().zip(0..).collect();
    lists.sort();
    let mut ranks = vec![0; lists.len()];
    (0u32..).zip(&lists).for_each(|(rank, (_, id))| ranks[*id] = rank);
    rows.iter_mut().for_each(|id| *id = ranks[*id as usize]);
    TextRows::Lists { lists: lists.into_iter().map(|(list, _)| list).collect(), rows }
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
