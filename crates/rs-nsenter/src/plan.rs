//! What will be done: everything that the options ask for, found and opened.
//!
//! Making a plan changes nothing. Every file of the target and of /proc is opened here, before a foreign mount
//! namespace can say what these names mean.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::Arc;

use nix::errno::Errno;

use nscore::cgroup::Cgroup;
use nscore::child::{Manner, Stops};
use nscore::error::While;
use nscore::exec::{Environment, Program};
use nscore::find::Named;
use nscore::handle::{Handle, Identity};
use nscore::proc;
use nscore::process::{self, Target};
use nscore::selinux::{self, Context};
use nscore::signals::{Forwarding, Signal, Signals};
use nscore::{Doing, Error, Kind, Kinds, Result};

use crate::join::Join;
use crate::options::{DirectoryOptions, IdChoice, IdOptions, KindOptions, Options, ProcessOptions};

/// Everything that one command line leads to.
#[derive(Debug)]
pub struct Plan {
    /// The process, where one was named.
    pub target: Option<Arc<Target>>,
    /// The namespaces to be entered.
    pub join: Join,
    /// Where the target must still be when they are.
    pub stay: Stay,
    /// The new root directory.
    pub root: Option<Arc<File>>,
    /// What becomes of the working directory.
    pub working_directory: WorkingDirectory,
    /// Whether the program gets another root, outside of which it must not sit.
    pub confined: bool,
    /// Where the program gets a /proc of its pid namespace, which nobody else sees.
    pub mount_proc: Option<PathBuf>,
    /// What the program finds in its environment.
    pub environment: Environment,
    /// How the parent waits, where the program becomes a child: only children enter a pid namespace.
    pub supervision: Option<Supervision>,
    /// The cgroup that the program joins.
    pub cgroup: Option<Cgroup>,
    /// The SELinux context that the program gets.
    pub context: Option<Context>,
    /// Who the program will be.
    pub credentials: Credentials,
    /// The program.
    pub program: Program,
}

/// What was seen of the target, and what the plan relies on: the namespaces that need not be entered, and the root.
///
/// A target that leaves them meanwhile would have the program in some of its old namespaces and some of its new ones: in
/// its mount namespace, say, with all rights of the caller.
#[derive(Debug, Default)]
pub struct Stay {
    target: Option<Arc<Target>>,
    shared: Vec<(Kind, Identity)>,
    root: Option<Arc<File>>,
    /// Whether this process is in another user namespace by then, where it may not see all of the target.
    is_inside: bool,
}

impl Stay {
    /// Makes sure that the target is still there.
    ///
    /// # Errors
    /// Those of [`Target::check_still_there`].
    pub fn check(&self) -> Result<()> {
        let needed = !self.shared.is_empty() || self.root.is_some();
        let target = self.target.as_ref().filter(|_| needed);
        let check = |target: &Target| target.check_still_there(&self.shared, self.root.as_deref(), self.is_inside);
        target.map_or(Ok(()), |target| check(target))
    }
}

/// What the parent does for its child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supervision {
    /// About signals.
    pub manner: Manner,
    /// The signal that the child gets when the parent dies.
    pub kill_child: Option<Signal>,
}

impl Supervision {
    fn new(process: &ProcessOptions) -> Self {
        let forwarding = process.forward_signals.map(|forwarding| forwarding.unwrap_or(Forwarding::CLASSIC));
        Self {
            manner: Manner { held: Signals::default(), forwarding, stops: Stops::Along },
            kill_child: process.kill_child.map(|signal| signal.unwrap_or(Signal::KILL)),
        }
    }
}

/// What becomes of the working directory once the namespaces and the root are changed.
#[derive(Debug)]
pub enum WorkingDirectory {
    /// It stays, unless it is outside the new root: then it is the new root.
    Kept,
    /// The root directory.
    Root,
    /// This one, which was opened outside because the caller named it there.
    Outside(Arc<File>),
    /// This one, the target's.
    Targets(File),
    /// This one, looked up inside.
    Inside(PathBuf),
}

