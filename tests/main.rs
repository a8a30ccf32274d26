//! The store from outside: HTTP in, JSON out.

mod hostile;
mod scenarios;
mod store;
