//! The histogram's bytes, as Druid writes them, big endian: sparse (size, minus the number of bins, positions, counts
//! with the top bit set where approximate, smallest, greatest), dense (the same with room for all bins), or for few
//! values compact (minus the size in 2 bytes, then the values themselves; approximate ones apart, behind minus their
//! number and followed by smallest and greatest).

use crate::error::Result;
use crate::sketches::bytes::Reader;

use super::{ApproxHistogram, Bin, check_size, corrupt};

const APPROXIMATE: u64 = 1 << 63;

impl ApproxHistogram {
    pub fn encode(&self, out: &mut Vec<u8>) {
        let count = |approximate: bool| -> u64 {
            let bins = self.bins.iter().filter(|bin| bin.is_approximate == approximate);
            bins.map(|bin| bin.count).sum()
        };
        let (exact, approximate) = (count(false), count(true));
        let few = |count: u64| i8::try_from(count).ok();
        let size = i16::try_from(self.size).ok();
        let sparse_bytes = 16 + 12 * self.bins.len() as u64;
        let compact_bytes = 3 + 4 * exact + if approximate > 0 { 9 + 4 * approximate } else { 0 };
        if let (Some(size), Some(exact), Some(approximate)) = (size, few(exact), few(approximate))
            && compact_bytes < sparse_bytes
        {
            return self.encode_compact(size, exact, approximate, out);
        }
        out.extend_from_slice(&(self.size as i32).to_be_bytes());
        out.extend_from_slice(&(-(self.bins.len() as i32)).to_be_bytes());
        self.bins.iter().for_each(|bin| out.extend_from_slice(&bin.position.to_be_bytes()));
        for bin in &self.bins {
            let flag = if bin.is_approximate { APPROXIMATE } else { 0 };
            out.extend_from_slice(&(bin.count | flag).to_be_bytes());
        }
        out.extend_from_slice(&self.min.to_be_bytes());
        out.extend_from_slice(&self.max.to_be_bytes());
    }

    fn encode_compact(&self, size: i16, exact: i8, approximate: i8, out: &mut Vec<u8>) {
        let values = |approximate: bool, out: &mut Vec<u8>| {
            for bin in self.bins.iter().filter(|bin| bin.is_approximate == approximate) {
                (0..bin.count).for_each(|_| out.extend_from_slice(&bin.position.to_be_bytes()));
            }
        };
        out.extend_from_slice(&(-size).to_be_bytes());
        if approximate > 0 {
            out.extend_from_slice(&(-approximate).to_be_bytes());
            values(true, out);
            out.extend_from_slice(&self.min.to_be_bytes());
            out.extend_from_slice(&self.max.to_be_bytes());
        }
        out.extend_from_slice(&exact.to_be_bytes());
        values(false, out);
    }

    /// Reads any of the forms, without limits.
    pub fn decode(bytes: &[u8]) -> Result<ApproxHistogram> {
        let mut reader = Reader(bytes);
        let histogram = match bytes {
            [first, ..] if first >> 7 == 1 => compact(&mut reader),
            _ => bins(&mut reader),
        };
        histogram.ok_or(corrupt("is cut short or holds what cannot be"))
    }
}

fn floats(reader: &mut Reader<'_>, num: usize) -> Option<Vec<f32>> {
    (0..num).map(|_| reader.float().filter(|value| !value.is_nan())).collect()
}

fn bins(reader: &mut Reader<'_>) -> Option<ApproxHistogram> {
    let size = check_size(usize::try_from(i32::from_be_bytes(reader.take()?)).ok()?).ok()?;
    let num_bins = i32::from_be_bytes(reader.take()?);
    let num_stored = if num_bins < 0 { num_bins.unsigned_abs() as usize } else { size };
    let num_bins = num_bins.unsigned_abs() as usize;
    if num_bins > size {
        return None;
    }
    let positions = floats(reader, num_stored)?;
    let counts: Option<Vec<u64>> = (0..num_stored).map(|_| reader.take().map(u64::from_be_bytes)).collect();
    let bins = positions.iter().zip(counts?).take(num_bins);
    let bin = |(&position, count): (&f32, u64)| Bin {
        position,
        count: count & !APPROXIMATE,
        is_approximate: count & APPROXIMATE != 0,
    };
    let mut histogram = ApproxHistogram::new(size, f32::NEG_INFINITY, f32::INFINITY);
    histogram.bins = bins.map(bin).collect();
    (histogram.min, histogram.max) = (reader.float()?, reader.float()?);
    histogram.bins.is_sorted_by(|one, other| one.position < other.position).then_some(histogram)
}

fn compact(reader: &mut Reader<'_>) -> Option<ApproxHistogram> {
    let size = usize::from(i16::from_be_bytes(reader.take()?).unsigned_abs());
    let mut histogram = ApproxHistogram::new(check_size(size).ok()?, f32::NEG_INFINITY, f32::INFINITY);
    let mut num = i8::from_be_bytes(reader.take()?);
    let mut bounds = None;
    if num < 0 {
        for value in floats(reader, usize::from(num.unsigned_abs()))? {
            histogram.add(value);
        }
        histogram.bins.iter_mut().for_each(|bin| bin.is_approximate = true);
        bounds = Some((reader.float()?, reader.float()?));
        num = i8::from_be_bytes(reader.take()?);
    }
    for value in floats(reader, usize::try_from(num).ok()?)? {
        histogram.add(value);
    }
    if let Some(bounds) = bounds {
        (histogram.min, histogram.max) = bounds;
    }
    Some(histogram)
}