/// Who the program will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credentials {
    /// The gid to take on.
    pub gid: Option<IdChoice>,
    /// The uid to take on.
    pub uid: Option<IdChoice>,
    /// Whether the groups are to be dropped outside already, where the right to do so may be.
    pub drop_groups_early: bool,
    /// Whether the program keeps the capabilities that the user namespace gives.
    pub keep_capabilities: bool,
}

impl Plan {
    /// Makes the plan.
    ///
    /// # Errors
    /// What is missing on the command line, and what of the target cannot be opened.
    pub fn from_options(options: Options) -> Result<Self> {
        let Options { target, kinds: kind_options, ids, directories, process, operands, .. } = options;
        let all = target.all;
        let (target, network) = match target.target {
            Some(Named::Process(target)) => (Some(target), None),
            Some(Named::Network(network)) => (None, Some(network)),
            None => (None, None),
        };
        // Only a child is in the pid namespace that is entered.
        if process.no_fork && directories.mount_proc.is_some() {
            return Err(Error::new(Doing::CombiningOptions { first: "no-fork", second: "mount-proc" }));
        }
        let mount_proc = directories.mount_proc.clone().map(|directory| directory.unwrap_or_else(|| PROC.into()));
        let requested = Requested::new(&kind_options, network, target.as_deref(), all)?;
        let mut join = requested.join(&kind_options, target.as_ref())?;
        let is_targets_root = matches!(directories.root.as_deref(), Some([]));
        let root = root(&directories, target.as_deref())?;
        let working_directory = working_directory(directories, target.as_deref(), &requested, &join)?;
        let environment = environment(&process, target.as_deref())?;
        find_followed(&ids, target.as_deref())?;
        let cgroup = process.join_cgroup.then(|| Cgroup::of(named(target.as_deref(), "cgroup")?)).transpose()?;
        requested.add_owner_and_socket(&mut join, target.as_deref())?;
        if requested.is_nothing() {
            return Err(Error::new(Doing::FindingNamespaces));
        }
        let follow_context = process.follow_context && selinux::is_active()?;
        let context = follow_context.then(|| Context::of(named(target.as_deref(), "context")?)).transpose()?;
        let has_child = requested.kinds.contains(Kind::Pid) || mount_proc.is_some();
        let moved_root = root.clone().filter(|_| is_targets_root && join.has(Kind::Mount));
        let is_inside = join.has(Kind::User);
        let stay = Stay { target: target.clone(), shared: requested.unentered, root: moved_root, is_inside };
        let (confined, program) = (join.has(Kind::Mount) || root.is_some(), Program::from_operands(&operands));
        Ok(Self {
            environment: if join.has(Kind::Mount) { environment } else { environment.without_loader_variables() },
            confined,
            supervision: (has_child && !process.no_fork).then(|| Supervision::new(&process)),
            credentials: credentials(&ids, join.has(Kind::User)),
            program: if confined { program.in_another_root() } else { program },
            target,
            join,
            stay,
            root,
            working_directory,
            mount_proc,
            cgroup,
            context,
        })
    }

    /// What will surprise people although nothing fails.
    pub fn note(&self) -> Option<String> {
        let target = self.target.as_ref()?;
        let missed = self.join.takes_of_target(Kind::Pid) && target.children_are_elsewhere();
        missed.then(|| "the target's children live in another pid namespace: --pid-for-children enters it".into())
    }
}

/// Where /proc is, unless said otherwise.
const PROC: &str = "/proc";

/// What namespaces the command line asks for.
struct Requested {
    kinds: Kinds,
    /// What was named in the place of a process, which has nothing else to enter.
    network: Option<Handle>,
    /// Those of them that are to be the target's children's.
    of_children: Kinds,
    /// Those of them that the caller and the target share, and that nobody has asked for by name.
    shared: Kinds,
    /// Of these, the target's own as they were compared.
    unentered: Vec<(Kind, Identity)>,
    owner: bool,
    socket: Option<i32>,
}

