//! Processes of our own: forked, held at a gate until their time has come, waited for, their end passed on.

use std::cell::Cell;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{self, MsgFlags};
use nix::unistd::{Pid, getpgid, getsid};

use crate::error::{Doing, Error, Result, While};
use crate::init::Init;
use crate::kind::Kinds;
use crate::process::Process;
use crate::reins::Reins;
use crate::signals::{Arrival, Forwarding, Mask, Origin, Signal, Signals};
use crate::sys::{self, Fork, while_interrupted};

/// Makes sure that children of this process can be waited for, whatever the caller did to SIGCHLD. Says whether the
/// caller ignored it.
///
/// # Errors
/// [`Doing::Waiting`].
pub fn expect_children() -> Result<bool> {
    sys::default_disposition(libc::SIGCHLD).doing(|| Doing::Waiting)
}

/// From now on SIGCHLD is ignored, and children cannot be waited for: for a program that has such a caller.
///
/// # Errors
/// [`Doing::Waiting`].
pub fn ignore_children() -> Result<()> {
    log::info!("signal(SIGCHLD, SIG_IGN)");
    sys::ignore(libc::SIGCHLD).doing(|| Doing::Waiting)
}

/// A process that this one has forked and not waited for yet.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    /// If it is killed when this closes. Then it cannot be waited for in another way.
    tie: Option<OwnedFd>,
    /// What this process had got when it forked, and has not awaited yet: the child has got none of it.
    missed: Cell<Signals>,
}

/// Which side of a fork a function has come out on.
#[derive(Debug)]
pub enum Forked<Parent, Child> {
    /// Still the caller.
    Parent(Parent),
    /// The new process.
    Child(Child),
}

/// Forks: the function returns in both processes.
///
/// # Errors
/// [`Doing::Forking`]: EAGAIN at a limit of processes, ENOMEM when the pid namespace's init has ended.
pub fn fork() -> Result<Forked<Child, ()>> {
    log::info!("fork()");
    plain_fork()
}

fn plain_fork() -> Result<Forked<Child, ()>> {
    sys::fork().map(Forked::from).doing(|| Doing::Forking)
}

impl From<Fork> for Forked<Child, ()> {
    fn from(fork: Fork) -> Self {
        match fork {
            Fork::Child => Forked::Child(()),
            Fork::Parent(pid) => Forked::Parent(Child::new(pid, None)),
        }
    }
}

/// Forks a child that is in new namespaces of these `kinds` from its first moment, as the first process of a new pid
/// namespace: clone(2) with the flags of the kinds. The function returns in both processes. To be called while there is
/// one thread.
///
/// # Errors
/// [`Doing::Unsharing`]: EPERM without CAP_SYS_ADMIN and without a user namespace among them, more in clone(2); ENOSYS
/// where a filter of system calls forbids clone3(2).
pub fn fork_into(kinds: Kinds) -> Result<Forked<Child, ()>> {
    log::info!("clone3({kinds})");
    sys::fork_into(kinds.flags()).map(Forked::from).doing(|| Doing::Unsharing { kinds })
}

/// Forks, and if it can be had so, the child is killed when this process ends, whatever it has become by then. Only
/// since Linux 7, and only with privilege.
///
/// # Errors
/// [`Doing::Forking`].
pub fn fork_tied() -> Result<Forked<Child, ()>> {
    log::info!("fork()");
    log::debug!("clone3(CLONE_PIDFD|CLONE_AUTOREAP|CLONE_PIDFD_AUTOKILL)");
    match sys::fork_tied() {
        Ok(Some((pid, tie))) => Ok(Forked::Parent(Child::new(pid, Some(tie)))),
        Ok(None) => Ok(Forked::Child(())),
        // Whatever it was, a fork has it too, or can do without.
        Err(_) => plain_fork(),
    }
}

