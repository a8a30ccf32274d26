//! The rows of a mask one after the other: loops that end with every word cannot be foreseen, so that few bits of many
//! words are listed first.

/// Bits of a word that are listed without asking whether there are so many.
pub(crate) const LISTED_TOGETHER: usize = 8;

/// How many bits are set.
pub fn count(words: &[u64]) -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        /// # Safety
        /// The machine must have POPCNT.
        #[target_feature(enable = "popcnt")]
        unsafe fn count_quickly(words: &[u64]) -> usize {
            count_each(words)
        }
        if std::is_x86_feature_detected!("popcnt") {
            // SAFETY: the feature was found on this machine.
            return unsafe { count_quickly(words) };
        }
    }
    count_each(words)
}

#[inline(always)]
fn count_each(words: &[u64]) -> usize {
    let mut num = 0;
    for word in words {
        num += word.count_ones() as usize;
    }
    num
}

/// Writes the places of the bits that are set, counted on from `start`; answers how many there are. There is room for
/// all bits and `LISTED_TOGETHER` more.
pub(crate) fn list(start: u32, words: &[u64], out: &mut [u32]) -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        /// # Safety
        /// The machine must have BMI1 and POPCNT.
        #[target_feature(enable = "bmi1,popcnt")]
        unsafe fn list_quickly(start: u32, words: &[u64], out: &mut [u32]) -> usize {
            list_each(start, words, out)
        }
        if std::is_x86_feature_detected!("bmi1") && std::is_x86_feature_detected!("popcnt") {
            // SAFETY: the features were found on this machine.
            return unsafe { list_quickly(start, words, out) };
        }
    }
    list_each(start, words, out)
}

#[inline(always)]
fn list_each(start: u32, words: &[u64], out: &mut [u32]) -> usize {
    let (mut num, mut start) = (0, start);
    for &word in words {
        let (mut left, mut at) = (word, num);
        while left != 0 {
            // What is too much the next word overwrites.
            for code in &mut out[at..at + LISTED_TOGETHER] {
                *code = start.wrapping_add(left.trailing_zeros());
                left &= left.wrapping_sub(1);
            }
            at += LISTED_TOGETHER;
        }
        num += word.count_ones() as usize;
        start = start.wrapping_add(64);
    }
    num
}

/// The places of the bits that are set, counted on from `start`.
pub fn places(start: u32, words: &[u64]) -> Vec<u32> {
    let mut out = vec![0; count(words) + LISTED_TOGETHER];
    let num = list(start, words, &mut out);
    out.truncate(num);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_listed_in_their_order() {
        let words = [0, 1, u64::MAX, 1 << 63, 0b1011 << 20, u64::MAX << 40];
        let expected: Vec<u32> =
            (0..384).filter(|at| words[at / 64] >> (at % 64) & 1 == 1).map(|at| at as u32 + 5).collect();
        let mut out = vec![0; 384 + LISTED_TOGETHER];
        assert_eq!(list(5, &words, &mut out), expected.len());
        assert_eq!(out[..expected.len()], expected);
        assert_eq!(count(&words), expected.len());
        assert_eq!(places(5, &words), expected);
        assert!(places(5, &[]).is_empty());
        let mut plain = vec![0; 384 + LISTED_TOGETHER];
        assert_eq!(list_each(5, &words, &mut plain), count_each(&words));
        assert_eq!(plain[..expected.len()], expected);
    }
}
