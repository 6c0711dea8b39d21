//! Containers, machines and units, as the names of cgroups tell of them: no daemon is asked.
//!
//! Names of cgroups are made by whoever may make cgroups, which users and containers may below their own. So a name is
//! a claim: what is taken from one is checked to be plain characters, and [`Container::cgroup`] tells two apart that
//! claim the same.

use std::fmt;

/// Who made a cgroup, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Runtime {
    /// A container of Docker.
    Docker,
    /// A container of Podman.
    Podman,
    /// A container of containerd, also one that Kubernetes has ordered.
    Containerd,
    /// A container of CRI-O.
    CriO,
    /// A container of Kubernetes whose runtime does not show; or a pod as a whole, its id then.
    Kubernetes,
    /// A container of LXC, LXD or Incus, by its name.
    Lxc,
    /// A container whose runtime does not show.
    Unknown,
    /// A machine of systemd-machined or systemd-nspawn, by its name.
    Machine,
    /// A unit of the system's systemd, by its name.
    Unit,
    /// A unit of a user's systemd, by its name.
    UserUnit,
}

impl Runtime {
    /// The word for it, such as `docker`.
    pub fn word(self) -> &'static str {
        match self {
            Runtime::Docker => "docker",
            Runtime::Podman => "podman",
            Runtime::Containerd => "containerd",
            Runtime::CriO => "cri-o",
            Runtime::Kubernetes => "kubernetes",
            Runtime::Lxc => "lxc",
            Runtime::Unknown => "container",
            Runtime::Machine => "machine",
            Runtime::Unit => "unit",
            Runtime::UserUnit => "user-unit",
        }
    }

    /// Whether it is a unit, and neither a container nor a machine.
    pub fn is_unit(self) -> bool {
        matches!(self, Runtime::Unit | Runtime::UserUnit)
    }
}

/// What a process runs in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Container {
    /// Whose it is.
    pub runtime: Runtime,
    /// Its id or name, whole: ASCII letters, digits and `-_.:@`; in a unit's also `\`.
    pub id: String,
    /// Its cgroup, without what is below. Two with the same id and different cgroups are two, and at most one of them
    /// is what it seems.
    pub cgroup: Vec<u8>,
}

/// As many characters of an id are shown, as the runtimes do.
const SHORT: usize = 12;

impl Container {
    /// What /proc/PID/cgroup says, see proc_pid_cgroup(5): in whichever hierarchy there is a container; a unit if there
    /// is none.
    pub fn of_process(text: &[u8]) -> Option<Self> {
        let found: Vec<_> = hierarchies(text).into_iter().filter_map(Self::of_path).collect();
        let container = found.iter().position(|found| !found.runtime.is_unit());
        found.into_iter().nth(container.unwrap_or(0))
    }

    /// What one path says, of either version of cgroups: the innermost container or machine; the unit if there is none.
    pub fn of_path(path: &[u8]) -> Option<Self> {
        let parts = Parts::of(path);
        let found = (0..parts.names.len()).rev().find_map(|place| {
            let (runtime, id) = container_at(&parts.names, place)?;
            is_plain(id.as_bytes(), b"").then_some((runtime, id, place))
        });
        let (runtime, id, place) = found.or_else(|| unit(&parts.names))?;
        Some(Self { runtime, id, cgroup: parts.up_to(place) })
    }

    /// The user who may make such cgroups as he likes: it is below his own systemd, whose cgroup is his.
    pub fn claimant(&self) -> Option<u32> {
        let user = |name: &[u8]| {
            let uid = name.strip_prefix(b"user@")?.strip_suffix(b".service")?;
            str::from_utf8(uid).ok()?.parse().ok()
        };
        self.cgroup.split(|byte| *byte == b'/').find_map(user)
    }

    /// The id as the runtimes show it: the first twelve characters of one that nobody has chosen, a name as it is.
    pub fn short_id(&self) -> &str {
        if is_container_id(self.id.as_bytes()) { self.id.get(..SHORT).unwrap_or(&self.id) } else { &self.id }
    }
}

/// `docker:0123456789ab`.
impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.runtime.word(), self.short_id())
    }
}

