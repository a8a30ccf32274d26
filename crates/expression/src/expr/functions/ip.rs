//! IP addresses, as text and as longs.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Call, FunctionKind, LONG, TEXT, rows};
use crate::Result;
use crate::expr::node::Function;
use crate::expr::scalar::Scalar;

pub(super) const KINDS: &[FunctionKind] = &[
    FunctionKind::new("ipv4_match", 2..=2, ipv4_match),
    FunctionKind::new("ipv4_parse", 1..=1, |_| {
        rows(LONG, |args| Ok(ipv4(&args[0]).map_or(Scalar::Null, |address| Scalar::Long(u32::from(address).into()))))
    }),
    FunctionKind::new("ipv4_stringify", 1..=1, |_| {
        rows(TEXT, |args| Ok(ipv4(&args[0]).map_or(Scalar::Null, |address| Scalar::text(address.to_string()))))
    }),
    FunctionKind::new("ipv6_match", 2..=2, ipv6_match),
];

fn ipv4(value: &Scalar<'_>) -> Option<Ipv4Addr> {
    match value {
        Scalar::Text(text) => text.parse().ok(),
        Scalar::Long(value) => u32::try_from(*value).ok().map(Ipv4Addr::from),
        Scalar::Null | Scalar::Double(_) | Scalar::Array(_) | Scalar::Json(_) => None,
    }
}

/// The address and the mask of `address/bits`; without bits all of them count.
fn network(call: &Call<'_>, width: u32) -> Result<(String, u128)> {
    let text = call.literal_text(1, "network")?.ok_or_else(|| call.error("the network must not be null"))?;
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, bits.parse().ok().filter(|bits| *bits <= width)),
        None => (text.as_str(), Some(width)),
    };
    let bits = bits.ok_or_else(|| call.error(format!("'{text}' is no network")))?;
    let mask = if bits == 0 { 0 } else { u128::MAX << (width - bits) };
    Ok((address.to_string(), mask))
}

fn ipv4_match(call: Call<'_>) -> Result<Box<dyn Function>> {
    let (address, mask) = network(&call, 32)?;
    let network: Ipv4Addr = address.parse().map_err(|_| call.error(format!("'{address}' is no IPv4 address")))?;
    let (network, mask) = (u32::from(network), mask as u32);
    rows(LONG, move |args| {
        let inside = ipv4(&args[0]).is_some_and(|address| (u32::from(address) ^ network) & mask == 0);
        Ok(Scalar::from_bool(inside))
    })
}

fn ipv6_match(call: Call<'_>) -> Result<Box<dyn Function>> {
    let (address, mask) = network(&call, 128)?;
    let network: Ipv6Addr = address.parse().map_err(|_| call.error(format!("'{address}' is no IPv6 address")))?;
    let network = u128::from(network);
    rows(LONG, move |args| {
        let address = match &args[0] {
            Scalar::Text(text) => text.parse::<Ipv6Addr>().ok(),
            _ => None,
        };
        Ok(Scalar::from_bool(address.is_some_and(|address| (u128::from(address) ^ network) & mask == 0)))
    })
}
