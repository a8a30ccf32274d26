//! What a query reads: tables, and what is made of them.

mod join;
mod unnest;

use crate::chance::Chance;
use crate::extraction::{ENTRIES, LOOKUP};
use crate::filter::Filter;
use crate::query::Query;
use crate::rows::{Column, DAY_MS, Element, FIRST_MS, Kind, NUM_DAYS, Row, draw_columns, draw_rows, draw_value};
use crate::value::Value;
use join::Join;
use serde_json::{Value as Json, json};
use unnest::Unnest;

#[derive(Debug, Clone)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
}

/// The tables of a case: a query names the first by the name of the datasource, the second with `_u` behind.
#[derive(Debug)]
pub struct World {
    pub tables: Vec<Table>,
}

impl World {
    pub fn draw(chance: &Chance) -> World {
        let columns = draw_columns(chance);
        // What both have is of one kind in both.
        let shared = columns.iter().filter(|_| !chance.one_in(4)).cloned().collect();
        let tables = [columns, shared];
        let tables = (0..).zip(tables).map(|(at, columns)| {
            let rows = draw_rows(chance, &columns, at);
            Table { columns, rows }
        });
        World { tables: tables.collect() }
    }

    pub fn table_name(datasource: &str, table: usize) -> String {
        if table == 0 { datasource.to_owned() } else { format!("{datasource}_u") }
    }
}

/// What may be asked of a source.
#[derive(Debug, Clone)]
pub struct Scope {
    pub columns: Vec<Column>,
    /// Several rows may have one time, so that no row is certainly the first.
    pub is_tied: bool,
    /// Another query reads the answer.
    pub is_inner: bool,
}

impl Scope {
    pub fn is_timed(&self) -> bool {
        self.columns.iter().any(|column| column.name == "__time")
    }
}

/// Rows, and which times count as covered by segments.
#[derive(Debug)]
pub struct Relation {
    pub rows: Vec<Row>,
    pub spans: Spans,
    pub is_timed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub first: i64,
    pub last: i64,
    pub table: i64,
}

#[derive(Debug)]
pub enum Spans {
    /// First and last time of the rows of each day of each table.
    Parts(Vec<Span>),
    /// Whatever is asked for.
    Whole,
}

#[derive(Debug, Clone)]
pub enum Source {
    Table(usize),
    Union,
    Inline { columns: Vec<Column>, rows: Vec<Row> },
    Lookup,
    Query(Box<Query>),
    Filtered(Box<Source>, Filter),
    Unnest(Unnest),
    Join(Join),
}

pub fn all_time() -> (i64, i64) {
    (FIRST_MS - DAY_MS, FIRST_MS + (NUM_DAYS + 1) * DAY_MS)
}

fn time_column() -> Column {
    Column::new("__time", Kind::Time)
}

fn day_spans(rows: &[Row]) -> Vec<Span> {
    let days = rows.chunk_by(|a, b| a.time.div_euclid(DAY_MS) == b.time.div_euclid(DAY_MS));
    let span = |day: &[Row]| Some(Span { first: day.first()?.time, last: day.last()?.time, table: day.first()?.table });
    days.filter_map(span).collect()
}

impl Source {
    pub fn draw(chance: &Chance, world: &World, depth: usize) -> (Source, Scope) {
        let plain = |table: usize| {
            let columns = [vec![time_column()], world.tables[table].columns.clone()].concat();
            (Source::Table(table), Scope { columns, is_tied: false, is_inner: false })
        };
        if depth == 0 || chance.one_in(2) {
            return plain(0);
        }
        let base = || Source::draw(chance, world, depth - 1);
        match chance.below(8) {
            0 => (Source::Union, plain(0).1),
            1 => Source::draw_inline(chance, true),
            2 => {
                let (base, scope) = base();
                let filter = Filter::draw(chance, &scope.columns, 1);
                (Source::Filtered(Box::new(base), filter), scope)
            }
            3 => Unnest::draw(chance, base(), depth).unwrap_or_else(|| plain(0)),
            4 | 5 => Join::draw(chance, world, base(), depth),
            _ => {
                let query = Query::draw_inner(chance, world, depth - 1);
                let scope = Scope { columns: query.outputs(), is_tied: true, is_inner: false };
                (Source::Query(Box::new(query)), scope)
            }
        }
    }

