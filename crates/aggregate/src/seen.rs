//! A value with a mark whether there was one, packed so that it costs one byte.

/// A value and whether any row has given one. Unaligned on purpose: records stay small.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, packed)]
pub struct Seen<T: Copy> {
    pub value: T,
    pub seen: bool,
}

impl<T: Copy> Seen<T> {
    pub fn get(self) -> Option<T> {
        if self.seen { Some(self.value) } else { None }
    }
}
