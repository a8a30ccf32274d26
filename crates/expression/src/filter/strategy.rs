//! A leaf over a string column, and how it is answered: a few rows from bitmaps as positions, wide codes from
//! bitmaps as words, all else by a scan of the codes.

use std::ops::Range;
use std::sync::OnceLock;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use segment::codes_of;
use segment::{BitmapIndex, ColumnRef};

use super::bound_filter::{BoundFilter, Same};
use super::codes::CodeSet;
use super::scan::CodeScan;
use crate::{Result, Truth, words};

/// Below this part of the rows positions win whatever the width of the codes.
const POSITIONS_PART: f64 = 0.03;
/// Most bitmaps that are read for one answer as positions.
const MAX_POSITION_CODES: usize = 4_096;
/// Most bitmaps that are ORed for one vector.
const MAX_WORD_CODES: usize = 16;

pub(crate) struct CodeLeaf {
    column: ColumnRef,
    yes: Answer,
    /// With the rows of which nothing can be said.
    maybe: Answer,
    /// Of rows without value.
    empty: Truth,
    num_rows: usize,
}

/// How one set of codes is turned into rows.
struct Answer {
    set: CodeSet,
    plan: Plan,
    estimate: usize,
}

enum Plan {
    Nothing,
    Everything,
    /// The rows, read from the bitmaps when first asked for.
    Positions {
        codes: Vec<u32>,
        rows: OnceLock<Vec<u32>>,
    },
    Words(Vec<u32>),
    Scan(CodeScan),
    /// Of the codes of whole lists.
    ScanLists(CodeScan),
}

impl CodeLeaf {
    /// `null_code` is that of the null entry; `empty` the verdict of rows without value.
    pub fn bind(
        column: ColumnRef,
        len: usize,
        null_code: Option<u32>,
        yes: CodeSet,
        maybe: CodeSet,
        empty: Truth,
        num_rows: usize,
    ) -> Box<dyn BoundFilter> {
        if let Some(determined) = column.determined().filter(|determined| !determined.is_stored) {
            let others = determined.map.len();
            let turn = |set: CodeSet| match set {
                CodeSet::None | CodeSet::All => set,
                set => CodeSet::collect(others, |code| set.contains(determined.map[code as usize])),
            };
            let null_code = determined.column.dictionary().and_then(|dictionary| dictionary.code_of(None));
            let column = determined.column.clone();
            return Self::bind(column, others, null_code, turn(yes), turn(maybe), empty, num_rows);
        }
        // Empty lists have the bitmap of the null entry, if there is one.
        let loose = column.is_multi_value() && null_code.is_none() && column.has_nulls();
        let answer = |set: CodeSet, unknown: bool| {
            let (plan, estimate) = plan(&column, &set, len, num_rows, loose && empty.keep(unknown), loose);
            let plan = by_lists(plan, &column, empty.keep(unknown));
            Answer { set, plan, estimate }
        };
        let (yes, maybe) = (answer(yes, false), answer(maybe, true));
        match (&yes.plan, &maybe.plan) {
            (Plan::Nothing, Plan::Nothing) => Box::new(Same(Truth::False)),
            (Plan::Everything, _) => Box::new(Same(Truth::True)),
            (Plan::Nothing, Plan::Everything) => Box::new(Same(Truth::Unknown)),
            _ => Box::new(CodeLeaf { column, yes, maybe, empty, num_rows }),
        }
    }

    fn answer(&self, unknown: bool) -> &Answer {
        if unknown { &self.maybe } else { &self.yes }
    }

    fn scan(&self, rows: Range<usize>, scan: &CodeScan, keep_empty: bool, out: &mut [u64]) {
        let array = self.column.read(rows);
        if self.column.is_multi_value() {
            scan_lists(&array, scan, keep_empty, out);
        } else if let Some(codes) = codes_of(&*array) {
            scan.fill(codes, out);
        }
    }

