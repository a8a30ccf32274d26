//! `inline`: the data stand in the spec.

use std::io::Cursor;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{InputFile, InputSource, Kind, Reach};
use crate::Result;
use crate::spec::fields::Fields;

pub(super) static KIND: Kind = Kind { tag: "inline", parse };

#[derive(Debug)]
struct Inline {
    data: Arc<str>,
}

fn parse(fields: &Fields<'_>) -> Result<Arc<dyn InputSource>> {
    let data = fields.text("data")?.unwrap_or_default();
    if data.is_empty() {
        return Err(fields.wrong("data", "empty data"));
    }
    Ok(Arc::new(Inline { data: data.into() }))
}

impl InputSource for Inline {
    fn to_json(&self) -> Value {
        json!({"type": "inline", "data": &*self.data})
    }

    fn files(&self, _: &Reach) -> Result<Vec<InputFile>> {
        let data = self.data.clone();
        let open = Box::new(move || {
            let reader: Box<dyn std::io::Read + Send> = Box::new(Cursor::new(data.as_bytes().to_vec()));
            Ok(reader)
        });
        Ok(vec![InputFile { name: "inline".to_owned(), open }])
    }
}
