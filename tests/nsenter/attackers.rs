//! What a process inside the target can get of the one that enters: nothing, before it has become the program.
//!
//! The target's environment has a PATH of many directories, through which a joiner looks for its program while the attacker, the target itself, tries.
//! util-linux fails these tests.

use crate::support::require;
use crate::{Line, nsuser, root};

/// The first process of a PID and user namespace: looks for newcomers, with nothing but the shell's own commands.
///
/// `-ef` and `-e` follow the link, and so ask for what opening it takes.
const ATTACKER: &str = r#"
nsenter=/tmp/bin/nsenter
echo up
exec 3>/tmp/stage/caught
exec >&-
until [ -e /tmp/stage/over ]; do
    for process in /proc/[2-9] /proc/[1-9][0-9]*; do
        [ "$process/exe" -ef $nsenter ] && echo exe >&3
        for fd in "$process"/fd/[3-9]; do [ "$process/exe" -ef $nsenter ] && [ -e "$fd" ] && echo fd >&3; done
        { read -r text <$process/environ; } 2>&-
        case $text in *SECRET=*) echo environ >&3 ;; esac
        text=
    done
done
echo end >&3
"#;

fn attack(by: fn(String) -> Line) {
    let line = by(format!(
        "start env -i PATH=$(printf '/no:%.0s' $(seq 20000)) /usr/bin/unshare -rpf --mount-proc /bin/sh -c '{ATTACKER}'
        target=$(cat /proc/$!/task/$!/children); export SECRET=mine
        for i in $(seq 20); do nsenter -t $target -U -p -m -e --preserve-credentials /bin/true; done
        for i in $(seq 10); do nsenter -t $target -U -p -m -e --preserve-credentials true; echo $?; done 2>&1 | sort | uniq -c
        >over; until grep -q end caught; do :; done; sort caught | uniq -c"
    ));
    let outcome = line.outcome();
    assert!(outcome.stdout.trim_end().ends_with("1 end"), "{outcome}");
    for catch in ["exe", "fd", "environ"] {
        assert!(!outcome.stdout.lines().any(|line| line.ends_with(catch)), "{catch}: {outcome}");
    }
}

#[test]
fn root_in_a_container_of_root() {
    require!(root, unshare);
    attack(root);
}

#[test]
fn a_user_in_a_container_of_its_own() {
    require!(root, unshare);
    attack(nsuser);
}
