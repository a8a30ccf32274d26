//! Codes in ranges and small sets, where the processor compares 64 bytes at once and answers in bits.

macro_rules! span {
    ($name:ident, $code:ty, $signed:ty, $lanes:literal, $splat:ident, $minus:ident, $at_most:ident) => {
        /// ORs the rows with `code - first <= span` into the mask. False, and nothing was done, on other machines.
        pub(super) fn $name(codes: &[$code], first: $code, span: $code, out: &mut [u64]) -> bool {
            #[cfg(target_arch = "x86_64")]
            {
                /// # Safety
                /// The machine must have AVX-512 BW.
                #[target_feature(enable = "avx512f,avx512bw")]
                unsafe fn fill(codes: &[$code], first: $code, span: $code, out: &mut [u64]) {
                    use std::arch::x86_64::*;
                    let (chunks, rest) = codes.as_chunks::<64>();
                    let (first_lanes, span_lanes) = ($splat(first as $signed), $splat(span as $signed));
                    let (num, mut at) = (chunks.len().min(out.len()), 0);
                    while at < num {
                        let (mut word, mut lane) = (0u64, 0);
                        while lane < 64 {
                            // SAFETY: the load lies inside the 64 codes.
                            let codes = unsafe { _mm512_loadu_si512(chunks[at].as_ptr().add(lane).cast()) };
                            word |= (($at_most($minus(codes, first_lanes), span_lanes)) as u64) << lane;
                            lane += $lanes;
                        }
                        out[at] |= word;
                        at += 1;
                    }
                    super::fill_rest(rest, chunks.len(), out, |code| code.wrapping_sub(first) <= span);
                }
                if std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512bw") {
                    // SAFETY: the features were found on this machine.
                    unsafe { fill(codes, first, span, out) };
                    return true;
                }
            }
            let _ = (codes, first, span, out);
            false
        }
    };
}

span!(span_u8, u8, i8, 64, _mm512_set1_epi8, _mm512_sub_epi8, _mm512_cmple_epu8_mask);
span!(span_u16, u16, i16, 32, _mm512_set1_epi16, _mm512_sub_epi16, _mm512_cmple_epu16_mask);
span!(span_u32, u32, i32, 16, _mm512_set1_epi32, _mm512_sub_epi32, _mm512_cmple_epu32_mask);

/// A set of codes below [`MAX_BITS`].
pub(crate) type Bits = [u16; MAX_BITS / 16];
pub(super) const MAX_BITS: usize = 1_024;
pub(super) const NO_BITS: Bits = [0; MAX_BITS / 16];

/// ORs the rows whose code is in a set into the mask. All codes are below [`MAX_BITS`]. False, and nothing was done, on
/// other machines.
pub(super) fn in_bits(codes: &[u16], bits: &Bits, out: &mut [u64]) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        /// # Safety
        /// The machine must have AVX-512 BW.
        #[target_feature(enable = "avx512f,avx512bw")]
        unsafe fn fill(codes: &[u16], bits: &Bits, out: &mut [u64]) {
            use std::arch::x86_64::*;
            // SAFETY: both loads lie inside the bits.
            let (low, high) =
                unsafe { (_mm512_loadu_si512(bits.as_ptr().cast()), _mm512_loadu_si512(bits.as_ptr().add(32).cast())) };
            let (one, place) = (_mm512_set1_epi16(1), _mm512_set1_epi16(15));
            let (chunks, rest) = codes.as_chunks::<64>();
            let (num, mut at) = (chunks.len().min(out.len()), 0);
            while at < num {
                let (mut word, mut lane) = (0u64, 0);
                while lane < 64 {
                    // SAFETY: the load lies inside the 64 codes.
                    let codes = unsafe { _mm512_loadu_si512(chunks[at].as_ptr().add(lane).cast()) };
                    let near = _mm512_permutex2var_epi16(low, _mm512_srli_epi16::<4>(codes), high);
                    let bit = _mm512_sllv_epi16(one, _mm512_and_si512(codes, place));
                    word |= u64::from(_mm512_test_epi16_mask(near, bit)) << lane;
                    lane += 32;
                }
                out[at] |= word;
                at += 1;
            }
            super::fill_rest(rest, chunks.len(), out, |code| {
                bits.get(usize::from(code) / 16).is_some_and(|word| word >> (code % 16) & 1 == 1)
            });
        }
        if std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512bw") {
            // SAFETY: the features were found on this machine.
            unsafe { fill(codes, bits, out) };
            return true;
        }
    }
    let _ = (codes, bits, out);
    false
}