impl Child {
    /// To be made at once after the fork. Of what comes in between both get one, and the child one more, rather than none.
    fn new(pid: Pid, tie: Option<OwnedFd>) -> Self {
        Self { pid, tie, missed: Cell::new(Signals::pending()) }
    }

    /// Its number in this process's pid namespace.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits for the end of the process.
    ///
    /// # Errors
    /// [`Doing::Waiting`].
    pub fn wait(self) -> Result<ExitStatus> {
        log::debug!("waitpid({})", self.pid);
        if let Some(tie) = &self.tie {
            until_one_is_ready(&mut [for_reaping(tie)]).doing(|| Doing::Waiting)?;
            return sys::ending_of(tie.as_fd()).doing(|| Doing::Waiting);
        }
        loop {
            if let Some(status) = sys::wait(self.pid, 0).doing(|| Doing::Waiting)? {
                return Ok(status);
            }
        }
    }

    /// Waits for its end, and stops whenever it stops: so that a shell which waits for this process sees
    /// what the child does, and `fg` continues both.
    ///
    /// # Errors
    /// [`Doing::Waiting`].
    pub fn wait_and_stop_along(self) -> Result<ExitStatus> {
        loop {
            log::debug!("waitid({}, WEXITED|WSTOPPED)", self.pid);
            sys::await_change(self.pid).doing(|| Doing::Waiting)?;
            // Ctrl-Z stops both. By now this process has been stopped and continued with the child, which is then
            // stopped no longer, and nothing is to be done.
            match sys::wait(self.pid, libc::WUNTRACED | libc::WNOHANG).doing(|| Doing::Waiting)? {
                Some(status) if status.stopped_signal().is_some() => self.stop_along(),
                Some(status) => return Ok(status),
                None => {}
            }
        }
    }

    /// Stops this process, and continues the child when somebody has continued this one.
    fn stop_along(&self) {
        log::info!("kill({}, SIGSTOP), kill({}, SIGCONT)", Pid::this(), self.pid);
        // Neither has a reason to fail, nor could anything else be done.
        let _ = sys::kill(Pid::this(), libc::SIGSTOP);
        let _ = sys::kill(self.pid, libc::SIGCONT);
    }

    /// How it ended, if it has; or that it stopped, if that matters.
    fn change(&self, stops_matter: bool) -> Result<Option<ExitStatus>> {
        if let Some(tie) = &self.tie {
            let ended = look_at(&mut [for_reaping(tie)], PollTimeout::ZERO).doing(|| Doing::Waiting)?;
            return ended.then(|| sys::ending_of(tie.as_fd())).transpose().doing(|| Doing::Waiting);
        }
        let stops = if stops_matter { libc::WUNTRACED } else { 0 };
        sys::wait(self.pid, libc::WNOHANG | stops).doing(|| Doing::Waiting)
    }

    /// Kills it.
    pub(crate) fn kill(&self) {
        log::info!("kill({}, SIGKILL)", self.pid);
        // It may have ended in this moment; waiting for it will tell.
        let _ = sys::kill(self.pid, libc::SIGKILL);
    }

    /// Passes on a signal that this process got, unless the terminal has sent it to the child as well.
    pub(crate) fn pass_on(&self, arrival: Arrival) {
        let missed = self.missed.replace(self.missed.get().without(Signals::of(&[arrival.signal.number()])));
        if !missed.contains(arrival.signal) && self.has_got(arrival) {
            return;
        }
        log::info!("kill({}, {})", self.pid, arrival.signal);
        // It may have ended in this moment; waiting for it will tell.
        let _ = sys::kill(self.pid, arrival.signal.number());
    }

    /// A terminal sends to a process group: whoever stays in this process's has got the same. Only of a hang-up it
    /// tells the leader of the session alone, see "Process groups and sessions" in credentials(7).
    fn has_got(&self, arrival: Arrival) -> bool {
        const OF_HANG_UP: Signals = Signals::of(&[libc::SIGHUP, libc::SIGCONT]);
        let by_terminal = arrival.origin == Origin::Kernel && Signals::OF_TERMINAL.contains(arrival.signal);
        let to_leader = || OF_HANG_UP.contains(arrival.signal) && getsid(None) == Ok(Pid::this());
        by_terminal && !to_leader() && getpgid(Some(self.pid)) == getpgid(None)
    }
}

