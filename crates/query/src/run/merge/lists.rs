//! Lists of ascending keys as one list.

/// All keys, ascending, and for each part which of them its keys are.
pub(super) fn merge(parts: &[&[u64]], width: usize) -> (Vec<u64>, Vec<Vec<u32>>) {
    match width {
        1 => merge_all(parts.to_vec()),
        2 => merge_wide::<2>(parts),
        3 => merge_wide::<3>(parts),
        4 => merge_wide::<4>(parts),
        _ => merge_one_by_one(parts, width),
    }
}

fn merge_wide<const WIDTH: usize>(parts: &[&[u64]]) -> (Vec<u64>, Vec<Vec<u32>>) {
    let (keys, groups) = merge_all(parts.iter().map(|part| part.as_chunks::<WIDTH>().0).collect());
    (keys.into_flattened(), groups)
}

/// As `merge`, two by two until there is one.
pub(in crate::run) fn merge_all<K: Copy + Ord>(mut parts: Vec<&[K]>) -> (Vec<K>, Vec<Vec<u32>>) {
    if let [] | [_] = parts.as_slice() {
        let only = parts.pop().unwrap_or(&[]);
        return (only.to_vec(), vec![(0..).take(only.len()).collect()]);
    }
    if let [one, two] = parts.as_slice() {
        return merge_two(one, two);
    }
    let (two, one) = (parts.split_off(parts.len() / 2), parts);
    let ((one, mut groups), (two, mut more)) = (merge_all(one), merge_all(two));
    let (keys, of) = merge_two(&one, &two);
    for (groups, of) in [&mut groups, &mut more].into_iter().zip(of) {
        groups.iter_mut().flatten().for_each(|group| *group = of[*group as usize]);
    }
    groups.append(&mut more);
    (keys, groups)
}

/// As `merge`, by a look at the next key of each part.
fn merge_one_by_one(parts: &[&[u64]], width: usize) -> (Vec<u64>, Vec<Vec<u32>>) {
    let longest = parts.iter().map(|part| part.len()).max().unwrap_or(0);
    let mut keys: Vec<u64> = Vec::with_capacity(longest + longest / 4);
    let mut groups: Vec<Vec<u32>> = parts.iter().map(|part| Vec::with_capacity(part.len() / width)).collect();
    let mut at = vec![0; parts.len()];
    let head = |at: &[usize], part: usize| parts[part].get(at[part]..at[part] + width);
    for group in 0.. {
        let heads = (0..parts.len()).filter_map(|part| head(&at, part));
        let Some(least) = heads.min() else { break };
        keys.extend_from_slice(least);
        for part in 0..parts.len() {
            if head(&at, part) == Some(least) {
                groups[part].push(group);
                at[part] += width;
            }
        }
    }
    (keys, groups)
}

/// As `merge`: which of two keys is next cannot be foreseen, so that no branch tries to.
fn merge_two<K: Copy + Ord>(one: &[K], two: &[K]) -> (Vec<K>, Vec<Vec<u32>>) {
    let mut keys = Vec::with_capacity(one.len() + two.len());
    let (mut of_one, mut of_two) = (vec![0; one.len()], vec![0; two.len()]);
    let (mut at, mut at_two) = (0, 0);
    let mut group = 0;
    while let (Some(key), Some(other)) = (one.get(at), two.get(at_two)) {
        keys.push(*key.min(other));
        (of_one[at], of_two[at_two]) = (group, group);
        at += usize::from(key <= other);
        at_two += usize::from(other <= key);
        group += 1;
    }
    let rest = one[at..].iter().chain(&two[at_two..]);
    keys.extend(rest);
    let rest = of_one[at..].iter_mut().chain(&mut of_two[at_two..]);
    rest.zip(group..).for_each(|(of, group)| *of = group);
    (keys, vec![of_one, of_two])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_several_parts_become_one_list() {
        let parts = [vec![0, 1, 0, 4, 1, 0], vec![0, 2, 0, 4], vec![], vec![0, 4, 2, 1]];
        let (keys, groups) = merge(&parts.each_ref().map(Vec::as_slice), 2);
        assert_eq!(keys, [0, 1, 0, 2, 0, 4, 1, 0, 2, 1]);
        assert_eq!(groups, [vec![0, 2, 3], vec![1, 2], vec![], vec![2, 4]]);
    }
}
