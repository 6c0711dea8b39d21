//! The target ends while it is entered, and its number may become another's.

use crate::nsenter;
use crate::support::require;
use crate::support::stepping::{Race, Races, Run, Who, races};

/// What is entered, and whether the target has a user namespace.
struct Case {
    options: &'static str,
    /// What root does with the target before.
    before: &'static str,
    /// What root does afterwards.
    after: &'static str,
    twin: &'static str,
    /// How many stages it takes.
    stages: usize,
}

const fn case(options: &'static str) -> Case {
    Case { options, before: "", after: "", twin: "", stages: 1 }
}

const fn of_user(options: &'static str) -> Case {
    Case { twin: "user", ..case(options) }
}

/// A cgroup that is called as a container's.
const CONTAINER: &str = "container=ace5000000000000000000000000000000000000000000000000000000000000
    box=/tmp/cg/$top/docker-$container.scope
    mkdir -p $box; echo 4000 >$box/cgroup.procs";

const NO_CONTAINER: &str = "until rmdir $box 2>&-; do :; done; rmdir /tmp/cg/$top";

/// PID 4000 is the target.
const CASES: &[Case] = &[
    Case { before: CONTAINER, after: NO_CONTAINER, stages: 5, ..case("-t container:ace5 -a -e -r") },
    case("-t 4000 -a"),
    Case { stages: 2, ..case("-t 4000 -a -r -w -e -S follow -G follow") },
    // Nothing is entered through the pidfd, which would fail by itself: it depends on whose directory was opened.
    case("-t 4000 -u/proc/self/ns/uts -r -w"),
    case("-t 4000 -m -r -w"),
    case("-t 4000 -m -r --wdns=/here"),
    case("-t 4000 -u -S follow -G follow -e"),
    case("-t 4000 --pid-for-children -u"),
    case("-t 4000 -m -p --mount-proc"),
    case("-t 4000:$pidfd -a"),
    Case { stages: 5, ..case("-t @$mnt -a -e") },
    Case { stages: 2, ..of_user("-t 4000 -a") },
    of_user("-t 4000 -U -m -i -e -S follow --preserve-credentials"),
    of_user("-t 4000 -u --user-parent"),
];

impl Case {
    fn is_by_number(&self) -> bool {
        self.options.starts_with("-t 4000 ")
    }

    fn run(&self, what: &str, hostile: &'static str) -> Vec<Run> {
        let top = format!("top=nsraces{}{what}.slice", std::process::id());
        let races = Races {
            setup: "mkdir /tmp/cg; mount -t cgroup2 none /tmp/cg",
            before: format!("{top}; step twin 4000 first {} >/tmp/log/first; {}", self.twin, self.before).leak(),
            line: format!("nsenter {} true", self.options).leak(),
            hostile: hostile.replace("USER", self.twin).leak(),
            after: format!("step end 4000; {}", self.after).leak(),
            stages: self.stages,
        };
        races.run(&nsenter())
    }
}

/// What is wrong with a run beside the undisturbed one.
fn complaint(case: &Case, race: &Race, run: &Run) -> Option<&'static str> {
    let calm = run.calm.entered().unwrap_or_default();
    let entered = race.entered();
    let is = |twin| {
        let may = |it| run.own.may_become(it, &race.twin(twin), &calm, &run.calm.twin("first"));
        entered.as_ref().is_some_and(may)
    };
    // Nothing was known but the number so far.
    let is_unknown = race.index == 0 && case.is_by_number();
    match race.status {
        142 => Some("hangs"),
        _ if !race.lines("left").is_empty() => Some("leaves something"),
        0 if entered.is_none() => Some("says success, and has not run the program"),
        0 if is_unknown && is("second") => None,
        _ if is("second") => Some("enters the second"),
        _ if entered.is_some() && !is("first") => Some("enters a mixture"),
        0 => None,
        // Whoever has entered a pid namespace is killed with it.
        137 => None,
        status if status > 125 => Some("is killed"),
        _ if entered.is_some() => Some("has run the program, and says that it failed"),
        _ if race.lines("err").len() != 1 => Some("does not fail with one line"),
        _ => None,
    }
}

/// The parts that the undisturbed run enters.
fn enters(run: &Run) -> Vec<String> {
    let calm = run.calm.entered().unwrap_or_default();
    calm.differs_in(&run.own).into_iter().map(str::to_owned).collect()
}