/// The side of a gate that opens it. Dropped unopened, it turns the one who waits away.
#[derive(Debug)]
pub struct Gatekeeper(UnixStream);

/// The side of a gate that waits for it to be opened.
#[derive(Debug)]
pub struct Gate(UnixStream);

/// A gate between two processes: a pair of sockets, so that the one who waits learns of the other's
/// death as well, and the one who opens does not die of it (a pipe would send SIGPIPE).
///
/// # Errors
/// [`Doing::OpeningSockets`].
pub fn gate() -> Result<(Gatekeeper, Gate)> {
    // std makes both ends close-on-exec.
    let (keeper, waiter) = UnixStream::pair().doing(|| Doing::OpeningSockets)?;
    Ok((Gatekeeper(keeper), Gate(waiter)))
}

impl Gatekeeper {
    /// Lets the other side through.
    ///
    /// # Errors
    /// [`Doing::PassingGate`].
    pub fn open(self) -> Result<()> {
        self.tell(0)
    }

    /// Lets the child through that waits on the other side, and tells it what it is called on this one.
    ///
    /// # Errors
    /// [`Doing::PassingGate`].
    pub fn open_for(self, child: &Child) -> Result<()> {
        self.tell(child.pid.as_raw())
    }

    /// Lets a helper through, and waits until it says what has come of its work.
    fn open_and_await(mut self) -> Result<()> {
        self.tell(0)?;
        let mut answer = [0];
        match self.0.read_exact(&mut answer) {
            Ok(()) if answer == [READY] => Ok(()),
            // It has said why.
            Ok(()) => Err(Error::new(Doing::Reported { status: 1 })),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                Err(Error { doing: Doing::PassingGate, errno: Some(Errno::EPIPE) })
            }
            Err(error) => Err(error).doing(|| Doing::PassingGate),
        }
    }

    fn tell(&self, pid: i32) -> Result<()> {
        tell(&self.0, &pid.to_ne_bytes())
    }
}

/// Says a word to another process. Where nobody hears it any more, nobody has to.
fn tell(listener: &UnixStream, word: &[u8]) -> Result<()> {
    match send(listener, word) {
        Err(Errno::EPIPE | Errno::ECONNRESET) => Ok(()),
        sent => sent.doing(|| Doing::PassingGate),
    }
}

fn send(listener: &UnixStream, word: &[u8]) -> nix::Result<()> {
    while_interrupted(|| socket::send(listener.as_raw_fd(), word, MsgFlags::MSG_NOSIGNAL)).map(drop)
}

impl Gate {
    /// Waits until the gate opens; gives what this process is called on the other side, if that has told.
    ///
    /// # Errors
    /// [`Doing::Reported`] when the other side has given up or died; it has said why. [`Doing::PassingGate`].
    pub fn wait(mut self) -> Result<i32> {
        self.pass()
    }

    fn pass(&mut self) -> Result<i32> {
        let mut told = [0; size_of::<i32>()];
        match self.0.read_exact(&mut told) {
            Ok(()) => Ok(i32::from_ne_bytes(told)),
            Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
                Err(Error::new(Doing::Reported { status: 1 }))
            }
            Err(error) => Err(error).doing(|| Doing::PassingGate),
        }
    }
}

/// By which a process learns whether its child has come to execute the program.
#[derive(Debug)]
pub struct Notice(UnixStream);

/// The child's end of it.
#[derive(Debug)]
pub struct Notifier(UnixStream);