impl Requested {
    fn new(options: &KindOptions, network: Option<Handle>, target: Option<&Target>, all: bool) -> Result<Self> {
        let is_named = |kind: Kind| kind == Kind::Net && network.is_some();
        let typed: Kinds = Kind::all().filter(|&kind| options.given(kind).is_some() || is_named(kind)).collect();
        let socket = options.net_socket.filter(|number| *number >= 0);
        let (of_children, shared_by_children) = match options.pid_for_children {
            true => compare_children(needed(target)?, options)?,
            false => Default::default(),
        };
        let named: Kinds = typed.iter().chain(of_children.iter()).chain(shared_by_children.iter()).collect();
        let (others, shared) = if all { compare(target, named)? } else { Default::default() };
        let unentered = shared;
        let shared: Kinds = unentered.iter().map(|(kind, _)| *kind).chain(shared_by_children.iter()).collect();
        let kinds = named.iter().chain(others.iter()).chain(shared.iter()).collect();
        Ok(Self { kinds, network, of_children, shared, unentered, owner: options.user_parent, socket })
    }

    fn is_nothing(&self) -> bool {
        self.kinds == Kinds::none() && !self.owner && self.socket.is_none()
    }

    /// What is to be entered of the kinds; those given by file or id are open already.
    fn join(&self, options: &KindOptions, target: Option<&Arc<Target>>) -> Result<Join> {
        let mut join = Join::new(target.cloned());
        for kind in self.kinds.without(self.shared).iter() {
            let network = self.network.as_ref().filter(|_| kind == Kind::Net);
            match options.given(kind).and_then(|handles| handles.last()).or(network) {
                Some(handle) => join.set(kind, handle.clone()),
                None if self.of_children.contains(kind) => {
                    join.set(kind, needed(target.map(Arc::as_ref))?.namespace_of_children(kind)?);
                }
                None => join.add_of_target(needed(target.map(Arc::as_ref))?, kind)?,
            }
        }
        if self.owner || self.socket.is_some() {
            needed(target.map(Arc::as_ref))?;
        }
        Ok(join)
    }

    /// What can only be found through other namespaces, or through the target.
    fn add_owner_and_socket(&self, join: &mut Join, target: Option<&Target>) -> Result<()> {
        if self.owner {
            join.set(Kind::User, owner(self.kinds, join, needed(target)?)?);
        }
        if let Some(number) = self.socket {
            join.set(Kind::Net, network_of_socket(needed(target)?, number)?);
        }
        Ok(())
    }
}

/// Of the two kinds that a process's children may have another of: those in which the children of the target differ from
/// those of this process, and those in which they do not. Not where a file is given for one.
fn compare_children(target: &Target, options: &KindOptions) -> Result<(Kinds, Kinds)> {
    let (mut differing, mut shared) = (Kinds::none(), Kinds::none());
    let is_file = |kind| options.given(kind).is_some_and(|handles| !handles.is_empty());
    for kind in [Kind::Pid, Kind::Time].into_iter().filter(|kind| !is_file(*kind)) {
        // A kernel without time namespaces has none for children either.
        let Some(own) = process::own_namespace_identity(kind)? else { continue };
        let path = || Doing::Opening { path: target.path(&format!("ns/{}", kind.children_link())) };
        let theirs = target.namespace_of_children(kind)?.identity().doing(path)?;
        if theirs == own { shared.insert(kind) } else { differing.insert(kind) }
    }
    Ok((differing, shared))
}

/// Of the kinds not `typed`: those in which the target differs from this process, and those in which it does not.
///
/// Entering what one is in already needs privileges that nothing else about it needs.
fn compare(target: Option<&Target>, typed: Kinds) -> Result<(Kinds, Vec<(Kind, Identity)>)> {
    let nobody = || Error { doing: Doing::Comparing { path: "/proc/0/ns/user".into() }, errno: Some(Errno::ENOENT) };
    let target = target.ok_or_else(nobody)?;
    // The first to be looked at, so it is what a missing target is noticed by; not where -U asks for it anyway.
    let targets_user = if typed.contains(Kind::User) { None } else { Some(target.namespace_identity(Kind::User)?) };
    let (mut differing, mut shared) = (Kinds::none(), Vec::new());
    for kind in Kind::all().filter(|&kind| !typed.contains(kind)) {
        // A kind that the kernel does not have is not asked for.
        let Some(own) = process::own_namespace_identity(kind)? else { continue };
        let targets = match targets_user.filter(|_| kind == Kind::User) {
            Some(user) => Some(user),
            None => as_far_as_seen(target.namespace_identity(kind))?,
        };
        // Entering a mount namespace also leads out of a chroot.
        let is_shared =
            targets == Some(own) && (kind != Kind::Mount || as_far_as_seen(target.has_another_root())? == Some(false));
        if is_shared { shared.push((kind, own)) } else { differing.insert(kind) }
    }
    Ok((differing, shared))
}

