//! `--all`: each place where a namespace can hide from util-linux's list, and what is said of it.

use serde_json::Value;

use crate::root;
use crate::support::{Line, Status, require};

/// What the list says of the namespace `$it` without `--all`, and with it.
const SHOW: &str =
    r#"lsns -n -r -l -o NS,TYPE,NPROCS -Q "NS == $it"; lsns -A -n -r -l -o TYPE,NPROCS,HELDBY -Q "NS == $it""#;

/// `setup` makes the namespace `$it`, which only `--all` shows, with these words.
fn only_all_shows(setup: &str, words: &str) {
    root(format!("{setup}\n{SHOW}")).prints(&format!("{words}\n"));
}

/// Makes the program `hold` of tests/support.
fn hold() -> String {
    format!("cc -pthread -x c -o hold - <<'END'\n{}\nEND\n", include_str!("../support/hold.c"))
}

/// The thread `$tid` of `$!` is in the network namespace `$it`, its main thread is not, and nothing else keeps it.
fn stray() -> String {
    let start = "touch n; unshare --net=n true; it=$(inode n); start ./hold thread=n; umount n
        tid=$(ls /proc/$!/task | sed /$!/d)";
    format!("{}{start}", hold())
}

/// The children of `$!` will be in the time namespace `$it`.
fn parent() -> String {
    format!("{}start ./hold new=time; it=$(inode /proc/$!/ns/time_for_children)", hold())
}

#[test]
fn a_thread() {
    require!(root, cc, unshare);
    only_all_shows(&stray(), "net 0 thread");
    let path = r#"[ $(lsns -A -n -r -o PATH -Q "NS == $it") = /proc/$!/task/$tid/ns/net ] && echo there"#;
    root(format!("{}; {path}", stray())).prints("there\n");
}

#[test]
fn threads_are_counted() {
    require!(root, cc, unshare);
    let threads = r#"lsns -n -r -o NPROCS,NTHREADS -Q "NS == $it"; lsns -A -n -r -o NPROCS,NTHREADS -Q "NS == $it"; lsns -n -r -t uts -o NPROCS,NTHREADS"#;
    // Beside PID 1, the line's shell, the program and rs-lsns itself there is one thread.
    root(format!("{}; {threads}", stray())).prints("0 1\n4 5\n");
}

#[test]
fn what_children_will_be_in() {
    require!(root, cc, unshare);
    only_all_shows(&parent(), "time 0 children");
    let path = r#"[ $(lsns -A -n -r -o PATH -Q "NS == $it") = /proc/$!/ns/time_for_children ] && echo there"#;
    root(format!("{}; {path}", parent())).prints("there\n");
    // Both: a child is there already.
    let pid = "start unshare -pf sh -c \"$stay\"; it=$(inode /proc/$!/ns/pid_for_children)";
    root(format!("{pid}; lsns -A -n -r -o TYPE,NPROCS,HELDBY -Q \"NS == $it\"")).prints("pid 1 process,children\n");
}

/// A network namespace on a file that only the mount namespace of `$!` has.
const ELSEWHERE: &str = "touch place; start unshare -m sh -c \"unshare --net=place true; $stay\"
    it=$(inode /proc/$!/root/tmp/stage/place); within=$(inode /proc/$!/ns/mnt)";

#[test]
fn a_mount_in_another_mount_namespace() {
    require!(root, unshare);
    only_all_shows(ELSEWHERE, "net 0 mount");
    root(format!("{ELSEWHERE}; lsns -A -n -r -o NSFS -Q \"NS == $it\" | sed s/$within/MNT/"))
        .prints("mnt:[MNT]/tmp/stage/place\n");
    root(format!("{ELSEWHERE}; lsns -A -J -o NSFS -Q \"NS == $it\" | grep -c '\"nsfs\": \\[\"mnt:\\['")).prints("1\n");
}

/// A mount namespace without a process, on the file `private/kept`, and in it the UTS namespace `$it` on a file.
const NOBODYS: &str =
    "mkdir private; mount -t tmpfs tmpfs private; mount --make-private private; touch private/kept place
    unshare --mount=private/kept sh -c 'unshare --uts=place true; stat -L -c %i place >said'; it=$(cat said)";

