//! Parents that are killed at any moment: with `--kill-child`, nothing of what they started is left.

use crate::support::{Line, require};
use crate::{nsuser, root};

/// Kills the parent this many times: eight times that are the thousand.
const KILLS: u32 = 125;

/// Waits until nothing is left.
const CLEAR: &str = "left >rest; while [ -s rest ]; do left >rest; done; echo nothing";

/// Starts `unshare OPTIONS --kill-child sleep 1000`, kills the parent before or after whatever it is doing, and waits until nothing
/// is left. `stopped` stops it first.
fn killed_at_any_moment(options: &str, stop: &str, line: fn(String) -> Line) {
    line(format!(
        "i=0; while [ $i -lt {KILLS} ]; do
            unshare {options} --kill-child sleep 1000 & parent=$!
            j=$((i * 7919 % 4999)); while [ $j -gt 0 ]; do j=$((j - 1)); done
            {stop}; kill -KILL $parent; i=$((i + 1))
        done 2>noise
        {CLEAR}"
    ))
    .prints("nothing\n");
}

#[test]
fn nothing_is_left_of_a_child() {
    require!(root);
    killed_at_any_moment("-f", ":", nsuser);
}

#[test]
fn nothing_is_left_of_a_first_process() {
    require!(root);
    killed_at_any_moment("-rp --mount-proc", ":", nsuser);
}

#[test]
fn nothing_is_left_of_who_has_become_another() {
    require!(root);
    killed_at_any_moment("-S 7 -G 8", ":", root);
}

#[test]
fn nothing_is_left_of_helpers() {
    require!(root, newuidmap);
    killed_at_any_moment("--map-auto -S 7 --ipc --net", ":", nsuser);
}

#[test]
fn nothing_is_left_of_a_stopped_parent() {
    require!(root);
    killed_at_any_moment("--forward-signals=all", "kill -STOP $parent", nsuser);
}

#[test]
fn nothing_is_left_of_an_init() {
    require!(root);
    killed_at_any_moment("--init", ":", nsuser);
}

#[test]
fn nothing_is_left_of_a_first_init() {
    require!(root);
    killed_at_any_moment("--init -rp", "kill -STOP $parent", nsuser);
}

#[test]
fn nothing_is_left_of_what_an_init_has_made_another() {
    require!(root, newuidmap);
    killed_at_any_moment("--init --map-auto -r -S 7 -G 8 --info-fd 2 --pid-file new", ":", nsuser);
}

/// A set-user-ID program, which the kernel lets outlive its parent.
const SUID: &str =
    "mount -o remount,suid /tmp; cp $(readlink -f $(which sleep)) dir/sleep; chmod 4755 dir/sleep; : >dir/up";

#[test]
fn an_init_kills_a_set_user_id_program_too() {
    require!(root);
    // Until it sleeps, it may be the init's death signal that ends it.
    let line = |options: &str| {
        format!(
            "unshare {options} --kill-child dir/sleep 1000 & parent=$!
        child() {{ echo $(cat /proc/$1/task/$1/children); }}
        until program=$(child $(child $parent)) && grep -qs '^Uid:.4242.0' /proc/$program/status; do :; done 2>/dev/null
        await S $program; kill -KILL $parent; {CLEAR}"
        )
    };
    nsuser(line("--init")).after(SUID).prints("nothing\n");
    nsuser(line("--init --forward-signals")).after(SUID).prints("nothing\n");
}
