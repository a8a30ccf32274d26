//! Which requests a broker understands.

use super::Api;
use crate::source::wire::bytes::{Input, Malformed, Read};

pub(in super::super) const API: Api = Api { key: 18, version: 0 };

/// Whether every one of `wanted` is among those that the broker names.
pub(in super::super) fn covers(answer: &[u8], wanted: &[Api]) -> Read<bool> {
    let mut input = Input::new(answer);
    if input.i16()? != super::codes::NONE {
        return Err(Malformed);
    }
    let mut found = 0;
    for _ in 0..input.count(6)? {
        let (key, least, most) = (input.i16()?, input.i16()?, input.i16()?);
        found += wanted.iter().filter(|api| api.key == key && (least..=most).contains(&api.version)).count();
    }
    Ok(found >= wanted.len())
}
