//! Groups of several segments in one table. Dictionaries differ from segment to segment, so the values of each key get
//! codes that hold for all of them; a segment's own codes are translated once each, when rows first show them.

mod cells;
mod pool;

use aggregate::Codes;
use arrow_array::ArrayRef;
use cells::Cells;
use pool::Pool;
use segment::codes_of;

use super::keys::{Key, Words};
use super::shown::Shown;
use super::unexpected;
use crate::finalize::Values;
use crate::plan::Buckets;
use crate::{Error, Result};

/// A code of the segment that has been met and is about to be translated.
const MET: u32 = u32::MAX;

/// A code of any width.
trait Code: Copy {
    fn index(self) -> usize;
}

impl Code for u8 {
    fn index(self) -> usize {
        self.into()
    }
}

impl Code for u16 {
    fn index(self) -> usize {
        self.into()
    }
}

impl Code for u32 {
    fn index(self) -> usize {
        self as usize
    }
}

impl Code for u64 {
    fn index(self) -> usize {
        self as usize
    }
}

/// Groups by bucket and keys.
#[derive(Default)]
pub(super) struct Joined {
    pools: Vec<Pool>,
    cells: Cells,
    /// For each key the code of all segments, plus one, by that of the segment at hand; 0 when not translated yet.
    maps: Vec<Vec<u32>>,
    /// Codes of the rows at hand, a list for each key.
    codes: Vec<Vec<u32>>,
    news: Vec<u64>,
    /// Where rows go by one key: the group of each of its codes in a bucket, plus one; 0 when not known yet.
    group_of: Vec<u32>,
    bucket: u32,
}

impl Joined {
    /// Another segment begins, of which rows go by `keys`. False where its values are of another type than those so far.
    pub fn begin(&mut self, keys: &[Key], shown: &[Shown]) -> bool {
        if self.pools.is_empty() {
            self.pools = shown.iter().map(Pool::of).collect();
            self.maps.resize_with(shown.len(), Vec::new);
            self.codes.resize_with(shown.len(), Vec::new);
            self.cells = Cells::of(shown.len());
        }
        if !self.pools.iter().zip(shown).all(|(pool, shown)| pool.takes(shown)) {
            return false;
        }
        self.group_of.clear();
        for (map, shown) in self.maps.iter_mut().zip(shown) {
            map.clear();
            map.resize(keys[shown.from()].num_codes().unwrap_or(0), 0);
        }
        true
    }

    /// Forgets all groups, but not what keys there are.
    pub fn forget(&mut self) {
        self.pools.iter_mut().for_each(Pool::forget);
        self.group_of.clear();
        self.maps.iter_mut().for_each(|map| map.fill(0));
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
            if self.maps[at].is_empty() {
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
        if self.maps.iter().any(Vec::is_empty) {
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
    fn ids_of_key<C: Code>(&mut self, shown: &[Shown], bucket: u32, own: &[C], most_cells: usize) -> Result<Vec<u32>> {
        let mut group_of = std::mem::take(&mut self.group_of);
        if group_of.is_empty() || self.bucket != bucket {
            group_of.clear();
            group_of.resize(self.maps.first().map_or(0, Vec::len), 0);
            self.bucket = bucket;
        }
        let mut ids: Vec<u32> = own.iter().map(|code| group_of[code.index()]).collect();
        if ids.contains(&0) {
            let mut news: Vec<u64> = Vec::new();
            for code in own {
                let known = &mut group_of[code.index()];
                if *known == 0 {
                    *known = MET;
                    news.push(code.index() as u64);
                }
            }
            for (at, shown) in shown.iter().enumerate() {
                self.translate(at, shown, &news)?;
            }
            for (code, group) in news.iter().zip(self.groups(&vec![bucket; news.len()], most_cells)?) {
                group_of[*code as usize] = group + 1;
            }
            ids.clear();
            ids.extend(own.iter().map(|code| group_of[code.index()]));
        }
        ids.iter_mut().for_each(|id| *id -= 1);
        self.group_of = group_of;
        Ok(ids)
    }

    /// Codes of the segment as those of all segments.
    fn translate<C: Code>(&mut self, at: usize, shown: &Shown, own: &[C]) -> Result<()> {
        let (pool, map, codes) = (&mut self.pools[at], &mut self.maps[at], &mut self.codes[at]);
        codes.clear();
        codes.extend(own.iter().map(|code| map[code.index()]));
        if codes.contains(&0) {
            self.news.clear();
            for code in own {
                let known = &mut map[code.index()];
                if *known == 0 {
                    *known = MET;
                    self.news.push(code.index() as u64);
                }
            }
            codes.clear();
            pool.intern_codes(shown, &self.news, codes)?;
            for (code, to) in self.news.iter().zip(codes.drain(..)) {
                map[*code as usize] = to + 1;
            }
            codes.extend(own.iter().map(|code| map[code.index()]));
        }
        codes.iter_mut().for_each(|code| *code -= 1);
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
