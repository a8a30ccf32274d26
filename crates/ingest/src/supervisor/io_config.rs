//! `ioConfig` of a Kafka supervisor: as written into as meant, and back with its defaults.

use serde_json::{Map, Value, json};

use super::periods;
use crate::client_properties::redact;
use crate::source::TopicChoice;
use crate::spec::fields::Fields;
use crate::{Error, Result};

/// When a supervisor without new records is called idle.
#[derive(Debug, Clone)]
pub(super) struct Idle {
    pub(super) enabled: bool,
    pub(super) inactive_after_ms: i64,
}

/// Where records come from and how tasks are shown.
#[derive(Debug, Clone)]
pub(super) struct IoConfig {
    topic: Option<String>,
    pattern: Option<String>,
    pub(super) choice: TopicChoice,
    pub(super) input_format: Value,
    pub(super) consumer_properties: Map<String, Value>,
    replicas: i64,
    pub(super) task_count: i32,
    pub(super) task_duration_ms: i64,
    poll_timeout_ms: i64,
    pub(super) start_delay_ms: i64,
    pub(super) period_ms: i64,
    pub(super) use_earliest: bool,
    completion_timeout_ms: i64,
    pub(super) late_ms: Option<i64>,
    pub(super) early_ms: Option<i64>,
    /// Records older than this instant are late.
    pub(super) late_start: Option<i64>,
    pub(super) idle: Option<Idle>,
    auto_scaler: Value,
    stop_task_count: Option<i64>,
    emit_time_lag_metrics: bool,
    config_overrides: Value,
    /// Properties that were given and have no meaning here.
    pub(super) ignored: Vec<String>,
}

const PATH: &str = "ioConfig";
const MAX_TASKS: i64 = 1_000;
const MAX_MS: i64 = i64::MAX / 4;

/// Accepted without a meaning: lanes are not processes, need no replicas and scale by themselves.
const WITHOUT_MEANING: &[&str] = &[
    "replicas",
    "pollTimeout",
    "completionTimeout",
    "autoScalerConfig",
    "stopTaskCount",
    "serverPriorityToReplicas",
    "emitTimeLagMetrics",
    "configOverrides",
];

impl IoConfig {
    pub(super) fn parse(value: &Value) -> Result<IoConfig> {
        let fields = Fields::of(value, PATH)?;
        let (topic, pattern) = (fields.text("topic")?, fields.text("topicPattern")?);
        let choice = choice(&fields, topic.as_deref(), pattern.as_deref())?;
        if fields.get("boundedStreamConfig").is_some() {
            return Err(fields.wrong("boundedStreamConfig", "is not supported; topics are read without an end"));
        }
        let consumer_properties = fields
            .required("consumerProperties")?
            .as_object()
            .cloned()
            .ok_or_else(|| fields.wrong("consumerProperties", "must be an object"))?;
        let (late_ms, late_start) = (period(&fields, "lateMessageRejectionPeriod")?, late_start(&fields)?);
        if late_ms.is_some() && late_start.is_some() {
            let reason = "cannot be given together with lateMessageRejectionPeriod";
            return Err(fields.wrong("lateMessageRejectionStartDateTime", reason));
        }
        let ignored = WITHOUT_MEANING.iter().filter(|name| fields.get(name).is_some());
        Ok(IoConfig {
            topic,
            pattern,
            choice,
            input_format: fields.required("inputFormat")?.clone(),
            consumer_properties,
            replicas: fields.long_within("replicas", 1, 1, MAX_TASKS)?,
            task_count: i32::try_from(fields.long_within("taskCount", 1, 1, MAX_TASKS)?).unwrap_or(1),
            task_duration_ms: at_least_one(&fields, "taskDuration", 3_600_000)?,
            poll_timeout_ms: fields.long_within("pollTimeout", 100, 0, MAX_MS)?,
            start_delay_ms: period(&fields, "startDelay")?.unwrap_or(5_000),
            period_ms: at_least_one(&fields, "period", 30_000)?,
            use_earliest: fields.boolean("useEarliestOffset", fields.boolean("useEarliestSequenceNumber", false)?)?,
            completion_timeout_ms: period(&fields, "completionTimeout")?.unwrap_or(1_800_000),
            late_ms,
            early_ms: period(&fields, "earlyMessageRejectionPeriod")?,
            late_start,
            idle: idle(&fields)?,
            auto_scaler: auto_scaler(&fields)?,
            stop_task_count: fields.long("stopTaskCount")?,
            emit_time_lag_metrics: fields.boolean("emitTimeLagMetrics", false)?,
            config_overrides: fields.get("configOverrides").cloned().unwrap_or(Value::Null),
            ignored: ignored.map(|name| format!("{PATH}.{name}")).collect(),
        })
    }

    /// The topic, or the pattern of topics.
    pub(super) fn stream(&self) -> &str {
        self.topic.as_deref().or(self.pattern.as_deref()).unwrap_or_default()
    }

