//! Files of keys and values: tables with separators, and lines of JSON.

use super::{Fields, flag, text};
use serde_json::Value;

type Entries = Vec<(String, Option<String>)>;

/// How a file is read: a `namespaceParseSpec`.
#[derive(Debug, PartialEq)]
pub enum Format {
    Table {
        separator: u8,
        columns: Vec<String>,
        has_header: bool,
        skipped_rows: usize,
        key: Option<String>,
        value: Option<String>,
    },
    /// A line is an object; two of its fields are an entry.
    Fields { key: String, value: String },
    /// A line is an object of entries.
    Objects,
}

impl Format {
    pub fn parse(spec: &Value) -> Result<Self, String> {
        let Value::Object(fields) = spec else { return Err("'namespaceParseSpec' must be an object".into()) };
        let needed = |name: &str| text(fields, name)?.ok_or_else(|| format!("'{name}' is missing"));
        match needed("format")?.as_str() {
            "csv" => table(fields, b','),
            "tsv" => {
                let separator = text(fields, "delimiter")?.unwrap_or_else(|| "\t".into());
                match separator.as_bytes() {
                    [one] => table(fields, *one),
                    _ => Err(format!("'delimiter' must be one character of ASCII, got '{separator}'")),
                }
            }
            "customJson" => Ok(Format::Fields { key: needed("keyFieldName")?, value: needed("valueFieldName")? }),
            "simpleJson" => Ok(Format::Objects),
            other => Err(format!("unknown format '{other}': known are csv, customJson, simpleJson, tsv")),
        }
    }

    /// All entries of a file. Fails at the first line that makes no sense and names it.
    pub fn entries(&self, file: &str) -> Result<Entries, String> {
        match self {
            Format::Table { .. } => self.table_entries(file),
            Format::Fields { key, value } => {
                let entry = |line: Fields| {
                    let found = line.get(key).and_then(scalar);
                    let found = found.ok_or_else(|| format!("there is no field '{key}'"))?;
                    Ok(vec![(found, line.get(value).and_then(scalar))])
                };
                json_entries(file, entry)
            }
            Format::Objects => {
                json_entries(file, |line| Ok(line.iter().map(|(key, value)| (key.clone(), scalar(value))).collect()))
            }
        }
    }

    fn table_entries(&self, file: &str) -> Result<Entries, String> {
        let Format::Table { separator, columns, has_header, skipped_rows, key, value } = self else {
            return Ok(Entries::new());
        };
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.delimiter(*separator).has_headers(false).flexible(true).from_reader(file.as_bytes());
        let mut columns = columns.clone();
        let mut places = None;
        let mut entries = Entries::new();
        let mut header_due = *has_header;
        for row in reader.records().skip(*skipped_rows) {
            let row = row.map_err(|error| error.to_string())?;
            if std::mem::take(&mut header_due) {
                columns = row.iter().map(str::to_string).collect();
                continue;
            }
            let (key_at, value_at) = match places {
                Some(places) => places,
                None => *places.insert((place(&columns, key.as_deref(), 0)?, place(&columns, value.as_deref(), 1)?)),
            };
            let line = row.position().map_or(0, csv::Position::line);
            let found = row.get(key_at).ok_or_else(|| format!("line {line} has no column {}", key_at + 1))?;
            entries.push((found.to_string(), row.get(value_at).map(str::to_string)));
        }
        Ok(entries)
    }
}

