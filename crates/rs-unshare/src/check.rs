//! What of a plan would work: its steps are taken, in processes that end with them.
//!
//! Nothing that others could see is done: mounts are private before the first one, files are bound in a copy of the
//! mount namespace, and the program is only looked for.

use nscore::check::{self, Report, Stopped, Trial};
use nscore::child::{self, Forked, Helper};
use nscore::hints::Case;
use nscore::idmap::{self, IdRange, Setgroups, Side};
use nscore::mounts;
use nscore::pidfile::PidFile;
use nscore::process::Process;
use nscore::{Kind, Result};

use crate::plan::{OutsideMaps, Plan, Step};

/// Finds out whether each step of `plan` would work, for the command line of `case`.
///
/// # Errors
/// Those of [`check::examine`].
pub fn check(plan: &Plan, case: Case<'_>) -> Result<Report> {
    check::examine(case, steps(plan), |trial| attempt(plan, trial))
}

/// What is tried, in its order.
fn steps(plan: &Plan) -> Vec<String> {
    let words = |steps: &[Step]| steps.iter().map(Step::to_string).collect::<Vec<_>>();
    let mut list: Vec<String> = plan.pid_file.iter().map(|path| PidFile::words_of_open(path)).collect();
    list.extend(words(&plan.leave));
    list.extend(plan.outside_maps.iter().flat_map(words_of_maps));
    list.extend(words(&plan.prepare));
    list.extend(plan.pins.iter().map(|pin| pin.words(SELF)));
    list.extend(plan.supervision.map(|_| FORK.to_owned()));
    list.extend(words(&plan.enter));
    list.push(plan.program.to_string());
    list
}

const FORK: &str = "fork()";

/// This process, in the words of a step: it is not the one that will take it.
const SELF: &str = "self";

fn words_of_maps(maps: &OutsideMaps) -> Vec<String> {
    let sides = [(Side::Users, &maps.users), (Side::Groups, &maps.groups)];
    let written = sides.into_iter().filter(|(_, ranges)| !ranges.is_empty());
    let mut words: Vec<String> = written.map(|(side, ranges)| words_of_map(side, ranges)).collect();
    if maps.deny_setgroups {
        words.insert(usize::from(!maps.users.is_empty()), idmap::words_of_setgroups(SELF, Setgroups::Deny));
    }
    words
}

fn words_of_map(side: Side, ranges: &[IdRange]) -> String {
    // Of one that is too long for its words, as for the kernel, the file's name says enough.
    idmap::words_of_write(side, SELF, ranges).unwrap_or_else(|_| side.map_file().into())
}

fn attempt(plan: &Plan, trial: &Trial<'_>) -> Result<(), Stopped> {
    if let Some(path) = &plan.pid_file {
        trial.step(PidFile::words_of_open(path), || PidFile::check(path))?;
    }
    let pins = || attempt_pins(plan, trial);
    let Forked::Parent(pinning) = attempt_outside(!plan.pins.is_empty(), trial, |_| pins())? else { return Ok(()) };
    let maps = |caller: &Process| plan.outside_maps.iter().try_for_each(|maps| attempt_maps(maps, caller, trial));
    let Forked::Parent(mapping) = attempt_outside(plan.outside_maps.is_some(), trial, maps)? else {
        pinning.into_iter().for_each(Helper::leave);
        return Ok(());
    };
    attempt_steps(&plan.leave, trial)?;
    finish(mapping)?;
    attempt_steps(&plan.prepare, trial)?;
    finish(pinning)?;
    match plan.supervision {
        Some(_) => attempt_in_child(plan, trial),
        None => attempt_entering(plan, trial),
    }
}

fn attempt_steps(steps: &[Step], trial: &Trial<'_>) -> Result<(), Stopped> {
    steps.iter().try_for_each(|step| match trial.step(step, || step.take()) {
        Err(Stopped) if step.is_dispensable() => Ok(()),
        outcome => outcome,
    })
}

/// Forks a helper, if one `is_needed`, that stays in the old namespaces, and does `work` when it is told to.
fn attempt_outside(
    is_needed: bool,
    trial: &Trial<'_>,
    work: impl FnOnce(&Process) -> Result<(), Stopped>,
) -> Result<Forked<Option<Helper>, ()>, Stopped> {
    if !is_needed {
        return Ok(Forked::Parent(None));
    }
    match Helper::fork() {
        Err(error) => trial.step(FORK, || Err(error)).and(Err(Stopped)),
        Ok(Forked::Parent(helper)) => Ok(Forked::Parent(Some(helper))),
        Ok(Forked::Child(errand)) => {
            // Where it is turned away, another step has failed, and has been told.
            let mut outcome = Err(Stopped);
            let ran = errand.run(|caller| {
                outcome = work(caller);
                Ok(())
            });
            ran.map_err(|_| Stopped).and(outcome).map(Forked::Child)
        }
    }
}

/// Tells a helper to do its work; what goes wrong there, it tells itself.
fn finish(helper: Option<Helper>) -> Result<(), Stopped> {
    helper.map_or(Ok(()), Helper::finish).map_err(|_| Stopped)
}

fn attempt_pins(plan: &Plan, trial: &Trial<'_>) -> Result<(), Stopped> {
    let has_child = plan.supervision.is_some();
    plan.pins.iter().try_for_each(|pin| trial.step(pin.words(SELF), || mounts::try_to_pin(pin, has_child)))
}

fn attempt_maps(maps: &OutsideMaps, caller: &Process, trial: &Trial<'_>) -> Result<(), Stopped> {
    let write = |side, ranges: &[IdRange]| match ranges {
        [] => Ok(()),
        ranges => trial.step(words_of_map(side, ranges), || idmap::write_of(side, caller, ranges)),
    };
    write(Side::Users, &maps.users)?;
    if maps.deny_setgroups {
        let words = idmap::words_of_setgroups(SELF, Setgroups::Deny);
        trial.step(words, || idmap::set_setgroups_of(caller, Setgroups::Deny))?;
    }
    write(Side::Groups, &maps.groups)
}

fn attempt_in_child(plan: &Plan, trial: &Trial<'_>) -> Result<(), Stopped> {
    match child::fork() {
        Err(error) => trial.step(FORK, || Err(error)),
        Ok(Forked::Child(())) => {
            // Told on this side, so that it comes before the other steps.
            trial.step(FORK, || Ok(()))?;
            attempt_entering(plan, trial)
        }
        Ok(Forked::Parent(child)) => match child.wait() {
            Ok(status) if status.success() => Ok(()),
            _ => Err(Stopped),
        },
    }
}

fn attempt_entering(plan: &Plan, trial: &Trial<'_>) -> Result<(), Stopped> {
    let has_own_mounts =
        plan.leave.iter().any(|step| matches!(step, Step::Unshare(kinds) if kinds.contains(Kind::Mount)));
    // What is shared after this is shared among the mounts of this process only.
    let is_contained = has_own_mounts && mounts::make_private_here().is_ok();
    let harmless = plan.enter.iter().position(|step| step.is_mount() && !is_contained).unwrap_or(plan.enter.len());
    attempt_steps(&plan.enter[..harmless], trial)?;
    if harmless < plan.enter.len() {
        return Ok(());
    }
    plan.environment.adopt();
    trial.program(&plan.program)
}
