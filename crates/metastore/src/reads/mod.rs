//! What can be asked. Every answer is of one state of the database.

mod books;
mod history;
mod live;

pub use books::{LedgerFilter, TaskSums};
pub use history::TaskFilter;
pub use live::{Changes, LiveSet};
