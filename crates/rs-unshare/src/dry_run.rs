//! What a run would do: its calls in order, as `-v` shows them, and none of them made.

use std::path::Path;

use nix::unistd::getuid;

use nscore::child::DeathSignal;
use nscore::idmap::{self, Setgroups, Side};
use nscore::info::Line;
use nscore::init::Init;
use nscore::pidfile::PidFile;
use nscore::signals::Signal;
use nscore::{Kind, Result};

use crate::plan::{OutsideMaps, Plan, Step, Supervision};

/// What stands for a number that nobody knows yet.
const PID: &str = "PID";
const FORK: &str = "fork()";

/// The calls of `plan`, a line each.
///
/// # Errors
/// What is known to fail without trying it.
pub fn lines(plan: &Plan) -> Result<Vec<String>> {
    let mut lines: Vec<String> = plan.pid_file.iter().map(|path| PidFile::words_of_open(path)).collect();
    let naming = plan.pid_file.as_deref().filter(|path| PidFile::begins_without_name(path));
    let helpers =
        usize::from(naming.is_some()) + usize::from(!plan.pins.is_empty()) + usize::from(plan.outside_maps.is_some());
    lines.extend(vec![FORK.into(); helpers]);
    lines.extend(words(&plan.leave));
    if let Some(maps) = &plan.outside_maps {
        lines.extend(outside_maps(maps)?);
    }
    lines.extend(words(&plan.prepare));
    lines.extend(plan.supervision.map(|supervision| birth(plan, supervision)).unwrap_or_default());
    lines.extend(plan.pins.iter().map(|pin| pin.words(PID)));
    lines.extend(plan.pid_file.iter().map(|path| PidFile::words_of_write(path, PID)));
    lines.extend(program(plan, naming)?);
    Ok(lines)
}

fn words(steps: &[Step]) -> impl Iterator<Item = String> {
    steps.iter().map(Step::to_string)
}

fn outside_maps(maps: &OutsideMaps) -> Result<Vec<String>> {
    let map = |side, ranges: &[_]| (!ranges.is_empty()).then(|| idmap::words_of_write(side, PID, ranges)).transpose();
    let deny = maps.deny_setgroups.then(|| idmap::words_of_setgroups(PID, Setgroups::Deny));
    Ok([map(Side::Users, &maps.users)?, deny, map(Side::Groups, &maps.groups)?].into_iter().flatten().collect())
}

/// The fork of the child, and what it does at once.
fn birth(plan: &Plan, supervision: Supervision) -> Vec<String> {
    let mut lines = vec![supervision.manner.blocked().words_of_block(), FORK.into()];
    lines.extend(supervision.kill_child.map(DeathSignal::words));
    if plan.has_init() {
        lines.push(Init::SIGNALS.words_of_block());
        lines.extend((!plan.kinds.contains(Kind::Pid)).then(|| Init::ADOPTING.into()));
    }
    lines
}

/// What the process does that becomes the program, and its init before.
fn program(plan: &Plan, naming: Option<&Path>) -> Result<Vec<String>> {
    let death_signal = plan.supervision.and_then(|supervision| supervision.kill_child).map(DeathSignal::words);
    let environment = Some(plan.environment.to_string()).filter(|words| !words.is_empty());
    let (common, personal) = if plan.has_init() { plan.split_enter() } else { (&plan.enter[..], &[][..]) };
    let mut lines: Vec<String> = words(common).collect();
    if plan.has_init() {
        lines.extend(environment.clone());
        let kills = plan.supervision.is_some_and(|supervision| supervision.kill_child == Some(Signal::KILL));
        lines.extend((kills && !plan.kinds.contains(Kind::Pid)).then(|| DeathSignal::words(Init::TELLING)));
        lines.push(FORK.into());
        lines.extend(death_signal.clone());
    }
    lines.extend(words(personal));
    if plan.enter.iter().any(Step::changes_credentials) {
        lines.extend(death_signal);
    }
    if !plan.has_init() {
        lines.extend(environment);
    }
    lines.extend(plan.info.as_ref().map(|fd| fd.words(&Line::to_come(plan.kinds))));
    lines.extend(naming.map(PidFile::words_of_naming));
    // Which shell it is, may be for the new environment to say.
    plan.environment.adopt();
    lines.push(plan.program.prepare(plan.uid().unwrap_or_else(|| getuid().as_raw()))?.to_string());
    Ok(lines)
}
