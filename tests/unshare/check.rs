//! `--check`: says what would work, and does nothing that anybody could see.

use crate::support::{Status, require};
use crate::{Line, nsuser, root};

const MOUNT_PROC: &str = r#"mount("proc", "/proc", MS_NOSUID|MS_NODEV|MS_NOEXEC)"#;

#[test]
fn a_line_for_each_step() {
    require!(root, newuidmap);
    nsuser("unshare --check -rpf --mount-proc true").prints(&format!(
        "unshare(CLONE_NEWUSER|CLONE_NEWPID|CLONE_NEWNS): ok\n\
         fork(): ok\n\
         write(\"/proc/self/uid_map\", \"0 4242 1\"): ok\n\
         write(\"/proc/self/setgroups\", \"deny\"): ok\n\
         write(\"/proc/self/gid_map\", \"0 4242 1\"): ok\n\
         mount(\"/\", MS_REC|MS_PRIVATE): ok\n\
         {MOUNT_PROC}: ok\n\
         execvp(\"true\"): ok\n"
    ));
    nsuser("unshare --check --map-auto --uts=file true").comes_to(
        Status::Exit(1),
        "unshare(CLONE_NEWUSER|CLONE_NEWUTS): ok\n\
         \"newuidmap\" \"self\" \"0\" \"300000\" \"65536\": ok\n\
         \"newgidmap\" \"self\" \"0\" \"400000\" \"65536\": ok\n\
         mount(\"/proc/self/ns/uts\", \"file\", MS_BIND): mount /proc/self/ns/uts on file failed: Operation not permitted: \
         a namespace is kept by a mount, outside of it, and that needs CAP_SYS_ADMIN, which you do not have\n\
         execvp(\"true\"): not tried\n",
        "",
    );
    nsuser("unshare --check -u true").comes_to(
        Status::Exit(1),
        "unshare(CLONE_NEWUTS): unshare failed: Operation not permitted: a new uts namespace needs CAP_SYS_ADMIN, \
         which you do not have; try: unshare --map-root-user -u true\n\
         execvp(\"true\"): not tried\n",
        "",
    );
}

#[test]
fn for_scripts() {
    require!(root);
    nsuser("unshare --check --json -r true").prints(concat!(
        r#"{"steps":[{"step":"unshare(CLONE_NEWUSER)","works":true},"#,
        r#"{"step":"write(\"/proc/self/uid_map\", \"0 4242 1\")","works":true},"#,
        r#"{"step":"write(\"/proc/self/setgroups\", \"deny\")","works":true},"#,
        r#"{"step":"write(\"/proc/self/gid_map\", \"0 4242 1\")","works":true},"#,
        r#"{"step":"execvp(\"true\")","works":true}],"works":true}"#,
        "\n"
    ));
    nsuser("unshare --json --check -u true").comes_to(
        Status::Exit(1),
        concat!(
            r#"{"steps":[{"cause":"needs-cap-sys-admin","errno":"EPERM","error":"unshare failed: Operation not permitted","#,
            r#""reason":"a new uts namespace needs CAP_SYS_ADMIN, which you do not have","step":"unshare(CLONE_NEWUTS)","#,
            r#""try":"unshare --map-root-user -u true","works":false},"#,
            r#"{"step":"execvp(\"true\")","works":null}],"works":false}"#,
            "\n"
        ),
        "",
    );
    nsuser("NS_HINTS=never unshare --check -u true").comes_to(
        Status::Exit(1),
        "unshare(CLONE_NEWUTS): unshare failed: Operation not permitted\nexecvp(\"true\"): not tried\n",
        "",
    );
    root("unshare --json true").fails(1, "unshare: option --json is for --check");
    root("unshare --check -u true >/dev/full").fails(1, "unshare: write error: No space left on device");
}

/// What shows that something has been done: the mounts, the namespaces, the processes, and the files.
const STATE: &str = r"
state() { cat /proc/self/mountinfo; ns; hostname; left; ls -l /tmp/stage; cat /proc/$$/setgroups; id; }
state >/tmp/before";

