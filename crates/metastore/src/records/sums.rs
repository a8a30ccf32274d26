use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::records::{Field, Value};

/// Total of one numeric metric over the rows of a segment.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Sum {
    /// Wraps as the metric itself does.
    #[serde(rename = "long")]
    Long(i64),
    /// `magnitude` is the sum of absolute values; it bounds what rounding may do.
    #[serde(rename = "double")]
    Double {
        #[serde(with = "bits")]
        sum: f64,
        #[serde(with = "bits")]
        magnitude: f64,
    },
}

impl PartialEq for Sum {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Sum::Long(a), Sum::Long(b)) => a == b,
            (Sum::Double { sum: a, magnitude: m }, Sum::Double { sum: b, magnitude: n }) => {
                a.to_bits() == b.to_bits() && m.to_bits() == n.to_bits()
            }
            _ => false,
        }
    }
}

impl Sum {
    pub fn double(sum: f64, magnitude: f64) -> Self {
        Sum::Double { sum, magnitude }
    }

    /// The sum of both; a long beside a double counts as a double.
    pub fn plus(self, other: Sum) -> Sum {
        match (self, other) {
            (Sum::Long(a), Sum::Long(b)) => Sum::Long(a.wrapping_add(b)),
            (a, b) => {
                let ((a, m), (b, n)) = (a.as_double(), b.as_double());
                Sum::Double { sum: a + b, magnitude: m + n }
            }
        }
    }

    fn as_double(self) -> (f64, f64) {
        match self {
            Sum::Long(a) => (a as f64, (a as f64).abs()),
            Sum::Double { sum, magnitude } => (sum, magnitude),
        }
    }

    /// True when both can be totals of the same values: longs equal, doubles equal to rounding over
    /// `num_values` additions in any order.
    pub fn conserves(self, other: Sum, num_values: i64) -> bool {
        if let (Sum::Long(a), Sum::Long(b)) = (self, other) {
            return a == b;
        }
        let ((a, m), (b, n)) = (self.as_double(), other.as_double());
        if !a.is_finite() || !b.is_finite() {
            // An overflow on the way depends on the order, so only the kind can be compared.
            return !a.is_finite() && !b.is_finite();
        }
        let slack = m.max(n) * f64::EPSILON * (num_values.max(1) as f64).max(16.0);
        (a - b).abs() <= slack
    }

    fn zero_like(self) -> Sum {
        match self {
            Sum::Long(_) => Sum::Long(0),
            Sum::Double { .. } => Sum::double(0.0, 0.0),
        }
    }

    pub(crate) fn show(self) -> String {
        match self {
            Sum::Long(a) => a.to_string(),
            Sum::Double { sum, .. } => sum.to_string(),
        }
    }
}

/// Doubles as text that reads back to the same bits, NaN and infinities too.
mod bits {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format!("{value:?}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        text.parse().map_err(|_| D::Error::custom(format!("[{text}] is not a double")))
    }
}

/// Totals by metric name. A metric that a segment lacks is absent and counts as zero.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MetricSums(pub BTreeMap<String, Sum>);

impl MetricSums {
    pub fn add(&mut self, other: &MetricSums) {
        for (name, sum) in &other.0 {
            let total = self.0.entry(name.clone()).or_insert_with(|| sum.zero_like());
            *total = total.plus(*sum);
        }
    }

    /// The first metric whose total would change, with both totals.
    pub fn first_change(&self, after: &MetricSums, num_values: i64) -> Option<(String, Sum, Sum)> {
        let names = self.0.keys().chain(after.0.keys().filter(|name| !self.0.contains_key(*name)));
        for name in names {
            let (old, new) = (self.0.get(name), after.0.get(name));
            let Some(any) = old.or(new) else { continue };
            let old = *old.unwrap_or(&any.zero_like());
            let new = *new.unwrap_or(&any.zero_like());
            if !old.conserves(new, num_values) {
                return Some((name.clone(), old, new));
            }
        }
        None
    }
}

impl FromIterator<(String, Sum)> for MetricSums {
    fn from_iter<I: IntoIterator<Item = (String, Sum)>>(sums: I) -> Self {
        Self(sums.into_iter().collect())
    }
}

impl Field for MetricSums {
    fn put(&self) -> Value {
        // A map of text to plain numbers always has a JSON form.
        Value::Text(serde_json::to_string(self).unwrap_or_default())
    }
    fn take(value: Value) -> Result<Self, String> {
        let text = String::take(value)?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }
}
