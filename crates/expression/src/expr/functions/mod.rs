//! The functions of the language, a family a file.

// helpers: shared
mod array;
mod bitwise;
mod bloom;
mod general;
mod human;
mod hyper_unique;
mod ip;
mod json;
mod lambdas;
mod math;
mod shared;
mod string;
mod time;

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

pub(super) use json::{literal_at, literals_at};

use super::builder::Builder;
use super::lambda::Lambda;
use super::node::{ByRow, Frame, Function, Node};
use super::scalar::{ExprType, Kind, Scalar, wider};
use super::vector::Vector;
use crate::{Environment, Error, Result};

// open set
static FAMILIES: &[&[FunctionKind]] = &[
    array::KINDS,
    bitwise::KINDS,
    bloom::KINDS,
    general::KINDS,
    human::KINDS,
    hyper_unique::KINDS,
    ip::KINDS,
    json::KINDS,
    lambdas::KINDS,
    math::KINDS,
    string::KINDS,
    time::KINDS,
];

/// One function: its name in lower case, what it takes and how a call of it is made.
pub(crate) struct FunctionKind {
    pub name: &'static str,
    pub arity: RangeInclusive<usize>,
    /// Which arguments are read as whole arrays.
    pub arrays: ArrayArgs,
    pub takes_lambda: bool,
    /// Asks for the literals at the path that comes second.
    pub reads_literals: bool,
    pub build: fn(Call<'_>) -> Result<Box<dyn Function>>,
}

/// Arguments in which a multi-value column is one array and not a value at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArrayArgs {
    None,
    /// This one only, from 0.
    At(usize),
    All,
}

impl ArrayArgs {
    pub fn contains(self, at: usize) -> bool {
        match self {
            ArrayArgs::None => false,
            ArrayArgs::At(only) => only == at,
            ArrayArgs::All => true,
        }
    }
}

/// Any number of arguments.
pub(crate) const MANY: usize = usize::MAX;

impl FunctionKind {
    pub const fn new(
        name: &'static str,
        arity: RangeInclusive<usize>,
        build: fn(Call<'_>) -> Result<Box<dyn Function>>,
    ) -> Self {
        Self { name, arity, arrays: ArrayArgs::None, takes_lambda: false, reads_literals: false, build }
    }

    pub const fn arrays(self, arrays: ArrayArgs) -> Self {
        Self { arrays, ..self }
    }

    pub const fn lambda(self) -> Self {
        Self { takes_lambda: true, ..self }
    }

    pub const fn literals(self) -> Self {
        Self { reads_literals: true, ..self }
    }

    pub fn check_arity(&self, num_args: usize) -> Result<()> {
        if self.arity.contains(&num_args) {
            return Ok(());
        }
        let wanted = match (*self.arity.start(), *self.arity.end()) {
            (low, MANY) => format!("at least {low}"),
            (low, high) if low == high => low.to_string(),
            (low, high) => format!("{low} to {high}"),
        };
        Err(Error::invalid(format!("{}: takes {wanted} arguments, {num_args} given", self.name)))
    }
}

/// A call while it is bound: the arguments are known, constants already folded.
pub(crate) struct Call<'a> {
    pub name: &'static str,
    pub args: &'a [Node],
    pub lambda: Option<Lambda>,
    /// The first argument gives the literals at the path already.
    pub takes_literals: bool,
    pub environment: &'a Environment,
}

impl Call<'_> {
    /// The constant at a place; `None` when there is no argument, an error when it is no constant.
    pub fn literal(&self, at: usize, what: &str) -> Result<Option<&Scalar<'static>>> {
        match self.args.get(at) {
            None => Ok(None),
            Some(node) => match node.literal() {
                Some(value) => Ok(Some(value)),
                None => Err(Error::invalid(format!("{}: the {what} must be a constant", self.name))),
            },
        }
    }

    /// As `literal`, as text; null is `None`.
    pub fn literal_text(&self, at: usize, what: &str) -> Result<Option<String>> {
        Ok(self.literal(at, what)?.and_then(|value| value.as_text().map(|text| text.into_owned())))
    }

    pub fn error(&self, reason: impl std::fmt::Display) -> Error {
        Error::invalid(format!("{}: {reason}", self.name))
    }
}

static BY_NAME: LazyLock<HashMap<&'static str, &'static FunctionKind>> =
    LazyLock::new(|| FAMILIES.iter().copied().flatten().map(|kind| (kind.name, kind)).collect());

pub(crate) fn find(lower_case: &str) -> Option<&'static FunctionKind> {
    BY_NAME.get(lower_case).copied()
}

/// Functions that Druid runs over vectors. Of those it knows the type of the result also where a column is missing.
const OVER_VECTORS: &[&str] = &[
    "acos",
    "asin",
    "atan",
    "atan2",
    "bitwiseand",
    "bitwisecomplement",
    "bitwiseconvertdoubletolongbits",
    "bitwiseconvertlongbitstodouble",
    "bitwiseor",
    "bitwiseshiftleft",
    "bitwiseshiftright",
    "bitwisexor",
    "cast",
    "cbrt",
    "ceil",
    "coalesce",
    "concat",
    "copysign",
    "cos",
    "cosh",
    "cot",
    "div",
    "exp",
    "expm1",
    "floor",
    "hypot",
    "isnull",
    "log",
    "log10",
    "log1p",
    "max",
    "min",
    "nextafter",
    "notnull",
    "nvl",
    "parse_long",
    "pow",
    "remainder",
    "scalb",
    "signum",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "timestamp_floor",
    "todegrees",
    "toradians",
    "ulp",
];

