//! `singleValue`: the value of the only row, for a query that stands for one value.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::GenericBinaryType;
use serde_json::{Value, json};

use crate::accumulator::Accumulator;
use crate::aggregator::OwnedAggregator;
use crate::error::{Error, Result};
use crate::families::text::text_of;
use crate::feed::Number;
use crate::input::{ColumnType, Input, InputSpec, Lane};
use crate::owned::{Owned, States};
use crate::properties::{Properties, check_numbers, lanes};
use crate::span::{Span, for_each_row};
use crate::spec::{AggregatorSpec, Finalized, Kind};

const TAG: &str = "singleValue";

pub(super) static KIND: Kind = Kind {
    tag: TAG,
    parse: |json| {
        let properties = Properties::new(json)?;
        let column_type = properties.required_text("columnType")?;
        let known = [ColumnType::Long, ColumnType::Double, ColumnType::Float, ColumnType::String];
        let output = known.into_iter().find(|known| known.to_string().eq_ignore_ascii_case(&column_type));
        let output = output.ok_or_else(|| {
            properties.invalid("columnType", format!("is {column_type:?}, must be LONG, DOUBLE, FLOAT or STRING"))
        })?;
        let (name, column) = (properties.name().to_owned(), properties.required_text("fieldName")?);
        Ok(Arc::new(SingleSpec { name, column, output }))
    },
};

/// `{type, name, fieldName, columnType}`.
#[derive(Clone, Debug)]
struct SingleSpec {
    name: String,
    column: String,
    output: ColumnType,
}

/// Stored form: how many rows were met, 2 for more than one, then the text of the value unless it is null.
#[derive(Clone, Debug)]
struct Single;

#[derive(Clone, Debug, Default)]
struct SingleState {
    num_rows: u8,
    text: Option<Box<str>>,
}

const MANY: u8 = 2;

impl OwnedAggregator for Single {
    type State = SingleState;
    type Caches = ();

    fn empty(&self) -> SingleState {
        SingleState::default()
    }

    fn fold(
        &self,
        _caches: &mut (),
        span: &Span<'_>,
        inputs: &[Input<'_>],
        states: &mut States<'_, Self>,
    ) -> Result<()> {
        let groups = span.local_groups();
        for_each_row(span.num_rows(), span.local_rows(), |row| {
            states.update(span.base + groups.get(row), |state| {
                if state.num_rows == 0 {
                    let text = inputs.first().and_then(|input| text_of(input, span.start + row, true));
                    state.text = text.map(Into::into);
                }
                state.num_rows = MANY.min(state.num_rows + 1);
            });
        });
        Ok(())
    }

    fn merge(&self, state: &mut SingleState, other: &SingleState) -> Result<()> {
        match state.num_rows {
            0 => *state = other.clone(),
            some => state.num_rows = MANY.min(some + other.num_rows),
        }
        Ok(())
    }

    fn state_bytes(&self, state: &SingleState) -> usize {
        size_of::<SingleState>() + state.text.as_ref().map_or(0, |text| text.len())
    }

    fn encode(&self, state: &SingleState, out: &mut Vec<u8>) -> Result<()> {
        out.push(state.num_rows);
        if let Some(text) = &state.text {
            out.push(1);
            out.extend_from_slice(text.as_bytes());
        }
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Option<SingleState>> {
        let (num_rows, text) = match bytes {
            [num_rows] => (*num_rows, None),
            [num_rows, 1, text @ ..] => (*num_rows, Some(text)),
            _ => return Err(Error::corrupt(TAG, "does not begin with a number of rows")),
        };
        let text = text.map(|text| std::str::from_utf8(text).map_err(|_| Error::corrupt(TAG, "is no UTF-8")));
        Ok(Some(SingleState { num_rows: num_rows.min(MANY), text: text.transpose()?.map(Into::into) }))
    }
}

impl SingleSpec {
    /// The text of each group; more than one row is an error.
    fn texts(&self, column: &ArrayRef) -> Result<Vec<Option<Box<str>>>> {
        let column = column.as_bytes_opt::<GenericBinaryType<i32>>();
        let column = column.ok_or(Error::corrupt(TAG, "is no binary column"))?;
        let text = |bytes: Option<&[u8]>| match bytes.map(|bytes| Single.decode(bytes)).transpose()?.flatten() {
            Some(SingleState { num_rows: MANY, .. }) => Err(Error::MoreThanOneRow),
            Some(state) => Ok(state.text),
            None => Ok(None),
        };
        column.iter().map(text).collect()
    }
}

fn numbers<T: Number>(texts: &[Option<Box<str>>]) -> impl Iterator<Item = Option<T>> + '_ {
    texts.iter().map(|text| text.as_deref().and_then(T::parse))
}

impl AggregatorSpec for SingleSpec {
    fn name(&self) -> &str {
        &self.name
    }

