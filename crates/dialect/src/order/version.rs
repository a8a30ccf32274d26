//! The order of software versions, by the rules of Maven: numbers by value, well-known qualifiers
//! before and after the release, `1.0` equal to `1`, `1.0-alpha` before `1.0`.

use std::cmp::Ordering;

/// Qualifiers in their order; the empty one is the release itself.
const QUALIFIERS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
const RELEASE: usize = 5;
/// A version nests one level at each hyphen and each change between digits and letters. Beyond this
/// many levels the rest is compared as one qualifier.
const MAX_DEPTH: usize = 64;

#[derive(Debug)]
enum Item {
    /// Digits without leading zeros; empty is zero.
    Number(String),
    Qualifier(String),
    List(Vec<Item>),
}

pub(super) fn compare(left: &str, right: &str) -> Ordering {
    compare_lists(&parse(left), &parse(right))
}

fn parse(text: &str) -> Vec<Item> {
    let lower = text.to_lowercase();
    let mut list = parse_list(&lower, 0);
    normalize(&mut list);
    list
}

/// Reads items up to the end; what follows a hyphen or a change of character kind is a sublist.
fn parse_list(text: &str, depth: usize) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = text;
    loop {
        let digits = rest.starts_with(|c: char| c.is_ascii_digit());
        let end = if depth >= MAX_DEPTH {
            rest.len()
        } else {
            let ends = |c: char| c == '.' || c == '-' || c.is_ascii_digit() != digits;
            rest.find(ends).unwrap_or(rest.len())
        };
        let (token, tail) = rest.split_at(end);
        let before_digit = tail.starts_with(|c: char| c.is_ascii_digit());
        items.push(item(token, digits, before_digit));
        match tail.chars().next() {
            None => return items,
            Some('.') => rest = &tail[1..],
            Some('-') => {
                items.push(Item::List(parse_list(&tail[1..], depth + 1)));
                return items;
            }
            Some(_) => {
                items.push(Item::List(parse_list(tail, depth + 1)));
                return items;
            }
        }
    }
}

fn item(token: &str, digits: bool, before_digit: bool) -> Item {
    if token.is_empty() || (digits && token.bytes().all(|b| b.is_ascii_digit())) {
        return Item::Number(token.trim_start_matches('0').to_owned());
    }
    let name = match token {
        "a" if before_digit => "alpha",
        "b" if before_digit => "beta",
        "m" if before_digit => "milestone",
        "ga" | "final" | "release" => "",
        "cr" => "rc",
        other => other,
    };
    Item::Qualifier(name.to_owned())
}

/// Drops trailing items that mean nothing: zeros, release qualifiers, empty lists.
fn normalize(items: &mut Vec<Item>) {
    for item in items.iter_mut() {
        if let Item::List(list) = item {
            normalize(list);
        }
    }
    let mut at = items.len();
    while at > 0 {
        at -= 1;
        if is_nothing(&items[at]) {
            items.remove(at);
        } else if !matches!(items[at], Item::List(_)) {
            break;
        }
    }
}

fn is_nothing(item: &Item) -> bool {
    match item {
        Item::Number(digits) => digits.is_empty(),
        Item::Qualifier(name) => name.is_empty(),
        Item::List(list) => list.is_empty(),
    }
}

/// Item by item, the shorter list continued by nothing.
///
/// How an item differs from nothing decides first, then its kind, then its value. Going by kind first
/// would not be an order: `1-alpha < 1 < 1.x`, yet lists are above qualifiers. A zero differs from
/// nothing as what follows it does.
fn compare_lists(left: &[Item], right: &[Item]) -> Ordering {
    let (left_signs, right_signs) = (signs(left), signs(right));
    let sign_at = |signs: &[Ordering], at: usize| signs.get(at).copied().unwrap_or(Ordering::Equal);
    for at in 0..left.len().max(right.len()) {
        let sign = sign_at(&left_signs, at);
        let ordering = match sign.cmp(&sign_at(&right_signs, at)) {
            Ordering::Equal if sign == Ordering::Equal => return Ordering::Equal,
            Ordering::Equal => compare_items(&left[at], &right[at]),
            unequal => unequal,
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Ordering::Equal
}

/// How the list from each position on compares to nothing.
fn signs(items: &[Item]) -> Vec<Ordering> {
    let mut signs = vec![Ordering::Equal; items.len()];
    let mut after = Ordering::Equal;
    for (item, sign) in items.iter().zip(&mut signs).rev() {
        let own = match item {
            Item::Number(digits) if digits.is_empty() => Ordering::Equal,
            Item::Number(_) => Ordering::Greater,
            Item::Qualifier(name) => rank(name).cmp(&RELEASE),
            Item::List(list) => sign_of_list(list),
        };
        after = own.then(after);
        *sign = after;
    }
    signs
}

fn sign_of_list(list: &[Item]) -> Ordering {
    signs(list).first().copied().unwrap_or(Ordering::Equal)
}

fn compare_items(left: &Item, right: &Item) -> Ordering {
    match (left, right) {
        (Item::Number(l), Item::Number(r)) => l.len().cmp(&r.len()).then_with(|| l.cmp(r)),
        (Item::Qualifier(l), Item::Qualifier(r)) => rank(l).cmp(&rank(r)).then_with(|| super::compare(l, r)),
        (Item::List(l), Item::List(r)) => compare_lists(l, r),
        _ => kind(left).cmp(&kind(right)),
    }
}

/// Where kinds meet: qualifiers first, then sublists, then numbers.
fn kind(item: &Item) -> u8 {
    match item {
        Item::Qualifier(_) => 0,
        Item::List(_) => 1,
        Item::Number(_) => 2,
    }
}

/// Unknown qualifiers come after all known ones.
fn rank(name: &str) -> usize {
    QUALIFIERS.iter().position(|known| *known == name).unwrap_or(QUALIFIERS.len())
}
