//! What a query is given to read, and what of it it looks at.

use parking_lot::Mutex;
use query::{Bound, Result, Sources};
use segment::{ColumnRef, Over, Segment, SegmentRef};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use timeline::Interval;

/// Counts of one query.
#[derive(Default)]
pub struct Touched {
    num_segments: AtomicU64,
    num_rows: AtomicU64,
    bytes: AtomicU64,
}

impl Touched {
    /// Segments it was given.
    pub fn num_segments(&self) -> u64 {
        self.num_segments.load(Ordering::Relaxed)
    }

    /// Their rows.
    pub fn num_rows(&self) -> u64 {
        self.num_rows.load(Ordering::Relaxed)
    }

    /// Bytes of the columns that it looked at.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// Sources that count.
pub struct Counted<'a, S: ?Sized> {
    pub sources: &'a S,
    pub touched: Arc<Touched>,
}

impl<S: Sources + ?Sized> Sources for Counted<'_, S> {
    fn segments(&self, datasource: &str, intervals: &[Interval]) -> Result<Vec<SegmentRef>> {
        let segments = self.sources.segments(datasource, intervals)?;
        self.count(&segments);
        Ok(self.watched(segments))
    }

    fn bound(&self, datasource: &str, intervals: &[Interval]) -> Result<Option<Bound>> {
        let bound = self.sources.bound(datasource, intervals)?;
        Ok(bound.map(|Bound { segments, of }| {
            self.count(&of);
            Bound { segments: self.watched(segments), of }
        }))
    }
}

impl<S: Sources + ?Sized> Counted<'_, S> {
    fn count(&self, segments: &[SegmentRef]) {
        let num_rows: usize = segments.iter().map(|segment| segment.num_rows()).sum();
        self.touched.num_segments.fetch_add(segments.len() as u64, Ordering::Relaxed);
        self.touched.num_rows.fetch_add(num_rows as u64, Ordering::Relaxed);
    }

    fn watched(&self, segments: Vec<SegmentRef>) -> Vec<SegmentRef> {
        let watch = |inner| Watched { inner, seen: Mutex::default(), touched: Arc::clone(&self.touched) };
        segments.into_iter().map(|inner| Arc::new(watch(inner)) as SegmentRef).collect()
    }
}

/// A segment that counts the bytes of each column once.
struct Watched {
    inner: SegmentRef,
    seen: Mutex<Vec<Box<str>>>,
    touched: Arc<Touched>,
}

impl Watched {
    fn count(&self, name: &str, column: &ColumnRef) {
        let mut seen = self.seen.lock();
        if !seen.iter().any(|known| **known == *name) {
            seen.push(name.into());
            self.touched.bytes.fetch_add(column.size_bytes(), Ordering::Relaxed);
        }
    }
}

impl Over for Watched {
    fn below(&self) -> &dyn Segment {
        &*self.inner
    }

    fn column_over(&self, name: &str) -> Option<ColumnRef> {
        let column = self.inner.column(name)?;
        self.count(name, &column);
        Some(column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use query::{ExecContext, Query};
    use segment::BatchView;

    struct One(SegmentRef);

    impl Sources for One {
        fn segments(&self, _: &str, _: &[Interval]) -> Result<Vec<SegmentRef>> {
            Ok(vec![Arc::clone(&self.0)])
        }
    }

    #[test]
    fn columns_that_are_looked_at_count_once_and_others_not() {
        let rows =
            BatchView::builder().num_rows(2).time([0, 1]).long("a", [Some(1), Some(2)]).long("b", [Some(1), None]);
        let one = One(rows.build().expect("rows"));
        let query = br#"{"queryType":"timeseries","dataSource":"t","granularity":"all","intervals":"1970/1971",
            "filter":{"type":"selector","dimension":"a","value":"1"},
            "aggregations":[{"type":"longSum","name":"s","fieldName":"a"},{"type":"longMax","name":"m","fieldName":"a"}]}"#;
        let counted = Counted { sources: &one, touched: Arc::default() };
        let query = Query::parse(query).expect("a query");
        query::answer(&query, &counted, &ExecContext::inline(1 << 20))
            .and_then(|answer| answer.to_json())
            .expect("rows");
        let of = |name| one.0.column(name).expect("a column").size_bytes();
        let touched = &counted.touched;
        assert_eq!((touched.num_segments(), touched.num_rows()), (1, 2));
        assert!(touched.bytes() >= of("a") && touched.bytes() <= of("a") + of("__time"), "{}", touched.bytes());
    }
}
