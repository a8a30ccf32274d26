//! After the rows of a batch are known: counters, outcomes, and what is told of rejects.

use super::batch::{Failure, ParsedBatch};
use super::cell::write_row;
use super::formats::{Reader, Row};
use super::parser::{Numbering, Parser};
use super::raw::RawBatch;
use super::reject::{Outcome, RAW_BYTES, Reason, Reject};

/// Rejects of one batch whose rows are shown as text.
const MAX_SHOWN: usize = 256;
/// Characters of a row that a message about its time shows.
const SHOWN_CHARS: usize = 100;
/// Characters of a row or line that a reject shows.
const MAX_INPUT_CHARS: usize = 64 * 1024;

impl Parser {
    pub(super) fn settle(&self, raw: &RawBatch<'_>, batch: &mut ParsedBatch) {
        batch.stats.processed_bytes = raw.records.iter().map(|r| r.value.map_or(0, <[u8]>::len) as u64).sum();
        self.settle_rows(raw, batch);
        let failures = std::mem::take(&mut batch.failures);
        self.settle_failures(raw, failures, batch);
        self.settle_empty(raw, batch);
        batch.rejects.sort_by_key(|reject| reject.record);
        batch.lines_before += raw.records.len() as u64;
        batch.rows_before += batch.time.len() as u64;
    }

    fn settle_rows(&self, raw: &RawBatch<'_>, batch: &mut ParsedBatch) {
        let mut errors = std::mem::take(&mut batch.errors);
        errors.retain(|error| is_kept(&batch.keep, error.row as usize));
        errors.sort_by_key(|error| error.row);
        for word in 0..batch.keep.len() {
            batch.stats.processed += u64::from(batch.keep[word].count_ones());
        }
        let thrown = std::mem::take(&mut batch.thrown);
        let mut best = vec![None; raw.records.len()];
        for (row, &record) in batch.row_record.iter().enumerate() {
            if is_kept(&batch.keep, row) {
                best[record as usize] = Some(Outcome::Indexed);
            }
        }
        for &(row, reason) in &thrown {
            let record = batch.row_record[row as usize];
            best[record as usize].get_or_insert(Outcome::ThrownAway(reason));
            batch.stats.thrown_away += 1;
            if matches!(reason, Reason::Late | Reason::Early) {
                let reject = self.bare_reject(raw, record, reason);
                batch.rejects.push(reject);
            }
        }
        let mut reader = batch.reader.take().unwrap_or_else(|| self.reader());
        for of_row in errors.chunk_by(|a, b| a.row == b.row) {
            let row = of_row[0].row as usize;
            let record = batch.row_record[row];
            batch.stats.processed -= 1;
            batch.stats.processed_with_error += 1;
            best[record as usize] = Some(Outcome::WithError);
            let mut reject = self.bare_reject(raw, record, Reason::BadField);
            reject.field = Some(of_row[0].field.to_string());
            reject.details = of_row.iter().map(|error| error.detail.clone()).collect();
            let first = batch.row_record.partition_point(|&of| of < record);
            if batch.rejects.len() < MAX_SHOWN {
                reject.input = shown(self.row_of(raw, record, row - first, reader.as_mut()));
            }
            batch.rejects.push(reject);
        }
        batch.reader = Some(reader);
        for (record, outcome) in best.into_iter().enumerate() {
            if let Some(outcome) = outcome {
                batch.outcomes[record] = outcome;
            }
        }
    }

    fn settle_failures(&self, raw: &RawBatch<'_>, failures: Vec<Failure>, batch: &mut ParsedBatch) {
        let mut reader = batch.reader.take().unwrap_or_else(|| self.reader());
        let mut kept = 0;
        for (at, failure) in failures.iter().enumerate() {
            let record = failure.record as usize;
            batch.stats.unparseable += 1;
            if matches!(batch.outcomes[record], Outcome::ThrownAway(_)) {
                batch.outcomes[record] = Outcome::Unparseable(failure.reason);
            }
            let mut reject = self.bare_reject(raw, failure.record, failure.reason);
            reject.field.clone_from(&failure.field);
            if kept < MAX_SHOWN {
                kept += 1;
                let before = failures[..at].iter().filter(|f| f.reason == Reason::Timestamp).count();
                self.describe(raw, failure, before, batch, reader.as_mut(), &mut reject);
            }
            batch.rejects.push(reject);
        }
        batch.reader = Some(reader);
    }

