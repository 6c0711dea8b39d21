//! Containers, machines and units by their names: real ones of runc, and processes in cgroups that are called as theirs. Ours alone.

use crate::root;
use crate::support::{Line, Status, require};

/// An id that begins so.
fn id(first: char) -> String {
    format!("{first}{:063x}", std::process::id())
}

/// What a line may call: `into PATH PID` puts a process into this cgroup below one of the test's own, of version 2.
const INTO: &str = r#"
into() {
    mkdir -p "/tmp/cg/$top/$1" || exit 77
    echo $2 >"/tmp/cg/$top/$1/cgroup.procs" || exit 77
}
"#;

/// Ends what is in the test's cgroups, and removes them.
const CLEAN: &str = r#"
status=$?
for procs in $(find /tmp/cg/$top -depth -name cgroup.procs | sed 's/ /?/g'); do
    while read -r pid; do kill -KILL $pid; done <$procs
done
find /tmp/cg/$top -depth -type d | while read -r group; do
    while grep -qs populated.1 "$group/cgroup.events"; do :; done; rmdir "$group"
done
exit $status
"#;

/// The line with cgroups that are gone with its end. Each `test` has its own.
fn with_cgroups(test: &str, line: &str) -> Line {
    let top = format!("top=nstest{}{test}.slice", std::process::id());
    root(format!("{top}\n{INTO}{line}\n{CLEAN}")).after("mkdir /tmp/cg; mount -t cgroup2 none /tmp/cg")
}

/// A bundle of runc's: a busybox that waits.
const BUNDLE: &str = r#"mkdir -p bundle/rootfs/bin bundle/rootfs/proc; cp /tmp/root/bin/busybox bundle/rootfs/bin; ln -s busybox bundle/rootfs/bin/sh
cat >bundle/config.json <<'END'
{"ociVersion":"1.0.2","root":{"path":"rootfs"},"hostname":"boxed","mounts":[{"destination":"/proc","type":"proc","source":"proc"}],
"process":{"cwd":"/","args":["/bin/sh","-c","read line"],"env":["WHO=boxed","PATH=/bin"],"user":{"uid":0,"gid":0}},
"linux":{"cgroupsPath":"/docker-ID.scope","namespaces":[{"type":"pid"},{"type":"mount"},{"type":"uts"},{"type":"ipc"},{"type":"network"}]}}
END
"#;

#[test]
fn a_container_of_runc() {
    require!(root, runc);
    let (one, other) = (id('a'), id('b'));
    let line = format!(
        "for id in {one} {other}; do
            cp -a bundle $id; sed -i s/ID/$id/ $id/config.json
            runc --root /tmp/runc run --detach --bundle $id $id <>never >log 2>&1 || {{ cat log; exit 77; }}
        done
        nsenter -t container:a -a -e /bin/sh -c 'echo $(hostname) $WHO $(tr \\\\0 . </proc/1/cmdline); pwd'
        pid=$(sed 's/.*init_process_pid.:\\([0-9]*\\).*/\\1/' /tmp/runc/{other}/state.json)
        nsenter -t docker:{other} -p -u readlink /proc/self/ns/uts >entered; readlink /proc/$pid/ns/uts | cmp - entered && echo same
        nsenter -t container:c -a true 2>&1 | sed 's/:[0-9a-f]\\{{12\\}}/:SHORT/g'
        nsenter -t podman:a -a true 2>&1 | head -n 1
        for id in {one} {other}; do runc --root /tmp/runc delete --force $id; done"
    );
    root(line).after(BUNDLE).prints(
        "boxed boxed /bin/sh.-c.read line.\n/\nsame\nnsenter: no process found in 'container:c'\n\
         nsenter: hint: there are: docker:SHORT, docker:SHORT\nnsenter: no process found in 'podman:a'\n",
    );
}

