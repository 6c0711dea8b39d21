//! A process, by the container, machine or unit that its cgroup tells of.

use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use super::{PROC, gone};
use nix::unistd::geteuid;

use crate::container::{Container, Runtime, UNITS};
use crate::error::{Doing, Error, Result, While};
use crate::proc::{self, Proc, Scratch};
use crate::process::Target;
use crate::shortage;

/// What a word before the colon means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sort {
    word: &'static str,
    runtimes: &'static [Runtime],
    name: Name,
}

/// What stands behind the colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    /// The beginning of an id.
    Prefix,
    /// A whole name.
    Whole,
    /// A whole name; a service's without `.service` as well.
    Unit,
}

const SORTS: [Sort; 10] = [
    sort(
        "container",
        &[Runtime::Docker, Runtime::Podman, Runtime::Containerd, Runtime::CriO, Runtime::Kubernetes, Runtime::Unknown],
        Name::Prefix,
    ),
    sort("docker", &[Runtime::Docker], Name::Prefix),
    sort("podman", &[Runtime::Podman], Name::Prefix),
    sort("containerd", &[Runtime::Containerd], Name::Prefix),
    sort("cri-o", &[Runtime::CriO], Name::Prefix),
    sort("kubernetes", &[Runtime::Kubernetes], Name::Prefix),
    sort("lxc", &[Runtime::Lxc], Name::Whole),
    sort("machine", &[Runtime::Machine, Runtime::Lxc], Name::Whole),
    sort("unit", &[Runtime::Unit], Name::Unit),
    sort("user-unit", &[Runtime::UserUnit], Name::Unit),
];

const fn sort(word: &'static str, runtimes: &'static [Runtime], name: Name) -> Sort {
    Sort { word, runtimes, name }
}

impl Sort {
    /// The one that is called so.
    pub(super) fn by_word(word: &[u8]) -> Option<&'static Self> {
        SORTS.iter().find(|sort| sort.word.as_bytes() == word)
    }

    /// Whether it is by an id that its containers are known.
    pub(super) fn is_by_id(&self) -> bool {
        self.name == Name::Prefix
    }

    /// What is looked for; none where nothing could be called `name`.
    pub(super) fn wanted(&self, name: &[u8]) -> Option<Wanted> {
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:@\\".contains(byte);
        let fits = match self.name {
            Name::Prefix => name.iter().all(is_digit),
            Name::Whole | Name::Unit => name.iter().all(is_plain),
        };
        let name = str::from_utf8(name).ok().filter(|name| fits && !name.is_empty())?;
        // What ends like none of those that have a cgroup is a service.
        let is_service = self.name == Name::Unit && !UNITS.iter().any(|suffix| name.ends_with(suffix));
        let name = if is_service { format!("{name}.service") } else { name.to_owned() };
        Some(Wanted { sort: *self, name })
    }
}

/// A container, machine or unit that is looked for.
#[derive(Debug)]
pub(super) struct Wanted {
    sort: Sort,
    name: String,
}

impl Wanted {
    /// A name that a user has chosen, below his own systemd, is nobody's machine but his.
    fn has_sort_of(&self, container: &Container) -> bool {
        let is_own = |uid| uid == geteuid().as_raw();
        let is_chosen = matches!(container.runtime, Runtime::Machine | Runtime::Lxc);
        self.sort.runtimes.contains(&container.runtime) && (!is_chosen || container.claimant().is_none_or(is_own))
    }

    fn is(&self, container: &Container) -> bool {
        self.has_sort_of(container)
            && match self.sort.name {
                Name::Prefix => container.id.starts_with(&self.name),
                Name::Whole | Name::Unit => container.id == self.name,
            }
    }

    /// Which of its processes to enter: the first of its own pid namespace, else the one with the lowest number; none of
    /// the dead, unless there is nobody else.
    fn choose(&self, members: &[u32], proc: &Proc) -> Result<Option<u32>> {
        let rank = |pid: &u32| {
            let read = proc::as_far_as_readable(proc.process(*pid).and_then(|process| process.rank()));
            let read = read.doing(|| Doing::Reading { path: format!("{PROC}/{pid}/status").into() })?;
            Ok(read.map(|rank| (*pid, rank)))
        };
        let ranks = members.iter().filter_map(|pid| rank(pid).transpose()).collect::<Result<Vec<_>>>()?;
        let mut living = ranks.into_iter().filter(|(_, rank)| !rank.is_dead).peekable();
        let lowest = living.peek().map(|(pid, _)| *pid);
        // A process inside may make another pid namespace, but its first process has a parent inside then.
        let mut inits = living.filter(|(_, rank)| rank.is_init && members.binary_search(&rank.parent).is_err());
        let init = if self.sort.name == Name::Unit { None } else { inits.next() };
        Ok(init.map(|(pid, _)| pid).or(lowest).or(members.first().copied()))
    }
}

/// A container, and its processes by ascending number.
type Inhabited = (Container, Vec<u32>);