/// Makes both ends.
///
/// # Errors
/// [`Doing::OpeningSockets`].
pub fn notice() -> Result<(Notice, Notifier)> {
    let (reader, writer) = UnixStream::pair().doing(|| Doing::OpeningSockets)?;
    Ok((Notice(reader), Notifier(writer)))
}

impl Notifier {
    /// Says that the program is about to be executed.
    ///
    /// # Errors
    /// [`Doing::PassingGate`].
    pub fn ready(&self) -> Result<()> {
        self.tell(READY)
    }

    /// Says that it could not be.
    pub fn failed(&self) {
        // Its exit status says so too.
        let _ = self.tell(FAILED);
    }

    fn tell(&self, word: u8) -> Result<()> {
        tell(&self.0, &[word])
    }
}

const READY: u8 = b'r';
const FAILED: u8 = b'f';

impl Notice {
    /// Waits until the program has been executed, or whoever was to do that has failed or ended; says which it was.
    pub fn await_start(mut self) -> bool {
        let mut words = Vec::new();
        // Without an answer it is likely.
        self.0.read_to_end(&mut words).is_err() || words == [READY]
    }

    /// Whether the program was executed, once the child has ended.
    pub fn tells_of_start(self) -> bool {
        let mut words = [0; 2];
        let read = while_interrupted(|| socket::recv(self.0.as_raw_fd(), &mut words, MsgFlags::MSG_DONTWAIT));
        let length = read.unwrap_or(0);
        words[..length].contains(&READY) && !words[..length].contains(&FAILED)
    }
}

/// A helper: a process that stays behind in the old namespaces, to do one thing for the process
/// that leaves them, once that has told it to. Whatever becomes of the caller, it ends.
#[derive(Debug)]
pub struct Helper {
    gatekeeper: Option<Gatekeeper>,
    child: Option<Child>,
}

/// What a helper has to do its work with.
#[derive(Debug)]
pub struct Errand {
    gate: Gate,
    caller: Process,
}

impl Errand {
    /// Waits to be told, then does `work` for the process that has forked the helper.
    ///
    /// # Errors
    /// What `work` gives; [`Doing::Reported`] when the caller has given up. [`Doing::PassingGate`].
    pub fn run(self, work: impl FnOnce(&Process) -> Result<()>) -> Result<Ending> {
        self.gate.wait()?;
        work(&self.caller)?;
        Ok(Ending::Exit(0))
    }

    /// The same, for whichever process has inherited the other side: tells that one what has come of it. From then on this
    /// process has to be killed if it is to end before it has done all: other signals wait.
    ///
    /// # Errors
    /// What `work` gives; [`Doing::Reported`] when the other side has given up, before the work or during it.
    /// [`Doing::BlockingSignals`]. [`Doing::PassingGate`], which the other side learns of too.
    pub fn run_for_heir(mut self, work: impl FnOnce() -> Result<()>) -> Result<()> {
        self.gate.pass()?;
        let done = Signals::ALL.block_silently().and_then(|_| work());
        let told = send(&self.gate.0, &[if done.is_ok() { READY } else { FAILED }]);
        done?;
        match told {
            Err(Errno::EPIPE | Errno::ECONNRESET) => Err(Error::new(Doing::Reported { status: 1 })),
            told => told.doing(|| Doing::PassingGate),
        }
    }
}

impl Helper {
    /// Forks a helper. The function returns in both processes.
    ///
    /// # Errors
    /// [`Doing::OpeningSockets`], [`Doing::Forking`], [`Doing::Opening`] without /proc.
    pub fn fork() -> Result<Forked<Helper, Errand>> {
        // The program may have this process's number and mask, and has no such child.
        Self::fork_by(sys::fork_silently)
    }

    /// The same, for a helper whose end this process learns of [while it waits](Supervisor::with_helper_of_child).
    ///
    /// # Errors
    /// Those of [`Helper::fork`].
    pub fn fork_for_child() -> Result<Forked<Helper, Errand>> {
        Self::fork_by(sys::fork)
    }

