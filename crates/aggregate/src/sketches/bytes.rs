//! Big-endian numbers one after the other out of bytes.

/// What is left to read; every read gives none where too little is left.
pub(super) struct Reader<'a>(pub &'a [u8]);

impl Reader<'_> {
    pub fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    pub fn float(&mut self) -> Option<f32> {
        self.take().map(f32::from_be_bytes)
    }

    pub fn double(&mut self) -> Option<f64> {
        self.take().map(f64::from_be_bytes)
    }

    /// Four bytes without a sign.
    pub fn int(&mut self) -> Option<usize> {
        self.take().map(|bytes| u32::from_be_bytes(bytes) as usize)
    }

    /// Eight bytes; none for a negative number.
    pub fn long(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes).filter(|&number| number <= i64::MAX as u64)
    }
}