#[test]
fn names_of_all_sorts() {
    require!(root, unshare, hostname);
    let (id, pod) = (id('c'), "0b9e2d8c-6a1f-4c55-9c1e-5d0f6c7a8b92");
    let cases: [(String, Vec<String>); 8] = [
        (
            format!("system.slice/docker-{id}.scope/init.scope"),
            vec!["container:c".into(), format!("container:{id}"), format!("docker:{}", &id[..5])],
        ),
        (format!("kubepods/burstable/pod{pod}/{id}"), vec!["kubernetes:c0".into(), "container:c".into()]),
        (format!("machine.slice/libpod-{id}.scope/container"), vec!["podman:c".into(), "container:c".into()]),
        (id.to_string(), vec!["container:c".into()]),
        (r"machine.slice/machine-deb\\x2d12.scope/payload".into(), vec!["machine:deb-12".into()]),
        ("lxc.payload.web/system.slice/ssh.service".into(), vec!["machine:web".into(), "lxc:web".into()]),
        ("system.slice/nstest.service/below".into(), vec!["unit:nstest".into(), "unit:nstest.service".into()]),
        ("user.slice/user@7.service/app.slice/nstest.service".into(), vec!["user-unit:nstest".into()]),
    ];
    for (path, names) in cases {
        let lines: String = names.iter().map(|name| format!("nsenter -t {name} -u whose\n")).collect();
        with_cgroups("sorts", &format!("into \"{path}\" 100\n{lines}")).prints(&"uts:100\n".repeat(names.len()));
    }
}

/// The first process of the container, and not one that has entered it, which may have a lower number; where there is none, the lowest, unless it is dead.
#[test]
fn which_process_of_a_container_is_entered() {
    require!(root, unshare, setpriv, hostname);
    let machine =
        |line: &str| with_cgroups("which", &format!("for pid in 300 500; do into lxc.payload.web $pid; done; {line}"));
    machine("nsenter -t machine:web -u whose").prints("uts:500\n");
    machine(
        "into system.slice/nstest.service 300; into system.slice/nstest.service 500; nsenter -t unit:nstest -u whose",
    )
    .prints("\n");
    // 99, its parent, is in the container as well, so 100 has not been put there as the first one.
    with_cgroups(
        "which",
        "for pid in 99 100; do into lxc.payload.web $pid; done; nsenter -t machine:web -T -p -u whose",
    )
    .prints("uts:100\n");
    let dying = "sh -c '(read -r line <>never) & echo $!; exec cat <>never'";
    with_cgroups(
        "which",
        &format!("start {dying}; parent=$!; into lxc.payload.web $said; kill -KILL $said; await Z $said; cat <>never & into lxc.payload.web $!; nsenter -t machine:web -i echo in; kill -KILL $parent"),
    )
    .prints("in\n");
}

/// Two that claim the same id are told apart by the places where they do; what a name has of control characters is not printed.
#[test]
fn several_containers_are_told_apart_and_none_is_entered() {
    require!(root, unshare, hostname);
    let (one, other) = (id('d'), format!("dd{}", &id('d')[2..]));
    let shown = "2>&1 >/dev/null | sed s,/$top,TOP,";
    let outcome = with_cgroups(
        "several",
        &format!(
            "into docker-{one}.scope 100; into libpod-{other}.scope 300; into \"$(printf 'evil\\033[31m')/docker-{one}.scope\" 350
            nsenter -t container:d -u whose {shown}; nsenter -t docker:{one} -u whose {shown}; nsenter -t container:dd -u whose"
        ),
    );
    let line = |pid: u32, container: &str, id: &str, above: &str, name: &str| {
        format!("nsenter: PID {pid}: {container}:{}, cgroup TOP{above}/{name}-{id}.scope\n", &id[..12])
    };
    let first = line(100, "docker", &one, "", "docker");
    let claimed = line(350, "docker", &one, "/evil\\u{1b}[31m", "docker");
    outcome.prints(&format!(
        "nsenter: 'container:d' can mean several\n{first}{}{claimed}\
         nsenter: 'docker:{one}' can mean several\n{first}{claimed}\n",
        line(300, "podman", &other, "", "libpod"),
    ));
}