    fn fork_by(fork: impl FnOnce() -> nix::Result<Fork>) -> Result<Forked<Helper, Errand>> {
        // Opened here, it is this process, and no other can take its place.
        let caller = Process::this()?;
        let (gatekeeper, gate) = gate()?;
        log::info!("fork()");
        Ok(match fork().map(Forked::from).doing(|| Doing::Forking)? {
            Forked::Parent(child) => Forked::Parent(Helper { gatekeeper: Some(gatekeeper), child: Some(child) }),
            Forked::Child(()) => Forked::Child(Errand { gate, caller }),
        })
    }

    /// Tells the helper to do its work and waits until it is done.
    ///
    /// # Errors
    /// [`Doing::Reported`] with the helper's exit status when it failed and has said why; [`Doing::Dying`]; [`Doing::PassingGate`].
    pub fn finish(mut self) -> Result<()> {
        let Some(gatekeeper) = self.gatekeeper.take() else { return Ok(()) };
        match self.child.take() {
            Some(child) => {
                gatekeeper.tell(0)?;
                let status = child.wait()?;
                // Until then somebody hears its answer.
                drop(gatekeeper);
                expect_success("helper", status)
            }
            None => gatekeeper.open_and_await(),
        }
    }

    /// Lets go of a helper that another process looks after: for the other side of a fork.
    pub fn leave(mut self) {
        self.child = None;
    }

    /// The same helper, for the child of who has forked it; an errand [for an heir](Errand::run_for_heir).
    #[must_use]
    pub fn inherited(mut self) -> Self {
        self.child = None;
        self
    }
}

/// Takes over the failure of another process, which has said why if it could.
///
/// # Errors
/// [`Doing::Reported`] with its exit status; [`Doing::Dying`] when a signal ended it.
pub(crate) fn expect_success(process: &'static str, status: ExitStatus) -> Result<()> {
    match Ending::from(status) {
        Ending::Exit(0) => Ok(()),
        Ending::Exit(status) => Err(Error::new(Doing::Reported { status })),
        Ending::Signal(signal) => Err(Error::new(Doing::Dying { process, signal })),
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // The other way round it would wait for a helper that waits at its gate.
        self.gatekeeper = None;
        if let Some(child) = self.child.take() {
            // It was turned away; there is nothing to learn from its status.
            let _ = child.wait();
        }
    }
}

/// What a parent does while it waits for its child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// What it holds back from itself without passing it on: the terminal has sent it to the child too, say.
    pub held: Signals,
    /// What it passes on.
    pub forwarding: Option<Forwarding>,
    /// What it does about stops.
    pub stops: Stops,
}

impl Manner {
    /// What is blocked before the fork.
    pub fn blocked(self) -> Signals {
        self.held.and(self.awaited())
    }

    fn awaited(self) -> Signals {
        let forwarded = self.forwarding.map(|forwarding| forwarding.signals.and(Signals::OF_CHILDREN));
        let job_control = (self.stops == Stops::ByInit).then_some(JOB_CONTROL.and(Signals::OF_CHILDREN));
        forwarded.unwrap_or_default().and(job_control.unwrap_or_default())
    }
}

/// What a parent does when its child stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stops {
    /// It goes on waiting.
    #[default]
    Unheeded,
    /// It stops as well, and continues the child when it is continued.
    Along,
    /// The child is an [`Init`], which stops and continues it as the program is stopped and continued; what stops or
    /// continues this process alone is passed on.
    ByInit,
}

/// A parent that is prepared to wait; made before the fork, so that no signal is lost between.
#[derive(Debug)]
pub struct Supervisor {
    /// What is waited for.
    awaited: Signals,
    stops: Stops,
    reins: Option<Reins>,
    before: Option<Mask>,
    /// Ends when the program starts, at the latest.
    helper: Option<Child>,
}

const JOB_CONTROL: Signals = Signals::TERMINAL_STOPS.and(Signals::of(&[libc::SIGCONT]));

