//! Which segments to merge, decided from the live set alone.

use std::collections::BTreeMap;

use metastore::Segment;
use serde_json::Value;

/// When segments are merged.
#[derive(Debug, Clone)]
pub struct Tiers {
    /// Segments of about one size that are merged into one of the next.
    pub fan_in: usize,
    /// How much larger a tier is than the one below.
    pub factor: i64,
    /// Bytes below which sizes are not told apart.
    pub smallest_bytes: i64,
    /// Bytes and rows that a merge takes at most.
    pub max_bytes: i64,
    /// See `max_bytes`.
    pub max_rows: i64,
}

impl Default for Tiers {
    fn default() -> Tiers {
        Tiers { fan_in: 8, factor: 8, smallest_bytes: 256 << 10, max_bytes: 512 << 20, max_rows: 5_000_000 }
    }
}

/// Segments of one time chunk that become one.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    /// Oldest first.
    pub inputs: Vec<Segment>,
}

impl Tiers {
    fn tier(&self, size: i64) -> u32 {
        let (mut tier, mut bound) = (0, self.smallest_bytes.max(1));
        while size > bound && tier < 60 {
            tier += 1;
            bound = bound.saturating_mul(self.factor.max(2));
        }
        tier
    }

    /// Merges worth doing, those of the smallest segments first. No segment is in two of them, and none is merged
    /// with one that came after one of these times: overwrites that began then take one and leave the other.
    pub fn plan(&self, live: &[Segment], starts_ms: &[i64]) -> Vec<Merge> {
        let mut groups: BTreeMap<(u32, i64, i64, usize), Vec<&Segment>> = BTreeMap::new();
        for segment in live.iter().filter(|segment| segment.is_live()) {
            let era = starts_ms.iter().filter(|&&start_ms| start_ms < segment.added_time).count();
            groups.entry((self.tier(segment.size), segment.start, segment.end, era)).or_default().push(segment);
        }
        let fan_in = self.fan_in.max(2);
        let large = groups.into_values().filter(|group| group.len() >= fan_in);
        let mut merges = Vec::new();
        for mut group in large.flat_map(alike).filter(|group| group.len() >= fan_in) {
            group.sort_by(|a, b| (a.added_at, &a.seg_id).cmp(&(b.added_at, &b.seg_id)));
            let (mut bytes, mut rows) = (0i64, 0i64);
            let fits = |segment: &&&Segment| {
                bytes = bytes.saturating_add(segment.size);
                rows = rows.saturating_add(segment.rows);
                bytes <= self.max_bytes && rows <= self.max_rows
            };
            let inputs: Vec<Segment> = group.iter().take_while(fits).map(|segment| (*segment).clone()).collect();
            if inputs.len() >= 2 {
                merges.push(Merge { inputs });
            }
        }
        merges
    }
}

/// Parts of `group` whose columns go together: a spec may give a name another meaning, and rows of both stay apart.
fn alike(group: Vec<&Segment>) -> Vec<Vec<&Segment>> {
    let mut parts: Vec<(BTreeMap<String, Value>, Vec<&Segment>)> = Vec::new();
    for segment in group {
        let columns = columns(&segment.meta);
        let goes = |known: &BTreeMap<String, Value>| {
            columns.iter().all(|(name, meaning)| known.get(name).is_none_or(|known| known == meaning))
        };
        match parts.iter_mut().find(|(known, _)| goes(known)) {
            Some((known, part)) => {
                known.extend(columns);
                part.push(segment);
            }
            None => parts.push((columns, vec![segment])),
        }
    }
    parts.into_iter().map(|(_, part)| part).collect()
}

