//! What every segment must keep to, whoever implements it.
//!
//! `check` reads a segment in every way the hall offers and compares the ways with each other; `rows` spells
//! the rows out, so that segments can be compared.

mod fields;

use std::ops::Range;

use aggregate::{ColumnType, Dictionary, Shape};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use dialect::value;

use crate::codes::widen;
use crate::{
    BitmapIndex, Bounds, Column, ColumnRef, ColumnSchema, NumberCodes, PackedNumbers, Role, Segment, TIME_COLUMN,
    VECTOR_ROWS,
};

type Outcome = Result<(), String>;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(what()) }
}

/// Checks one segment against itself; the error says what does not hold.
pub fn check(segment: &dyn Segment) -> Outcome {
    check_time(segment)?;
    ensure(segment.column("no such column").is_none(), || "answers a column it does not have".into())?;
    for schema in segment.schema().columns() {
        let column = segment.column(&schema.name).ok_or_else(|| format!("'{}' is missing", schema.name))?;
        let sound = check_column(segment, schema, &column).and_then(|()| fields::check_fields(segment, &column));
        sound.map_err(|what| format!("column '{}': {what}", schema.name))?;
    }
    Ok(())
}

/// Checks that both hold the same rows, in any order, with the same visible columns.
pub fn check_same(left: &dyn Segment, right: &dyn Segment) -> Outcome {
    let (mut left, mut right) = (rows(left), rows(right));
    left.sort();
    right.sort();
    ensure(left.len() == right.len(), || format!("{} rows and {}", left.len(), right.len()))?;
    match left.iter().zip(&right).find(|(a, b)| a != b) {
        Some((a, b)) => Err(format!("rows differ:\n{a}\n{b}")),
        None => Ok(()),
    }
}

/// Every row as text: its visible columns by name, nulls left out, so that a column of nulls and a missing one
/// read alike.
pub fn rows(segment: &dyn Segment) -> Vec<String> {
    let mut columns: Vec<&ColumnSchema> = segment.schema().visible().collect();
    columns.sort_by(|a, b| a.name.cmp(&b.name));
    let mut rows = vec![String::new(); segment.num_rows()];
    for schema in columns {
        let Some(column) = segment.column(&schema.name) else { continue };
        for (row, value) in rows.iter_mut().zip(values(column.as_ref(), 0..segment.num_rows())) {
            if let Some(value) = value {
                row.push_str(&format!("{}={value}; ", schema.name));
            }
        }
    }
    rows
}

fn values(column: &dyn Column, rows: Range<usize>) -> Vec<Option<String>> {
    spelled(column.read(rows), column.dictionary().as_deref())
}

fn spelled(array: ArrayRef, dictionary: Option<&dyn Dictionary>) -> Vec<Option<String>> {
    let one = |row: usize| -> Option<String> {
        if array.is_null(row) {
            return None;
        }
        if let Some(list) = array.as_list_opt::<i32>() {
            let codes = widen(list.value(row).as_ref())?;
            let texts = codes.iter().map(|&c| dictionary.and_then(|d| d.get(c)));
            // A list of one is that value, however a segment keeps it.
            return match texts.collect::<Vec<_>>()[..] {
                [] => None,
                [one] => one.map(|text| format!("{text:?}")),
                ref many => Some(format!("{many:?}")),
            };
        }
        if let Some(codes) = widen(array.slice(row, 1).as_ref()) {
            return dictionary.and_then(|d| d.get(codes[0])).map(|text| format!("{text:?}"));
        }
        Some(match array.data_type() {
            arrow_schema::DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
            arrow_schema::DataType::Float64 => format!("{:?}", array.as_primitive::<Float64Type>().value(row)),
            arrow_schema::DataType::Float32 => format!("{:?}", array.as_primitive::<Float32Type>().value(row)),
            _ => format!("{:?}", array.as_binary::<i32>().value(row)),
        })
    };
    (0..array.len()).map(one).collect()
}

fn check_time(segment: &dyn Segment) -> Outcome {
    let column = segment.column(TIME_COLUMN).ok_or("no time")?;
    let array = column.read(0..segment.num_rows());
    let times = array.as_primitive_opt::<Int64Type>().ok_or("time is not long")?.values();
    let first = segment.schema().columns().first();
    ensure(first.is_some_and(|c| c.role == Role::Time), || "time does not come first".into())?;
    let range = segment.time_range();
    let expected = (times.iter().min(), times.iter().max());
    let holds = match expected {
        (Some(&min), Some(&max)) => range.start == min && range.end == max.saturating_add(1),
        _ => range.start == range.end,
    };
    ensure(holds, || format!("time range {range:?}, rows {expected:?}"))?;
    let Some(sorted) = segment.sorted_times() else { return Ok(()) };
    ensure(sorted.num_rows() == times.len(), || "sorted times of another number of rows".into())?;
    ensure(sorted.read(0..times.len()).values() == times, || "sorted times are not those of the rows".into())?;
    for (row, &time) in times.iter().enumerate().step_by(61) {
        ensure(sorted.time_of(row) == time, || format!("time of row {row}"))?;
        for instant in [time, time.saturating_add(1)] {
            let expected = times.partition_point(|time| *time < instant);
            ensure(sorted.first_row_from(instant) == expected, || format!("first row from {instant}"))?;
        }
    }
    Ok(())
}

