//! Ways into nested values: the part of JsonPath and jq that names a place.

use super::lookup;
use crate::parse::cell::Cell;
use crate::parse::formats::Row;
use crate::parse::json::Place;

/// Steps from the row to a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path {
    steps: Vec<Step>,
    function: Option<Function>,
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Name(String),
    /// From the end when negative.
    Index(i64),
    Slice(Option<i64>, Option<i64>),
    All,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Function {
    Length,
    Min,
    Max,
    Sum,
    Avg,
    Keys,
}

const FUNCTIONS: [(&str, Function); 7] = [
    ("length()", Function::Length),
    ("size()", Function::Length),
    ("min()", Function::Min),
    ("max()", Function::Max),
    ("sum()", Function::Sum),
    ("avg()", Function::Avg),
    ("keys()", Function::Keys),
];

impl Path {
    pub(super) fn root(name: &str) -> Path {
        Path { steps: vec![Step::Name(name.to_owned())], function: None }
    }

    pub(super) fn nodes(names: &[String]) -> Path {
        Path { steps: names.iter().cloned().map(Step::Name).collect(), function: None }
    }

    /// `$.a.b[0]['c d'][*].min()`.
    pub(super) fn json_path(text: &str) -> Result<Path, String> {
        let rest = text.trim().strip_prefix('$').ok_or_else(|| format!("JSON path [{text}] must begin with [$]"))?;
        steps(rest, text)
    }

    /// `.a.b[0]`.
    pub(super) fn jq(text: &str) -> Result<Path, String> {
        let trimmed = text.trim();
        if !trimmed.starts_with('.') {
            return Err(format!("jq expression [{text}] must begin with [.]"));
        }
        if trimmed.contains(['|', '(', ',', '+']) {
            return Err(format!("jq expression [{text}]: only paths such as [.a.b[0]] are supported"));
        }
        if trimmed == "." {
            return Ok(Path { steps: Vec::new(), function: None });
        }
        steps(&trimmed.replace("[]", "[*]").replace(".[", "["), text)
    }

    /// The field that it begins with; `None` when it reads others too.
    pub(super) fn head(&self) -> Option<&str> {
        match self.steps.first() {
            Some(Step::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// The steps from the record that a pass over its text can take: names, and places in lists from their start.
    /// What is left of the path is for [`Path::behind`].
    pub(super) fn places(&self) -> Vec<Place> {
        let place = |step: &Step| match step {
            Step::Name(name) => Some(Place::Name(name.clone())),
            Step::Index(index) => usize::try_from(*index).ok().map(Place::Index),
            Step::Slice(..) | Step::All => None,
        };
        self.steps.iter().map_while(place).collect()
    }

    /// Whether the value at its end is what stands behind the first `taken` steps.
    pub(super) fn ends_behind(&self, taken: usize) -> bool {
        self.function.is_none() && self.steps.len() == taken
    }

    /// The value at the end of the path, from the one behind the first `taken` steps.
    pub(super) fn behind<'a>(&self, taken: usize, found: Cell<'a>) -> Cell<'a> {
        let rest = self.steps.get(taken..).unwrap_or_default();
        let value = if rest.is_empty() { Some(found) } else { walk(&found, rest) };
        self.end(value)
    }

    /// The value there; null where there is none.
    pub(super) fn of<'a>(&self, row: &Row<'a>) -> Cell<'a> {
        let value = match self.steps.split_first() {
            None => Some(Cell::Map(row.clone())),
            Some((Step::Name(name), rest)) => lookup(row, name).and_then(|cell| walk(cell, rest)),
            Some((Step::All, rest)) => Some(Cell::List(row.iter().filter_map(|(_, cell)| walk(cell, rest)).collect())),
            Some(_) => None,
        };
        self.end(value)
    }

    fn end<'a>(&self, value: Option<Cell<'a>>) -> Cell<'a> {
        match (value, self.function) {
            (Some(value), Some(function)) => function.of(&value),
            (value, _) => value.unwrap_or(Cell::Null),
        }
    }
}

