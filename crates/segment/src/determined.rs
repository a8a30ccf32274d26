//! Columns of text that another one determines: a city its province, an ad its campaign.

use std::sync::Arc;

use aggregate::Codes;
use arrow_array::ArrayRef;

use crate::codes::{codes_of, map_codes};
use crate::{Column, ColumnRef};

/// Most codes of a column that may determine others.
pub(crate) const MAX_CODES: usize = 1 << 16;
/// Rows for each code of a column that may determine others.
const MIN_ROWS_PER_CODE: usize = 16;

/// What determines a column.
#[derive(Clone)]
pub struct Determined {
    /// The name of the column that does, which no other one determines.
    pub by: Arc<str>,
    pub column: ColumnRef,
    /// The code of the determined column for each code of the other.
    pub map: Arc<[u32]>,
    /// Whether the determined column has codes of its own all the same.
    pub is_stored: bool,
}

impl Determined {
    /// Codes of the determined column, by those of the other, as codes below `num_values`.
    pub fn codes(&self, others: Codes<'_>, num_values: usize) -> ArrayRef {
        map_codes(others, &self.map, num_values)
    }

    /// Whether these are the codes of the column that is determined.
    pub(crate) fn tells(&self, codes: &ArrayRef, column: &dyn Column) -> bool {
        let others = self.column.read(0..codes.len());
        let (others, len) = (codes_of(others.as_ref()), column.dictionary().map_or(0, |dictionary| dictionary.len()));
        others.is_some_and(|others| *self.codes(others, len) == **codes)
    }
}

/// The codes of one column by those of another, if each of these always stands beside the same one.
fn map_of(others: Codes<'_>, num_others: usize, codes: Codes<'_>) -> Option<Vec<u32>> {
    const UNSEEN: u32 = u32::MAX;
    let mut map = vec![UNSEEN; num_others];
    for row in 0..others.len() {
        let (known, code) = (&mut map[others.get(row) as usize], codes.get(row));
        if *known != code {
            if *known != UNSEEN {
                return None;
            }
            *known = code;
        }
    }
    Some(map.into_iter().map(|code| if code == UNSEEN { 0 } else { code }).collect())
}

/// Which columns of codes others determine: for each the place of that other and the map of its codes. Each column
/// is given with the length of its dictionary. What is determined determines nothing itself.
pub(crate) fn find(columns: &[Option<(Codes<'_>, usize)>]) -> Vec<Option<(usize, Vec<u32>)>> {
    let mut order: Vec<usize> = (0..columns.len()).filter(|&at| columns[at].is_some()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(columns[at].map_or(0, |(_, len)| len)));
    let mut found: Vec<Option<(usize, Vec<u32>)>> = vec![None; columns.len()];
    let mut free: Vec<usize> = Vec::new();
    for at in order {
        let Some((codes, len)) = columns[at] else { continue };
        // The one with the fewest codes that does: groups go by them.
        found[at] = free.iter().rev().find_map(|&by| {
            let (others, num_others) = columns[by]?;
            Some((by, map_of(others, num_others, codes)?))
        });
        if found[at].is_none() && len <= MAX_CODES && len * MIN_ROWS_PER_CODE <= codes.len() {
            free.push(at);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_find_what_determines_them() {
        let ads: Vec<u16> = (0..40_000).map(|row| (row * 7 % 1_000) as u16).collect();
        let cities: Vec<u8> = (0..40_000).map(|row: u32| (row.wrapping_mul(2_654_435_761) >> 25) as u8).collect();
        let campaigns: Vec<u16> = ads.iter().map(|ad| ad / 3).collect();
        let provinces: Vec<u8> = cities.iter().map(|city| city % 5).collect();
        let users: Vec<u32> = (0..40_000).collect();
        let columns = [
            Some((Codes::U8(&provinces), 5)),
            Some((Codes::U16(&ads), 1_000)),
            None,
            Some((Codes::U16(&campaigns), 334)),
            Some((Codes::U8(&cities), 128)),
            Some((Codes::U32(&users), 40_000)),
        ];
        let found = find(&columns);
        let by: Vec<Option<usize>> = found.iter().map(|found| found.as_ref().map(|(by, _)| *by)).collect();
        assert_eq!(by, [Some(4), None, None, Some(1), None, None]);
        let (_, map) = found[3].as_ref().unwrap();
        assert!((0..1_000).all(|ad| map[ad] == ad as u32 / 3));
    }
}
