//! Values inside other values, as a `flattenSpec` asks for them, while a record is passed over.

use super::MAX_DEPTH;
use super::cursor::{Cursor, GiveUp, check};
use super::expected::Target;
use super::values::Sink;
use crate::parse::cell::Cell;
use crate::parse::flatten::Flatten;
use crate::parse::layout::Layout;

/// Where the values of a `flattenSpec` go.
#[derive(Debug, Default)]
pub(super) struct Nest {
    /// By the number of a declared field.
    ends: Vec<Target>,
    /// By the node of a field of the record: where it goes under its own name.
    own: Vec<Target>,
    /// By node: the record that last had it.
    seen: Vec<u64>,
    record: u64,
}

impl Nest {
    /// Where declared fields go by what is known now. Fails when that cannot be said.
    pub(super) fn begin(&mut self, flatten: &Flatten, layout: &Layout) -> Result<(), GiveUp> {
        let num_nodes = flatten.places().ok_or(GiveUp)?.len();
        self.ends = flatten.names().map(|name| Target::of(name, layout)).collect::<Result<_, _>>()?;
        self.own = vec![Target::Nowhere; num_nodes];
        self.seen.resize(num_nodes, 0);
        Ok(())
    }

    pub(super) fn begin_record(&mut self) {
        self.record += 1;
    }

    /// Whether a declared field without a value would become a dimension.
    pub(super) fn discovers(&self) -> bool {
        self.ends.contains(&Target::Undecided)
    }

    /// Where the value of a field of the record goes.
    pub(super) fn target(&mut self, name: &str, flatten: &Flatten, layout: &Layout) -> Result<Target, GiveUp> {
        let own = match flatten.passes_on(name) {
            true => Target::of(name, layout)?,
            false => Target::Nowhere,
        };
        let places = flatten.places().ok_or(GiveUp)?;
        let Some(at) = places.node(0).behind_name(name.as_bytes()) else { return Ok(own) };
        self.own[at] = own;
        match self.only_end(at, flatten) {
            Some(end) => Ok(end),
            None => Ok(Target::Node(at as u32)),
        }
    }

    /// Where a value goes that is wanted as it is, once.
    fn only_end(&self, at: usize, flatten: &Flatten) -> Option<Target> {
        let node = flatten.places()?.node(at);
        match node.ends[..] {
            [end] if node.is_leaf() && self.own[at] == Target::Nowhere && flatten.is_whole(end) => Some(self.ends[end]),
            _ => None,
        }
    }

    /// Reads what is wanted of a value, which is so deep in its record.
    pub(super) fn value(
        &mut self,
        at: usize,
        depth: usize,
        cursor: &mut Cursor<'_>,
        flatten: &Flatten,
        sink: &mut Sink<'_>,
    ) -> Result<(), GiveUp> {
        // A name that comes twice needs the other way.
        if std::mem::replace(&mut self.seen[at], self.record) == self.record || depth >= MAX_DEPTH {
            return Err(GiveUp);
        }
        if let Some(target) = self.only_end(at, flatten) {
            return sink.inner_value(cursor, target, MAX_DEPTH - depth);
        }
        let node = flatten.places().ok_or(GiveUp)?.node(at);
        let start = cursor.at;
        match cursor.peek() {
            Some(b'{') if node.has_names() => {
                let mut goes_on = cursor.open();
                while goes_on {
                    let name = cursor.name()?;
                    let inner = node.behind_name(name.bytes);
                    if inner.is_none() {
                        check(&name)?;
                    }
                    self.inner(inner, depth, cursor, flatten, sink)?;
                    goes_on = cursor.another(b'}')?;
                }
            }
            Some(b'[') if node.has_indexes() => {
                let mut index = 0;
                let mut goes_on = cursor.open();
                while goes_on {
                    self.inner(node.behind_index(index), depth, cursor, flatten, sink)?;
                    index += 1;
                    goes_on = cursor.another(b']')?;
                }
            }
            _ => cursor.skip_value(MAX_DEPTH - depth)?,
        }
        for &end in &node.ends {
            if self.ends[end] != Target::Nowhere {
                sink.cell(&flatten.behind(end, cursor.cell(start)?), self.ends[end])?;
            }
        }
        match self.own[at] {
            Target::Nowhere => Ok(()),
            own => sink.cell(&cursor.cell(start)?, own),
        }
    }

    fn inner(
        &mut self,
        node: Option<usize>,
        depth: usize,
        cursor: &mut Cursor<'_>,
        flatten: &Flatten,
        sink: &mut Sink<'_>,
    ) -> Result<(), GiveUp> {
        match node {
            Some(node) => self.value(node, depth + 1, cursor, flatten, sink),
            None => cursor.skip_value(MAX_DEPTH - depth - 1),
        }
    }

    /// Declared fields that the record lacks are null, whatever there is beside it.
    pub(super) fn end(&self, sink: &mut Sink<'_>) -> Result<(), GiveUp> {
        for &end in &self.ends {
            match end {
                Target::Slot(field, _) | Target::Field(field) if !sink.batch.has_seen(field) => {
                    sink.cell(&Cell::Null, end)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
