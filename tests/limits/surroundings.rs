//! A /proc, /sys, /etc or /dev that is missing, or not what it should be.

use std::time::Instant;

use crate::support::{Program, require};
use crate::{Record, line, of_program, program, records, report, theirs};

/// What is run: what util-linux does as well comes first.
fn commands() -> (&'static [&'static str], &'static [&'static str]) {
    of_program(
        (
            &[
                "-m busybox echo ran",
                "-rpf --mount-proc busybox echo ran",
                "-f --kill-child -u busybox echo ran",
                "-rT --boottime 5 -f busybox echo ran",
                "-U --setgroups deny busybox echo ran",
                "--map-users 0:0:1 --map-groups 0:0:1 busybox echo ran",
                "--map-auto busybox echo ran",
                "-S nobody -G nogroup busybox echo ran",
            ][..],
            &["-fp --init --kill-child busybox echo ran", "-f --pid-file new busybox echo ran", "--check -rmpf"][..],
        ),
        (
            &[
                "-t 300 -a busybox echo ran",
                "-t 300 -u busybox echo ran",
                "-t 300 -u -n -F -e -r -w busybox echo ran",
                "--uts=pinned busybox echo ran",
                "-t 300 -u -S nobody busybox echo ran",
            ],
            &[
                "-t @$uts -u busybox echo ran",
                "--uts=@$uts busybox echo ran",
                "-t 300 -u -e busybox echo ran",
                "-t 300 -u -S follow busybox echo ran",
                "--check -t 300 -u",
            ],
        ),
        (
            &[
                "-n -r -l -t uts -t pid -o NS,TYPE,NPROCS",
                "-n -p 1 -o NS",
                "-T -t user -o NS,USER",
                "-J -t uts -o NS,COMMAND,PPID",
            ],
            &["-n -A -o NS,TYPE,NPROCS", "--limits", "--pid-map 1", "--dot -t uts"],
        ),
    )
}

/// What begins so writes to files of /proc.
const MAPPING: [&str; 3] = ["-r", "-U", "--map"];

/// How the surroundings are spoilt, and what of it differs from util-linux on purpose: what begins so.
struct Spoilt {
    what: &'static str,
    by: &'static str,
    apart: &'static [&'static str],
}

const fn spoilt(what: &'static str, by: &'static str) -> Spoilt {
    Spoilt { what, by, apart: &[] }
}

/// A directory with files of its own in the place of /proc. `$kind` makes each of its files.
const FAKE: &str = "mount -t tmpfs fake /proc; cd /proc; ln -s 300 self; ln -s 300/task/300 thread-self
    for p in 1 300 $$; do
        mkdir -p $p/ns $p/fd $p/task/$p/ns; ln -s 'net:[4026531999]' $p/fd/3
        for f in ns/cgroup ns/ipc ns/mnt ns/net ns/pid ns/pid_for_children ns/time ns/time_for_children ns/user ns/uts \\
            mountinfo uid_map gid_map setgroups timens_offsets status limits stat cgroup cmdline comm environ; do $kind $p/$f; done
    done
    mkdir -p sys/user; for k in user pid uts; do $kind sys/user/max_${k}_namespaces; done; cd /tmp/stage";

const SPOILT: &[Spoilt] = &[
    spoilt("hidepid=2", "mount -t proc -o hidepid=2 proc /proc"),
    spoilt("hidepid=2 for a user", "mount -t proc -o hidepid=2 proc /proc; who=$as"),
    spoilt("subset=pid", "mount -t proc -o subset=pid proc /proc"),
    spoilt("a read-only /proc", "mount -o remount,ro,bind /proc"),
    Spoilt {
        what: "no /proc",
        by: "mount -t tmpfs none /proc",
        // Nothing is denied there, and util-linux says nothing; nothing would be entered.
        apart: &["-U --setgroups deny", "--check", "-t 300 -a"],
    },
    Spoilt { what: "a /proc of fifos", by: "kind=mkfifo; FAKE", apart: &["-", ""] },
    Spoilt { what: "a /proc without an end", by: "kind='ln -s /dev/zero'; FAKE", apart: &["-", ""] },
    Spoilt { what: "a /proc of plain files", by: "plain() { echo 0 0 1 >$1; }; kind=plain; FAKE", apart: &["-", ""] },
    spoilt("no /sys", "mount -t tmpfs none /sys"),
    spoilt("no /etc", "mount -t tmpfs none /etc"),
    spoilt("no /dev", "mount -t tmpfs none /dev"),
];

