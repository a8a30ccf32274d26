//! What the codes of a segment stand for, found out when rows first show them.

use arrow_buffer::ArrowNativeType;

/// A code that has not been met.
const NONE: u32 = u32::MAX;

/// A number for each code of a segment that has been met.
#[derive(Default)]
pub(super) struct CodeMap {
    to: Vec<u32>,
    /// Whether no code has been met.
    is_fresh: bool,
    marks: Vec<bool>,
}

impl CodeMap {
    /// Forgets all; codes are below `num_codes` from now on.
    pub fn begin(&mut self, num_codes: usize) {
        self.to.clear();
        self.to.resize(num_codes, NONE);
        self.is_fresh = true;
    }

    /// Codes are below it.
    pub fn len(&self) -> usize {
        self.to.len()
    }

    /// Puts the number of each code into `out`; false when one of them has not been met.
    pub fn read<C: ArrowNativeType>(&self, codes: &[C], out: &mut Vec<u32>) -> bool {
        out.clear();
        if self.is_fresh && !codes.is_empty() {
            return false;
        }
        let to = self.to.as_slice();
        out.extend(codes.iter().map(|code| to[code.as_usize()]));
        !out.contains(&NONE)
    }

    /// Those of the codes that have not been met, once each and in their order: marked first, so that no row is a
    /// surprise to the processor.
    pub fn unknown<C: ArrowNativeType>(&mut self, codes: &[C]) -> Vec<u64> {
        self.marks.clear();
        self.marks.resize(self.to.len(), false);
        let (marks, to) = (self.marks.as_mut_slice(), self.to.as_slice());
        codes.iter().for_each(|code| marks[code.as_usize()] = true);
        let mut unknown = vec![0; to.len()];
        let mut num = 0;
        for (code, (mark, to)) in (0u64..).zip(marks.iter().zip(to)) {
            unknown[num] = code;
            num += usize::from(*mark & (*to == NONE));
        }
        unknown.truncate(num);
        unknown
    }

    /// What unknown codes stand for.
    pub fn learn(&mut self, codes: &[u64], numbers: Vec<u32>) {
        codes.iter().zip(numbers).for_each(|(code, number)| self.to[code.as_usize()] = number);
        self.is_fresh = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_asked_for_once() {
        let (mut map, mut out) = (CodeMap::default(), Vec::new());
        map.begin(300);
        assert!(!map.read(&[7u16, 299, 7], &mut out));
        assert_eq!(map.unknown(&[7u16, 299, 7]), [7, 299]);
        map.learn(&[7, 299], vec![1, 0]);
        assert!(map.read(&[299u16, 7, 7], &mut out));
        assert_eq!(out, [0, 1, 1]);
        assert!(!map.read(&[7u8, 8], &mut out));
        assert_eq!(map.unknown(&[7u8, 8]), [8]);
        map.begin(2);
        assert_eq!(map.unknown(&[1u8, 0]), [0, 1]);
    }
}
