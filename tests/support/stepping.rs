//! Races that are always lost in the same place: a program is held at one of its system calls while something else happens.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::programs::Program;
use super::stage::{Outcome, Stage, Status, User};

/// What a line has for its races. The setup makes the roots of the twins.
///
/// `races KEEP OF` goes through `$line`, a command line of shell, once undisturbed and then with `$hostile` at each of its
/// calls; of these, number KEEP of each OF. Before each, `$before` is done, and `$after` behind it.
/// In `$line` there are variables for what `step who` says of the first twin.
const SETUP: &str = r#"
mkdir /tmp/log /tmp/twins
for name in first second; do
    mkdir -p /tmp/twins/$name/proc /tmp/twins/$name/here /tmp/twins/$name/tmp/bin /tmp/twins/$name/etc
    echo $name >/tmp/twins/$name/name; echo $name >/tmp/twins/$name/here/here
    cp /tmp/bin/step /tmp/twins/$name/tmp/bin/step
    for applet in busybox true; do cp /tmp/root/bin/busybox /tmp/twins/$name/tmp/bin/$applet; done
done
cp /tmp/root/bin/busybox /tmp/bin/true
"#;

const FUNCTIONS: &str = r#"
export NS_HINTS=never
show() { while IFS= read -r text; do echo "$1: $text"; done <$2; }
left() {
    for process in /proc/[0-9]*; do
        case ${process#/proc/} in 1 | $$ | $PPID | $known) continue ;; esac
        read -r text <$process/stat && echo "left: $text"
    done 2>&-
}
race() {
    : >/tmp/log/first; : >/tmp/log/second; : >/tmp/log/report
    eval "$before"
    read -r text </tmp/log/first && for word in $text; do eval "$word"; done
    eval "step run /tmp/log/report '$hostile' $1 $line" >/tmp/log/out 2>/tmp/log/err
    echo "== $1 $?"
    for log in first second report out err; do show $log /tmp/log/$log; done
    eval "$after"
    left
}
who_it_is() { step who $$ | { read -r text; echo "== own"; echo "own: $text"; }; }
races() {
    race -1
    calls=$(sed -n 's/^calls //p' /tmp/log/report)
    index=$1
    while [ $index -lt $calls ]; do race $index; index=$((index + $2)); done
}
"#;

/// A setup: network namespaces that stay mounted on `/tmp/pins/10` to `120`, between mounts that come and go whenever `noise`
/// is called; so many that the table does not fit into one read.
pub const MOUNTS: &str = r#"
mkdir /tmp/noise /tmp/pins; echo 0 >/tmp/log/n
for i in $(seq 120); do
    mkdir /tmp/noise/$i; mount -t tmpfs noise /tmp/noise/$i
    case $i in *0) : >/tmp/pins/$i; unshare --net=/tmp/pins/$i true ;; esac
done
cat >/tmp/bin/noise <<'END'
#!/bin/sh
read -r n </tmp/log/n; n=$((n % 55 + 1)); echo $n >/tmp/log/n
# Before the pins, behind them, and between.
for i in $n $((120 - n)); do
    case $i in
    *0) ;;
    *) umount /tmp/noise/$i; mount -t tmpfs noise /tmp/noise/$((n + 7)); mount -t tmpfs noise /tmp/noise/$i ;;
    esac
done
END
chmod 755 /tmp/bin/noise
"#;

/// The program `step`, compiled.
pub fn step() -> Program {
    static STEP: OnceLock<PathBuf> = OnceLock::new();
    let compile = || {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support/step.c");
        // Under a name of its own, since another test program may be doing the same.
        let path = dir.join(format!("step.{}", std::process::id()));
        let status = Command::new("cc").args(["-O1", "-static", "-o"]).arg(&path).arg(source).status().expect("cc");
        assert!(status.success(), "step.c can be compiled");
        let step = dir.join("step");
        std::fs::rename(path, &step).expect("a file");
        step
    };
    Program { path: STEP.get_or_init(compile).clone(), name: "step" }
}

/// Beyond this no stage is divided.
const MOST_STAGES: usize = 64;

