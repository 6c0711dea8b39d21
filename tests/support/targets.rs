//! Processes to enter, on a stage, at PIDs that are the same on every stage.
//!
//! | PID | what it is |
//! |-----|------------|
//! | 100 | root's container: its own seven kinds but user, host name `container`, a tmpfs on `dir`, which is its working directory; its parent is 99 |
//! | 200 | nsuser's container: the same, and a user namespace that maps root alone, host name `rootless`; its parent is 199 |
//! | 300 | root's, without a namespace of its own |
//! | 350 | nsuser's, without a namespace of its own, in `dir` |
//! | 400 | a zombie of root's |
//! | 500 | uid 1, gid 5, groups 7 and 8, root `/tmp/root`, working directory its `/tmp`, own mount, UTS and PID namespaces; its parent is 499 |
//! | 600 | nsuser's, in a user namespace within another, that owns its UTS and network namespaces |
//! | 700 | root's, in a user namespace that maps ids 0 to 999 to 100000 and so on, that owns its network namespace |
//!
//! Each has a variable `WHO` in its environment. `whose`, a program of the stage and of 500's root, shows whose namespaces it is in, but for the stage's.

use super::scenario::Scenario;

/// How they are started: each takes 10 ms.
const START: &str = include_str!("targets.sh");

/// The PIDs, and those of the parents that are in the root namespaces.
const TARGETS: [(&str, &str); 8] =
    [("100", "99"), ("200", "199"), ("300", ""), ("350", ""), ("400", "399"), ("500", "499"), ("600", ""), ("700", "")];

/// Shell commands that start the targets whose PIDs are in `texts`, and then do `more`. They are none if nothing there needs them.
pub fn setup(texts: &[&str], more: &str) -> String {
    let named = |pid: &str| {
        let numbers = |text: &&str| text.split(|c: char| !c.is_ascii_digit()).any(|number| number == pid);
        !pid.is_empty() && texts.iter().any(numbers)
    };
    let targets = TARGETS.iter().filter(|(pid, parent)| named(pid) || named(parent)).map(|(pid, _)| *pid);
    let targets: Vec<&str> = targets.collect();
    if targets.is_empty() && !texts.iter().any(|text| text.contains("whose")) {
        return more.to_owned();
    }
    let start: String = targets.iter().map(|pid| format!("target {pid}\n")).collect();
    let title = if more.is_empty() { targets.join(" ") } else { format!("{}; {more}", targets.join(" ")) };
    let title = title.replace('\n', "; ");
    format!("# {title}\n{START}{start}ready\n{more}")
}

/// The scenario beside the targets that it names.
pub fn beside(scenario: &Scenario) -> Scenario {
    // For as long as the test, which is as long as everything here.
    scenario.setup(setup(&[scenario.line, scenario.setup], scenario.setup).leak())
}
