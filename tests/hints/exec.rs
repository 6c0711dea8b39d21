//! Programs that were not executed.

use crate::support::require;
use crate::{commands, is_mended, nsuser, root};

fn complaint(program: &str, errno: &str) -> String {
    format!("failed to execute {program}: {errno}")
}

const MISSING: &str = "No such file or directory";
const DENIED: &str = "Permission denied";

/// ENOENT of a name that is nowhere: the message says it all.
#[test]
fn nothing_to_add() {
    require!(root);
    for program in ["no-such-program", "./no-such-program", "/no-such-program"] {
        root(format!("unshare {program}")).is_explained(&complaint(program, MISSING), &[]);
    }
    root("unshare /no/such/program").is_explained(&complaint("/no/such/program", MISSING), &["there is no /no"]);
}

/// ENOENT of an interpreter.
#[test]
fn interpreter_missing() {
    require!(root);
    let reason = |file: &str, interpreter: &str| format!("{file} is a script for {interpreter}, which does not exist");
    root("unshare ./nointerp")
        .is_explained(&complaint("./nointerp", MISSING), &[&reason("./nointerp", "/no/interpreter")]);
    let nested = "printf '#!/tmp/stage/nointerp\\n' >dir/nested; chmod 755 dir/nested";
    root("PATH=/tmp/stage/dir; /tmp/bin/unshare nested")
        .after(nested)
        .is_explained(&complaint("nested", MISSING), &[&reason("/tmp/stage/nointerp", "/no/interpreter")]);
    let windows = "printf '#! /bin/sh\\r\\necho in\\r\\n' >windows; chmod 755 windows";
    let ends = "its lines end in CR and LF, as on Windows: for a script it must be LF alone";
    root("unshare ./windows")
        .after(windows)
        .is_explained(&complaint("./windows", MISSING), &[&reason("./windows", "/bin/sh\\r"), ends]);
}

/// ENOENT of a loader, in another root directory.
#[test]
fn loader_missing() {
    require!(root, patchelf);
    let advice = "the root directory needs the program's libraries, or one that is static";
    let loader = "cp /bin/true /tmp/root/bin/; patchelf --set-interpreter /lib/no-loader.so /tmp/root/bin/true";
    root("unshare -R /tmp/root /bin/true").after(loader).is_explained(
        &complaint("/bin/true", MISSING),
        &["/bin/true needs the loader /lib/no-loader.so, which does not exist here", advice],
    );
    root("unshare -R /tmp/root busybox true").prints("");
}

/// ENOENT of /bin/sh, for a file without a #! line.
#[test]
fn shell_missing() {
    require!(root);
    let reason = "/noshebang has no #! line, so /bin/sh is to run it, and that does not exist here";
    root("unshare -R /tmp/root /noshebang")
        .after("cp noshebang /tmp/root; rm /tmp/root/bin/sh")
        .is_explained(&complaint("/noshebang", MISSING), &[reason]);
}

/// ENOENT of a shell, or of any program, in another root directory.
#[test]
fn shell_not_here() {
    require!(root);
    for (line, program, with) in [
        ("unshare -R /tmp/root bash -c 'echo in'", "bash", "unshare -R /tmp/root /bin/sh -c 'echo in'"),
        ("SHELL=/usr/bin/zsh unshare --root=/tmp/root", "/usr/bin/zsh", "unshare --root=/tmp/root /bin/sh"),
    ] {
        let reason = format!("there is no {program} here, but /bin/sh is there");
        let line = root(line);
        line.is_explained(&complaint(program, MISSING), &[&reason, &format!("try: {with}")]);
        let command = commands(&line).remove(0);
        root(format!("echo echo in | {command}")).prints("in\n");
    }
}

/// ENOENT of a shell where there is none.
#[test]
fn no_shell() {
    require!(root);
    let reason = "there is no shell in this root directory: no bash, nor /bin/bash, /bin/sh, /busybox/sh";
    root("unshare -R dir bash").is_explained(&complaint("bash", MISSING), &[reason]);
    let reason = "there is no shell in this root directory: no /bin/bash, nor /bin/sh, /busybox/sh";
    root("unshare -R dir /bin/bash").is_explained(&complaint("/bin/bash", MISSING), &[reason]);
}