fn each_case(what: &str, hostile: &'static str) {
    let (mut tried, mut entered, mut findings) = (0, 0, Vec::new());
    for case in CASES {
        let runs = case.run(what, hostile);
        let title = case.options;
        let has_failed = |run: &&Run| run.calm.status != 0 || enters(run).is_empty();
        if let Some(run) = runs.iter().find(has_failed) {
            findings.push(format!("{title}: does not enter when undisturbed: {:?}", run.calm));
            continue;
        }
        let races = races(&runs);
        let (number, has_entered) =
            (races.clone().count(), races.clone().filter(|(race, _)| race.entered().is_some()).count());
        let reused = races.clone().filter(|(race, _)| race.twin("second") != Who::default()).count();
        if hostile.contains("second") && reused * 5 < number {
            findings.push(format!("{title}: the number became another's {reused} times of {number}"));
        }
        eprintln!("  {title}: {number} races, {has_entered} entered: {}", enters(&runs[0]).join(" "));
        (tried, entered) = (tried + number, entered + has_entered);
        let complaints = races.filter_map(|(race, run)| Some((complaint(case, race, run)?, race)));
        findings.extend(complaints.map(|(complaint, race)| format!("{title}: {}: {complaint}: {race:?}", race.index)));
    }
    let (cases, found) = (CASES.len(), findings.len());
    eprintln!("{what}: {cases} command lines, {tried} races, {entered} entered, {found} findings");
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

/// While the first's namespaces are open, the second's get other numbers.
const REUSE: &str = "cd /proc/4000/ns; exec 3<mnt 4<uts 5<ipc 6<net 7<pid 8<cgroup 9<time
    step end 4000; step twin 4000 second USER >/tmp/log/second";

#[test]
fn the_target_s_number_becomes_another_s() {
    require!(root, cc);
    each_case("reused", REUSE);
}

#[test]
fn the_target_ends() {
    require!(root, cc);
    each_case("ended", "step end 4000");
}

/// What is entered of a target that goes elsewhere meanwhile, and the parts that must be of one moment.
const MOVES: &[(&str, &str, &str)] = &[
    ("-t 4000 -a", "", "cgroup ipc mnt net uts"),
    ("-t 4000 -a", "user", "cgroup ipc mnt net user uts"),
    ("-t 4000 -a -r -w", "", "cgroup ipc mnt net root uts"),
    ("-t 4000 -a -r -w", "user", "cgroup ipc mnt net root user uts"),
    ("-t 4000 -m -r -w", "", "mnt root"),
    ("-t @$user -a", "user", "cgroup ipc mnt net user uts"),
];

/// A container's first process becomes it only bit by bit, and whoever makes a user namespace of his own may choose when.
/// A program that is in his mount namespace and not in his user namespace would be his, with the caller's rights.
#[test]
fn the_target_goes_elsewhere() {
    require!(root, cc, user_namespaces);
    let (mut tried, mut entered, mut refused, mut findings) = (0, [0; 2], 0, Vec::new());
    for (options, user, parts) in MOVES {
        let races = Races {
            setup: "",
            before: format!("step mover 4000 {user} >/tmp/log/first").leak(),
            line: format!("nsenter {options} true").leak(),
            hostile: "step move 4000 >/tmp/log/second",
            after: "step end 4000",
            stages: 2,
        };
        for race in races.run(&nsenter()).iter().flat_map(|run| &run.races) {
            tried += 1;
            let Some(found) = race.entered() else {
                refused += usize::from(race.lines("err") == ["nsenter: PID 4000 went elsewhere while it was entered"]);
                let is_told = race.status != 0 && race.lines("err").len() == 1 && race.lines("left").is_empty();
                if !is_told {
                    findings.push(format!("{options} {user}: {}: fails without a word: {race:?}", race.index));
                }
                continue;
            };
            let states = ["first", "second"].map(|moment| race.twin(moment));
            let of = |state: &Who| {
                parts.split(' ').all(|part| state.get(part).is_some() && found.get(part) == state.get(part))
            };
            match states.iter().position(of) {
                Some(moment) => entered[moment] += 1,
                None => findings.push(format!("{options} {user}: {}: enters a mixture: {race:?}", race.index)),
            }
        }
    }
    let [before, after] = entered;
    let (lines, found) = (MOVES.len(), findings.len());
    eprintln!(
        "moved: {lines} command lines, {tried} races, {before} entered where it was, {after} where it went, {refused} refused, {found} findings"
    );
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(refused > 0);
}