/// The path in /proc/PID/cgroup that tells most of a process: in which its container stands, or its unit; otherwise the
/// first that is not the root.
pub fn telling_path(text: &[u8]) -> Option<&[u8]> {
    let paths = hierarchies(text);
    let tells = |wanted: fn(Runtime) -> bool| {
        let is_wanted = |path: &&&[u8]| Container::of_path(path).is_some_and(|found| wanted(found.runtime));
        paths.iter().find(is_wanted).copied()
    };
    tells(|runtime| !runtime.is_unit())
        .or_else(|| tells(Runtime::is_unit))
        .or_else(|| paths.iter().copied().find(|path| *path != b"/"))
        .or_else(|| paths.first().copied())
}

/// The paths in /proc/PID/cgroup: version 2 first, then systemd's own hierarchy of version 1, then the others.
fn hierarchies(text: &[u8]) -> Vec<&[u8]> {
    let mut paths: Vec<_> = text.split(|byte| *byte == b'\n').filter_map(hierarchy).collect();
    paths.sort_by_key(|(rank, _)| *rank);
    paths.into_iter().map(|(_, path)| path).collect()
}

/// The rank and the path of one line, `NUMBER:CONTROLLERS:PATH`.
fn hierarchy(line: &[u8]) -> Option<(u8, &[u8])> {
    let mut fields = line.splitn(3, |byte| *byte == b':');
    let (number, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
    let rank = match controllers {
        b"" if number == b"0" => 0,
        b"name=systemd" => 1,
        _ => 2,
    };
    // What follows is the kernel's remark on a cgroup that is gone.
    Some((rank, path.strip_suffix(b" (deleted)").unwrap_or(path)))
}

/// The names in a path, and where each ends.
struct Parts<'a> {
    path: &'a [u8],
    names: Vec<&'a [u8]>,
    ends: Vec<usize>,
}

impl<'a> Parts<'a> {
    fn of(path: &'a [u8]) -> Self {
        let (mut names, mut ends, mut end) = (Vec::new(), Vec::new(), 0);
        for name in path.split(|byte| *byte == b'/') {
            end += name.len();
            // From a cgroup namespace the others are seen by way of `..`.
            if !matches!(name, b"" | b"..") {
                names.push(name);
                ends.push(end);
            }
            end += 1;
        }
        Self { path, names, ends }
    }

    fn up_to(&self, place: usize) -> Vec<u8> {
        let end = self.ends.get(place).copied().unwrap_or(self.path.len());
        self.path.get(..end).unwrap_or(self.path).to_vec()
    }
}

/// The container or machine that the name at `place` is of.
fn container_at(names: &[&[u8]], place: usize) -> Option<(Runtime, String)> {
    let name = *names.get(place)?;
    let above = place.checked_sub(1).and_then(|place| names.get(place)).copied().unwrap_or_default();
    let below = names.get(place + 1).copied();
    of_id(name)
        .or_else(|| is_container_id(name).then(|| (runtime_of_bare_id(above), text(name))))
        .or_else(|| of_lxc(name, above))
        .or_else(|| of_machine(name, below))
        .or_else(|| pod_at(names, place))
}

/// `RUNTIME-ID.scope` and `RUNTIME-ID`, and what containerd made of systemd's form: `SLICE:RUNTIME:ID`.
fn of_id(name: &[u8]) -> Option<(Runtime, String)> {
    let name = name.strip_suffix(b".scope").unwrap_or(name);
    let (before, id) = name.split_at_checked(name.len().checked_sub(CONTAINER_ID)?)?;
    let (separator, before) = before.split_last()?;
    let word = match separator {
        b'-' => before,
        b':' => before.rsplit(|byte| *byte == b':').next()?,
        _ => return None,
    };
    // Not libpod-conmon and crio-conmon: they look after a container from outside.
    let runtime = match word {
        b"docker" => Runtime::Docker,
        b"libpod" | b"libpod-payload" => Runtime::Podman,
        b"cri-containerd" | b"containerd" | b"nerdctl" => Runtime::Containerd,
        b"crio" => Runtime::CriO,
        _ => return None,
    };
    is_container_id(id).then(|| (runtime, text(id)))
}

