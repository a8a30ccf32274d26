//! The binary dies at a named point, or at any moment, starts again, and every number is right.
//!
//! | State | Made by |
//! |---|---|
//! | I1 to I5, P1 to P5, U1 to U5, U7, B1 to B4, C1 to C4, M1, M5 | a kill at the point: `points` |
//! | I6 | a kill at every reading of one record: `killer` |
//! | P2, P4, P7, B10, M3, M6, local files that are gone | a change of the files between two lives: `damage` |
//! | M2, P2 | a kill, and everything is gone that was not synced: `power` |
//! | whatever has no name | a kill at any moment: `moments` |
//! | I7, I8, P6, U6, B5 to B9, B10, M4 | a fault inside one process: tests of `ingest` and `metastore` |
//!
//! `DOLMEN_SEED` sets the moments, `DOLMEN_TEST_BINARY` the binary.

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
#[cfg(target_os = "linux")]
#[path = "crash/power.rs"]
mod power;
