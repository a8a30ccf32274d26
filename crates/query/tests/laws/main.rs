//! However the rows of a time chunk are cut into segments, and whatever form each segment has, every kind of query
//! gives one answer.

mod forms;
mod queries;
mod splits;
