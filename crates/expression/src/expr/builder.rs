//! Collects the values of a vector and finds its form.

use arrow_array::builder::{Float64Builder, Int64Builder, StringBuilder};

use super::scalar::Scalar;
use super::vector::Vector;
use crate::{Error, Result};

/// Most text that one vector may hold.
const MAX_TEXT_BYTES: usize = 1 << 30;

/// Takes values row by row: as long as they are of one kind the vector stays typed.
pub(crate) struct Builder {
    form: Form,
    capacity: usize,
}

enum Form {
    Nulls(usize),
    Long(Int64Builder),
    Double(Float64Builder),
    Text(StringBuilder),
    Mixed(Vec<Scalar<'static>>),
}

impl Builder {
    pub fn new(capacity: usize) -> Self {
        Self { form: Form::Nulls(0), capacity }
    }

    /// Fails when the text grows past what a vector may hold.
    pub fn push(&mut self, value: Scalar<'_>) -> Result<()> {
        match (&mut self.form, value) {
            (Form::Nulls(num), Scalar::Null) => *num += 1,
            (Form::Long(builder), Scalar::Long(value)) => builder.append_value(value),
            (Form::Long(builder), Scalar::Null) => builder.append_null(),
            (Form::Double(builder), Scalar::Double(value)) => builder.append_value(value),
            (Form::Double(builder), Scalar::Null) => builder.append_null(),
            (Form::Text(builder), Scalar::Text(text)) => {
                if builder.values_slice().len() + text.len() > MAX_TEXT_BYTES {
                    return Err(Error::limit("an expression made more than 1 GiB of text of one vector"));
                }
                builder.append_value(text);
            }
            (Form::Text(builder), Scalar::Null) => builder.append_null(),
            (Form::Mixed(values), value) => values.push(value.into_owned()),
            (_, value) => {
                self.widen(&value);
                return self.push(value);
            }
        }
        Ok(())
    }

    /// Changes the form to one that holds the value.
    fn widen(&mut self, value: &Scalar<'_>) {
        let form = std::mem::replace(&mut self.form, Form::Nulls(0));
        self.form = match (form, value) {
            (Form::Nulls(num), Scalar::Long(_)) => {
                let mut builder = Int64Builder::with_capacity(self.capacity);
                builder.append_nulls(num);
                Form::Long(builder)
            }
            (Form::Nulls(num), Scalar::Double(_)) => {
                let mut builder = Float64Builder::with_capacity(self.capacity);
                builder.append_nulls(num);
                Form::Double(builder)
            }
            (Form::Nulls(num), Scalar::Text(_)) => {
                let mut builder = StringBuilder::with_capacity(self.capacity, self.capacity * 8);
                (0..num).for_each(|_| builder.append_null());
                Form::Text(builder)
            }
            (form, _) => Form::Mixed(scalars(&finish(form))),
        };
    }

    pub fn finish(self) -> Vector {
        finish(self.form)
    }
}

fn finish(form: Form) -> Vector {
    match form {
        Form::Nulls(num) => Vector::nulls(num),
        Form::Long(mut builder) => Vector::Long(builder.finish()),
        Form::Double(mut builder) => Vector::Double(builder.finish()),
        Form::Text(mut builder) => Vector::Text(builder.finish()),
        Form::Mixed(values) => Vector::Mixed(values.into()),
    }
}

fn scalars(vector: &Vector) -> Vec<Scalar<'static>> {
    (0..vector.len()).map(|row| vector.get(row).into_owned()).collect()
}