/// The process to enter of what is `wanted`, which was typed as `text`.
///
/// # Errors
/// [`Doing::Opening`], [`Doing::Reading`] without /proc, [`Doing::FindingContainer`], [`Doing::DistinguishingContainers`];
/// [`Doing::CheckingPid`] with ESRCH when it went, or went elsewhere, in this moment.
pub(super) fn process_in(wanted: &Wanted, text: &OsStr) -> Result<Target> {
    log::debug!("searching /proc/PID/cgroup for {}", text.display());
    let proc = Proc::open(Path::new(PROC))?;
    let all = inhabited(&proc, |container| wanted.has_sort_of(container))?;
    let (mut found, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(container, _)| wanted.is(container));
    let Some((container, members)) = found.pop() else {
        let others: BTreeSet<_> = others.iter().map(|(container, _)| container.to_string()).collect();
        let others = others.into_iter().collect();
        return Err(Error { doing: Doing::FindingContainer { text: text.into(), others }, errno: shortage::errno() });
    };
    if !found.is_empty() {
        found.push((container, members));
        let candidates = found.iter().map(candidate).collect();
        return Err(Error::new(Doing::DistinguishingContainers { text: text.into(), candidates }));
    }
    let pid = wanted.choose(&members, &proc)?.unwrap_or_default();
    let target = Target::in_proc(pid, &proc)?;
    // Its number may be another's by now, and it may have moved.
    match target.read("cgroup") {
        Ok(cgroups) if Container::of_process(&cgroups).as_ref() == Some(&container) => Ok(target),
        _ => Err(gone(pid)),
    }
}

/// Whoever claims the same id is told apart by the place where the claim stands.
fn candidate((container, members): &Inhabited) -> OsString {
    let pid = members.first().copied().unwrap_or_default();
    let mut text = format!("PID {pid}: {container}, cgroup ").into_bytes();
    text.extend(&container.cgroup);
    OsString::from_vec(text)
}

/// The containers that `concern` somebody, by the lowest numbers of their processes.
fn inhabited(proc: &Proc, concern: impl Fn(&Container) -> bool) -> Result<Vec<Inhabited>> {
    let mut scratch = Scratch::default();
    let pids = proc.pids(&mut scratch).doing(|| Doing::Reading { path: PROC.into() })?;
    let mut list: Vec<Inhabited> = Vec::new();
    // Most processes say what another one has said.
    let mut known: HashMap<Vec<u8>, Option<usize>> = HashMap::new();
    for pid in pids {
        // One that is gone has none. If another could not be read, its container would be taken for none.
        let read = proc::as_far_as_readable(proc.cgroups(pid, &mut scratch));
        let Some(cgroups) = read.doing(|| Doing::Reading { path: format!("{PROC}/{pid}/cgroup").into() })? else {
            continue;
        };
        let place = known.get(cgroups).copied().unwrap_or_else(|| {
            let container = Container::of_process(cgroups).filter(|container| concern(container));
            let place = container.map(|container| place_of(container, &mut list));
            known.insert(cgroups.to_vec(), place);
            place
        });
        if let Some((_, members)) = place.and_then(|place| list.get_mut(place)) {
            members.push(pid);
        }
    }
    Ok(list)
}

fn place_of(container: Container, list: &mut Vec<Inhabited>) -> usize {
    let known = list.iter().position(|(other, _)| *other == container);
    known.unwrap_or_else(|| {
        list.push((container, Vec::new()));
        list.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(runtime: Runtime, id: &str) -> Container {
        Container { runtime, id: id.into(), cgroup: Vec::new() }
    }

    fn fits(text: &str, runtime: Runtime, id: &str) -> bool {
        let (word, name) = text.split_once(':').unwrap();
        Sort::by_word(word.as_bytes()).unwrap().wanted(name.as_bytes()).unwrap().is(&container(runtime, id))
    }

    #[test]
    fn every_runtime_is_found_by_its_own_word() {
        let runtimes: BTreeSet<_> = SORTS.iter().flat_map(|sort| sort.runtimes).collect();
        for runtime in runtimes {
            let text = format!("{}:abc", runtime.word());
            let id = if matches!(runtime, Runtime::Unit | Runtime::UserUnit) { "abc.service" } else { "abc" };
            assert!(fits(&text, *runtime, id), "{text}");
        }
    }

    #[test]
    fn a_name_that_a_user_has_chosen_is_his_alone() {
        let wanted = Sort::by_word(b"machine").unwrap().wanted(b"web").unwrap();
        let is_found = |cgroup: &str| {
            let container = Container { cgroup: cgroup.into(), ..container(Runtime::Machine, "web") };
            wanted.is(&container)
        };
        let below = |uid: u32| format!("/user.slice/user-{uid}.slice/user@{uid}.service/app.slice/machine-web.scope");
        let own = geteuid().as_raw();
        assert!(is_found("/machine.slice/machine-web.scope") && is_found(&below(own)));
        assert!(!is_found(&below(own + 1)));
    }

    #[test]
    fn ids_are_found_by_their_beginning_and_names_as_a_whole() {
        for (text, runtime, id, wanted) in [
            ("container:4f0", Runtime::Docker, "4f0cf4a9c8e9", true),
            ("container:4f0", Runtime::Unknown, "4f0cf4a9c8e9", true),
            ("container:f0", Runtime::Docker, "4f0cf4a9c8e9", false),
            ("container:4f0", Runtime::Lxc, "4f0", false),
            ("podman:4f0", Runtime::Docker, "4f0cf4a9c8e9", false),
            ("machine:we", Runtime::Machine, "web", false),
            ("machine:web", Runtime::Lxc, "web", true),
            ("unit:ssh", Runtime::Unit, "ssh.service", true),
            ("unit:ssh.socket", Runtime::Unit, "ssh.service", false),
            ("unit:ssh", Runtime::UserUnit, "ssh.service", false),
        ] {
            assert_eq!(fits(text, runtime, id), wanted, "{text} {id}");
        }
    }
}
