//! What a record is expected to look like: what stood before the values of the one before.

use std::ops::Range;

use crate::parse::layout::{FieldId, Layout};
use crate::parse::short::{Short, Words, words_of};

/// Bytes before a value that are worth remembering.
const MAX_BYTES: usize = 512;

/// Where the value of a field goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target {
    /// Nobody wants it.
    Nowhere,
    /// One column, and it is not the time.
    Slot(FieldId, u16),
    Field(FieldId),
}

impl Target {
    pub(super) fn of(field: Option<FieldId>, layout: &Layout) -> Target {
        let Some(field) = field else { return Target::Nowhere };
        let targets = &layout.targets[field as usize];
        match targets.slots[..] {
            [slot] if !targets.time => Target::Slot(field, slot),
            _ => Target::Field(field),
        }
    }

    #[inline(always)]
    pub(super) fn field(self) -> Option<FieldId> {
        match self {
            Target::Nowhere => None,
            Target::Slot(field, _) | Target::Field(field) => Some(field),
        }
    }
}

/// What stands before the value of a field: from the end of the last value to its own first byte.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    /// For example `,"city":`.
    bytes: Vec<u8>,
    pub(super) target: Target,
    /// The bytes as words, the quote that opens a string included, and which bits of them count; none where
    /// there are too many bytes.
    words: Option<(Words, Words)>,
    is_string: bool,
}

impl Expected {
    /// What stands at `before` in `text`. `None` when it is too long to be expected again.
    pub(super) fn new(text: &[u8], before: Range<usize>, target: Target) -> Option<Expected> {
        let is_string = text.get(before.end) == Some(&b'"');
        let bytes = text.get(before).filter(|bytes| bytes.len() <= MAX_BYTES)?.to_vec();
        let words = (bytes.len() < Short::MAX).then(|| {
            let (mut window, mut mask) = ([0; Short::MAX], [0; Short::MAX]);
            window[..bytes.len()].copy_from_slice(&bytes);
            window[bytes.len()] = b'"';
            mask[..bytes.len() + usize::from(is_string)].fill(0xff);
            (words_of(&window), words_of(&mask))
        });
        Some(Expected { bytes, target, words, is_string })
    }

    /// How much of the text is as expected, and whether that ends inside a string.
    #[inline(always)]
    pub(super) fn of(&self, text: &[u8]) -> Option<(usize, bool)> {
        if let (Some((expected, mask)), Some(window)) = (self.words, text.first_chunk())
            && words_of(window).same(expected, mask)
        {
            return Some((self.bytes.len() + usize::from(self.is_string), self.is_string));
        }
        text.starts_with(&self.bytes).then_some((self.bytes.len(), false))
    }
}
