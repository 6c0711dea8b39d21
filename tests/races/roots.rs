//! Somebody inside the target's root swaps what is looked up there; or its /proc is none.

use std::fmt::Write;

use crate::nsenter;
use crate::support::require;
use crate::support::stepping::{Race, Races, Run, races};

/// What is swapped, and what is wrong with what came of it.
struct Swap {
    line: &'static str,
    /// What stands there first; each run finds it so.
    before: &'static str,
    hostile: &'static str,
    complaint: fn(&Race, &Run) -> Option<&'static str>,
}

/// The login shell is the one of /etc/passwd, but for which /bin/sh stands in.
const SHELL: &str = "unset SHELL; cd /tmp/twins/first; mkdir -p bin; cp tmp/bin/true bin/sh; rm -f etc/passwd
    echo root:x:0:0::/:/tmp/bin/true >etc/passwd; cd /tmp/stage";

/// A script whose interpreter is missing, which a hint looks into.
const SCRIPT: &str = "NS_HINTS=; cd /tmp/twins/first; rm -f here/script; printf \"#!/no/such\\n\" >here/script; chmod 755 here/script; cd /tmp/stage";

/// A directory to go to; and a place outside the root for it.
const DIRECTORY: &str = "rm -rf /tmp/twins/first/here/a /tmp/outside; mkdir -p /tmp/twins/first/here/a/b /tmp/outside
    echo outside >/tmp/outside/here; echo inside >/tmp/twins/first/here/a/b/here";

const SWAPS: &[Swap] = &[
    Swap {
        line: "nsenter -t 4000 -m -r",
        before: SHELL,
        hostile: "cd /tmp/twins/first/etc; rm passwd; mkfifo passwd",
        complaint: nothing_special_is_opened,
    },
    Swap {
        line: "nsenter -t 4000 -a",
        before: SHELL,
        hostile: "cd /tmp/twins/first/etc; rm passwd; mknod passwd c 5 2",
        complaint: nothing_special_is_opened,
    },
    Swap {
        line: "nsenter -t 4000 -m",
        before: SHELL,
        hostile: "cd /tmp/twins/first/etc; rm passwd; ln -s passwd passwd",
        complaint: nothing_special_is_opened,
    },
    Swap {
        line: "nsenter -t 4000 -m",
        before: SHELL,
        hostile: "truncate -s 100T /tmp/twins/first/etc/passwd",
        complaint: nothing_special_is_opened,
    },
    Swap {
        line: "nsenter -t 4000 -m -r -w ./script",
        before: SCRIPT,
        hostile: "cd /tmp/twins/first/here; rm script; mknod script c 5 2; chmod 755 script",
        complaint: nothing_special_is_opened,
    },
    Swap {
        line: "nsenter -t 4000 -m -r -w ./script",
        before: SCRIPT,
        hostile: "cd /tmp/twins/first/here; rm script; mkfifo script; chmod 755 script",
        complaint: nothing_special_is_opened,
    },
    Swap {
        line: "nsenter -t 4000 -m -r --wdns=/here/a/b true",
        before: DIRECTORY,
        hostile: "mv /tmp/twins/first/here/a/b /tmp/outside/b",
        complaint: stays_below_the_root,
    },
    Swap {
        line: "nsenter -t 4000 -m -r --wdns=/here/a/b/../b true",
        before: DIRECTORY,
        hostile: "cd /tmp/twins/first/here/a; mv b /tmp/outside; ln -s /../../../outside b",
        complaint: stays_below_the_root,
    },
    Swap {
        line: "nsenter -t 4000 -a -r -w -e -S follow true",
        before: "",
        hostile: "/usr/bin/nsenter -t 4000 -m /tmp/bin/busybox mount -t tmpfs fake /proc",
        complaint: is_as_if_undisturbed,
    },
    Swap {
        line: "nsenter -t 4000 -m -p --mount-proc true",
        before: "",
        hostile: "/usr/bin/nsenter -t 4000 -m /tmp/bin/busybox mount --bind /here /proc",
        complaint: is_as_if_undisturbed,
    },
];

/// A terminal, a fifo or a device of somebody else's root.
fn nothing_special_is_opened(race: &Race, _run: &Run) -> Option<&'static str> {
    race.opened().next().map(|_| "opens what is no plain file")
}

/// Whoever is outside when the last look has been taken has been moved there afterwards.
fn stays_below_the_root(race: &Race, run: &Run) -> Option<&'static str> {
    const GETCWD: i64 = 79;
    let Some(look) = run.calm.last(GETCWD) else { return Some("does not look where it is") };
    let in_time = race.index <= look;
    let entered = race.entered()?;
    match entered.get("cwd") {
        Some("inside") if in_time && race.index < 0 => None,
        Some("inside") if in_time => Some("is outside, or the swap has failed"),
        Some("inside") | None => None,
        Some(_) if in_time => Some("sits somewhere else"),
        Some(_) => None,
    }
}

fn is_as_if_undisturbed(race: &Race, run: &Run) -> Option<&'static str> {
    let calm = run.calm.entered().unwrap_or_default();
    let may = |it| run.own.may_become(it, &race.twin("first"), &calm, &run.calm.twin("first"));
    (!race.entered().as_ref().is_some_and(may)).then_some("enters something else")
}

#[test]
fn what_is_swapped_below_the_target_s_root() {
    require!(root, cc);
    let (mut tried, mut findings) = (0, String::new());
    for Swap { line, before, hostile, complaint } in SWAPS {
        let swap = Races {
            setup: "",
            before: format!("step twin 4000 first >/tmp/log/first; {before}").leak(),
            line,
            hostile,
            after: "step end 4000",
            stages: 2,
        };
        let runs = swap.run(&nsenter());
        let calm = &runs[0].calm;
        eprintln!("  {line}: {} races: {:?} {:?}", races(&runs).count(), calm.entered(), calm.lines("err"));
        // The script has no interpreter.
        let (status, starts) = if line.ends_with("script") { (127, false) } else { (0, true) };
        if (calm.status, calm.entered().is_some()) != (status, starts) {
            let _ = writeln!(findings, "{line}: does otherwise when undisturbed: {calm:?}");
        }
        for (race, run) in races(&runs) {
            tried += 1;
            let failed = match race.status {
                142 => Some("hangs"),
                _ if !race.lines("left").is_empty() => Some("leaves something"),
                status if status != 0 && race.lines("err").is_empty() => Some("fails without a word"),
                _ => None,
            };
            if let Some(complaint) = failed.or_else(|| complaint(race, run)) {
                let _ = writeln!(findings, "{line}: {}: {complaint}: {race:?}", race.index);
            }
        }
    }
    let (lines, found) = (SWAPS.len(), findings.lines().count());
    eprintln!("swapped: {lines} command lines, {tried} races, {found} findings");
    assert!(findings.is_empty(), "{findings}");
}
