//! Answers as an aligned table or as CSV: flattens Druid's row shapes into columns in order of first sight.

use serde_json::{Map, Value};

/// Column names and rows of cells.
#[derive(Debug, Default, PartialEq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a native answer of any kind.
    pub fn of_answer(answer: &Value) -> Self {
        let mut table = Self::default();
        for element in answer.as_array().map(Vec::as_slice).unwrap_or_default() {
            table.add_element(element);
        }
        for row in &mut table.rows {
            row.resize(table.columns.len(), String::new());
        }
        table
    }

    fn add_element(&mut self, element: &Value) {
        let Some(object) = element.as_object() else {
            self.add_row(&[("value", element)]);
            return;
        };
        let time = object.get("timestamp");
        match (object.get("result"), object.get("event"), object.get("events")) {
            (Some(Value::Array(items)), _, _) => items.iter().for_each(|item| self.add_object(time, item.as_object())),
            (Some(Value::Object(result)), _, _) => self.add_object(time, Some(result)),
            (_, Some(Value::Object(event)), _) => self.add_object(time, Some(event)),
            (_, _, Some(Value::Array(events))) => self.add_events(object, events),
            _ => self.add_object(None, Some(object)),
        }
    }

    fn add_events(&mut self, batch: &Map<String, Value>, events: &[Value]) {
        let names: Vec<&str> = batch
            .get("columns")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        for event in events {
            match event {
                Value::Array(cells) => {
                    self.add_row(&names.iter().copied().zip(cells).collect::<Vec<_>>());
                }
                other => self.add_object(None, other.as_object()),
            }
        }
    }

    fn add_object(&mut self, time: Option<&Value>, object: Option<&Map<String, Value>>) {
        let mut cells: Vec<(&str, &Value)> = time.map(|time| ("timestamp", time)).into_iter().collect();
        cells.extend(object.into_iter().flatten().map(|(name, value)| (name.as_str(), value)));
        self.add_row(&cells);
    }

    fn add_row(&mut self, cells: &[(&str, &Value)]) {
        let mut row = vec![String::new(); self.columns.len()];
        for (name, value) in cells {
            let at = self.columns.iter().position(|column| column == name).unwrap_or_else(|| {
                self.columns.push((*name).to_string());
                row.push(String::new());
                self.columns.len() - 1
            });
            row[at] = cell(value);
        }
        self.rows.push(row);
    }

    /// Columns padded to their widest cell.
    pub fn aligned(&self) -> String {
        aligned(&self.columns, &self.rows)
    }
}

/// Rows under their column names, padded to the widest cell.
pub fn aligned(columns: &[String], rows: &[Vec<String>]) -> String {
    let lines: Vec<&[String]> = std::iter::once(columns).chain(rows.iter().map(Vec::as_slice)).collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for line in lines {
        let cells: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.chars().count()))))
            .collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn top_n_rows_carry_their_time() {
        let table = Table::of_answer(&json!([{"timestamp": "t", "result": [{"d": "a", "n": 1}, {"d": null, "n": 2}]}]));
        assert_eq!(table.columns, ["timestamp", "d", "n"]);
        assert_eq!(table.rows, [["t", "a", "1"], ["t", "", "2"]]);
    }

    #[test]
    fn scans_are_read_in_both_forms() {
        let list = Table::of_answer(&json!([{"columns": ["a"], "events": [{"a": 1}]}]));
        let compact = Table::of_answer(&json!([{"columns": ["a"], "events": [[1]]}]));
        assert_eq!(list, compact);
    }

    #[test]
    fn a_column_seen_late_is_empty_before() {
        let table = Table::of_answer(&json!([{"event": {"a": 1}}, {"event": {"a": 2, "b": 3}}]));
        assert_eq!(table.rows, [["1", ""], ["2", "3"]]);
        assert_eq!(table.aligned(), "a  b\n1\n2  3\n");
    }
}
