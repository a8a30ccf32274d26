//! Partials into one: the same fold as over rows, over states.

use std::sync::Arc;

use aggregate::{AggregatorSpec, Dictionary, Fold, Groups, KeyTable, Rows, Shape};
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, ArrayRef, Float32Array, Float64Array, Int64Array, PrimitiveArray};
use arrow_buffer::NullBuffer;
use segment::VECTOR_ROWS;

mod layout;
mod lists;
mod sorted;
mod texts;

use super::TextPool;
use super::field::Field;
use crate::exec::{ExecContext, Reservation};
use crate::finalize::{Keys, Values};
use crate::partial::{Body, Chunks, FoldPartial, Partial};
use crate::spill::{SpillFile, Spilled};
use crate::{Error, Result};
use layout::{KeyField, Layout, Span};
pub(super) use lists::merge_all;
use texts::MergedTexts;
pub(super) use texts::{are_alike, union_of};

/// A partial of more than this part of the budget is dealt to disk instead of merged in memory.
const MERGE_SHARE: u64 = 4;

pub(crate) fn merge_partials(
    specs: &[Arc<dyn AggregatorSpec>],
    parts: Vec<Partial>,
    exec: &ExecContext,
) -> Result<Partial> {
    let (mut groups, mut spilled) = (Vec::new(), Spilled::default());
    for part in parts {
        match part.body {
            Body::Spilled(more) => spilled.merge(more),
            body => {
                let parts = Partial { body }.into_parts()?;
                parts.iter().for_each(|part| spilled.chunks.merge(&part.chunks));
                groups.push(parts);
            }
        }
    }
    let num_keys = groups.iter().flatten().next().map_or(0, |part| part.keys.len());
    merge_or_spill(specs, groups, spilled, num_keys, exec)
}

/// One partial of groups in memory and on disk, each in parts that have none in common. It is on disk when some are, or
/// memory has no room to merge.
pub(super) fn merge_or_spill(
    specs: &[Arc<dyn AggregatorSpec>],
    mut groups: Vec<Vec<FoldPartial>>,
    mut spilled: Spilled,
    num_keys: usize,
    exec: &ExecContext,
) -> Result<Partial> {
    groups.retain(|parts| !parts.is_empty());
    let num_bytes: usize = groups.iter().flatten().map(FoldPartial::memory_bytes).sum();
    let is_large = groups.len() > 1 && num_keys > 0 && num_bytes as u64 > exec.memory.limit_bytes() / MERGE_SHARE;
    if (is_large || !spilled.files.is_empty())
        && let Some(mut file) = SpillFile::create(exec)?
    {
        for part in groups.iter().flatten() {
            exec.check()?;
            file.deal_all(part)?;
        }
        spilled.files.push(Arc::new(file));
        return Ok(Partial::spilled(spilled));
    }
    let mut merged = match groups.len() {
        1 => groups.remove(0),
        _ => {
            let groups = groups.into_iter().map(FoldPartial::strung).collect::<Result<_>>()?;
            merge_apart(specs, groups, num_keys, exec)?
        }
    };
    merged.iter_mut().for_each(|part| part.chunks = Chunks::default());
    merged[0].chunks = spilled.chunks;
    Ok(Partial::apart(merged))
}

/// Groups of the same bucket and keys share one state.
pub(crate) fn merge_folds(
    specs: &[Arc<dyn AggregatorSpec>],
    parts: Vec<FoldPartial>,
    num_keys: usize,
    exec: &ExecContext,
) -> Result<FoldPartial> {
    let mut chunks = Chunks::default();
    parts.iter().for_each(|part| chunks.merge(&part.chunks));
    let mut merged = FoldPartial::strung(merge_apart(specs, parts, num_keys, exec)?)?;
    merged.chunks = chunks;
    Ok(merged)
}

/// As `merge_folds`, in parts that have no group in common; there is one at least. Chunks are left out.
fn merge_apart(
    specs: &[Arc<dyn AggregatorSpec>],
    mut parts: Vec<FoldPartial>,
    num_keys: usize,
    exec: &ExecContext,
) -> Result<Vec<FoldPartial>> {
    if parts.len() > 1 {
        parts.retain(|part| part.num_groups() > 0);
    }
    match parts.len() {
        0 => Ok(vec![empty(specs, num_keys)?]),
        1 => Ok(parts),
        _ => regroup_apart(specs, parts, exec),
    }
}

