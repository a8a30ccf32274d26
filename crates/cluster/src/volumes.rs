//! Volumes: small segments bound into one, for queries that fold rows whichever segment they lie in.

use crate::view::Sealed;
use segment::{SegmentRef, goes_with};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Segments that are not in a volume.
const NONE: u32 = u32::MAX;

/// When segments are bound.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Segments, or volumes, of about one size that are bound together.
    pub fan_in: usize,
    /// Rows of a segment that is not small any more.
    pub small_rows: usize,
    /// Rows and bytes of the published files that a volume has at most.
    pub max_rows: usize,
    /// See `max_rows`.
    pub max_bytes: i64,
    /// How long nothing must have been added to a time chunk, milliseconds: what is new is compacted first.
    pub settled_ms: i64,
}

impl Default for Binding {
    fn default() -> Self {
        Self { fan_in: 8, small_rows: 1 << 17, max_rows: 5_000_000, max_bytes: 512 << 20, settled_ms: 120_000 }
    }
}

/// The rows of some segments as one.
pub struct Volume {
    /// Names its image.
    pub id: String,
    /// Its segments, in the order of their view.
    pub seg_ids: Vec<String>,
    pub segment: SegmentRef,
}

/// The volumes of a view. No segment is in two.
#[derive(Clone, Default)]
pub struct Volumes {
    all: Vec<Arc<Volume>>,
    /// For each segment of the view its volume.
    of: Vec<u32>,
}

impl Volumes {
    /// Those of `volumes` whose segments are all there; of two that share one the first.
    pub fn of<'a>(sealed: &[Sealed], volumes: impl IntoIterator<Item = &'a Arc<Volume>>) -> Self {
        let mut kept = Self { all: Vec::new(), of: vec![NONE; sealed.len()] };
        let mut places = None;
        for volume in volumes {
            let places = places.get_or_insert_with(|| {
                let ids = sealed.iter().map(|sealed| sealed.record.seg_id.as_str());
                ids.zip(0usize..).collect::<HashMap<&str, usize>>()
            });
            let members: Option<Vec<usize>> =
                volume.seg_ids.iter().map(|seg_id| places.get(seg_id.as_str()).copied()).collect();
            let Some(members) = members.filter(|members| members.iter().all(|at| kept.of[*at] == NONE)) else {
                continue;
            };
            members.into_iter().for_each(|at| kept.of[at] = kept.all.len() as u32);
            kept.all.push(Arc::clone(volume));
        }
        kept
    }

    pub fn all(&self) -> &[Arc<Volume>] {
        &self.all
    }

    fn of_segment(&self, at: usize) -> Option<usize> {
        self.of.get(at).copied().filter(|volume| *volume != NONE).map(|volume| volume as usize)
    }

    /// What to read for some segments of the view, by their places: a volume in place of several of its own. `None`
    /// where that is the segments themselves. Rows of a volume that lie in other segments are left to the query's
    /// intervals, which do not meet their time chunks.
    pub fn instead(&self, sealed: &[Sealed], asked: &[usize]) -> Option<Vec<SegmentRef>> {
        let mut num_asked = vec![0; self.all.len()];
        asked.iter().filter_map(|at| self.of_segment(*at)).for_each(|volume| num_asked[volume] += 1);
        if !num_asked.iter().any(|num| *num > 1) {
            return None;
        }
        let mut segments = Vec::with_capacity(asked.len());
        for at in asked {
            match self.of_segment(*at).filter(|volume| num_asked[*volume] != 1) {
                None => segments.push(Arc::clone(&sealed[*at].segment)),
                Some(volume) if num_asked[volume] > 1 => {
                    segments.push(Arc::clone(&self.all[volume].segment));
                    num_asked[volume] = 0;
                }
                Some(_) => {}
            }
        }
        Some(segments)
    }
}

/// What a volume is made of: segments, or a volume made before.
struct Item<'a> {
    places: Vec<usize>,
    segment: &'a SegmentRef,
    bytes: i64,
}

