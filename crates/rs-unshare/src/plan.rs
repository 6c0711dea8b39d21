//! What will be done: everything that the options ask for, resolved and in the order in which the kernel wants it.
//!
//! Making a plan changes nothing. Whatever can be found wrong before the first step is found here.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::unistd::{getegid, geteuid};

use nscore::child::{self, Child, Forked, Manner, Stops};
use nscore::exec::{Environment, Program};
use nscore::idmap::{self, Block, IdRange, Setgroups, Side};
use nscore::info::InfoFd;
use nscore::mounts::{BINFMT_MISC, Pin, Propagation};
use nscore::signals::{Forwarding, Signal, Signals};
use nscore::timens::{Clock, Offset};
use nscore::{Doing, Error, Kind, Kinds, Result};

use crate::options::{
    IdOptions, KindOptions, MountOptions, Options, ProcessOptions, SetupOptions, SingleMap, TypedMaps, names,
};
pub use crate::step::Step;

/// Everything that one command line leads to.
#[derive(Debug)]
pub struct Plan {
    /// Namespaces that a helper, which stays in the old ones, binds to files.
    pub pins: Vec<Pin>,
    /// Maps that such a helper writes.
    pub outside_maps: Option<OutsideMaps>,
    /// What leads up to the new namespaces.
    pub leave: Vec<Step>,
    /// What comes after the maps from outside, and before the fork.
    pub prepare: Vec<Step>,
    /// Whether and how the program becomes a child.
    pub supervision: Option<Supervision>,
    /// What the process does that will become the program.
    pub enter: Vec<Step>,
    /// The kinds of namespace that are made.
    pub kinds: Kinds,
    /// Where to write about the program when it is about to start.
    pub info: Option<InfoFd>,
    /// Where to write its PID.
    pub pid_file: Option<PathBuf>,
    /// What the program finds in its environment.
    pub environment: Environment,
    /// The program.
    pub program: Program,
}

/// Id maps that only a process outside the user namespace can write.
#[derive(Debug, PartialEq, Eq)]
pub struct OutsideMaps {
    /// The lines for users; none to leave them to somebody else.
    pub users: Vec<IdRange>,
    /// The lines for groups.
    pub groups: Vec<IdRange>,
    /// Whether to deny setgroups first; afterwards it is too late.
    pub deny_setgroups: bool,
}

/// What the parent does for its child.
#[derive(Debug, Clone, Copy)]
pub struct Supervision {
    /// About signals.
    pub manner: Manner,
    /// The signal that the child gets when the parent dies.
    pub kill_child: Option<Signal>,
}

impl Supervision {
    /// Forks the child. Where the kernel can kill it itself when the parent ends, it is told to; an init does better: it
    /// kills the program, on every kernel.
    ///
    /// # Errors
    /// Those of [`child::fork`].
    pub fn fork(self) -> Result<Forked<Child, ()>> {
        let is_tied = self.kill_child == Some(Signal::KILL) && self.manner.stops == Stops::Unheeded;
        if is_tied { child::fork_tied() } else { child::fork() }
    }
}

impl Plan {
    /// Makes the plan.
    ///
    /// # Errors
    /// Options that contradict each other.
    pub fn from_options(options: Options) -> Result<Self> {
        let Options { kinds: kind_options, ids, mounts, setup, process, maps: typed_maps, operands, .. } = options;
        let offsets = offsets(&process);
        let kinds = kinds(&kind_options, &ids, &mounts, &setup, &typed_maps);
        if !offsets.is_empty() && !kinds.contains(Kind::Time) {
            return Err(Error::new(Doing::OffsetsWithoutTimeNamespace));
        }
        let maps = Maps::resolve(&ids, &typed_maps)?;
        Ok(Self {
            pins: pins(kind_options),
            leave: leave(kinds, &ids),
            prepare: offsets,
            supervision: supervision(&process),
            enter: enter(kinds, &ids, &maps, setup, mounts),
            outside_maps: maps.outside(ids.setgroups),
            environment: environment(&process),
            kinds,
            info: process.info_fd,
            pid_file: process.pid_file,
            program: Program::from_operands(&operands),
        })
    }

    /// What will surprise people although nothing fails.
    pub fn note(&self) -> Option<String> {
        let makes_pid = self.leave.iter().any(|step| matches!(step, Step::Unshare(kinds) if kinds.contains(Kind::Pid)));
        (makes_pid && self.supervision.is_none()).then(|| {
            "the program stays outside the new pid namespace, whose init is its first child: add --fork".into()
        })
    }