/// ENOENT of what the root directory that was left has.
#[test]
fn not_in_this_root() {
    require!(root);
    let reason = "ls is looked for in the root directory that was entered: no directory of PATH there has it";
    root("unshare -R dir ls").is_explained(&complaint("ls", MISSING), &[reason]);
    let reason = "/bin/ls is looked for in the root directory that was entered, which does not have it";
    root("unshare -R dir /bin/ls").is_explained(&complaint("/bin/ls", MISSING), &[reason]);
}

/// ENOENT of what PATH does not lead to.
#[test]
fn not_in_path() {
    require!(root);
    let line = root("PATH=/tmp/stage; /tmp/bin/unshare sh -c 'echo $0 in'");
    let shell = "there is no sh here, but /bin/bash is there";
    line.is_explained(&complaint("sh", MISSING), &[shell, "try: /tmp/bin/unshare /bin/bash -c 'echo $0 in'"]);
    root(commands(&line).remove(0)).prints("/bin/bash in\n");
    let line = root("PATH=/tmp/stage; /tmp/bin/unshare stat -c %F /");
    let reason = "stat is in /usr/bin, which is not in PATH";
    line.is_explained(&complaint("stat", MISSING), &[reason, "try: /tmp/bin/unshare /usr/bin/stat -c %F /"]);
    root(format!("PATH=/tmp/stage; {}", commands(&line).remove(0))).prints("directory\n");
}

/// The program is the word behind the options, however they look; what another working directory has is not advised.
#[test]
fn words_that_look_like_others() {
    require!(root);
    let line = root("PATH=/tmp/stage; /tmp/bin/unshare --hostname stat stat -c %F /");
    let reason = "stat is in /usr/bin, which is not in PATH";
    let command = "try: /tmp/bin/unshare --hostname stat /usr/bin/stat -c %F /";
    line.is_explained(&complaint("stat", MISSING), &[reason, command]);
    root("unshare --hostname Rroot nosuch").is_explained(&complaint("nosuch", MISSING), &[]);
    let reason = "./plain is not executable: its mode is 644";
    root("unshare -w dir ./plain").after("cp -p plain dir").is_explained(&complaint("./plain", DENIED), &[reason]);
}

/// EACCES: no x bit, or not for this user.
#[test]
fn not_executable() {
    require!(root);
    let setup = "printf '#!/bin/sh\\necho in\\n' >script; chmod 644 script";
    let line = root("unshare ./script").after(setup);
    let reason = "./script is not executable: its mode is 644";
    line.is_explained(&complaint("./script", DENIED), &[reason, "try: chmod +x ./script && unshare ./script"]);
    root(commands(&line).remove(0)).after(setup).prints("in\n");
    nsuser("unshare ./script").after(setup).is_explained(&complaint("./script", DENIED), &[reason]);
    // What only happens to be called so, such as a list of accounts, is not made a program.
    root("unshare ./plain")
        .is_explained(&complaint("./plain", DENIED), &["./plain is not executable: its mode is 644"]);
}

/// EACCES: not for this user.
#[test]
fn not_executable_for_you() {
    require!(root);
    let reason = "./noshebang is not executable for uid 4242: it is uid 0's, mode 700";
    nsuser("unshare ./noshebang")
        .after("chmod 700 noshebang")
        .is_explained(&complaint("./noshebang", DENIED), &[reason]);
}

/// EACCES: a mount.
#[test]
fn mounted_noexec() {
    require!(root);
    let setup = "mount -t tmpfs -o noexec none dir; printf '#!/bin/sh\\necho in\\n' >dir/x; chmod 755 dir/x";
    let line = nsuser("unshare dir/x").after(setup);
    let reason = "/tmp/stage/dir is mounted noexec, and dir/x is there";
    let command = "try, as root: mount -o remount,bind,exec /tmp/stage/dir";
    line.is_explained(&complaint("dir/x", DENIED), &[reason, command]);
    is_mended(&line, "in\n");
}

