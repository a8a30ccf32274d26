//! Druid's own HyperLogLog as a value: its bytes, as text in base64.

use aggregate::sketches::druid_hll::{Collector, Mark};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Call, FunctionKind, Output, rows, strict};
use crate::Result;
use crate::expr::node::Function;
use crate::expr::scalar::{ExprType, Scalar};

pub(super) const KINDS: &[FunctionKind] = &[
    FunctionKind::new("hyper_unique", 0..=0, |_| {
        rows(Output::Is(ExprType::STRING), |_| Ok(encode(&Collector::default())))
    }),
    FunctionKind::new("hyper_unique_add", 2..=2, add),
    FunctionKind::new("hyper_unique_estimate", 1..=1, |call| {
        estimate(&call, ExprType::DOUBLE, |collector| Scalar::Double(collector.estimate()))
    }),
    FunctionKind::new("hyper_unique_round_estimate", 1..=1, |call| {
        estimate(&call, ExprType::LONG, |collector| Scalar::Long(collector.estimate_rounded()))
    }),
];

/// The shortest that bytes of a collector can be: no text of the length of a name is taken for one.
const LEAST_BYTES: usize = 7;

fn encode(collector: &Collector) -> Scalar<'static> {
    let mut bytes = Vec::new();
    collector.encode(&mut bytes);
    Scalar::text(STANDARD.encode(bytes))
}

fn decode(value: &Scalar<'_>) -> Option<Collector> {
    let Scalar::Text(text) = value else { return None };
    let bytes = STANDARD.decode(text.as_bytes()).ok().filter(|bytes| bytes.len() >= LEAST_BYTES)?;
    Collector::decode(&bytes).ok()
}

/// A collector with one more value, or with all of another collector. Null adds nothing.
fn add(call: Call<'_>) -> Result<Box<dyn Function>> {
    let name = call.name;
    rows(Output::Is(ExprType::STRING), move |args| {
        let mut collector = decode(&args[1]).ok_or_else(|| no_collector(name, "second"))?;
        match &args[0] {
            Scalar::Null => {}
            Scalar::Long(value) => collector.add(Mark::of_long(*value)),
            Scalar::Double(value) => collector.add(Mark::of_double(*value)),
            value => match decode(value) {
                Some(other) => collector.fold(&other),
                None => value.as_text().iter().for_each(|text| collector.add(Mark::of_utf16(text))),
            },
        }
        Ok(encode(&collector))
    })
}

fn no_collector(name: &str, place: &str) -> crate::Error {
    crate::Error::invalid(format!("{name}: the {place} argument must be a hyperUnique in base64"))
}

fn estimate(
    call: &Call<'_>,
    output: ExprType,
    of: impl Fn(&Collector) -> Scalar<'static> + Send + Sync + 'static,
) -> Result<Box<dyn Function>> {
    let name = call.name;
    strict(Output::Is(output), move |args| {
        decode(&args[0]).as_ref().map(&of).ok_or_else(|| no_collector(name, "first"))
    })
}