fn check_column(segment: &dyn Segment, schema: &ColumnSchema, column: &ColumnRef) -> Outcome {
    let num_rows = segment.num_rows();
    ensure(column.column_type() == schema.column_type, || "type differs from the schema's".into())?;
    ensure(column.is_multi_value() == schema.multi_value, || "multi-value differs from the schema's".into())?;
    let whole = values(column.as_ref(), 0..num_rows);
    let any_null = whole.iter().any(Option::is_none);
    ensure(column.has_nulls() || !any_null, || "has nulls and denies it".into())?;
    check_reads(column, &whole)?;
    check_measures(column, num_rows, &whole)?;
    check_number_codes(column, num_rows)?;
    check_forms(column, num_rows)?;
    match (&schema.column_type, column.dictionary()) {
        (ColumnType::String | ColumnType::Value(_), Some(dictionary)) => {
            check_keys(&schema.column_type, dictionary.as_ref())?;
            check_dictionary(dictionary.as_ref())?;
            column.bitmaps().map_or(Ok(()), |b| check_bitmaps(column.as_ref(), dictionary.as_ref(), b, num_rows))
        }
        (ColumnType::String | ColumnType::Value(_), None) => Err("text without dictionary".into()),
        (_, Some(_)) => Err("dictionary of a column that is no text".into()),
        (_, None) => Ok(()),
    }
}

/// Ranges that cut vectors and blocks at awkward places.
fn ranges(num_rows: usize) -> Vec<Range<usize>> {
    let near = |at: usize| at.saturating_sub(3).min(num_rows)..(at + 5).min(num_rows);
    let vectors = (0..num_rows).step_by(VECTOR_ROWS).map(|at| at..(at + VECTOR_ROWS).min(num_rows));
    vectors.chain([0..0, num_rows..num_rows, near(0), near(VECTOR_ROWS), near(num_rows), 0..num_rows]).collect()
}

fn check_reads(column: &ColumnRef, whole: &[Option<String>]) -> Outcome {
    let data_type = column.read(0..0).data_type().clone();
    let dictionary = column.dictionary();
    for rows in ranges(whole.len()) {
        let array = column.read(rows.clone());
        ensure(*array.data_type() == data_type, || format!("reads {} and {data_type}", array.data_type()))?;
        ensure(array.len() == rows.len(), || format!("rows {rows:?} read as {}", array.len()))?;
        let plain_codes = dictionary.is_none() || array.null_count() == 0;
        ensure(plain_codes, || "codes with Arrow nulls".into())?;
        let same = spelled(array, dictionary.as_deref()) == whole[rows.clone()];
        ensure(same, || format!("rows {rows:?} differ from the whole"))?;
    }
    let scattered: Vec<u32> = (0..whole.len() as u32).rev().step_by(7).chain((0..whole.len() as u32).take(2)).collect();
    let taken = column.take(&scattered);
    ensure(*taken.data_type() == data_type, || "take and read differ in type".into())?;
    let expected: Vec<_> = scattered.iter().map(|&row| whole[row as usize].clone()).collect();
    ensure(spelled(taken, dictionary.as_deref()) == expected, || "take and read differ".into())
}

fn check_measures(column: &ColumnRef, num_rows: usize, whole: &[Option<String>]) -> Outcome {
    if let Some(stats) = column.stats() {
        let nulls = whole.iter().filter(|v| v.is_none()).count() as u64;
        ensure(stats.num_nulls == nulls, || format!("{nulls} nulls, {} claimed", stats.num_nulls))?;
        if let Some(bounds) = stats.bounds {
            check_bounds(column.read(0..num_rows), bounds, true)?;
        }
    }
    for rows in ranges(num_rows) {
        if let Some(bounds) = column.zone(rows.clone()) {
            check_bounds(column.read(rows), bounds, false)?;
        }
    }
    Ok(())
}

/// Codes of numbers ascend with them and stand for what is read.
fn check_number_codes(column: &ColumnRef, num_rows: usize) -> Outcome {
    let Some(numbers) = column.number_codes() else { return Ok(()) };
    ensure(!column.has_nulls(), || "codes of numbers beside nulls".into())?;
    NumberCodes::new(numbers.codes(), numbers.values().clone()).map_err(|e| e.to_string())?;
    for rows in ranges(num_rows) {
        let (read, values) = (spelled(column.read(rows.clone()), None), spelled(numbers.values().clone(), None));
        let codes = widen(numbers.read(rows.clone()).as_ref()).ok_or("no codes of numbers")?;
        let same = codes.iter().map(|code| &values[*code as usize]).eq(&read);
        ensure(same, || format!("codes of rows {rows:?} stand for other numbers"))?;
    }
    Ok(())
}

