//! The command lines that are gone through.

/// A command line.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Who runs it; root if not.
    pub is_nsuser: bool,
    /// What root does before, as the stage's PID 1; what it starts stays.
    pub setup: &'static str,
    /// What root does right before.
    pub before: &'static str,
    /// The arguments up to the program's.
    pub options: &'static str,
    /// What root does afterwards.
    pub behind: &'static str,
    /// How it ends when nothing fails.
    pub status: i32,
}

impl Case {
    /// Whether what fails is said on stdout.
    pub fn is_check(&self) -> bool {
        self.options.contains("--check")
    }
}

const fn root(options: &'static str) -> Case {
    Case { is_nsuser: false, setup: "", before: "", options, behind: "", status: 0 }
}

const fn nsuser(options: &'static str) -> Case {
    Case { is_nsuser: true, ..root(options) }
}

const fn after(setup: &'static str, case: Case) -> Case {
    Case { setup, ..case }
}

/// A place of mounts to pin namespaces in, and files for that.
const PINS: &str = "mount -t tmpfs pins dir; mount --make-private dir; : >dir/a; : >dir/b; : >dir/c; : >dir/d";

/// What is run in the other root.
const ECHO: &str = "ln -s busybox /tmp/root/bin/echo";

/// For `--mount-binfmt`.
const BINFMT: &str = "[ -d /proc/sys/fs/binfmt_misc ]";

pub const UNSHARE: &[Case] = &[
    root("-m"),
    nsuser("-rimnuCT"),
    nsuser("-rpf --mount-proc"),
    nsuser("-rpf --mount-proc --init --kill-child"),
    nsuser("-c --keep-caps --setgroups deny -w dir"),
    nsuser("--map-auto -r -S 0 -G 0"),
    nsuser("--map-subids"),
    nsuser("--map-auto -r --setgroups deny"),
    nsuser("--map-user daemon --map-group tty"),
    nsuser("--map-users=auto --map-groups=subids -f"),
    root("--map-users=0:100000:5 --map-groups=0:100000:5 --owner 4242:4242"),
    root("-U --setgroups allow --map-users=0:0:1000 --map-groups=0:0:1000"),
    root("-fS 7 -G 8 --kill-child=TERM"),
    after(PINS, root("--uts=dir/a --ipc=dir/b")),
    after(PINS, root("-f --pid=dir/a --net=dir/c")),
    after(PINS, root("-f --user=dir/a --cgroup=dir/b --time=dir/c --map-root-user")),
    after(PINS, root("--mount=dir/a --propagation private")),
    after(PINS, root("--user=dir/a --map-users=0:100000:5")),
    after(ECHO, root("-m --propagation=slave -R /tmp/root --mount-proc")),
    after(ECHO, root("-mpf --root=/tmp/root --wd=/tmp --mount-proc=/tmp")),
    nsuser("-r -T --monotonic 5 --boottime 6 -f"),
    nsuser("-ru --hostname there -n --loopback"),
    nsuser("-f --pid-file new --info-fd 1"),
    nsuser("--pid-file new --info-fd 1"),
    nsuser("-f --forward-signals=all"),
    nsuser("-rpf --forward-signals=HUP,USR1 --init --pid-file new"),
    nsuser("-r --mount-binfmt"),
    after(BINFMT, nsuser("-r --load-interp :x:M::xx::/bin/true:")),
    root("-u --clear-env"),
    root("-u --whitelist-env=PATH,LC_ALL"),
    after(ECHO, root("--check -mpf --mount-proc -R /tmp/root -S 7")),
    nsuser("--check --json -ru --map-auto"),
    root("--dry-run -mpf --mount-proc --map-root-user -T --boottime 5 --init"),
    root("-u -v"),
    root("--help"),
    root("--version"),
];

