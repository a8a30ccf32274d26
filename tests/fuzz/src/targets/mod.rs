//! One file per parser.

mod expression;
mod granularity;
mod interval;
mod json;
mod kafka;
mod query;
mod segment;
mod separated;

/// Something that reads.
pub struct Target {
    /// Its name, and that of its seeds.
    pub name: &'static str,
    /// Reads; what is wrong with the input is an error that is dropped here.
    pub run: fn(&[u8]),
}

/// All of them.
pub static TARGETS: &[Target] = &[
    expression::TARGET,
    granularity::TARGET,
    interval::TARGET,
    json::TARGET,
    kafka::TARGET,
    query::TARGET,
    segment::TARGET,
    separated::TARGET,
];

/// The target of a name.
pub fn named(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// What a text parser is given; other bytes never reach one.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}
