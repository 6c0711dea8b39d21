//! Doing what the plan says, in the processes that it needs.
//!
//! Helpers stay in the old namespaces, waiting; the caller leaves them; where there is a child, it
//! waits until the namespaces are kept in their files. A function that forks comes back in both
//! processes, and what fails goes up to `main` in whichever of them it failed.

use nix::unistd::{Pid, getuid};

use nscore::child::{self, Child, DeathSignal, Ending, Errand, Forked, Gate, Helper, Notice, Notifier, Supervisor};
use nscore::exec::Prepared;
use nscore::idmap::{self, Setgroups, Side};
use nscore::info::{InfoFd, Line};
use nscore::init::Init;
use nscore::pidfile::PidFile;
use nscore::process::{self, Process};
use nscore::{Doing, Error, Result, mounts};

use crate::plan::{OutsideMaps, Plan, Step, Supervision};

/// What is told of a step that failed and can be done without.
pub type Warn<'a> = &'a dyn Fn(&Error);

/// Carries out `plan`. Comes back only in a process that does not become the program.
///
/// # Errors
/// The first step that failed.
pub fn run(plan: &Plan, warn: Warn<'_>) -> Result<Ending> {
    if log::log_enabled!(log::Level::Debug) {
        log::debug!("{}", process::identity());
    }
    // Before anything changes, and in the caller's file system.
    let pid_file = plan.pid_file.as_deref().map(PidFile::open).transpose()?;
    let (mut naming, mut pinning, mut mapping) = (None, None, None);
    if pid_file.as_ref().is_some_and(PidFile::has_no_name) {
        let (notice, notifier) = plan.supervision.is_some().then(child::notice).transpose()?.unzip();
        let forked = if notice.is_some() { Helper::fork_for_child() } else { Helper::fork() };
        match forked {
            Ok(Forked::Child(errand)) => {
                drop(notifier);
                plan.info.iter().for_each(InfoFd::close);
                return name(pid_file, errand, notice);
            }
            Ok(Forked::Parent(helper)) => naming = Some(Naming { helper, notifier }),
            // The program may not need another process, and is not to fail for want of one.
            Err(Error { doing: Doing::Forking, .. }) => pid_file.as_ref().map_or(Ok(()), PidFile::name_it)?,
            Err(error) => return Err(error),
        }
    }
    if !plan.pins.is_empty() {
        match Helper::fork()? {
            Forked::Child(errand) => {
                naming.into_iter().for_each(Naming::leave);
                return errand.run(|caller| mounts::pin_namespaces(caller, &plan.pins));
            }
            Forked::Parent(helper) => pinning = Some(helper),
        }
    }
    if let Some(maps) = &plan.outside_maps {
        match Helper::fork()? {
            Forked::Child(errand) => {
                naming.into_iter().for_each(Naming::leave);
                pinning.into_iter().for_each(Helper::leave);
                return errand.run(|caller| write_maps(caller, maps));
            }
            Forked::Parent(helper) => mapping = Some(helper),
        }
    }
    take(&plan.leave)?;
    mapping.map_or(Ok(()), Helper::finish)?;
    take(&plan.prepare)?;
    match plan.supervision {
        Some(supervision) => become_parent(plan, supervision, (naming, pinning), pid_file, warn),
        None => {
            pinning.map_or(Ok(()), Helper::finish)?;
            let pid = Pid::this().as_raw();
            pid_file.as_ref().map_or(Ok(()), |file| file.write(pid))?;
            become_program(
                plan,
                None,
                Announcement::new(plan, pid, false, naming.map(|naming| naming.helper), None),
                warn,
            )
        }
    }
}

/// What gives a new PID file its name.
struct Naming {
    helper: Helper,
    /// Tells it whether a child has executed the program. Without a child there is nothing to tell: it may not stay beside
    /// the program, whose child it would be.
    notifier: Option<Notifier>,
}

impl Naming {
    /// Lets go of it, on the side of a fork that has nothing to do with it.
    fn leave(self) {
        self.helper.leave();
    }
}

/// The naming helper's work, which it does when the program is about to start. It still has the rights to take the name
/// back, even if nobody else is left.
fn name(pid_file: Option<PidFile>, errand: Errand, notice: Option<Notice>) -> Result<Ending> {
    if let Some(file) = pid_file.map(PidFile::taken_over) {
        match errand.run_for_heir(|| file.name_it()) {
            // The child says so.
            Err(Error { doing: Doing::PassingGate, .. }) if notice.is_some() => return Ok(Ending::Exit(1)),
            named => named?,
        }
        if notice.is_none_or(Notice::await_start) {
            file.keep();
        }
    }
    Ok(Ending::Exit(0))
}

fn take(steps: &[Step]) -> Result<()> {
    steps.iter().try_for_each(Step::take)
}

fn take_or_warn(steps: &[Step], warn: Warn<'_>) -> Result<()> {
    steps.iter().try_for_each(|step| match step.take() {
        Err(error) if step.is_dispensable() => {
            warn(&error);
            Ok(())
        }
        taken => taken,
    })
}

/// The mapping helper's work. Setgroups can be denied before there is a gid map, and not later.
fn write_maps(caller: &Process, maps: &OutsideMaps) -> Result<()> {
    if !maps.users.is_empty() {
        idmap::write_of(Side::Users, caller, &maps.users)?;
    }
    if maps.deny_setgroups {
        idmap::set_setgroups_of(caller, Setgroups::Deny)?;
    }
    if !maps.groups.is_empty() {
        idmap::write_of(Side::Groups, caller, &maps.groups)?;
    }
    Ok(())
}

