use std::fmt::Debug;

use proptest::prelude::*;
use timeline::ShardSpec;

use super::*;
use crate::Error;

/// A cell that fits a column of `T` is read back as it was; one that does not is named.
fn there_and_back<T: Field + PartialEq + Debug>(value: T) {
    let cell = value.put();
    assert_eq!(T::take(cell).unwrap(), value);
}

fn sum() -> impl Strategy<Value = Sum> {
    prop_oneof![any::<i64>().prop_map(Sum::Long), (any::<f64>(), any::<f64>()).prop_map(|(s, m)| Sum::double(s, m))]
}

prop_compose! {
    fn segment()(
        text in prop::collection::vec(".*", 6),
        numbers in prop::collection::vec(any::<i64>(), 10),
        partition_num in any::<u32>(),
        sums in prop::collection::btree_map(".{0,8}", sum(), 0..4),
        removed in prop::option::of((any::<i64>(), any::<bool>(), ".*")),
    ) -> Segment {
        Segment {
            seg_id: text[0].clone(),
            datasource_id: text[1].clone(),
            datasource: text[2].clone(),
            start: numbers[0],
            end: numbers[1],
            version: numbers[2],
            partition_num,
            shard_spec: ShardSpec::Numbered { partition_num, partitions: 3 },
            path: text[3].clone(),
            size: numbers[3],
            hash: text[4].clone(),
            rows: numbers[4],
            weight_sum: numbers[5],
            metric_sums: MetricSums(sums),
            min_time: numbers[6],
            max_time: numbers[7],
            meta: text[5].clone(),
            created_by: text[0].clone(),
            added_at: numbers[8],
            added_time: numbers[9],
            removed_at: removed.as_ref().map(|removed| removed.0),
            removed_time: removed.as_ref().map(|removed| removed.0),
            removed_why: removed.as_ref().map(|removed| if removed.1 { RemovedWhy::Retired } else { RemovedWhy::Replaced }),
            removed_by: removed.map(|removed| removed.2),
            undone_by: None,
            restored_at: None,
        }
    }
}

proptest! {
    #[test]
    fn cells_round_trip(long in any::<i64>(), int in any::<i32>(), count in any::<u32>(), text in ".*", flag in any::<bool>()) {
        there_and_back(long);
        there_and_back(int);
        there_and_back(count);
        there_and_back(flag);
        there_and_back(text.clone());
        there_and_back(Some(text));
        there_and_back(None::<i64>);
    }

    #[test]
    fn segments_round_trip(segment in segment()) {
        let row = segment.to_row();
        prop_assert_eq!(row.len(), Segment::COLUMNS.len());
        prop_assert_eq!(&Segment::from_row(row).unwrap(), &segment);
        let json = serde_json::to_string(&segment).unwrap();
        prop_assert_eq!(serde_json::from_str::<Segment>(&json).unwrap(), segment);
    }

    /// Splitting and merging sums in any order is conserved; a change of one long never is.
    #[test]
    fn sums_are_conserved(values in prop::collection::vec(-1e9f64..1e9, 1..200), longs in prop::collection::vec(any::<i64>(), 1..50), at in any::<prop::sample::Index>()) {
        let total = |values: &[f64]| values.iter().fold(Sum::double(0.0, 0.0), |sum, v| sum.plus(Sum::double(*v, v.abs())));
        let (left, right) = values.split_at(at.index(values.len()));
        let count = i64::try_from(values.len()).unwrap();
        let mut reversed = values.clone();
        reversed.reverse();
        prop_assert!(total(&values).conserves(total(right).plus(total(left)), count));
        prop_assert!(total(&values).conserves(total(&reversed), count));
        let long = |values: &[i64]| values.iter().fold(Sum::Long(0), |sum, v| sum.plus(Sum::Long(*v)));
        let (left, right) = longs.split_at(at.index(longs.len()));
        prop_assert!(long(&longs).conserves(long(right).plus(long(left)), 1));
        prop_assert!(!long(&longs).conserves(long(&longs).plus(Sum::Long(1)), i64::MAX));
    }
}

#[test]
fn a_lost_double_is_noticed() {
    let before = Sum::double(1e6, 1e6);
    assert!(!before.conserves(Sum::double(1e6 + 0.01, 1e6), 1_000_000));
    assert!(!Sum::double(f64::INFINITY, f64::INFINITY).conserves(before, 10));
    assert!(Sum::double(f64::NAN, 1.0).conserves(Sum::double(f64::NAN, 1.0), 10));
}

#[test]
fn words_round_trip() {
    fn all<T: Field + PartialEq + Debug + Copy>(words: &[T]) {
        words.iter().for_each(|word| there_and_back(*word));
        assert!(T::take(Value::Text("no such word".to_owned())).unwrap_err().contains("no such word"));
    }
    all(BundleState::ALL);
    all(BundleKind::ALL);
    all(SnapshotKind::ALL);
    all(JobKind::ALL);
    all(JobState::ALL);
    all(LaneState::ALL);
    all(RemovedWhy::ALL);
    all(SpecKind::ALL);
    all(TaskStatus::ALL);
}

#[test]
fn damage_is_named() {
    let spec = Spec {
        supervisor_id: "s".into(),
        version: 1,
        kind: SpecKind::Submitted,
        json: "{}".into(),
        created_at: 5,
        latest: true,
    };
    let mut row = spec.to_row();
    row[2] = Value::Text("wobbly".into());
    assert_eq!(Spec::from_row(row), Err(Error::Corrupt("spec_versions.kind holds unknown word [wobbly]".into())));
    let mut short = spec.to_row();
    short.truncate(3);
    assert!(Spec::from_row(short).unwrap_err().to_string().contains("spec_versions.json"));
    assert!(i32::take(Value::Int(1 << 40)).is_err());
    assert!(u32::take(Value::Int(-1)).is_err());
    assert!(bool::take(Value::Int(2)).is_err());
    assert!(i64::take(Value::Null).is_err());
    assert!(MetricSums::take(Value::Text("{".into())).is_err());
}
