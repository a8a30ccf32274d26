//! Texts of a live snapshot.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aggregate::{ColumnType, Dictionary};
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, ListArray};
use arrow_buffer::OffsetBuffer;

use super::code_rows::{CodeRows, LIST};
use super::interner::Interner;
use super::nested::{LiveFields, SharedGather};
use crate::batch_view::list_array;
use crate::codes::{CodeWidth, narrow};
use crate::list_codes::{MAX_LISTS, MIN_ROWS_PER_LIST};
use crate::pieces::{Pieces, narrowed};
use crate::{BitmapIndex, Column, Fields, ListCodes};

/// The values of a text dimension in the order of their first rows.
struct LiveDictionary(Interner<Option<Box<str>>>);

impl Dictionary for LiveDictionary {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, code: u32) -> Option<&str> {
        self.0.get(code).and_then(|value| value.as_deref())
    }

    fn is_sorted(&self) -> bool {
        false
    }

    fn code_of(&self, value: Option<&str>) -> Option<u32> {
        self.0.find(value)
    }
}

/// A code for each row: as it was written, or that of its document at a path.
pub(super) struct LiveRows {
    rows: CodeRows,
    /// The first document with a code, and the codes from there; 0 stands for all others.
    documents: Option<(u32, CodeRows)>,
}

impl LiveRows {
    pub(super) fn new(rows: CodeRows) -> Self {
        Self { rows, documents: None }
    }

    /// The rows hold codes of documents.
    pub(super) fn through(rows: CodeRows, documents: (u32, CodeRows)) -> Self {
        Self { rows, documents: Some(documents) }
    }

    fn of_documents(&self, mut codes: Vec<u32>) -> Vec<u32> {
        let Some((first, documents)) = &self.documents else { return codes };
        for code in &mut codes {
            let at = code.checked_sub(*first).map(|at| at as usize).filter(|at| *at < documents.len());
            *code = at.map_or(0, |at| documents.get(at));
        }
        codes
    }

    pub(super) fn read(&self, rows: Range<usize>) -> Vec<u32> {
        self.of_documents(self.rows.read(rows))
    }

    pub(super) fn take(&self, rows: &[u32]) -> Vec<u32> {
        self.of_documents(self.rows.take(rows))
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.documents.as_ref().map_or(self.rows.memory_bytes(), |(_, documents)| documents.memory_bytes())
    }
}

/// A dimension of texts or of values; multi-value when some row held a list.
pub(super) struct LiveTexts {
    column_type: ColumnType,
    rows: LiveRows,
    dictionary: Arc<LiveDictionary>,
    lists: Interner<Box<[u32]>>,
    null_code: Option<u32>,
    is_multi: bool,
    /// What was found in its documents.
    gather: Option<SharedGather>,
    /// Made when first asked for.
    list_codes: OnceLock<Option<ListCodes>>,
}

impl LiveTexts {
    pub(super) fn new(
        column_type: ColumnType,
        rows: LiveRows,
        values: Interner<Option<Box<str>>>,
        lists: Interner<Box<[u32]>>,
    ) -> Self {
        let null_code = values.find(None);
        // Empty lists alone do not make a column of lists.
        let is_multi = lists.len() > 1 || lists.get(0).is_some_and(|list| !list.is_empty());
        let dictionary = Arc::new(LiveDictionary(values));
        let (gather, list_codes) = (None, OnceLock::new());
        Self { column_type, rows, dictionary, lists, null_code, is_multi, gather, list_codes }
    }

    pub(super) fn with_gather(self, gather: Option<SharedGather>) -> Self {
        Self { gather, ..self }
    }

    fn num_values(&self) -> usize {
        self.dictionary.0.len()
    }

    fn array(&self, codes: Vec<u32>) -> ArrayRef {
        if self.is_multi {
            return self.spelled(codes.into_iter());
        }
        let null = self.null_code.unwrap_or_default();
        let codes: Vec<u32> = match self.lists.len() {
            0 => codes,
            _ => codes.into_iter().map(|code| if code & LIST == 0 { code } else { null }).collect(),
        };
        narrowed(&codes, CodeWidth::for_len(self.num_values()), None)
    }

    /// The values of rows, or of lists.
    fn spelled(&self, codes: impl ExactSizeIterator<Item = u32>) -> ArrayRef {
        let mut values = Vec::with_capacity(codes.len());
        let mut offsets = Vec::with_capacity(codes.len() + 1);
        offsets.push(0i32);
        for code in codes {
            if code & LIST != 0 {
                values.extend_from_slice(self.lists.get(code & !LIST).map_or(&[], |list| &list[..]));
            } else {
                values.push(code);
            }
            offsets.push(values.len() as i32);
        }
        let num_values = self.num_values();
        list_array(OffsetBuffer::new(offsets.into()), narrow(&values, num_values), num_values)
    }

    /// The codes of rows as codes of lists: every value is a list of one, and has an even code.
    fn find_list_codes(&self) -> Option<ListCodes> {
        let num_codes = 2 * self.num_values().max(self.lists.len());
        let rows = &self.rows.rows;
        let pays = num_codes <= MAX_LISTS && num_codes * MIN_ROWS_PER_LIST <= rows.len();
        if !self.is_multi || self.rows.documents.is_some() || !pays {
            return None;
        }
        // A code that nothing has stands for a list without values.
        let empty = u32::MAX;
        let known = |code: u32, num: usize| if (code as usize) < num { code } else { empty };
        let list = |code: u32| match code % 2 {
            0 => known(code / 2, self.num_values()),
            _ => known(code / 2, self.lists.len()) | LIST,
        };
        let lists = self.spelled((0..num_codes as u32).map(list).collect::<Vec<_>>().into_iter());
        let lists: ListArray = lists.as_list::<i32>().clone();
        Some(ListCodes::of_pieces(Pieces::blocks(rows.marked(), num_codes as u32), lists))
    }
}

impl Column for LiveTexts {
    fn column_type(&self) -> ColumnType {
        self.column_type.clone()
    }

    fn is_multi_value(&self) -> bool {
        self.is_multi
    }

    fn has_nulls(&self) -> bool {
        self.null_code.is_some()
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        if self.lists.len() > 0 || self.rows.documents.is_some() {
            return self.array(self.rows.read(rows));
        }
        self.rows.rows.read_at(rows, CodeWidth::for_len(self.num_values()))
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        self.array(self.rows.take(rows))
    }

    fn list_codes(&self) -> Option<&ListCodes> {
        self.list_codes.get_or_init(|| self.find_list_codes()).as_ref()
    }

    fn dictionary(&self) -> Option<Arc<dyn Dictionary>> {
        Some(self.dictionary.clone())
    }

    fn bitmaps(&self) -> Option<&dyn BitmapIndex> {
        None
    }

    fn fields(&self) -> Option<Arc<dyn Fields>> {
        let gather = self.gather.clone()?;
        Some(Arc::new(LiveFields { gather, rows: self.rows.rows.view() }))
    }

    fn size_bytes(&self) -> u64 {
        (self.rows.memory_bytes() + self.dictionary.0.memory_bytes() + self.lists.memory_bytes()) as u64
    }
}
