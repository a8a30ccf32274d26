//! The order in which people number things: `file2` before `file10`.

use std::cmp::Ordering;

/// Runs of digits compare by value (of equal values the one with fewer leading zeros is first),
/// other runs ignoring case, digits come before anything else. Signs and points have no meaning.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (mut l, mut r) = (left, right);
    while !l.is_empty() && !r.is_empty() {
        let digits = (starts_with_digit(l), starts_with_digit(r));
        let ((l_run, l_rest), (r_run, r_rest)) = (split_run(l), split_run(r));
        let ordering = match digits {
            (true, true) => compare_numbers(l_run, r_run),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => compare_folded(l_run, r_run),
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
        (l, r) = (l_rest, r_rest);
    }
    l.len().cmp(&r.len())
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// The longest prefix of only digits or only non-digits, and the rest.
fn split_run(text: &str) -> (&str, &str) {
    let digits = starts_with_digit(text);
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    text.split_at(end)
}

fn compare_numbers(left: &str, right: &str) -> Ordering {
    let (l, r) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    l.len().cmp(&r.len()).then_with(|| l.cmp(r)).then_with(|| left.len().cmp(&right.len()))
}

/// Characters by code point, in lower case after upper case, as Java ignores case.
fn compare_folded(left: &str, right: &str) -> Ordering {
    let (mut l, mut r) = (left.chars().map(fold), right.chars().map(fold));
    loop {
        match (l.next(), r.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => return a.cmp(&b),
        }
    }
}

fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    single(single(c, c.to_uppercase()), single(c, c.to_uppercase()).to_lowercase())
}

/// Case mappings to several characters leave the character as it is.
fn single(original: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(c), None) => c,
        _ => original,
    }
}