/// What was seen of the target; nothing of one that is about to go, which has no namespaces any more, or that is closed to
/// this process: entering says so.
fn as_far_as_seen<T>(seen: Result<T>) -> Result<Option<T>> {
    match seen {
        Err(Error { errno: Some(errno), .. }) if proc::concerns_one_process(errno) => Ok(None),
        seen => seen.map(Some),
    }
}

fn needed(target: Option<&Target>) -> Result<&Target> {
    target.ok_or(Error::new(Doing::FindingTarget))
}

fn named<'a>(target: Option<&'a Target>, file: &'static str) -> Result<&'a Target> {
    target.ok_or(Error::new(Doing::FindingTargetFor { file }))
}

/// The owner of the first namespace asked for; of a user namespace its parent, and the target's where none is asked for.
fn owner(kinds: Kinds, join: &Join, target: &Target) -> Result<Handle> {
    let first = kinds.iter().next().unwrap_or(Kind::User);
    let namespace = match join.handle(first)? {
        Some(handle) => handle,
        None => target.namespace(first)?,
    };
    namespace.owner().map_err(|errno| Error { doing: Doing::OpeningOwner, errno: Some(errno) })
}

fn network_of_socket(target: &Target, number: i32) -> Result<Handle> {
    let socket = target.descriptor(number)?;
    let asking = |errno| Error { doing: Doing::AskingSocket { socket: socket.as_raw_fd() }, errno: Some(errno) };
    Handle::of_socket(&socket).map_err(asking)
}

fn root(options: &DirectoryOptions, target: Option<&Target>) -> Result<Option<Arc<File>>> {
    match options.root.as_ref().map(|given| given.last()) {
        None => Ok(None),
        Some(Some(directory)) => Ok(Some(directory.clone())),
        Some(None) => named(target, "root")?.open_directory("root").map(|root| Some(root.into())),
    }
}

fn working_directory(
    options: DirectoryOptions,
    target: Option<&Target>,
    requested: &Requested,
    join: &Join,
) -> Result<WorkingDirectory> {
    if let Some(mut given) = options.wd {
        return Ok(match given.pop() {
            Some(directory) => WorkingDirectory::Outside(directory),
            None => WorkingDirectory::Targets(named(target, "cwd")?.open_directory("cwd")?),
        });
    }
    // Where the mount namespace is entered, the kernel moves to its root; --all promises the same where it is shared.
    let moved = requested.shared.contains(Kind::Mount) && !join.has(Kind::Mount);
    Ok(match options.wdns.and_then(|mut given| given.pop()) {
        Some(directory) => WorkingDirectory::Inside(directory),
        None if moved => WorkingDirectory::Root,
        None => WorkingDirectory::Kept,
    })
}

fn environment(process: &ProcessOptions, target: Option<&Target>) -> Result<Environment> {
    if !process.env {
        return Ok(Environment::Inherited);
    }
    Environment::parse(&named(target, "environ")?.environment()?)
}

/// Makes sure that there is somebody whose ids can be followed.
fn find_followed(ids: &IdOptions, target: Option<&Target>) -> Result<()> {
    if !ids.setuid.contains(&IdChoice::Follow) && !ids.setgid.contains(&IdChoice::Follow) {
        return Ok(());
    }
    named(target, "")?.check_directory()
}