impl Binding {
    /// The segments that are worth binding next, the smallest first, by their places in the view. `None` when there is
    /// nothing to do.
    pub fn next(&self, sealed: &[Sealed], volumes: &Volumes, now_ms: i64) -> Option<Vec<usize>> {
        let mut tiers: BTreeMap<u32, Vec<Vec<Item<'_>>>> = BTreeMap::new();
        for item in self.items(sealed, volumes, now_ms) {
            let kinds = tiers.entry(tier(item.segment.num_rows())).or_default();
            match kinds.iter_mut().find(|kind| goes_with(&**kind[0].segment, &**item.segment)) {
                Some(kind) => kind.push(item),
                None => kinds.push(vec![item]),
            }
        }
        tiers.into_values().flatten().find_map(|items| self.first_of(&items))
    }

    /// The first items that fit together, if they are enough.
    fn first_of(&self, items: &[Item<'_>]) -> Option<Vec<usize>> {
        let (mut rows, mut bytes) = (0, 0i64);
        let fits = |item: &&Item<'_>| {
            rows += item.segment.num_rows();
            bytes = bytes.saturating_add(item.bytes);
            rows <= self.max_rows && bytes <= self.max_bytes
        };
        let chosen: Vec<&Item<'_>> = items.iter().take_while(fits).collect();
        let is_enough = chosen.len() >= self.fan_in.max(2);
        is_enough.then(|| chosen.into_iter().flat_map(|item| item.places.iter().copied()).collect())
    }

    /// In the order of the view.
    fn items<'a>(&self, sealed: &'a [Sealed], volumes: &'a Volumes, now_ms: i64) -> Vec<Item<'a>> {
        let mut items = Vec::new();
        let mut of_volumes: Vec<Option<usize>> = vec![None; volumes.all.len()];
        let mut start = 0;
        for chunk in sealed.chunk_by(|a, b| a.record.interval() == b.record.interval()) {
            let newest_ms = chunk.iter().map(|sealed| sealed.record.added_time).max().unwrap_or(i64::MAX);
            let is_settled = now_ms.saturating_sub(newest_ms) >= self.settled_ms;
            for (at, Sealed { record, segment }) in (start..).zip(chunk) {
                let volume = volumes.of_segment(at);
                let known = volume.and_then(|volume| of_volumes[volume]);
                if let Some(item) = known.and_then(|known: usize| items.get_mut(known)) {
                    let item: &mut Item<'_> = item;
                    item.places.push(at);
                    item.bytes = item.bytes.saturating_add(record.size);
                } else if let Some(volume) = volume {
                    of_volumes[volume] = Some(items.len());
                    items.push(Item { places: vec![at], segment: &volumes.all[volume].segment, bytes: record.size });
                } else if is_settled && (1..=self.small_rows).contains(&segment.num_rows()) {
                    items.push(Item { places: vec![at], segment, bytes: record.size });
                }
            }
            start += chunk.len();
        }
        items
    }
}

