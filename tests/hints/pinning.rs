//! Namespaces that could not be kept in a file.

use crate::support::{require, skip};
use crate::{commands, is_mended, nsuser, root};

fn complaint(link: &str, file: &str, errno: &str) -> String {
    format!("mount /proc/PID/ns/{link} on {file} failed: {errno}")
}

/// EINVAL.
#[test]
fn pin_on_shared_mount() {
    require!(root);
    for (file, directory) in [("/tmp/stage/file", "/tmp/stage"), ("file", "."), ("dir/file", "dir")] {
        let line = root(format!("unshare --mount={file} true")).after("mount --make-shared /tmp; touch dir/file");
        let reason = "/tmp is a shared mount, and a mount namespace is kept on a private one only";
        let command = format!("mount --bind {directory} {directory} && mount --make-private {directory}");
        line.is_explained(&complaint("mnt", file, "Invalid argument"), &[reason, &format!("try, as root: {command}")]);
        is_mended(&line, "");
    }
    root("unshare --uts=file true").after("mount --make-shared /tmp").prints("");
    root("unshare --mount=file true").prints("");
}

/// EINVAL: the loop rule, on kernels that hand ids out to each processor.
#[test]
fn mount_namespace_older() {
    require!(root, taskset);
    let kept = "unshare --mount=file true";
    // Which of the two has the later ids changes as others use them up. One that has later ones than this outer namespace keeps to that.
    let within = |outer: &str, inner: &str| {
        root(format!(
            "cat >script <<'END'\nmount --make-rprivate /; taskset -c {inner} {kept} 2>said && exit
            cat said >&2; eval \"$(sed -n 's/^unshare: hint: try: //p' said)\" && echo mended\nEND
            taskset -c {outer} unshare -m sh script"
        ))
    };
    let mut orders = [("0", "1"), ("1", "0")].into_iter().cycle().take(20);
    let failed = orders.find_map(|(outer, inner)| {
        let outcome = within(outer, inner).outcome();
        (!outcome.stderr.is_empty()).then_some(outcome)
    });
    let Some(outcome) = failed else {
        return skip("mount_namespace_older", "mount namespaces get their ids in order here");
    };
    let [_, reason, command] = outcome.stderr.lines().collect::<Vec<_>>()[..] else { panic!("{outcome}") };
    assert!(reason.starts_with("unshare: hint: the new mount namespace has got id "), "{outcome}");
    assert!(reason.ends_with(" in which it is to be kept, takes later ones only"), "{outcome}");
    let command = command.strip_prefix("unshare: hint: try: taskset -c ").and_then(|command| command.split_once(' '));
    assert_eq!(command.map(|(_, command)| command), Some(kept), "{outcome}");
    assert_eq!(outcome.stdout, "mended\n", "{outcome}");
}

/// EINVAL for none of these reasons.
#[test]
fn nothing_to_say() {
    require!(root, strace);
    root("strace -f -qq -o /tmp/trace -e inject=mount:error=EINVAL:when=1 unshare --mount=file true")
        .is_explained(&complaint("mnt", "file", "Invalid argument"), &[]);
}

/// ENOENT.
#[test]
fn pin_file_missing() {
    require!(root);
    for (file, made) in [("new", "touch new"), ("no/such", "mkdir -p no && touch no/such")] {
        let line = root(format!("unshare --uts={file} true"));
        let reason = format!("{file} does not exist: a namespace is kept in a file that is there already");
        let command = format!("{made} && unshare --uts={file} true");
        line.is_explained(&complaint("uts", file, "No such file or directory"), &[&reason, &format!("try: {command}")]);
        root(commands(&line).remove(0)).prints("");
    }
}

/// ENOENT of the source.
#[test]
fn no_process_yet() {
    require!(root);
    let line = root("unshare --pid=file sh -c 'echo $$'");
    let reason = "the new pid namespace can be kept only once it has a process: the first child";
    line.is_explained(
        &complaint("pid_for_children", "file", "No such file or directory"),
        &[reason, "try: unshare --fork --pid=file sh -c 'echo $$'"],
    );
    root(commands(&line).remove(0)).prints("1\n");
}

/// ENOTDIR.
#[test]
fn pin_on_directory() {
    require!(root);
    let reason = "dir is a directory, and a namespace is kept in a file";
    root("unshare --uts=dir true").is_explained(&complaint("uts", "dir", "Not a directory"), &[reason]);
}

/// EPERM.
#[test]
fn needs_cap_sys_admin() {
    require!(root);
    let reason = "a namespace is kept by a mount, outside of it, and that needs CAP_SYS_ADMIN, which you do not have";
    nsuser("unshare -r --uts=file true").is_explained(&complaint("uts", "file", "Operation not permitted"), &[reason]);
    nsuser("unshare -rm unshare --uts=file true").prints("");
}
