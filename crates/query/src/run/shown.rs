//! Keys that follow from other keys: groups go by fewer codes, or by codes of whole lists, and are told what they
//! stand for at the end.

use std::sync::Arc;

use segment::ListCodes;

use super::keys::{Domain, Key, Words};
use crate::finalize::Values;

/// Rows for each finer group below which these do not pay.
const MIN_ROWS_PER_GROUP: usize = 8;

/// A key as it is shown, and how it follows from one that groups go by.
pub(super) struct Shown {
    key: Key,
    from: usize,
    how: How,
}

enum How {
    Same,
    /// The code for each code of the other.
    Map(Arc<[u32]>),
    /// Every value of a list.
    Lists(ListCodes),
}

/// What groups go by and what is shown of them.
pub(super) struct Scanned {
    pub keys: Vec<Key>,
    pub shown: Vec<Shown>,
    /// Several groups may show the same keys.
    pub joins: bool,
}

impl Scanned {
    /// The fewest keys of which all others follow. `finer` says that rows may be folded by finer groups first, of
    /// which there may be as many as `num_rows` pay for.
    pub fn of(keys: Vec<Key>, finer: bool, num_rows: usize, num_buckets: usize) -> Self {
        let most = if finer { num_rows / MIN_ROWS_PER_GROUP / num_buckets.max(1) } else { 0 };
        let size = |key: &Key| key.num_codes().unwrap_or(usize::MAX);
        let mut room = keys.iter().fold(1usize, |all, key| all.saturating_mul(size(key)));
        let mut joins = keys.iter().any(Key::joins_codes);
        let (mut scanned, mut own): (Vec<Key>, Vec<Option<usize>>) = (Vec::new(), Vec::new());
        for key in &keys {
            let follows = keys.iter().any(|other| key.map_from(other).is_some());
            own.push((!follows).then_some(scanned.len()));
            scanned.extend((!follows).then(|| key.clone()));
        }
        let mut shown = Vec::with_capacity(keys.len());
        for (key, own) in keys.into_iter().zip(own) {
            let map = |(from, other): (usize, &Key)| Some((from, How::Map(key.map_from(other)?)));
            let found = own.map(|from| (from, How::Same)).or_else(|| scanned.iter().enumerate().find_map(map));
            if let Some((from, how)) = found {
                shown.push(Shown { key, from, how });
            }
        }
        for at in 0..shown.len() {
            let Shown { key, from, how: How::Same } = &shown[at] else { continue };
            let from = *from;
            let Some((finer, how)) = key.finer() else { continue };
            let grown = (room / size(key).max(1)).saturating_mul(size(&finer));
            let only = shown.iter().filter(|other| other.from == from).count() == 1;
            if grown <= most && only {
                (room, joins) = (grown, true);
                scanned[from] = finer;
                shown[at].how = how;
            }
        }
        Self { keys: scanned, shown, joins }
    }
}

impl Shown {
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The place of the key that groups go by.
    pub fn from(&self) -> usize {
        self.from
    }

    /// Whether the same is shown for the same codes, of keys to go by that are alike.
    pub fn is_like(&self, other: &Shown) -> bool {
        let are_alike = match (&self.how, &other.how) {
            (How::Same, How::Same) => true,
            (How::Map(map), How::Map(of_other)) => map == of_other && self.key.is_like(&other.key),
            _ => false,
        };
        are_alike && self.from == other.from
    }

    /// Whether a key that groups go by is shown as it is.
    pub fn is_same(&self) -> bool {
        matches!(self.how, How::Same)
    }

    /// Whether groups go by whole lists.
    pub fn is_of_lists(&self) -> bool {
        matches!(self.how, How::Lists(_))
    }

    /// The words of the values of lists, by their codes, and where those of each end.
    pub fn words_of_lists(&self, codes: &[u64]) -> (Vec<u64>, Vec<usize>) {
        let How::Lists(lists) = &self.how else { return (Vec::new(), Vec::new()) };
        let mut words = Vec::new();
        let mut end = |code: &u64| {
            self.key.values_of_list(lists, *code as usize, &mut words);
            words.len()
        };
        let ends = codes.iter().map(&mut end).collect();
        (words.into_iter().map(|word| word.unwrap_or(0)).collect(), ends)
    }

