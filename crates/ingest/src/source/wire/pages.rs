//! Memory that answers are read into, used again and again.

/// Pages kept, and the bytes that one may have to be kept.
const MOST_PAGES: usize = 4;
const MOST_PAGE_BYTES: usize = 8 << 20;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Pages {
    free: Vec<Vec<u8>>,
}

impl Pages {
    /// A page of at least `bytes`. What it holds is what was left in it.
    pub(super) fn take(&mut self, bytes: usize) -> Vec<u8> {
        let mut page = self.free.pop().unwrap_or_default();
        if page.capacity() < bytes {
            page.clear();
            page.reserve_exact(bytes);
        }
        if page.len() < bytes {
            page.resize(bytes, 0);
        }
        page
    }

    /// An empty page, to be added to.
    pub(super) fn take_empty(&mut self) -> Vec<u8> {
        let mut page = self.free.pop().unwrap_or_default();
        page.clear();
        page
    }

    pub(super) fn give_back(&mut self, page: Vec<u8>) {
        if self.free.len() < MOST_PAGES && page.capacity() <= MOST_PAGE_BYTES {
            self.free.push(page);
        }
    }
}