pub const NSENTER: &[Case] = &[
    root("-t 100 -a"),
    root("-t 100 -m -u -i -n -p -C -F"),
    nsuser("-t 200 -a --preserve-credentials"),
    root("-t 200 -a -S 0 -G 0"),
    root("-t 700 -U -S 5 -G 5 --keep-caps"),
    after(ECHO, root("-t 500 -m -p -r -w")),
    after(ECHO, root("-t 500 -m -r --wdns=/tmp")),
    after(ECHO, root("-t 500 -m -p --mount-proc=/tmp")),
    root("-t 500 -u -e -S follow -G follow"),
    root("-t 500 -T -Z -u"),
    root("--uts=/proc/100/ns/uts --wd=dir"),
    after(ECHO, root("-u/proc/100/ns/uts --root=/tmp/root -W=/tmp")),
    root("-t 100 -m -p --mount-proc --kill-child"),
    root("-t 100 -u -c --forward-signals"),
    root("-t 200 --user-parent -u"),
    root("-t 99 --pid-for-children -u --forward-signals=HUP --kill-child=TERM"),
    after("process 800 hold inet # 300", root("-t 800 -N 3")),
    root("-u=@$(stat -L -c %i /proc/100/ns/uts)"),
    root("-t @$(stat -L -c %i /proc/100/ns/uts) -u -n"),
    Case { before: IN_CGROUP, behind: OUT_OF_CGROUP, ..after(CGROUPS, root("-t container:$id -u --all")) },
    Case { before: IN_CGROUP, behind: OUT_OF_CGROUP, ..after(CGROUPS, root("-t docker:$id -u -c -C")) },
    after(
        "mkdir -p /run/netns; mount -t tmpfs n /run/netns; : >/run/netns/blue; unshare --net=/run/netns/blue true",
        root("-t netns:blue"),
    ),
    root("-t 100 -a --check"),
    nsuser("-t 200 -a --preserve-credentials --check --json"),
    root("-t 100 -i -v"),
    root("--help"),
    root("--version"),
];

/// cgroups of version 2.
const CGROUPS: &str = "mkdir /tmp/cg; mount -t cgroup2 none /tmp/cg";

/// Puts process 100 into a cgroup of the test's own that is called as a container's.
const IN_CGROUP: &str = "id=$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \\n')
    mkdir /tmp/cg/docker-$id.scope; echo 100 >/tmp/cg/docker-$id.scope/cgroup.procs";

/// Removes it.
const OUT_OF_CGROUP: &str = "echo 100 >/tmp/cg/cgroup.procs; rmdir /tmp/cg/docker-$id.scope";

/// Namespaces kept in every way: by threads, descriptors, sockets, for children, mounted here and elsewhere, by processes.
const WORLD: &str = r#"
: >n; : >d; : >kept; : >place
start() { rm -f /tmp/up; mkfifo /tmp/up; "$@" >/tmp/up & read -r said </tmp/up; }
unshare --net=kept true
unshare --net=n true; start hold thread=n; umount -l n
unshare --uts=d true; start hold open=d; umount -l d
start hold new=net inet enter=/proc/1/ns/net
start hold new=time
start unshare -m sh -c 'unshare --uts=place true; echo up; exec >&-; read -r line <>never'
# 100 600
"#;

pub const LSNS: &[Case] = &[
    after(WORLD, root("--all --output-all --json")),
    after(WORLD, root("-A -l -o NS,TYPE,NPROCS,HELDBY,NTHREADS,PATH,NSFS -u -W")),
    after(WORLD, root("")),
    after(WORLD, root("-T --color=always")),
    after(WORLD, root("-Tparent -o +OWNER,UIDMAP,PNS,ONS")),
    after(WORLD, root("--tree=process -n")),
    after(WORLD, root("-l -r -o NS,TYPE,NETNSID,NSFS")),
    after(WORLD, root("-t net")),
    after(WORLD, root("--persistent --output-all")),
    after(WORLD, root("-o NS,NSID,HELDBY,CONTAINER,CGROUP,NSPID")),
    after(WORLD, root("--filter 'NPROCS>1' -J")),
    after(WORLD, root("--limits")),
    after(WORLD, root("--dot")),
    after(WORLD, nsuser("-l")),
    after(WORLD, root("--list $(stat -L -c %i kept)")),
    root("--task 100"),
    root("-p 100 -Towner"),
    root("--pid-map 100"),
    root("$(stat -L -c %i /proc/100/ns/uts)"),
    root("-l $(stat -L -c %i /proc/1/ns/uts)"),
    Case { status: 1, ..root("4711") },
    root("-v -t uts"),
    root("--list-columns"),
    root("--help"),
    root("--version"),
];
