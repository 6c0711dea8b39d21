//! Ours beside util-linux's: the same command lines on equal stages, with the same processes to enter (tests/support/targets.rs), as root and as an
//! ordinary user, must end, print and complain alike.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says loudly what is wrong")]

mod support;

use support::Status::Exit;
use support::User::{Nsuser, Root};
use support::Why::{Mended, Since};
use support::targets;
use support::{
    Comparison, Program, Scenario, Version, each_begins, each_has_a_scenario, options_in_help, oracle, ours, require,
};

/// The oldest util-linux whose nsenter does all that ours does.
const NEW: Version = (2, 42, 4);

/// The program with these arguments, beside the targets that they name.
const fn args(line: &'static str) -> Scenario {
    support::args(line).since(NEW)
}

/// A line of shell, beside the targets that it names.
const fn shell(line: &'static str) -> Scenario {
    support::shell(line).since(NEW)
}

/// What getopt, and the values of options, refuse; and what they let pass.
const USAGE: &[Scenario] = &[
    // Unknown options.
    args("--foo"),
    args("--foo=bar true"),
    args("-z"),
    args("-az true"),
    args("-é true"),
    args("-a- true"),
    args("-1 true"),
    args("--All true"),
    args("--foo -t x"),
    shell("/tmp/bin/nsenter --foo"),
    shell("/tmp/bin/nsenter -z"),
    shell("ln -s /tmp/bin/nsenter mine; ./mine --foo; ./mine -a true; PATH=. mine -S x"),
    // An argument that is missing or too much.
    args("-t"),
    args("-N"),
    args("-S"),
    args("-G"),
    args("-at"),
    args("--target"),
    args("--net-socket"),
    args("--setuid"),
    args("--setgid"),
    args("--all=x true"),
    args("--user-parent=x true"),
    args("--preserve-credentials=x true"),
    args("--keep-caps=x true"),
    args("--env=x true"),
    args("--no-fork=x true"),
    args("--join-cgroup=x true"),
    args("--follow-context=x true"),
    args("--help=x"),
    args("--version=x"),
    // Abbreviations.
    args("--m true"),
    args("--mou=nosuch true"),
    args("--u true"),
    args("--ut=nosuch true"),
    args("--us true"),
    args("--use=nosuch true"),
    args("--user- true"),
    args("--i=nosuch true"),
    args("--n true"),
    args("--ne true"),
    args("--net=nosuch true"),
    args("--net- x true"),
    args("--no true"),
    args("--p true"),
    args("--pi=nosuch true"),
    args("--pr true"),
    args("--c=nosuch true"),
    args("--t true"),
    args("--ta x true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument 'x': Invalid argument\n",
    ),
    args("--ti=nosuch true"),
    args("--s true"),
    args("--set 5 true"),
    args("--setu x true"),
    args("--setg x true"),
    args("--r=nosuch true"),
    args("--w true"),
    args("--wd=nosuch true"),
    args("--wdn=nosuch true"),
    args("--e true"),
    args("--f true"),
    args("--j true").ours(Mended(2), Exit(1), "", "nsenter: neither filename nor target pid supplied for cgroup\n"),
    args("--k true"),
    args("--a true"),
    // Nothing to enter.
    args(""),
    args("true"),
    args("nosuchprogram"),
    args("--"),
    args("-t 1 true"),
    args("-r/ true"),
    args("-w/ true"),
    args("-W/ true"),
    args("-S 0 true"),
    args("-G 0 true"),
    args("-F true"),
    args("--preserve-credentials true"),
    args("--keep-caps true"),
    args("-t 100 -r true"),
    args("-t 100 -w true"),
    args("-t 100 -W true"),
    args("-t 100 -e true"),
    args("-t 100 -c true").only(Root).ours(Mended(2), Exit(1), "", "nsenter: no namespace specified\n"),
    args("-t 100 -c true").only(Nsuser).ours(
        Mended(2),
        Exit(1),
        "",
        "nsenter: cannot open /sys/fs/cgroup/unified/cgroup.procs: Permission denied\n",
    ),
    args("-t 100 -S 0 -G 0 true"),
    args("-t 100 -N -1 true"),
    // No target.
    args("-m true"),
    args("-muin true"),
    args("-u -i -n true"),
    args("-a true"),
    args("-U true"),
    args("-N 3 true"),
    args("--user-parent true"),
    args("-r -u true"),
    args("-w -u true"),
    args("-r true"),
    args("-w true"),
    args("-e true"),
    args("-c true").ours(Mended(2), Exit(1), "", "nsenter: neither filename nor target pid supplied for cgroup\n"),
    args("-Z true"),
    args("-r -u/proc/self/ns/uts true"),
    args("-w -u/proc/self/ns/uts true"),
    args("-e -u/proc/self/ns/uts true"),
    args("-c -u/proc/self/ns/uts true").ours(
        Mended(2),
        Exit(1),
        "",
        "nsenter: neither filename nor target pid supplied for cgroup\n",
    ),
    args("-S follow -u/proc/self/ns/uts true"),
    args("-G follow -u/proc/self/ns/uts true"),
    // Targets good for nothing.
    args("-t abc -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument 'abc': Invalid argument\n",
    ),
    args("-t '' -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '': Invalid argument\n",
    ),
    args("-t 0 -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '0': Numerical result out of range\n",
    ),
    args("-t -1 -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '-1': Numerical result out of range\n",
    ),
    args("-t 0x1 -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '0x1': Invalid argument\n",
    ),
    args("-t 1x -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '1x': Invalid argument\n",
    ),
    args("-t '1 ' -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '1 ': Invalid argument\n",
    ),
    args("-t 1. -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '1.': Invalid argument\n",
    ),
    args("-t 2147483648 -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '2147483648': Numerical result out of range\n",
    ),
    args("-t 99999999999999999999 -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '99999999999999999999': Numerical result out of range\n",
    ),
    args("-t 1: -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '1:': Invalid argument\n",
    ),
    args("-t :1 -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument ':1': Invalid argument\n",
    ),
    args("-t : -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument ':': Invalid argument\n",
    ),
    args("-t 1:x -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '1:x': Invalid argument\n",
    ),
    args("-t x:1 -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument 'x:1': Invalid argument\n",
    ),
    args("-t 1:0 -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '1:0': Numerical result out of range\n",
    ),
    args("-t 1:1 -u true"),
    args("-t 1:-1 -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '1:-1': Numerical result out of range\n",
    ),
    args("-t 1:1:1 -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '1:1:1': Invalid argument\n",
    ),
    args("-t 1:99999999999999999999 -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '1:99999999999999999999': Numerical result out of range\n",
    ),
    args("-t 99999:1 -u true"),
    args("-t=1 -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '=1': Invalid argument\n",
    ),
    args("-t 1 -t 1 -u true").ours(Since("2.43"), Exit(1), "", "nsenter: option --target may be given only once\n"),
    args("-t 1 --target=2 -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: option --target may be given only once\n",
    ),
    args("--target= -u true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument '': Invalid argument\n",
    ),
    args("-t ' 100' -u whose"),
    args("-t +100 -u whose"),
    args("-t 0100 -u whose"),
    args("-t100 -u whose"),
    args("--target=100 -u whose"),
    args("-t 100 -t x -u true").ours(Since("2.43"), Exit(1), "", "nsenter: option --target may be given only once\n"),
    // Credentials and sockets good for nothing.
    args("-S x -u true"),
    args("-S nobody -u true"),
    args("-S -1 -u true"),
    args("-S 4294967296 -u true").ours(
        Mended(9),
        Exit(1),
        "",
        "nsenter: failed to parse uid: '4294967296': Numerical result out of range\n",
    ),
    args("-S '' -u true"),
    args("-S=5 -u true"),
    args("-S follows -u true"),
    args("--setuid=Follow -u true"),
    args("-G x -u true"),
    args("-G -1 -u true"),
    args("-G 4294967296 -u true").ours(
        Mended(9),
        Exit(1),
        "",
        "nsenter: failed to parse gid: '4294967296': Numerical result out of range\n",
    ),
    args("-G=follow -u true"),
    args("-N x true"),
    args("-N '' true"),
    args("-N 1x true"),
    args("-N 99999999999 true"),
    args("-w/ -W/ true"),
    args("-W/ -w/ true"),
    args("-t 100 -w -W -u true"),
    args("-t 100 -W -w -u true"),
    // The first one met is the one complained about.
    args("-t x --foo true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument 'x': Invalid argument\n",
    ),
    args("--foo -t x true"),
    args("-S x -t y true"),
    args("-t y -S x true").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument 'y': Invalid argument\n",
    ),
    args("-u -m/nosuch true"),
    args("-m/nosuch -u true"),
    args("-m/nosuch -t x true"),
    args("-t x --help").ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: failed to parse PID argument 'x': Invalid argument\n",
    ),
    // Where options end.
    args("-t 100 -u echo -u --foo"),
    args("-t 100 -u -- echo -- -r"),
    args("-t 100 -u -- --foo"),
    args("-t 100 -u - true"),
    args("-t 100 -u '' true"),
    args("echo -t 100 -u"),
    shell("POSIXLY_CORRECT=1 nsenter -t 100 -u echo -m"),
];