fn empty(specs: &[Arc<dyn AggregatorSpec>], num_keys: usize) -> Result<FoldPartial> {
    let states = Fold::merging(specs)?.states(&[])?;
    Ok(FoldPartial { times: Vec::new(), keys: vec![Values::Null(0); num_keys], states, chunks: Chunks::default() })
}

/// Folds states by bucket and keys, even inside one part.
pub(crate) fn regroup(
    specs: &[Arc<dyn AggregatorSpec>],
    parts: Vec<FoldPartial>,
    exec: &ExecContext,
) -> Result<FoldPartial> {
    FoldPartial::strung(regroup_apart(specs, parts, exec)?)
}

/// As `regroup`, in parts that have no group in common; there is one at least.
fn regroup_apart(
    specs: &[Arc<dyn AggregatorSpec>],
    parts: Vec<FoldPartial>,
    exec: &ExecContext,
) -> Result<Vec<FoldPartial>> {
    let num_keys = parts.first().map_or(0, |part| part.keys.len());
    let columns: Vec<KeyColumn> = (0..num_keys).map(|at| KeyColumn::of(&parts, at)).collect::<Result<_>>()?;
    let layout = layout_of(&parts, &columns);
    let work = Arc::new(Parts { parts, columns, layout });
    match sorted::regroup(specs, &work, exec)? {
        Some(merged) if !merged.is_empty() => Ok(merged),
        _ => Ok(vec![by_table(specs, &work, exec)?]),
    }
}

/// What is merged, and how keys become words.
struct Parts {
    parts: Vec<FoldPartial>,
    columns: Vec<KeyColumn>,
    layout: Layout,
}

fn by_table(specs: &[Arc<dyn AggregatorSpec>], work: &Parts, exec: &ExecContext) -> Result<FoldPartial> {
    let Parts { parts, columns, layout } = work;
    let (width, num_rows) = (layout.width, parts.iter().map(FoldPartial::num_groups).sum());
    let mut pools: Vec<TextPool> = columns.iter().map(|_| TextPool::default()).collect();
    let mut table = KeyTable::with_capacity(width, num_rows);
    let mut fold = Fold::merging(specs)?;
    let mut held = Reservation::new(&exec.memory);
    for part in parts {
        let packed = work.pack(part, &mut pools)?;
        let mut groups = Vec::with_capacity(VECTOR_ROWS);
        for start in (0..part.num_groups()).step_by(VECTOR_ROWS) {
            exec.check()?;
            let end = part.num_groups().min(start + VECTOR_ROWS);
            groups.clear();
            table.insert_batch(&packed[start * width..end * width], &mut groups);
            fold.grow(table.len());
            let states: Vec<ArrayRef> = part.states.iter().map(|s| s.slice(start, end - start)).collect();
            fold.merge(0, Groups::U32(&groups), end - start, Rows::All, &states)?;
            let texts: usize = columns.iter().map(KeyColumn::memory_bytes).sum();
            let texts = pools.iter().map(TextPool::memory_bytes).fold(texts, usize::saturating_add);
            held.resize(table.memory_bytes() + fold.memory_bytes() + texts)?;
        }
    }
    let order: Vec<u32> = (0..).take(table.len()).collect();
    let times = layout.time.get_all(table.keys(), width, |time| time as i64);
    let keys = pools.into_iter().enumerate().map(|(at, pool)| work.values(at, table.keys(), pool)).collect();
    Ok(FoldPartial { times, keys, states: fold.states(&order)?, chunks: Chunks::default() })
}

fn layout_of(parts: &[FoldPartial], columns: &[KeyColumn]) -> Layout {
    let times = Span::of_times(parts.iter().map(|part| part.times.as_slice()));
    let spans = columns.iter().enumerate().map(|(at, column)| {
        let nulls = |part: &FoldPartial| match &part.keys[at] {
            Values::Null(_) => true,
            Values::Long(a) => a.null_count() > 0,
            Values::Double(a) => a.null_count() > 0,
            Values::Float(a) => a.null_count() > 0,
            _ => false,
        };
        let numbers = matches!(column, KeyColumn::Long | KeyColumn::Double | KeyColumn::Float);
        (column.span(parts, at), numbers && parts.iter().any(nulls))
    });
    Layout::of(times, spans)
}

/// One key over all parts.
enum KeyColumn {
    Long,
    Double,
    Float,
    /// All parts share a dictionary: codes are the key.
    Shared(Arc<dyn Dictionary>),
    /// Texts of sorted dictionaries.
    Merged(MergedTexts),
    /// Texts, or keys of values of a shape.
    Pooled(Option<Shape>),
    Null,
}