    fn describe(
        &self,
        raw: &RawBatch<'_>,
        failure: &Failure,
        timeless_before: usize,
        batch: &ParsedBatch,
        reader: &mut dyn Reader,
        reject: &mut Reject,
    ) {
        let rows = batch.row_record.partition_point(|&of| of < failure.record) + timeless_before + 1;
        let place = self.place(batch, failure.record, rows as u64);
        match (failure.reason, failure.row_in_record) {
            (Reason::Timestamp, Some(row)) => {
                let text = shown(self.row_of(raw, failure.record, row as usize, reader));
                let event = cut(&text, SHOWN_CHARS);
                reject.details =
                    vec![format!("Timestamp[{}] is unparseable! Event: {event} {place}", cut(&failure.detail, 256))];
                reject.input = text;
            }
            (_, Some(row)) => {
                reject.input = shown(self.row_of(raw, failure.record, row as usize, reader));
                reject.details = vec![format!("{} {place}", failure.detail)];
            }
            (_, None) => {
                let value = raw.records[failure.record as usize].value.unwrap_or_default();
                let line = cut(&String::from_utf8_lossy(&value[..value.len().min(RAW_BYTES)]), MAX_INPUT_CHARS);
                let into = if self.numbering == Numbering::Sample { " into JSON" } else { "" };
                reject.details = vec![match failure.reason {
                    Reason::Malformed => format!("Unable to parse row [{line}]{into} {place}"),
                    _ => format!("Unable to parse row: {} {place}", failure.detail),
                }];
                reject.input = line;
            }
        }
    }

    fn place(&self, batch: &ParsedBatch, record: u32, row: u64) -> String {
        let line = batch.lines_before + u64::from(record) + 1;
        match self.numbering {
            Numbering::Stream => "(Record: 1)".to_owned(),
            Numbering::Lines => format!("(Record: {}, Line: {line})", batch.rows_before + row),
            Numbering::Sample => format!("(Line: {line})"),
        }
    }

    fn bare_reject(&self, raw: &RawBatch<'_>, record: u32, reason: Reason) -> Reject {
        let from = &raw.records[record as usize];
        let value = from.value.unwrap_or_default();
        Reject {
            record,
            offset: from.offset,
            reason,
            field: None,
            input: String::new(),
            details: Vec::new(),
            raw: value[..value.len().min(RAW_BYTES)].to_vec(),
        }
    }

    /// A row of a record, read once more for a message.
    fn row_of<'a>(&self, raw: &RawBatch<'a>, record: u32, row: usize, reader: &mut dyn Reader) -> Option<Row<'a>> {
        let from = &raw.records[record as usize];
        let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| reader.rows(raw, from).rows));
        read.ok()?.into_iter().nth(row)
    }

    /// Records without any row, and without fault, are thrown away.
    fn settle_empty(&self, raw: &RawBatch<'_>, batch: &mut ParsedBatch) {
        let mut has_rows = vec![false; raw.records.len()];
        batch.row_record.iter().for_each(|&record| has_rows[record as usize] = true);
        for (record, has_rows) in has_rows.into_iter().enumerate() {
            if !has_rows && batch.outcomes[record] == Outcome::ThrownAway(Reason::Empty) {
                batch.stats.thrown_away += 1;
            }
        }
    }
}

fn is_kept(keep: &[u64], row: usize) -> bool {
    keep[row / 64] >> (row % 64) & 1 == 1
}

fn shown(row: Option<Row<'_>>) -> String {
    let mut text = String::new();
    match row {
        Some(row) => write_row(&mut text, &row),
        None => text.push_str("{}"),
    }
    cut(&text, MAX_INPUT_CHARS)
}

/// The text up to a number of characters, and `...` where it is longer.
fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
