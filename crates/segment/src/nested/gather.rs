//! The paths of documents and the values at them, gathered document by document.

use dialect::path::{JsonPath, Step};
use dialect::value::{self, Value};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use serde::de::DeserializeSeed;

use super::path_values::PathValues;
use super::walk::{Found, Walk};

/// Most paths of one column that get columns of their own. The documents tell of the others.
const MAX_PATHS: usize = 1_024;
/// Most places in documents that are known, those above literals included.
const MAX_NODES: usize = 8 * MAX_PATHS;
/// So many paths have columns however rare their values are.
pub(super) const KEPT_PATHS: usize = 64;
/// Of the others those of which at least one in so many documents, or rows, has a value.
pub(super) const SPARSE: usize = 32;

const NONE: u32 = u32::MAX;

/// The places in documents that were met.
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// The node of each path to a literal.
    paths: Vec<u32>,
    /// Whether every place and path met is known.
    is_whole: bool,
}

struct Node {
    /// The node above, and the step from there.
    from: Option<(u32, Step)>,
    fields: HashMap<Box<str>, u32, FixedState>,
    elements: Vec<u32>,
    path: u32,
}

impl Node {
    fn new(from: Option<(u32, Step)>) -> Self {
        Self { from, fields: HashMap::with_hasher(FixedState::default()), elements: Vec::new(), path: NONE }
    }
}

impl Tree {
    fn new() -> Self {
        Self { nodes: vec![Node::new(None)], paths: Vec::new(), is_whole: true }
    }

    /// The node below by a field; `None` at the limit.
    pub(super) fn field(&mut self, node: u32, name: &str) -> Option<u32> {
        if let Some(below) = self.nodes[node as usize].fields.get(name) {
            return Some(*below);
        }
        let below = self.grow(node, || Step::Field(name.to_owned()))?;
        self.nodes[node as usize].fields.insert(name.into(), below);
        Some(below)
    }

    /// The node below by an element; `None` at the limit.
    pub(super) fn element(&mut self, node: u32, at: usize) -> Option<u32> {
        if let Some(below) = self.nodes[node as usize].elements.get(at) {
            return Some(*below);
        }
        // Elements are met in order, so those before this one are there, unless the limit was.
        if self.nodes[node as usize].elements.len() < at {
            return None;
        }
        let below = self.grow(node, || Step::Element(i64::try_from(at).unwrap_or(i64::MAX)))?;
        self.nodes[node as usize].elements.push(below);
        Some(below)
    }

    fn grow(&mut self, from: u32, step: impl FnOnce() -> Step) -> Option<u32> {
        if self.nodes.len() >= MAX_NODES {
            self.is_whole = false;
            return None;
        }
        self.nodes.push(Node::new(Some((from, step()))));
        Some(self.nodes.len() as u32 - 1)
    }

    /// The number of the path that ends here; `None` at the limit.
    pub(super) fn path_at(&mut self, node: u32) -> Option<u32> {
        let known = &mut self.nodes[node as usize].path;
        if *known == NONE {
            if self.paths.len() >= MAX_PATHS {
                self.is_whole = false;
                return None;
            }
            *known = self.paths.len() as u32;
            self.paths.push(node);
        }
        Some(*known)
    }

    fn path(&self, number: usize) -> JsonPath {
        let mut steps = Vec::new();
        let mut node = self.paths.get(number).copied().unwrap_or_default();
        while let Some((above, step)) = &self.nodes[node as usize].from {
            steps.push(step.clone());
            node = *above;
        }
        steps.reverse();
        JsonPath(steps)
    }

    /// The number of a path, if it was met.
    fn number(&self, path: &JsonPath) -> Option<usize> {
        let mut node = 0u32;
        for step in &path.0 {
            let here = &self.nodes[node as usize];
            node = *match step {
                Step::Field(name) => here.fields.get(name.as_str())?,
                Step::Element(at) => here.elements.get(usize::try_from(*at).ok()?)?,
            };
        }
        let path = self.nodes[node as usize].path;
        (path != NONE).then_some(path as usize)
    }

    fn memory_bytes(&self) -> usize {
        let names: usize =
            self.nodes.iter().map(|node| node.fields.capacity() * 48 + node.elements.capacity() * 4).sum();
        self.nodes.len() * size_of::<Node>() + names
    }
}

/// Documents by path.
pub(crate) struct Gather {
    tree: Tree,
    values: Vec<PathValues>,
    /// Cells that a rare path may take before it is given up.
    slack: usize,
    /// Distinct values of one path.
    max_values: usize,
}

impl Gather {
    pub(crate) fn new(slack: usize, max_values: usize) -> Self {
        Self { tree: Tree::new(), values: Vec::new(), slack, max_values }
    }

    /// A document by its key. Documents come in the order of their numbers, each once.
    pub(crate) fn add(&mut self, document: u32, key: Option<&str>) {
        let mut found: Found<'_> = Vec::new();
        match value::of_key(key) {
            None | Some(Value::Null) => return,
            Some(Value::Json(_)) => {
                let mut text = serde_json::Deserializer::from_str(key.and_then(|key| key.get(1..)).unwrap_or_default());
                let walk = Walk { tree: &mut self.tree, node: 0, found: &mut found };
                // What is no JSON has nothing at any path.
                if walk.deserialize(&mut text).is_err() {
                    return;
                }
            }
            Some(array @ Value::Array(_)) => {
                let array = aggregate::literal_of(&value::to_json(&array));
                found.extend(self.tree.path_at(0).map(|path| (path, array)));
            }
            Some(scalar) => found.extend(self.tree.path_at(0).map(|path| (path, scalar))),
        }
        for (path, value) in found {
            let path = path as usize;
            if path >= self.values.len() {
                self.values.resize_with(path + 1, PathValues::new);
            }
            let slack = if path < KEPT_PATHS { usize::MAX } else { self.slack };
            self.values[path].add(document, &value, self.max_values, slack);
        }
    }

    /// Whether a path that was not met is in no document, and no path was given up.
    pub(crate) fn is_whole(&self) -> bool {
        self.tree.is_whole
    }

    /// The paths met and their values, in the order of their coming.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (JsonPath, &PathValues)> {
        self.values.iter().enumerate().map(|(at, values)| (self.tree.path(at), values))
    }

    /// The values of a path, if it was met.
    pub(crate) fn values(&self, path: &JsonPath) -> Option<&PathValues> {
        self.values.get(self.tree.number(path)?)
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.tree.memory_bytes() + self.values.iter().map(PathValues::memory_bytes).sum::<usize>()
    }
}
