//! `hyperUnique`: roughly how many distinct values, by Druid's own HyperLogLog.

use std::sync::Arc;

use crate::families::druid_hll::HyperUniqueKind;
use crate::families::sketch_spec::SketchSpec;
use crate::input::InputSpec;
use crate::properties::Properties;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind {
    tag: "hyperUnique",
    parse: |json| {
        let properties = Properties::new(json)?;
        let inputs = vec![InputSpec::Column(properties.required_text("fieldName")?)];
        let is_input_sketch = properties.flag("isInputHyperUnique", false)?;
        let kind = HyperUniqueKind { is_input_sketch, round: properties.flag("round", false)? };
        Ok(Arc::new(SketchSpec { name: properties.name().to_owned(), inputs, kind }))
    },
};
