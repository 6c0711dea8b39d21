//! Parent and child: the death signal, signals to and fro, the status passed on.

use crate::support::{Status, require};
use crate::{nsuser, root};

#[test]
fn exit_statuses_and_signals_are_passed_on() {
    require!(root);
    for options in ["-f", "-rf", "--map-auto -f", "--kill-child", "--forward-signals"] {
        nsuser(format!("exec unshare {options} sh -c 'exit 42'")).comes_to(Status::Exit(42), "", "");
        // TERM, KILL, SEGV, QUIT, and the first real-time signal that is free.
        for signal in [15, 9, 11, 3, 34] {
            nsuser(format!("exec env --default-signal unshare {options} sh -c 'kill -{signal} $$'")).comes_to(
                Status::Signal(signal),
                "",
                "",
            );
        }
    }
}

/// As PID 1 it cannot end by a signal. util-linux gives another reason for it.
#[test]
fn a_signal_that_cannot_be_passed_on_is_reported() {
    require!(root);
    nsuser("unshare -rpf unshare -f sh -c 'kill -TERM $$'")
        .fails(1, "unshare: child exit failed: signal 15 does not end this process");
}

#[test]
fn kill_child_takes_the_child_along() {
    require!(root);
    for options in ["", "-r", "-rp", "-p --mount-proc", "--map-auto"] {
        nsuser_or_root(options, "start unshare --kill-child OPTIONS answer; kill -KILL $!; finish").prints("137\n");
    }
}

/// What needs no root is tried as an ordinary user.
fn nsuser_or_root(options: &str, line: &str) -> crate::Line {
    let line = line.replace("OPTIONS", options);
    if options.starts_with("-p") { root(line) } else { nsuser(line) }
}

#[test]
fn the_death_signal_may_be_one_that_the_program_answers() {
    require!(root);
    nsuser("start unshare --kill-child=TERM answer; kill -KILL $!; finish").prints("TERM\n137\n");
    nsuser("start unshare --kill-child=sigterm -rp answer; kill -KILL $!; finish").prints("TERM\n137\n");
    nsuser("start unshare --kill-child=INT -r answer; kill -KILL $!; finish").prints("INT\n137\n");
}

#[test]
fn kill_child_minds_every_death_of_the_parent() {
    require!(root);
    nsuser("start unshare --kill-child answer; kill -HUP $!; finish").prints("129\n");
}

#[test]
fn without_kill_child_the_child_survives() {
    require!(root);
    nsuser("start unshare -f answer; { kill -KILL $!; wait $!; } 2>killed; kill -TERM $said; cat <&3").prints("TERM\n");
}

#[test]
fn forwarded_signals_reach_the_program() {
    require!(root);
    for options in ["", "-r", "-rp"] {
        nsuser(format!("start unshare --forward-signals {options} answer; kill -TERM $!; finish")).prints("TERM\n15\n");
        nsuser(format!("start unshare --forward-signals {options} answer; kill -INT $!; finish")).prints("INT\n2\n");
    }
}

/// Every signal that can be forwarded, with what a shell can trap. (32 and 33 are libc's own.)
#[test]
fn all_signals_are_forwarded_but_those_for_the_parent_alone() {
    require!(root);
    let program = "for n in $0; do trap \"echo got $n\" $n; done; echo up; while :; do :; done";
    let forwarded = (1..=64).filter(|n| ![9, 17, 19, 20, 21, 22, 32, 33].contains(n)).map(|n| n.to_string());
    let signals = forwarded.collect::<Vec<_>>().join(" ");
    // The program traps what is not forwarded as well.
    for options in ["--forward-signals=all", "--forward-signals=all --kill-child -rp"] {
        nsuser(format!(
            "start unshare {options} sh -c '{program}' '17 20 21 22 {signals}'
            kill -CHLD $!
            for n in {signals}; do kill -$n $!; read -r word got <&3; [ $got = $n ] || echo $n $word $got; done
            kill -KILL $(cat /proc/$!/task/$!/children); finish"
        ))
        .prints("137\n");
    }
}

#[test]
fn a_list_of_signals_is_forwarded_and_no_other() {
    require!(root);
    nsuser("start unshare --forward-signals=HUP,usr1 answer; kill -USR1 $!; finish").prints("3\n");
    // TERM and INT it holds back all the same, others end it.
    nsuser("start unshare --forward-signals=USR1 answer; kill -TERM $!; kill -INT $!; kill -USR1 $!; finish")
        .prints("3\n");
    nsuser("start unshare --forward-signals=USR1 answer; kill -HUP $!; wait $! 2>hangup; echo $?; kill -TERM $said; cat <&3")
        .prints("129\nTERM\n");
    for (list, complaint) in [
        ("KILL", "signal cannot be forwarded: SIGKILL"),
        ("TERM,TSTP", "signal cannot be forwarded: SIGTSTP"),
        ("TERM,x", "unknown signal: x"),
        ("", "unknown signal: "),
    ] {
        nsuser(format!("unshare --forward-signals={list} echo ran")).fails(1, &format!("unshare: {complaint}"));
    }
}

/// What is not named the program ignores if its caller did, as it would without a parent.
#[test]
fn signals_that_the_caller_ignores_stay_ignored_in_the_program() {
    require!(root);
    let ignored = "env --default-signal --ignore-signal=HUP unshare --forward-signals";
    let show = "sed -n '/^SigIgn/s/.*\\(.\\)$/\\1/p' /proc/self/status";
    nsuser(format!("{ignored}=all {show}; {ignored}=HUP {show}")).prints("1\n0\n");
}

#[test]
fn a_caller_that_ignores_a_signal_has_it_forwarded_all_the_same() {
    require!(root);
    nsuser(
        "start env --ignore-signal=TERM unshare --forward-signals env --default-signal answer; kill -TERM $!; finish",
    )
    .prints("TERM\n15\n");
}

#[test]
fn other_signals_do_not_wait_for_the_program() {
    require!(root);
    nsuser("start unshare -f answer; kill -HUP $!; wait $! 2>hangup; echo $?; kill -TERM $said; cat <&3")
        .prints("129\nTERM\n");
}

#[test]
fn a_waiting_parent_is_deaf_to_term_and_int() {
    require!(root);
    for options in ["-f", "-r --kill-child", "--map-auto -f"] {
        nsuser(format!("start unshare {options} answer; kill -TERM $!; kill -INT $!; kill -USR1 $said; finish"))
            .prints("3\n");
    }
}

#[test]
fn a_stopped_child_does_not_stop_the_parent() {
    require!(root);
    for options in ["-f", "--forward-signals"] {
        nsuser(format!("start unshare {options} answer; kill -STOP $said; await T $said; await S $!; kill -CONT $said; kill -USR1 $said; finish"))
            .prints("3\n");
    }
}

#[test]
fn nothing_is_left_behind() {
    require!(root);
    for options in
        ["-f", "-rpf", "--map-auto", "--map-auto -f --kill-child", "--forward-signals", "--init", "--init -rp"]
    {
        nsuser(format!("unshare {options} true; left")).prints("");
        nsuser(format!("unshare {options} nosuch 2>reason; left")).prints("");
    }
    root("unshare --uts=file -f --map-auto true; left").prints("");
}
