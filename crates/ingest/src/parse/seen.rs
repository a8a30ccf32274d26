//! Which types the values of a column have had, and what the column is for it.

use aggregate::{Shape, Survey};

use crate::spec::DimensionType;

/// What a spec says of a column that keeps values as they come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Declared {
    /// Nested data, whatever the values.
    pub(crate) is_json: bool,
    pub(crate) cast_to: Option<Shape>,
}

/// The types that were seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) longs: bool,
    pub(crate) doubles: bool,
    pub(crate) texts: bool,
    /// Of arrays and nested data.
    pub(crate) others: Survey,
}

impl Seen {
    pub(crate) fn with(mut self, more: Seen) -> Seen {
        self.longs |= more.longs;
        self.doubles |= more.doubles;
        self.texts |= more.texts;
        self.others.merge(more.others);
        self
    }

    /// All values together.
    pub(crate) fn survey(&self) -> Survey {
        let mut survey = self.others;
        let scalars = [(self.longs, Shape::Long), (self.doubles, Shape::Double), (self.texts, Shape::String)];
        scalars.into_iter().filter(|(seen, _)| *seen).for_each(|(_, shape)| survey.add_shape(Some(shape)));
        survey
    }

    /// The type of a column: of one scalar type it is that, of none text.
    pub(crate) fn dimension_type(&self, declared: Declared) -> DimensionType {
        if declared.is_json {
            return DimensionType::Json;
        }
        let shape = match declared.cast_to.or_else(|| self.survey().shape()) {
            None => return DimensionType::String,
            Some(shape) => shape,
        };
        let scalars = usize::from(self.longs) + usize::from(self.doubles) + usize::from(self.texts);
        let is_one = declared.cast_to.is_some() || scalars == 1;
        match shape {
            Shape::Long if is_one => DimensionType::Long,
            Shape::Double if is_one => DimensionType::Double,
            Shape::String if is_one => DimensionType::String,
            shape => DimensionType::Values(shape),
        }
    }
}