fn steps(mut rest: &str, whole: &str) -> Result<Path, String> {
    let mut path = Path { steps: Vec::new(), function: None };
    let refused = |why: &str| format!("path [{whole}]: {why}");
    while !rest.is_empty() {
        if path.function.is_some() {
            return Err(refused("a function must come last"));
        }
        if rest.starts_with("..") {
            return Err(refused("[..] is not supported"));
        }
        if let Some(bracket) = rest.strip_prefix('[') {
            let (step, after) = bracketed(bracket).ok_or_else(|| refused("a bracket is not understood"))?;
            path.steps.push(step);
            rest = after;
            continue;
        }
        let name = rest.strip_prefix('.').unwrap_or(rest);
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let (name, after) = name.split_at(end);
        rest = after;
        match (name, FUNCTIONS.iter().find(|(text, _)| *text == name)) {
            ("", _) => return Err(refused("a name is empty")),
            ("*", _) => path.steps.push(Step::All),
            (_, Some((_, function))) => path.function = Some(*function),
            _ if name.contains(['(', '?', '@']) => return Err(refused("filters and this function are not supported")),
            _ => path.steps.push(Step::Name(name.trim_matches('"').to_owned())),
        }
    }
    Ok(path)
}

/// A step after its opening bracket, and what follows the closing one.
fn bracketed(text: &str) -> Option<(Step, &str)> {
    for quote in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(quote) {
            let end = inner.find(quote)?;
            let after = inner[end + 1..].strip_prefix(']')?;
            return Some((Step::Name(inner[..end].to_owned()), after));
        }
    }
    let (inner, after) = text.split_once(']')?;
    let inner = inner.trim();
    let bound = |text: &str| if text.is_empty() { Some(None) } else { text.trim().parse().ok().map(Some) };
    let step = match inner.split_once(':') {
        Some((start, end)) => Step::Slice(bound(start)?, bound(end)?),
        None if inner == "*" => Step::All,
        None => Step::Index(inner.parse().ok()?),
    };
    Some((step, after))
}

fn walk<'a>(cell: &Cell<'a>, steps: &[Step]) -> Option<Cell<'a>> {
    let Some((step, rest)) = steps.split_first() else { return Some(cell.clone()) };
    match (step, cell) {
        (Step::Name(name), Cell::Map(fields)) => walk(lookup(fields, name)?, rest),
        (Step::Index(index), Cell::List(items)) => walk(items.get(position(*index, items.len())?)?, rest),
        (Step::Slice(start, end), Cell::List(items)) => {
            let len = items.len() as i64;
            let place = |bound: i64| (if bound < 0 { bound.saturating_add(len) } else { bound }).clamp(0, len) as usize;
            let (start, end) = (place(start.unwrap_or(0)), place(end.unwrap_or(len)));
            let chosen = items.get(start..end.max(start))?;
            Some(Cell::List(chosen.iter().filter_map(|item| walk(item, rest)).collect()))
        }
        (Step::All, Cell::List(items)) => Some(Cell::List(items.iter().filter_map(|item| walk(item, rest)).collect())),
        (Step::All, Cell::Map(fields)) => {
            Some(Cell::List(fields.iter().filter_map(|(_, item)| walk(item, rest)).collect()))
        }
        _ => None,
    }
}

fn position(index: i64, len: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

impl Function {
    fn of<'a>(self, value: &Cell<'a>) -> Cell<'a> {
        match (self, value) {
            (Function::Length, Cell::List(items)) => Cell::Long(items.len() as i64),
            (Function::Length, Cell::Map(fields)) => Cell::Long(fields.len() as i64),
            (Function::Keys, Cell::Map(fields)) => {
                Cell::List(fields.iter().map(|(name, _)| Cell::Text(name.clone())).collect())
            }
            (Function::Length | Function::Keys, _) => Cell::Null,
            (_, Cell::List(items)) => self.of_numbers(items),
            _ => Cell::Null,
        }
    }

    fn of_numbers<'a>(self, items: &[Cell<'a>]) -> Cell<'a> {
        let number = |item: &Cell<'_>| match item {
            Cell::Long(value) => Some(*value as f64),
            Cell::Double(value) => Some(*value),
            _ => None,
        };
        let numbers: Vec<f64> = items.iter().filter_map(number).collect();
        let sum: f64 = numbers.iter().sum();
        let answer = match self {
            Function::Min => numbers.iter().copied().reduce(f64::min),
            Function::Max => numbers.iter().copied().reduce(f64::max),
            Function::Sum => (!numbers.is_empty()).then_some(sum),
            Function::Avg => (!numbers.is_empty()).then(|| sum / numbers.len() as f64),
            Function::Length | Function::Keys => None,
        };
        answer.map_or(Cell::Null, Cell::Double)
    }
}