#[test]
fn others_than_this() {
    require!(root);
    let line = |line: &str| with_cgroups("others", &format!("into system.slice/nstest.service 300; {line}"));
    line("nsenter -t unit:nosuch -u true")
        .is_explained("no process found in 'unit:nosuch'", &["there are: unit:nstest.service"]);
}

#[test]
fn none_of_these() {
    require!(root);
    let reason = "no process that /proc shows is in a cgroup with a name of that kind";
    with_cgroups("none", "into system.slice/nstest.service 300; nsenter -t machine:web -u true")
        .is_explained("no process found in 'machine:web'", &[reason]);
}

/// What is attached to an option is no other option.
#[test]
fn a_program_that_is_not_here() {
    require!(root);
    with_cgroups("program", "into lxc.payload.web 300; nsenter -tmachine:web -i nowhere")
        .is_explained("failed to execute nowhere: No such file or directory", &[]);
}

#[test]
fn container_by_name() {
    require!(root);
    let reason = "a container is found by the beginning of its id, which has digits and the letters a to f";
    let refused = |text: &str| format!("failed to parse PID argument '{text}': Invalid argument");
    root("nsenter -t container:web -a true").is_explained(&refused("container:web"), &[reason]);
    root("nsenter -t docker:web -a true")
        .is_explained(&refused("docker:web"), &[reason, "docker ps knows the id of web"]);
    for text in ["pod:web", "container", "container:", "machine:", "unit:a/b", "web", "netns:"] {
        root(format!("nsenter -t {text} -a true")).is_explained(&refused(text), &[]);
    }
}

/// Another process has the number by the time that it is opened: once before its pidfd, once before its directory. A debugger stops the program there.
#[test]
fn a_process_that_is_replaced_is_not_entered() {
    require!(root, unshare, hostname, strace);
    // Nothing here forks while the next process is due. The namespace stays, so that no other one gets its number.
    let start = "generation() { echo 1999 >/proc/sys/kernel/ns_last_pid; unshare -u sh -c 'hostname '$1'; echo up; read -r line <>never' >heard & read -r up <heard; }
        mkfifo heard; generation one; into lxc.payload.web 2000; exec 9</proc/2000/ns/uts; echo 2999 >/proc/sys/kernel/ns_last_pid";
    let traced = |calls: &str| {
        format!("strace -qqq -o log -e trace={calls} -e inject={calls}:signal=STOP:when=$when nsenter -t $target -u hostname & nsenter=$!
        until grep -qs 'stopped by SIGSTOP' log; do :; done; kill -KILL 2000; while [ -e /proc/2000 ]; do :; done; generation other
        into lxc.payload.other 2000; kill -CONT $(cat /proc/$nsenter/task/$nsenter/children); wait $nsenter")
    };
    let count = "strace -qqq -o counted -e trace=CALL,pidfd_open nsenter -t $target -u hostname; when=$(sed '/pidfd_open/,$d' counted | wc -l)";
    for (target, calls) in [
        ("machine:web", "pidfd_open"),
        ("@$(stat -L -c %i /proc/2000/ns/uts)", "pidfd_open"),
        ("@$(stat -L -c %i /proc/2000/ns/uts)", "readlinkat"),
        ("machine:web", "close"),
    ] {
        let count = if calls == "pidfd_open" { "when=1".into() } else { count.replace("CALL", calls) };
        let line = with_cgroups("replaced", &format!("{start}; target={target}; {count}; {}", traced(calls)));
        let outcome = line.outcome();
        assert!(!outcome.stdout.contains("other"), "{target} {calls}: {outcome}");
        let complaint = "nsenter: failed to obtain a valid file descriptor for PID 2000: No such process";
        let first = outcome.stderr.lines().next();
        assert_eq!((outcome.status, first), (Status::Exit(1), Some(complaint)), "{target} {calls}: {outcome}");
    }
}
