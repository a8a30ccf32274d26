//! A lookup as two columns of text, `k` and `v`.

use std::sync::Arc;

use expression::{Environment, LookupRef};

use super::{Asked, Source};
use crate::exec::ExecContext;
use crate::fields::Fields;
use crate::plan::Scope;
use crate::{Result, Sources};

#[derive(Debug)]
struct Rows(LookupRef);

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn Source>> {
    Ok(Arc::new(Rows(env.lookup(&fields.require_text("lookup")?)?)))
}

impl Source for Rows {
    fn tables(&self, _: &mut Vec<String>) {}

    fn resolve(&self, _: &Asked<'_>, _: &dyn Sources, _: &ExecContext) -> Result<Scope> {
        Ok(Scope::of_rows(self.0.rows()?))
    }

    fn as_right(self: Arc<Self>, _: &Environment) -> Result<Arc<dyn Source>> {
        Ok(self)
    }
}