/// Sizes that are about the same: those of a tier are eight times those of the one below.
fn tier(num_rows: usize) -> u32 {
    (usize::BITS - num_rows.leading_zeros()) / 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use segment::{BatchView, Segment};
    use timeline::Interval;

    const HOUR: i64 = 3_600_000;

    fn sealed(hour: i64, num_rows: usize, column: &str) -> Sealed {
        let times = vec![hour * HOUR; num_rows];
        let rows = BatchView::builder().time(times).string(column, vec![Some("a"); num_rows]).build().expect("rows");
        let chunk = Interval { start: hour * HOUR, end: (hour + 1) * HOUR };
        let record = metastore::testing::segment(&format!("s{hour}"), chunk, num_rows);
        Sealed { record: Arc::new(record), segment: rows }
    }

    fn volume(sealed: &[Sealed], places: &[usize]) -> Arc<Volume> {
        let seg_ids: Vec<String> = places.iter().map(|at| sealed[*at].record.seg_id.clone()).collect();
        let members: Vec<SegmentRef> = places.iter().map(|at| sealed[*at].segment.clone()).collect();
        let segment = segment::bind(&members, &[]).expect("bound").view().clone();
        Arc::new(Volume { id: seg_ids.concat(), seg_ids, segment })
    }

    fn rows_of(segments: &[SegmentRef]) -> Vec<usize> {
        segments.iter().map(|segment| Segment::num_rows(&**segment)).collect()
    }

    #[test]
    fn what_is_asked_for_is_read_once() {
        let sealed: Vec<Sealed> = (0..6).map(|hour| sealed(hour, 1 << hour, "k")).collect();
        let volumes = Volumes::of(&sealed, [&volume(&sealed, &[1, 2, 4]), &volume(&sealed, &[0, 5])]);
        let read = |asked: &[usize]| volumes.instead(&sealed, asked).map(|segments| rows_of(&segments));
        assert_eq!(read(&[0, 1, 2, 3, 4, 5]), Some(vec![33, 22, 8]));
        assert_eq!(read(&[1, 3, 4, 5]), Some(vec![22, 8, 32]));
        assert_eq!(read(&[0, 1, 3]), None);
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn a_volume_goes_with_any_of_its_segments_and_stays_with_others() {
        let all: Vec<Sealed> = (0..5).map(|hour| sealed(hour, 2, "k")).collect();
        let volumes = Volumes::of(&all, [&volume(&all, &[0, 1]), &volume(&all, &[1, 2]), &volume(&all, &[3, 4])]);
        let ids = |volumes: &Volumes| volumes.all().iter().map(|volume| volume.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&volumes), ["s0s1", "s3s4"]);
        let mut next: Vec<Sealed> = all.into_iter().filter(|sealed| sealed.record.seg_id != "s1").collect();
        next.insert(2, sealed(9, 7, "k"));
        let kept = Volumes::of(&next, volumes.all());
        assert_eq!(ids(&kept), ["s3s4"]);
        assert_eq!(kept.instead(&next, &[0, 1, 2, 3, 4]).map(|segments| rows_of(&segments)), Some(vec![2, 2, 7, 4]));
    }

    #[test]
    fn enough_segments_alike_are_bound_and_later_their_volumes() {
        let binding = Binding { fan_in: 3, small_rows: 100, max_rows: 1_000, max_bytes: 10_000, settled_ms: 500 };
        let mut all: Vec<Sealed> = (0..9).map(|hour| sealed(hour, 10, "k")).collect();
        all[1] = sealed(1, 101, "k");
        all[3] = sealed(3, 10, "other");
        let none = Volumes::default();
        assert_eq!(binding.next(&all, &none, 1_499), None);
        assert_eq!(binding.next(&all, &none, 1_500), Some(vec![0, 2, 4, 5, 6, 7, 8]));
        let small = Binding { max_rows: 39, ..binding.clone() };
        assert_eq!(small.next(&all, &none, 1_500), Some(vec![0, 2, 4]));
        assert_eq!(Binding { max_bytes: 299, ..binding.clone() }.next(&all, &none, 1_500), None);
        assert_eq!(Binding { fan_in: 8, ..binding.clone() }.next(&all, &none, 1_500), None);

        // Volumes are of another tier than the segments that are left.
        let alike: Vec<Sealed> = (0..14).map(|hour| sealed(hour, 10, "k")).collect();
        let four = |first: usize| volume(&alike, &[first, first + 1, first + 2, first + 3]);
        let two = Volumes::of(&alike, [&four(0), &four(4)]);
        assert_eq!(binding.next(&alike, &two, 1_500), Some((8..14).collect()));
        let three = Volumes::of(&alike, [&four(0), &four(4), &four(8)]);
        assert_eq!(binding.next(&alike, &three, 1_500), Some((0..12).collect()));
        assert_eq!(binding.next(&alike, &three, 1_000), Some((0..12).collect()), "what is bound is settled");
    }
}