/// A command line, and what happens while it runs.
#[derive(Clone, Copy, Debug)]
pub struct Races {
    /// What root does first.
    pub setup: &'static str,
    /// What happens before each run.
    pub before: &'static str,
    /// The command line.
    pub line: &'static str,
    /// What happens at one of its calls.
    pub hostile: &'static str,
    /// What happens after each run.
    pub after: &'static str,
    /// How many stages share the work, so that none takes too long.
    pub stages: usize,
}

/// What came of one run.
#[derive(Clone, Debug, Default)]
pub struct Race {
    /// At which call it was held.
    pub index: i64,
    /// How it ended.
    pub status: i32,
    /// The lines of each sort.
    lines: HashMap<String, Vec<String>>,
}

impl Race {
    fn parse(record: &str) -> Self {
        let mut lines = record.lines();
        let mut title = lines.next().unwrap_or_default().split(' ').map(|word| word.parse().ok());
        let index = title.next().flatten().unwrap_or(i64::MIN);
        let status = title.next().flatten().and_then(|status| i32::try_from(status).ok()).unwrap_or(-1);
        let mut race = Race { index, status, lines: HashMap::new() };
        for (sort, text) in lines.filter_map(|line| line.split_once(": ")) {
            race.lines.entry(sort.to_owned()).or_default().push(text.to_owned());
        }
        race
    }

    /// The lines of a sort: `out`, `err`, `left`, `first`, `second`, or what the line itself has shown.
    pub fn lines(&self, sort: &str) -> &[String] {
        self.lines.get(sort).map_or(&[], Vec::as_slice)
    }

    /// Who became the program last, word for word; none where there was no program.
    pub fn entered(&self) -> Option<Who> {
        self.lines("report").iter().rev().find_map(|line| line.strip_prefix("who ")).map(Who::parse)
    }

    /// Who one of the twins is.
    pub fn twin(&self, name: &str) -> Who {
        self.lines(name).first().map(|line| Who::parse(line)).unwrap_or_default()
    }

    /// What was opened that is neither a plain file nor a directory, nor /dev/null.
    pub fn opened(&self) -> impl Iterator<Item = &str> {
        self.lines("report").iter().filter_map(|line| line.strip_prefix("opened ")).filter(|path| *path != "/dev/null")
    }

    /// Which was the last call with this number, in the undisturbed run.
    pub fn last(&self, number: i64) -> Option<i64> {
        let calls = self.lines("report").iter().filter_map(|line| line.strip_prefix("call ")?.split_once(' '));
        calls.rev().find(|call| call.1 == number.to_string())?.0.parse().ok()
    }

    /// Whether nothing was left to look at before a call with this number, when it was disturbed: it was held there, or
    /// another process was, or came to it next.
    pub fn disturbed(&self, number: i64) -> bool {
        let held = format!(" {number}");
        self.is_beside(number)
            || self.lines("report").iter().any(|line| line.starts_with("at ") && line.ends_with(&held))
    }

    /// Whether there was the program when it was disturbed, or was about to be, because the program's parent was held.
    pub fn came_too_late(&self) -> bool {
        const EXECVE: i64 = 59;
        let first = self.lines("report").iter().find(|line| line.starts_with("who ") || line.starts_with("at "));
        first.is_some_and(|line| line.starts_with("who ")) || self.is_beside(EXECVE)
    }

    /// Whether a process that was not held was at a call with this number then, or came to it next.
    fn is_beside(&self, number: i64) -> bool {
        self.lines("report").contains(&format!("beside {number}"))
    }

    /// How often it was held.
    pub fn held(&self) -> usize {
        self.lines("report").iter().filter(|line| line.starts_with("at ")).count()
    }
}

/// What `step who` says: what somebody is in, has, and is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who(Vec<(String, String)>);

