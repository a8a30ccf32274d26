//! `deserialize_with` functions for JSON scalars that may be written as a number, a boolean or a
//! string, as Druid's clients do.
//!
//! For a field whose default is not the type's own, use the `opt_` form: an explicit null then is
//! the same as an absent field (`#[serde(default, deserialize_with = "lenient::opt_bool")]`). In the
//! plain forms null gives zero, false or the empty text.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

/// A scalar that can be read from any JSON scalar which means it.
pub trait Scalar: Sized + Default {
    const EXPECTED: &'static str;
    fn from_integer(value: i128) -> Option<Self>;
    fn from_double(value: f64) -> Option<Self>;
    fn from_bool(value: bool) -> Option<Self>;
    fn from_text(text: &str) -> Option<Self>;
}

/// Integers: a fraction in a JSON number is cut off, in a string refused.
macro_rules! integer_scalar {
    ($($type:ty),*) => {$(
        impl Scalar for $type {
            const EXPECTED: &'static str = concat!("an integer (", stringify!($type), ") or its text");

            fn from_integer(value: i128) -> Option<Self> {
                <$type>::try_from(value).ok()
            }

            fn from_double(value: f64) -> Option<Self> {
                (value.abs() < 9.3e18).then(|| Self::from_integer(value as i128)).flatten()
            }

            fn from_bool(_: bool) -> Option<Self> {
                None
            }

            fn from_text(text: &str) -> Option<Self> {
                Self::from_integer(text.trim().parse().ok()?)
            }
        }
    )*};
}

integer_scalar!(i32, u32, i64, u64, usize);

impl Scalar for f64 {
    const EXPECTED: &'static str = "a number or its text";

    fn from_integer(value: i128) -> Option<Self> {
        Some(value as f64)
    }

    fn from_double(value: f64) -> Option<Self> {
        Some(value)
    }

    fn from_bool(_: bool) -> Option<Self> {
        None
    }

    fn from_text(text: &str) -> Option<Self> {
        super::double(text.trim())
    }
}

impl Scalar for bool {
    const EXPECTED: &'static str = "true or false, or its text";

    fn from_integer(value: i128) -> Option<Self> {
        Some(value != 0)
    }

    fn from_double(_: f64) -> Option<Self> {
        None
    }

    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }

    fn from_text(text: &str) -> Option<Self> {
        super::boolean(text.trim())
    }
}

impl Scalar for String {
    const EXPECTED: &'static str = "a string";

    fn from_integer(value: i128) -> Option<Self> {
        Some(value.to_string())
    }

    fn from_double(value: f64) -> Option<Self> {
        Some(crate::print::double_text(value))
    }

    fn from_bool(value: bool) -> Option<Self> {
        Some(value.to_string())
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

struct ScalarVisitor<T>(PhantomData<T>);

impl<'de, T: Scalar> Visitor<'de> for ScalarVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Option<T>, E> {
        found(T::from_bool(value), &self, de::Unexpected::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Option<T>, E> {
        found(T::from_integer(value.into()), &self, de::Unexpected::Signed(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Option<T>, E> {
        found(T::from_integer(value.into()), &self, de::Unexpected::Unsigned(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Option<T>, E> {
        found(T::from_double(value), &self, de::Unexpected::Float(value))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<T>, E> {
        found(T::from_text(text), &self, de::Unexpected::Str(text))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_none<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

fn found<T: Scalar, E: de::Error>(
    value: Option<T>,
    visitor: &ScalarVisitor<T>,
    given: de::Unexpected<'_>,
) -> Result<Option<T>, E> {
    value.map(Some).ok_or_else(|| E::invalid_value(given, visitor as &dyn de::Expected))
}

/// Any scalar, null as `None`.
pub fn opt<'de, T: Scalar, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(ScalarVisitor(PhantomData))
}

/// Any scalar, null as the type's default.
pub fn scalar<'de, T: Scalar, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    opt(deserializer).map(Option::unwrap_or_default)
}

macro_rules! named {
    ($($plain:ident $optional:ident $type:ty),* $(,)?) => {$(
        #[doc = concat!("[`scalar`] of `", stringify!($type), "`.")]
        pub fn $plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
            scalar(deserializer)
        }

        #[doc = concat!("[`opt`] of `", stringify!($type), "`.")]
        pub fn $optional<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<$type>, D::Error> {
            opt(deserializer)
        }
    )*};
}

named!(
    i32 opt_i32 i32,
    u32 opt_u32 u32,
    i64 opt_i64 i64,
    u64 opt_u64 u64,
    usize opt_usize usize,
    f64 opt_f64 f64,
    bool opt_bool bool,
    string opt_string String,
);

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = Option<Vec<String>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(vec![text.to_owned()]))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Item(item)) = seq.next_element()? {
            list.push(item);
        }
        Ok(Some(list))
    }
}

struct Item(String);

impl<'de> de::Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Item, D::Error> {
        match opt(deserializer)? {
            Some(text) => Ok(Item(text)),
            None => Err(de::Error::invalid_type(de::Unexpected::Unit, &"a string")),
        }
    }
}

/// A list of strings, or one string for a list of one. Null as `None`.
pub fn opt_string_or_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    deserializer.deserialize_any(ListVisitor)
}

/// As [`opt_string_or_list`], null as the empty list.
pub fn string_or_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    opt_string_or_list(deserializer).map(Option::unwrap_or_default)
}

/// Any value whose explicit null means its default.
pub fn null_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: de::Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests;
