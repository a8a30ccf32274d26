//! `flattenSpec`: values from inside nested objects become fields of the row.

mod path;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use serde_json::{Value, json};

use super::batch::ParsedBatch;
use super::cell::Cell;
use super::formats::{Cells, Row};
use super::json::{Place, Places, Walk, tree};
use crate::Result;
use crate::spec::TimestampSpec;
use crate::spec::fields::Fields;
use path::Path;

/// Fields that a flattenSpec may name.
const MAX_FIELDS: usize = 10_000;

/// A `flattenSpec` as meant.
#[derive(Debug)]
pub(crate) struct Flatten {
    discovers: bool,
    fields: Vec<Field>,
    names: HashSet<Box<str>, FixedState>,
    /// Fields of the row that a path begins with; `None` when one needs them all.
    heads: Option<HashSet<Box<str>, FixedState>>,
    /// Where the fields stand in a text; `None` when one needs all of it.
    places: Option<Places>,
}

#[derive(Debug)]
struct Field {
    name: String,
    kind: &'static str,
    written: Value,
    path: Path,
    /// Steps of the path that lead to a place in the text.
    num_places: usize,
}

impl Flatten {
    pub(crate) fn parse(fields: &Fields<'_>) -> Result<Flatten> {
        let list = fields.list("fields")?;
        if list.len() > MAX_FIELDS {
            return Err(fields.wrong("fields", format!("has more than {MAX_FIELDS} entries")));
        }
        let mut found: Vec<Field> = Vec::with_capacity(list.len());
        let mut names = HashSet::with_hasher(FixedState::default());
        for (at, value) in list.iter().enumerate() {
            let place = format!("fields[{at}]");
            let field = match value {
                Value::String(name) => Field::root(name),
                _ => Field::parse(&Fields::of(value, fields.path(&place))?)?,
            };
            if !names.insert(field.name.as_str().into()) {
                return Err(fields.wrong(&place, format!("field [{}] is declared twice", field.name)));
            }
            found.push(field);
        }
        let heads = found.iter().map(|field| field.path.head().map(Box::from)).collect();
        let discovers = fields.boolean("useFieldDiscovery", true)?;
        let places: Vec<Vec<Place>> = found.iter().map(|field| field.path.places()).collect();
        found.iter_mut().zip(&places).for_each(|(field, places)| field.num_places = places.len());
        let places = places.iter().all(|place| !place.is_empty()).then(|| Places::new(places.into_iter()));
        Ok(Flatten { discovers, fields: found, names, heads, places })
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "useFieldDiscovery": self.discovers,
            "fields": self.fields.iter().map(Field::to_json).collect::<Vec<_>>(),
        })
    }

    /// Whether a field of the row is read, when of those that are discovered only `wanted` ones are.
    pub(crate) fn reads(&self, name: &str, wanted: impl Fn(&str) -> bool) -> bool {
        self.heads.as_ref().is_none_or(|heads| heads.contains(name)) || self.discovers && wanted(name)
    }

    /// Writes the one row of a record, and of the fields beside it those that it lacks, without reading any value that
    /// is not wanted. False when that could not be done, and then nothing is written.
    pub(crate) fn read(
        &self,
        walk: &mut Walk,
        text: &[u8],
        beside: &Cells<'_>,
        spec: &TimestampSpec,
        batch: &mut ParsedBatch,
    ) -> bool {
        let (Some(places), Ok(text)) = (&self.places, std::str::from_utf8(text)) else { return false };
        let layout = &batch.layout;
        let is_known = |name: &[u8]| layout.discovers.is_some() || layout.id(name).is_some();
        // Names of the text are UTF-8 as all of it is.
        let is_declared = |name: &[u8]| std::str::from_utf8(name).is_ok_and(|name| self.names.contains(name));
        if !walk.pass(text.as_bytes(), places, |name| self.discovers && is_known(name) && !is_declared(name)) {
            return false;
        }
        batch.begin_row();
        let is_written = self.write(walk, text, beside, spec, batch).is_some();
        if is_written {
            batch.end_row(spec);
        } else {
            batch.abort_row();
        }
        is_written
    }

    fn write(
        &self,
        walk: &Walk,
        text: &str,
        beside: &Cells<'_>,
        spec: &TimestampSpec,
        batch: &mut ParsedBatch,
    ) -> Option<()> {
        for (field, span) in self.fields.iter().zip(&walk.spans) {
            if batch.layout.discovers.is_none() && batch.layout.id(field.name.as_bytes()).is_none() {
                continue;
            }
            let cell = match span {
                Some(span) => field.path.behind(field.num_places, tree::cell(text.get(span.clone())?).ok()?),
                None => Cell::Null,
            };
            put(&field.name, &cell, spec, batch)?;
        }
        for (name, value) in &walk.fields {
            let cell = tree::cell(text.get(value.clone())?).ok()?;
            put(text.get(name.clone())?, &cell, spec, batch)?;
        }
        for (name, cell) in beside {
            if let Some(field) = batch.field(name, cell).ok()? {
                batch.put(field, cell, &spec.format).ok()?;
            }
        }
        Some(())
    }

    /// The declared fields, then what the row has beside them where that is wanted.
    pub(crate) fn apply<'a>(&self, row: Row<'a>) -> Row<'a> {
        self.apply_as(row, |name| Cow::Owned(name.to_owned()))
    }

    /// The same, for as long as this is borrowed.
    pub(crate) fn apply_here<'a>(&'a self, row: Row<'a>) -> Row<'a> {
        self.apply_as(row, Cow::Borrowed)
    }

    fn apply_as<'a, 's>(&'s self, row: Row<'a>, name: impl Fn(&'s str) -> Cow<'a, str>) -> Row<'a> {
        let mut out: Row<'a> = Vec::with_capacity(self.fields.len() + row.len());
        out.extend(self.fields.iter().map(|field| (name(&field.name), field.path.of(&row))));
        if self.discovers {
            out.extend(row.into_iter().filter(|(name, _)| !self.names.contains(name.as_ref())));
        }
        out
    }
}

