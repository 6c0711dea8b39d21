//! Namespaces by their numbers as lsns shows them, and processes by a namespace that they are in. Ours alone.

use crate::support::{Line, require};
use crate::{nsuser, root};

/// An option, and the link in /proc/PID/ns that it is about.
const KINDS: [(&str, &str); 7] =
    [("-C", "cgroup"), ("-i", "ipc"), ("-m", "mnt"), ("-n", "net"), ("-p", "pid"), ("-T", "time"), ("-u", "uts")];

/// The line may call `inode FILE`, which prints the number of a namespace.
fn with_inode(by: fn(String) -> Line, line: &str) -> Line {
    by(format!("inode() {{ stat -L -c %i $1; }}; {line}"))
}

#[test]
fn a_namespace_of_a_process() {
    require!(root, unshare, setpriv, hostname);
    for (option, kind) in KINDS {
        with_inode(root, &format!("nsenter {option}=@$(inode /proc/100/ns/{kind}) whose"))
            .prints(&format!("{kind}:100\n"));
    }
    with_inode(root, "nsenter --user=@$(inode /proc/700/ns/user) whose").prints("user:700\n");
    with_inode(nsuser, "nsenter -t 200 -U -u@$(inode /proc/200/ns/uts) --preserve-credentials whose")
        .prints("user:200 uts:200\n");
    // Nobody but the children of 99 is in it.
    with_inode(root, "nsenter -p@$(inode /proc/99/ns/pid_for_children) whose").prints("pid:100\n");
}

#[test]
fn a_namespace_that_nothing_but_a_mount_keeps() {
    require!(root, unshare, hostname);
    let kept = "touch kept; unshare --uts=kept hostname kept";
    with_inode(root, "nsenter -u=@$(inode kept) hostname").after(kept).prints("kept\n");
    with_inode(root, "nsenter -u=@$(inode kept) hostname; umount kept; nsenter -u=@$(cat number) hostname 2>&1 | head -n 1 | tr -d 0-9")
        .after(&format!("{kept}; stat -L -c %i kept >number"))
        .prints("kept\nnsenter: cannot open namespace : No such file or directory\n");
}

/// Who cannot look has not found out that there is none.
#[test]
fn a_search_without_descriptors_says_so() {
    require!(root);
    for descriptors in 3..=5 {
        root(format!("ulimit -n {descriptors}; exec nsenter -n=@1 true 3<&- 4<&-"))
            .fails(1, "nsenter: cannot open namespace 1: Too many open files");
    }
}

/// A process whose mount namespace alone has a UTS namespace mounted, with the number `$there`.
fn elsewhere(depth: u8) -> String {
    let kept = "unshare --uts=place hostname elsewhere";
    let kept = match depth {
        1 => kept.to_owned(),
        // Whose mount namespace is mounted itself, and has no process.
        _ => format!(
            "mount -t tmpfs tmpfs dir; touch dir/mounts; unshare --mount=dir/mounts sh -c \"{kept}; cat /proc/self/mountinfo >table\""
        ),
    };
    let table = if depth == 1 { "/proc/$!/mountinfo" } else { "table" };
    format!(
        "touch place; start unshare -m sh -c '{kept}; echo up; exec >&-; read -r line <>never'
        there=$(sed -n 's/.* uts:.\\([0-9]*\\). .*/\\1/p' {table})"
    )
}

#[test]
fn a_namespace_that_is_mounted_in_another_mount_namespace_alone() {
    require!(root, unshare, hostname);
    for depth in [1, 2] {
        root(format!("{}; nsenter -u=@$there hostname; kill -KILL $!", elsewhere(depth))).prints("elsewhere\n");
    }
}

#[test]
fn a_namespace_that_only_a_thread_is_in() {
    require!(root, cc, unshare);
    let hold = format!("cc -pthread -x c -o hold - <<'END'\n{}\nEND\n", include_str!("../support/hold.c"));
    root(format!(
        "{hold}touch n; unshare --net=n true; it=$(stat -L -c %i n); start ./hold thread=n; umount n
        nsenter -n@$it readlink /proc/self/ns/net | grep -c $it; kill -KILL $!"
    ))
    .prints("1\n");
}

/// A process that holds, by descriptor 9 alone, a namespace with the number in the file `number`.
const HOLDER: &str = "touch kept; unshare --uts=kept hostname held; stat -L -c %i kept >number
    mkfifo up; sh -c 'exec 9<kept; echo up >up; read -r line <>never' & read -r word <up; umount -l kept";

#[test]
fn a_namespace_that_nothing_but_a_descriptor_keeps() {
    require!(root, unshare, hostname);
    root("nsenter -u=@$(cat number) hostname").after(HOLDER).prints("held\n");
    // Without the right to look at it, it is not there.
    let outcome = nsuser("nsenter -u=@$(cat number) hostname").after(HOLDER).outcome();
    assert!(outcome.stderr.contains(": No such file or directory\n"), "{outcome}");
}

