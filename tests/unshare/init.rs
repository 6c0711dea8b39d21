//! `--init`: what it starts, reaps, passes on and ends with. Ours alone.

use crate::support::{Status, require};
use crate::{nsuser, root};

/// Ways to be an init: as the first process of a pid namespace, and as any other.
const WAYS: [&str; 3] = ["--init -rp", "--init", "--init -Upf --mount-proc --kill-child --forward-signals=all"];

#[test]
fn the_program_has_an_init_for_parent() {
    require!(root);
    nsuser("unshare --init -rp sh -c 'echo $$ $PPID'").prints("2 1\n");
    // Without a pid namespace there is another process between the two all the same.
    nsuser("unshare --init sh -c '[ $PPID -ne 1 ] && tr \"\\0\" \" \" </proc/$PPID/cmdline | cut -d\" \" -f1,2'")
        .prints("unshare --init\n");
}

#[test]
fn statuses_are_passed_on() {
    require!(root);
    for way in WAYS {
        nsuser(format!("exec unshare {way} sh -c 'exit 42'")).comes_to(Status::Exit(42), "", "");
        nsuser(format!("unshare {way} nosuch; left")).comes_to(
            Status::Exit(0),
            "",
            "unshare: failed to execute nosuch: No such file or directory\n",
        );
        nsuser(format!("unshare {way} nosuch 2>reason; echo $?; unshare {way} ./plain 2>reason; echo $?"))
            .prints("127\n126\n");
    }
}

/// The first process of a pid namespace cannot die of a signal, so it says 128 and which.
#[test]
fn deaths_are_passed_on() {
    require!(root);
    for signal in [15, 9, 11, 3, 34] {
        let kill = format!("sh -c 'kill -{signal} $$'");
        nsuser(format!("exec env --default-signal unshare --init -rp {kill}")).comes_to(
            Status::Exit(128 + signal),
            "",
            "",
        );
        nsuser(format!("exec env --default-signal unshare --init {kill}")).comes_to(Status::Signal(signal), "", "");
    }
}

#[test]
fn a_failure_before_the_program_leaves_nothing() {
    require!(root);
    nsuser("unshare --init -rp --mount-proc=/nosuch true; echo $?; left").comes_to(
        Status::Exit(0),
        "1\n",
        "unshare: mount /nosuch failed: No such file or directory\n",
    );
    nsuser("unshare --init -r -S 7 true; echo $?; left").comes_to(
        Status::Exit(0),
        "1\n",
        "unshare: setuid() failed: Invalid argument\n",
    );
}

