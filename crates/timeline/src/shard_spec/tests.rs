use super::*;

#[test]
fn json_of_every_type() {
    for (json, partition_num, core) in [
        (r#"{"type":"none"}"#, 0, 1),
        (r#"{"type":"numbered","partitionNum":3,"partitions":2}"#, 3, 2),
        (
            r#"{"type":"hashed","partitionNum":1,"partitions":2,"bucketId":1,"numBuckets":2,"partitionDimensions":["a"],"partitionFunction":"murmur3_32_abs"}"#,
            1,
            2,
        ),
        (
            r#"{"type":"range","dimensions":["a","b"],"start":["x",null],"end":null,"partitionNum":1,"numCorePartitions":4}"#,
            1,
            4,
        ),
        (r#"{"type":"single","dimension":"a","start":null,"end":"m","partitionNum":0,"numCorePartitions":2}"#, 0, 2),
        (r#"{"type":"linear","partitionNum":5}"#, 5, 0),
        (
            r#"{"type":"numbered_overwrite","partitionId":32768,"startRootPartitionId":0,"endRootPartitionId":2,"minorVersion":1,"atomicUpdateGroupSize":1}"#,
            32768,
            0,
        ),
        (r#"{"type":"tombstone","partitionNum":0,"partitions":1}"#, 0, 1),
    ] {
        let spec: ShardSpec = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&spec).unwrap(), json);
        assert_eq!((spec.partition_num(), spec.num_core_partitions()), (partition_num, core));
    }
}

#[test]
fn lenient_and_strict_where_it_matters() {
    let read = serde_json::from_str::<ShardSpec>;
    let hashed = read(r#"{"type":"hashed","partitionNum":1,"partitions":2,"stray":{}}"#).unwrap();
    let ShardSpec::Hashed(hashed) = hashed else { panic!("{hashed:?}") };
    assert_eq!((hashed.bucket_id, hashed.num_buckets), (1, 2));
    assert!(read(r#"{"type":"wobbly"}"#).unwrap_err().to_string().contains("wobbly"));
    assert!(read(r#"{"type":"linear"}"#).is_err());
}