    /// Whether an init stands between this process and the program.
    pub fn has_init(&self) -> bool {
        self.supervision.is_some_and(|supervision| supervision.manner.stops == Stops::ByInit)
    }

    /// Of the last steps, those that an init takes, and those that the program takes itself.
    pub fn split_enter(&self) -> (&[Step], &[Step]) {
        self.enter.split_at(self.enter.iter().position(Step::is_personal).unwrap_or(self.enter.len()))
    }

    /// The uid that the program takes on, if it does.
    pub fn uid(&self) -> Option<u32> {
        let uid = |step: &Step| if let Step::SetUid(uid) = step { Some(*uid) } else { None };
        self.enter.iter().rev().find_map(uid)
    }
}

/// The id maps and who writes them.
struct Maps {
    users: SideMaps,
    groups: SideMaps,
}

/// One side: a single id that the process itself may map, or a list for a helper.
#[derive(Default)]
struct SideMaps {
    own: Option<IdRange>,
    outside: Vec<IdRange>,
    by_helper: bool,
}

impl SideMaps {
    fn new(blocks: Option<&[Block]>, single: Option<IdRange>, by_helper: bool) -> Self {
        if blocks.is_none() && !by_helper {
            return Self { own: single, ..Self::default() };
        }
        let outside = idmap::fit(blocks.unwrap_or_default(), single);
        Self { own: None, by_helper: blocks.is_some() || single.is_some(), outside }
    }
}

impl Maps {
    fn resolve(ids: &IdOptions, typed: &TypedMaps) -> Result<Self> {
        let (user, group) = singles(&typed.singles);
        // With another owner the process is no longer who the single id maps; a helper stays who it was.
        let helper = ids.owner.is_some();
        let users = SideMaps::new(typed.users.as_deref(), user, helper);
        let groups = SideMaps::new(typed.groups.as_deref(), group, helper);
        if groups.own.is_some() && ids.setgroups == Some(Setgroups::Allow) {
            return Err(Error::new(Doing::AllowingSetgroupsWithGroupMap));
        }
        Ok(Self { users, groups })
    }

    fn outside(self, setgroups: Option<Setgroups>) -> Option<OutsideMaps> {
        (self.users.by_helper || self.groups.by_helper).then(|| OutsideMaps {
            deny_setgroups: self.groups.by_helper && setgroups == Some(Setgroups::Deny),
            users: self.users.outside,
            groups: self.groups.outside,
        })
    }
}

/// The single maps that count: the last one for the user, and the last one for the group.
fn singles(typed: &[SingleMap]) -> (Option<IdRange>, Option<IdRange>) {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    let (mut user, mut group) = (None, None);
    for single in typed {
        match *single {
            SingleMap::User(inner) => user = Some(inner),
            SingleMap::Group(inner) => group = Some(inner),
            SingleMap::Root => (user, group) = (Some(0), Some(0)),
            SingleMap::Current => (user, group) = (Some(uid), Some(gid)),
        }
    }
    let to = |outer| move |inner| IdRange::single(inner, outer);
    (user.map(to(uid)), group.map(to(gid)))
}

/// The kinds asked for, and those that other options imply.
fn kinds(
    options: &KindOptions,
    ids: &IdOptions,
    mounts: &MountOptions,
    setup: &SetupOptions,
    maps: &TypedMaps,
) -> Kinds {
    let mapped = !maps.singles.is_empty() || maps.users.is_some() || maps.groups.is_some();
    let binfmt = mounts.mount_binfmt.is_some() || mounts.load_interp.is_some();
    let implied = |kind| match kind {
        Kind::User => mapped || binfmt || ids.owner.is_some(),
        Kind::Mount => binfmt || mounts.mount_proc.is_some(),
        Kind::Uts => setup.hostname.is_some(),
        Kind::Net => setup.loopback,
        _ => false,
    };
    Kind::all().filter(|&kind| files(options, kind).is_some() || implied(kind)).collect()
}

fn files(options: &KindOptions, kind: Kind) -> Option<&Vec<PathBuf>> {
    match kind {
        Kind::User => options.user.as_ref(),
        Kind::Cgroup => options.cgroup.as_ref(),
        Kind::Ipc => options.ipc.as_ref(),
        Kind::Uts => options.uts.as_ref(),
        Kind::Net => options.net.as_ref(),
        Kind::Pid => options.pid.as_ref(),
        Kind::Mount => options.mount.as_ref(),
        Kind::Time => options.time.as_ref(),
    }
}