#[test]
fn orphans_are_reaped() {
    require!(root);
    let line = "i=0; while [ $i -lt 1000 ]; do (: & : &); i=$((i+1)); done
        while grep -qs ^State:.Z /proc/[0-9]*/status; do :; done; echo none";
    nsuser(format!("unshare --init -rp --mount-proc sh -c '{line}'")).prints("none\n");
    // They are the init's, and not those of an init beyond.
    nsuser(
        "unshare --init sh -c 'mkfifo up; (sh -c \"echo up >up; read -r line <never; :\" &); read -r up <up
        orphan=$(pgrep -fn \"echo up\"); [ $(ps -o ppid= $orphan) = $PPID ] && echo adopted; kill $orphan'",
    )
    .prints("adopted\n");
}

#[test]
fn the_namespace_ends_with_the_program() {
    require!(root);
    nsuser("unshare --init -rp sh -c 'mkfifo up; answer >up & read -r up <up; (answer >up &); read -r up <up; exit 3'; echo $?; left")
        .prints("3\n");
}

#[test]
fn int_and_term_reach_the_program() {
    require!(root);
    for way in WAYS {
        nsuser(format!("start unshare {way} answer; kill -TERM $!; finish; left")).prints("TERM\n15\n");
        nsuser(format!("start unshare {way} answer; kill -INT $!; finish; left")).prints("INT\n2\n");
        nsuser(format!("start unshare {way} answer; kill -USR1 $!; finish; left")).prints("3\n");
    }
    // One that does not answer ends by it.
    nsuser("start unshare --init -rp sh -c 'echo up; read -r line <never'; kill -TERM $!; finish; left")
        .prints("143\n");
}

#[test]
fn every_signal_is_forwarded_twice_over() {
    require!(root);
    let program = "for n in $0; do trap \"echo got $n\" $n; done; echo up; while :; do :; done";
    let forwarded = (1..=64).filter(|n| ![9, 17, 19, 32, 33].contains(n)).map(|n| n.to_string());
    let signals = forwarded.collect::<Vec<_>>().join(" ");
    for way in WAYS {
        nsuser(format!(
            "start unshare {way} sh -c '{program}' '17 {signals}'
            for n in {signals}; do kill -$n $!; read -r word got <&3; [ $got = $n ] || echo $n $word $got; done
            {CHILD}; kill -KILL $(child $(child $!)); finish"
        ))
        .prints("137\n");
    }
}

/// Signals that somebody inside sends to the init are the program's too.
#[test]
fn the_init_forwards_what_it_gets_itself() {
    require!(root);
    nsuser("unshare --init -rp sh -c 'trap \"echo heard; exit 4\" TERM; kill -TERM 1; while :; do :; done'; echo $?")
        .prints("heard\n4\n");
    nsuser("unshare --init sh -c 'trap \"echo heard; exit 4\" HUP; kill -HUP $PPID; while :; do :; done'; echo $?")
        .prints("heard\n4\n");
}

#[test]
fn a_list_of_signals_limits_what_the_parent_forwards() {
    require!(root);
    nsuser(
        "start unshare --init --forward-signals=USR1 -rp answer; kill -TERM $!; kill -INT $!; kill -USR1 $!; finish",
    )
    .prints("3\n");
    nsuser("start unshare --init --forward-signals answer; kill -TERM $!; finish").prints("TERM\n15\n");
}

const CHILD: &str = "child() { cat /proc/$1/task/$1/children; }";

#[test]
fn stops_are_passed_on_and_so_is_going_on() {
    require!(root);
    for way in WAYS {
        // Whoever continues the parent continues the program.
        nsuser(format!("start unshare {way} sh -c 'echo up; kill -STOP $$; kill -STOP $$; echo on; exit 5'
            await T $!; kill -CONT $!; {CHILD}; program=$(child $(child $!)); await T $program; await T $!; kill -CONT $!; finish"))
            .prints("on\n5\n");
        // Whoever continues the program continues the parent.
        nsuser(format!("start unshare {way} answer; {CHILD}; program=$(child $(child $!))
            for i in 1 2 3 4 5; do kill -STOP $program; await T $!; kill -CONT $program; await S $!; done; kill -TERM $!; finish"))
            .prints("TERM\n15\n");
    }
    // A request to stop that the parent gets is the program's, which may answer as it likes; see `terminal` for one that stops.
    nsuser(
        "start unshare --init sh -c 'trap \"echo no\" TSTP; echo up; while :; do :; done'
        kill -TSTP $!; read -r no <&3; echo $no; kill -TERM $!; finish",
    )
    .prints("no\n143\n");
}

#[test]
fn a_stopped_program_can_be_killed() {
    require!(root);
    nsuser("start unshare --init -rp --kill-child answer; kill -STOP $(cat /proc/$!/task/$!/children); await S $!; kill -KILL $!; finish; left")
        .prints("137\n");
    nsuser(format!(
        "start unshare --init answer; {CHILD}; program=$(child $(child $!)); kill -STOP $program; await T $!
        kill -KILL $program; finish; left"
    ))
    .prints("137\n");
    // Nor does the parent stay behind when the init is killed.
    nsuser(format!(
        "start unshare --init -rp answer; {CHILD}; init=$(child $!); kill -STOP $(child $init); await T $!
        kill -KILL $init; finish; left"
    ))
    .prints("137\n");
}

#[test]
fn kill_child_takes_init_and_program_along() {
    require!(root, newuidmap);
    for options in ["", "-r", "-rp", "--map-auto -r -S 7 -G 8", "--map-auto -rp -S 7"] {
        nsuser(format!("start unshare --init --kill-child {options} answer; kill -KILL $!; finish; left"))
            .prints("137\n");
        nsuser(format!("start unshare --init --kill-child=TERM {options} answer; kill -KILL $!; finish; left"))
            .prints("TERM\n137\n");
    }
}

#[test]
fn an_init_stays_who_it_was() {
    require!(root, newuidmap);
    nsuser("unshare --init --map-auto -rp --mount-proc -S 7 -G 8 sh -c 'id -u; stat -c \"%u %g\" /proc/$$ /proc/1'")
        .prints("7\n7 8\n0 0\n");
}

/// Between fork and exec there are these calls, and none for memory among them.
#[test]
fn nothing_is_allocated_between_fork_and_exec() {
    require!(root, strace);
    let calls = "for trace in file.*; do grep -q '^execve(.[^ ]*/true' $trace && sed 's/(.*//; /execve/q' $trace | uniq; done; :";
    let options = "--init -p --map-users=0:0:10 --map-groups=0:0:10 --kill-child -S 7 -G 8 --keep-caps";
    let expected = "set_robust_list prctl poll rt_sigprocmask setgroups setgid setuid capget capset prctl poll execve";
    root(format!("strace -qq -ff -o file unshare {options} true; {calls}"))
        .prints(&format!("{}\n", expected.replace(' ', "\n")));
}

/// timeout(1) sends TERM: it ends at once, with that program's status, and leaves nothing.
#[test]
fn timeout_ends_it() {
    require!(root, timeout);
    root("timeout 1 unshare --init --fork --pid sleep 100; echo $?; left").prints("124\n");
    nsuser("timeout 1 unshare -r --init --fork --pid sleep 100; echo $?; left").prints("124\n");
}
