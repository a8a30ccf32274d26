//! Lists of which there are few different ones: a code for each row, and the lists once.

use std::ops::Range;
use std::sync::Arc;

use aggregate::Codes;
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, UInt8Type, UInt16Type, UInt32Type};
use arrow_array::{Array, ArrayRef, ListArray, PrimitiveArray};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::batch_view::take_rows;
use crate::codes::{codes_of, narrow, widen};
use crate::pieces::Pieces;
use crate::{Error, Result};

/// Most different lists.
pub(crate) const MAX_LISTS: usize = 1 << 16;
/// Rows for each different list below which codes do not pay.
pub(crate) const MIN_ROWS_PER_LIST: usize = 4;

/// Codes of a list that fit into one number side by side.
const MAX_PACKED: usize = 3;

/// Lists told apart.
#[derive(Default)]
pub(crate) struct DistinctLists {
    lists: Vec<Vec<u32>>,
    /// Short lists of small codes, their codes side by side.
    packed: HashMap<u64, u32, FixedState>,
    others: HashMap<Vec<u32>, u32, FixedState>,
}

impl DistinctLists {
    /// The number of a list, in the order in which lists were met first.
    pub(crate) fn id_of(&mut self, list: &[u32]) -> u32 {
        let next = self.lists.len() as u32;
        let id = if list.len() <= MAX_PACKED && list.iter().all(|code| *code < u32::from(u16::MAX)) {
            // A code is told from none by being one more.
            let packed = list.iter().fold(0, |packed, code| packed << 16 | u64::from(code + 1));
            *self.packed.entry(packed).or_insert(next)
        } else if let Some(id) = self.others.get(list) {
            *id
        } else {
            self.others.insert(list.to_vec(), next);
            next
        };
        if id == next {
            self.lists.push(list.to_vec());
        }
        id
    }

    pub(crate) fn into_lists(self) -> Vec<Vec<u32>> {
        self.lists
    }
}

/// A column of lists of codes, itself coded.
#[derive(Clone, Debug)]
pub struct ListCodes {
    codes: Pieces,
    lists: ListArray,
}

impl ListCodes {
    /// The coded form of lists, which come in the order of their first row. `None` when too many differ.
    pub fn of(array: &ListArray) -> Option<Self> {
        let values = widen(array.values().as_ref())?;
        let most = MAX_LISTS.min(array.len() / MIN_ROWS_PER_LIST);
        let mut known = DistinctLists::default();
        let (mut codes, mut firsts) = (Vec::with_capacity(array.len()), Vec::new());
        for (row, ends) in (0u32..).zip(array.value_offsets().windows(2)) {
            let next = firsts.len();
            let code = known.id_of(&values[ends[0] as usize..ends[1] as usize]);
            if code as usize == next {
                if next >= most {
                    return None;
                }
                firsts.push(row);
            }
            codes.push(code);
        }
        let lists = take_rows(&(Arc::new(array.clone()) as ArrayRef), &firsts).as_list::<i32>().clone();
        Some(Self { codes: Pieces::One(narrow(&codes, firsts.len())), lists })
    }

    /// Codes and lists read from elsewhere. Fails unless they are codes and lists of codes; whether each is one of
    /// a list is looked at if `checked`.
    pub fn new(codes: ArrayRef, lists: &ArrayRef, checked: bool) -> Result<Self> {
        let unsound = || Error::corrupt("codes of lists");
        let lists = lists.as_list_opt::<i32>().ok_or_else(unsound)?.clone();
        let rows = codes_of(codes.as_ref()).ok_or_else(unsound)?;
        let nulls = codes.null_count() + lists.null_count() + lists.values().null_count();
        let inside = || (0..rows.len()).all(|row| (rows.get(row) as usize) < lists.len());
        let sound = nulls == 0 && codes_of(lists.values().as_ref()).is_some() && (!checked || inside());
        sound.then_some(Self { codes: Pieces::One(codes), lists }).ok_or_else(unsound)
    }

    /// Codes without nulls, each of one of the lists.
    pub(crate) fn of_pieces(codes: Pieces, lists: ListArray) -> Self {
        Self { codes, lists }
    }

    /// The code of each row, in one piece.
    pub fn codes(&self) -> ArrayRef {
        self.codes.whole()
    }

    /// The codes of a range of rows, perhaps narrower than those of another one.
    pub fn read_codes(&self, rows: Range<usize>) -> ArrayRef {
        self.codes.read(rows)
    }

    /// The codes of scattered rows.
    pub fn take_codes(&self, rows: &[u32]) -> ArrayRef {
        self.codes.take(rows)
    }

    /// Number of rows.
    pub fn num_rows(&self) -> usize {
        self.codes.len()
    }

    /// The different lists, by code.
    pub fn lists(&self) -> &ListArray {
        &self.lists
    }

    /// The lists of a range of rows.
    pub fn read(&self, rows: Range<usize>) -> ArrayRef {
        self.spelled(self.codes.read(rows).as_ref())
    }

    /// The lists of scattered rows.
    pub fn take(&self, rows: &[u32]) -> ArrayRef {
        self.spelled(self.codes.take(rows).as_ref())
    }

    fn spelled(&self, codes: &dyn Array) -> ArrayRef {
        match self.lists.values().data_type() {
            DataType::UInt8 => self.spelled_as::<UInt8Type>(codes),
            DataType::UInt16 => self.spelled_as::<UInt16Type>(codes),
            _ => self.spelled_as::<UInt32Type>(codes),
        }
    }

    fn spelled_as<T: ArrowPrimitiveType>(&self, codes: &dyn Array) -> ArrayRef {
        let codes = codes_of(codes).unwrap_or(Codes::U8(&[]));
        let (ends, known) = (self.lists.value_offsets(), self.lists.values().as_primitive::<T>().values());
        let (mut offsets, mut values) = (Vec::with_capacity(codes.len() + 1), Vec::with_capacity(codes.len() * 2));
        offsets.push(0);
        for row in 0..codes.len() {
            let list = codes.get(row) as usize;
            values.extend_from_slice(&known[ends[list] as usize..ends[list + 1] as usize]);
            offsets.push(values.len() as i32);
        }
        let DataType::List(field) = self.lists.data_type() else { return Arc::new(self.lists.slice(0, 0)) };
        let values = Arc::new(PrimitiveArray::<T>::new(values.into(), None));
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        Arc::new(ListArray::new(field.clone(), offsets, values, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_back() {
        let lens: Vec<usize> = (0..200).map(|row| [0, 1, 3, 2][row % 4]).collect();
        let values: Vec<u32> = (0..200).flat_map(|row| [5, 6, 5][..[0, 1, 3, 2][row % 4]].to_vec()).collect();
        for num_values in [200, 300, 70_000] {
            let values = narrow(&values, num_values);
            let lists = crate::batch_view::list_array(OffsetBuffer::from_lengths(lens.clone()), values, num_values);
            let coded = ListCodes::of(lists.as_list()).unwrap();
            assert_eq!(coded.lists().len(), 4);
            assert_eq!(&coded.read(0..200), &lists);
            assert_eq!(&coded.read(3..17), &lists.slice(3, 14));
            assert_eq!(&coded.take(&[7, 1]), &take_rows(&lists, &[7, 1]));
            let lists: ArrayRef = Arc::new(coded.lists().clone());
            assert!(ListCodes::new(coded.codes(), &lists, true).is_ok());
            assert!(ListCodes::new(coded.codes(), &lists.slice(0, 2), true).is_err());
            assert!(ListCodes::of(coded.lists()).is_none(), "no list comes twice");
        }
    }
}
