//! The store from outside: HTTP in, JSON out.

mod clients;
mod hostile;
mod lookups;
mod negotiation;
mod recast;
mod scenarios;
mod sketches;
mod store;
mod traps;
mod volumes;
