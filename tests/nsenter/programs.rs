//! Programs that the target's root directory does not have.

use crate::root;
use crate::support::require;

/// A shell that others stand in for; a program that none does.
#[test]
fn shell_not_here() {
    require!(root);
    let complaint = |program: &str| format!("failed to execute {program}: No such file or directory");
    let line = root("nsenter -t 500 -m --root bash -c 'echo in'");
    let command = "nsenter -t 500 -m --root /bin/sh -c 'echo in'";
    line.is_explained(&complaint("bash"), &["there is no bash here, but /bin/sh is there", &format!("try: {command}")]);
    root(command).prints("in\n");
    let reason = "perl is looked for in the root directory that was entered: no directory of PATH there has it";
    root("nsenter -t 500 -m --root perl").is_explained(&complaint("perl"), &[reason]);
    root("nsenter -t 500 -p --mount-proc nowhere").is_explained(&complaint("nowhere"), &[]);
    root("nsenter -t 500 -p perl-is-nowhere").is_explained(&complaint("perl-is-nowhere"), &[]);
}

/// The caller's shell need not be in the root directory that is entered. Without another root, and with a program, all is as ever.
#[test]
fn another_shell_stands_in() {
    require!(root, unshare, setpriv);
    let shell = |options: &str| root(format!("echo 'echo $0' | SHELL=/bin/nosuch nsenter {options}"));
    for options in ["-t 500 -m -r", "-t 500 -a -r", "-t 500 -p --root=/tmp/root"] {
        shell(options).prints("-sh\n");
    }
    shell("-t 100 -m").prints("-bash\n");
    shell("-t 500 -m -r").after("mv /tmp/root/bin/sh /tmp/root/bin/busybox-sh; mkdir /tmp/root/busybox; ln -s /bin/busybox /tmp/root/busybox/sh").prints("-sh\n");
    shell("-t 100 -u").fails(127, "nsenter: failed to execute /bin/nosuch: No such file or directory");
    // One that is there is the one that is meant.
    root("echo 'echo $0' | SHELL=/tmp/stage/plain nsenter -t 100 -m")
        .fails(126, "nsenter: failed to execute /tmp/stage/plain: Permission denied");
}

#[test]
fn no_shell() {
    require!(root, unshare, setpriv);
    let line = root(
        "SHELL=/bin/zsh nsenter -t 500 -m -r; status=$?; SHELL=/bin/zsh nsenter --check -t 500 -m -r | tail -n 1 | cut -d: -f1-2 >&2; exit $status",
    );
    let outcome = line.after("rm /tmp/root/bin/sh").outcome();
    assert_eq!(outcome.status, crate::support::Status::Exit(127));
    assert_eq!(
        outcome.stderr,
        "nsenter: failed to execute /bin/zsh: No such file or directory\n\
         nsenter: hint: there is no shell in this root directory: no /bin/zsh, nor /bin/bash, /bin/sh, /busybox/sh\n\
         execv(\"/bin/zsh\"): failed to execute /bin/zsh\n"
    );
}