#[test]
fn a_mount_in_a_mount_namespace_without_a_process() {
    require!(root, unshare);
    only_all_shows(NOBODYS, "uts 0 mount");
}

#[test]
fn a_mount_in_a_mount_namespace_that_is_mounted_in_another() {
    require!(root, unshare);
    // The first is the only one that a process is in; the second is mounted there, the third in the second.
    let line = "cat >third.sh <<'END'
unshare --ipc=place true; stat -L -c %i place >said
END
cat >second.sh <<'END'
mount -t tmpfs tmpfs deeper; touch deeper/kept; unshare --mount=deeper/kept sh third.sh
END
cat >first.sh <<'END'
mount -t tmpfs tmpfs inner; touch inner/kept; unshare --mount=inner/kept sh second.sh
echo up; exec >&-; read -r line <>never
END
mkdir inner deeper; touch place; start unshare -m sh first.sh; it=$(cat said)";
    only_all_shows(line, "ipc 0 mount");
}

#[test]
fn a_mount_in_a_mount_namespace_that_only_a_descriptor_holds() {
    require!(root, unshare);
    let line = format!("{NOBODYS}; start sh -c \"exec 8<private/kept; $stay\"; umount -l private/kept");
    only_all_shows(&line, "uts 0 mount");
}

#[test]
fn the_owner_of_what_is_mounted_elsewhere() {
    require!(root, unshare);
    let line = "cat >owner.sh <<'END'
unshare -rn sh -c 'echo >made; read -r line <never' & child=$!
read -r line <made
mount --bind /proc/$child/ns/net place
stat -L -c %i /proc/$child/ns/user >said
kill $child; wait $child
echo up; exec >&-; read -r line <>never
END
mkfifo made; touch place; start unshare -m sh owner.sh; it=$(cat said)";
    only_all_shows(line, "user 0 descendant");
}

#[test]
fn ancestors_without_a_process() {
    require!(root, unshare);
    only_all_shows(
        "start unshare -r unshare -r sh -c \"$stay\"; it=$(lsns -n -r -o PNS -t user -Q \"PID == $!\")",
        "user 0 descendant",
    );
}

#[test]
fn everything_that_holds_it_is_told() {
    require!(root, unshare, nsenter, perl);
    let held = "touch n; unshare --net=n true; it=$(inode n); start sh -c \"exec 8<n; $stay\"
        start nsenter --net=n perl -MSocket -e 'socket(S, AF_INET, SOCK_DGRAM, 0); $| = 1; print \"up\\n\"; close STDOUT; sleep 1000'";
    root(format!("{held}; for all in '' -A; do lsns $all -n -r -l -o HELDBY -Q \"NS == $it\"; done"))
        .prints("process,fd,socket,mount\nprocess,fd,socket,mount\n");
    let owner = "start unshare -r unshare -n sh -c \"$stay\"; it=$(inode /proc/$!/ns/user)";
    root(format!("{owner}; for all in '' -A; do lsns $all -n -r -l -o HELDBY -Q \"NS == $it\"; done"))
        .prints("process,descendant\nprocess,descendant\n");
}

#[test]
fn a_kind_is_found_by_way_of_others_that_are_not_shown() {
    require!(root, unshare);
    root(format!(
        "{ELSEWHERE}; lsns -A -t net -n -r -l -o NS | grep -xc $it; lsns -A -t net -n -r -l -o TYPE | sort -u"
    ))
    .prints("1\nnet\n");
}

#[test]
fn the_processes_of_a_namespace_that_only_it_finds() {
    require!(root, unshare);
    root(format!("{ELSEWHERE}; lsns -A -n $it; lsns $it 2>&1 | sed s/$it/IT/"))
        .prints("lsns: not found namespace: IT\n");
}

