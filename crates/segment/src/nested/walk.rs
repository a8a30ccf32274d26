//! Through one document, from its text: no tree is made of what is no array.

use std::borrow::Cow;
use std::fmt;

use aggregate::literal_of;
use dialect::value::Value;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::gather::Tree;

/// Literals of one document, each with its path.
pub(super) type Found<'de> = Vec<(u32, Value<'de>)>;

/// What lies at a node of the tree.
pub(super) struct Walk<'t, 'o, 'de> {
    pub(super) tree: &'t mut Tree,
    pub(super) node: u32,
    pub(super) found: &'o mut Found<'de>,
}

impl<'de> Walk<'_, '_, 'de> {
    fn literal(self, value: Value<'de>) {
        if value != Value::Null
            && let Some(path) = self.tree.path_at(self.node)
        {
            self.found.push((path, value));
        }
    }

    /// As reading its text.
    fn tree(self, json: &Json) {
        match json {
            Json::Object(fields) => {
                for (name, json) in fields {
                    if let Some(node) = self.tree.field(self.node, name) {
                        Walk { tree: self.tree, node, found: self.found }.tree(json);
                    }
                }
            }
            Json::Array(items) if items.iter().any(|item| item.is_array() || item.is_object()) => {
                for (at, json) in items.iter().enumerate() {
                    if let Some(node) = self.tree.element(self.node, at) {
                        Walk { tree: self.tree, node, found: self.found }.tree(json);
                    }
                }
            }
            literal => self.literal(literal_of(literal)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.literal(Value::Long(value.into()));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.literal(Value::Long(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.literal(i64::try_from(value).map_or(Value::Double(value as f64), Value::Long));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.literal(Value::Double(value));
        Ok(())
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.literal(Value::Text(Cow::Borrowed(text)));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.literal(Value::Text(Cow::Owned(text.to_owned())));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element::<Json>()? {
            array.push(item);
        }
        self.tree(&Json::Array(array));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(node) = fields.next_key_seed(Name { tree: self.tree, node: self.node })? {
            match node {
                Some(node) => fields.next_value_seed(Walk { tree: self.tree, node, found: self.found })?,
                None => _ = fields.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}

/// The name of a field, as the node below.
struct Name<'t> {
    tree: &'t mut Tree,
    node: u32,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<u32>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<u32>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<u32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<u32>, E> {
        Ok(self.tree.field(self.node, name))
    }
}
