//! `flattenSpec`: values from inside nested objects become fields of the row.

mod path;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use serde_json::{Value, json};

use super::cell::Cell;
use super::formats::Row;
use super::json::{Place, Places};
use crate::Result;
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
    is_whole: bool,
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
        for (field, places) in found.iter_mut().zip(&places) {
            field.num_places = places.len();
            field.is_whole = field.path.ends_behind(places.len());
        }
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

    /// Where the values of declared fields stand in a text, by their numbers; `None` when one needs all of it.
    pub(crate) fn places(&self) -> Option<&Places> {
        self.places.as_ref()
    }

    /// Names of the declared fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// Whether a field of the row stays one under its own name.
    pub(crate) fn passes_on(&self, name: &str) -> bool {
        self.discovers && !self.names.contains(name)
    }

    /// Whether what stands at the place of a declared field is its value.
    pub(crate) fn is_whole(&self, field: usize) -> bool {
        self.fields[field].is_whole
    }

    /// The value of a declared field, from what stands at its place.
    pub(crate) fn behind<'a>(&self, field: usize, found: Cell<'a>) -> Cell<'a> {
        let Field { path, num_places, .. } = &self.fields[field];
        path.behind(*num_places, found)
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

impl Field {
    fn root(name: &str) -> Field {
        Field {
            name: name.to_owned(),
            kind: "root",
            written: Value::from(name),
            path: Path::root(name),
            num_places: 0,
            is_whole: false,
        }
    }

    fn parse(fields: &Fields<'_>) -> Result<Field> {
        let name = fields.required_text("name")?;
        let refused = |field: &str, why: String| fields.wrong(field, why);
        match fields.tag(None)?.as_str() {
            "root" => {
                let expr = fields.text("expr")?.unwrap_or_else(|| name.clone());
                Ok(Field {
                    kind: "root",
                    path: Path::root(&expr),
                    written: Value::from(expr),
                    name,
                    num_places: 0,
                    is_whole: false,
                })
            }
            "path" => {
                let expr = fields.required_text("expr")?;
                let path = Path::json_path(&expr).map_err(|why| refused("expr", why))?;
                Ok(Field { kind: "path", path, written: Value::from(expr), name, num_places: 0, is_whole: false })
            }
            "jq" => {
                let expr = fields.required_text("expr")?;
                let path = Path::jq(&expr).map_err(|why| refused("expr", why))?;
                Ok(Field { kind: "jq", path, written: Value::from(expr), name, num_places: 0, is_whole: false })
            }
            "tree" => {
                let nodes = fields.texts("nodes")?.unwrap_or_default();
                if nodes.is_empty() {
                    return Err(fields.wrong("nodes", "is required"));
                }
                Ok(Field {
                    kind: "tree",
                    path: Path::nodes(&nodes),
                    written: Value::from(nodes),
                    name,
                    num_places: 0,
                    is_whole: false,
                })
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
