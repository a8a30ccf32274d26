//! The histogram's bytes, as Druid writes them, big endian: version 1, form (1 full, 2 sparse), limits, number of
//! buckets (4 bytes), mode for outliers (1), values, values below, values above, missing ones, greatest, smallest; then
//! every count, or the number of buckets with values and each of these with its count.

use crate::error::Result;
use crate::sketches::bytes::Reader;

use super::{FixedBuckets, Outliers, Shape, corrupt};

const VERSION: u8 = 1;
const FULL: u8 = 1;
const SPARSE: u8 = 2;

impl FixedBuckets {
    pub fn encode(&self, out: &mut Vec<u8>) {
        let num_filled = self.counts.iter().filter(|&&count| count > 0).count();
        let sparse = num_filled < self.counts.len() / 2;
        out.extend_from_slice(&[VERSION, if sparse { SPARSE } else { FULL }]);
        out.extend_from_slice(&self.shape.lower.to_be_bytes());
        out.extend_from_slice(&self.shape.upper.to_be_bytes());
        out.extend_from_slice(&(self.counts.len() as u32).to_be_bytes());
        out.push(self.shape.outliers as u8);
        for number in [self.count, self.num_below, self.num_above, self.num_missing] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&self.max.to_be_bytes());
        out.extend_from_slice(&self.min.to_be_bytes());
        if !sparse {
            return self.counts.iter().for_each(|count| out.extend_from_slice(&count.to_be_bytes()));
        }
        out.extend_from_slice(&(num_filled as u32).to_be_bytes());
        for (bucket, count) in (0_u32..).zip(&self.counts).filter(|&(_, &count)| count > 0) {
            out.extend_from_slice(&bucket.to_be_bytes());
            out.extend_from_slice(&count.to_be_bytes());
        }
    }

    pub fn decode(bytes: &[u8]) -> Result<FixedBuckets> {
        let [VERSION, form @ (FULL | SPARSE), rest @ ..] = bytes else {
            return Err(corrupt("has an unknown version or form"));
        };
        histogram(Reader(rest), *form == SPARSE).ok_or(corrupt("is cut short or holds what cannot be"))
    }
}

fn histogram(mut reader: Reader<'_>, sparse: bool) -> Option<FixedBuckets> {
    let (lower, upper, num_buckets) = (reader.double()?, reader.double()?, reader.int()?);
    let [mode] = reader.take::<1>()?;
    let (_, outliers) = Outliers::ALL.get(usize::from(mode))?;
    let shape = Shape { lower, upper, num_buckets, outliers: *outliers };
    let mut histogram = Some(shape).filter(Shape::is_valid).map(FixedBuckets::new)?;
    histogram.count = reader.long()?;
    histogram.num_below = reader.long()?;
    histogram.num_above = reader.long()?;
    histogram.num_missing = reader.long()?;
    histogram.max = reader.double()?;
    histogram.min = reader.double()?;
    if !sparse {
        for bucket in 0..num_buckets {
            histogram.counts[bucket] = reader.long()?;
        }
        return Some(histogram);
    }
    for _ in 0..reader.int()? {
        let bucket = reader.int()?;
        *histogram.counts.get_mut(bucket)? = reader.long()?;
    }
    Some(histogram)
}