    fn positions_of<'a>(&self, codes: &[u32], rows: &'a OnceLock<Vec<u32>>) -> &'a [u32] {
        rows.get_or_init(|| {
            let mut out = Vec::new();
            if let Some(bitmaps) = self.column.bitmaps() {
                codes.iter().for_each(|code| bitmaps.positions(*code, 0..self.num_rows, &mut out));
            }
            if codes.len() > 1 {
                out.sort_unstable();
                out.dedup();
            }
            out
        })
    }
}

/// A scan of the values of lists as one of the codes of whole lists, where these are kept.
fn by_lists(plan: Plan, column: &ColumnRef, keep_empty: bool) -> Plan {
    let (Plan::Scan(scan), Some(codes)) = (&plan, column.list_codes()) else { return plan };
    let lists = codes.lists();
    let Some(values) = codes_of(&**lists.values()) else { return plan };
    let ends = lists.value_offsets();
    let passes = |list: u32| {
        let (start, end) = (ends[list as usize] as usize, ends[list as usize + 1] as usize);
        (start == end && keep_empty) || (start..end).any(|at| scan.contains(values.get(at)))
    };
    Plan::ScanLists(CodeScan::new(&CodeSet::collect(lists.len(), passes), lists.len()))
}

fn plan(
    column: &ColumnRef,
    set: &CodeSet,
    len: usize,
    num_rows: usize,
    wants_empty: bool,
    has_loose_empty: bool,
) -> (Plan, usize) {
    match set {
        CodeSet::None if !wants_empty => return (Plan::Nothing, 0),
        CodeSet::All if wants_empty || !has_loose_empty => return (Plan::Everything, num_rows),
        _ => {}
    }
    let scan = || Plan::Scan(CodeScan::new(set, len));
    let num_codes = set.num_codes(len);
    let guess = num_rows / len.max(1) * num_codes;
    if wants_empty || num_codes > MAX_POSITION_CODES {
        return (scan(), guess);
    }
    let Some(bitmaps) = column.bitmaps() else { return (scan(), guess) };
    let codes: Vec<u32> = set.iter(len).collect();
    let Some(total) = cardinality(bitmaps, &codes) else { return (scan(), guess) };
    let estimate = total.min(num_rows);
    if total as f64 <= POSITIONS_PART * num_rows as f64 {
        return (Plan::Positions { codes, rows: OnceLock::new() }, estimate);
    }
    let wide = len > 256 || column.is_multi_value();
    if wide && codes.len() <= MAX_WORD_CODES { (Plan::Words(codes), estimate) } else { (scan(), estimate) }
}

/// Rows of all codes together; `None` when one has no bitmap.
fn cardinality(bitmaps: &dyn BitmapIndex, codes: &[u32]) -> Option<usize> {
    codes.iter().try_fold(0usize, |total, code| {
        let rows = usize::try_from(bitmaps.cardinality(*code)?).ok()?;
        Some(total.saturating_add(rows))
    })
}

fn scan_lists(array: &ArrayRef, scan: &CodeScan, keep_empty: bool, out: &mut [u64]) {
    let lists = array.as_list::<i32>();
    let Some(codes) = codes_of(&**lists.values()) else { return };
    for (row, ends) in lists.value_offsets().windows(2).enumerate() {
        let passes = match ends[0] == ends[1] {
            true => keep_empty,
            false => (ends[0]..ends[1]).any(|at| scan.contains(codes.get(at as usize))),
        };
        out[row / 64] |= u64::from(passes) << (row % 64);
    }
}

