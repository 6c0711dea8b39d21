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
    root("nsenter -t 500 -p perl-is-nowhere").is_explained(&complaint("perl-is-nowhere"), &[]);
}