/// Optional arguments, which are attached or not there.
const ATTACHED: &[Scenario] = &[
    args("-u/proc/100/ns/uts whose"),
    args("-u=/proc/100/ns/uts whose"),
    args("-u==/proc/100/ns/uts whose"),
    args("--uts=/proc/100/ns/uts whose"),
    args("--uts==/proc/100/ns/uts whose"),
    args("--uts /proc/100/ns/uts whose"),
    args("--uts= -t 100 whose"),
    args("-u= -t 100 whose"),
    args("-u /proc/100/ns/uts true"),
    args("-t 100 -muin true"),
    args("-t 100 -um true"),
    args("-t 100 -am whose"),
    args("-t 100 -aF whose"),
    args("-t 100 -aFe true"),
    args("-at 100 whose"),
    args("-at100 whose"),
    args("-t 100 -Fp true"),
    args("-t 100 -FFp whose"),
    args("-t 100 -pF true"),
    args("-t 100 -eu true"),
    args("-t 100 -u -W/tmp pwd"),
    args("-t 100 -u -W=/tmp pwd"),
    args("-t 100 -u -W /tmp pwd"),
    args("-t 100 -u --wdns=/tmp pwd"),
    args("-t 100 -u --wdns /tmp pwd"),
    args("-t 100 -u -w/tmp pwd"),
    args("-t 100 -u -w=/tmp pwd"),
    args("-t 100 -u -w /tmp pwd"),
    args("-t 100 -u --wd=/tmp pwd"),
    args("-t 100 -u -r/ pwd"),
    args("-t 100 -u -r=/ pwd"),
    args("-t 100 -u --root=/ pwd"),
    args("-t 100 -u --root==/ pwd"),
    args("-t 100 -u -r= pwd"),
    args("-t 100 -u/proc/500/ns/uts whose"),
    args("-u/proc/500/ns/uts -t 100 whose"),
    args("-u/proc/500/ns/uts -u/proc/100/ns/uts whose"),
    args("-t 100 -u/proc/500/ns/uts -u whose"),
    args("-t 100 -u -i -n whose"),
    args("-t 100 -a -u/proc/500/ns/uts whose"),
    args("-t 100 -u/proc/500/ns/uts -a whose"),
];

