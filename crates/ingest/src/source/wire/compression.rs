//! The ways in which records of a batch are compressed.

use std::io::Read as _;

use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

/// Bytes that the records of one batch may have.
pub(super) const MOST_BYTES: usize = 64 << 20;
/// How blocks of Snappy begin that the Java client wrote.
const XERIAL: &[u8] = b"\x82SNAPPY\0";
/// That beginning, and two numbers.
const XERIAL_HEAD: usize = 16;

/// Decompresses, and keeps what that takes.
#[derive(Default)]
pub(super) struct Unpacker {
    zstd: Option<Decoder<'static>>,
}

impl Unpacker {
    /// Appends the decompressed `packed` to `out`; says what is wrong where that cannot be.
    pub(super) fn unpack(&mut self, codec: u8, packed: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let start = out.len();
        match codec {
            1 => all(flate2::read::MultiGzDecoder::new(packed), out)?,
            2 => snappy(packed, out)?,
            3 => all(lz4_flex::frame::FrameDecoder::new(packed), out)?,
            4 => self.zstd(packed, out)?,
            other => return Err(format!("codec {other} is not known")),
        }
        room(out.len() - start, 0).map(drop)
    }

    fn zstd(&mut self, packed: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let error = |error: std::io::Error| error.to_string();
        let decoder = match &mut self.zstd {
            Some(decoder) => decoder,
            none => none.insert(Decoder::new().map_err(error)?),
        };
        decoder.reinit().map_err(error)?;
        let (start, mut input) = (out.len(), InBuffer::around(packed));
        loop {
            room(out.len() - start, 0)?;
            out.reserve((packed.len() * 4).clamp(64 << 10, 4 << 20));
            let (before, read) = (out.len(), input.pos());
            let mut output = OutBuffer::around_pos(out, before);
            let left = decoder.run(&mut input, &mut output).map_err(error)?;
            if left == 0 && input.pos() == packed.len() {
                return Ok(());
            }
            if input.pos() == read && out.len() == before {
                return Err("the records end early".to_owned());
            }
        }
    }
}

/// Everything that a reader gives, within the limit.
fn all(reader: impl std::io::Read, out: &mut Vec<u8>) -> Result<(), String> {
    reader.take(MOST_BYTES as u64 + 1).read_to_end(out).map(drop).map_err(|error| error.to_string())
}

/// Whether `more` bytes fit behind `held` ones.
fn room(held: usize, more: usize) -> Result<usize, String> {
    match held.checked_add(more) {
        Some(all) if all <= MOST_BYTES => Ok(all),
        _ => Err(format!("records of a batch have more than {MOST_BYTES} bytes")),
    }
}

fn snappy(packed: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    if !packed.starts_with(XERIAL) {
        return block(packed, out.len(), out);
    }
    let (start, mut rest) = (out.len(), packed.get(XERIAL_HEAD..).ok_or("the records end early")?);
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let packed = after.get(..length).ok_or("the records end early")?;
        block(packed, start, out)?;
        rest = after.get(length..).unwrap_or_default();
    }
    if rest.is_empty() { Ok(()) } else { Err("the records end early".to_owned()) }
}

/// One block of Snappy; records begin at `start` of `out`.
fn block(packed: &[u8], start: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let length = snap::raw::decompress_len(packed).map_err(|error| error.to_string())?;
    room(out.len() - start, length)?;
    let from = out.len();
    out.resize(from + length, 0);
    let unpacked = snap::raw::Decoder::new().decompress(packed, out.get_mut(from..).unwrap_or_default());
    unpacked.map(drop).map_err(|error| error.to_string())
}
