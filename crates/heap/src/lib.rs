//! The memory that all of a process's values live in, its C libraries' too.

/// To be named as a program's `#[global_allocator]`.
pub use mimalloc::MiMalloc as Heap;

use std::ffi::c_long;

/// For how long pages that were freed stay with the process. A new page costs about a microsecond for each 4 KiB, and
/// what one query or cut gives back the next one takes.
const KEPT_MS: c_long = 10_000;

/// The number of the option `purge_delay`, which is the same in all versions and which the bindings do not name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Lets freed pages stay for a while. They go back afterwards, as the process goes on.
pub fn keep_pages() {
    // SAFETY: the option is an integer that may be set at any time.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, KEPT_MS) };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The allocator's own default, of which the option is known.
    const DEFAULT_MS: c_long = 1_000;

    #[test]
    fn it_is_the_delay_that_is_set() {
        // SAFETY: options may be read at any time.
        let delay = || unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        assert_eq!(delay(), DEFAULT_MS);
        keep_pages();
        assert_eq!(delay(), KEPT_MS);
    }
}