/// One kind, and several.
const KINDS: &[Scenario] = &[
    args("-t 100 -m whose"),
    args("-t 100 -u whose"),
    args("-t 100 -i whose"),
    args("-t 100 -n whose"),
    args("-t 100 -p whose"),
    args("-t 100 -C whose"),
    args("-t 100 -T whose"),
    args("-t 100 -U whose"),
    args("--target 100 --mount whose"),
    args("--target 100 --uts whose"),
    args("--target 100 --ipc whose"),
    args("--target 100 --net whose"),
    args("--target 100 --pid whose"),
    args("--target 100 --cgroup whose"),
    args("--target 100 --time whose"),
    args("--target 100 --all whose"),
    args("--target 700 --user whose"),
    args("-t 100 -a whose"),
    args("-t 100 -m -u -i -n -p -C -T whose"),
    args("-t 100 -m -u whose"),
    args("-t 100 -p -n whose"),
    args("-t 100 -T -u whose"),
    args("-t 100 -u -u whose"),
    args("-t 100 -a -U true"),
    args("-t 300 -u whose"),
    args("-t 300 -a whose").only(Root),
    args("-t 300 -U true"),
    args("-t 350 -u true"),
    args("-t 350 -a whose").only(Root),
    args("-t 200 -a id").only(Root),
    args("-t 200 -a whose").only(Root),
    args("-t 200 -m -u -i -n -p -C -T whose").only(Root),
    args("-t 200 -u whose"),
    args("-t 199 -a --preserve-credentials whose").only(Root),
    args("-t 200 -U -u --preserve-credentials whose"),
    args("-t 200 -U -p --preserve-credentials whose"),
    args("-t 200 -U -m -u -i -n -p -C -T --preserve-credentials whose"),
    args("-t 200 -U --preserve-credentials id -u"),
    args("-t 500 -m -u whose"),
    args("-t 500 -a -r /bin/whose"),
    args("-t 600 -a whose").only(Root),
    args("-t 600 -U -u -n --preserve-credentials whose"),
    args("-t 600 -u -n whose"),
    args("-t 700 -U -n whose"),
    args("-t 700 -n whose"),
    args("-t 700 -a whose").only(Root),
    // The parent of a container has not its PID namespace.
    args("-t 99 -p whose"),
    args("-t 99 -a whose").only(Root),
    // By file.
    args("-m/proc/100/ns/mnt whose"),
    args("-i/proc/100/ns/ipc whose"),
    args("-n/proc/100/ns/net whose"),
    args("-p/proc/100/ns/pid whose"),
    args("-p/proc/99/ns/pid_for_children whose"),
    args("-C/proc/100/ns/cgroup whose"),
    args("-T/proc/100/ns/time whose"),
    args("-U/proc/700/ns/user whose"),
    args("-U/proc/200/ns/user --preserve-credentials whose"),
    args("-U/proc/200/ns/user -u/proc/200/ns/uts --preserve-credentials whose"),
    args("-u/proc/100/ns/uts -n/proc/200/ns/net -i/proc/500/ns/ipc whose"),
    args("-t 500 -u -n/proc/100/ns/net whose"),
    args("-m/proc/self/ns/mnt -u/proc/self/ns/uts whose"),
    args("-U/proc/self/ns/user true"),
    args("-p/proc/self/ns/pid whose"),
    args("-ufile true"),
    args("-u/nosuch true"),
    args("-udir true"),
    args("-u/dev/null true"),
    args("-u/proc/self/status true"),
    args("-u/proc/100/ns/net true"),
    args("-m/proc/100/ns/uts true"),
    args("-n/proc/100/ns/mnt true"),
    args("-p/proc/100/ns/user true"),
    args("-U/proc/100/ns/uts true"),
    args("-uloop true"),
    args("-ulocked/x true"),
    args("-ufile/x true"),
    args("-n=:x true"),
    args("-n=: true"),
    args("-n=:-1 true"),
    args("-n=:0x3 true"),
    args("-n=:99999999999999999999 true"),
    args("-n=:9999999999 true"),
    shell("touch file; unshare --uts=file true; nsenter --uts=file hostname").only(Root),
    shell("nsenter --uts=held whose").setup("touch held; mount --bind /proc/100/ns/uts held").only(Root),
    shell("nsenter --net=held --user=owner whose")
        .setup("touch held owner; mount --bind /proc/700/ns/net held; mount --bind /proc/700/ns/user owner")
        .only(Root),
    // What is seen inside.
    args("-t 100 -u hostname"),
    args("-t 200 -U -u --preserve-credentials hostname"),
    args("-t 100 -m cat dir/nosuch"),
    args("-t 100 -m busybox grep ' /tmp/stage/dir ' /proc/self/mounts").only(Root),
    args("-t 100 -p sh -c 'echo $$'"),
    args("-t 100 -p -F sh -c 'exec whose'"),
    args("-t 100 -p -F sh -c 'sh -c whose & wait $!'"),
    args("-t 100 -T cat /proc/self/timens_offsets"),
    args("-t 100 -T -F cat /proc/self/timens_offsets"),
    args("-t 100 -n grep -c : /proc/net/dev"),
    args("-t 100 -C cat /proc/self/cgroup"),
    args("-t 500 -m -r sh -c 'echo /proc/[0-9]*'"),
    args("-t 500 -m -p -r sh -c 'echo /proc/[0-9]*'"),
    args("-t 500 -p -m -r sh -c 'echo $$; busybox readlink /proc/self'"),
];