impl Who {
    /// Reads that. Everybody has another pidfd, so it says nothing.
    pub fn parse(line: &str) -> Self {
        let words = line.split(' ').filter_map(|word| word.split_once('=')).filter(|(name, _)| *name != "pidfd");
        Self(words.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// Whether somebody who was as this one has entered what `calm` did when nothing disturbed it: each part of `target`
    /// that was of `first` then, and nothing else of it.
    pub fn may_become(&self, found: &Who, target: &Who, calm: &Who, first: &Who) -> bool {
        let others = target.0.iter().zip(&calm.0).zip(&first.0);
        !target.0.is_empty()
            && self.0.iter().zip(&found.0).zip(others).all(|((own, found), ((target, calm), first))| match () {
                () if calm == own => found == own,
                () if calm == first => found == target,
                // Made for the program alone.
                () => found != own && found != target,
            })
    }

    /// One of its parts.
    pub fn get(&self, part: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == part).map(|(_, value)| &**value)
    }

    /// In which of its parts it is another than `before`.
    pub fn differs_in(&self, before: &Who) -> Vec<&str> {
        self.0.iter().zip(&before.0).filter(|(one, other)| one != other).map(|(one, _)| &*one.0).collect()
    }
}

/// The runs of a command line on one stage. Numbers of namespaces compare only with those of the same stage.
#[derive(Debug)]
pub struct Run {
    /// Who runs it.
    pub own: Who,
    /// The undisturbed one.
    pub calm: Race,
    /// The others.
    pub races: Vec<Race>,
}

/// Each race with the run that it is a part of.
pub fn races(runs: &[Run]) -> impl Iterator<Item = (&Race, &Run)> + Clone {
    runs.iter().flat_map(|run| run.races.iter().map(move |race| (race, run)))
}

impl Races {
    /// Goes through them, on each stage through its share.
    ///
    /// Fails where there are hardly any, because the program has hardly any calls, or does not come to them again.
    pub fn run(&self, program: &Program) -> Vec<Run> {
        let runs: Vec<Run> = (0..self.stages).flat_map(|stage| self.run_share(program, stage, self.stages)).collect();
        let (tried, held) = (races(&runs).count(), races(&runs).filter(|(race, _)| race.held() == 1).count());
        assert!(tried >= 5 && (tried - held) * 4 <= tried, "{self:?}: {held} held of {tried}");
        runs
    }

    /// The one run that is disturbed at each read(2).
    pub fn run_at_reads(&self, program: &Program) -> Race {
        let (_, mut races) =
            self.perform(program, "race reads").unwrap_or_else(|outcome| panic!("{self:?}: {outcome}"));
        races.remove(0)
    }

    /// Each so many-th of them. Where the machine is too busy for one stage, there are two.
    fn run_share(&self, program: &Program, first: usize, step: usize) -> Vec<Run> {
        match self.perform(program, &format!("races {first} {step}")) {
            Ok((own, mut races)) => vec![Run { own, calm: races.remove(0), races }],
            Err(outcome) if outcome.status == Status::Timeout && step < MOST_STAGES => [first, first + step]
                .map(|first| self.run_share(program, first, 2 * step))
                .into_iter()
                .flatten()
                .collect(),
            Err(outcome) => panic!("{self:?}: {outcome}"),
        }
    }

    /// What this call, one of [`FUNCTIONS`], comes to on a stage.
    fn perform(&self, program: &Program, call: &str) -> Result<(Who, Vec<Race>), Outcome> {
        let Races { before, line, hostile, after, .. } = self;
        let text = format!(
            "{FUNCTIONS}before='{before}' line='{line}' hostile='{hostile}' after='{after}'\nwho_it_is\n{call}"
        );
        let setup = format!("{SETUP}{}\ncat >/tmp/log/script <<'END'\n{text}\nEND\n", self.setup);
        let stage = Stage { setup: &setup, ..Stage::new(User::Root) };
        // Orphans are waited for at once, so that their numbers are free.
        let outcome = stage.run_sh_with(&[program.clone(), step()], "exec step reap sh /tmp/log/script");
        let records: Vec<&str> = outcome.stdout.split("== ").skip(1).collect();
        if records.len() < 2 || outcome.status != Status::Exit(0) {
            return Err(outcome);
        }
        let own = records[0].lines().find_map(|line| line.strip_prefix("own: ")).map(Who::parse).expect("who it is");
        let races: Vec<Race> = records[1..].iter().map(|record| Race::parse(record)).collect();
        // Else it would be taken for what the program says of its failure.
        let lost = races.iter().find(|race| race.lines("err").iter().any(|line| line.starts_with("step: ")));
        assert!(lost.is_none(), "{self:?}: the hostile command fails: {lost:?}");
        Ok((own, races))
    }
}