impl Supervisor {
    /// Holds back the signals concerned.
    ///
    /// # Errors
    /// [`Doing::BlockingSignals`], [`Doing::OpeningSockets`].
    pub fn prepare(manner: Manner) -> Result<Self> {
        for signal in manner.forwarding.iter().filter(|forwarding| forwarding.named).flat_map(|it| it.signals.iter()) {
            sys::default_disposition(signal.number()).doing(|| Doing::BlockingSignals)?;
        }
        let reins = (manner.stops == Stops::ByInit).then(Reins::on_this_process).transpose()?;
        let blocked = manner.blocked();
        let before = (!blocked.is_empty()).then(|| blocked.block()).transpose()?;
        let awaited = manner.awaited();
        Ok(Self { awaited, stops: manner.stops, reins, before, helper: None })
    }

    /// Leaves a helper to the child, and waits for it too, so that nothing of it remains beside the program.
    #[must_use]
    pub fn with_helper_of_child(mut self, mut helper: Helper) -> Self {
        self.helper = helper.child.take();
        self
    }

    /// In the child: makes it the init that this parent is prepared for; one that is none gets the signal mask that the
    /// caller had.
    ///
    /// # Errors
    /// [`Doing::BlockingSignals`], [`Doing::AdoptingOrphans`].
    pub fn in_child(self) -> Result<Option<Init>> {
        match self.reins {
            Some(reins) => Init::begin(reins.of_child(), self.before).map(Some),
            None => self.before.map_or(Ok(()), |mask| mask.put_back()).map(|()| None),
        }
    }

    /// Waits for the child's end.
    ///
    /// # Errors
    /// [`Doing::Waiting`].
    pub fn wait(mut self, child: Child) -> Result<ExitStatus> {
        if !self.awaited.is_empty() {
            return self.forward_until_end(&child);
        }
        // It has said what there is to say about its end.
        self.helper.take().map_or(Ok(()), |helper| helper.wait().map(drop))?;
        match self.stops {
            Stops::Along => child.wait_and_stop_along(),
            _ => child.wait(),
        }
    }

    fn forward_until_end(mut self, child: &Child) -> Result<ExitStatus> {
        let reins = self.reins.map(Reins::of_parent);
        loop {
            if let Some(helper) = &self.helper
                && helper.change(false)?.is_some()
            {
                self.helper = None;
            }
            while let Some(status) = child.change(self.stops == Stops::Along)? {
                if status.stopped_signal().is_none() {
                    // What it takes back is gone when this process ends.
                    self.helper.take().map_or(Ok(()), |helper| helper.wait().map(drop))?;
                    return Ok(status);
                }
                child.stop_along();
            }
            let arrival = match &child.tie {
                None => self.awaited.wait()?,
                Some(tie) => match self.awaited.wait_beside(tie)? {
                    Some(arrival) => arrival,
                    None => continue,
                },
            };
            match &reins {
                _ if Signals::OF_CHILDREN.contains(arrival.signal) => {}
                // The program goes on already, which is why it has come.
                Some(reins) if arrival.is_let_go() => reins.drain(),
                _ => child.pass_on(arrival),
            }
        }
    }
}

/// The signal that ends this process when its parent ends.
#[derive(Debug)]
pub struct DeathSignal {
    signal: Signal,
    parent: OwnedFd,
}

impl DeathSignal {
    /// Made in the parent-to-be, because a child in a new pid namespace cannot ask who its parent is.
    ///
    /// # Errors
    /// [`Doing::OpeningPidfd`].
    pub fn from_this_process(signal: Signal) -> Result<Self> {
        let parent = sys::pidfd_open(Pid::this()).doing(|| Doing::OpeningPidfd)?;
        Ok(Self { signal, parent })
    }