/// Processes that are not there any more, or nobody's business.
const GONE: &[Scenario] = &[
    args("-t 400 -u true"),
    args("-t 400 -a true"),
    args("-t 400 -U true"),
    args("-t 400 -p true"),
    args("-t 400 -m -r true"),
    args("-t 400 -u/proc/self/ns/uts -r true"),
    args("-t 400 -u/proc/self/ns/uts -w true"),
    args("-t 400 -u/proc/self/ns/uts -e true"),
    args("-t 400 --user-parent true"),
    args("-t 400 -N 0 true"),
    args("-t 99999 -m true"),
    args("-t 99999 -u true"),
    args("-t 99999 -a true"),
    args("-t 99999 -U true"),
    args("-t 99999 -u -m true"),
    args("-t 99999 -N 3 true"),
    args("-t 99999 --user-parent true"),
    args("-t 99999 -r -u true"),
    args("-t 99999 -w -u true"),
    args("-t 99999 -e -u true"),
    args("-t 99999 -u/proc/self/ns/uts -r true"),
    args("-t 99999 -u/proc/self/ns/uts -w true"),
    args("-t 99999 -u/proc/self/ns/uts -e true"),
    args("-t 99999 -u/proc/self/ns/uts -S follow true"),
    args("-t 99999 -u/proc/self/ns/uts true"),
    args("-t 400:1 -u true"),
    args("-t 100:1 -u true"),
    args("-t 100:1 -a true"),
    // A thread's number is no PID, and a PID of ours is one.
    shell("nsenter -t $$ -a whose").only(Root),
    shell("nsenter -t $$ -u whose"),
    // The owner of a process, who may not enter what others own.
    args("-t 350 -m true"),
    args("-t 350 -n true").only(Nsuser),
];

