//! The paths of nested data that does not change any more.

use std::sync::Arc;

use aggregate::{ColumnType, Shape};
use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray};
use dialect::path::{JsonPath, Step};

use super::gather::{KEPT_PATHS, SPARSE};
use super::{Field, Fields, Gather, Kept, PathValues};
use crate::codes::{narrow, widen};
use crate::dictionary::compare_values;
use crate::live::interner::Interner;
use crate::{ArrayColumn, Column, ColumnRef, Result, StringDictionary};

/// Cells of a path with few values before it is given up: documents come sorted, so its values may stand together.
const SLACK: usize = 1 << 16;

/// Paths, ascending, with their columns.
pub(crate) struct FixedFields {
    columns: Vec<(JsonPath, ColumnRef)>,
    /// Whether no other path has a literal.
    is_whole: bool,
}

impl FixedFields {
    pub(crate) fn new(mut columns: Vec<(JsonPath, ColumnRef)>, is_whole: bool) -> Self {
        columns.sort_by(|a, b| a.0.cmp(&b.0));
        Self { columns, is_whole }
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.columns.iter().map(|(_, column)| column.size_bytes()).sum()
    }
}

impl Fields for FixedFields {
    fn paths(&self) -> Vec<JsonPath> {
        self.columns.iter().map(|(path, _)| path.clone()).collect()
    }

    fn find(&self, path: &JsonPath) -> Field {
        match self.columns.binary_search_by(|(known, _)| known.cmp(path)) {
            Ok(at) => Field::Column(self.columns[at].1.clone()),
            Err(_) if self.is_whole && !counts_from_end(path) => Field::Nothing,
            Err(_) => Field::Unknown,
        }
    }

    fn is_whole(&self) -> bool {
        self.is_whole
    }
}

/// Whether a step of the path depends on the length of an array.
pub(crate) fn counts_from_end(path: &JsonPath) -> bool {
    path.0.iter().any(|step| matches!(step, Step::Element(..0)))
}

/// The paths of a column of nested data, given by codes of its dictionary.
pub(crate) fn fields_of(column: &ArrayColumn) -> Result<FixedFields> {
    let Some(dictionary) = column.dictionary() else { return Ok(FixedFields::new(Vec::new(), false)) };
    let documents = widen(column.array().as_ref()).unwrap_or_default();
    let mut gather = Gather::new(SLACK, usize::MAX);
    (0..dictionary.len() as u32).for_each(|code| gather.add(code, dictionary.get(code)));
    let (mut columns, mut is_whole) = (Vec::new(), gather.is_whole());
    for (at, (path, values)) in gather.paths().enumerate() {
        let codes = codes_by_row(values, &documents);
        let num_held = codes.iter().filter(|code| **code != 0).count();
        let is_rare = at >= KEPT_PATHS && num_held.saturating_mul(SPARSE) < documents.len();
        match values.kept() {
            Some(kept) if !is_rare => match typed(kept, codes)? {
                Some(column) => columns.push((path, Arc::new(column) as ColumnRef)),
                None => is_whole = false,
            },
            _ => is_whole = false,
        }
    }
    Ok(FixedFields::new(columns, is_whole))
}

fn codes_by_row(values: &PathValues, documents: &[u32]) -> Vec<u32> {
    let (first, codes) = values.codes();
    let codes = codes.read(0..codes.len());
    let code = |document: &u32| document.checked_sub(first).and_then(|at| codes.get(at as usize)).copied();
    documents.iter().map(|document| code(document).unwrap_or_default()).collect()
}

/// `None` when the path was given up, or has more text than a dictionary holds.
fn typed(kept: &Kept, codes: Vec<u32>) -> Result<Option<ArrayColumn>> {
    let bits = |numbers: &Interner<Option<u64>>| -> Vec<Option<u64>> {
        (0..numbers.len() as u32).map(|code| numbers.get(code).copied().flatten()).collect()
    };
    Ok(Some(match kept {
        Kept::Longs(numbers) => {
            let bits = bits(numbers);
            let longs: Int64Array = codes.iter().map(|code| bits[*code as usize].map(|bits| bits as i64)).collect();
            ArrayColumn::plain(ColumnType::Long, Arc::new(longs) as ArrayRef)?
        }
        Kept::Doubles(numbers) => {
            let bits = bits(numbers);
            let doubles: Float64Array = codes.iter().map(|code| bits[*code as usize].map(f64::from_bits)).collect();
            ArrayColumn::plain(ColumnType::Double, Arc::new(doubles) as ArrayRef)?
        }
        Kept::Texts(texts) => return coded(texts, codes),
        Kept::Values(keys, survey) => {
            let shape = survey.shape().unwrap_or(Shape::String);
            return Ok(coded(keys, codes)?.map(|column| column.of_values(shape)));
        }
        Kept::GivenUp => return Ok(None),
    }))
}

/// Codes of a sorted dictionary, in which null stands only when a row is null. `None` when it is too long.
fn coded(texts: &Interner<Option<Box<str>>>, mut codes: Vec<u32>) -> Result<Option<ArrayColumn>> {
    let text = |code: u32| texts.get(code).and_then(|text| text.as_deref());
    let mut order: Vec<u32> = (u32::from(!codes.contains(&0))..texts.len() as u32).collect();
    order.sort_unstable_by(|a, b| compare_values(text(*a), text(*b)));
    let mut places = vec![0; texts.len()];
    order.iter().zip(0u32..).for_each(|(code, place)| places[*code as usize] = place);
    codes.iter_mut().for_each(|code| *code = places[*code as usize]);
    let bytes: usize = order.iter().filter_map(|code| text(*code)).map(str::len).sum();
    if i32::try_from(bytes).is_err() {
        return Ok(None);
    }
    let dictionary = StringDictionary::sorted(order.iter().map(|code| text(*code)).collect::<StringArray>())?;
    ArrayColumn::coded(narrow(&codes, order.len()), Arc::new(dictionary)).map(Some)
}
