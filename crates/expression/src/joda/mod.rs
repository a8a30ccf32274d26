//! Date patterns in the letters of Joda-Time, with names of months and days: `yyyy-MM-dd'T'HH:mm:ss.SSSZZ`.

pub(crate) mod civil;
mod names;
mod parse;
mod pattern;
mod print;

pub use names::Names;
pub use pattern::Pattern;

#[cfg(test)]
mod tests;
