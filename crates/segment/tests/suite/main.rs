//! Segments as their users see them, in one binary.

mod common;
mod conformance;
mod golden;
mod interop;
mod nested;
mod published;
mod values;