pub(crate) fn runs_over_vectors(name: &str) -> bool {
    OVER_VECTORS.binary_search(&name).is_ok()
}

/// How the type of a result follows from those of the arguments.
#[derive(Clone, Copy)]
pub(crate) enum Output {
    Is(ExprType),
    /// Not known before the values are.
    Unknown,
    /// The widest of the arguments.
    Widest,
    /// Long when all arguments that are known are, else double.
    Number,
    /// An array of the widest kind among the arguments' elements.
    ArrayOfWidest,
    /// The element type of the first argument.
    Element,
}

pub(crate) const LONG: Output = Output::Is(ExprType::LONG);
pub(crate) const DOUBLE: Output = Output::Is(ExprType::DOUBLE);
pub(crate) const TEXT: Output = Output::Is(ExprType::STRING);

impl Output {
    pub fn of(self, args: &[Option<ExprType>]) -> Option<ExprType> {
        let widest = args.iter().flatten().map(|t| t.element()).reduce(wider);
        match self {
            Output::Is(result) => Some(result),
            Output::Unknown => None,
            Output::Widest => widest.map(|kind| match args.iter().flatten().any(|t| matches!(t, ExprType::Array(_))) {
                true => ExprType::Array(kind),
                false => ExprType::Scalar(kind),
            }),
            Output::Number => args.iter().flatten().map(|t| t.element()).reduce(wider).map(|kind| match kind {
                Kind::Long => ExprType::LONG,
                Kind::Double | Kind::Text | Kind::Json => ExprType::DOUBLE,
            }),
            Output::ArrayOfWidest => widest.map(ExprType::Array),
            Output::Element => args.first().copied().flatten().map(|t| ExprType::Scalar(t.element())),
        }
    }
}

/// A function of the values of one row.
struct Rows<F> {
    output: Output,
    step_ms: Option<i64>,
    body: F,
}

/// A function that looks at one row at a time. The closure is compiled into the loop.
pub(crate) fn rows<F>(output: Output, body: F) -> Result<Box<dyn Function>>
where
    F: for<'a> Fn(&[Scalar<'a>]) -> Result<Scalar<'a>> + Send + Sync + 'static,
{
    Ok(Box::new(Rows { output, step_ms: None, body }))
}

/// As `rows`, of an instant, all through a step the same.
pub(crate) fn rows_in_steps<F>(output: Output, step_ms: i64, body: F) -> Result<Box<dyn Function>>
where
    F: for<'a> Fn(&[Scalar<'a>]) -> Result<Scalar<'a>> + Send + Sync + 'static,
{
    Ok(Box::new(Rows { output, step_ms: Some(step_ms), body }))
}

/// As `rows`, null when the first argument is.
pub(crate) fn strict<F>(output: Output, body: F) -> Result<Box<dyn Function>>
where
    F: for<'a> Fn(&[Scalar<'a>]) -> Result<Scalar<'a>> + Send + Sync + 'static,
{
    rows(output, move |args| match args.first() {
        Some(Scalar::Null) => Ok(Scalar::Null),
        _ => body(args),
    })
}

impl<F> Function for Rows<F>
where
    F: for<'a> Fn(&[Scalar<'a>]) -> Result<Scalar<'a>> + Send + Sync,
{
    fn eval(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector> {
        let args = args.iter().map(|arg| arg.eval(frame)).collect::<Result<Vec<_>>>()?;
        if !args.is_empty() && frame.num_rows > 0 && args.iter().all(|arg| arg.as_constant().is_some()) {
            let row: Vec<_> = args.iter().map(|arg| arg.get(0)).collect();
            return Ok(Vector::Constant((self.body)(&row)?.into_owned(), frame.num_rows));
        }
        let mut out = Builder::new(frame.num_rows);
        let mut row = Vec::with_capacity(args.len());
        for at in 0..frame.num_rows {
            row.clear();
            row.extend(args.iter().map(|arg| arg.get(at)));
            out.push((self.body)(&row)?)?;
        }
        Ok(out.finish())
    }

    fn step_ms(&self) -> Option<i64> {
        self.step_ms
    }

    fn output(&self, args: &[Option<ExprType>]) -> Option<ExprType> {
        self.output.of(args)
    }

    fn by_row(&self) -> Option<&dyn ByRow> {
        Some(self)
    }
}

impl<F> ByRow for Rows<F>
where
    F: for<'a> Fn(&[Scalar<'a>]) -> Result<Scalar<'a>>,
{
    fn row(&self, args: &[Scalar<'_>]) -> Result<Scalar<'static>> {
        Ok((self.body)(args)?.into_owned())
    }
}

/// An array of text, for functions that make one.
pub(crate) fn text_array(items: Vec<Scalar<'static>>) -> Scalar<'static> {
    Scalar::array_of(Kind::Text, items)
}

#[cfg(test)]
mod tests;
