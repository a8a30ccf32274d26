//! Groups of several segments in one table. Dictionaries differ from segment to segment, so the values of each key get
//! codes that hold for all of them; a segment's own codes are translated once each, when rows first show them.

mod cells;
mod code_map;
mod pool;

use aggregate::Codes;
use arrow_array::ArrayRef;
use arrow_buffer::ArrowNativeType;
use cells::Cells;
use code_map::CodeMap;
use pool::Pool;
use segment::codes_of;

use super::keys::{Key, Words};
use super::shown::Shown;
use super::unexpected;
use crate::finalize::Values;
use crate::plan::Buckets;
use crate::{Error, Result};

/// Groups by bucket and keys.
#[derive(Default)]
pub(super) struct Joined {
    pools: Vec<Pool>,
    cells: Cells,
    /// For each key the code of all segments by that of the segment at hand.
    maps: Vec<CodeMap>,
    /// Codes of the rows at hand, a list for each key.
    codes: Vec<Vec<u32>>,
    /// Where rows go by one key: the group of each of its codes in a bucket.
    group_of: CodeMap,
    bucket: u32,
}

impl Joined {
    /// Another segment begins, of which rows go by `keys`. False where its values are of another type than those so far.
    pub fn begin(&mut self, keys: &[Key], shown: &[Shown]) -> bool {
        if self.pools.is_empty() {
            self.pools = shown.iter().map(Pool::of).collect();
            self.maps.resize_with(shown.len(), CodeMap::default);
            self.codes.resize_with(shown.len(), Vec::new);
            self.cells = Cells::of(shown.len());
        }
        if !self.pools.iter().zip(shown).all(|(pool, shown)| pool.takes(shown)) {
            return false;
        }
        for (map, shown) in self.maps.iter_mut().zip(shown) {
            map.begin(keys[shown.from()].num_codes().unwrap_or(0));
        }
        self.group_of.begin(self.maps.first().map_or(0, CodeMap::len));
        true
    }

    /// Forgets all groups, but not what keys there are.
    pub fn forget(&mut self) {
        self.pools.iter_mut().for_each(Pool::forget);
        self.group_of.begin(self.group_of.len());
        self.maps.iter_mut().for_each(|map| map.begin(map.len()));
        self.cells = Cells::of(self.pools.len());
    }

    pub fn len(&self) -> usize {
        self.cells.len()
    }

    pub fn memory_bytes(&self) -> usize {
        self.pools.iter().map(Pool::memory_bytes).sum::<usize>() + self.cells.memory_bytes()
    }

    /// The groups of some rows, given their buckets and the words of what they go by.
    pub fn ids(&mut self, shown: &[Shown], buckets: &[u32], words: &[Words], most_cells: usize) -> Result<Vec<u32>> {
        for (at, shown) in shown.iter().enumerate() {
            let words = &words[shown.from()];
            if self.maps[at].len() == 0 {
                self.codes[at].clear();
                self.pools[at].intern(&shown.values_of_words(words), &mut self.codes[at])?;
            } else {
                self.translate(at, shown, &words.values)?;
            }
        }
        self.groups(buckets, most_cells)
    }

    /// The groups of all rows of a vector, given their buckets and the arrays of what they go by. `None` where these
    /// are not codes.
    pub fn ids_of_codes(
        &mut self,
        shown: &[Shown],
        buckets: &[u32],
        arrays: &[ArrayRef],
        most_cells: usize,
    ) -> Result<Option<Vec<u32>>> {
        if self.maps.iter().any(|map| map.len() == 0) {
            return Ok(None);
        }
        if let ([array], Some(&bucket)) = (arrays, buckets.first())
            && buckets.iter().all(|other| *other == bucket)
        {
            let ids = match codes_of(array.as_ref()).ok_or_else(|| unexpected("codes"))? {
                Codes::U8(codes) => self.ids_of_key(shown, bucket, codes, most_cells)?,
                Codes::U16(codes) => self.ids_of_key(shown, bucket, codes, most_cells)?,
                Codes::U32(codes) => self.ids_of_key(shown, bucket, codes, most_cells)?,
            };
            return Ok(Some(ids));
        }
        for (at, shown) in shown.iter().enumerate() {
            match codes_of(arrays[shown.from()].as_ref()).ok_or_else(|| unexpected("codes"))? {
                Codes::U8(codes) => self.translate(at, shown, codes)?,
                Codes::U16(codes) => self.translate(at, shown, codes)?,
                Codes::U32(codes) => self.translate(at, shown, codes)?,
            }
        }
        self.groups(buckets, most_cells).map(Some)
    }

