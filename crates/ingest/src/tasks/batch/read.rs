//! Files into batches of lines.

use std::io::Read;

use crate::parse::{MAX_RECORD_BYTES, ParsedBatch, Parser, RawBatch, RawRecord};
use crate::tasks::input::InputFile;
use crate::{Error, Result};

/// Bytes read at once, and lines parsed at once.
const BUFFER_BYTES: usize = 4 << 20;
const BATCH_LINES: usize = 16_384;

/// Reads a file line by line in batches. `each` may stop the reading by an error.
pub(crate) fn read_lines(
    file: InputFile,
    parser: &Parser,
    batch: &mut ParsedBatch,
    mut each: impl FnMut(&RawBatch<'_>, &mut ParsedBatch) -> Result<()>,
) -> Result<()> {
    batch.begin_file();
    let name = file.name;
    let mut reader = (file.open)()?;
    let mut buffer = vec![0u8; BUFFER_BYTES];
    let (mut held, mut number) = (0, 0i64);
    loop {
        if held == buffer.len() {
            if buffer.len() > 2 * MAX_RECORD_BYTES {
                held = shorten(&mut reader, &mut buffer, &name)?;
            } else {
                buffer.resize(buffer.len() * 2, 0);
            }
        }
        let read = read_some(&mut reader, &mut buffer[held..], &name)?;
        held += read;
        let whole = match memchr::memrchr(b'\n', &buffer[..held]) {
            Some(last) if read > 0 => last + 1,
            _ if read > 0 => continue,
            _ => held,
        };
        number = parse_lines(&buffer[..whole], number, parser, batch, &mut each)?;
        buffer.copy_within(whole..held, 0);
        held -= whole;
        if read == 0 {
            return Ok(());
        }
    }
}

/// A line longer than any record may be: what fits is kept, too long to be taken, the rest is skipped.
fn shorten(reader: &mut Box<dyn Read + Send>, buffer: &mut [u8], name: &str) -> Result<usize> {
    let mut some = vec![0u8; 1 << 16];
    let kept = MAX_RECORD_BYTES + 1;
    loop {
        let read = read_some(reader, &mut some, name)?;
        if read == 0 {
            return Ok(kept);
        }
        if let Some(end) = memchr::memchr(b'\n', &some[..read]) {
            let rest = &some[end..read];
            buffer[kept..kept + rest.len()].copy_from_slice(rest);
            return Ok(kept + rest.len());
        }
    }
}

fn read_some(reader: &mut Box<dyn Read + Send>, into: &mut [u8], name: &str) -> Result<usize> {
    loop {
        match reader.read(into) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            read => return read.map_err(|error| Error::io(format!("cannot read [{name}]"), error)),
        }
    }
}

fn parse_lines(
    text: &[u8],
    mut number: i64,
    parser: &Parser,
    batch: &mut ParsedBatch,
    each: &mut impl FnMut(&RawBatch<'_>, &mut ParsedBatch) -> Result<()>,
) -> Result<i64> {
    let mut records = Vec::with_capacity(BATCH_LINES.min(text.len() / 16 + 1));
    let mut start = 0;
    while start < text.len() {
        records.clear();
        while start < text.len() && records.len() < BATCH_LINES {
            let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at);
            let line = &text[start..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            records.push(RawRecord { offset: number, value: Some(line), ..RawRecord::default() });
            number += 1;
            start = end + 1;
        }
        let raw = RawBatch { topic: "", partition: 0, records: &records };
        parser.parse(&raw, batch);
        each(&raw, batch)?;
    }
    Ok(number)
}