impl KeyColumn {
    fn of(parts: &[FoldPartial], at: usize) -> Result<Self> {
        let mut kinds = parts.iter().map(|part| &part.keys[at]).filter(|key| !matches!(key, Values::Null(_)));
        let Some(first) = kinds.next() else { return Ok(KeyColumn::Null) };
        Ok(match first {
            Values::Long(_) if kinds.all(|k| matches!(k, Values::Long(_))) => KeyColumn::Long,
            Values::Double(_) if kinds.all(|k| matches!(k, Values::Double(_))) => KeyColumn::Double,
            Values::Float(_) if kinds.all(|k| matches!(k, Values::Float(_))) => KeyColumn::Float,
            Values::Coded { dictionary, .. } => {
                let same = |k: &Values| matches!(k, Values::Coded { dictionary: d, .. } if are_alike(d, dictionary));
                let no_null_parts = !parts.iter().any(|part| matches!(part.keys[at], Values::Null(_)));
                if no_null_parts && kinds.all(same) {
                    KeyColumn::Shared(dictionary.clone())
                } else if let Some(merged) = MergedTexts::of(parts, at) {
                    KeyColumn::Merged(merged)
                } else {
                    KeyColumn::Pooled(keys_of(parts, at))
                }
            }
            _ => KeyColumn::Pooled(None),
        })
    }

    fn memory_bytes(&self) -> usize {
        match self {
            KeyColumn::Merged(merged) => merged.memory_bytes(),
            _ => 0,
        }
    }

    /// The words that keys are.
    fn span(&self, parts: &[FoldPartial], at: usize) -> Span {
        match self {
            KeyColumn::Null => Span::default(),
            KeyColumn::Long => Span::of_long_keys(parts, at),
            KeyColumn::Double => Span::of_bits(64),
            // The codes of a pool are not known before.
            KeyColumn::Float | KeyColumn::Pooled(..) => Span::of_bits(32),
            KeyColumn::Shared(dictionary) => Span::of_codes(dictionary.len()),
            KeyColumn::Merged(merged) => Span::of_codes(merged.len()),
        }
    }

    /// Writes each row's word; a bit says null.
    fn pack(
        &self,
        key: &Values,
        KeyField { value, null }: KeyField,
        width: usize,
        words: &mut [u64],
        pool: Option<&mut TextPool>,
    ) -> Result<()> {
        let nulls = |words: &mut [u64], nulls: &mut dyn Iterator<Item = u64>| {
            null.iter().for_each(|null| null.set_all(words, width, &mut *nulls));
        };
        match (self, key) {
            (KeyColumn::Pooled(shape), key) => {
                let pool = pool.ok_or_else(|| Error::internal("texts without a pool"))?;
                value.set_all(words, width, intern(pool, *shape, key)?.into_iter().map(u64::from));
            }
            (_, Values::Null(_)) => nulls(words, &mut std::iter::repeat(1)),
            (KeyColumn::Shared(_), Values::Coded { codes, .. }) => {
                value.set_all(words, width, codes.iter().map(|code| u64::from(*code)));
            }
            (KeyColumn::Merged(merged), Values::Coded { codes, dictionary }) => {
                let map = merged.map(dictionary).ok_or_else(|| Error::internal("codes of an unknown dictionary"))?;
                value.set_all(words, width, codes.iter().map(|code| u64::from(map[*code as usize])));
            }
            (KeyColumn::Long, Values::Long(a)) => set_valid(a, |n| n as u64, value, width, words, nulls),
            (KeyColumn::Double, Values::Double(a)) => set_valid(a, f64::to_bits, value, width, words, nulls),
            (KeyColumn::Float, Values::Float(a)) => {
                set_valid(a, |n| u64::from(n.to_bits()), value, width, words, nulls);
            }
            _ => return Err(Error::internal("partials whose keys differ in type")),
        }
        Ok(())
    }