/// A socket made in a network namespace that its process has left.
const SOCKET: &str = r#"mkfifo up; unshare -n perl -e '
    use Socket; open(my $own, "<", "/proc/self/ns/net"); open(my $first, "<", "/proc/1/ns/net");
    open(my $number, ">", "number"); print $number ((stat $own)[1]); close $number; close $own;
    socket(my $socket, AF_UNIX, SOCK_STREAM, 0) or die; syscall(308, fileno $first, 0) == 0 or die "setns: $!";
    close $first; open(my $up, ">", "up"); print $up "up\n"; close $up; open(my $never, "+<", "never"); <$never>' &
    read -r word <up"#;

#[test]
fn a_network_that_nothing_but_a_socket_keeps() {
    require!(root, unshare, perl);
    root("nsenter -n=@$(cat number) readlink /proc/self/ns/net; echo net:[$(cat number)]")
        .after(SOCKET)
        .outcome()
        .stdout
        .lines()
        .reduce(|entered, sought| {
            assert_eq!(entered, sought);
            sought
        })
        .expect("two lines");
}

/// The user namespace around that of 600 has no process.
#[test]
fn a_namespace_that_nothing_but_one_below_keeps() {
    require!(root, unshare, setpriv);
    let number =
        "number=$(nsenter -t 600 --user-parent readlink /proc/self/ns/user); number=${number#*[}; number=${number%]}";
    root(format!(
        "{number}; nsenter -U@$number readlink /proc/self/ns/user | grep -c :.$number; nsenter -t 600 -U@$number whose"
    ))
    .prints("1\nuser:?\n");
}

#[test]
fn the_first_process_in_a_namespace() {
    require!(root, unshare, setpriv, hostname);
    for (option, kind) in KINDS {
        with_inode(root, &format!("nsenter -t @$(inode /proc/100/ns/{kind}) {option} whose"))
            .prints(&format!("{kind}:100\n"));
    }
    with_inode(root, "nsenter --target=@$(inode /proc/100/ns/pid) -a whose")
        .prints("cgroup:100 ipc:100 mnt:100 net:100 pid:100 time:100 uts:100\n");
    with_inode(nsuser, "nsenter -t@$(inode /proc/200/ns/pid) -a whose")
        .prints("cgroup:200 ipc:200 mnt:200 net:200 pid:200 time:200 user:200 uts:200\n");
    // 99 is in it as well, and comes first: it has another pid namespace.
    with_inode(root, "nsenter -t @$(inode /proc/100/ns/uts) -u -p whose").prints("uts:100\n");
}

/// What the number is of, if no process is in it.
#[test]
fn namespace_without_process() {
    require!(root, unshare, hostname);
    let line =
        root("n=$(cat number); nsenter -t @$n -u hostname 2>said; status=$?; sed s/$n/N/ said >&2; exit $status")
            .after(HOLDER);
    line.is_explained(
        "no process found in namespace N",
        &[
            "no process is in this uts namespace: something else keeps it",
            "enter it alone: --uts=@N, in the place of --target",
        ],
    );
}

#[test]
fn inode_not_found() {
    require!(root);
    let hints = [
        "no process, mount, descriptor or socket that you may look at shows a namespace with the number 7",
        "it has ended, or it is hidden from you",
    ];
    root("nsenter -t @7 -u true").is_explained("no process found in namespace 7", &hints);
    root("nsenter -u@7 true").is_explained("cannot open namespace 7: No such file or directory", &hints);
}

/// A file whose name only looks like a number's.
#[test]
fn other_names_are_files() {
    require!(root, unshare, hostname);
    root("ln -s /proc/100/ns/uts @x; ln -s /proc/100/ns/uts @12; nsenter -u@x hostname; nsenter -u./@12 hostname")
        .prints("container\ncontainer\n");
    with_inode(root, "nsenter -n@$(inode /proc/100/ns/uts) true 2>&1 | head -n 1")
        .prints("nsenter: reassociate to namespace 'ns/net' failed: Invalid argument\n");
}

#[test]
fn a_network_that_has_a_name() {
    require!(root, unshare, hostname);
    let named = "mount -t tmpfs tmpfs /run; mkdir /run/netns; touch /run/netns/blue; mount --bind /proc/100/ns/net /run/netns/blue";
    root("nsenter -t netns:blue whose").after(named).prints("net:100\n");
    root("nsenter -t netns:blue -n -u/proc/100/ns/uts whose").after(named).prints("net:100 uts:100\n");
    root("nsenter -t netns:blue -n/proc/500/ns/net whose").after(named).prints("\n");
    root("nsenter -t netns:red true")
        .after(named)
        .fails(1, "nsenter: cannot open /run/netns/red: No such file or directory");
    root("nsenter -t netns:blue -u true").after(named).fails(1, "nsenter: no target PID specified");
    root("nsenter -t netns:../blue true")
        .after(named)
        .fails(1, "nsenter: failed to parse PID argument 'netns:../blue': Invalid argument");
}