#[test]
fn a_column_of_ours_changes_no_row() {
    require!(root, unshare);
    root(format!(
        "{ELSEWHERE}; start sh -c \"exec 8</proc/$!/ns/mnt; $stay\"
        list() {{ lsns -n -r -l \"$@\" | cut -d' ' -f1; }}
        list -o NS >classic; list -o NS,HELDBY,NTHREADS,NSID,OWNER >ours; cmp classic ours && echo same"
    ))
    .prints("same\n");
}

#[test]
fn without_it_nothing_more_is_read() {
    require!(root, strace, unshare);
    let more = "task\\|for_children\\|setns\\|NS_GET_ID\\|0xb7, 0xd\\|listns\\|0x1d6\\|RESOLVE_NO_SYMLINKS";
    for options in ["", "--output-all", "-T", "-J"] {
        root(format!("{ELSEWHERE}; strace -f -o trace lsns {options} >list; calls '{more}'")).prints("0\n");
    }
    let outcome = root(format!("{ELSEWHERE}; strace -f -o trace lsns -A >list; calls '{more}'")).outcome();
    assert_ne!(outcome.stdout, "0\n", "{outcome}");
}

#[test]
fn nothing_is_opened_elsewhere_but_namespaces() {
    require!(root, strace, unshare, nsenter);
    // A fifo is in the place of what is mounted there.
    let hostile =
        "touch place; mkfifo fifo; start unshare -m sh -c \"unshare --net=place true; mount --bind fifo place; $stay\"
        it=$(nsenter -t $! -m sed -n 's/.* net:\\[\\([0-9]*\\)\\] .*/\\1/p' /proc/self/mountinfo)";
    only_all_shows(hostile, "net 0 mount");
    // All paths of there are looked up by openat2, as paths alone, and without links.
    root(format!(
        "{hostile}; strace -f -o trace lsns -A >list
        child=$(sed -n 's/ setns(.*//p' trace | head -n 1); grep \"^$child \" trace | sed 1,/setns/d >there
        grep -c 'openat2.*/tmp/stage/place.*O_PATH.*RESOLVE_NO_MAGICLINKS|RESOLVE_NO_SYMLINKS' there
        grep 'open' there | grep -vc 'openat2.*O_PATH\\|openat([0-9]*, \"\\(self\\|mountinfo\\|self/fd/[0-9]*\\)\"'"
    ))
    .comes_to(Status::Exit(1), "1\n0\n", "");
}

#[test]
fn a_mount_namespace_that_does_not_answer_is_left() {
    require!(root, strace, unshare);
    // As if the path led through somebody's file system: who opens it is stopped there.
    let line = format!(
        "{ELSEWHERE}; strace -f -o trace -e inject=openat2:signal=STOP lsns -A -v -J -o NS >list 2>said
        grep unreadable list; grep hint said"
    );
    let outcome = root(line).outcome();
    assert_eq!(outcome.stdout, "   \"unreadable\": 1\nlsns: hint: 1 mount namespace could not be read\n", "{outcome}");
}

/// A line of an ordinary user's, beside a process that is not his.
fn of_user(line: &str) -> Line {
    root(format!("start unshare -m sh -c \"$stay\"; setpriv --reuid 4242 --regid 4242 --clear-groups sh -c '{line}'"))
}

#[test]
fn an_ordinary_user_is_shown_what_he_may_see() {
    require!(root, unshare, setpriv);
    let outcome = of_user("lsns -A -J -o NS,HELDBY,NSID").outcome();
    let json: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert!(json["namespaces"].as_array().is_some_and(|rows| !rows.is_empty()), "{outcome}");
    // PID 1 of the stage, the line's shell, and what that has started.
    assert_eq!((outcome.status, &json["unreadable"]), (Status::Exit(0), &Value::from(3)), "{outcome}");
}

#[test]
fn what_is_missing_is_told_to_who_asks() {
    require!(root, unshare, setpriv);
    let hint = "lsns: hint: 3 processes could not be read: run as root for the whole list";
    for (line, hints) in
        [("lsns -v", 1), ("lsns -v -A", 1), ("lsns", 0), ("NS_HINTS=never lsns -v", 0), ("lsns -v -p $$", 0)]
    {
        let outcome = of_user(line).outcome();
        assert_eq!(outcome.stderr.lines().filter(|line| line.contains("hint")).count(), hints, "{line}: {outcome}");
        assert!(hints == 0 || outcome.stderr.ends_with(&format!("{hint}\n")), "{outcome}");
    }
    let outcome = root("lsns -v; lsns -A -v; lsns -A -J | tail -n 2").outcome();
    assert!(!outcome.stderr.contains("hint") && outcome.stdout.ends_with("   \"unreadable\": 0\n}\n"), "{outcome}");
}