/// Sockets and owners.
const SOCKETS_AND_PARENTS: &[Scenario] = &[
    args("-t 100 -N 99 true"),
    args("-t 100 -N 0 true"),
    args("-t 100 -N 2 true"),
    args("-t 100 --net-socket=99 true"),
    args("-t 350 -N 0 true"),
    args("-t 100 -N -1 -u whose"),
    args("-t 100 -N 99 -n true"),
    args("-t 200 --user-parent whose"),
    args("-t 200 -n --user-parent whose").ours(Since("2.43"), Exit(0), "net:200 user:200\n", ""),
    args("-t 200 -u --user-parent --preserve-credentials whose").ours(Since("2.43"), Exit(0), "user:200 uts:200\n", ""),
    args("-t 200 -U --user-parent --preserve-credentials whose"),
    args("-t 600 --user-parent --preserve-credentials id -u"),
    args("-t 600 -U --user-parent --preserve-credentials id -u"),
    args("-t 600 -n --user-parent --preserve-credentials whose").ours(Since("2.43"), Exit(0), "net:600 user:600\n", ""),
    args("-t 600 -u -n --user-parent --preserve-credentials whose").ours(
        Since("2.43"),
        Exit(0),
        "net:600 user:600 uts:600\n",
        "",
    ),
    args("-t 100 -n --user-parent true").only(Root).ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: reassociate to namespace 'ns/user' failed: Invalid argument\n",
    ),
    args("-t 100 -n --user-parent true").only(Nsuser).ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: cannot open /proc/100/ns/net: Permission denied\n",
    ),
    args("-t 100 -u --user-parent true").only(Root).ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: reassociate to namespace 'ns/user' failed: Invalid argument\n",
    ),
    args("-t 100 -u --user-parent true").only(Nsuser).ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: cannot open /proc/100/ns/uts: Permission denied\n",
    ),
    args("-t 300 --user-parent true"),
    args("-t 300 -n --user-parent true").only(Root).ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: reassociate to namespace 'ns/user' failed: Invalid argument\n",
    ),
    args("-t 300 -n --user-parent true").only(Nsuser).ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: cannot open /proc/300/ns/net: Permission denied\n",
    ),
    args("-t 700 -n --user-parent whose").only(Root).ours(Since("2.43"), Exit(0), "net:700 user:700\n", ""),
    args("-t 700 -n --user-parent whose").only(Nsuser).ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: cannot open /proc/700/ns/net: Permission denied\n",
    ),
    args("-t 700 -n --user-parent -S 5 -G 6 id").only(Root).ours(Since("2.43"), Exit(0), "uid=5 gid=6 groups=6\n", ""),
    args("-t 700 -n --user-parent -S 5 -G 6 id").only(Nsuser).ours(
        Since("2.43"),
        Exit(1),
        "",
        "nsenter: cannot open /proc/700/ns/net: Permission denied\n",
    ),
    args("-n/proc/700/ns/net --user-parent whose"),
    args("-t 300 -n/proc/700/ns/net --user-parent whose").only(Root).ours(
        Since("2.43"),
        Exit(0),
        "net:700 user:700\n",
        "",
    ),
    args("-t 300 -n/proc/700/ns/net --user-parent whose").only(Nsuser),
    args("-t 300 -U/proc/600/ns/user --user-parent --preserve-credentials id -u"),
];

/// Who one is inside.
const CREDENTIALS: &[Scenario] = &[
    args("-t 200 -U id").only(Root),
    args("-t 200 -U grep -E '^(Uid|Gid|Groups)' /proc/self/status").only(Root),
    args("-t 700 -U id"),
    args("-t 700 -U -S 5 -G 6 id"),
    args("-t 700 -U -S 5 id"),
    args("-t 700 -U -G 6 id"),
    args("-t 700 -U -S 5000 id"),
    args("-t 700 -U -G 5000 id"),
    args("-t 700 -U --preserve-credentials id"),
    args("-t 700 -U --preserve-credentials -S 5 -G 6 id"),
    args("-t 700 -U -S 4294967295 true"),
    args("-t 700 -U -G 4294967295 true"),
    args("-t 700 -U -S follow -G follow id"),
    args("-t 700 -n -S 5 -G 6 id"),
    args("-t 100 -u -S 4242 id"),
    args("-t 100 -u -G 4242 id"),
    args("-t 100 -u -S 4242 -G 4242 id"),
    args("-t 100 -u --setuid=4242 --setgid=4242 --preserve-credentials id"),
    args("-t 100 -u -S 0 -G 0 id"),
    args("-t 500 -u -S follow -G follow id"),
    args("-t 500 -u -S follow id"),
    args("-t 500 -u -G follow id"),
    args("-t 500 -u --setuid=follow --setgid=follow -S 4242 id"),
    args("-t 500 -u -S 4242 -S follow id"),
    args("-t 500 -m -S follow -G follow -r busybox id -u"),
    args("-t 350 -u -S follow -G follow id"),
    args("-t 350 -S follow -u/proc/100/ns/uts id"),
    args("-t 200 -a -S follow -G follow id").only(Root),
    args("-t 200 -U --preserve-credentials -S 0 id"),
    shell("setpriv --groups 7,8 nsenter -t 100 -u id -G").only(Root),
    shell("setpriv --groups 7,8 nsenter -t 100 -u -S 4242 id -G").only(Root),
    shell("setpriv --groups 7,8 nsenter -t 100 -u -G 4242 id -G").only(Root),
    shell("setpriv --groups 7,8 nsenter -t 700 -U id -G").only(Root),
    shell("setpriv --groups 7,8 nsenter -t 700 -U --preserve-credentials id -G").only(Root),
    shell("setpriv --groups 7,8 nsenter -t 200 -U id -G").only(Root),
    shell("setpriv --reuid 4242 --regid 4242 --groups 7,8 nsenter -t 200 -U id -G").only(Root),
    shell("setpriv --reuid 4242 --regid 4242 --groups 7,8 nsenter -t 200 -U --preserve-credentials id -G").only(Root),
    // Capabilities.
    args("-t 700 -U caps"),
    args("-t 700 -U -S 5 caps"),
    args("-t 200 -U --preserve-credentials caps"),
    args("-t 100 -u caps"),
    args("-t 100 -u --keep-caps caps"),
    args("-t 100 -u -S 4242 caps"),
    args("-t 100 -u -S 4242 --keep-caps caps"),
    args("-t 700 -a --keep-caps -S 5 caps").only(Root),
    args("-t 200 -a --keep-caps caps").only(Root),
    shell("setpriv --bounding-set -sys_admin nsenter -t 100 -u true").only(Root),
    shell("setpriv --bounding-set -sys_ptrace nsenter -t 200 -U -u true").only(Root),
    shell("setpriv --bounding-set -setgid nsenter -t 100 -u -G 5 id").only(Root),
    shell("setpriv --bounding-set -setuid nsenter -t 100 -u -S 5 id").only(Root),
    shell("setpriv --bounding-set -sys_chroot nsenter -t 100 -u -r/tmp/root busybox true").only(Root),
    shell("setpriv --bounding-set -sys_chroot nsenter -t 100 -m true").only(Root),
];