/// Whose a container is that is called by its id alone, from the name above.
fn runtime_of_bare_id(above: &[u8]) -> Runtime {
    match above {
        b"docker" | b"moby" => Runtime::Docker,
        b"libpod_parent" | b"libpod" => Runtime::Podman,
        b"k8s.io" => Runtime::Containerd,
        _ if pod(above).is_some() => Runtime::Kubernetes,
        _ => Runtime::Unknown,
    }
}

/// `lxc.payload.NAME`, `lxc.payload/NAME`, `lxc/NAME`; what watches it stands in `lxc.monitor…`.
fn of_lxc(name: &[u8], above: &[u8]) -> Option<(Runtime, String)> {
    let name = match name.strip_prefix(b"lxc.payload.") {
        Some(name) => name,
        None if matches!(above, b"lxc" | b"lxc.payload") => name,
        None => return None,
    };
    Some((Runtime::Lxc, text(name)))
}

/// `machine-NAME.scope` and `systemd-nspawn@NAME.service`, but for systemd-nspawn itself.
fn of_machine(name: &[u8], below: Option<&[u8]>) -> Option<(Runtime, String)> {
    if below == Some(b"supervisor") {
        return None;
    }
    let scope = || name.strip_prefix(b"machine-")?.strip_suffix(b".scope");
    let service = || name.strip_prefix(b"systemd-nspawn@")?.strip_suffix(b".service");
    let name = scope().or_else(service)?;
    Some((Runtime::Machine, unescaped(name)?))
}

/// The id of the pod that a cgroup is of: `podID`, or `…-podID.slice` with `_` for `-`.
fn pod(name: &[u8]) -> Option<String> {
    let id = match name.strip_suffix(b".slice") {
        Some(slice) => slice.rsplit(|byte| *byte == b'-').next()?,
        None => name,
    };
    let id = text(id.strip_prefix(b"pod")?).replace('_', "-");
    // A UUID; of a pod that a file on the node describes, a hash.
    let is_digit = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    (matches!(id.len(), 32 | 36) && id.bytes().all(is_digit)).then_some(id)
}

fn pod_at(names: &[&[u8]], place: usize) -> Option<(Runtime, String)> {
    let id = pod(names.get(place)?)?;
    is_of_kubernetes(names.get(..=place)?).then_some((Runtime::Kubernetes, id))
}

fn is_of_kubernetes(names: &[&[u8]]) -> bool {
    names.iter().any(|name| name.windows(b"kubepods".len()).any(|part| part == b"kubepods"))
}

/// The unit, as systemd finds it: the first name that is no slice's; below a user's manager, again.
fn unit(names: &[&[u8]]) -> Option<(Runtime, String, usize)> {
    let next = |from: usize| {
        let place = names.iter().skip(from).position(|name| !name.ends_with(b".slice"))? + from;
        let name = *names.get(place)?;
        // What would be called like one of the kernel's files has a `_` before it.
        let name = name.strip_prefix(b"_").unwrap_or(name);
        let is_unit = UNITS.iter().any(|suffix| name.len() > suffix.len() && name.ends_with(suffix.as_bytes()));
        (is_unit && is_plain(name, b"\\")).then(|| (text(name), place))
    };
    let (system, place) = next(0)?;
    let is_manager = system.starts_with("user@") && system.ends_with(".service");
    let users = || next(place + 1).filter(|_| is_manager);
    let user = users().map(|(name, place)| (Runtime::UserUnit, name, place));
    Some(user.unwrap_or((Runtime::Unit, system, place)))
}

/// What the names of units end in that have a cgroup of their own.
pub(crate) const UNITS: [&str; 5] = [".service", ".scope", ".socket", ".mount", ".swap"];

/// How long the id of a container is.
const CONTAINER_ID: usize = 64;

fn is_container_id(name: &[u8]) -> bool {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    name.len() == CONTAINER_ID && name.iter().all(is_digit)
}

/// The longest name, that of a file.
const LONGEST: usize = 255;

/// Whether a name can be shown, and typed, without more ado.
fn is_plain(name: &[u8], more: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:@".contains(byte) || more.contains(byte);
    (1..=LONGEST).contains(&name.len()) && name.iter().all(is_plain)
}

