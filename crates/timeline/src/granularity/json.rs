//! Granularities in JSON: a simple name, or an object with a `type`.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::Granularity;
use crate::{Error, Period, Result, TimeZone, instant};

/// The object form; scalars may be written as text.
#[derive(serde::Deserialize)]
struct Object {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    period: Option<String>,
    #[serde(default)]
    duration: Option<Scalar>,
    #[serde(default)]
    origin: Option<Scalar>,
    #[serde(default, rename = "timeZone")]
    time_zone: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Scalar {
    Integer(i64),
    Text(String),
}

impl Object {
    fn granularity(self) -> Result<Granularity> {
        match self.kind.as_str() {
            "all" => Ok(Granularity::All),
            "none" => Ok(Granularity::None),
            "duration" => {
                let duration = self.duration.ok_or_else(|| missing("duration"))?;
                Granularity::duration(duration.integer()?, origin(self.origin)?.unwrap_or(0))
            }
            "period" => {
                let period = Period::parse(&self.period.ok_or_else(|| missing("period"))?)?;
                let zone = self.time_zone.as_deref().map(TimeZone::parse).transpose()?;
                Granularity::period(period, zone.unwrap_or_default(), origin(self.origin)?)
            }
            _ => Err(Error::UnknownGranularity(self.kind)),
        }
    }
}

fn missing(field: &str) -> Error {
    Error::Granularity(format!("{field} is missing"))
}

/// ISO text or milliseconds.
fn origin(given: Option<Scalar>) -> Result<Option<i64>> {
    match given {
        None => Ok(None),
        Some(Scalar::Integer(millis)) => Ok(Some(millis)),
        Some(Scalar::Text(text)) => instant::parse(&text).map(Some),
    }
}

impl Scalar {
    fn integer(self) -> Result<i64> {
        match self {
            Scalar::Integer(value) => Ok(value),
            Scalar::Text(text) => text
                .trim()
                .parse()
                .map_err(|_| Error::Granularity(format!("duration [{text}] is not a number of milliseconds"))),
        }
    }
}

impl<'de> Deserialize<'de> for Granularity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(GranularityVisitor)
    }
}

struct GranularityVisitor;

impl<'de> Visitor<'de> for GranularityVisitor {
    type Value = Granularity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a granularity: a name or an object with a `type`")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> std::result::Result<Granularity, E> {
        Granularity::named(name).map_err(E::custom)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> std::result::Result<Granularity, A::Error> {
        let object = Object::deserialize(de::value::MapAccessDeserializer::new(map))?;
        object.granularity().map_err(de::Error::custom)
    }
}

impl Serialize for Granularity {
    /// `{"type":"all"}`, `{"type":"none"}`, the upper-case name of a named period, else the object.
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match (self, self.name()) {
            (Granularity::All | Granularity::None, name) => {
                let mut object = serializer.serialize_struct("Granularity", 1)?;
                object.serialize_field("type", &name)?;
                object.end()
            }
            (Granularity::Duration(duration), _) => {
                let mut object = serializer.serialize_struct("Granularity", 3)?;
                object.serialize_field("type", "duration")?;
                object.serialize_field("duration", &duration.duration_ms())?;
                object.serialize_field("origin", &instant::text(duration.origin_ms()))?;
                object.end()
            }
            (Granularity::Period(_), Some(name)) => serializer.serialize_str(&name.to_uppercase()),
            (Granularity::Period(period), None) => {
                let origin = period.origin().map(|origin| instant::text_in(origin, period.zone()));
                let mut object = serializer.serialize_struct("Granularity", 4)?;
                object.serialize_field("type", "period")?;
                object.serialize_field("period", period.period())?;
                object.serialize_field("timeZone", period.zone())?;
                object.serialize_field("origin", &origin)?;
                object.end()
            }
        }
    }
}