/// EACCES: a directory, an interpreter, a directory on the way.
#[test]
fn no_program() {
    require!(root);
    root("unshare ./dir").is_explained(&complaint("./dir", DENIED), &["./dir is a directory"]);
    root("unshare ./never").is_explained(&complaint("./never", DENIED), &["./never is no regular file"]);
    let reason = "/tmp/stage/locked may not be entered by uid 4242: it is uid 0's and has mode 700";
    nsuser("unshare /tmp/stage/locked/x").is_explained(&complaint("/tmp/stage/locked/x", DENIED), &[reason]);
    nsuser("PATH=/tmp/stage/locked; /tmp/bin/unshare x").is_explained(&complaint("x", DENIED), &[reason]);
}

/// EACCES of an interpreter.
#[test]
fn interpreter_not_executable() {
    require!(root);
    let setup = "printf '#!/tmp/stage/plain\\n' >script; chmod 755 script";
    let reason = "./script is a script for /tmp/stage/plain, which is not executable";
    root("unshare ./script").after(setup).is_explained(&complaint("./script", DENIED), &[reason]);
}

const LOOP: &str = "Too many levels of symbolic links";

/// ELOOP of links.
#[test]
fn link_loop() {
    require!(root);
    let errno = LOOP;
    let reason = "./loop is a link to loop, and from there on links lead in a circle";
    for program in ["./loop", "./loop/x"] {
        root(format!("unshare {program}")).is_explained(&complaint(program, errno), &[reason]);
    }
}

/// ELOOP of interpreters.
#[test]
fn scripts_nested() {
    require!(root);
    let errno = LOOP;
    let setup = "for n in 1 2 3 4 5 6 7; do printf \"#!/tmp/stage/$((n + 1))\\n\" >$n; chmod 755 $n; done";
    let reason = "./1 is a script for a script, and so on: the kernel follows no more than 5";
    root("unshare ./1").after(setup).is_explained(&complaint("./1", errno), &[reason]);
}

const FORMAT: &str = "Exec format error";

/// ENOEXEC of the login shell: others are given to /bin/sh.
#[test]
fn other_machine() {
    require!(root);
    let errno = FORMAT;
    let foreign = "printf '\\177ELF\\2\\2\\1%09d\\0\\2\\0\\26' 0 >foreign; dd if=/dev/zero bs=99 count=1 >>foreign; chmod 755 foreign";
    let reason = format!("/tmp/stage/foreign is a program for s390x, and this is {}", std::env::consts::ARCH);
    root("SHELL=/tmp/stage/foreign unshare")
        .after(foreign)
        .is_explained(&complaint("/tmp/stage/foreign", errno), &[&reason]);
}

/// ENOEXEC of a text.
#[test]
fn no_format() {
    require!(root);
    let errno = FORMAT;
    let reason = "/tmp/stage/noshebang is neither a program nor begins with #!";
    root("SHELL=/tmp/stage/noshebang unshare").is_explained(&complaint("/tmp/stage/noshebang", errno), &[reason]);
}

/// ENOEXEC of a file without anything.
#[test]
fn empty() {
    require!(root);
    let errno = FORMAT;
    root("SHELL=/tmp/stage/empty unshare")
        .after("touch empty; chmod 755 empty")
        .is_explained(&complaint("/tmp/stage/empty", errno), &["/tmp/stage/empty is empty"]);
}

/// EACCES of what was meant for the option before it.
#[test]
fn argument_taken_for_program() {
    require!(root);
    let denied = complaint("./kept", DENIED);
    let line = root("unshare --uts ./kept cat /proc/sys/kernel/ostype").after("touch kept");
    line.is_explained(
        &denied,
        &[
            "--uts takes an attached argument only, so ./kept is the program",
            "try: unshare --uts=./kept cat /proc/sys/kernel/ostype",
        ],
    );
    root(commands(&line).remove(0)).after("touch kept").prints("Linux\n");
    root("unshare -u ./kept true")
        .after("touch kept")
        .is_explained(&denied, &["-u takes no argument, so ./kept is the program", "try: unshare --uts=./kept true"]);
    root("unshare -p -f --mount-proc /proc true").is_explained(
        &complaint("/proc", DENIED),
        &[
            "--mount-proc takes an attached argument only, so /proc is the program",
            "try: unshare -p -f --mount-proc=/proc true",
        ],
    );
}
