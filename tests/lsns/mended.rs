//! Where util-linux errs and ours does not; the numbers are those of docs/compatibility.md.

use serde_json::Value;

use crate::root;
use crate::support::{Status, require};

/// A UTS namespace that is mounted twice and has no process.
const TWICE: &str = "touch one two; unshare --uts=one true; mount --bind one two";

#[test]
fn defect_17_json_has_every_place() {
    require!(root, unshare);
    root(format!("{TWICE}; lsns -J -P -o NSFS")).prints(
        "{\n   \"namespaces\": [\n      {\n         \"nsfs\": \"/tmp/stage/one,/tmp/stage/two\"\n      }\n   ]\n}\n",
    );
}

#[test]
fn defect_18_lines_of_json_are_json() {
    require!(root);
    let tree = root("LIBSMARTCOLS_JSON=lines lsns -J -T -o NS").outcome();
    let list = root("lsns -n -l -o NS").outcome();
    let trees: Vec<Value> = tree.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(trees.iter().any(|tree| tree["children"].is_array()), "{tree}");
    assert_eq!(trees.iter().map(namespaces_in).sum::<usize>(), list.stdout.lines().count(), "{tree}");
}

fn namespaces_in(tree: &Value) -> usize {
    1 + tree["children"].as_array().into_iter().flatten().map(namespaces_in).sum::<usize>()
}

#[test]
fn defect_19_a_filter_chooses_among_the_processes_of_a_namespace() {
    require!(root);
    root("lsns -n -o PID -Q \"PID == $$\" $(inode /proc/self/ns/pid) | grep -x \" *$$\" >/dev/null && echo itself")
        .prints("itself\n");
    root("lsns -n -o PID -Q 'PID == 999999' $(inode /proc/self/ns/pid)").prints("");
}

#[test]
fn defect_20_an_empty_name_is_named() {
    require!(root);
    for (list, rest) in [("''", ""), ("NS,,TYPE", ",TYPE"), (",NS", ",NS"), ("+", "")] {
        root(format!("lsns -o {list}")).fails(1, &format!("lsns: unknown column: {rest}"));
    }
}

#[test]
fn defect_21_odd_characters_in_a_filter_are_refused() {
    require!(root);
    for filter in ["NS = 1", "1 === 1", "-1", "1;", ".5", "NS == 1 @", "TYPE == \"net"] {
        let outcome = root(format!("lsns -Q '{filter}'")).outcome();
        assert_eq!((outcome.status, &*outcome.stdout), (Status::Exit(1), ""), "{outcome}");
        let complaint = format!("lsns: failed to parse \"{filter}\": ");
        assert!(outcome.stderr.starts_with(&complaint) && outcome.stderr.lines().count() == 1, "{outcome}");
    }
}

#[test]
fn no_user_has_a_negative_number() {
    require!(root, setpriv);
    let line = "start setpriv --reuid 4294967294 --clear-groups unshare -U sh -c \"$stay\"; namespace=$(inode /proc/$!/ns/user)
        for filter in \"NS == $namespace\" 'UID > 70000'; do lsns -n -r -o UID,USER -Q \"$filter\"; done";
    root(line).prints("4294967294 4294967294\n4294967294 4294967294\n");
}

#[test]
fn a_filter_may_name_any_column_in_small_letters() {
    require!(root);
    root("lsns -n -r -l -o TYPE -Q 'netnsid == \"unassigned\"'").prints("net\n");
}

#[test]
fn a_namespace_below_another_mount_is_of_its_own_kind() {
    require!(root, unshare);
    // One that something else covers, one in a directory that something else covers.
    let setup = "mkdir covered; touch under over covered/file; unshare --uts=under true; unshare --net=over --ipc=covered/file true
        uts=$(inode under); ipc=$(inode covered/file); mount --bind over under; mount -t tmpfs tmpfs covered";
    root(format!("{setup}; lsns -n -r -P -o NS,TYPE,NSFS >list; grep -c \"^$uts uts /tmp/stage/under\\|^$ipc ipc /tmp/stage/covered/file\" list"))
        .prints("2\n");
    // Whatever there is to open, it is not asked in the place of what is covered.
    root(format!("{setup}; lsns -n -r -l -o ONS,NS,PNS >list; grep -c \"^0 $uts 0\\|^0 $ipc 0\" list")).prints("2\n");
}

#[test]
fn a_namespace_in_a_closed_directory_is_listed() {
    require!(root, unshare, setpriv);
    let setup =
        "mkdir closed; touch closed/file; unshare --net=closed/file true; chmod 700 closed; net=$(inode closed/file)";
    let lsns = "setpriv --reuid 4242 --clear-groups lsns -n -r -P -o NS,TYPE,NSFS";
    root(format!("{setup}; {lsns} | grep -xc \"$net net /tmp/stage/closed/file\"")).prints("1\n");
}

#[test]
fn a_process_whose_parent_is_secret_is_listed() {
    require!(root, unshare, setpriv);
    let setup = "start setpriv --reuid 4242 --clear-groups unshare -Ur sh -c \"$stay\"; user=$(inode /proc/$!/ns/user)
        : >secret; chmod 600 secret; mount --bind secret /proc/$!/stat";
    let lsns = "setpriv --reuid 4242 --clear-groups lsns -n -r -o NS,PPID,UID";
    root(format!("{setup}; {lsns} | grep -xc \"$user  4242\"")).prints("1\n");
}

#[test]
fn a_full_disk_is_told_whatever_the_format() {
    require!(root);
    for options in ["", "-J", "-r", "-H", "--help"] {
        root(format!("lsns {options} >/dev/full")).fails(1, "lsns: write error: No space left on device");
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    require!(root);
    // A pipe of which nobody has the other end any more.
    let pipe = "mkfifo pipe; exec 3<>pipe 4>pipe 3<&-; rm pipe";
    root(format!("{pipe}; lsns >&4; echo $?")).prints("141\n");
    for options in ["", "-J", "-r", "-H", "--help"] {
        root(format!("{pipe}; trap '' PIPE; lsns {options} >&4; echo $?")).prints("0\n");
    }
}