    fn draw_inline(chance: &Chance, is_timed: bool) -> (Source, Scope) {
        let mut columns = vec![Column::new("k", Kind::Text), Column::new("n", Kind::Long)];
        columns.extend(chance.one_in(2).then(|| Column::new("x", Kind::Double)));
        columns.extend(chance.one_in(3).then(|| Column::new("list", Kind::Array(Element::Long))));
        let row = |number: i64| {
            let mut row = Row::new(FIRST_MS + number * 7_200_000);
            for column in &columns {
                let value = if chance.one_in(6) { Value::Null } else { draw_value(chance, column.kind) };
                row.put(&column.name, vec![value]);
            }
            row
        };
        let rows = (0..1 + chance.between(0, 7)).map(row).collect();
        if is_timed {
            columns.insert(0, time_column());
        }
        let scope = Scope { columns: columns.clone(), is_tied: !is_timed, is_inner: false };
        (Source::Inline { columns, rows }, scope)
    }

    pub fn json(&self, datasource: &str) -> Json {
        match self {
            Source::Table(at) => json!(World::table_name(datasource, *at)),
            Source::Union => {
                json!({"type": "union", "dataSources": [World::table_name(datasource, 0), World::table_name(datasource, 1)]})
            }
            Source::Inline { columns, rows } => {
                let cells = |row: &Row| columns.iter().map(|column| row.cell(&column.name)).collect::<Vec<_>>();
                json!({"type": "inline", "columnNames": columns.iter().map(|column| &column.name).collect::<Vec<_>>(),
                    "columnTypes": columns.iter().map(|column| column.kind.type_name()).collect::<Vec<_>>(),
                    "rows": rows.iter().map(cells).collect::<Vec<_>>()})
            }
            Source::Lookup => json!({"type": "lookup", "lookup": LOOKUP}),
            Source::Query(query) => json!({"type": "query", "query": query.json(datasource)}),
            Source::Filtered(base, filter) => {
                json!({"type": "filter", "base": base.json(datasource), "filter": filter.json()})
            }
            Source::Unnest(unnest) => unnest.json(datasource),
            Source::Join(join) => join.json(datasource),
        }
    }

    pub fn relation(&self, world: &World) -> Relation {
        let table = |at: usize| &world.tables[at].rows;
        match self {
            Source::Table(at) => {
                Relation { rows: table(*at).clone(), spans: Spans::Parts(day_spans(table(*at))), is_timed: true }
            }
            Source::Union => {
                let mut rows = [table(0).clone(), table(1).clone()].concat();
                rows.sort_by_key(|row| row.time);
                let mut spans = [day_spans(table(0)), day_spans(table(1))].concat();
                spans.sort_unstable();
                Relation { rows, spans: Spans::Parts(spans), is_timed: true }
            }
            Source::Inline { columns, rows } => {
                let is_timed = columns.iter().any(|column| column.kind == Kind::Time);
                Relation { rows: rows.clone(), spans: Spans::Whole, is_timed }
            }
            Source::Lookup => {
                let text = |text: &str| vec![Value::Text(text.to_owned())];
                let row = |(key, value): &(&str, &str)| Row::new(0).with("k", text(key)).with("v", text(value));
                Relation { rows: ENTRIES.iter().map(row).collect(), spans: Spans::Whole, is_timed: false }
            }
            Source::Query(query) => query.relation(world),
            Source::Filtered(base, filter) => {
                let mut relation = base.relation(world);
                relation.rows.retain(|row| filter.keeps(row));
                relation
            }
            Source::Unnest(unnest) => unnest.relation(world),
            Source::Join(join) => join.relation(world),
        }
    }
}
