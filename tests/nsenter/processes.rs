//! Parent and child: stops, signals and statuses passed on; what dies while it is entered.

use crate::support::{Status, require};
use crate::{nsuser, root};

#[test]
fn exit_statuses_and_signals_are_passed_on() {
    require!(root, unshare, setpriv, hostname);
    for options in ["-t 100 -u", "-t 100 -p", "-t 100 -a"] {
        root(format!("exec nsenter {options} sh -c 'exit 42'")).comes_to(Status::Exit(42), "", "");
        for signal in [15, 9, 11, 3, 34] {
            root(format!("exec env --default-signal nsenter {options} sh -c 'kill -{signal} $$'")).comes_to(
                Status::Signal(signal),
                "",
                "",
            );
        }
    }
}

#[test]
fn stops_are_mirrored() {
    require!(root, unshare, hostname);
    root("start nsenter -t 100 -p sh -c 'echo up; kill -STOP $$; echo on; exit 5'; await T $!; kill -CONT $!; finish")
        .prints("on\n5\n");
    root("start nsenter -t 100 -p sh -c 'echo up; kill -STOP $$; kill -STOP $$; exit 6'
        await T $!; child=$(cat /proc/$!/task/$!/children); kill -CONT $!; await T $child; await T $!; kill -CONT $!; finish")
        .prints("6\n");
}

#[test]
fn signals_end_who_waits_and_not_the_program() {
    require!(root, unshare, hostname);
    for (signal, status) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        root(format!(
            "start nsenter -t 100 -p sh -c 'trap \"echo heard; exit\" USR1; echo up; while :; do :; done'
            child=$(cat /proc/$!/task/$!/children)
            kill -{signal} $!; wait $! 2>death; echo $?; kill -USR1 $child; cat <&3"
        ))
        .prints(&format!("{status}\nheard\n"));
    }
}

/// Says `up`, then waits, busily: a shell that is about to read something may miss a signal. TERM and HUP it answers.
const ANSWER: &str =
    r#"sh -c 'trap "echo TERM; exit 15" TERM; trap "echo HUP; exit 1" HUP; echo up; while :; do :; done'"#;

#[test]
fn signals_are_forwarded_if_asked_for() {
    require!(root, unshare, setpriv, hostname);
    for (option, signal, prints) in [
        ("--forward-signals", "TERM", "TERM\n15\n"),
        ("--forward-signals=HUP", "HUP", "HUP\n1\n"),
        ("--forward-signals=all", "HUP", "HUP\n1\n"),
        ("--forward-signals=all", "KILL", "137\n"),
    ] {
        let kill = if signal == "KILL" { " --kill-child" } else { "" };
        root(format!("start nsenter -t 100 -p {option}{kill} {ANSWER}; kill -{signal} $!; finish")).prints(prints);
        root(format!("start nsenter -t 200 -a -w {option}{kill} {ANSWER}; kill -{signal} $!; finish")).prints(prints);
    }
    root("nsenter -t 100 -p --forward-signals=STOP echo ran").fails(1, "nsenter: signal cannot be forwarded: SIGSTOP");
    // Without a child it is the program that gets them.
    root(format!("start nsenter -t 100 -u --forward-signals {ANSWER}; kill -HUP $!; finish")).prints("HUP\n1\n");
}

#[test]
fn stops_are_mirrored_while_signals_are_forwarded() {
    require!(root, unshare, hostname);
    root("start nsenter -t 100 -p --forward-signals=all sh -c 'echo up; kill -STOP $$; echo on; exit 5'; await T $!; kill -CONT $!; finish")
        .prints("on\n5\n");
}

#[test]
fn kill_child_takes_the_child_along() {
    require!(root, unshare, setpriv, hostname);
    for options in ["-p", "-p -S 5 -G 5", "-p -S follow", "-a", "-p -U --preserve-credentials"] {
        for target in [100, 200] {
            if target == 100 && options.contains("-U") {
                continue;
            }
            for signals in ["kill -KILL $!", "kill -TERM $!", "kill -STOP $!; kill -KILL $!"] {
                let status = if signals.contains("TERM") { 143 } else { 137 };
                root(format!("start nsenter -t {target} {options} --kill-child sh -c 'echo up; while :; do read -r line <&4; done 4<>/tmp/stage/never'; {signals}; finish"))
                    .prints(&format!("{status}\n"));
            }
        }
    }
    root(format!("start nsenter -t 100 -p -G 0 --kill-child=HUP {ANSWER}; kill -KILL $!; finish")).prints("HUP\n137\n");
}

#[test]
fn without_a_program_the_login_shell() {
    require!(root, unshare, setpriv);
    for options in ["-t 100 -u", "-t 100 -a", "-t 500 -m -r"] {
        root(format!("echo 'echo $0' | nsenter {options}")).prints("-sh\n");
    }
}

#[test]
fn who_is_gone_is_not_entered() {
    require!(root, unshare, setpriv);
    root("nsenter -t 400 -u echo ran").fails(1, "nsenter: reassociate to namespaces failed: No such process");
    nsuser("nsenter -t 99999 -u echo ran")
        .fails(1, "nsenter: cannot open /proc/99999/ns/uts: No such file or directory");
}

/// Ours alone: whatever moment it dies at, there is one line, or it has been entered.
#[test]
fn a_target_may_die_at_any_moment() {
    require!(root, unshare);
    let outcome = root(
        "NS_HINTS=never; export NS_HINTS
        for i in $(seq 40); do
            rm -f heard; start env WHO=mortal unshare -u sh -c 'echo up; read -r line <>never'
            mortal=$!
            nsenter -t $mortal -a -r -w -e -S follow -G follow sh -c 'echo in $WHO' >out 2>err &
            for j in $(seq $((i % 8 * 20))); do :; done
            kill -KILL $mortal
            wait $!; status=$?; wait $mortal 2>killed
            echo $status $(wc -l <out) $(wc -l <err) \"$(cut -c1-9 err)\" $(cat out)
        done",
    )
    .outcome();
    assert_eq!((outcome.status, &*outcome.stderr), (Status::Exit(0), ""));
    for line in outcome.stdout.lines() {
        assert!(["0 1 0  in mortal", "1 0 1 nsenter:"].contains(&line.trim_end()), "{line}");
    }
}