/// Names, and what is folded under them; nothing for dimensions.
fn columns(meta: &str) -> BTreeMap<String, Value> {
    let mut meta: Value = serde_json::from_str(meta).unwrap_or_default();
    let mut take = |name: &str| match meta.get_mut(name).map(Value::take) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let dimensions = take("dimensions").into_iter().filter_map(|name| Some((name.as_str()?.to_owned(), Value::Null)));
    let mut columns: BTreeMap<String, Value> = dimensions.collect();
    for mut aggregator in take("aggregators") {
        if aggregator.get("type").is_some_and(|tag| tag == "filtered") {
            aggregator = aggregator.get_mut("aggregator").map(Value::take).unwrap_or_default();
        }
        if let Some(name) = aggregator.get("name").and_then(Value::as_str) {
            columns.insert(name.to_owned(), aggregator);
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use metastore::MetricSums;
    use serde_json::json;
    use timeline::ShardSpec;

    use super::*;

    fn segment(id: usize, chunk: i64, size: i64) -> Segment {
        Segment {
            seg_id: format!("s{id:03}"),
            datasource_id: "d".to_owned(),
            datasource: "d".to_owned(),
            start: chunk * 100,
            end: chunk * 100 + 100,
            version: 1,
            partition_num: 0,
            shard_spec: ShardSpec::Numbered { partition_num: 0, partitions: 0 },
            path: String::new(),
            size,
            hash: String::new(),
            rows: size,
            weight_sum: size,
            metric_sums: MetricSums::default(),
            min_time: 0,
            max_time: 0,
            meta: String::new(),
            created_by: String::new(),
            added_at: i64::try_from(id).unwrap_or(0),
            added_time: 0,
            removed_at: None,
            removed_time: None,
            removed_why: None,
            removed_by: None,
            undone_by: None,
            restored_at: None,
        }
    }

    fn tiers() -> Tiers {
        Tiers { fan_in: 3, factor: 10, smallest_bytes: 10, max_bytes: 10_000, max_rows: 10_000 }
    }

    #[test]
    fn only_enough_of_one_size_and_chunk_are_merged() {
        let mut live: Vec<Segment> = (0..2).map(|id| segment(id, 0, 5)).collect();
        live.push(segment(2, 1, 5));
        live.push(segment(3, 0, 50));
        assert_eq!(tiers().plan(&live, &[]), vec![]);
        live.push(segment(4, 0, 9));
        let merges = tiers().plan(&live, &[]);
        let ids: Vec<&str> = merges.iter().flat_map(|merge| &merge.inputs).map(|input| input.seg_id.as_str()).collect();
        assert_eq!(ids, ["s000", "s001", "s004"]);
    }

    #[test]
    fn a_days_cuts_become_few_and_each_row_is_merged_a_few_times_only() {
        let (mut live, mut merged) = (Vec::new(), 0);
        for id in 0..1_440 {
            live.push(segment(id, 0, 10));
            for merge in tiers().plan(&live, &[]) {
                let size: i64 = merge.inputs.iter().map(|input| input.size).sum();
                merged += size;
                live.retain(|segment| merge.inputs.iter().all(|input| input.seg_id != segment.seg_id));
                live.push(Segment { seg_id: format!("m{id}-{size}"), ..segment(id, 0, size) });
            }
        }
        assert!(live.len() < 40, "{} segments are left", live.len());
        assert!(merged < 14_400 * 12, "{merged} bytes were written to keep 14400");
        assert_eq!(live.iter().map(|segment| segment.size).sum::<i64>(), 14_400);
    }

    #[test]
    fn what_came_after_an_overwrite_began_is_merged_apart() {
        let added = |id: usize, added_time| Segment { added_time, ..segment(id, 0, 5) };
        let live: Vec<Segment> = (0..6).map(|id| added(id, 100 + i64::try_from(id).unwrap_or(0))).collect();
        let sizes = |starts: &[i64]| tiers().plan(&live, starts).iter().map(|m| m.inputs.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&[]), [6]);
        assert_eq!(sizes(&[102]), [3, 3]);
        assert_eq!(sizes(&[103]), [4]);
        assert_eq!(sizes(&[101, 103]), Vec::<usize>::new());
    }

    #[test]
    fn columns_of_one_name_and_two_meanings_are_merged_apart() {
        let with = |id: usize, columns: Value| Segment { meta: columns.to_string(), ..segment(id, 0, 5) };
        let metric = |tag: &str| json!({"aggregators": [{"type": tag, "name": "m"}]});
        let filtered = json!({"type": "filtered", "filter": 1, "aggregator": {"type": "longSum", "name": "m"}});
        let mut live: Vec<Segment> = (0..3).map(|id| with(id, metric("longSum"))).collect();
        live.extend((3..5).map(|id| with(id, metric("doubleSum"))));
        live.push(with(5, json!({"dimensions": ["m"]})));
        live.push(with(6, json!({"aggregators": [filtered], "dimensions": ["more"]})));
        let sizes = |live: &[Segment]| tiers().plan(live, &[]).iter().map(|m| m.inputs.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&live), [4]);
        live.push(with(7, metric("doubleSum")));
        assert_eq!(sizes(&live), [4, 3]);
    }

    #[test]
    fn a_merge_never_passes_its_limits() {
        let live: Vec<Segment> = (0..9).map(|id| segment(id, 0, 4_000)).collect();
        let merges = tiers().plan(&live, &[]);
        assert_eq!(merges.iter().map(|merge| merge.inputs.len()).collect::<Vec<_>>(), vec![2]);
    }
}
