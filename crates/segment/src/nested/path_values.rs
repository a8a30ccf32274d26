//! The values at one path, by document.

use aggregate::{Shape, Survey};
use dialect::value::{self, Value};

use super::gather::SPARSE;
use crate::live::code_rows::CodeRows;
use crate::live::interner::Interner;

/// Distinct values. Code 0 is null.
pub(crate) enum Kept {
    Longs(Interner<Option<u64>>),
    /// Their bits.
    Doubles(Interner<Option<u64>>),
    Texts(Interner<Option<Box<str>>>),
    /// Arrays, or values of several types, by their keys.
    Values(Interner<Option<Box<str>>>, Survey),
    /// Too rare, or too many.
    GivenUp,
}

pub(crate) struct PathValues {
    kept: Option<Kept>,
    /// The document of the first code; those before have null, and so have those behind the last.
    first: u32,
    codes: CodeRows,
    num_held: usize,
}

fn numbers() -> Interner<Option<u64>> {
    let mut numbers = Interner::new();
    numbers.intern(None, usize::MAX);
    numbers
}

fn texts() -> Interner<Option<Box<str>>> {
    let mut texts = Interner::new();
    texts.intern(None, usize::MAX);
    texts
}

impl PathValues {
    pub(super) fn new() -> Self {
        Self { kept: None, first: 0, codes: CodeRows::new(), num_held: 0 }
    }

    /// The value of a document that comes after all others. The path is given up when its codes are more than
    /// `slack` and hardly any is a value.
    pub(super) fn add(&mut self, document: u32, value: &Value<'_>, max_values: usize, slack: usize) {
        if matches!(self.kept, Some(Kept::GivenUp)) || (document as usize) < self.end() {
            return;
        }
        let Some(code) = self.code_of(value, max_values) else { return self.give_up() };
        if self.num_held == 0 {
            self.first = document;
        }
        let gap = document as usize - self.end();
        self.num_held += 1;
        if self.codes.len() + gap > self.num_held.saturating_mul(SPARSE).saturating_add(slack) {
            return self.give_up();
        }
        self.codes.extend((0..gap).map(|_| 0));
        self.codes.extend([code].into_iter());
    }

    /// The document behind the last code.
    fn end(&self) -> usize {
        self.first as usize + self.codes.len()
    }

    fn give_up(&mut self) {
        *self = Self { kept: Some(Kept::GivenUp), ..Self::new() };
    }

    fn code_of(&mut self, value: &Value<'_>, limit: usize) -> Option<u32> {
        let kept = self.kept.get_or_insert_with(|| match value {
            Value::Long(_) => Kept::Longs(numbers()),
            Value::Double(_) => Kept::Doubles(numbers()),
            Value::Text(_) => Kept::Texts(texts()),
            Value::Null | Value::Array(_) | Value::Json(_) => Kept::Values(texts(), Survey::default()),
        });
        match (&mut *kept, value) {
            (Kept::Longs(numbers), Value::Long(value)) => return numbers.intern(Some(*value as u64), limit),
            (Kept::Doubles(numbers), Value::Double(value)) => return numbers.intern(Some(value.to_bits()), limit),
            (Kept::Texts(texts), Value::Text(text)) => return texts.intern(Some(text), limit),
            (Kept::Values(..), _) => {}
            (other, _) => *other = widened(other)?,
        }
        let Kept::Values(keys, survey) = kept else { return None };
        survey.add(value);
        keys.intern(value::key(value).as_deref(), limit)
    }

    /// Distinct values; `None` before the first one.
    pub(crate) fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref()
    }

    /// The first document with a code, and the codes from there.
    pub(crate) fn codes(&self) -> (u32, &CodeRows) {
        (self.first, &self.codes)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let kept = match &self.kept {
            Some(Kept::Longs(numbers) | Kept::Doubles(numbers)) => numbers.memory_bytes(),
            Some(Kept::Texts(texts) | Kept::Values(texts, _)) => texts.memory_bytes(),
            None | Some(Kept::GivenUp) => 0,
        };
        kept + self.codes.memory_bytes() + size_of::<Self>()
    }
}

/// The same values by their keys, with the same codes.
fn widened(kept: &Kept) -> Option<Kept> {
    let mut survey = Survey::default();
    let mut keys = texts();
    let mut keep = |value: Value<'_>| keys.intern(value::key(&value).as_deref(), usize::MAX).map(|_| ());
    let bits = |numbers: &Interner<Option<u64>>, code| numbers.get(code).copied().flatten();
    match kept {
        Kept::Longs(numbers) => {
            survey.add_shape(Some(Shape::Long));
            (1..numbers.len() as u32).try_for_each(|code| keep(Value::Long(bits(numbers, code)? as i64)))?;
        }
        Kept::Doubles(numbers) => {
            survey.add_shape(Some(Shape::Double));
            (1..numbers.len() as u32).try_for_each(|code| keep(Value::Double(f64::from_bits(bits(numbers, code)?))))?;
        }
        Kept::Texts(texts) => {
            survey.add_shape(Some(Shape::String));
            (1..texts.len() as u32).try_for_each(|code| keep(Value::Text(texts.get(code)?.as_deref()?.into())))?;
        }
        Kept::Values(..) | Kept::GivenUp => return None,
    }
    Some(Kept::Values(keys, survey))
}
