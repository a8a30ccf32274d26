//! The binary dies at a named point, or at any moment, starts again, and every number is right.

#[path = "crash/case.rs"]
mod case;
#[path = "crash/damage.rs"]
mod damage;
#[path = "crash/killer.rs"]
mod killer;
#[path = "crash/moments.rs"]
mod moments;
#[path = "crash/points.rs"]
mod points;
