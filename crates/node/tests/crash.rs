//! The binary dies at a named point, or at any moment, starts again, and every number is right.

#[path = "crash/case.rs"]
mod case;
#[path = "crash/points.rs"]
mod points;