/// Roots and working directories.
const DIRECTORIES: &[Scenario] = &[
    args("-t 100 -u pwd"),
    args("-t 100 -m pwd"),
    args("-t 100 -m -w pwd"),
    args("-t 100 -m -w/tmp pwd"),
    args("-t 100 -m -W/tmp/stage/dir pwd"),
    args("-t 100 -m -W sh -c pwd"),
    args("-t 100 -u -w pwd"),
    args("-t 100 -u -wdir pwd"),
    args("-t 100 -u -Wdir pwd"),
    args("-t 100 -m -wdir pwd"),
    args("-t 100 -m -Wdir pwd"),
    args("-t 100 -m -Wnosuch pwd"),
    args("-t 100 -u -Wnosuch pwd"),
    args("-t 100 -u -wnosuch pwd"),
    args("-t 100 -u -rnosuch pwd"),
    args("-t 100 -u -wfile pwd"),
    args("-t 100 -u -Wfile pwd"),
    args("-t 100 -u -rfile pwd"),
    args("-t 100 -u -wlocked pwd"),
    args("-t 100 -u -Wlocked pwd"),
    args("-t 100 -u -wloop pwd"),
    args("-t 100 -u -rloop pwd"),
    args("-t 100 -u -r/tmp/root -w/tmp/root/bin /bin/busybox pwd"),
    args("-t 100 -u -r/tmp/root -W/bin /bin/busybox pwd"),
    args("-t 100 -u -r/tmp/root -W/stage /bin/busybox pwd"),
    args("-t 100 -m -r/tmp/root -W/bin /bin/busybox pwd"),
    args("-t 100 -u -r pwd").only(Root).ours(Mended(14), Exit(0), "/\n", ""),
    args("-t 100 -u -r pwd").only(Nsuser),
    args("-t 100 -u -r/ pwd"),
    args("-t 100 -u -r -w pwd"),
    args("-t 500 -m -r -w busybox pwd"),
    args("-t 500 -m -r -W/bin busybox pwd"),
    args("-t 500 -m -r busybox ls /"),
    args("-t 500 -u -r -w busybox pwd"),
    args("-t 500 -m -r -w --setuid=follow busybox id -u"),
    args("-t 500 -m -w pwd"),
    args("-t 500 -m -r -w nosuch"),
    args("-t 500 -m -r cat"),
    args("-t 500 -u -w pwd"),
    args("--target=500 --mount --root --wd busybox pwd"),
    args("--target=500 --mount --root --wdns=/proc busybox pwd"),
    args("-t 200 -U -m --preserve-credentials pwd"),
    args("-t 200 -U -m --preserve-credentials -w pwd"),
    args("-t 200 -U -m --preserve-credentials -wdir pwd"),
    args("-t 200 -U -m --preserve-credentials -Wdir pwd"),
    args("-t 200 -U -u --preserve-credentials -r -w pwd"),
    args("-t 200 -U -m --preserve-credentials -r -w pwd"),
    args("-t 200 -U -m --preserve-credentials -r/tmp/root -W/bin /bin/busybox pwd"),
    // 14: the working directory may not be outside the root.
    args("-t 100 -u -r/tmp/root /bin/busybox pwd").only(Root).ours(Mended(14), Exit(0), "/\n", ""),
    args("-t 100 -m -r/tmp/root /bin/busybox pwd").only(Root).ours(Mended(14), Exit(0), "/\n", ""),
    args("-t 500 -m -r busybox pwd").only(Root).ours(Mended(14), Exit(0), "/\n", ""),
    args("-t 500 -u -r busybox pwd").only(Root).ours(Mended(14), Exit(0), "/\n", ""),
];