/// Root inside, unless said otherwise: the ids from outside need not mean anything there.
fn credentials(ids: &IdOptions, enters_user: bool) -> Credentials {
    let root = (enters_user && !ids.preserve_credentials).then_some(IdChoice::Id(0));
    Credentials {
        gid: IdChoice::counting(&ids.setgid).or(root),
        uid: IdChoice::counting(&ids.setuid).or(root),
        drop_groups_early: root.is_some(),
        keep_capabilities: enters_user && ids.keep_caps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options;
    use nscore::arguments::Request;

    /// `SELF` stands for the PID of this process.
    fn plan(line: &str) -> Result<Plan> {
        let line = line.replace("SELF", &std::process::id().to_string());
        let args = ["nsenter"].into_iter().chain(line.split(' ')).map(Into::into).collect();
        match options::read(args) {
            Ok(Request::Run(options)) => Plan::from_options(*options),
            _ => panic!("{line} does not ask for a run"),
        }
    }

    fn refused(line: &str) -> String {
        plan(line).unwrap_err().to_string()
    }

    #[test]
    fn what_is_missing() {
        for (line, wanted) in [
            ("true", "no namespace specified"),
            ("-t SELF -r -w -e -F --keep-caps --preserve-credentials -S0 -G0", "no namespace specified"),
            ("-t SELF -N -1", "no namespace specified"),
            ("-u -r", "no target PID specified"),
            ("-N 0", "no target PID specified"),
            ("--pid-for-children", "no target PID specified"),
            ("-t SELF -p -F --mount-proc", "options --no-fork and --mount-proc cannot be combined"),
            ("-t SELF --mount-proc", "no namespace specified"),
            ("--user-parent -u/proc/self/ns/uts", "no target PID specified"),
            ("-a -r", "stat of /proc/0/ns/user failed: No such file or directory"),
            ("-r -w", "neither filename nor target pid supplied for root"),
            ("-w -e", "neither filename nor target pid supplied for cwd"),
            ("-S follow -e", "neither filename nor target pid supplied for environ"),
            ("-S follow -c", "neither filename nor target pid supplied for "),
            ("-c", "neither filename nor target pid supplied for cgroup"),
            ("-t 2147483647 -u -m -U", "cannot open /proc/2147483647/ns/user: No such file or directory"),
            ("-t 2147483647 -e -r -N 1", "cannot open /proc/2147483647/root: No such file or directory"),
        ] {
            assert_eq!(refused(line), wanted, "{line}");
        }
    }

    #[test]
    fn all_leaves_out_what_is_shared() {
        let plan = plan("-t SELF -a").unwrap();
        assert!(Kind::all().all(|kind| !plan.join.has(kind)), "{:?}", plan.join);
        assert!(plan.supervision.is_some() && matches!(plan.working_directory, WorkingDirectory::Root));
        let nobody = Credentials { gid: None, uid: None, drop_groups_early: false, keep_capabilities: false };
        assert_eq!(plan.credentials, nobody);
    }

    #[test]
    fn children_of_the_target_that_share_all_are_entered_without_a_call() {
        let plan = plan("-t SELF --pid-for-children -T").unwrap();
        assert_eq!(plan.join.kinds(), Kinds::none());
    }

    #[test]
    fn who_the_program_will_be() {
        use IdChoice::{Follow, Id};
        for (line, gid, uid, early) in [
            ("-u", None, None, false),
            ("-u -S5", None, Some(Id(5)), false),
            ("-U", Some(Id(0)), Some(Id(0)), true),
            ("-U -G7 -S follow -S 5", Some(Id(7)), Some(Follow), true),
            ("-U --preserve-credentials", None, None, false),
            ("-U --preserve-credentials -S3", None, Some(Id(3)), false),
        ] {
            let credentials = plan(&format!("-t SELF {line}")).unwrap().credentials;
            let wanted = Credentials { gid, uid, drop_groups_early: early, keep_capabilities: false };
            assert_eq!(credentials, wanted, "{line}");
        }
        assert!(plan("-t SELF -U --keep-caps").unwrap().credentials.keep_capabilities);
        assert!(!plan("-t SELF -u --keep-caps").unwrap().credentials.keep_capabilities);
    }

    #[test]
    fn a_pid_namespace_and_its_proc_need_a_child() {
        for (line, fork) in [
            ("-p", true),
            ("-p -F", false),
            ("-T", false),
            ("-p/proc/self/ns/pid", true),
            ("--pid-for-children", true),
            ("-u --mount-proc", true),
        ] {
            assert_eq!(plan(&format!("-t SELF {line}")).unwrap().supervision.is_some(), fork, "{line}");
        }
    }
}
