//! What a record is expected to look like: the fields that were met, in the order in which they came.

use std::ops::Range;

use super::cursor::{GiveUp, Text};
use crate::parse::interner::Interner;
use crate::parse::layout::{FieldId, Layout};
use crate::parse::short::{Short, Words, words_of};

/// Bytes before a value that are worth remembering.
const MAX_BYTES: usize = 512;
/// Fields that are remembered at most, and fields learned or not found any more after which all is learned again.
const MAX_EXPECTED: usize = 512;
const MAX_MISSES: usize = 1 << 18;
const NONE: u32 = u32::MAX;

/// Where the value of a field goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target {
    /// Nobody wants it.
    Nowhere,
    /// One column, and it is not the time.
    Slot(FieldId, u16),
    Field(FieldId),
    /// It may become a field.
    Undecided,
    /// Values inside it are wanted, or it in several ways: the node of the places.
    Node(u32),
}

impl Target {
    /// The target of a field. A field that is known, and may become a dimension all the same, needs the other way.
    pub(super) fn of(name: &str, layout: &Layout) -> Result<Target, GiveUp> {
        let field = layout.id(name.as_bytes());
        let is_settled = field.is_some_and(|field| layout.is_settled(field));
        match field {
            None if layout.may_discover(name) => Ok(Target::Undecided),
            None => Ok(Target::Nowhere),
            Some(_) if !is_settled && layout.may_discover(name) => Err(GiveUp),
            Some(field) => {
                let targets = &layout.targets[field as usize];
                match targets.slots[..] {
                    [slot] if !targets.time => Ok(Target::Slot(field, slot)),
                    _ => Ok(Target::Field(field)),
                }
            }
        }
    }
}

/// What stands before the value of a field: from the end of the last value to its own first byte.
#[derive(Debug, Clone)]
struct Expected {
    /// For example `,"city":`.
    bytes: Vec<u8>,
    target: Target,
    /// The bytes as words, and the quote that opens a string; none where there are too many bytes.
    words: Option<Words>,
    /// Which bits of the words count: of a string with its quote, and without.
    masks: [Words; 2],
    is_string: bool,
    /// No white space around the name, and a comma before it.
    is_usual: bool,
    /// What came the last time that another field came in its place.
    instead: u32,
}

impl Expected {
    fn new(text: &[u8], before: Range<usize>, target: Target) -> Expected {
        let (bytes, masks) = (Vec::new(), [Words::default(); 2]);
        let mut made = Expected { bytes, target, words: None, masks, is_string: false, is_usual: false, instead: NONE };
        made.renew(text, before);
        made
    }

    /// Expects what stands at `before` in `text`.
    fn renew(&mut self, text: &[u8], before: Range<usize>) {
        self.is_string = text.get(before.end) == Some(&b'"');
        self.bytes.clear();
        self.bytes.extend_from_slice(text.get(before).unwrap_or_default());
        self.is_usual = self.bytes.starts_with(b",\"") && self.bytes.ends_with(b"\":");
        let len = self.bytes.len();
        self.words = (len < Short::MAX).then(|| {
            let mut window = [0; Short::MAX];
            window[..len].copy_from_slice(&self.bytes);
            window[len] = b'"';
            words_of(&window)
        });
        self.masks = [usize::from(self.is_string), 0].map(|quote| {
            let mut mask = [0; Short::MAX];
            mask.iter_mut().take(len + quote).for_each(|byte| *byte = 0xff);
            words_of(&mask)
        });
    }

    /// How much of the text is as expected, and whether that ends inside a string.
    #[inline(always)]
    fn of(&self, text: &[u8]) -> Option<(usize, bool)> {
        let len = self.bytes.len();
        let (Some(expected), Some(window)) = (self.words, text.first_chunk()) else {
            return text.starts_with(&self.bytes).then_some((len, false));
        };
        let window = words_of(window);
        match window.same(expected, self.masks[0]) {
            true => Some((len + usize::from(self.is_string), self.is_string)),
            false => (self.is_string && window.same(expected, self.masks[1])).then_some((len, false)),
        }
    }
}

/// A field that was found.
pub(super) struct Found {
    /// Which of the fields that were met is expected behind it.
    pub(super) next: usize,
    /// Bytes up to its value, the quote of a string included.
    pub(super) len: usize,
    pub(super) in_string: bool,
    pub(super) target: Target,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Fields {
    expected: Vec<Expected>,
    names: Interner,
    /// By the code of a name: where it is among those expected, and where as the first field of a record.
    places: Vec<[u32; 2]>,
    misses: usize,
}

impl Fields {
    /// The field that the text begins with, when it is the one that came at `next` before or the one that came in its
    /// place.
    #[inline(always)]
    pub(super) fn predict(&self, next: usize, text: &[u8]) -> Option<Found> {
        let first = self.expected.get(next)?;
        let found = |at: usize, expected: &Expected, (len, in_string)| Found {
            next: at + 1,
            len,
            in_string,
            target: expected.target,
        };
        if let Some(of) = first.of(text) {
            return Some(found(next, first, of));
        }
        let at = first.instead as usize;
        let second = self.expected.get(at)?;
        Some(found(at, second, second.of(text)?))
    }

    /// A field that was met before, by its name; what stands at `before` in `text` came in place of the one at `next`.
    /// Answers which comes behind it.
    #[inline]
    pub(super) fn find(
        &mut self,
        (next, is_usual): (usize, bool),
        name: &Text<'_>,
        text: &[u8],
        before: Range<usize>,
    ) -> Option<(usize, Target)> {
        let code = self.names.find(name)?;
        let is_first = usize::from(before.start == 0);
        let at = self.places.get(code as usize)?[is_first] as usize;
        let expected = self.expected.get_mut(at)?;
        if !(is_usual && expected.is_usual) && before.len() <= MAX_BYTES && expected.bytes != text[before.clone()] {
            expected.renew(text, before);
        }
        let target = expected.target;
        if let Some(missed) = self.expected.get_mut(next) {
            missed.instead = at as u32;
        }
        Some((at + 1, target))
    }

    /// Expects a field, of which stands at `before` in `text` what comes before its value, here from now on. Answers
    /// which comes behind it.
    #[cold]
    pub(super) fn learn(
        &mut self,
        next: usize,
        name: &str,
        text: &[u8],
        before: Range<usize>,
        target: Target,
    ) -> usize {
        if self.misses == MAX_MISSES {
            *self = Fields::default();
        }
        self.misses += 1;
        if self.expected.len() == MAX_EXPECTED || before.len() > MAX_BYTES {
            return next;
        }
        let (at, is_first) = (self.expected.len(), usize::from(before.start == 0));
        let code = self.names.intern(name) as usize;
        self.places.resize(self.names.len(), [NONE; 2]);
        self.places[code][is_first] = at as u32;
        self.expected.push(Expected::new(text, before, target));
        if let Some(missed) = self.expected.get_mut(next).filter(|_| next != at) {
            missed.instead = at as u32;
        }
        at + 1
    }
}
