//! Where the records of an earlier leader end in the log of the present one.

use super::Api;
use crate::source::wire::bytes::{Input, Malformed, Output, Read};

pub(in super::super) const API: Api = Api { key: 23, version: 2 };

/// The end of a leader's records; both are -1 where the log knows nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct End {
    pub(in super::super) error: i16,
    pub(in super::super) epoch: i32,
    pub(in super::super) offset: i64,
}

pub(in super::super) fn write(topic: &str, partition: i32, current: i32, asked: i32, out: &mut Output) {
    out.count(1).text(topic).count(1).i32(partition).i32(current).i32(asked);
}

pub(in super::super) fn read(answer: &[u8]) -> Read<End> {
    let mut input = Input::new(answer);
    input.i32()?;
    if input.count(6)? != 1 {
        return Err(Malformed);
    }
    input.text()?;
    if input.count(18)? != 1 {
        return Err(Malformed);
    }
    let (error, _) = (input.i16()?, input.i32()?);
    Ok(End { error, epoch: input.i32()?, offset: input.i64()? })
}
