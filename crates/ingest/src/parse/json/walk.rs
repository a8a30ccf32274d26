//! One pass over a record that notes where chosen values stand, without reading any other.

use std::ops::Range;

use super::cursor::{Cursor, GiveUp};
use super::{MAX_DEPTH, MAX_FIELDS};

/// A step into a nested value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Name(String),
    Index(usize),
}

/// Places that are looked for, as a tree of steps.
#[derive(Debug)]
pub(crate) struct Places {
    nodes: Vec<Node>,
    num_places: usize,
}

#[derive(Debug, Default)]
struct Node {
    names: Vec<(Box<[u8]>, usize)>,
    indexes: Vec<(usize, usize)>,
    /// Places that end here.
    ends: Vec<usize>,
}

impl Places {
    /// Places by their number, each with its steps from the record.
    pub(crate) fn new(places: impl Iterator<Item = Vec<Place>>) -> Places {
        let mut found = Places { nodes: vec![Node::default()], num_places: 0 };
        for (number, steps) in places.enumerate() {
            let end = steps.iter().fold(0, |at, step| found.step(at, step));
            found.nodes[end].ends.push(number);
            found.num_places = number + 1;
        }
        found
    }

    /// The node behind `step`, which is made when it is not there.
    fn step(&mut self, at: usize, step: &Place) -> usize {
        let (next, node) = (self.nodes.len(), &mut self.nodes[at]);
        let known = match step {
            Place::Name(name) => node.names.iter().find(|(known, _)| **known == *name.as_bytes()).map(|(_, to)| *to),
            Place::Index(index) => node.indexes.iter().find(|(known, _)| known == index).map(|(_, to)| *to),
        };
        if let Some(known) = known {
            return known;
        }
        match step {
            Place::Name(name) => node.names.push((name.as_bytes().into(), next)),
            Place::Index(index) => node.indexes.push((*index, next)),
        }
        self.nodes.push(Node::default());
        next
    }
}

/// What a pass found; kept from record to record.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Where the value of each place stands, if it is there.
    pub(crate) spans: Vec<Option<Range<usize>>>,
    /// Names and values of the fields of the record that were wanted beside them, in order.
    pub(crate) fields: Vec<(Range<usize>, Range<usize>)>,
    seen: Vec<u64>,
    record: u64,
}

impl Walk {
    /// Passes over the one object of a record. False for anything unusual, and then nothing that was found counts.
    pub(crate) fn pass(&mut self, text: &[u8], places: &Places, wanted: impl Fn(&[u8]) -> bool) -> bool {
        self.record += 1;
        self.seen.resize(places.nodes.len(), 0);
        self.spans.clear();
        self.spans.resize(places.num_places, None);
        self.fields.clear();
        let mut cursor = Cursor { text, at: 0 };
        self.record(&mut cursor, places, wanted).and_then(|()| cursor.end()).is_ok()
    }

    fn record(
        &mut self,
        cursor: &mut Cursor<'_>,
        places: &Places,
        wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<(), GiveUp> {
        cursor.white();
        let mut num_fields = 0;
        members(cursor, |cursor, name| {
            num_fields += 1;
            if num_fields > MAX_FIELDS {
                return Err(GiveUp);
            }
            let key = &cursor.text[name.clone()];
            let (child, is_wanted) = (child(places, 0, key), wanted(key));
            let value = self.value(cursor, places, child, 1)?;
            if is_wanted {
                self.fields.push((name, value));
            }
            Ok(())
        })
    }

    /// Passes over a value on the way to places, or over one that is on none.
    fn value(
        &mut self,
        cursor: &mut Cursor<'_>,
        places: &Places,
        node: Option<usize>,
        depth: usize,
    ) -> Result<Range<usize>, GiveUp> {
        let start = cursor.at;
        let Some(at) = node else {
            cursor.skip_value_within(MAX_DEPTH - depth)?;
            return Ok(start..cursor.at);
        };
        // A name that comes twice.
        if std::mem::replace(&mut self.seen[at], self.record) == self.record || depth >= MAX_DEPTH {
            return Err(GiveUp);
        }
        match cursor.peek() {
            Some(b'{') if !places.nodes[at].names.is_empty() => members(cursor, |cursor, name| {
                let child = child(places, at, &cursor.text[name]);
                self.value(cursor, places, child, depth + 1).map(|_| ())
            })?,
            Some(b'[') if !places.nodes[at].indexes.is_empty() => self.list(cursor, places, at, depth)?,
            _ => cursor.skip_value_within(MAX_DEPTH - depth)?,
        }
        for end in &places.nodes[at].ends {
            self.spans[*end] = Some(start..cursor.at);
        }
        Ok(start..cursor.at)
    }

    fn list(&mut self, cursor: &mut Cursor<'_>, places: &Places, at: usize, depth: usize) -> Result<(), GiveUp> {
        cursor.at += 1;
        cursor.white();
        if cursor.peek() == Some(b']') {
            cursor.at += 1;
            return Ok(());
        }
        for index in 0.. {
            cursor.white();
            let indexes = &places.nodes[at].indexes;
            let child = indexes.iter().find(|(known, _)| *known == index).map(|(_, child)| *child);
            self.value(cursor, places, child, depth + 1)?;
            cursor.white();
            match cursor.next() {
                Some(b',') => {}
                Some(b']') => break,
                _ => return Err(GiveUp),
            }
        }
        Ok(())
    }
}

fn child(places: &Places, node: usize, key: &[u8]) -> Option<usize> {
    places.nodes[node].names.iter().find(|(name, _)| **name == *key).map(|(_, child)| *child)
}

/// Passes over an object: at every value, `act` is told where its name stands and must pass over the value.
fn members<'a>(
    cursor: &mut Cursor<'a>,
    mut act: impl FnMut(&mut Cursor<'a>, Range<usize>) -> Result<(), GiveUp>,
) -> Result<(), GiveUp> {
    if cursor.next() != Some(b'{') {
        return Err(GiveUp);
    }
    cursor.white();
    if cursor.peek() == Some(b'}') {
        cursor.at += 1;
        return Ok(());
    }
    loop {
        cursor.white();
        if cursor.next() != Some(b'"') {
            return Err(GiveUp);
        }
        let start = cursor.at;
        let end = start + cursor.string()?.bytes.len();
        cursor.white();
        if cursor.next() != Some(b':') {
            return Err(GiveUp);
        }
        cursor.white();
        act(cursor, start..end)?;
        cursor.white();
        match cursor.next() {
            Some(b',') => {}
            Some(b'}') => return Ok(()),
            _ => return Err(GiveUp),
        }
    }
}
