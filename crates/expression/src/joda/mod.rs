//! Date patterns in the letters of Joda-Time, English names: `yyyy-MM-dd'T'HH:mm:ss.SSSZZ`.

pub(crate) mod civil;
mod parse;
mod pattern;
mod print;

pub use pattern::Pattern;

#[cfg(test)]
mod tests;