    /// What is shown for codes of the key that groups go by, or of the values of its lists.
    pub fn values_of_codes(&self, codes: &[u64]) -> Values {
        self.values(codes.iter().map(|code| Some(*code)))
    }

    /// What is shown for words of the key that groups go by, or of the values of its lists.
    fn values(&self, words: impl Iterator<Item = Option<u64>>) -> Values {
        match &self.how {
            How::Map(map) => self.key.values(words.map(|word| word.map(|code| map[code as usize].into()))),
            How::Same | How::Lists(_) => self.key.values(words),
        }
    }

    /// What is shown for words of the key that groups go by.
    pub fn values_of_words(&self, words: &Words) -> Values {
        match words.nulls {
            None => self.values_of_codes(&words.values),
            Some(_) => self.values((0..words.values.len()).map(|row| words.get(row))),
        }
    }
}

impl Key {
    /// The codes of this key by those of another one that determines it.
    fn map_from(&self, other: &Key) -> Option<Arc<[u32]>> {
        let determined = self.column.determined()?;
        let codes = |key: &Key| !key.is_multi && matches!(key.domain, Domain::Codes { .. });
        let same = Arc::ptr_eq(&determined.column, &other.column) && codes(self) && codes(other);
        same.then(|| determined.map.clone())
    }

    /// A key of more codes that are quicker to come by.
    fn finer(&self) -> Option<(Key, How)> {
        if !matches!(self.domain, Domain::Codes { .. }) {
            return None;
        }
        if let (true, Some(lists)) = (self.is_multi, self.column.list_codes()) {
            let domain = Domain::Lists(lists.clone());
            return Some((Key { domain, is_multi: false, number: None, ..self.clone() }, How::Lists(lists.clone())));
        }
        let determined = self.column.determined().filter(|determined| !determined.is_stored && !self.is_multi)?;
        let dictionary = determined.column.dictionary()?;
        let domain = Domain::Codes { num_codes: dictionary.len().max(1), null: 0, dictionary };
        let key = Key { column: determined.column.clone(), domain, ..self.clone() };
        Some((key, How::Map(determined.map.clone())))
    }
}

/// What groups show: times, keys, and the group of each row. A list makes a row of each of its values. `word` tells for
/// the place of a key that groups go by, and a group, the word of that.
pub(super) fn show(
    shown: &[Shown],
    mut times: Vec<i64>,
    mut groups: Vec<u32>,
    word: impl Fn(usize, u32) -> Option<u64>,
) -> (Vec<i64>, Vec<Values>, Vec<u32>) {
    if !shown.iter().any(Shown::is_of_lists) {
        let keys = shown.iter().map(|shown| shown.values(groups.iter().map(|group| word(shown.from, *group))));
        return (times, keys.collect(), groups);
    }
    let words = |shown: &Shown| {
        let words = groups.iter().map(|group| word(shown.from, *group));
        match &shown.how {
            How::Map(map) => words.map(|word| word.map(|code| map[code as usize].into())).collect(),
            How::Same | How::Lists(_) => words.collect::<Vec<Option<u64>>>(),
        }
    };
    let mut columns: Vec<Vec<Option<u64>>> = shown.iter().map(words).collect();
    for (at, shown) in shown.iter().enumerate() {
        let How::Lists(lists) = &shown.how else { continue };
        let (mut rows, mut values) = (Vec::new(), Vec::new());
        for (row, word) in columns[at].iter().enumerate() {
            shown.key.values_of_list(lists, word.unwrap_or(0) as usize, &mut values);
            rows.resize(values.len(), row);
        }
        times = rows.iter().map(|row| times[*row]).collect();
        groups = rows.iter().map(|row| groups[*row]).collect();
        for column in &mut columns {
            *column = rows.iter().map(|row| column[*row]).collect();
        }
        columns[at] = values;
    }
    let keys = shown.iter().zip(columns).map(|(shown, words)| shown.key.values(words.into_iter())).collect();
    (times, keys, groups)
}