/// Forks the child that will be the program, or its init; the parent waits for it and ends as it does.
fn become_parent(
    plan: &Plan,
    supervision: Supervision,
    (naming, pinning): (Option<Naming>, Option<Helper>),
    pid_file: Option<PidFile>,
    warn: Warn<'_>,
) -> Result<Ending> {
    let supervisor = Supervisor::prepare(supervision.manner)?;
    let death_signal = DeathSignal::wanted(supervision.kill_child)?;
    // Only where there is something to wait for, or to be told.
    let waits = pinning.is_some() || pid_file.is_some() || plan.info.is_some();
    let (gatekeeper, gate) = waits.then(child::gate).transpose()?.unzip();
    let is_own_file = pid_file.is_some() && naming.is_none();
    let (notice, notifier) = is_own_file.then(child::notice).transpose()?.unzip();
    match supervision.fork()? {
        Forked::Child(()) => {
            pinning.into_iter().for_each(Helper::leave);
            if let Some(file) = pid_file {
                // The parent's number may be the same in its pid namespace.
                file.keep();
            }
            drop(gatekeeper);
            // At once, so that the parent's death ends the preparations too.
            set(death_signal.as_ref())?;
            let init = supervisor.in_child()?;
            let pid = gate.map_or(Ok(0), Gate::wait)?;
            let (helper, notifier) = match naming {
                Some(naming) => (Some(naming.helper.inherited()), naming.notifier),
                None => (None, notifier),
            };
            let announcement = Announcement::new(plan, pid, true, helper, notifier);
            match init {
                Some(init) => become_init(plan, init, supervision, death_signal, announcement, warn),
                None => become_program(plan, death_signal.as_ref(), announcement, warn),
            }
        }
        Forked::Parent(child) => {
            drop((gate, notifier));
            let supervisor = match naming {
                Some(naming) => supervisor.with_helper_of_child(naming.helper),
                None => supervisor,
            };
            plan.info.iter().for_each(InfoFd::close);
            let ready = prepare_start(pinning, pid_file.as_ref(), &child);
            // Dropped if that has failed, which turns the child away.
            if let Err(error) = ready.and_then(|()| gatekeeper.map_or(Ok(()), |keeper| keeper.open_for(&child))) {
                child.wait()?;
                return Err(error);
            }
            let status = supervisor.wait(child)?;
            let started = notice.is_some_and(Notice::tells_of_start);
            if let Some(file) = pid_file.filter(|_| started || !is_own_file) {
                file.keep();
            }
            Ok(Ending::from(status))
        }
    }
}

/// What can be done only now that there is a child, and has to be done before the program starts: a pid namespace can
/// be kept once it has a process.
fn prepare_start(pinning: Option<Helper>, pid_file: Option<&PidFile>, child: &Child) -> Result<()> {
    pinning.map_or(Ok(()), Helper::finish)?;
    pid_file.map_or(Ok(()), |file| file.write(child.pid().as_raw()))
}

/// What the process that becomes the program says before it does.
struct Announcement<'a> {
    info: Option<(&'a InfoFd, Line)>,
    /// Gives the PID file its name.
    naming: Option<Helper>,
    notifier: Option<Notifier>,
}

impl<'a> Announcement<'a> {
    /// To be made while /proc is still the caller's. The child is called `pid` outside.
    fn new(plan: &'a Plan, pid: i32, is_child: bool, naming: Option<Helper>, notifier: Option<Notifier>) -> Self {
        let info = plan.info.as_ref().map(|fd| (fd, Line::about(pid, plan.kinds, is_child)));
        Self { info, naming, notifier }
    }

    /// Executes the program, and tells about it before.
    fn execute(self, program: &Prepared) -> Result<Ending> {
        if let Some((fd, line)) = &self.info {
            fd.write(line)?;
        }
        self.naming.map_or(Ok(()), Helper::finish)?;
        self.notifier.iter().try_for_each(Notifier::ready)?;
        let failed = program.execute();
        self.notifier.iter().for_each(Notifier::failed);
        match failed? {}
    }
}

/// Does all that concerns the namespaces, then forks the program and looks after it.
fn become_init(
    plan: &Plan,
    mut init: Init,
    supervision: Supervision,
    parents: Option<DeathSignal>,
    announcement: Announcement<'_>,
    warn: Warn<'_>,
) -> Result<Ending> {
    let (common, personal) = plan.split_enter();
    take_or_warn(common, warn)?;
    plan.environment.adopt();
    // From the fork to the exec nothing is allocated.
    let program = plan.program.prepare(plan.uid().unwrap_or_else(|| getuid().as_raw()))?;
    let death_signal = DeathSignal::wanted(supervision.kill_child)?;
    parents.map_or(Ok(()), |parents| init.answer_for_parent(parents))?;
    match child::fork()? {
        Forked::Parent(child) => {
            plan.info.iter().for_each(InfoFd::close);
            drop(announcement);
            init.look_after(&child)
        }
        Forked::Child(()) => {
            set(death_signal.as_ref())?;
            init.release_program()?;
            take(personal)?;
            if personal.iter().any(Step::changes_credentials) {
                set(death_signal.as_ref())?;
            }
            announcement.execute(&program)
        }
    }
}

/// The last steps, in the process that becomes the program.
fn become_program(
    plan: &Plan,
    death_signal: Option<&DeathSignal>,
    announcement: Announcement<'_>,
    warn: Warn<'_>,
) -> Result<Ending> {
    take_or_warn(&plan.enter, warn)?;
    if plan.enter.iter().any(Step::changes_credentials) {
        set(death_signal)?;
    }
    plan.environment.adopt();
    announcement.execute(&plan.program.prepare(getuid().as_raw())?)
}

fn set(death_signal: Option<&DeathSignal>) -> Result<()> {
    death_signal.map_or(Ok(()), DeathSignal::set)
}