fn table(fields: &Fields, separator: u8) -> Result<Format, String> {
    let mut columns = Vec::new();
    match fields.get("columns") {
        None | Some(Value::Null) => {}
        Some(Value::Array(names)) => {
            for name in names {
                columns.push(name.as_str().ok_or("'columns' must be a list of names")?.to_string());
            }
        }
        Some(_) => return Err("'columns' must be a list of names".into()),
    }
    let skipped = fields.get("skipHeaderRows").filter(|value| !value.is_null());
    let skipped_rows = match skipped.map(|value| value.as_u64().ok_or(value)) {
        None => 0,
        Some(Ok(count)) => usize::try_from(count).unwrap_or(usize::MAX),
        Some(Err(other)) => return Err(format!("'skipHeaderRows' must be a number, got {other}")),
    };
    let (has_header, key, value) =
        (flag(fields, "hasHeaderRow")?, text(fields, "keyColumn")?, text(fields, "valueColumn")?);
    if !has_header {
        place(&columns, key.as_deref(), 0)?;
        place(&columns, value.as_deref(), 1)?;
    }
    Ok(Format::Table { separator, columns, has_header, skipped_rows, key, value })
}

/// Where a column stands; without a name the one at `otherwise`.
fn place(columns: &[String], name: Option<&str>, otherwise: usize) -> Result<usize, String> {
    match name {
        Some(name) => {
            columns.iter().position(|column| column == name).ok_or_else(|| format!("there is no column '{name}'"))
        }
        None if otherwise < columns.len() => Ok(otherwise),
        None => Err("'columns' must name at least a key and a value".into()),
    }
}

fn json_entries(file: &str, entry: impl Fn(Fields) -> Result<Entries, String>) -> Result<Entries, String> {
    let mut entries = Entries::new();
    for (number, line) in file.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let fields = serde_json::from_str::<Fields>(line).map_err(|error| format!("line {}: {error}", number + 1))?;
        entries.extend(entry(fields).map_err(|why| format!("line {}: {why}", number + 1))?);
    }
    Ok(entries)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::Format;
    use serde_json::{Value, json};

    fn read(spec: Value, file: &str) -> Result<Vec<(String, Option<String>)>, String> {
        Format::parse(&spec)?.entries(file)
    }

    #[test]
    fn every_format_gives_the_same_entries() {
        let expected = vec![("a".to_string(), Some("1".to_string())), ("b".to_string(), Some("x,y".to_string()))];
        for (spec, file) in [
            (json!({"format": "csv", "columns": ["k", "v"]}), "a,1\nb,\"x,y\"\n"),
            (
                json!({"format": "csv", "hasHeaderRow": true, "skipHeaderRows": 1, "keyColumn": "k", "valueColumn": "v"}),
                "made today\nv,n,k\n1,0,a\n\"x,y\",0,b\n",
            ),
            (
                json!({"format": "tsv", "columns": ["n", "v", "k"], "keyColumn": "k", "valueColumn": "v"}),
                "0\t1\ta\n0\tx,y\tb\n",
            ),
            (
                json!({"format": "customJson", "keyFieldName": "k", "valueFieldName": "v"}),
                "{\"k\":\"a\",\"v\":1}\n\n{\"k\":\"b\",\"v\":\"x,y\"}",
            ),
            (json!({"format": "simpleJson"}), "{\"a\":\"1\"}\n{\"b\":\"x,y\"}\n"),
        ] {
            assert_eq!(read(spec.clone(), file), Ok(expected.clone()), "{spec}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (spec, file, word) in [
            (json!({"format": "xml"}), "", "xml"),
            (json!({"format": "csv", "columns": ["k"]}), "", "columns"),
            (json!({"format": "csv", "columns": ["k", "v"], "keyColumn": "n"}), "", "'n'"),
            (json!({"format": "tsv", "columns": ["k", "v"], "delimiter": "||"}), "", "delimiter"),
            (json!({"format": "customJson", "keyFieldName": "k", "valueFieldName": "v"}), "{}\n", "line 1"),
            (json!({"format": "simpleJson"}), "{}\nnope\n", "line 2"),
            (json!({"format": "csv", "columns": ["v", "w", "k"], "keyColumn": "k"}), "1,2\n", "line 1"),
        ] {
            let error = read(spec, file).expect_err("wrong");
            assert!(error.contains(word), "{error}");
        }
    }
}