/// The target's environment, cgroup and SELinux context.
const SURROUNDINGS: &[Scenario] = &[
    args("-t 100 -u -e sh -c 'echo $WHO'"),
    args("-t 100 -u -e env"),
    args("-t 200 -U --preserve-credentials -e sh -c 'echo $WHO'"),
    args("-t 500 -m -r -e busybox env"),
    args("-t 500 -m -r --env busybox env"),
    args("-t 500 -u -e env"),
    args("-t 500 -u -e whose"),
    args("-t 350 -e -u/proc/self/ns/uts sh -c 'echo $WHO'"),
    shell("echo 'echo $0' | nsenter -t 100 -u -e"),
    shell("echo 'echo $0' | nsenter -t 500 -u -e"),
    args("-t 100 -u -Z whose"),
    args("-t 100 -u --follow-context true"),
    // 1 and 2: -c.
    shell("echo in | nsenter -t 300 -u -c cat")
        .setup("mkdir /tmp/cgroup; mount -t cgroup2 none /tmp/cgroup")
        .only(Root)
        .ours(Mended(1), Exit(0), "in\n", ""),
];

/// Which program runs, what is said when none does, and how it ends.
const EXEC: &[Scenario] = &[
    args("-t 100 -u true"),
    args("-t 100 -u false"),
    args("-t 100 -u sh -c 'exit 42'"),
    args("-t 100 -p sh -c 'exit 42'"),
    args("-t 100 -p sh -c 'exit 255'"),
    args("-t 100 -a sh -c 'exit 7'"),
    args("-t 100 -u sh -c 'kill -TERM $$'"),
    args("-t 100 -p sh -c 'kill -TERM $$'"),
    args("-t 100 -p sh -c 'kill -KILL $$'"),
    args("-t 100 -p sh -c 'kill -SEGV $$'"),
    args("-t 100 -p sh -c 'kill -34 $$'"),
    args("-t 100 -p -F sh -c 'kill -TERM $$'"),
    args("-t 200 -U -p --preserve-credentials sh -c 'exit 9'"),
    args("-t 200 -U -p --preserve-credentials sh -c 'kill -KILL $$'"),
    args("-t 100 -u nosuchprogram"),
    args("-t 100 -p nosuchprogram"),
    args("-t 100 -m -p nosuchprogram with --arguments"),
    args("-t 100 -u /no/such/program"),
    args("-t 100 -u ./nosuch"),
    args("-t 100 -u ./plain"),
    args("-t 100 -p ./plain"),
    args("-t 100 -u ./dir"),
    args("-t 100 -u ./noshebang a 'b c'"),
    args("-t 100 -p ./noshebang a 'b c'"),
    args("-t 100 -u ./nointerp"),
    args("-t 100 -u ./loop"),
    args("-t 100 -u ./file/below"),
    args("-t 100 -u ''"),
    args("-t 100 -u plain"),
    args("-t 100 -m ./noshebang"),
    args("-t 100 -u sh -c 'echo $#: $*' x 'a b' '' -u --foo"),
    shell("cd / && PATH=/tmp/stage /tmp/bin/nsenter -t 100 -u noshebang one"),
    shell("PATH=/tmp/stage /tmp/bin/nsenter -t 100 -u plain"),
    shell("env -u PATH /tmp/bin/nsenter -t 100 -u whose"),
    shell("env -i /tmp/bin/nsenter -t 100 -u env"),
    args("-t 100 -u"),
    args("-t 100 -p"),
    args("-t 500 -m -r"),
    shell("echo 'echo $0 $#' | nsenter -t 100 -u"),
    shell("echo 'echo $0 $#' | nsenter -t 100 -p --"),
    shell("echo 'exit 7' | nsenter -t 100 -a"),
    shell("echo 'echo $0' | SHELL=/bin/bash nsenter -t 100 -u"),
    shell("echo 'echo $0' | env -u SHELL nsenter -t 100 -u"),
    shell("echo 'echo $0' | SHELL= nsenter -t 500 -m -r"),
    shell("echo 'echo $0' | env -u SHELL nsenter -t 200 -U --preserve-credentials"),
    shell("SHELL=sh nsenter -t 100 -u"),
    shell("SHELL=/nosuch nsenter -t 100 -u"),
    // Descriptors and dispositions.
    args("-t 100 -u busybox ls /proc/self/fd"),
    args("-t 100 -a ls /proc/self/fd"),
    args("-t 100 -p -r -w ls /proc/self/fd"),
    args("-t 100 -u -W/tmp -e ls /proc/self/fd"),
    args("-t 200 -U --preserve-credentials ls /proc/self/fd"),
    shell("exec 7<file 8>new; nsenter -t 100 -p ls /proc/self/fd"),
    shell("nsenter -t 100 -a ls /proc/self/fd <&-"),
    shell("env --ignore-signal=PIPE,CHLD nsenter -t 100 -p grep ^SigIgn /proc/self/status"),
    shell("env --block-signal=USR1 nsenter -t 100 -p grep ^SigBlk /proc/self/status"),
    shell("exec env --ignore-signal=CHLD nsenter -t 100 -p sh -c 'exit 5'"),
    shell("nsenter -t 100 -u nosuch 2>&-; echo $?"),
    shell("nsenter -t 100 -p true 2>&- >&- <&-; echo $?"),
    shell("nsenter --help >/dev/full; echo $?"),
    shell("nsenter --version >&-; echo $?"),
    shell("yes | nsenter -t 100 -p head -n 1"),
];

