//! Columns under construction: one value a row, nulls beside them.

/// Rows of one text column as codes of an [`super::Interner`].
#[derive(Debug, Default, Clone)]
pub struct TextColumn {
    /// One code a row; with `offsets`, the codes of all rows one after the other.
    pub codes: Vec<u32>,
    /// Present when a row of the batch is a list: row `i` holds `codes[offsets[i]..offsets[i + 1]]`, and null is
    /// a list of the null code.
    pub offsets: Option<Vec<i32>>,
}

impl TextColumn {
    /// Rows held.
    pub fn len(&self) -> usize {
        match &self.offsets {
            Some(offsets) => offsets.len() - 1,
            None => self.codes.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The codes of a row; null is the null code.
    pub fn row(&self, row: usize) -> &[u32] {
        match &self.offsets {
            Some(offsets) => &self.codes[offsets[row] as usize..offsets[row + 1] as usize],
            None => &self.codes[row..row + 1],
        }
    }

    /// Adds a row of one value.
    #[inline]
    pub fn push(&mut self, code: u32) {
        if let Some(offsets) = &mut self.offsets {
            self.codes.push(code);
            offsets.push(self.codes.len() as i32);
        } else {
            self.codes.push(code);
        }
    }

    /// Adds a row of several values, or of none.
    pub fn push_list(&mut self, codes: &[u32]) {
        if self.offsets.is_none() {
            self.become_multi();
        }
        self.codes.extend_from_slice(codes);
        if let Some(offsets) = &mut self.offsets {
            offsets.push(self.codes.len() as i32);
        }
    }

    #[cold]
    fn become_multi(&mut self) {
        let mut offsets = Vec::with_capacity(self.codes.capacity() + 1);
        offsets.extend(0..=self.codes.len() as i32);
        self.offsets = Some(offsets);
    }

    /// Drops rows from the end.
    pub fn truncate(&mut self, rows: usize) {
        match &mut self.offsets {
            Some(offsets) => {
                offsets.truncate(rows + 1);
                self.codes.truncate(offsets[rows] as usize);
            }
            None => self.codes.truncate(rows),
        }
    }

    /// Drops all rows.
    pub fn clear(&mut self) {
        self.codes.clear();
        self.offsets = None;
    }
}

/// Rows of one numeric column.
#[derive(Debug, Clone)]
pub struct NumberColumn<T> {
    /// One value a row, the default where null.
    pub values: Vec<T>,
    /// One bit a row, set where the row has a value; absent while every row has one.
    pub valid: Option<Vec<u64>>,
}

impl<T> Default for NumberColumn<T> {
    fn default() -> Self {
        NumberColumn { values: Vec::new(), valid: None }
    }
}

impl<T: Copy + Default> NumberColumn<T> {
    /// Rows held.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> Option<T> {
        match &self.valid {
            Some(words) if words[row / 64] >> (row % 64) & 1 == 0 => None,
            _ => Some(self.values[row]),
        }
    }

    /// Adds a row.
    #[inline]
    pub fn push(&mut self, value: T) {
        if self.valid.is_some() {
            self.mark(true);
        }
        self.values.push(value);
    }

    /// Adds a null row.
    pub fn push_null(&mut self) {
        if self.valid.is_none() {
            let rows = self.values.len();
            let mut words = vec![u64::MAX; rows / 64];
            if !rows.is_multiple_of(64) {
                words.push((1u64 << (rows % 64)) - 1);
            }
            self.valid = Some(words);
        }
        self.mark(false);
        self.values.push(T::default());
    }

    /// Adds a row that may be null.
    pub fn push_option(&mut self, value: Option<T>) {
        match value {
            Some(value) => self.push(value),
            None => self.push_null(),
        }
    }

    fn mark(&mut self, set: bool) {
        let row = self.values.len();
        if let Some(words) = &mut self.valid {
            if row.is_multiple_of(64) {
                words.push(0);
            }
            if set && let Some(word) = words.last_mut() {
                *word |= 1 << (row % 64);
            }
        }
    }

    /// Drops rows from the end.
    pub fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
        if let Some(words) = &mut self.valid {
            words.truncate(rows.div_ceil(64));
            if !rows.is_multiple_of(64)
                && let Some(word) = words.last_mut()
            {
                *word &= (1 << (rows % 64)) - 1;
            }
        }
    }

    /// Drops all rows.
    pub fn clear(&mut self) {
        self.values.clear();
        self.valid = None;
    }
}