    /// Whether several topics may be read.
    pub(super) fn is_multi_topic(&self) -> bool {
        self.pattern.is_some()
    }

    pub(super) fn replicas(&self) -> i64 {
        self.replicas
    }

    /// With every default, secrets in the clear: the form that is stored.
    pub(super) fn to_json(&self) -> Value {
        let window = |ms: Option<i64>| ms.map(periods::print);
        let idle = self.idle.as_ref();
        json!({
            "topic": self.topic,
            "topicPattern": self.pattern,
            "inputFormat": self.input_format,
            "replicas": self.replicas,
            "taskCount": self.task_count,
            "taskDuration": periods::print(self.task_duration_ms),
            "consumerProperties": self.consumer_properties,
            "autoScalerConfig": self.auto_scaler,
            "pollTimeout": self.poll_timeout_ms,
            "startDelay": periods::print(self.start_delay_ms),
            "period": periods::print(self.period_ms),
            "useEarliestOffset": self.use_earliest,
            "completionTimeout": periods::print(self.completion_timeout_ms),
            "lateMessageRejectionPeriod": window(self.late_ms),
            "earlyMessageRejectionPeriod": window(self.early_ms),
            "lateMessageRejectionStartDateTime": self.late_start.map(timeline::instant::text),
            "configOverrides": self.config_overrides,
            "idleConfig": idle.map(|idle| json!({"enabled": idle.enabled, "inactiveAfterMillis": idle.inactive_after_ms})),
            "stopTaskCount": self.stop_task_count,
            "emitTimeLagMetrics": self.emit_time_lag_metrics,
            "stream": self.stream(),
            "useEarliestSequenceNumber": self.use_earliest,
        })
    }
}

/// Hides the secrets of an `ioConfig` in its printed form.
pub(super) fn hide_secrets(io: &mut Value) {
    if let Some(Value::Object(properties)) = io.get_mut("consumerProperties") {
        *properties = redact(properties);
    }
}

fn choice(fields: &Fields<'_>, topic: Option<&str>, pattern: Option<&str>) -> Result<TopicChoice> {
    match (topic, pattern) {
        (Some(topic), None) => Ok(TopicChoice::Name(topic.into())),
        (None, Some(pattern)) if pattern.len() <= 1024 => {
            TopicChoice::pattern(pattern).map_err(|why| fields.wrong("topicPattern", why))
        }
        (None, Some(_)) => Err(fields.wrong("topicPattern", "must not be longer than 1024 bytes")),
        (None, None) => Err(Error::invalid(PATH, "Either topic or topicPattern must be specified")),
        (Some(topic), Some(pattern)) => Err(Error::invalid(
            PATH,
            format!("Only one of topic [{topic}] or topicPattern [{pattern}] must be specified"),
        )),
    }
}

/// A period of fixed length, where one is given.
pub(super) fn period(fields: &Fields<'_>, name: &str) -> Result<Option<i64>> {
    let Some(text) = fields.text(name)? else { return Ok(None) };
    match periods::parse_ms(&text) {
        Ok(ms) if (0..=MAX_MS).contains(&ms) => Ok(Some(ms)),
        Ok(_) => Err(fields.wrong(name, "must not be negative")),
        Err(why) => Err(fields.wrong(name, why)),
    }
}

fn at_least_one(fields: &Fields<'_>, name: &str, default: i64) -> Result<i64> {
    match period(fields, name)?.unwrap_or(default) {
        0 => Err(fields.wrong(name, "must be longer than 0")),
        ms => Ok(ms),
    }
}

fn late_start(fields: &Fields<'_>) -> Result<Option<i64>> {
    let name = "lateMessageRejectionStartDateTime";
    let Some(text) = fields.text(name)? else { return Ok(None) };
    timeline::instant::parse(&text).map(Some).map_err(|error| fields.wrong(name, error.to_string()))
}

fn idle(fields: &Fields<'_>) -> Result<Option<Idle>> {
    let Some(idle) = fields.object("idleConfig")? else { return Ok(None) };
    let inactive_after_ms = idle.long_within("inactiveAfterMillis", 600_000, 1, MAX_MS)?;
    Ok(Some(Idle { enabled: idle.boolean("enabled", false)?, inactive_after_ms }))
}

fn auto_scaler(fields: &Fields<'_>) -> Result<Value> {
    let Some(scaler) = fields.object("autoScalerConfig")? else { return Ok(Value::Null) };
    if let (Some(most), Some(least)) = (scaler.long("taskCountMax")?, scaler.long("taskCountMin")?)
        && most < least
    {
        return Err(scaler.wrong("taskCountMax", "taskCountMax can't lower than taskCountMin!"));
    }
    Ok(fields.get("autoScalerConfig").cloned().unwrap_or(Value::Null))
}
