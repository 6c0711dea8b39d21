//! Job control at a terminal: what its keys do to a program with and without a parent, an init, and signals that are forwarded.

use crate::support::{Line, require, terminal};

fn at_terminal(line: impl std::fmt::Display) -> Line {
    crate::nsuser(format!("{}{line}", terminal::FUNCTIONS)).after(terminal::LISTENER)
}

/// Ways to run a program below another, and who is asked to end it: the one that forwards TERM, or the program.
const WAYS: [(&str, bool); 8] = [
    ("-f", false),
    ("-rpf", false),
    ("-f --forward-signals", true),
    ("-rp --forward-signals=all", true),
    ("--init", true),
    ("--init -rp --mount-proc", true),
    ("--init --forward-signals -rp", true),
    ("--init --kill-child", true),
];

/// Where the parent and the program are.
const WHO: &str = "parent=$(child $(shell)); program=$(child $parent); case $(child $program) in '') ;; *) program=$(child $program) ;; esac";

fn end(forwards: bool) -> &'static str {
    if forwards { "kill -TERM $parent" } else { "kill -TERM $program" }
}

/// A key that sends a signal, and what a program that answers hears of it: once, whoever is between.
#[test]
fn a_key_is_heard_once() {
    require!(root, script, setsid, bash);
    for (way, forwards) in WAYS {
        let end = end(forwards);
        // Whatever else would be forwarded comes before TERM, by its number or its time.
        at_terminal(format!(
            "terminal 'unshare {way} listener; echo ended $? >events'; {WHO}; press '\\003'; heard; {end}; heard; heard; over; left"
        ))
        .prints("INT\nTERM\nended 9\n");
    }
    for (way, forwards) in
        WAYS.iter().filter(|(way, _)| !way.contains("signals -rp") && (way.contains("--init") || way.contains("=all")))
    {
        let end = end(*forwards);
        at_terminal(format!(
            "terminal 'unshare {way} listener; echo ended $? >events'; {WHO}; press '\\034'; heard; {end}; heard; heard; over; left"
        ))
        .prints("QUIT\nTERM\nended 9\n");
    }
}

/// A program that does not answer ends.
#[test]
fn a_key_ends_what_does_not_answer() {
    require!(root, script, setsid, bash);
    for way in
        ["-f", "-f --forward-signals", "--forward-signals=all", "--init", "--init -rp", "--init -rp --kill-child"]
    {
        for (key, status) in [("\\003", 130), ("\\034", 131)] {
            at_terminal(format!("alone unshare {way} sh waits; read -r up <&3; press '{key}'; over; echo $?; left"))
                .after("echo 'echo up >events; read -r line <>never' >waits")
                .prints(&format!("{status}\n"));
        }
    }
    // That nobody can stop process 1 is why there is --init.
    at_terminal(format!(
        "terminal 'unshare -rpf sh -c \"echo up >events; exec cat <>never\"; :'; {WHO}; until grep -q cat /proc/$program/comm; do :; done
        press '\\003x'; until grep -q x screen; do :; done; kill -0 $program && echo there; kill -KILL $program; over"
    ))
    .prints("there\n");
}

/// A key that comes before there is a program is the program's all the same: here the parent cannot write the PID yet,
/// for which its child waits.
#[test]
fn a_key_is_heard_by_a_program_that_has_not_started() {
    require!(root, script, setsid);
    for way in ["--init", "--init -rp", "--init --kill-child --forward-signals=all"] {
        at_terminal(format!(
            "mkfifo pids; exec 6<>pids; dd if=/dev/zero bs=4096 count=16 >pids 2>/dev/null
            alone unshare {way} --pid-file pids sh waits
            until parent=$(child $script) && [ \"$parent\" ] && [ \"$(child $parent)\" ]; do :; done
            init=$(child $parent); await S $parent; await S $init
            press '\\003'; until grep -q '^ShdPnd:.*2$' /proc/$init/status; do :; done
            dd bs=4096 count=16 <&6 >/dev/null 2>&1; over; echo $?; left"
        ))
        .after("echo 'read -r line <>never' >waits")
        .prints("130\n");
    }
}

#[test]
fn a_job_is_stopped_and_continued() {
    require!(root, script, setsid, bash);
    for (way, forwards) in WAYS.iter().filter(|(way, _)| *way != "-rpf" && !way.starts_with("-rp ")) {
        let end = end(*forwards);
        // A request to stop that an init's parent gets alone is the program's.
        let requests =
            ["press '\\032'", "kill -TSTP $parent"].into_iter().take(1 + usize::from(way.contains("--init")));
        for stop in requests {
            at_terminal(format!(
            "terminal 'unshare {way} listener; echo stopped >events; read -r go <never; fg >jobs; echo ended $? >events'; {WHO}
            {stop}; await T $program; await T $parent; heard; echo go >never
            heard; await S $program; await S $parent; {end}; past CONT; heard; over; left"
        ))
        .prints("stopped\nCONT\nTERM\nended 9\n");
        }
    }
}

#[test]
fn a_hang_up_is_heard_once() {
    require!(root, script, setsid, bash);
    // The shell passes it on to its jobs, or ends and the kernel does; then TERM asks for the end.
    for (way, forwards) in
        WAYS.iter().filter(|(way, _)| !way.contains("signals -rp") && (way.contains("--init") || way.contains("=all")))
    {
        let end = end(*forwards);
        at_terminal(format!(
            "terminal 'unshare {way} listener'; {WHO}; hang_up; past CONT; {end}; past CONT; gone $parent; left"
        ))
        .prints("HUP\nTERM\n");
    }
}

/// Without a shell, the parent leads the session, and the kernel tells it alone that the terminal is gone.
#[test]
fn who_leads_the_session_passes_a_hang_up_on() {
    require!(root, script, setsid);
    for (way, forwards) in WAYS.iter().filter(|(way, _)| way.contains("--init") && !way.contains("signals")) {
        let end = end(*forwards);
        at_terminal(format!(
            "alone unshare {way} listener; read -r up <&3; echo $script >shell; {WHO}
            hang_up; past CONT; {end}; past CONT; gone $parent; left"
        ))
        .prints("HUP\nTERM\n");
    }
}

#[test]
fn the_size_of_the_window_is_heard_of_once() {
    require!(root, script, setsid, bash);
    for (way, forwards) in WAYS {
        let end = end(forwards);
        at_terminal(format!(
            "terminal 'tty >tty; unshare {way} listener; echo ended $? >events'; {WHO}; stty -F $(cat tty) cols 101; heard; {end}; heard; heard; over; left"
        ))
        .prints("WINCH\nTERM\nended 9\n");
    }
}
