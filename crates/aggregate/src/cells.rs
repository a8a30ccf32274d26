//! Cells of a dense table: the codes of several keys as the digits of one number.

use crate::input::Codes;

/// Makes room for a digit behind each row's number, of so many codes, and puts the code there. The greatest number fits
/// into 32 bits, or cells are wrong.
pub fn add_digits(cells: &mut [u32], num_codes: u32, codes: Codes<'_>) {
    match codes {
        Codes::U8(codes) => add(cells, num_codes, codes),
        Codes::U16(codes) => add(cells, num_codes, codes),
        Codes::U32(codes) => add(cells, num_codes, codes),
    }
}

/// The codes behind a number that all rows share.
pub fn first_digits(cells: &mut Vec<u32>, before: u32, codes: Codes<'_>) {
    cells.clear();
    match codes {
        Codes::U8(codes) => cells.extend(codes.iter().map(|code| before + u32::from(*code))),
        Codes::U16(codes) => cells.extend(codes.iter().map(|code| before + u32::from(*code))),
        Codes::U32(codes) => cells.extend(codes.iter().map(|code| before + code)),
    }
}

fn add<C: Copy + Into<u32>>(cells: &mut [u32], num_codes: u32, codes: &[C]) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn wide<C: Copy + Into<u32>>(cells: &mut [u32], num_codes: u32, codes: &[C]) {
            plain(cells, num_codes, codes);
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the feature was found on this machine.
            return unsafe { wide(cells, num_codes, codes) };
        }
    }
    plain(cells, num_codes, codes);
}

#[inline(always)]
fn plain<C: Copy + Into<u32>>(cells: &mut [u32], num_codes: u32, codes: &[C]) {
    cells.iter_mut().zip(codes).for_each(|(cell, code)| *cell = *cell * num_codes + (*code).into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_digits_of_a_number() {
        let (high, middle, low) = (vec![0u8, 2, 255, 7], vec![5u16, 0, 999, 1], vec![3u32, 70_000, 0, 69_999]);
        let mut cells = Vec::new();
        first_digits(&mut cells, 10, Codes::U32(&low));
        assert_eq!(cells, [13, 70_010, 10, 70_009]);
        first_digits(&mut cells, 0, Codes::U8(&high));
        add_digits(&mut cells, 1_000, Codes::U16(&middle));
        add_digits(&mut cells, 3, Codes::U8(&[2, 1, 0, 2]));
        assert_eq!(cells, [5 * 3 + 2, 2_000 * 3 + 1, 255_999 * 3, 7_001 * 3 + 2]);
        add_digits(&mut cells, 1, Codes::U32(&[0; 4]));
        assert_eq!(cells, [17, 6_001, 767_997, 21_005]);
    }
}