/// Narrow integers, codes of lists and what determines a column say what is read.
fn check_forms(column: &ColumnRef, num_rows: usize) -> Outcome {
    let whole = column.read(0..num_rows);
    let same = |array: &ArrayRef| {
        array.data_type() == whole.data_type() && spelled(array.clone(), None) == spelled(whole.clone(), None)
    };
    if let Some(packed) = column.packed() {
        ensure(same(&packed.read(0..num_rows)), || "packed numbers are others".into())?;
        PackedNumbers::new(packed.stored(), packed.scale()).map_err(|e| e.to_string())?;
    }
    if let Some(lists) = column.list_codes() {
        ensure(*lists.read(0..num_rows) == *whole, || "codes of lists stand for others".into())?;
    }
    if let Some(determined) = column.determined() {
        ensure(determined.tells(&whole, column.as_ref()), || format!("'{}' does not tell the rows", determined.by))?;
        ensure(determined.column.determined().is_none(), || "what determines is determined".into())?;
    }
    Ok(())
}

fn check_bounds(array: ArrayRef, bounds: Bounds, tight: bool) -> Outcome {
    let Some(seen) = crate::batch_view::bounds(array.as_ref()) else { return Ok(()) };
    let wide = bounds.spanning(seen);
    ensure(wide == bounds && (!tight || seen == bounds), || format!("bounds {bounds:?}, values {seen:?}"))
}

/// The dictionary of a column of values holds keys of values that its shape covers.
fn check_keys(column_type: &ColumnType, dictionary: &dyn Dictionary) -> Outcome {
    let ColumnType::Value(shape) = column_type else { return Ok(()) };
    (0..dictionary.len() as u32).try_for_each(|code| {
        let key = dictionary.get(code);
        let value = value::of_key(key).ok_or_else(|| format!("code {code} stands for no value: {key:?}"))?;
        let covered = Shape::of_value(&value).is_none_or(|own| shape.wider(own) == *shape);
        ensure(covered && value::key(&value).as_deref() == key, || format!("{value:?} in a column of {}", shape.name()))
    })
}

fn check_dictionary(dictionary: &dyn Dictionary) -> Outcome {
    let codes = 0..dictionary.len() as u32;
    for code in codes.clone() {
        let found = dictionary.code_of(dictionary.get(code));
        ensure(found == Some(code), || format!("code {code} is found as {found:?}"))?;
    }
    let sorted = codes
        .clone()
        .skip(1)
        .all(|code| crate::compare_values(dictionary.get(code - 1), dictionary.get(code)) == std::cmp::Ordering::Less);
    ensure(sorted || !dictionary.is_sorted(), || "claims to be sorted".into())?;
    ensure(dictionary.code_of(Some("\u{10ffff} not there")).is_none(), || "finds what is not there".into())
}

/// The rows of every value by its bitmap are those by a scan of the codes.
fn check_bitmaps(
    column: &dyn Column,
    dictionary: &dyn Dictionary,
    bitmaps: &dyn BitmapIndex,
    num_rows: usize,
) -> Outcome {
    let array = column.read(0..num_rows);
    let null = dictionary.code_of(None);
    let list = array.as_list_opt::<i32>();
    let codes = widen(list.map_or(array.as_ref(), |l| l.values().as_ref())).ok_or("no codes")?;
    let mut scanned: Vec<Vec<u32>> = vec![Vec::new(); dictionary.len()];
    for row in 0..num_rows {
        let within = list.map_or(row..row + 1, |l| l.offsets()[row] as usize..l.offsets()[row + 1] as usize);
        let mut held = codes[within].to_vec();
        held.extend(null.filter(|_| held.is_empty()));
        held.sort_unstable();
        held.dedup();
        held.iter().for_each(|&code| scanned[code as usize].push(row as u32));
    }
    for (code, expected) in (0u32..).zip(&scanned) {
        let Some(cardinality) = bitmaps.cardinality(code) else { continue };
        ensure(cardinality == expected.len() as u64, || format!("code {code}: {cardinality} rows claimed"))?;
        for rows in ranges(num_rows) {
            let within = |row: &&u32| rows.contains(&(**row as usize));
            let expected: Vec<u32> = expected.iter().filter(within).copied().collect();
            let mut found = Vec::new();
            bitmaps.positions(code, rows.clone(), &mut found);
            ensure(found == expected, || format!("code {code}: positions in {rows:?}"))?;
            let mut words = vec![0; rows.len().div_ceil(64)];
            bitmaps.fill(code, rows.clone(), &mut words);
            let mut mask = vec![0u64; words.len()];
            expected.iter().map(|&row| row as usize - rows.start).for_each(|bit| mask[bit / 64] |= 1 << (bit % 64));
            ensure(words == mask, || format!("code {code}: words of {rows:?}"))?;
        }
    }
    Ok(())
}
