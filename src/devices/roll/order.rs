//! A sorted list of a million numbers, changed in few moves.

use std::cmp::Ordering;

/// Takes out what stands at these places.
pub fn take_out(order: &mut Vec<u32>, mut places: Vec<usize>) {
    if places.is_empty() {
        return;
    }
    places.sort_unstable();
    let (mut at, mut gone) = (0, places.into_iter().peekable());
    order.retain(|_| {
        let is_gone = gone.next_if_eq(&at).is_some();
        at += 1;
        !is_gone
    });
}

/// Puts in what is sorted the same way.
pub fn put_in(order: &mut Vec<u32>, fresh: Vec<u32>, compare: impl Fn(u32, u32) -> Ordering) {
    if order.is_empty() || fresh.is_empty() {
        order.extend(fresh);
        return;
    }
    let (mut merged, mut rest) = (Vec::with_capacity(order.len() + fresh.len()), order.as_slice());
    for one in fresh {
        let (before, after) = rest.split_at(rest.partition_point(|other| compare(*other, one).is_lt()));
        merged.extend_from_slice(before);
        merged.push(one);
        rest = after;
    }
    merged.extend_from_slice(rest);
    *order = merged;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_goes_and_what_comes_stands_in_its_place() {
        let mut order = vec![10, 20, 30, 40];
        take_out(&mut order, vec![3, 0]);
        assert_eq!(order, [20, 30]);
        put_in(&mut order, vec![5, 25, 26, 50], |one, other| one.cmp(&other));
        assert_eq!(order, [5, 20, 25, 26, 30, 50]);
        take_out(&mut order, (0..6).collect());
        put_in(&mut order, vec![1, 2], |one, other| one.cmp(&other));
        assert_eq!(order, [1, 2]);
    }
}
