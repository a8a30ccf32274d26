//! How values are read, compared and printed: text forms of numbers, lenient JSON scalars, string
//! orders, exactly as Druid's clients see them.

mod decimal;
mod error;
pub mod order;
pub mod path;
pub mod print;
pub mod read;
pub mod utf16;
pub mod value;

pub use decimal::Decimal;
pub use error::{Error, ErrorKind, Result};
pub use order::StringOrder;
