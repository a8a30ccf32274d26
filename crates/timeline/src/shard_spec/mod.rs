//! How the rows of one interval and version are spread over its segments, as clients see it.

use serde::{Deserialize, Deserializer, Serialize};

/// One segment's place in the set of its interval and version. JSON carries a `type`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ShardSpec {
    /// The only segment.
    None {},
    /// One of `partitions` core segments, or appended beyond them.
    Numbered { partition_num: u32, partitions: u32 },
    /// By hash of some dimensions.
    Hashed(HashedShard),
    /// By ranges of several dimensions; start inclusive, end exclusive, `None` is unbounded.
    Range {
        dimensions: Vec<String>,
        #[serde(default)]
        start: Option<Vec<Option<String>>>,
        #[serde(default)]
        end: Option<Vec<Option<String>>>,
        partition_num: u32,
        #[serde(default, deserialize_with = "null_as_zero")]
        num_core_partitions: u32,
    },
    /// By ranges of one dimension.
    Single {
        dimension: String,
        #[serde(default)]
        start: Option<String>,
        #[serde(default)]
        end: Option<String>,
        partition_num: u32,
        #[serde(default, deserialize_with = "null_as_zero")]
        num_core_partitions: u32,
    },
    /// Appended without a core set.
    Linear { partition_num: u32 },
    /// Replaces a range of partitions of the same version.
    NumberedOverwrite {
        partition_id: u32,
        start_root_partition_id: u32,
        end_root_partition_id: u32,
        minor_version: i16,
        atomic_update_group_size: u32,
    },
    /// Hides what is older and holds no rows.
    Tombstone {
        #[serde(default)]
        partition_num: u32,
        #[serde(default = "one")]
        partitions: u32,
    },
}

/// The fields of a hashed shard; the bucket defaults to the partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "HashedFields")]
pub struct HashedShard {
    pub partition_num: u32,
    pub partitions: u32,
    pub bucket_id: u32,
    pub num_buckets: u32,
    pub partition_dimensions: Vec<String>,
    pub partition_function: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HashedFields {
    partition_num: u32,
    partitions: u32,
    bucket_id: Option<u32>,
    num_buckets: Option<u32>,
    partition_dimensions: Option<Vec<String>>,
    partition_function: Option<String>,
}

impl From<HashedFields> for HashedShard {
    fn from(fields: HashedFields) -> HashedShard {
        HashedShard {
            partition_num: fields.partition_num,
            partitions: fields.partitions,
            bucket_id: fields.bucket_id.unwrap_or(fields.partition_num),
            num_buckets: fields.num_buckets.unwrap_or(fields.partitions),
            partition_dimensions: fields.partition_dimensions.unwrap_or_default(),
            partition_function: fields.partition_function,
        }
    }
}

impl ShardSpec {
    pub fn partition_num(&self) -> u32 {
        match self {
            ShardSpec::None {} => 0,
            ShardSpec::Numbered { partition_num, .. }
            | ShardSpec::Range { partition_num, .. }
            | ShardSpec::Single { partition_num, .. }
            | ShardSpec::Linear { partition_num }
            | ShardSpec::Tombstone { partition_num, .. } => *partition_num,
            ShardSpec::Hashed(hashed) => hashed.partition_num,
            ShardSpec::NumberedOverwrite { partition_id, .. } => *partition_id,
        }
    }

    /// How many segments must be present before any of the set counts; 0 = each counts alone.
    pub fn num_core_partitions(&self) -> u32 {
        match self {
            ShardSpec::None {} => 1,
            ShardSpec::Numbered { partitions, .. } | ShardSpec::Tombstone { partitions, .. } => *partitions,
            ShardSpec::Hashed(hashed) => hashed.partitions,
            ShardSpec::Range { num_core_partitions, .. } | ShardSpec::Single { num_core_partitions, .. } => {
                *num_core_partitions
            }
            ShardSpec::Linear { .. } | ShardSpec::NumberedOverwrite { .. } => 0,
        }
    }
}

fn one() -> u32 {
    1
}

fn null_as_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests;
