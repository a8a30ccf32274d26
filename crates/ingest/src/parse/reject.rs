//! Records and rows that were not taken, and why.

/// Why a record or row was not taken, or was taken with a null field. The text form is the reason
/// code of dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The record has no value, or only white space.
    Empty,
    /// The record is not in the input format.
    Malformed,
    /// The record is longer than allowed.
    TooLarge,
    /// Missing or unreadable timestamp.
    Timestamp,
    /// A value longer than a dimension value may be.
    ValueTooLong,
    /// More dimensions than a row may have.
    TooManyDimensions,
    /// A parser panicked on this record.
    Panic,
    /// A field that could not be converted; the row was kept and the field is null.
    BadField,
    /// Dropped by the filter of the transformSpec.
    Filtered,
    /// Older than the late window allows.
    Late,
    /// Newer than the early window allows.
    Early,
    /// Outside the intervals of a batch spec.
    OutsideIntervals,
}

impl Reason {
    /// The reason code.
    pub fn code(self) -> &'static str {
        match self {
            Reason::Empty => "empty",
            Reason::Malformed => "malformed",
            Reason::TooLarge => "tooLarge",
            Reason::Timestamp => "timestamp",
            Reason::ValueTooLong => "valueTooLong",
            Reason::TooManyDimensions => "tooManyDimensions",
            Reason::Panic => "panic",
            Reason::BadField => "badField",
            Reason::Filtered => "filtered",
            Reason::Late => "late",
            Reason::Early => "early",
            Reason::OutsideIntervals => "outsideIntervals",
        }
    }

    /// Which counter a row or record with this reason belongs to.
    pub fn outcome(self) -> Outcome {
        match self {
            Reason::Empty | Reason::Filtered | Reason::Late | Reason::Early | Reason::OutsideIntervals => {
                Outcome::ThrownAway(self)
            }
            Reason::BadField => Outcome::WithError,
            _ => Outcome::Unparseable(self),
        }
    }
}

/// What became of one record: the outcome of its best row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// At least one row was taken without error.
    Indexed,
    /// A row was taken, with at least one field nulled.
    WithError,
    /// No row was taken, on purpose.
    ThrownAway(Reason),
    /// No row was taken because the record could not be read.
    Unparseable(Reason),
}

/// Bytes of the raw record that a reject keeps.
pub const RAW_BYTES: usize = 8 * 1024;

/// One record or row that was not taken, or taken with a null field ([`Reason::BadField`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Position of the record in the batch that was parsed.
    pub record: u32,
    /// The offset that came with the record.
    pub offset: i64,
    /// Why.
    pub reason: Reason,
    /// The field at fault, where one is.
    pub field: Option<String>,
    /// The row as Druid shows it: the line of a record that could not be read, else the text of the
    /// row's fields. Empty for rows thrown away.
    pub input: String,
    /// What was wrong, one text a bad field.
    pub details: Vec<String>,
    /// The first bytes of the raw record, at most [`RAW_BYTES`].
    pub raw: Vec<u8>,
}

impl Reject {
    /// The `errorType` of Druid's error lists; `None` for rows that were thrown away.
    pub fn error_type(&self) -> Option<&'static str> {
        match self.reason.outcome() {
            Outcome::Unparseable(_) => Some("unparseable"),
            Outcome::WithError => Some("processedWithError"),
            _ => None,
        }
    }
}
