//! How a record becomes a row of plain cells and back.

use crate::{Error, Result};

/// One cell. Everything that is neither a number nor absent is text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
}

pub type Row = Vec<Value>;

/// A type that fits one cell.
pub trait Field: Sized {
    fn put(&self) -> Value;
    /// Fails with what was found when the cell holds something else.
    fn take(value: Value) -> Result<Self, String>;
}

/// A record kept as one row of one table. The first `KEYS` columns are its primary key.
pub trait Record: Sized + Send + Sync {
    const TABLE: &'static str;
    const COLUMNS: &'static [&'static str];
    const KEYS: usize;
    fn to_row(&self) -> Row;
    /// Fails with `Corrupt` naming table and column.
    fn from_row(row: Row) -> Result<Self>;
}

/// Reads the cells of a row in column order.
pub struct Cells<'a> {
    table: &'a str,
    cells: std::vec::IntoIter<Value>,
}

impl<'a> Cells<'a> {
    pub fn new(table: &'a str, row: Row) -> Self {
        Self { table, cells: row.into_iter() }
    }

    pub fn next<T: Field>(&mut self, column: &str) -> Result<T> {
        let table = self.table;
        let cell = self.cells.next().ok_or_else(|| Error::Corrupt(format!("{table}.{column} is missing")))?;
        T::take(cell).map_err(|found| Error::Corrupt(format!("{table}.{column} holds {found}")))
    }
}

fn found(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Int(number) => format!("number {number}"),
        Value::Text(text) => format!("text [{}]", text.chars().take(80).collect::<String>()),
    }
}

impl Field for i64 {
    fn put(&self) -> Value {
        Value::Int(*self)
    }
    fn take(value: Value) -> Result<Self, String> {
        match value {
            Value::Int(number) => Ok(number),
            other => Err(found(&other)),
        }
    }
}

impl Field for i32 {
    fn put(&self) -> Value {
        Value::Int(i64::from(*self))
    }
    fn take(value: Value) -> Result<Self, String> {
        let number = i64::take(value)?;
        i32::try_from(number).map_err(|_| format!("number {number}"))
    }
}

impl Field for u32 {
    fn put(&self) -> Value {
        Value::Int(i64::from(*self))
    }
    fn take(value: Value) -> Result<Self, String> {
        let number = i64::take(value)?;
        u32::try_from(number).map_err(|_| format!("number {number}"))
    }
}

impl Field for bool {
    fn put(&self) -> Value {
        Value::Int(i64::from(*self))
    }
    fn take(value: Value) -> Result<Self, String> {
        match i64::take(value)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(format!("number {other}")),
        }
    }
}

impl Field for String {
    fn put(&self) -> Value {
        Value::Text(self.clone())
    }
    fn take(value: Value) -> Result<Self, String> {
        match value {
            Value::Text(text) => Ok(text),
            other => Err(found(&other)),
        }
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self) -> Value {
        self.as_ref().map_or(Value::Null, Field::put)
    }
    fn take(value: Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            other => T::take(other).map(Some),
        }
    }
}

/// Defines a record: the struct, and its row form in field order.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident in $table:literal, $keys:literal keys {
        $($(#[$fmeta:meta])* $field:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name { $($(#[$fmeta])* pub $field: $type,)* }

        impl $crate::records::Record for $name {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),*];
            const KEYS: usize = $keys;
            fn to_row(&self) -> $crate::records::Row {
                vec![$($crate::records::Field::put(&self.$field)),*]
            }
            fn from_row(row: $crate::records::Row) -> $crate::Result<Self> {
                let mut cells = $crate::records::Cells::new($table, row);
                Ok(Self { $($field: cells.next(stringify!($field))?),* })
            }
        }
    };
}

/// Defines a closed set of states with the word each is stored as.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }
        }

        impl $crate::records::Field for $name {
            fn put(&self) -> $crate::records::Value {
                $crate::records::Value::Text(self.as_str().to_owned())
            }
            fn take(value: $crate::records::Value) -> Result<Self, String> {
                let text = <String as $crate::records::Field>::take(value)?;
                match text.as_str() {
                    $($word => Ok($name::$variant),)*
                    _ => Err(format!("unknown word [{text}]")),
                }
            }
        }
    };
}

pub(crate) use {record, words};
