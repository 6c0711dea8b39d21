//! Namespace files that are none: refused at once, whatever they are.

use crate::support::require;
use crate::{nsuser, root};

#[test]
fn what_is_no_namespace_is_refused() {
    require!(root);
    for file in ["file", "dir", "/dev/null", "/proc/self/status", "/dev/zero"] {
        for (option, name) in [("-u", "uts"), ("-m", "mnt"), ("-n", "net"), ("-U", "user")] {
            root(format!("nsenter {option}{file} echo ran"))
                .fails(1, &format!("nsenter: reassociate to namespace 'ns/{name}' failed: Invalid argument"));
        }
    }
    nsuser("nsenter -uloop echo ran").fails(1, "nsenter: cannot open loop: Too many levels of symbolic links");
    nsuser("nsenter -unosuch echo ran").fails(1, "nsenter: cannot open nosuch: No such file or directory");
    nsuser("nsenter -ulocked/x echo ran").fails(1, "nsenter: cannot open locked/x: Permission denied");
}

/// Ours alone: util-linux waits for a writer.
#[test]
fn a_fifo_is_refused_without_waiting_for_a_writer() {
    require!(root);
    for user in [root, nsuser] {
        let outcome = user("NS_HINTS=never nsenter -unever echo ran".to_owned()).outcome();
        assert_eq!((outcome.status, &*outcome.stdout), (crate::support::Status::Exit(1), ""), "{outcome}");
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome}");
        for directory in ["-rnever", "-wnever", "-Wnever"] {
            let outcome = user(format!("NS_HINTS=never nsenter -u/proc/self/ns/uts {directory} echo ran")).outcome();
            assert_eq!(
                (outcome.status, &*outcome.stdout),
                (crate::support::Status::Exit(1), ""),
                "{directory}: {outcome}"
            );
            assert_eq!(outcome.stderr.lines().count(), 1, "{directory}: {outcome}");
        }
    }
}

#[test]
fn a_namespace_of_another_kind_is_refused() {
    require!(root, unshare);
    root("nsenter -u/proc/100/ns/net echo ran")
        .fails(1, "nsenter: reassociate to namespace 'ns/uts' failed: Invalid argument");
}

/// The directory is never one that getcwd(2) calls unreachable.
#[test]
fn the_working_directory_can_be_reached() {
    require!(root, unshare, setpriv, hostname);
    for options in ["-m", "-m -w", "-a", "-m -Wdir", "-m -w/tmp", "-u -r/tmp/root", "-u -r/tmp/root -w/tmp/root/bin"] {
        let outcome = root(format!(
            "nsenter -t 100 {options} /tmp/root/bin/busybox pwd || nsenter -t 100 {options} /bin/busybox pwd"
        ))
        .outcome();
        assert!(!outcome.stdout.contains("unreachable"), "{options}: {outcome}");
    }
}
