//! Where the first error of reading rows is kept until someone asks.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::Error;

#[derive(Clone, Debug, Default)]
pub(crate) struct Failure {
    first: Arc<Mutex<Option<Error>>>,
}

impl Failure {
    pub fn set(&self, error: Error) {
        self.first.lock().get_or_insert(error);
    }

    pub fn take(&self) -> Option<Error> {
        self.first.lock().take()
    }
}