    /// The same, if there is to be one.
    ///
    /// # Errors
    /// [`Doing::OpeningPidfd`].
    pub fn wanted(signal: Option<Signal>) -> Result<Option<Self>> {
        signal.map(Self::from_this_process).transpose()
    }

    /// The signal.
    pub(crate) fn signal(&self) -> Signal {
        self.signal
    }

    /// Whether the parent is dead.
    ///
    /// # Errors
    /// [`Doing::PollingParent`].
    pub(crate) fn is_due(&self) -> Result<bool> {
        has_ended(&self.parent).doing(|| Doing::PollingParent)
    }

    /// What [`DeathSignal::set`] does, as the log shows it.
    pub fn words(signal: Signal) -> String {
        format!("prctl(PR_SET_PDEATHSIG, {signal})")
    }

    /// Sets the signal, in the child. The kernel forgets it when the process changes its uid or gid:
    /// to be called again after that, see PR_SET_PDEATHSIG in prctl(2).
    ///
    /// # Errors
    /// [`Doing::SettingDeathSignal`], [`Doing::PollingParent`]; [`Doing::Reported`] when the parent is dead already.
    pub fn set(&self) -> Result<()> {
        self.set_as(self.signal)
    }

    /// The same with another signal.
    pub(crate) fn set_as(&self, signal: Signal) -> Result<()> {
        log::info!("{}", Self::words(signal));
        sys::set_death_signal(signal.number()).doing(|| Doing::SettingDeathSignal)?;
        if self.is_due()? {
            return Err(Error::new(Doing::Reported { status: 1 }));
        }
        Ok(())
    }
}

/// Whether the process behind `pidfd` has ended.
pub(crate) fn has_ended(pidfd: &OwnedFd) -> nix::Result<bool> {
    look_at(&mut [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)], PollTimeout::ZERO)
}

/// To wait for the moment at which the process behind `pidfd` has been reaped: only then does the kernel tell how it
/// ended. The hang-up needs no flag.
pub(crate) fn for_reaping(pidfd: &OwnedFd) -> PollFd<'_> {
    PollFd::new(pidfd.as_fd(), PollFlags::empty())
}

/// Waits until something can be read from one of them.
pub(crate) fn until_one_is_ready(descriptors: &mut [PollFd<'_>]) -> nix::Result<()> {
    look_at(descriptors, PollTimeout::NONE).map(drop)
}

/// poll(2), continued after signals.
fn look_at(descriptors: &mut [PollFd<'_>], timeout: PollTimeout) -> nix::Result<bool> {
    while_interrupted(|| poll(descriptors, timeout)).map(|ready| ready > 0)
}

/// How this process is to end, after a child's example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With this exit status.
    Exit(u8),
    /// By this signal.
    Signal(i32),
}

impl Ending {
    /// The same for the first process of a pid namespace, which no signal of its own ends: as a shell would put it.
    pub(crate) fn of_first_process(self) -> Self {
        match self {
            Ending::Signal(signal) => {
                Ending::Exit(u8::try_from(signal).map_or(u8::MAX, |signal| signal.saturating_add(128)))
            }
            exit @ Ending::Exit(_) => exit,
        }
    }
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        match status.signal() {
            Some(signal) => Ending::Signal(signal),
            None => Ending::Exit(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        }
    }
}

/// Ends this process by `signal`, so that the caller's wait(2) sees what the child's would have shown.
///
/// # Errors
/// [`Doing::PassingOnSignal`] when the process survives: as a pid namespace's init, say.
pub fn die_of(signal: i32) -> Result<std::convert::Infallible> {
    let survived = || Doing::PassingOnSignal { signal };
    // Neither KILL nor STOP takes a disposition, and neither needs one.
    let _ = sys::default_disposition(signal);
    sys::change_mask(libc::SIG_UNBLOCK, 1 << (signal - 1)).map(drop).doing(|| Doing::BlockingSignals)?;
    sys::kill(Pid::this(), signal).doing(survived)?;
    Err(Error::new(survived()))
}
