//! The rows and the work that the guard counts instructions of.

mod rows;
mod work;

pub use rows::Rows;
pub use work::{Case, cases};
