//! `timeFormat`: an instant, cut to a granularity, through a date pattern.

use serde::Deserialize;
use timeline::{Granularity, TimeZone, instant};

use super::{Extraction, ExtractionFn, ExtractionKind};
use crate::joda::{Names, Pattern};
use crate::json::Object;
use crate::steps::step_of;
use crate::{Environment, Error, Result};

pub(super) const KIND: ExtractionKind = ExtractionKind { tag: "timeFormat", parse };

fn parse(object: Object<'_>, _environment: &Environment) -> Result<ExtractionFn> {
    let pattern = object.opt_text("format")?.map(|format| Pattern::parse(&format)).transpose()?;
    let locale = object.opt_text("locale")?.unwrap_or_default();
    let names = match Names::of_locale(&locale) {
        Some(names) => names,
        None if pattern.as_ref().is_some_and(Pattern::has_names) => {
            let error = object.error(format!("names in locale '{locale}' are not supported"));
            return Err(Error::unsupported(error.to_string()));
        }
        None => &Names::ENGLISH,
    };
    let zone = match object.opt_text("timeZone")? {
        None => TimeZone::UTC,
        Some(name) => TimeZone::parse(&name).map_err(|error| object.error(error))?,
    };
    let granularity = match object.get("granularity") {
        None => Granularity::None,
        Some(json) => Granularity::deserialize(json).map_err(|error| object.error(error))?,
    };
    let as_millis = object.boolean("asMillis", false)?;
    Ok(ExtractionFn::new(TimeFormat { pattern, names, zone, granularity, as_millis }))
}

#[derive(Debug)]
struct TimeFormat {
    pattern: Option<Pattern>,
    names: &'static Names,
    zone: TimeZone,
    granularity: Granularity,
    /// Texts are milliseconds, and so is the result without a pattern.
    as_millis: bool,
}

impl TimeFormat {
    fn instant(&self, value: &str) -> Option<i64> {
        match self.as_millis {
            true => dialect::read::long(value).or_else(|| instant::parse(value).ok()),
            false => instant::parse(value).ok(),
        }
    }
}

impl Extraction for TimeFormat {
    fn text(&self, value: Option<&str>) -> Option<String> {
        self.long(self.instant(value?)?)
    }

    fn check(&self, value: &str) -> Result<()> {
        match self.instant(value) {
            Some(_) => Ok(()),
            None => Err(Error::invalid(format!("extractionFn 'timeFormat': '{value}' is no instant"))),
        }
    }

    fn long(&self, value: i64) -> Option<String> {
        let at = self.granularity.bucket_start(value);
        Some(match &self.pattern {
            Some(pattern) => pattern.text_in(at, &self.zone, self.names),
            None if self.as_millis => at.to_string(),
            None => instant::text_in(at, &self.zone),
        })
    }

    fn step_ms(&self) -> Option<i64> {
        match (&self.granularity, &self.pattern) {
            (Granularity::None, Some(pattern)) => Some(pattern.step_ms()),
            (Granularity::None, None) => None,
            (granularity, _) => Some(step_of(granularity)),
        }
    }
}