/// Every command in these surroundings, by this program.
fn tried(program: &Program, spoilt: &Spoilt, commands: &[&str]) -> Vec<Record> {
    let name = program.name;
    let tries: String = commands
        .iter()
        .map(|command| format!("tried '{}' $who {name} {command}\n", command.replace('$', "")))
        .collect();
    // With /proc goes what looks for processes and mounts; a fake one holds it up.
    let text = format!(
        "uts=$(stat -L -c %i /proc/300/ns/uts 2>/tmp/log/gone); : >pinned; mount --bind /proc/1/ns/uts pinned; who=; begin
        left() {{ :; }}; state() {{ find /tmp/stage /tmp/root -printf '%p %M %U\\n' | sort; }}; state >/tmp/log/then; clean() {{ rm -f new; }}
        ulimit -v 1000000
        {}\n{tries}",
        spoilt.by.replace("FAKE", FAKE)
    );
    let setup = if name == "nsenter" { "# for 300" } else { "" };
    records(&line(program, setup, &text).outcome())
}

impl Record {
    /// What is wrong where nobody knows what is right: only half of what was asked for, without a word, or for ever.
    fn is_wrong_anywhere(&self) -> Option<&'static str> {
        match self.status {
            124 | 137 => Some("does not end"),
            status if status >= 128 => Some("is killed"),
            _ if !self.left.is_empty() => Some("leaves something"),
            0 if !self.err.is_empty() => Some("says success, and complains"),
            0 if self.title.contains("echo ran") && self.out != "ran\n" => Some("says success, and did not run"),
            0 => None,
            // What is found not to work is what `--check` is asked for.
            _ if self.title.contains("--check") => None,
            _ if !self.out.is_empty() => Some("fails, and did something"),
            _ if self.err.len() != 1 && !self.err.iter().any(|line| line.contains("newuidmap")) => {
                Some("is not told in one line")
            }
            _ => None,
        }
    }
}

#[test]
fn what_is_not_what_it_should_be() {
    require!(root, new_lsns, newuidmap, setpriv, timeout);
    let (begun, mut runs, mut findings) = (Instant::now(), 0, Vec::new());
    let (both, ours_alone) = commands();
    for spoilt in SPOILT {
        let all: Vec<&str> = both.iter().chain(ours_alone).copied().collect();
        let ours = tried(&program(), spoilt, &all);
        assert_eq!(ours.len(), all.len(), "{}", spoilt.what);
        runs += ours.len();
        let is_faked = spoilt.apart.contains(&"");
        for record in &ours {
            // What has to be written to /proc has no effect there.
            let is_mapped = is_faked && record.status == 0 && MAPPING.iter().any(|it| record.title.starts_with(it));
            let wrong = is_mapped.then_some("says success, and wrote to what is no /proc");
            if let Some(wrong) = wrong.or_else(|| record.is_wrong_anywhere()) {
                findings.push(format!("{}: {wrong}: {record:?}", spoilt.what));
            }
        }
        // A fake /proc holds util-linux up.
        if is_faked {
            continue;
        }
        let theirs = tried(&theirs(), spoilt, both);
        assert_eq!(theirs.len(), both.len(), "{}", spoilt.what);
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let is_apart = spoilt.apart.iter().any(|command| ours.title.starts_with(command));
            let lines = |text: &str| text.lines().count();
            let is_same = ours.status == theirs.status && lines(&ours.out) == lines(&theirs.out);
            if !is_same && !is_apart {
                findings.push(format!("{}: {ours:?}\n    and not {theirs:?}", spoilt.what));
            }
        }
    }
    report("odd surroundings", runs, begun, &findings);
}
