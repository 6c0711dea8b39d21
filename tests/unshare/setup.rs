//! What has to be set in new namespaces before they are of use: the host name, the loopback device.

use crate::support::{Status, require};
use crate::{nsuser, root};

#[test]
fn hostname_names_the_new_namespace_alone() {
    require!(root);
    root("unshare --hostname guest sh -c 'uname -n; ns'; same 'uname -n' 'uname -n'").prints("guest\nuts\nsame\n");
    nsuser(
        "before=$(uname -n); unshare -r --hostname=a.b sh -c 'uname -n; ns'; [ $before = $(uname -n) ] && echo same",
    )
    .prints("a.b\nuser uts\nsame\n");
    nsuser("unshare -f -U --hostname guest uname -n").prints("guest\n");
}

#[test]
fn hostname_is_kept_with_its_namespace() {
    require!(root, nsenter);
    root("unshare --uts=file --hostname kept true; nsenter --uts=file uname -n; umount file").prints("kept\n");
}

#[test]
fn hostname_is_refused_before_anything_is_done() {
    require!(root);
    let long = "x".repeat(65);
    nsuser(format!("unshare --hostname {long} echo ran"))
        .fails(1, &format!("unshare: failed to parse host name: '{long}': File name too long"));
    nsuser("unshare --hostname x echo ran").fails(1, "unshare: unshare failed: Operation not permitted");
}

#[test]
fn hostname_that_the_kernel_refuses_is_an_error() {
    require!(root, strace);
    nsuser("strace -qq -o file -e inject=sethostname:error=EPERM unshare -r --hostname x echo ran")
        .fails(1, "unshare: sethostname failed: Operation not permitted");
}

const SHOW: &str = "busybox ifconfig lo | grep -o 'inet addr:127.0.0.1\\|UP LOOPBACK RUNNING'; ns";

#[test]
fn loopback_is_up_in_the_new_namespace() {
    require!(root);
    let up = "inet addr:127.0.0.1\nUP LOOPBACK RUNNING\n";
    nsuser(format!("unshare -r --loopback sh -c \"{SHOW}\"")).prints(&format!("{up}net user\n"));
    nsuser(format!("unshare -Uf --loopback sh -c \"{SHOW}\"")).prints(&format!("{up}net user\n"));
    root(format!("unshare --loopback sh -c \"{SHOW}\"")).prints(&format!("{up}net\n"));
    // It has no address without the option.
    nsuser(format!("unshare -rn sh -c \"{SHOW}\"")).prints("net user\n");
}

#[test]
fn loopback_that_the_kernel_refuses_is_a_warning() {
    require!(root, strace);
    for call in ["socket", "ioctl"] {
        nsuser(format!(
            "strace -qq -o file -e inject={call}:error=EPERM unshare -r --loopback sh -c 'echo ran; exit 3'"
        ))
        .comes_to(
            Status::Exit(3),
            "ran\n",
            "unshare: warning: cannot bring up the loopback device: Operation not permitted\n",
        );
    }
}
