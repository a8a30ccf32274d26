//! Sums of whole runs, masked or not: four or eight lanes at a time where the processor has AVX2.
//!
//! The sums of floating numbers start at zero and add in lanes, so their last bits differ from a sum
//! from left to right. Integers wrap.

/// Numbers whose runs are summed.
pub(crate) trait Summed: Copy {
    fn sum(items: &[Self]) -> Self;
    /// The sum of the items whose bit is set; bits past the last item are zero.
    fn sum_masked(items: &[Self], words: &[u64]) -> Self;
}

macro_rules! summed {
    ($number:ty, $zero:expr, $plus:expr, $module:ident) => {
        impl Summed for $number {
            fn sum(items: &[$number]) -> $number {
                #[cfg(target_arch = "x86_64")]
                if std::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has AVX2.
                    return unsafe { $module::sum(items) };
                }
                $module::portable_sum(items)
            }

            fn sum_masked(items: &[$number], words: &[u64]) -> $number {
                #[cfg(target_arch = "x86_64")]
                if std::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has AVX2.
                    return unsafe { $module::sum_masked(items, words) };
                }
                $module::portable_sum_masked(items, words)
            }
        }

        mod $module {
            #[cfg(target_arch = "x86_64")]
            use crate::aggregator::SPARSE_WORD;

            const PLUS: fn($number, $number) -> $number = $plus;
            const LANES: usize = 16;

            #[inline(always)]
            pub fn portable_sum(items: &[$number]) -> $number {
                let (blocks, rest) = items.as_chunks::<LANES>();
                let mut lanes = [$zero; LANES];
                for block in blocks {
                    for (lane, &item) in lanes.iter_mut().zip(block) {
                        *lane = PLUS(*lane, item);
                    }
                }
                let total = lanes.into_iter().fold($zero, PLUS);
                rest.iter().copied().fold(total, PLUS)
            }

            pub fn portable_sum_masked(items: &[$number], words: &[u64]) -> $number {
                let mut total = $zero;
                for (items, &word) in items.chunks(64).zip(words) {
                    total = PLUS(total, if word == u64::MAX { portable_sum(items) } else { walked(items, word) });
                }
                total
            }

            /// The sum of the items whose bit is set, one by one.
            #[inline(always)]
            fn walked(items: &[$number], mut word: u64) -> $number {
                let mut total = $zero;
                while word != 0 {
                    total = PLUS(total, items[word.trailing_zeros() as usize]);
                    word &= word - 1;
                }
                total
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            pub unsafe fn sum(items: &[$number]) -> $number {
                portable_sum(items)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            pub unsafe fn sum_masked(items: &[$number], words: &[u64]) -> $number {
                // Plain loops: iterators are not taken in by a function with a feature of its own.
                let (chunks, rest) = items.as_chunks::<64>();
                let (mut lanes, mut total) = ([$zero; LANES], $zero);
                let mut at = 0;
                while at < words.len() {
                    let word = words[at];
                    if at < chunks.len() && word.count_ones() >= SPARSE_WORD {
                        select(&mut lanes, &chunks[at], word);
                    } else if at < chunks.len() {
                        total = PLUS(total, walked(&chunks[at], word));
                    } else {
                        total = PLUS(total, walked(rest, word));
                    }
                    at += 1;
                }
                let mut lane = 0;
                while lane < LANES {
                    total = PLUS(total, lanes[lane]);
                    lane += 1;
                }
                total
            }

            /// Adds the items whose bit is set, all lanes at once.
            #[cfg(target_arch = "x86_64")]
            #[inline]
            #[target_feature(enable = "avx2")]
            fn select(lanes: &mut [$number; LANES], items: &[$number; 64], word: u64) {
                let mut row = 0;
                while row < 64 {
                    let bits = (word >> row) as u32;
                    let mut lane = 0;
                    while lane < LANES {
                        let item = if bits >> lane & 1 == 1 { items[row + lane] } else { $zero };
                        lanes[lane] = PLUS(lanes[lane], item);
                        lane += 1;
                    }
                    row += LANES;
                }
            }
        }
    };
}

summed!(i64, 0_i64, i64::wrapping_add, longs);
summed!(f64, 0.0_f64, |one, other| one + other, doubles);
summed!(f32, 0.0_f32, |one, other| one + other, floats);

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(num_rows: usize, step: usize) -> Vec<u64> {
        let mut words = vec![0; num_rows.div_ceil(64)];
        (0..num_rows).filter(|row| !row.is_multiple_of(step)).for_each(|row| words[row / 64] |= 1 << (row % 64));
        words
    }

    #[test]
    fn sums_are_those_of_a_plain_loop() {
        for num_rows in [0, 1, 15, 64, 100, 1_000, 4_096] {
            let longs: Vec<i64> = (0..num_rows as i64).map(|row| row * row - 77).collect();
            let doubles: Vec<f64> = longs.iter().map(|&value| value as f64 / 4.0).collect();
            let floats: Vec<f32> = (0..num_rows).map(|row| (row % 64) as f32).collect();
            assert_eq!(i64::sum(&longs), longs.iter().sum::<i64>());
            assert_eq!(f64::sum(&doubles), doubles.iter().sum::<f64>() + 0.0);
            assert_eq!(f32::sum(&floats), floats.iter().sum::<f32>() + 0.0);
            for step in [1, 2, 3, 50] {
                let words = mask(num_rows, step);
                let kept = |row: &usize| !row.is_multiple_of(step);
                let rows = || (0..num_rows).filter(kept);
                assert_eq!(i64::sum_masked(&longs, &words), rows().map(|row| longs[row]).sum::<i64>());
                assert_eq!(f64::sum_masked(&doubles, &words), rows().map(|row| doubles[row]).sum::<f64>() + 0.0);
                assert_eq!(f32::sum_masked(&floats, &words), rows().map(|row| floats[row]).sum::<f32>() + 0.0);
                assert_eq!(longs::portable_sum_masked(&longs, &words), i64::sum_masked(&longs, &words));
                assert_eq!(doubles::portable_sum_masked(&doubles, &words), f64::sum_masked(&doubles, &words));
            }
        }
    }

    #[test]
    fn masked_out_numbers_do_not_count_even_if_not_finite() {
        let mut items = vec![1.0; 64];
        items[5] = f64::NAN;
        items[9] = f64::INFINITY;
        assert_eq!(f64::sum_masked(&items, &[!(1 << 5 | 1 << 9)]), 62.0);
        assert!(f64::sum_masked(&items, &[u64::MAX]).is_nan());
    }

    #[test]
    fn longs_wrap() {
        assert_eq!(i64::sum(&[i64::MAX, 1]), i64::MIN);
    }
}
