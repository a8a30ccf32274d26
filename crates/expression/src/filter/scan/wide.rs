//! Ranges of codes where the processor compares 64 bytes at once and answers in bits.

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
