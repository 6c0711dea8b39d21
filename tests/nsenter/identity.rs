//! Which process is entered: the one that was named, and no other that has got its number since.

use crate::root;
use crate::support::{Status, require};

/// Prints the inode of a process's pidfd, which is never used again.
const INODE: &str =
    "inode() { perl -e '$fd = syscall(434, int(shift), 0); open(F, \"<&=\", $fd); print((stat F)[1])' $1; }\n";

#[test]
fn a_pid_with_its_inode() {
    require!(root, unshare, perl);
    root(format!("{INODE} nsenter -t 100:$(inode 100) -u whose")).prints("uts:100\n");
    root(format!("{INODE} nsenter -t 100:$(inode 300) -u whose"))
        .fails(1, "nsenter: failed to obtain a valid file descriptor for PID 100: No such process");
}

#[test]
fn a_pid_that_is_used_again() {
    require!(root, unshare, perl);
    let start =
        "echo 1999 >/proc/sys/kernel/ns_last_pid; sh -c 'echo $$; read -r line <>never' >heard & read -r said <heard";
    root(format!(
        "{INODE} mkfifo heard; {start}; before=$(inode $said); nsenter -t $said:$before -m echo entered
        kill -KILL $!; wait $! 2>death; {start}; nsenter -t $said:$before -m echo entered
        status=$?; kill -KILL $said; exit $status"
    ))
    .comes_to(
        Status::Exit(1),
        "entered\n",
        "nsenter: failed to obtain a valid file descriptor for PID 2000: No such process\n",
    );
}

/// Generations of one PID, each with its own UTS namespace, environment and working directory: what is entered is of one generation. Ours alone.
#[test]
fn generations_are_not_mixed() {
    require!(root, unshare, hostname);
    let outcome = root(
        // Process 2000 has all of it from its birth. Nothing here forks while that is due.
        "mkfifo heard
        generation() {
            mkdir $1
            G=$1 unshare -u sh -c 'hostname $G; cd $G; echo 1999 >/proc/sys/kernel/ns_last_pid
                sh -c \"echo up; read -r line <>/tmp/stage/never\" & wait' >heard 2>&1 & read -r said <heard
        }
        generation 0
        for g in $(seq 1 40); do
            echo 2999 >/proc/sys/kernel/ns_last_pid
            nsenter -t 2000 -u -m -e -w sh -c 'read -r h </proc/sys/kernel/hostname; echo $h $G ${PWD##*/}' 2>/dev/null & joining=$!
            for delay in 1 2 3 4 5 6 7 8 9; do [ $delay -lt $((g % 10)) ] || break; [ -e /nosuch ]; done
            kill -KILL 2000; while [ -e /proc/2000 ]; do :; done; generation $g
            wait $joining
        done
        kill -KILL 2000",
    )
    .outcome();
    assert_eq!(outcome.status, Status::Exit(0), "{outcome}");
    for line in outcome.stdout.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        assert!(words.len() == 3 && words.iter().all(|word| *word == words[0]), "mixed: {line}");
    }
}

/// Who has entered its user namespace may not look at it any more, which /proc says in another way then.
#[test]
fn a_target_that_is_hidden_once_it_is_entered() {
    require!(root, perl);
    let target = "syscall(272, 0x14000000); syscall(157, 4, 0); $| = 1; print \"$$\\n\"; sleep 1000";
    for option in [1, 2] {
        root(format!(
            "rm -f heard; mkfifo heard; perl -e '{target}' >heard & read -r said <heard
            mount -o remount,hidepid={option},gid=4242 /proc
            nsenter -t $said -a --preserve-credentials readlink /proc/self/ns/uts >seen
            readlink /proc/$said/ns/uts | cmp - seen && echo same; kill -KILL $!"
        ))
        .prints("same\n");
    }
}
