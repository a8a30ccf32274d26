//! `thetaSketchSetOp`: union, intersection or difference of theta sketches, a sketch again.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::AggregatorSpec;
use aggregate::sketches::theta::Theta;
use arrow_array::{Array, BinaryArray};
use serde_json::json;

use super::{PostAggregator, columns_of, operands, sketch};
use crate::fields::{Fields, unknown};
use crate::finalize::{Table, Values};
use crate::{Error, Result};

const SIZE: i32 = 16_384;

#[derive(Clone, Copy, Debug)]
enum Func {
    Union,
    Intersect,
    Not,
}

#[derive(Debug)]
struct SetOp {
    func: Func,
    fields: Vec<Arc<dyn PostAggregator>>,
    size: usize,
    /// Shows the sketch that results.
    spec: Arc<dyn AggregatorSpec>,
}

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let func = match fields.require_text("func")?.as_str() {
        "UNION" => Func::Union,
        "INTERSECT" => Func::Intersect,
        "NOT" => Func::Not,
        other => return Err(unknown("'func' of thetaSketchSetOp", other, ["UNION", "INTERSECT", "NOT"].into_iter())),
    };
    let parts = operands(fields, "fields", env)?;
    if parts.len() < 2 {
        return Err(Error::invalid("'fields' of thetaSketchSetOp needs two or more entries"));
    }
    let size = fields.int("size")?.unwrap_or(SIZE);
    let spec = spec(size)?;
    Ok(Arc::new(SetOp { func, fields: parts, size: usize::try_from(size).map_err(Error::internal)?, spec }))
}

/// The aggregator whose states are such sketches and are shown as they are.
pub(super) fn spec(size: i32) -> Result<Arc<dyn AggregatorSpec>> {
    let json =
        json!({"type": "thetaSketch", "name": "sketch", "fieldName": "sketch", "size": size, "shouldFinalize": false});
    Ok(aggregate::parse_aggregator(&json, &[])?)
}

impl SetOp {
    fn apply(&self, sketches: &[Theta]) -> Option<Theta> {
        let (first, rest) = sketches.split_first()?;
        Some(match self.func {
            Func::Union => Theta::union(sketches, self.size),
            Func::Intersect => rest.iter().fold(first.clone(), |all, next| all.intersect(next)),
            Func::Not => rest.iter().fold(first.clone(), |all, next| all.without(next)),
        })
    }
}

impl PostAggregator for SetOp {
    fn columns(&self) -> Vec<String> {
        columns_of(&self.fields)
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        let columns: Vec<BinaryArray> =
            self.fields.iter().map(|field| sketch::sketches(field.as_ref(), rows)).collect::<Result<_>>()?;
        let row = |row: usize| {
            let decode = |column: &BinaryArray| match column.is_null(row) {
                true => Ok(Theta::default()),
                false => Theta::decode(column.value(row)),
            };
            let sketches: Vec<Theta> = columns.iter().map(decode).collect::<Result<_, _>>()?;
            let mut bytes = Vec::new();
            let result = self.apply(&sketches).unwrap_or_default();
            match self.func {
                Func::Intersect => result.encode_unordered(&mut bytes),
                Func::Union | Func::Not => result.encode(&mut bytes),
            }
            Ok(Some(bytes))
        };
        let states: Vec<Option<Vec<u8>>> = (0..rows.num_rows()).map(row).collect::<Result<_>>()?;
        Ok(Values::State { states: Arc::new(BinaryArray::from_iter(states)), spec: self.spec.clone() })
    }
}