impl BoundFilter for CodeLeaf {
    fn mask(&self, rows: Range<usize>, unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        words::reset(out, rows.len());
        match &self.answer(unknown).plan {
            Plan::Nothing => {}
            Plan::Everything => words::set_range(out, 0..rows.len()),
            Plan::Positions { codes, rows: positions } => {
                let positions = self.positions_of(codes, positions);
                let first = positions.partition_point(|row| (*row as usize) < rows.start);
                for row in positions[first..].iter().map(|row| *row as usize).take_while(|row| *row < rows.end) {
                    let bit = row - rows.start;
                    out[bit / 64] |= 1 << (bit % 64);
                }
            }
            Plan::Words(codes) => {
                if let Some(bitmaps) = self.column.bitmaps() {
                    codes.iter().for_each(|code| bitmaps.fill(*code, rows.clone(), out));
                }
            }
            Plan::Scan(scan) => self.scan(rows, scan, self.empty.keep(unknown), out),
            Plan::ScanLists(scan) => {
                if let Some(lists) = self.column.list_codes()
                    && let Some(codes) = codes_of(&*lists.read_codes(rows.clone()))
                {
                    scan.fill(codes, out);
                }
            }
        }
        Ok(())
    }

    fn is_always_false(&self) -> bool {
        matches!(self.yes.plan, Plan::Nothing)
    }

    fn estimate(&self, _num_rows: usize) -> usize {
        self.yes.estimate
    }

    fn row_range(&self, num_rows: usize) -> Range<usize> {
        match &self.yes.plan {
            Plan::Nothing => 0..0,
            Plan::Positions { codes, rows } => match self.positions_of(codes, rows) {
                [] => 0..0,
                [first, .., last] => *first as usize..*last as usize + 1,
                [only] => *only as usize..*only as usize + 1,
            },
            Plan::Everything | Plan::Words(_) | Plan::Scan(_) | Plan::ScanLists(_) => 0..num_rows,
        }
    }

    fn positions(&self) -> Result<Option<Vec<u32>>> {
        Ok(match &self.yes.plan {
            Plan::Nothing => Some(Vec::new()),
            Plan::Positions { codes, rows } => Some(self.positions_of(codes, rows).to_vec()),
            Plan::Everything | Plan::Words(_) | Plan::Scan(_) | Plan::ScanLists(_) => None,
        })
    }

    fn retain(&self, rows: &mut Vec<u32>) -> Result<()> {
        let array = self.column.take(rows);
        let keeps = |codes: std::ops::Range<usize>, array: &dyn Array| {
            let codes_in = codes_of(array);
            codes.is_empty() && self.empty.keep(false)
                || codes_in.is_some_and(|all| codes.into_iter().any(|at| self.yes.set.contains(all.get(at))))
        };
        let mut at = 0;
        rows.retain(|_| {
            at += 1;
            match self.column.is_multi_value() {
                false => keeps(at - 1..at, &*array),
                true => {
                    let lists = array.as_list::<i32>();
                    let ends = &lists.value_offsets()[at - 1..=at];
                    keeps(ends[0] as usize..ends[1] as usize, &**lists.values())
                }
            }
        });
        Ok(())
    }

    fn narrow(&self, rows: Range<usize>, mask: &mut [u64]) -> bool {
        let Plan::Scan(scan @ CodeScan::Table { words: None, .. }) = &self.yes.plan else { return false };
        !self.column.is_multi_value()
            && codes_of(&*self.column.read(rows)).is_some_and(|codes| scan.narrow(codes, mask))
    }

    fn cost(&self) -> f64 {
        match &self.yes.plan {
            Plan::Nothing | Plan::Everything => 0.0,
            Plan::Positions { .. } => 0.01,
            Plan::Words(codes) => 0.2 * codes.len() as f64,
            Plan::Scan(_) if self.column.is_multi_value() => 20.0,
            Plan::Scan(CodeScan::Span(..)) | Plan::ScanLists(CodeScan::Span(..)) => 1.0,
            Plan::Scan(CodeScan::Nibbles { .. }) | Plan::ScanLists(CodeScan::Nibbles { .. }) => 2.0,
            Plan::Scan(CodeScan::Table { words: Some(_), .. })
            | Plan::ScanLists(CodeScan::Table { words: Some(_), .. }) => 3.0,
            Plan::Scan(CodeScan::Table { .. } | CodeScan::Bits(_))
            | Plan::ScanLists(CodeScan::Table { .. } | CodeScan::Bits(_)) => 10.0,
        }
    }
}