    /// The groups of rows of one bucket that go by one key: a code is a group.
    fn ids_of_key<C: ArrowNativeType>(
        &mut self,
        shown: &[Shown],
        bucket: u32,
        own: &[C],
        most_cells: usize,
    ) -> Result<Vec<u32>> {
        let mut group_of = std::mem::take(&mut self.group_of);
        if self.bucket != bucket {
            group_of.begin(group_of.len());
        }
        self.bucket = bucket;
        let mut ids = Vec::with_capacity(own.len());
        if !group_of.read(own, &mut ids) {
            let news = group_of.unknown(own);
            for (at, shown) in shown.iter().enumerate() {
                self.translate(at, shown, &news)?;
            }
            let groups = self.groups(&vec![bucket; news.len()], most_cells)?;
            group_of.learn(&news, groups);
            group_of.read(own, &mut ids);
        }
        self.group_of = group_of;
        Ok(ids)
    }

    /// Codes of the segment as those of all segments.
    fn translate<C: ArrowNativeType>(&mut self, at: usize, shown: &Shown, own: &[C]) -> Result<()> {
        let (pool, map, codes) = (&mut self.pools[at], &mut self.maps[at], &mut self.codes[at]);
        if !map.read(own, codes) {
            let news = map.unknown(own);
            let mut known = Vec::with_capacity(news.len());
            pool.intern_codes(shown, &news, &mut known)?;
            map.learn(&news, known);
            map.read(own, codes);
        }
        Ok(())
    }

    fn groups(&mut self, buckets: &[u32], most_cells: usize) -> Result<Vec<u32>> {
        let sizes = self.pools.iter().map(Pool::len);
        self.cells.groups(sizes, buckets, &self.codes, most_cells)
    }

    /// Whether several groups may show the same keys.
    pub fn joins(&self) -> bool {
        self.pools.iter().any(|pool| matches!(pool, Pool::Lists(_)))
    }

    /// Times and keys of some groups, and the group of each: one of lists shows every value of them.
    pub fn keys(&self, mut groups: Vec<u32>, buckets: &Buckets) -> Result<(Vec<i64>, Vec<Values>, Vec<u32>)> {
        let (mut times, mut codes) = (Vec::with_capacity(groups.len()), vec![Vec::new(); self.pools.len()]);
        codes.iter_mut().for_each(|codes| codes.reserve(groups.len()));
        let mut key = Vec::new();
        for group in &groups {
            self.cells.key(*group, &mut key);
            let (bucket, own) = key.split_first().ok_or_else(|| Error::internal("a group without a bucket"))?;
            times.push(buckets.start(*bucket));
            codes.iter_mut().zip(own).for_each(|(codes, code)| codes.push(*code));
        }
        for at in 0..self.pools.len() {
            let Pool::Lists(lists) = &self.pools[at] else { continue };
            let (mut rows, mut values) = (Vec::new(), Vec::new());
            for (row, list) in codes[at].iter().enumerate() {
                values.extend_from_slice(lists.list(*list));
                rows.resize(values.len(), row);
            }
            times = rows.iter().map(|row| times[*row]).collect();
            groups = rows.iter().map(|row| groups[*row]).collect();
            for codes in &mut codes {
                *codes = rows.iter().map(|row| codes[*row]).collect();
            }
            codes[at] = values;
        }
        let keys = self.pools.iter().zip(codes).map(|(pool, codes)| pool.values(codes)).collect();
        Ok((times, keys, groups))
    }
}