/// Writes a value; nothing when the row has one of that name, or when it cannot be taken.
fn put(name: &str, cell: &Cell<'_>, spec: &TimestampSpec, batch: &mut ParsedBatch) -> Option<()> {
    match batch.field(name, cell).ok()? {
        Some(field) if batch.has_seen(field) => None,
        Some(field) => batch.put(field, cell, &spec.format).ok(),
        None => Some(()),
    }
}

impl Field {
    fn root(name: &str) -> Field {
        Field { name: name.to_owned(), kind: "root", written: Value::from(name), path: Path::root(name), num_places: 0 }
    }

    fn parse(fields: &Fields<'_>) -> Result<Field> {
        let name = fields.required_text("name")?;
        let refused = |field: &str, why: String| fields.wrong(field, why);
        match fields.tag(None)?.as_str() {
            "root" => {
                let expr = fields.text("expr")?.unwrap_or_else(|| name.clone());
                Ok(Field { kind: "root", path: Path::root(&expr), written: Value::from(expr), name, num_places: 0 })
            }
            "path" => {
                let expr = fields.required_text("expr")?;
                let path = Path::json_path(&expr).map_err(|why| refused("expr", why))?;
                Ok(Field { kind: "path", path, written: Value::from(expr), name, num_places: 0 })
            }
            "jq" => {
                let expr = fields.required_text("expr")?;
                let path = Path::jq(&expr).map_err(|why| refused("expr", why))?;
                Ok(Field { kind: "jq", path, written: Value::from(expr), name, num_places: 0 })
            }
            "tree" => {
                let nodes = fields.texts("nodes")?.unwrap_or_default();
                if nodes.is_empty() {
                    return Err(fields.wrong("nodes", "is required"));
                }
                Ok(Field { kind: "tree", path: Path::nodes(&nodes), written: Value::from(nodes), name, num_places: 0 })
            }
            other => Err(fields.wrong("type", format!("must be root, path, jq or tree, not [{other}]"))),
        }
    }

    fn to_json(&self) -> Value {
        let key = if self.kind == "tree" { "nodes" } else { "expr" };
        json!({"type": self.kind, "name": self.name, key: self.written})
    }
}

/// The value of a field of a row.
fn lookup<'r, 'a>(row: &'r [(Cow<'a, str>, Cell<'a>)], name: &str) -> Option<&'r Cell<'a>> {
    row.iter().find(|(found, _)| found == name).map(|(_, cell)| cell)
}
