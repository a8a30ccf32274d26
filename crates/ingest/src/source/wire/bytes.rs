//! Numbers, texts and lists as the protocol writes them: big-endian, each led by its length.

/// What was sent is not what the protocol allows there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

pub(super) type Read<T> = Result<T, Malformed>;

/// Reads from the front of some bytes. Every length is checked against what is left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Input<'a> {
        Input { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let end = self.at.checked_add(count).ok_or(Malformed)?;
        let taken = self.bytes.get(self.at..end).ok_or(Malformed)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    pub(super) fn i8(&mut self) -> Read<i8> {
        self.array().map(i8::from_be_bytes)
    }

    pub(super) fn i16(&mut self) -> Read<i16> {
        self.array().map(i16::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Read<i32> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Read<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn i64(&mut self) -> Read<i64> {
        self.array().map(i64::from_be_bytes)
    }

    /// A whole number in zigzag groups of seven bits.
    #[inline]
    pub(super) fn varint(&mut self) -> Read<i64> {
        // Most fit in one byte.
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = *self.bytes.get(self.at).ok_or(Malformed)?;
            self.at += 1;
            if shift == 63 && byte > 1 {
                return Err(Malformed);
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
            shift += 7;
            if shift > 63 {
                return Err(Malformed);
            }
        }
    }

    /// A text that must be there.
    pub(super) fn text(&mut self) -> Read<&'a str> {
        self.optional_text()?.ok_or(Malformed)
    }

    pub(super) fn optional_text(&mut self) -> Read<Option<&'a str>> {
        let length = self.i16()?;
        if length == -1 {
            return Ok(None);
        }
        let bytes = self.take(usize::try_from(length).map_err(|_| Malformed)?)?;
        std::str::from_utf8(bytes).map(Some).map_err(|_| Malformed)
    }

    /// How many things follow, each of at least `least_bytes`; none for a list that is not there.
    pub(super) fn count(&mut self, least_bytes: usize) -> Read<usize> {
        let count = self.i32()?;
        if count == -1 {
            return Ok(0);
        }
        let count = usize::try_from(count).map_err(|_| Malformed)?;
        if count > self.left() / least_bytes.max(1) { Err(Malformed) } else { Ok(count) }
    }
}

/// Writes a request.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
}

impl Output {
    pub(super) fn i8(&mut self, value: i8) -> &mut Output {
        self.put(&value.to_be_bytes())
    }

    pub(super) fn i16(&mut self, value: i16) -> &mut Output {
        self.put(&value.to_be_bytes())
    }

    pub(super) fn i32(&mut self, value: i32) -> &mut Output {
        self.put(&value.to_be_bytes())
    }

    pub(super) fn i64(&mut self, value: i64) -> &mut Output {
        self.put(&value.to_be_bytes())
    }

    /// Names of topics and clients; whoever made them kept them below 32 KiB.
    pub(super) fn text(&mut self, text: &str) -> &mut Output {
        let text = &text.as_bytes()[..text.len().min(i16::MAX as usize)];
        self.i16(text.len() as i16).put(text)
    }

    pub(super) fn count(&mut self, count: usize) -> &mut Output {
        self.i32(i32::try_from(count).unwrap_or(i32::MAX))
    }

    fn put(&mut self, bytes: &[u8]) -> &mut Output {
        self.bytes.extend_from_slice(bytes);
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn varint(value: i64) -> Vec<u8> {
        let mut left = (value << 1 ^ value >> 63) as u64;
        let mut out = Vec::new();
        while left >= 0x80 {
            out.push(left as u8 | 0x80);
            left >>= 7;
        }
        out.push(left as u8);
        out
    }

    proptest! {
        #[test]
        fn a_varint_is_read_back(value: i64) {
            let bytes = varint(value);
            let mut input = Input::new(&bytes);
            prop_assert_eq!((input.varint(), input.left()), (Ok(value), 0));
            prop_assert_eq!(Input::new(&bytes[..bytes.len() - 1]).varint(), Err(Malformed));
        }
    }

    #[test]
    fn lengths_beyond_the_end_are_malformed() {
        assert_eq!(Input::new(&[0, 5, b'a']).text(), Err(Malformed));
        assert_eq!(Input::new(&[0x7f, 0xff, 0xff, 0xff]).count(4), Err(Malformed));
        assert_eq!(Input::new(&[0xff, 0xff, 0xff, 0xfe]).count(4), Err(Malformed));
        assert_eq!(Input::new(&[0xff; 11]).varint(), Err(Malformed));
        assert_eq!(Input::new(&[0xff, 0xff]).optional_text(), Ok(None));
    }
}
