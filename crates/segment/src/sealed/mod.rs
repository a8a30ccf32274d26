//! Rows written down: the published Parquet file and the local image of it.

mod directory;
mod image;
mod inspect;
mod open;
mod parquet;
mod section;

pub use image::write_image;
pub use inspect::{ColumnInspection, Inspection, inspect};
pub use open::SealedSegment;
pub use parquet::{image_from_parquet, write_parquet};