/// The last file of each kind.
fn pins(options: KindOptions) -> Vec<Pin> {
    let pin = |kind| files(&options, kind)?.last().map(|file| Pin { kind, file: file.clone() });
    Kind::all().filter_map(pin).collect()
}

fn leave(kinds: Kinds, ids: &IdOptions) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(owner) = ids.owner {
        steps.extend([Step::DropGroups, Step::SetGid(owner.gid), Step::SetUid(owner.uid)]);
    }
    steps.push(Step::Unshare(kinds));
    steps
}

fn offsets(process: &ProcessOptions) -> Vec<Step> {
    let offset = |clock, seconds: Option<i64>| seconds.map(|seconds| Step::SetOffset(Offset { clock, seconds }));
    [offset(Clock::Boottime, process.boottime), offset(Clock::Monotonic, process.monotonic)]
        .into_iter()
        .flatten()
        .collect()
}

fn supervision(process: &ProcessOptions) -> Option<Supervision> {
    let fork = process.fork || process.init || process.forward_signals.is_some() || process.kill_child.is_some();
    let forwarding = process.forward_signals.map(|forwarding| forwarding.unwrap_or(Forwarding::CLASSIC));
    let manner = Manner {
        held: Signals::INT_AND_TERM,
        forwarding: forwarding.or(process.init.then_some(Forwarding::ALL)),
        stops: if process.init { Stops::ByInit } else { Stops::Unheeded },
    };
    fork.then(|| Supervision { manner, kill_child: process.kill_child.map(|signal| signal.unwrap_or(Signal::KILL)) })
}

fn environment(process: &ProcessOptions) -> Environment {
    if process.clear_env || !process.whitelist_env.is_empty() {
        Environment::Only(names(&process.whitelist_env))
    } else {
        Environment::Inherited
    }
}

fn enter(kinds: Kinds, ids: &IdOptions, maps: &Maps, setup: SetupOptions, mounts: MountOptions) -> Vec<Step> {
    let mut steps = id_steps(ids, maps);
    steps.extend(setup.hostname.map(Step::SetHostname));
    steps.extend(setup.loopback.then_some(Step::RaiseLoopback));
    let propagation = mounts.propagation.unwrap_or(Propagation::Private);
    if kinds.contains(Kind::Mount) && propagation != Propagation::Unchanged {
        steps.push(Step::SetPropagation(propagation));
    }
    steps.extend(directory_and_mount_steps(kinds, mounts));
    if let Some(gid) = ids.setgid {
        steps.extend([Step::DropGroups, Step::SetGid(gid)]);
    }
    steps.extend(ids.setuid.map(Step::SetUid));
    steps.extend((ids.keep_caps && kinds.contains(Kind::User)).then_some(Step::KeepCapabilities));
    steps
}

/// The maps that the process writes itself. "deny" goes before the gid map: without it the kernel
/// does not take the map of an ordinary user, and after it, it does not take "deny".
fn id_steps(ids: &IdOptions, maps: &Maps) -> Vec<Step> {
    let deny = maps.groups.own.is_some() || (ids.setgroups == Some(Setgroups::Deny) && !maps.groups.by_helper);
    let mut steps = Vec::new();
    steps.extend(maps.users.own.map(|range| Step::WriteMap(Side::Users, range)));
    steps.extend(deny.then_some(Step::SetSetgroups(Setgroups::Deny)));
    steps.extend(maps.groups.own.map(|range| Step::WriteMap(Side::Groups, range)));
    steps.extend((ids.setgroups == Some(Setgroups::Allow)).then_some(Step::SetSetgroups(Setgroups::Allow)));
    steps
}

