//! Rows written down: the published Parquet file and the local image of it.

mod column;
mod directory;
mod image;
mod inspect;
mod open;
mod parquet;
mod prepared;
mod publish;
mod rows;
mod section;
mod stored;
mod values;

/// How much of an image is looked at before it is used. Lengths, offsets and extents always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    /// Every byte: checksums, codes against dictionaries, bitmaps against rows, the order of dictionaries.
    Whole,
    /// What keeps reads inside of the image.
    Structure,
}

pub use image::write_image;
pub use inspect::{ColumnInspection, Inspection, inspect};
pub use open::SealedSegment;
pub use parquet::image_from_parquet;
pub(crate) use prepared::Prepared;
pub use publish::write_parquet;