/// Undoes what systemd-escape(1) does: `\x2d` for `-`, `-` for `/`.
fn unescaped(name: &[u8]) -> Option<String> {
    let mut plain = Vec::new();
    let mut rest = name;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        plain.push(match byte {
            b'\\' => {
                let (digits, after) = after.strip_prefix(b"x")?.split_at_checked(2)?;
                rest = after;
                u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?
            }
            byte => *byte,
        });
    }
    String::from_utf8(plain).ok()
}

fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// What is taken from /proc/PID/cgroup is plain, and a part of it, of the same container.
    pub fn of_cgroups(text: &[u8]) {
        if let Some(found) = Container::of_process(text) {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || r"-_.:@\".contains(c);
            assert!(!found.id.is_empty() && found.id.chars().all(is_plain), "{found:?}");
            assert!(found.short_id().len() <= found.id.len() && !found.to_string().contains(char::is_control));
            assert!(text.windows(found.cgroup.len()).any(|part| part == found.cgroup), "{found:?}");
            // What is below it is in it.
            let again = Container::of_path(&found.cgroup);
            assert!(again.is_some_and(|again| again.cgroup == found.cgroup), "{found:?}");
            found.claimant();
        }
        assert_eq!(telling_path(text).is_some(), text.split(|byte| *byte == b'\n').any(|it| hierarchy(it).is_some()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{Random, for_any};

    const ID: &str = "4f0cf4a9c8e9b7d1bd1d5e0a6f3c2b189e7d6c5b4a39281706f5e4d3c2b1a090";
    const OTHER: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const POD: &str = "0b9e2d8c-6a1f-4c55-9c1e-5d0f6c7a8b92";

    fn path(text: &str) -> String {
        text.replace("ID", ID).replace("U_D", &POD.replace('-', "_"))
    }

    fn found(text: &str) -> String {
        Container::of_path(text.as_bytes()).map_or("nothing".into(), |it| format!("{} {}", it.runtime.word(), it.id))
    }

    #[track_caller]
    fn all(cases: &[(&str, &str)]) {
        for (case, wanted) in cases {
            assert_eq!(found(&case.replace("$ID", ID).replace("$OTHER", OTHER)), wanted.replace("$ID", ID), "{case}");
        }
    }

    #[test]
    fn docker() {
        all(&[
            ("/docker/$ID", "docker $ID"),
            ("/system.slice/docker-$ID.scope", "docker $ID"),
            ("/user.slice/user-1000.slice/user@1000.service/user.slice/docker-$ID.scope", "docker $ID"),
            // systemd in it, and Docker in Docker.
            ("/system.slice/docker-$ID.scope/system.slice/ssh.service", "docker $ID"),
            ("/docker/$OTHER/docker/$ID", "docker $ID"),
            ("/lxc.payload.builder/system.slice/docker-$ID.scope", "docker $ID"),
            ("/../../docker/$ID", "docker $ID"),
            ("/system.slice/docker.service", "unit docker.service"),
            // With a cgroup parent of the caller's own, and of Amazon's ECS.
            ("/actions_job/$ID", "container $ID"),
            ("/ecs/ci/0123456789abcdef0123456789abcdef/$ID", "container $ID"),
        ]);
    }

    #[test]
    fn podman() {
        all(&[
            ("/machine.slice/libpod-$ID.scope", "podman $ID"),
            ("/machine.slice/libpod-$ID.scope/container", "podman $ID"),
            ("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-$ID.scope/container", "podman $ID"),
            ("/machine.slice/machine-libpod_pod_$OTHER.slice/libpod-$ID.scope", "podman $ID"),
            ("/libpod_parent/libpod-$ID", "podman $ID"),
            ("/system.slice/web.service/libpod-payload-$ID", "podman $ID"),
            ("/machine.slice/libpod-conmon-$ID.scope", &path("unit libpod-conmon-ID.scope")),
        ]);
    }

    #[test]
    fn containerd() {
        all(&[
            ("/system.slice/nerdctl-$ID.scope", "containerd $ID"),
            ("/k8s.io/$ID", "containerd $ID"),
            ("/system.slice/containerd.service", "unit containerd.service"),
        ]);
    }

    #[test]
    fn kubernetes_with_systemd() {
        let pod = path("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podU_D.slice");
        all(&[
            (&format!("{pod}/cri-containerd-$ID.scope"), "containerd $ID"),
            (&format!("{pod}/crio-$ID.scope"), "cri-o $ID"),
            (&format!("{pod}/crio-$ID.scope/container"), "cri-o $ID"),
            (&format!("{pod}/docker-$ID.scope"), "docker $ID"),
            (&format!("/kubelet.slice/kubelet{pod}/cri-containerd-$ID.scope"), "containerd $ID"),
            (&pod, &format!("kubernetes {POD}")),
            (&format!("{pod}/crio-conmon-$ID.scope"), &format!("kubernetes {POD}")),
            (&path("/system.slice/containerd.service/kubepods-podU_D.slice:cri-containerd:ID"), "containerd $ID"),
        ]);
    }

    #[test]
    fn kubernetes_with_cgroupfs() {
        let pod = format!("/kubepods/besteffort/pod{POD}");
        all(&[
            (&format!("{pod}/$ID"), "kubernetes $ID"),
            (&format!("/kubepods/pod{POD}/$ID"), "kubernetes $ID"),
            (&format!("{pod}/crio-$ID"), "cri-o $ID"),
            (&format!("/docker/$OTHER/kubelet{pod}/$ID"), "kubernetes $ID"),
            (&pod, &format!("kubernetes {POD}")),
            ("/kubepods/burstable/pod0123456789abcdef0123456789abcdef/$ID", "kubernetes $ID"),
            ("/kubepods/burstable/pods/apps", "nothing"),
        ]);
    }

    #[test]
    fn lxc() {
        all(&[
            ("/lxc/web", "lxc web"),
            ("/lxc/web/init.scope", "lxc web"),
            ("/lxc.payload/web", "lxc web"),
            ("/lxc.payload.web", "lxc web"),
            ("/lxc.payload.team_web/system.slice/ssh.service", "lxc team_web"),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/lxc.payload.web", "lxc web"),
            ("/lxc.monitor.web", "nothing"),
            ("/lxc.monitor/web", "nothing"),
            ("/system.slice/lxc.service", "unit lxc.service"),
        ]);
    }

    #[test]
    fn machines() {
        all(&[
            ("/machine.slice/systemd-nspawn@deb.service/payload", "machine deb"),
            ("/machine.slice/systemd-nspawn@deb.service/payload/system.slice/cron.service", "machine deb"),
            ("/machine.slice/systemd-nspawn@my\\x2ddeb.service", "machine my-deb"),
            ("/machine.slice/systemd-nspawn@deb.service/supervisor", "unit systemd-nspawn@deb.service"),
            ("/machine.slice/machine-my\\x2ddeb.scope/payload/init.scope", "machine my-deb"),
            ("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator", "machine qemu-1-vm"),
            ("/machine.slice/machine-a\\x2.scope", "unit machine-a\\x2.scope"),
        ]);
    }

    #[test]
    fn units() {
        all(&[
            ("/init.scope", "unit init.scope"),
            ("/system.slice/ssh.service", "unit ssh.service"),
            ("/system.slice/system-getty.slice/getty@tty1.service", "unit getty@tty1.service"),
            ("/system.slice/dev-disk-by\\x2dlabel.swap", "unit dev-disk-by\\x2dlabel.swap"),
            ("/system.slice/_cpu.service", "unit cpu.service"),
            ("/user.slice/user-1000.slice/session-3.scope", "unit session-3.scope"),
            ("/user.slice/user-1000.slice/user@1000.service/init.scope", "user-unit init.scope"),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/ssh.service", "user-unit ssh.service"),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice", "unit user@1000.service"),
            // What a service makes below its own cgroup is not a unit.
            ("/system.slice/agent.service/ssh.service", "unit agent.service"),
            ("/", "nothing"),
            ("", "nothing"),
            ("/user.slice", "nothing"),
            ("/system.slice/.service", "nothing"),
            ("/mine/ssh.service", "nothing"),
        ]);
    }

    #[test]
    fn what_is_not_plain_is_nobodys_name() {
        let long = "x".repeat(256);
        all(&[
            ("/lxc/we\x1bb", "nothing"),
            ("/lxc.payload.a b", "nothing"),
            ("/lxc.payload.", "nothing"),
            ("/lxc.payload.\u{e4}", "nothing"),
            (&format!("/lxc/{long}"), "nothing"),
            ("/system.slice/a\nb.service", "nothing"),
            ("/machine.slice/machine-a\\x1b.scope", "unit machine-a\\x1b.scope"),
            ("/machine.slice/machine-a\\x2fb.scope", "unit machine-a\\x2fb.scope"),
            // Almost an id.
            (&format!("/docker/{}", &ID[1..]), "nothing"),
            (&format!("/docker/{}", ID.to_uppercase()), "nothing"),
            ("-", "nothing"),
        ]);
        assert_eq!(Container::of_path(b"/lxc.payload.\xff"), None);
        assert_eq!(Container::of_path(&[0xff; 70]), None);
    }

    #[test]
    fn the_hierarchy_that_has_a_container_tells() {
        let hybrid = path("11:memory:/docker/ID\n1:name=systemd:/docker/ID\n0::/system.slice/containerd.service\n");
        let container = Container::of_process(hybrid.as_bytes()).unwrap();
        assert_eq!((container.runtime, container.id.as_str()), (Runtime::Docker, ID));
        assert_eq!(container.cgroup, path("/docker/ID").as_bytes());
        assert_eq!(container.to_string(), "docker:4f0cf4a9c8e9");
        assert_eq!(telling_path(hybrid.as_bytes()), Some(path("/docker/ID").as_bytes()));

        let units =
            "3:cpu,cpuacct:/user.slice\n1:name=systemd:/system.slice/cron.service\n0::/system.slice/ssh.service\n";
        assert_eq!(Container::of_process(units.as_bytes()).unwrap().to_string(), "unit:ssh.service");
        assert_eq!(telling_path(units.as_bytes()), Some(&b"/system.slice/ssh.service"[..]));
        let one = b"3:cpu:/mine\n1:name=systemd:/system.slice/cron.service\n0::/\n";
        assert_eq!(Container::of_process(one).unwrap().to_string(), "unit:cron.service");

        assert_eq!(Container::of_process(b"0::/system.slice/ssh.service (deleted)\n").unwrap().id, "ssh.service");
        assert_eq!(telling_path(b"2:cpu:/mine\n0::/\n"), Some(&b"/mine"[..]));
        assert_eq!(telling_path(b"2:cpu:/\n0::/\n"), Some(&b"/"[..]));
        for nothing in [&b""[..], b"\n", b"0:", b"0::", b"::\n", b"x"] {
            assert_eq!(Container::of_process(nothing), None);
        }
    }

    #[test]
    fn a_path_with_colons_is_one_path() {
        let line = path("0::/system.slice/containerd.service/kubepods-podU_D.slice:cri-containerd:ID\n");
        assert_eq!(Container::of_process(line.as_bytes()).unwrap().to_string(), "containerd:4f0cf4a9c8e9");
    }

    #[test]
    fn who_claims_a_name_below_another_cgroup_is_another() {
        let real = Container::of_path(path("/system.slice/docker-ID.scope/init.scope").as_bytes()).unwrap();
        let claimed = path("/user.slice/user-1000.slice/user@1000.service/docker-ID.scope");
        let claimed = Container::of_path(claimed.as_bytes()).unwrap();
        assert_eq!(real.id, claimed.id);
        assert_eq!(real.cgroup, path("/system.slice/docker-ID.scope").as_bytes());
        assert_ne!(real, claimed);
    }

    #[test]
    fn any_path_is_read_and_what_is_taken_from_it_is_plain() {
        let make = |random: &mut Random| {
            let path = random.one(&[
                "/system.slice/docker-ID.scope/system.slice/ssh.service",
                "/../../docker/ID",
                "/kubepods.slice/kubepods-podU_D.slice:cri-containerd:ID",
                "/kubepods/besteffort/podU_D",
                "/user.slice/user@1000.service/app.slice/lxc.payload.web",
                "/machine.slice/systemd-nspawn@my\\x2ddeb.service/payload",
                "/machine.slice/machine-qemu\\x2d1.scope/libvirt",
            ]);
            random.changed(format!("0::{}\n1:name=systemd:/lxc/a\n", self::path(path)).as_bytes())
        };
        for_any(make, |text| properties::of_cgroups(text));
    }
}