fn directory_and_mount_steps(kinds: Kinds, mounts: MountOptions) -> Vec<Step> {
    let mut steps = Vec::new();
    let format = mounts.load_interp;
    let wants_binfmt = mounts.mount_binfmt.is_some() || format.is_some();
    let binfmt = mounts.mount_binfmt.flatten();
    let proc = mounts.mount_proc.map(|directory| directory.unwrap_or_else(|| "/proc".into()));
    // The default place of binfmt_misc is below /proc, which a new pid namespace makes foreign.
    let proc_for_binfmt =
        (wants_binfmt && binfmt.is_none() && kinds.contains(Kind::Pid)).then(|| PathBuf::from("/proc"));
    let binfmt = binfmt.unwrap_or_else(|| BINFMT_MISC.into());
    let early = mounts.root.is_some() && format.as_deref().is_some_and(opens_interpreter_at_once);
    if early {
        // The interpreter is looked up when it is registered, and it is the old root's.
        steps.push(Step::MountBinfmt(BINFMT_MISC.into()));
        steps.extend(format.iter().map(|format| register(Path::new(BINFMT_MISC), format)));
    }
    // The new /proc is nobody else's business, whatever the other mounts are; below a new root, util-linux lets it be.
    let private = mounts.propagation.is_none_or(|propagation| propagation == Propagation::Private);
    let make_private = !private && mounts.root.is_none();
    steps.extend(mounts.root.map(Step::ChangeRoot));
    steps.extend(mounts.wd.map(Step::ChangeDirectory));
    if let Some(target) = proc.or(proc_for_binfmt) {
        steps.extend(make_private.then(|| Step::MakePrivate(target.clone())));
        steps.push(Step::MountProc(target));
    }
    if wants_binfmt {
        steps.push(Step::MountBinfmt(binfmt.clone()));
    }
    if !early {
        steps.extend(format.iter().map(|format| register(&binfmt, format)));
    }
    steps
}

fn register(directory: &Path, format: &OsStr) -> Step {
    Step::RegisterFormat { directory: directory.into(), format: format.into() }
}

