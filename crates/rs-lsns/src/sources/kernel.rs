//! What the kernel lists by itself, by listns(2): namespaces that something keeps which is not to be seen.

use std::collections::HashSet;

use nscore::handle::Handle;

/// The namespaces that are active, but for those with a `known` id. None before Linux 7.
///
/// It adds to what /proc shows, and cannot replace it: what only a socket keeps is not active.
pub fn unknown(known: &HashSet<u64>) -> Vec<Handle> {
    unknown_of(known, Handle::ids_after).into_iter().filter_map(|id| Handle::by_id(id).ok()).collect()
}

/// The ids that are not known, of all that `next` gives behind the last one.
fn unknown_of(known: &HashSet<u64>, next: impl Fn(u64) -> nix::Result<Vec<u64>>) -> Vec<u64> {
    log::info!("listns()");
    let (mut unknown, mut last) = (Vec::new(), 0);
    // Where the list does not go on, whatever the reason, what there is of it counts.
    while let Ok(ids) = next(last) {
        let Some(end) = ids.last().copied().filter(|end| *end > last) else { break };
        unknown.extend(ids.into_iter().filter(|id| !known.contains(id)));
        last = end;
    }
    unknown
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use super::*;

    #[test]
    fn a_long_list_is_read_in_parts() {
        let all = [3, 5, 8, 13, 21];
        let known = HashSet::from([5, 21]);
        let next = |after| Ok(all.iter().copied().filter(|id| *id > after).take(2).collect());
        assert_eq!(unknown_of(&known, next), [3, 8, 13]);
    }

    #[test]
    fn a_list_that_fails_or_goes_round_ends() {
        assert!(unknown_of(&HashSet::new(), |_| Err(Errno::ENOSYS)).is_empty());
        assert_eq!(unknown_of(&HashSet::new(), |_| Ok(vec![1, 2])), [1, 2]);
    }
}
