//! Places inside nested values that are looked for, as a tree of steps.

/// A step into a nested value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Name(String),
    Index(usize),
}

/// See the module. Node 0 is the record.
#[derive(Debug)]
pub(crate) struct Places {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
pub(super) struct Node {
    /// Sorted.
    names: Vec<(Box<[u8]>, usize)>,
    indexes: Vec<(usize, usize)>,
    /// Numbers of the places that end here.
    pub(super) ends: Vec<usize>,
}

/// Names up to which the next one is looked for from the first on.
const FEW: usize = 8;

impl Places {
    /// Places by their number, each with its steps from the record.
    pub(crate) fn new(places: impl Iterator<Item = Vec<Place>>) -> Places {
        let mut found = Places { nodes: vec![Node::default()] };
        for (number, steps) in places.enumerate() {
            let end = steps.iter().fold(0, |at, step| found.step(at, step));
            found.nodes[end].ends.push(number);
        }
        found
    }

    /// The node behind `step`, which is made when it is not there.
    fn step(&mut self, at: usize, step: &Place) -> usize {
        let (next, node) = (self.nodes.len(), &mut self.nodes[at]);
        match step {
            Place::Name(name) => match node.search(name.as_bytes()) {
                Ok(found) => return node.names[found].1,
                Err(free) => node.names.insert(free, (name.as_bytes().into(), next)),
            },
            Place::Index(index) => match node.behind_index(*index) {
                Some(known) => return known,
                None => node.indexes.push((*index, next)),
            },
        }
        self.nodes.push(Node::default());
        next
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn node(&self, at: usize) -> &Node {
        &self.nodes[at]
    }
}

impl Node {
    fn search(&self, name: &[u8]) -> Result<usize, usize> {
        self.names.binary_search_by(|(known, _)| (**known).cmp(name))
    }

    /// The node behind a name.
    pub(super) fn behind_name(&self, name: &[u8]) -> Option<usize> {
        let at = match self.names.len() {
            0..=FEW => self.names.iter().position(|(known, _)| **known == *name)?,
            _ => self.search(name).ok()?,
        };
        Some(self.names[at].1)
    }

    /// The node behind a place in a list.
    pub(super) fn behind_index(&self, index: usize) -> Option<usize> {
        self.indexes.iter().find(|(known, _)| *known == index).map(|(_, to)| *to)
    }

    pub(super) fn has_names(&self) -> bool {
        !self.names.is_empty()
    }

    pub(super) fn has_indexes(&self) -> bool {
        !self.indexes.is_empty()
    }

    /// Whether no place leads on from here.
    pub(super) fn is_leaf(&self) -> bool {
        !self.has_names() && !self.has_indexes()
    }
}
