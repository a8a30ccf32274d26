//! Cells of a dense table: the codes of several keys as the digits of one number.

use crate::input::Codes;

/// The number of a cell. Operations wrap.
pub trait Cell: Copy + Send + Sync {
    fn of(code: u32) -> Self;

    /// Makes room for a digit behind the number, of so many codes, and puts the code there.
    fn with_digit(self, num_codes: Self, code: Self) -> Self;
}

macro_rules! cell {
    ($($number:ty),*) => {
        $(impl Cell for $number {
            #[inline(always)]
            fn of(code: u32) -> Self {
                code as $number
            }

            #[inline(always)]
            fn with_digit(self, num_codes: Self, code: Self) -> Self {
                self.wrapping_mul(num_codes).wrapping_add(code)
            }
        })*
    };
}

cell!(u8, u16, u32);

/// The cell of each row by its codes, of as many keys, and by how many codes each has. The first number is that of the
/// first key, times the codes of all others. The greatest number fits into a cell, or cells are wrong.
pub fn cells_of<C: Cell>(keys: &[(u32, Codes<'_>)]) -> Vec<C> {
    let Some(((_, first), others)) = keys.split_first() else { return Vec::new() };
    let mut cells = match first {
        Codes::U8(codes) => begin(codes),
        Codes::U16(codes) => begin(codes),
        Codes::U32(codes) => begin(codes),
    };
    others.iter().for_each(|(num_codes, codes)| add_digits(&mut cells, *num_codes, *codes));
    cells
}

/// Puts a digit behind each row's number.
pub fn add_digits<C: Cell>(cells: &mut [C], num_codes: u32, codes: Codes<'_>) {
    match codes {
        Codes::U8(codes) => add(cells, C::of(num_codes), codes),
        Codes::U16(codes) => add(cells, C::of(num_codes), codes),
        Codes::U32(codes) => add(cells, C::of(num_codes), codes),
    }
}

fn begin<C: Cell, T: Copy + Into<u32>>(codes: &[T]) -> Vec<C> {
    codes.iter().map(|code| C::of((*code).into())).collect()
}

fn add<C: Cell, T: Copy + Into<u32>>(cells: &mut [C], num_codes: C, codes: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn wide<C: Cell, T: Copy + Into<u32>>(cells: &mut [C], num_codes: C, codes: &[T]) {
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
fn plain<C: Cell, T: Copy + Into<u32>>(cells: &mut [C], num_codes: C, codes: &[T]) {
    cells.iter_mut().zip(codes).for_each(|(cell, code)| *cell = cell.with_digit(num_codes, C::of((*code).into())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_digits_of_a_number() {
        let (high, middle, low) = (vec![0u8, 2, 255, 7], vec![5u16, 0, 999, 1], vec![2u32, 1, 0, 2]);
        let keys = [(256, Codes::U8(&high)), (1_000, Codes::U16(&middle)), (3, Codes::U32(&low))];
        assert_eq!(cells_of::<u32>(&keys), [5 * 3 + 2, 2_000 * 3 + 1, 255_999 * 3, 7_001 * 3 + 2]);
        let mut cells: Vec<u16> = cells_of(&[(300, Codes::U16(&[299, 0, 7])), (200, Codes::U8(&[199, 3, 0]))]);
        assert_eq!(cells, [59_999, 3, 1_400]);
        add_digits(&mut cells, 1, Codes::U32(&[0; 3]));
        assert_eq!(cells, [59_999, 3, 1_400]);
        assert_eq!(cells_of::<u8>(&[(16, Codes::U8(&[15, 3])), (16, Codes::U32(&[15, 0]))]), [255, 48]);
        assert!(cells_of::<u8>(&[]).is_empty());
    }
}