/// Each of these succeeds, and leaves nothing.
#[test]
fn nothing_is_done() {
    require!(root, newuidmap, hostname);
    let lines = [
        "-m --propagation shared --mount-proc true",
        "-m --propagation unchanged true",
        "-pf --mount-proc --propagation slave -R / true",
        "--uts=file --net=other true",
        "-pf --pid=file true",
        "-R /tmp/root -w / /bin/busybox",
        "--map-users=0:0:100 --map-groups=0:0:100 -S 5 -G 6 true",
        "--owner 4242:4242 -r true",
        "--hostname elsewhere --loopback true",
        "--init -pf --mount-proc --pid-file pid --info-fd 2 true",
        "-r -l ':greeting:M::HELLO::/bin/echo:' true",
        "-T --boottime 100 true",
        "--kill-child --forward-signals sh -c 'echo ran >/tmp/stage/file'",
    ];
    for line in lines {
        let line = format!(
            "{STATE}\nunshare --check {line} >out || cat out; rm out; state >/tmp/after; diff /tmp/before /tmp/after"
        );
        root(line).after("mount --make-rshared /").prints("");
    }
}

/// Whether it says what then happens. The program is `true`, so what fails is ours.
fn agrees(by: impl Fn(String) -> Line, words: &str) {
    let run = |check: &str| by(format!("unshare {check}{words}")).outcome();
    let (checked, happened) = (run("--check "), run(""));
    let would = matches!(checked.status, Status::Exit(0));
    assert_eq!(would, happened.status == Status::Exit(0), "{words}\n  checked: {checked}\n  happened: {happened}");
    if !would {
        let complaint = happened.stderr.lines().next().unwrap_or_default().trim_start_matches("unshare: ").to_owned();
        let said = format!("{}{}", checked.stdout, checked.stderr);
        // A helper names the process that it helps; this one has another number.
        let reason = complaint.rsplit(": ").next().unwrap_or_default();
        assert!(said.contains(reason), "{words}: {reason} is not in\n{checked}");
    }
}

#[test]
fn it_says_what_then_happens() {
    require!(root, newuidmap);
    for words in [
        "true",
        "-u true",
        "-U true",
        "-r true",
        "-c true",
        "-muinpCT true",
        "-rmuinpCT true",
        "-rpf --mount-proc true",
        "-pf --mount-proc true",
        "-r --mount-proc true",
        "-r --mount-proc=dir true",
        "-rpf --mount-proc=dir true",
        "-rpf --mount-proc=nosuch true",
        "--map-auto true",
        "--map-users=0:0:10 true",
        "--map-users=5:4242:1 true",
        "--map-user=5 true",
        "--map-user=5 -S 5 true",
        "--map-user=5 -S 6 true",
        "-r -G 0 true",
        "-r -G 1 true",
        "-r --setgroups deny true",
        "-r --setgroups allow true",
        "--setgroups deny true",
        "--owner 1:1 true",
        "--uts=file true",
        "--uts=nosuch true",
        "--net=dir true",
        "--pid=file true",
        "--pid=file -f true",
        "--user=file true",
        "-R /tmp/root /bin/busybox true",
        "-rR /tmp/root /bin/busybox true",
        "-rR nosuch true",
        "-rR /tmp/root -w nosuch /bin/busybox true",
        "-w dir true",
        "-w nosuch true",
        "-w locked true",
        "-T true",
        "-rT --monotonic 5 true",
        "-rT --monotonic -999999999999 true",
        "-r --mount-binfmt true",
        "-r -l nonsense true",
        "-r --keep-caps true",
        "--keep-caps true",
        "nosuch",
        "./plain",
        "./file",
        "./nointerp",
        "-r ./locked/x",
        "dir",
        "-f true",
        "--kill-child true",
        "--propagation slave -m true",
        "-rm --propagation shared true",
        "--hostname x true",
        "-r --hostname x --loopback true",
        "--pid-file pid true",
        "--pid-file locked/pid true",
        "--pid-file dir true",
        "-rp --init true",
        "-U --hostname x true",
        "-ru --clear-env true",
    ] {
        agrees(root, words);
        agrees(nsuser, words);
    }
}