    fn values(&self, keys: &[u64], width: usize, KeyField { value, null }: KeyField, pool: TextPool) -> Values {
        let nulls = || null.map(|null| null.get_all::<_, NullBuffer>(keys, width, |null| null == 0));
        let codes = || value.get_all(keys, width, |code| code as u32);
        match self {
            KeyColumn::Null => Values::Null(keys.len() / width),
            KeyColumn::Long => Values::Long(Int64Array::new(
                value.get_all::<_, Vec<_>>(keys, width, |word| word as i64).into(),
                nulls(),
            )),
            KeyColumn::Double => Values::Double(Float64Array::new(
                value.get_all::<_, Vec<_>>(keys, width, f64::from_bits).into(),
                nulls(),
            )),
            KeyColumn::Float => {
                let number = |word| f32::from_bits(word as u32);
                Values::Float(Float32Array::new(value.get_all::<_, Vec<_>>(keys, width, number).into(), nulls()))
            }
            KeyColumn::Shared(dictionary) => Values::Coded { codes: codes(), dictionary: dictionary.clone() },
            KeyColumn::Merged(merged) => Values::Coded { codes: codes(), dictionary: merged.dictionary() },
            KeyColumn::Pooled(shape) => {
                // A pool has a code for null.
                let codes = codes();
                let dictionary: Arc<dyn Dictionary> = Arc::new(pool);
                Values::Coded {
                    codes,
                    dictionary: match shape {
                        Some(shape) => Arc::new(Keys { dictionary, shape: *shape }),
                        None => dictionary,
                    },
                }
            }
        }
    }
}

/// Writes the words of numbers, and which are null.
fn set_valid<T: ArrowPrimitiveType>(
    numbers: &PrimitiveArray<T>,
    word: impl Fn(T::Native) -> u64,
    value: Field,
    width: usize,
    words: &mut [u64],
    nulls: impl Fn(&mut [u64], &mut dyn Iterator<Item = u64>),
) {
    if numbers.null_count() == 0 {
        return value.set_all(words, width, numbers.values().iter().map(|number| word(*number)));
    }
    value.set_all(words, width, numbers.iter().map(|number| number.map_or(value.base, &word)));
    nulls(words, &mut (0..numbers.len()).map(|row| u64::from(numbers.is_null(row))));
}

/// Each row's code in a pool of texts, or of keys of values of a shape.
fn intern(pool: &mut TextPool, shape: Option<Shape>, key: &Values) -> Result<Vec<u32>> {
    Ok(match (shape, key) {
        (_, Values::Null(num_rows)) => vec![pool.intern(None); *num_rows],
        (shape, Values::Coded { codes, dictionary }) if shape.is_some() == dictionary.keys_of().is_some() => {
            let mut known = Mapping::new(dictionary.len());
            codes.iter().map(|&code| known.of(code, || pool.intern(dictionary.get(code)))).collect()
        }
        (Some(_), _) => return Err(Error::internal("arrays and scalars under one key")),
        (None, other) => (0..other.len()).map(|row| pool.intern(other.text(row).as_deref())).collect(),
    })
}

/// The shape of the keys when all parts hold some, or nulls.
fn keys_of(parts: &[FoldPartial], at: usize) -> Option<Shape> {
    let mut parts = parts.iter().map(|part| &part.keys[at]).filter(|key| !matches!(key, Values::Null(_)));
    let first = parts.next()?.keys_of()?;
    parts.try_fold(first, |shape, part| Some(shape.wider(part.keys_of()?)))
}

/// Codes already translated; dense, since a part uses most of its dictionary or the dictionary is small.
struct Mapping(Vec<u32>);

impl Mapping {
    fn new(len: usize) -> Self {
        Self(vec![u32::MAX; len + 1])
    }

    fn of(&mut self, code: u32, translate: impl FnOnce() -> u32) -> u32 {
        match self.0.get_mut(code as usize) {
            Some(known) => {
                if *known == u32::MAX {
                    *known = translate();
                }
                *known
            }
            None => translate(),
        }
    }
}

impl Parts {
    /// The words of a part's groups; pools are for the columns that have no numbering yet.
    fn pack(&self, part: &FoldPartial, pools: &mut [TextPool]) -> Result<Vec<u64>> {
        let width = self.layout.width;
        let mut words = vec![0; part.num_groups() * width];
        self.layout.time.set_all(&mut words, width, part.times.iter().map(|time| *time as u64));
        for (at, ((column, key), field)) in self.columns.iter().zip(&part.keys).zip(&self.layout.keys).enumerate() {
            column.pack(key, *field, width, &mut words, pools.get_mut(at))?;
        }
        Ok(words)
    }

    /// A key column of merged groups.
    fn values(&self, at: usize, words: &[u64], pool: TextPool) -> Values {
        self.columns[at].values(words, self.layout.width, self.layout.keys[at], pool)
    }
}