/// What a mended defect changes, by the numbers of docs/compatibility.md.
const MENDED: &[Scenario] =
    &[
        args("-t 200 -a whose").only(Nsuser).ours(
            Mended(5),
            Exit(0),
            "cgroup:200 ipc:200 mnt:200 net:200 pid:200 time:200 user:200 uts:200\n",
            "",
        ),
        args("-t 350 -a whose").only(Nsuser).ours(Mended(5), Exit(0), "\n", ""),
        args("-t 600 -a whose").only(Nsuser).ours(Mended(5), Exit(0), "net:600 user:600 uts:600\n", ""),
        args("-t 200 -U whose").only(Nsuser).ours(Mended(6), Exit(0), "user:200\n", ""),
        args("-t 200 -U id -u").only(Nsuser).ours(Mended(6), Exit(0), "0\n", ""),
        args("-t 200 -U -m -u -i -n -p -C -T whose").only(Nsuser).ours(
            Mended(6),
            Exit(0),
            "cgroup:200 ipc:200 mnt:200 net:200 pid:200 time:200 user:200 uts:200\n",
            "",
        ),
        args("-t 700 -U --keep-caps -S 5 sh -c 'grep -c ^CapAmb:.0*$ /proc/self/status'").only(Root).ours(
            Mended(13),
            Exit(1),
            "0\n",
            "",
        ),
        args("--user=/proc/700/ns/user --keep-caps -S 5 sh -c 'grep -c ^CapAmb:.0*$ /proc/self/status'")
            .only(Root)
            .ours(Mended(13), Exit(1), "0\n", ""),
    ];

/// Every scenario.
const ALL: [&[Scenario]; 10] =
    [USAGE, ATTACHED, KINDS, GONE, SOCKETS_AND_PARENTS, CREDENTIALS, DIRECTORIES, SURROUNDINGS, EXEC, MENDED];

fn this() -> Program {
    ours("nsenter", env!("CARGO_BIN_EXE_rs-nsenter"))
}

fn compare(scenarios: &[Scenario]) {
    let scenarios: Vec<Scenario> = scenarios.iter().map(targets::beside).collect();
    Comparison::new(this(), oracle("nsenter").unwrap()).all(&scenarios).finish();
}

#[test]
fn usage() {
    require!(root, util_linux, unshare, setpriv, hostname);
    compare(USAGE);
}

#[test]
fn attached() {
    require!(root, util_linux, unshare, setpriv, hostname);
    compare(ATTACHED);
}

#[test]
fn kinds() {
    require!(root, util_linux, unshare, setpriv, hostname);
    compare(KINDS);
}

#[test]
fn gone() {
    require!(root, util_linux, unshare, setpriv, hostname);
    compare(GONE);
}

#[test]
fn sockets_and_parents() {
    require!(root, util_linux, unshare, setpriv, hostname);
    compare(SOCKETS_AND_PARENTS);
}

#[test]
fn credentials() {
    require!(root, util_linux, unshare, setpriv, hostname);
    compare(CREDENTIALS);
}

#[test]
fn directories() {
    require!(root, util_linux, unshare, setpriv, hostname);
    compare(DIRECTORIES);
}

#[test]
fn surroundings() {
    require!(root, util_linux, unshare, setpriv, hostname);
    compare(SURROUNDINGS);
}

#[test]
fn exec() {
    require!(root, util_linux, unshare, setpriv, hostname);
    compare(EXEC);
}

#[test]
fn mended() {
    require!(root, util_linux, unshare, setpriv, hostname);
    compare(MENDED);
}

/// Help and version are ours, but begin as util-linux's do.
#[test]
fn help_and_version() {
    require!(root, util_linux);
    let beginnings = [
        ("-h", "\nUsage:"),
        ("--help", "\nUsage:"),
        ("--h", "\nUsage:"),
        ("-ah nosuchprogram", "\nUsage:"),
        ("--help --foo", "\nUsage:"),
        ("--help -t x", "\nUsage:"),
        ("-V", "nsenter from "),
        ("--version", "nsenter from "),
        ("--ver", "nsenter from "),
        ("-V -h", "nsenter from "),
        ("-aFV true", "nsenter from "),
    ];
    each_begins(&[this(), oracle("nsenter").unwrap()], &beginnings);
}

/// Each option that util-linux's help shows has a scenario.
#[test]
fn every_option_has_a_scenario() {
    require!(util_linux);
    let mut options = options_in_help("nsenter");
    // Held by `help_and_version`.
    let tested_elsewhere = ["-h", "-V", "--help", "--version"];
    options.retain(|option| !tested_elsewhere.contains(&option.as_str()));
    each_has_a_scenario(&options, &ALL);
}