/// Whether a definition `:name:type:offset:magic:mask:interpreter:flags` has the flag F; the
/// delimiter is its first byte, see the kernel's binfmt-misc documentation.
fn opens_interpreter_at_once(definition: &OsStr) -> bool {
    let Some((delimiter, fields)) = definition.as_bytes().split_first() else { return false };
    fields.split(|byte| byte == delimiter).nth(6).is_some_and(|flags| flags.contains(&b'F'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options;
    use nscore::arguments::Request;

    fn plan(line: &str) -> Result<Plan> {
        let args = ["unshare"].into_iter().chain(line.split(' ')).map(Into::into).collect();
        match options::read(args) {
            Ok(Request::Run(options)) => Plan::from_options(*options),
            _ => panic!("{line} does not ask for a run"),
        }
    }

    /// The steps of a plan, one word each; what the parent and helpers do stands before the `|`.
    fn steps(line: &str) -> String {
        let plan = plan(line).unwrap();
        let words = |steps: &[Step]| steps.iter().map(|step| step.to_string()).collect::<Vec<_>>().join("; ");
        let fork = if plan.supervision.is_some() { " fork" } else { "" };
        let before = [plan.leave, plan.prepare].concat();
        format!("{}{fork} | {}", words(&before), words(&plan.enter))
    }

    const PROC: &str = "mount(\"proc\", \"/proc\", MS_NOSUID|MS_NODEV|MS_NOEXEC)";
    const BINFMT: &str = "mount(\"binfmt_misc\", \"/proc/sys/fs/binfmt_misc\", MS_NOSUID|MS_NODEV|MS_NOEXEC)";
    const REGISTER: &str = "\"/proc/sys/fs/binfmt_misc/register\"";

    #[test]
    fn the_command_that_people_type() {
        let wanted = format!("unshare(CLONE_NEWPID|CLONE_NEWNS) fork | mount(\"/\", MS_REC|MS_PRIVATE); {PROC}");
        assert_eq!(steps("--fork --pid --mount-proc ps"), wanted);
        assert_eq!(steps("true"), "unshare(0) | ");
    }

    #[test]
    fn options_imply_namespaces() {
        for (line, kinds) in [
            ("--mount-proc", "CLONE_NEWNS"),
            ("--mount-binfmt", "CLONE_NEWUSER|CLONE_NEWNS"),
            ("-l x", "CLONE_NEWUSER|CLONE_NEWNS"),
            ("-r", "CLONE_NEWUSER"),
            ("-c", "CLONE_NEWUSER"),
            ("--map-user=5", "CLONE_NEWUSER"),
            ("--map-groups=0:0:1", "CLONE_NEWUSER"),
            ("--hostname x", "CLONE_NEWUTS"),
            ("--loopback", "CLONE_NEWNET"),
            (
                "-muinpUCT",
                "CLONE_NEWUSER|CLONE_NEWCGROUP|CLONE_NEWIPC|CLONE_NEWUTS|CLONE_NEWNET|CLONE_NEWPID|CLONE_NEWNS|CLONE_NEWTIME",
            ),
        ] {
            let leave = plan(line).unwrap().leave;
            assert_eq!(leave.last().unwrap().to_string(), format!("unshare({kinds})"), "{line}");
        }
    }

    #[test]
    fn setgroups_is_denied_before_the_group_map() {
        let (uid, gid) = (geteuid(), getegid());
        let deny = "write(\"/proc/self/setgroups\", \"deny\")";
        let maps = format!(
            "write(\"/proc/self/uid_map\", \"0 {uid} 1\"); {deny}; write(\"/proc/self/gid_map\", \"0 {gid} 1\")"
        );
        assert_eq!(steps("-r"), format!("unshare(CLONE_NEWUSER) | {maps}"));
        assert_eq!(steps("-r --setgroups=deny"), format!("unshare(CLONE_NEWUSER) | {maps}"));
        let outside = plan("--map-groups=0:0:5 --setgroups=deny").unwrap();
        assert!(outside.outside_maps.unwrap().deny_setgroups && outside.enter.is_empty());
        assert_eq!(plan("-r --setgroups=allow").unwrap_err().doing, Doing::AllowingSetgroupsWithGroupMap);
    }

    #[test]
    fn the_last_single_map_of_a_side_wins() {
        for (line, user, group) in [
            ("-r --map-user=5", 5, 0),
            ("--map-user=5 -r", 0, 0),
            ("-r --map-group=7 --map-user=1 -r --map-user=2", 2, 0),
        ] {
            let enter = plan(line).unwrap().enter;
            assert_eq!(enter[0], Step::WriteMap(Side::Users, IdRange::single(user, geteuid().as_raw())), "{line}");
            assert_eq!(enter[2], Step::WriteMap(Side::Groups, IdRange::single(group, getegid().as_raw())), "{line}");
        }
    }

    #[test]
    fn ranges_keep_the_order_typed() {
        let maps = plan("--map-users=7:1:3 --map-users=100:50:2 --map-users=0:9:1").unwrap().outside_maps.unwrap();
        assert_eq!(maps.users.iter().map(|range| range.inner).collect::<Vec<_>>(), [7, 100, 0]);
    }

    #[test]
    fn a_new_proc_for_binfmt_misc_only_with_new_pids() {
        let unshare = "unshare(CLONE_NEWUSER|CLONE_NEWNS) | mount(\"/\", MS_REC|MS_PRIVATE)";
        assert_eq!(steps("--mount-binfmt"), format!("{unshare}; {BINFMT}"));
        assert_eq!(
            steps("--mount-binfmt -p"),
            format!("{}; {PROC}; {BINFMT}", unshare.replace("USER|", "USER|CLONE_NEWPID|"))
        );
        assert_eq!(steps("-l :x:"), format!("{unshare}; {BINFMT}; write({REGISTER}, \":x:\")"));
    }

    #[test]
    fn an_interpreter_that_is_opened_at_once_is_the_old_roots() {
        let open_at_once = steps("-R /new -l :x:M::abcd::/bin/i:F");
        assert!(open_at_once.find("register").unwrap() < open_at_once.find("chroot").unwrap(), "{open_at_once}");
        let later = steps("-R /new -l :F:M::abcd::/bin/F:");
        assert!(later.find("register").unwrap() > later.find("chroot").unwrap(), "{later}");
    }

    #[test]
    fn clocks_need_a_time_namespace() {
        assert_eq!(plan("--monotonic=1").unwrap_err().doing, Doing::OffsetsWithoutTimeNamespace);
        let prepare = plan("-T --monotonic=1 --boottime=-2").unwrap().prepare;
        assert_eq!(
            prepare.iter().map(|step| step.to_string()).collect::<Vec<_>>().join("; "),
            "write(\"/proc/self/timens_offsets\", \"7 -2 0\"); write(\"/proc/self/timens_offsets\", \"1 1 0\")"
        );
    }

    #[test]
    fn the_last_file_of_a_kind_counts() {
        let pins = plan("--uts=/a --uts=/b -u --pid=/c").unwrap().pins;
        let files: Vec<_> = pins.iter().map(|pin| (pin.kind, pin.file.to_str().unwrap())).collect();
        assert_eq!(files, [(Kind::Uts, "/b"), (Kind::Pid, "/c")]);
    }
}
