//! Each kind of namespace, entered alone and with others: the link inside is the target's.

use crate::support::require;
use crate::{nsuser, root};

/// An option, and the link in /proc/PID/ns that it is about.
const KINDS: [(&str, &str); 7] =
    [("-C", "cgroup"), ("-i", "ipc"), ("-m", "mnt"), ("-n", "net"), ("-p", "pid"), ("-T", "time"), ("-u", "uts")];

/// A program in a chroot that is told to enter everything comes out of it, though it is in that mount namespace already.
#[test]
fn everything_leads_out_of_a_chroot() {
    require!(root);
    let line = "cp /tmp/bin/nsenter /tmp/root/bin/; mount --bind /proc /tmp/root/proc; >/tmp/root/inside\n\
        chroot /tmp/root /bin/nsenter -t 300 -a /bin/sh -c '[ -e /inside ] && echo inside; [ -e /tmp/stage ] && echo outside'";
    root(line).prints("outside\n");
}

#[test]
fn an_option_enters_one_namespace_and_no_other() {
    require!(root, unshare, setpriv, hostname);
    for (option, kind) in KINDS {
        root(format!("nsenter -t 100 {option} whose")).prints(&format!("{kind}:100\n"));
        root(format!("nsenter {option}/proc/100/ns/{kind} whose")).prints(&format!("{kind}:100\n"));
        root(format!("same 'readlink /proc/100/ns/{kind}' 'nsenter -t 100 {option} readlink /proc/self/ns/{kind}'"))
            .prints("same\n");
    }
    root("nsenter -t 700 -U whose").prints("user:700\n");
}

#[test]
fn an_ordinary_user_enters_its_own() {
    require!(root, unshare, setpriv, hostname);
    for (option, kind) in KINDS {
        let mut both = [format!("{kind}:200"), "user:200".to_owned()];
        both.sort();
        nsuser(format!("nsenter -t 200 -U {option} --preserve-credentials whose"))
            .prints(&format!("{}\n", both.join(" ")));
    }
}

#[test]
fn all_at_once() {
    require!(root, unshare, setpriv, hostname);
    let seven = "cgroup:100 ipc:100 mnt:100 net:100 pid:100 time:100 uts:100\n";
    root("nsenter -t 100 -a whose").prints(seven);
    root("nsenter -t 100 -C -i -m -n -p -T -u whose").prints(seven);
    let eight = "cgroup:200 ipc:200 mnt:200 net:200 pid:200 time:200 user:200 uts:200\n";
    root("nsenter -t 200 -a whose").prints(eight);
    nsuser("nsenter -t 200 -U -C -i -m -n -p -T -u --preserve-credentials whose").prints(eight);
    root("nsenter -t 500 -a -r -w whose").prints("mnt:500 pid:500 uts:500\n");
    root("nsenter -t 600 -a whose").prints("net:600 user:600 uts:600\n");
}

#[test]
fn the_last_file_and_the_target_may_be_mixed() {
    require!(root, unshare, setpriv, hostname);
    root("nsenter -t 100 -a -u/proc/500/ns/uts whose")
        .prints("cgroup:100 ipc:100 mnt:100 net:100 pid:100 time:100 uts:500\n");
}

#[test]
fn a_pid_namespace_is_entered_by_a_child() {
    require!(root, unshare, setpriv, hostname);
    root("nsenter -t 500 -p -m -r sh -c 'echo $$; busybox readlink /proc/self; echo /proc/[0-9]*'")
        .prints("2\n3\n/proc/1 /proc/2\n");
    // The stage's shell is 1000 then.
    root("nsenter -t 100 -u sh -c 'echo $PPID'; echo $$").prints("1000\n1000\n");
}

#[test]
fn without_fork_only_the_children_are_in_the_pid_namespace() {
    require!(root, unshare, setpriv, hostname);
    root("nsenter -t 100 -p -F sh -c 'whose; whose'").prints("pid:100\npid:100\n");
    root("nsenter -t 100 -p -F sh -c 'exec whose'").after("").prints("\n");
}

#[test]
fn the_insides_are_the_targets() {
    require!(root, unshare, setpriv, hostname);
    root("nsenter -t 100 -u hostname").prints("container\n");
    root("nsenter -t 100 -u hostname changed; nsenter -u/proc/100/ns/uts hostname").prints("changed\n");
    root("nsenter -t 100 -T tail -n 1 /proc/self/timens_offsets").prints("boottime          500         0\n");
    root("nsenter -t 100 -n sh -c 'wc -l </proc/net/dev'").prints("3\n");
    root("nsenter -t 100 -m sh -c '>/tmp/stage/dir/mark'; ls dir; ls /proc/100/root/tmp/stage/dir").prints("mark\n");
}

#[test]
fn kept_namespaces() {
    require!(root, unshare);
    root("nsenter --uts=held --net=held2 whose")
        .after("touch held held2; mount --bind /proc/100/ns/uts held; mount --bind /proc/700/ns/net held2")
        .prints("net:700 uts:100\n");
    root("touch held; unshare --uts=held hostname kept; nsenter --uts=held hostname").prints("kept\n");
}

#[test]
fn namespaces_of_ip_netns() {
    require!(root, ip);
    root("same 'stat -Lc %i /run/netns/made' 'nsenter --net=/run/netns/made stat -Lc %i /proc/self/ns/net'")
        .after("mount -t tmpfs none /run; ip netns add made")
        .prints("same\n");
}

#[test]
fn the_parent_of_a_user_namespace() {
    require!(root, unshare, setpriv);
    // The user namespace between the target's and ours is nobody's.
    root("nsenter -t 600 --user-parent --preserve-credentials whose").prints("user:?\n");
}

#[test]
fn the_network_of_a_socket() {
    require!(root, unshare, perl);
    // A process of the stage's network with a socket of another, as descriptor 9.
    let holder = "perl -MSocket -MPOSIX -e '
        open(my $net, \"<\", \"/proc/700/ns/net\"); syscall(308, fileno($net), 0x40000000) == 0 or die $!;
        socket(my $s, AF_UNIX, SOCK_STREAM, 0); dup2(fileno($s), 9) or die $!;
        open(my $back, \"<\", \"/proc/1/ns/net\"); syscall(308, fileno($back), 0x40000000) == 0 or die $!;
        $| = 1; print \"up\\n\"; open(my $never, \"+<\", \"/tmp/stage/never\"); <$never>'";
    root(format!("start {holder}; nsenter -t $! -N 9 whose; nsenter -t $! -n whose; kill $!; finish"))
        .prints("net:700\n\n143\n");
}