    fn type_tag(&self) -> &'static str {
        TAG
    }

    fn to_json(&self) -> Value {
        json!({"type": TAG, "name": self.name, "fieldName": self.column, "columnType": self.output.to_string()})
    }

    fn inputs(&self) -> Vec<InputSpec> {
        vec![InputSpec::Column(self.column.clone())]
    }

    fn accumulator(&self, columns: &[Option<ColumnType>]) -> Result<Box<dyn Accumulator>> {
        let states = columns.iter().flatten().any(|column| *column == self.state_type());
        if !states {
            check_numbers(&self.name, &self.inputs(), columns)?;
        }
        Ok(Owned::boxed(Single, lanes(columns, Lane::Text)))
    }

    fn merging(&self) -> Arc<dyn AggregatorSpec> {
        Arc::new(SingleSpec { column: self.name.clone(), ..self.clone() })
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(TAG)
    }

    fn output_type(&self, _finalized: bool) -> ColumnType {
        self.output.clone()
    }

    fn finalize(&self, states: &ArrayRef) -> Result<Finalized> {
        let texts = self.texts(states)?;
        Ok(match self.output {
            ColumnType::Long => Finalized::Long(numbers(&texts).collect()),
            ColumnType::Double => Finalized::Double(numbers(&texts).collect()),
            ColumnType::Float => Finalized::Float(numbers(&texts).collect()),
            ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => {
                Finalized::Text(texts.iter().map(Option::as_deref).collect())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Int64Array;

    use super::*;
    use crate::arena::ArenaKind;
    use crate::fold::Fold;
    use crate::input::{Groups, Rows};

    fn answer(values: &[Option<i64>], column_type: &str) -> Result<Finalized> {
        let json = json!({"name": "a", "fieldName": "x", "columnType": column_type});
        let spec = (KIND.parse)(&json)?;
        let merged = std::slice::from_ref(&spec);
        let mut fold = Fold::merging(merged)?;
        fold.grow(1);
        // Each row of a segment of its own.
        for value in values {
            let mut part = Fold::bind(merged, &[vec![Some(ColumnType::Long)]], ArenaKind::Flat)?;
            part.grow(1);
            let column = Int64Array::from(vec![*value]);
            part.fold(0, Groups::One, 1, Rows::All, &[[Input::Long(&column)]])?;
            fold.merge(0, Groups::One, 1, Rows::All, &part.states(&[0])?)?;
        }
        spec.finalize(&fold.states(&[0])?[0])
    }

    #[test]
    fn a_single_value_is_that_of_the_only_row() {
        assert!(
            matches!(answer(&[Some(7)], "long"), Ok(Finalized::Long(values)) if values == Int64Array::from(vec![7]))
        );
        assert!(matches!(answer(&[Some(7)], "STRING"), Ok(Finalized::Text(values)) if values.value(0) == "7"));
        for none in [&[None][..], &[]] {
            assert!(matches!(answer(none, "DOUBLE"), Ok(Finalized::Double(values)) if values.iter().eq([None])));
        }
        for many in [[Some(1), Some(1)], [None, None]] {
            assert_eq!(answer(&many, "long").unwrap_err(), Error::MoreThanOneRow);
        }
    }
}
