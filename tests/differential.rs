//! Ours beside util-linux's: the same command lines on equal stages, as root and as an ordinary user, must end, print and complain alike.
//!
//! `NS_ORACLE` and `NS_OURS` choose the programs (tests/support/mod.rs). `NS_SEED=n` chooses the random command lines and `NS_LINES=n` their number.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test says loudly what is wrong"
)]

mod support;

use std::env;

use support::Status::{Exit, Signal};
use support::User::{Nsuser, Root};
use support::Why::{Mended, OnPurpose, Since};
use support::random::Random;
use support::scenario::words;
use support::{
    Comparison, Program, Scenario, User, Version, args, each_begins, each_has_a_scenario, options_in_help, oracle,
    ours, require, shell, skip, test_name,
};

/// The oldest util-linux whose namespaces tools do all that ours do, but for two options of 2.43.
const NEW: Version = (2, 42, 4);

/// What getopt, and the values of options, refuse; and what they let pass.
const USAGE: &[Scenario] = &[
    // Unknown options.
    args("--foo"),
    args("--foo=bar true"),
    args("-z"),
    args("-zu true"),
    args("-uz true"),
    args("-é true"),
    args("-m/file true"),
    args("-m=file true"),
    args("-un=x true"),
    args("-r0 true"),
    args("-f- true"),
    args("-u-- true"),
    args("--Fork true"),
    args("---fork true"),
    args("-1 true"),
    args("--foo --bar"),
    args("-r --foo true"),
    shell("/tmp/bin/unshare --foo"),
    shell("/tmp/bin/unshare -z"),
    shell("cd /tmp && bin/unshare --owner").since(NEW),
    shell("ln -s /tmp/bin/unshare mine; ./mine --foo; ./mine nosuchprogram; PATH=. mine -S x"),
    // An argument that is missing or too much.
    args("-S"),
    args("-G"),
    args("-R"),
    args("-w"),
    args("-l").since(NEW),
    args("-uS"),
    args("--setuid"),
    args("--setgid"),
    args("--root"),
    args("--wd"),
    args("--load-interp").since(NEW),
    args("--owner").since(NEW),
    args("--map-user"),
    args("--map-group"),
    args("--map-users"),
    args("--map-groups"),
    args("--propagation"),
    args("--setgroups"),
    args("--monotonic"),
    args("--boottime"),
    args("--fork=yes true"),
    args("--fork= true"),
    args("--map-root-user=0 true"),
    args("--map-current-user=1 true"),
    args("--map-auto=x true"),
    args("--map-subids=1 true").since(NEW),
    args("--keep-caps=x true"),
    args("--help=x"),
    args("--version=x"),
    // Abbreviations.
    args("--m true").since(NEW),
    args("--mou true").since(NEW),
    args("--mo true").since(NEW),
    args("--mount- true").since(NEW),
    args("--map true").since(NEW),
    args("--map-u true").since(NEW),
    args("--map-g true"),
    args("--ma=x true").since(NEW),
    args("--p true"),
    args("--se true"),
    args("--set=x true"),
    args("--setu x true"),
    args("--u true"),
    args("--k true"),
    args("--f true").since(NEW),
    args("--us=x=y true"),
    args("--map-r id -u"),
    args("--map-c id -u"),
    args("--fork --user --map-root- id -u"),
    args("--us ns"),
    args("--user- 5 true"),
    args("--net- 5 true"),
    args("--ut ns"),
    args("--i ns"),
    args("--n ns"),
    args("--t ns"),
    args("--pi --fo ns").since(NEW),
    args("--cg ns"),
    args("--r root true"),
    args("--ro=root /bin/true"),
    args("--wd=dir pwd"),
    args("--prop=private true"),
    args("--mount-p=dir true").since(NEW),
    args("--mon 5 true").since(NEW),
    args("--b=5 true").since(NEW),
    args("--kil true"),
    args("--ke true"),
    args("--setg bad true"),
    args("--setgr=deny true"),
    args("--o 1 true").since(NEW),
    // Where options end.
    args("echo -u --foo"),
    args("-u -- echo -- -r"),
    args("-- --foo"),
    args("--"),
    args("-- -r"),
    args("-"),
    args("-r - true"),
    args("'' -r"),
    args("-f echo --help"),
    shell("POSIXLY_CORRECT=1 unshare echo -u"),
    // Values, good for nothing even where nobody would use them.
    args("-S nobody true"),
    args("-S root true"),
    args("-S -1 true").since(NEW),
    args("-S 4294967295 true").since(NEW),
    args("-S 4294967296 true").ours(
        Mended(9),
        Exit(1),
        "",
        "unshare: failed to parse uid: '4294967296': Numerical result out of range\n",
    ),
    args("-S 99999999999999999999 true"),
    args("-S '' true"),
    args("-S ' 5' true").since(NEW),
    args("-S '5 ' true"),
    args("-S +0 id -u").since(NEW),
    args("-S 0x10 true"),
    args("-S 010 id -u").since(NEW),
    args("-S 1.5 true"),
    args("-S=5 true"),
    args("-S5x true"),
    args("--setuid=- true"),
    args("-G nogroup true"),
    args("-G -1 true").since(NEW),
    args("-G 4294967295 true").since(NEW),
    args("-G 4294967296 true").ours(
        Mended(9),
        Exit(1),
        "",
        "unshare: failed to parse gid: '4294967296': Numerical result out of range\n",
    ),
    args("-G '' true"),
    args("-G 5,6 true"),
    args("-S x -G y true"),
    args("-G y -S x true"),
    args("--map-user=nosuchuser true").since(NEW),
    args("--map-user= true").since(NEW),
    args("--map-user=-5 true").since(NEW),
    args("--map-user=4294967295 true").since(NEW),
    args("--map-user=0x5 true").since(NEW),
    args("--map-group=nosuchgroup true").since(NEW),
    args("--map-group= true").since(NEW),
    args("--map-group=4294967296 true").since(NEW),
    args("--map-user=x --map-group=y true").since(NEW),
    args("--map-users=x true").since(NEW),
    args("--map-users= true").since(NEW),
    args("--map-users=1:2 true").since(NEW),
    args("--map-users=1:2:3:4 true").since(NEW),
    args("--map-users=1,2:3 true").since(NEW),
    args("--map-users=ALL true").since(NEW),
    args("--map-users=auto: true").since(NEW),
    args("--map-users=0x1:2:3 true").since(NEW),
    args("--map-users=::: true").since(NEW),
    args("--map-groups=x true").since(NEW),
    args("--map-groups=1,2 true").since(NEW),
    args("--map-groups=subid true").since(NEW),
    args("--owner=root:root true").since(NEW),
    args("--owner= true").since(NEW),
    args("--owner=: true").since(NEW),
    args("--owner=1: true").since(NEW),
    args("--owner=:1 true").since(NEW),
    args("--owner=1:2: true").since(NEW),
    args("--owner=1.2 true").since(NEW),
    args("--setgroups=maybe true"),
    args("--setgroups= true"),
    args("--setgroups=DENY true"),
    args("--setgroups deny true"),
    args("--setgroups allow true"),
    args("--propagation=loud true"),
    args("--propagation=priv true"),
    args("--propagation= true"),
    args("--propagation PRIVATE true"),
    args("--propagation=shared true"),
    args("--propagation=shared,slave true"),
    args("--kill-child=FOO true"),
    args("--kill-child= true"),
    args("--kill-child=SIG true"),
    args("--kill-child=SIGSIGKILL true"),
    args("--kill-child=RTMIN-1 true"),
    args("--kill-child=RTMIN+99 true"),
    args("--kill-child=0 true"),
    args("--kill-child=-9 true"),
    args("--kill-child=65 true"),
    args("--monotonic=x true"),
    args("--monotonic= true"),
    args("--monotonic=1.5 true"),
    args("--monotonic=5s true"),
    args("--monotonic=0x5 true"),
    args("--monotonic=9223372036854775808 true").since(NEW),
    args("--monotonic=-9223372036854775809 true").since(NEW),
    args("--boottime=x true"),
    args("--boottime= true"),
    args("--boottime=99999999999999999999 true"),
    args("--boottime 5 true").since(NEW),
    args("--monotonic 5 true").since(NEW),
    args("--monotonic 5 --boottime 5 true").since(NEW),
    args("--monotonic 0 true").since(NEW),
    // The first one met is the one complained about.
    args("--foo -S x true"),
    args("-S x --foo true"),
    args("--setgroups=x --propagation=y true"),
    args("--propagation=y --setgroups=x true"),
    args("-S x --setgroups=y true"),
    args("--map-user=x --map-users=y true").since(NEW),
    args("--monotonic 5 -S x true"),
    args("--monotonic 5 --setgroups=allow -r true").since(NEW),
    args("--setgroups=allow -r -R /nosuch true"),
    args("--setgroups=allow -rn -S 5 nosuchprogram"),
    args("-S 1 -S x true"),
    args("-S x -S 1 true"),
    args("--setgroups=x nosuchprogram"),
    args("--foo --help"),
    args("-S x --help"),
    args("--setgroups=x -V"),
    args("--setgroups=allow -r --foo"),
];

/// Which program runs, and what is said when none does.
const EXEC: &[Scenario] = &[
    args("true"),
    args("false"),
    args("sh -c 'exit 42'"),
    args("sh -c 'exit 255'"),
    args("sh -c 'echo $#: $*' x 'a b' '' -u --foo"),
    args("nosuchprogram"),
    args("nosuchprogram with --arguments"),
    args("/no/such/program"),
    args("./nosuch"),
    args("''"),
    args("./plain"),
    args("./dir"),
    args("/tmp/stage/dir"),
    args("./file"),
    args("./noshebang a 'b c'"),
    args("./nointerp"),
    args("./loop"),
    args("./file/below"),
    args("./plain/below"),
    args("./locked"),
    args("./locked/below"),
    args("plain"),
    args("dir"),
    args("-f nosuchprogram"),
    args("-f ./plain"),
    args("-f ./dir"),
    args("-fu nosuchprogram"),
    args("-r nosuchprogram"),
    args("-r ./plain"),
    args("-fr nosuchprogram"),
    args("-frp ./nointerp"),
    args("--map-auto nosuchprogram").since(NEW),
    args("-f --map-auto nosuchprogram").since(NEW),
    args("--kill-child nosuchprogram"),
    shell("unshare $(printf %0300d 1)"),
    shell("unshare /$(printf %05000d 1)"),
    shell("unshare ./$(printf 'x\\377y')"),
    shell("unshare printf '%s\\n' $(printf 'x\\377y')"),
    shell("unshare ./$(printf 'two\\nlines')"),
    shell("unshare ./it\\'s"),
    // PATH.
    shell("PATH=/no/dir /tmp/bin/unshare true"),
    shell("PATH=/tmp/stage /tmp/bin/unshare noshebang one"),
    shell("PATH=/tmp/stage /tmp/bin/unshare plain"),
    shell("PATH=/tmp/stage:/bin /tmp/bin/unshare nointerp"),
    shell("PATH=/tmp/stage /tmp/bin/unshare dir"),
    shell("PATH=/tmp/stage /tmp/bin/unshare loop"),
    shell("PATH=/tmp/stage/file:/bin /tmp/bin/unshare true"),
    shell("PATH=/tmp/stage/file /tmp/bin/unshare true"),
    shell("PATH=/tmp/stage/locked:/bin /tmp/bin/unshare echo found"),
    shell("PATH=/tmp/stage/locked /tmp/bin/unshare echo"),
    shell("PATH= /tmp/bin/unshare noshebang"),
    shell("PATH= /tmp/bin/unshare echo"),
    shell("PATH=: /tmp/bin/unshare noshebang"),
    shell("PATH=/bin: /tmp/bin/unshare noshebang"),
    shell("PATH=/bin::/usr/bin /tmp/bin/unshare noshebang"),
    shell("PATH=stage; cd /tmp; bin/unshare noshebang"),
    shell("env -u PATH /tmp/bin/unshare echo found"),
    shell("env -u PATH /tmp/bin/unshare noshebang"),
    shell("env -u PATH /tmp/bin/unshare maps"),
    shell("cp noshebang dir/true; chmod -x dir/true; PATH=$PWD/dir:/bin unshare true").only(Root),
    // The shell, where no program is named. The first letter of $0 marks a login shell.
    args(""),
    args("-r"),
    args("-f"),
    args("-u --"),
    shell("echo 'echo $0 $#' | unshare"),
    shell("echo 'echo $0 $#' | unshare -fr"),
    shell("echo 'exit 7' | unshare -f"),
    shell("echo 'echo $0' | SHELL=/tmp/bin/rootshell unshare"),
    shell("echo 'echo $0' | SHELL= unshare").since(NEW),
    shell("echo 'echo $0' | env -u SHELL unshare").since(NEW),
    shell("echo 'echo $0' | env -u SHELL unshare -U").since(NEW),
    shell("echo 'echo $0' | env -u SHELL unshare -r").since(NEW),
    shell("echo 'echo $0' | env -u SHELL unshare --map-user=12345"),
    shell("echo 'echo $0' | env -u SHELL unshare -c").since(NEW),
    shell("echo 'echo $0' | SHELL= unshare -r").since(NEW),
    shell("echo 'echo $0' | env -i /tmp/bin/unshare").since(NEW),
    shell("SHELL=sh unshare"),
    shell("SHELL='sh -x' unshare"),
    shell("SHELL=/no/shell unshare"),
    shell("SHELL=/tmp/stage/dir unshare"),
    shell("SHELL=/tmp/stage/plain unshare"),
    shell("SHELL=./noshebang unshare"),
    shell("SHELL=/tmp/stage/nointerp unshare"),
    shell("SHELL=/ unshare"),
    shell("SHELL=/bin/sh/ unshare"),
    shell("SHELL=/no/shell unshare -f"),
    shell("SHELL=/no/shell unshare -R /tmp/root").only(Root),
    shell("echo 'echo $0' | SHELL=/bin/sh unshare -R /tmp/root").only(Root),
    shell("echo 'echo $0' | env -u SHELL unshare -R /tmp/root").only(Root),
    shell("echo 'echo $0' | env -u SHELL unshare -rR /tmp/root"),
];

/// How the end of the program, signals, descriptors and what else a process inherits are passed on.
const PROCESS: &[Scenario] = &[
    args("-f true"),
    args("-f false"),
    args("-f sh -c 'exit 255'"),
    args("sh -c 'kill -9 $$'"),
    args("-f sh -c 'kill -9 $$'").since(NEW),
    args("-f sh -c 'kill -TERM $$'"),
    args("-f sh -c 'kill -INT $$'"),
    args("-f sh -c 'kill -HUP $$'"),
    args("-f sh -c 'kill -QUIT $$'"),
    args("-f sh -c 'kill -ABRT $$'"),
    args("-f sh -c 'kill -SEGV $$'"),
    args("-f sh -c 'kill -PIPE $$'"),
    args("-f sh -c 'kill -ALRM $$'"),
    args("-f sh -c 'kill -USR1 $$'"),
    args("-f sh -c 'kill -34 $$'"),
    args("-f sh -c 'kill -64 $$'"),
    args("-f sh -c 'kill -CHLD $$; echo alive'"),
    args("-fr sh -c 'kill -KILL $$'").since(NEW),
    args("--map-auto -f sh -c 'kill -TERM $$'").since(NEW),
    args("--kill-child sh -c 'kill -TERM $$'"),
    args("--forward-signals sh -c 'kill -TERM $$'").since(NEW),
    shell("unshare -f sh -c 'kill -9 $$'; echo $?").since(NEW),
    args("-rfp sh -c 'echo $$; kill -9 $$; echo alive'"),
    args("-fp sh -c 'echo $$; kill -TERM $$; echo alive'"),
    args("-fp sh -c 'trap \"exit 9\" TERM; kill -TERM $$; echo alive'"),
    args("-fp sh -c 'exit 5'"),
    args("-p sh -c 'echo one; /bin/true; /bin/true; echo two'"),
    args("-rp sh -c '/bin/true; /bin/echo two'"),
    args("-f sh -c 'echo $PPID'"),
    args("sh -c 'echo $PPID'"),
    args("-rfp sh -c 'echo $PPID'"),
    // A waiting unshare ignores TERM and INT, and dies of others.
    args("-f sh -c 'kill -TERM $PPID; exit 3'"),
    args("-f sh -c 'kill -INT $PPID; exit 3'"),
    args("-f sh -c 'kill -HUP $PPID'"),
    args("-f sh -c 'kill -USR1 $PPID'"),
    args("-f sh -c 'kill -QUIT $PPID'"),
    args("-f sh -c 'kill -KILL $PPID'"),
    args("-f sh -c 'kill -WINCH $PPID; exit 4'"),
    args("-fr sh -c 'kill -TERM $PPID; exit 3'"),
    args("-f sh -c 'kill -HUP $PPID; read end; echo left behind'"),
    args("--kill-child sh -c 'kill -TERM $PPID; exit 3'"),
    args("--kill-child sh -c 'kill -HUP $PPID; read end <>never; echo left behind'"),
    args("--kill-child=KILL sh -c 'kill -KILL $PPID; read end <>never; echo left behind'"),
    args("--kill-child=TERM sh -c 'kill -KILL $PPID; read end <>never; echo left behind'"),
    args("--kill-child=TERM sh -c 'trap \"echo told; exit\" TERM; kill -KILL $PPID; while :; do :; done'"),
    args("--kill-child=HUP -r sh -c 'trap \"echo told; exit\" HUP; kill -KILL $PPID; while :; do :; done'"),
    args("--kill-child=rtmin+3 sh -c 'trap \"echo told; exit\" 37; kill -KILL $PPID; while :; do :; done'"),
    args("--kill-child=SIGRTMAX-2 sh -c 'trap \"echo told; exit\" 62; kill -KILL $PPID; while :; do :; done'"),
    args("--kill-child=sigusr1 --kill-child=usr2 sh -c 'trap \"echo told; exit\" USR2; kill -KILL $PPID; while :; do :; done'"),
    args("--kill-child=TERM --kill-child sh -c 'trap \"echo told; exit\" TERM; kill -KILL $PPID; while :; do :; done'"),
    // Which names a signal has.
    shell(
        "for signal in HUP INT QUIT ILL TRAP ABRT IOT EMT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CLD CHLD CONT STOP TSTP \
         TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO POLL PWR INFO LOST SYS UNUSED EXIT RTMIN+0 RTMAX-0 RTMIN+30 RTMAX-30 RTMIN+31; do\n\
         unshare --kill-child=$signal true && echo $signal; done 2>&1",
    ),
    args("--kill-child=SIGTERM exit"),
    args("--kill-child=15 sh -c 'kill -KILL $PPID; read end <>never; echo left behind'").ours(Mended(12), Signal(9), "", ""),
    args("--kill-child=RTMIN sh -c 'kill -KILL $PPID; read end <>never; echo left behind'").ours(Mended(12), Signal(9), "", ""),
    args("--kill-child=SIGRTMAX true").ours(Mended(12), Exit(0), "", ""),
    args("--kill-child=64 true").ours(Mended(12), Exit(0), "", ""),
    shell(
        "exec 2>/dev/null; unshare --kill-child -S 4242 -G 4242 sh -c '>up; read end <>never; echo left behind' &\n\
         until [ -e up ]; do :; done; kill -KILL $!; wait $!; echo $?",
    )
    .only(Root)
    .ours(Mended(3), Exit(0), "137\n", ""),
    args("--forward-signals sh -c 'trap \"echo told; exit 6\" TERM; await S $PPID; kill -TERM $PPID; while :; do :; done'").since(NEW),
    args("--forward-signals sh -c 'trap \"echo told; exit 6\" INT; await S $PPID; kill -INT $PPID; while :; do :; done'").since(NEW),
    shell(
        "unshare --forward-signals -rp sh -c 'trap \"echo told; exit 6\" TERM; >up; while :; do :; done' &\n\
         until [ -e up ]; do :; done; await S $!; kill -TERM $!; wait $!; echo $?",
    )
    .since(NEW),
    args("--forward-signals sh -c 'kill -HUP $PPID'").since(NEW),
    args("--forward-signals sh -c 'await S $PPID; kill -TERM $PPID; read end <>never; echo never'").since(NEW),
    args("--forward-signals sh -c 'grep ^Sig[BIC] /proc/self/status'").since(NEW),
    args("--forward-signals --kill-child sh -c 'kill -KILL $PPID; read end <>never; echo left behind'").since(NEW),
    // A stopped child does not stop unshare.
    shell(
        "unshare -f sh -c 'echo $$ >pid; kill -STOP $$; echo resumed; exit 8' &\n\
         until [ -s pid ]; do :; done; await T $(cat pid)\n\
         grep -c '^State:.T' /proc/$!/status; kill -CONT $(cat pid); wait $!; echo $?",
    ),
    // Signals' dispositions and masks.
    args("grep ^Sig[BIC] /proc/self/status"),
    args("-f grep ^Sig[BIC] /proc/self/status"),
    args("-fr grep ^Sig[BIC] /proc/self/status"),
    args("--map-auto grep ^Sig[BIC] /proc/self/status").since(NEW),
    args("-f --map-auto grep ^Sig[BIC] /proc/self/status").since(NEW),
    args("--kill-child grep ^Sig[BIC] /proc/self/status"),
    shell("env --ignore-signal=PIPE unshare -f grep ^Sig[BIC] /proc/self/status"),
    shell("env --ignore-signal=PIPE --ignore-signal=INT --ignore-signal=HUP unshare grep ^Sig[BIC] /proc/self/status"),
    shell("env --ignore-signal=CHLD unshare grep ^Sig[BIC] /proc/self/status"),
    shell("env --ignore-signal=CHLD unshare -f sh -c 'exit 3'"),
    shell("env --ignore-signal=CHLD unshare --map-auto -f sh -c 'maps; exit 3'").since(NEW),
    shell("env --block-signal=USR1 --block-signal=TERM unshare -f grep ^Sig[BIC] /proc/self/status"),
    shell("env --block-signal=CHLD unshare -f sh -c 'exit 3'"),
    shell("env --block-signal=TERM unshare -f sh -c 'kill -TERM $$; exit 3'"),
    shell("trap '' TERM; unshare -f sh -c 'kill -TERM $$; exit 3'"),
    // Descriptors.
    args("ls /proc/self/fd"),
    args("-f ls /proc/self/fd"),
    args("-r ls /proc/self/fd"),
    args("--map-auto ls /proc/self/fd").since(NEW),
    shell("ls /proc/self/fd >a; unshare -f --map-auto ls /proc/self/fd >b; cmp a b").ours(Mended(4), Exit(0), "", ""),
    args("--kill-child ls /proc/self/fd"),
    args("--uts=file ls /proc/self/fd").only(Root),
    shell("ls /proc/self/fd >a; unshare --uts=file -f ls /proc/self/fd >b; cmp a b").only(Root).ours(Mended(4), Exit(0), "", ""),
    args("-R /tmp/root --wd / -rmpf --mount-proc /bin/busybox ls /proc/self/fd"),
    shell("exec 7</dev/null; unshare -r ls /proc/self/fd"),
    shell("exec 3<file 4<file; unshare -fr ls /proc/self/fd"),
    shell("unshare -r ls /proc/self/fd <&-"),
    shell("unshare -fr ls /proc/self/fd <&-"),
    shell("unshare true >&-"),
    shell("unshare -r sh -c 'cat; echo end' <plain"),
    shell("echo piped | unshare -fr cat"),
    // What else a process has.
    shell("umask 027; unshare -r sh -c umask"),
    shell("ulimit -n 50; unshare -fr sh -c 'ulimit -n'"),
    shell("ulimit -c 0; ulimit -s 4096; unshare sh -c 'ulimit -c -s'"),
    shell("nice -n 5 unshare -f nice"),
    shell("cd dir; unshare -r pwd"),
    shell("cd dir; rmdir ../dir; unshare -r sh -c 'echo here'").only(Root),
    args("env"),
    args("-fr env"),
    shell("env -i A=1 A=2 B= /tmp/bin/unshare -r env"),
    shell("unshare sh -c 'cut -d\" \" -f5-7 /proc/self/stat >a; cut -d\" \" -f5-7 /proc/$PPID/stat >b; cmp a b && echo same group'; true"),
    args("-f grep NoNewPrivs /proc/self/status"),
    args("-r grep ^Groups /proc/self/status"),
    shell("prlimit --nproc=0:0 unshare -f true").only(Nsuser),
    shell("prlimit --nproc=0:0 unshare --map-auto true").only(Nsuser),
    // Output that fails.
    shell("unshare --help >/dev/full"),
    shell("unshare --version >/dev/full"),
    shell("unshare -V >&-"),
    shell("unshare -h >&-"),
    shell("unshare nosuchprogram 2>&-"),
    shell("unshare ./plain 2>&-"),
    shell("unshare --foo 2>&-"),
    shell("unshare -S x 2>&-"),
    shell("unshare nosuchprogram 2>/dev/full"),
    shell("unshare -f nosuchprogram 2>&-"),
    shell("unshare true 2>&-"),
    shell("unshare --help >/dev/full 2>&-"),
    shell("unshare nosuchprogram >&- 2>&- <&-"),
];

/// Which namespaces are new.
const KINDS: &[Scenario] = &[
    args("ns"),
    args("-m ns"),
    args("-u ns"),
    args("-i ns"),
    args("-n ns"),
    args("-p true"),
    args("-U ns"),
    args("-C ns"),
    args("-T ns"),
    args("--mount ns"),
    args("--uts ns"),
    args("--ipc ns"),
    args("--net ns"),
    args("--pid --fork ns"),
    args("--user ns"),
    args("--cgroup ns"),
    args("--time ns"),
    args("-f ns"),
    args("-pf ns"),
    args("-muinpUCTf ns"),
    args("-rm ns"),
    args("-ru ns"),
    args("-ri ns"),
    args("-rn ns"),
    args("-rpf ns"),
    args("-rC ns"),
    args("-rT ns"),
    args("-rmuinpCTf ns"),
    args("-UU -uu ns"),
    args("-u -i -u ns"),
    args("-r ns"),
    args("-c ns"),
    args("--map-user=5 ns"),
    args("--map-group=5 ns"),
    args("--map-auto ns").since(NEW),
    args("--map-subids ns").since(NEW),
    args("--map-users=0:4242:1 ns").since(NEW),
    args("--map-groups=0:4242:1 ns").since(NEW),
    args("--owner=4242:4242 ns").only(Root).since(NEW),
    args("--setgroups=allow ns"),
    args("--propagation=private ns"),
    args("--mount-proc ns"),
    args("--mount-proc -pf ns"),
    args("--mount-proc -rpf ns"),
    args("--mount-binfmt -pf ns").since(NEW),
    args("--mount-binfmt=/proc/sys/fs/binfmt_misc ns").since(NEW),
    args("--keep-caps ns"),
    args("--kill-child ns"),
    args("--kill-child -p ns"),
    args("--forward-signals ns").since(NEW),
    args("--forward-signals -rp sh -c 'echo $$'").since(NEW),
    args("--kill-child -rp sh -c 'echo $$'"),
    shell("unshare -u hostname changed; hostname"),
    args("-u sh -c 'hostname changed; hostname'"),
    args("-ru sh -c 'hostname changed; hostname'"),
    args("-rn sh -c 'grep -c : /proc/net/dev'"),
    args("-rC cat /proc/self/cgroup"),
    args("-rm sh -c 'mount -t tmpfs none dir; mounts'"),
    args("-rpf --mount-proc sh -c 'echo /proc/[0-9]*'"),
    args("-rpf sh -c 'unshare -pf sh -c \"echo $$ in vain\"; echo $?'"),
    args("-rn unshare -ru ns"),
    shell("unshare -r true; unshare -r unshare -r unshare -r maps"),
    args("-U unshare -U true"),
    args("-f unshare -rf unshare -rpf sh -c 'echo $$; exit 3'"),
    args("-r sh -c 'echo 0 >/proc/sys/user/max_uts_namespaces && unshare -u true'"),
    args("-r sh -c 'echo 1 >/proc/sys/user/max_net_namespaces && unshare -n unshare -n true'"),
    args("-r sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && unshare -rf true'"),
    args("-r sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && unshare --map-users=all true'").ours(
        Mended(16),
        Exit(1),
        "",
        "unshare: unshare failed: No space left on device\n",
    ),
];

/// Users, groups and capabilities in the new user namespace.
const MAPS: &[Scenario] = &[
    args("-U id"),
    args("-r id"),
    args("-c id"),
    args("-U maps"),
    args("-r maps"),
    args("-c maps"),
    args("--map-user=5 id"),
    args("--map-group=6 id"),
    args("--map-user=5 --map-group=6 id"),
    args("--map-user=nsuser --map-group=nsuser id"),
    args("--map-user=daemon maps"),
    args("--map-group=tty maps"),
    args("--map-user=010 maps"),
    args("--map-user=' 5' maps"),
    args("--map-user=+5 maps"),
    args("--map-user=4294967294 maps"),
    args("--map-user=1 --map-user=2 maps"),
    args("-r -c maps"),
    args("-c -r maps"),
    args("-r --map-user=5 maps"),
    args("--map-user=5 -r maps"),
    args("--map-group=5 -c maps"),
    args("-r --map-group=5 maps"),
    args("--map-auto maps").since(NEW),
    args("--map-auto id").since(NEW),
    args("--map-auto --map-user=0 maps").since(NEW),
    args("--map-auto -r maps").only(Root).ours(
        Since("2.43"),
        Exit(0),
        "uid 0:0:1\nuid 1:300000:65536\ngid 0:0:1\ngid 1:400000:65536\nallow\n",
        "",
    ),
    args("--map-auto -r maps").only(Nsuser).ours(
        Since("2.43"),
        Exit(0),
        "uid 0:4242:1\nuid 1:300000:65536\ngid 0:4242:1\ngid 1:400000:65536\nallow\n",
        "",
    ),
    args("--map-auto --map-auto maps").since(NEW),
    args("--map-subids maps").since(NEW),
    args("--map-users=auto maps").since(NEW),
    args("--map-groups=auto maps").since(NEW),
    args("--map-users=subids maps").since(NEW),
    args("--map-groups=subids maps").since(NEW),
    args("--map-users=all maps").since(NEW),
    args("--map-groups=all maps").since(NEW),
    args("--map-users=all --map-groups=all maps").since(NEW),
    args("--map-users=auto --map-groups=auto maps").since(NEW),
    args("--map-users=0:300000:10 maps").since(NEW),
    args("--map-users=300000,0,10 maps").since(NEW),
    args("--map-users=0:300000:10 --map-users=10:300100:10 maps").since(NEW),
    args("--map-users=0:300000:10 --map-users=5:300100:10 maps").since(NEW),
    args("--map-users=0:0:10 --map-user=3 maps").since(NEW),
    args("--map-users=0:300000:10 --map-groups=0:400000:10 id").since(NEW),
    args("--map-users=0:300000:10 --map-groups=0:400000:10 -S 5 -G 6 id").since(NEW),
    args("--map-users=0:300000:0 maps").since(NEW),
    args("--map-groups=0:400000:10 maps").since(NEW),
    args("--map-groups=0:400000:10 -r maps").since(NEW),
    args("--map-users=99999999999:0:1 maps").ours(
        Mended(9),
        Exit(1),
        "",
        "unshare: invalid mapping '99999999999:0:1'\n",
    ),
    args("--map-users=0:4294967296:1 maps").ours(Mended(9), Exit(1), "", "unshare: invalid mapping '0:4294967296:1'\n"),
    args("--map-users=-1:0:1 maps").ours(Mended(9), Exit(1), "", "unshare: invalid mapping '-1:0:1'\n"),
    args("--map-groups=0:-1:1 maps").ours(Mended(9), Exit(1), "", "unshare: invalid mapping '0:-1:1'\n"),
    args("--owner=4294967296:0 maps").ours(Mended(9), Exit(1), "", "unshare: failed to parse owner\n"),
    // The accounts that ids are looked up in.
    args("--map-auto maps").setup("echo other:1:1 >/etc/subuid").since(NEW),
    args("--map-auto maps").setup("echo other:1:1 >/etc/subgid").since(NEW),
    args("--map-auto maps").setup("echo nsuser:1:1 >/etc/subuid; : >/etc/subgid").since(NEW),
    args("--map-auto maps").setup(": >/etc/subuid").since(NEW),
    args("--map-auto maps").setup("mount --bind /dev/null /etc/subuid").since(NEW),
    args("--map-auto maps").setup("echo 4242:310000:100 >/etc/subuid; echo 0:510000:100 >>/etc/subuid").since(NEW),
    args("--map-auto maps").setup("printf 'nsuser:310000:100\\nnsuser:320000:200\\n' >/etc/subuid").since(NEW),
    args("--map-auto maps").setup("printf '# comment\\n\\nnsuser:x:100\\nnsuser:310000:100' >/etc/subuid"),
    args("--map-auto maps").setup("echo root:x:0:0::/: >/etc/passwd").only(Nsuser),
    shell("PATH=/no/dir /tmp/bin/unshare --map-auto /bin/true").since(NEW),
    shell("PATH=/tmp/stage /tmp/bin/unshare --map-auto /bin/true")
        .setup("printf '#!/bin/sh\\nexit 3\\n' >newuidmap; chmod +x newuidmap")
        .since(NEW),
    args("--map-user=x maps").since(NEW),
    // Setting groups.
    args("-U --setgroups=deny maps"),
    args("-U --setgroups=allow maps"),
    args("--map-user=0 --setgroups=deny maps"),
    args("-r --setgroups=allow maps"),
    args("--setgroups=allow --map-group=0 maps"),
    args("--map-auto --setgroups=allow maps").since(NEW),
    args("--setgroups=deny --setgroups=allow -U maps"),
    args("--setgroups=allow --setgroups=deny -U maps"),
    args("-r --setgroups=deny maps").only(Root).ours(Mended(7), Exit(0), "uid 0:0:1\ngid 0:0:1\ndeny\n", ""),
    args("-r --setgroups=deny maps").only(Nsuser).ours(Mended(7), Exit(0), "uid 0:4242:1\ngid 0:4242:1\ndeny\n", ""),
    args("--map-auto --setgroups=deny maps").ours(
        Mended(7),
        Exit(0),
        "uid 0:300000:65536\ngid 0:400000:65536\ndeny\n",
        "",
    ),
    // Credentials.
    args("-S 0 id").since(NEW),
    args("-S 4242 id"),
    args("-G 4242 id"),
    args("-G 0 id"),
    args("-S 4242 -G 4242 id"),
    args("-S 1 -S 4242 id"),
    args("-f -S 4242 -G 4242 id"),
    args("-S 4242 ./locked/below"),
    args("-r -S 0 id"),
    args("-r -S 5 id").since(NEW),
    args("-r -G 0 id"),
    args("-r -G 5 id"),
    args("-r -S 0 -G 0 id"),
    args("-c -S 4242 id").since(NEW),
    args("-U -S 0 id").since(NEW),
    args("-U -G 0 id"),
    args("--map-auto -S 0 id").since(NEW),
    args("--map-auto -S 5 -G 6 id").since(NEW),
    args("--map-auto -S 0 -G 0 id").since(NEW),
    args("--map-auto -S 70000 id").since(NEW),
    args("--map-auto -G 70000 id").since(NEW),
    args("--map-auto -fp --kill-child -S 5 -G 6 id").since(NEW),
    args("caps"),
    args("-U caps"),
    args("-r caps"),
    args("-c caps"),
    args("--keep-caps caps"),
    args("-U --keep-caps caps"),
    args("-r --keep-caps caps"),
    args("-c --keep-caps caps"),
    args("-fc --keep-caps caps"),
    args("--map-user=5 --keep-caps caps"),
    args("--map-auto --keep-caps caps").since(NEW),
    args("--map-auto -S 5 -G 6 --keep-caps caps").since(NEW),
    args("--map-auto -S 5 caps").since(NEW),
    args("-S 4242 --keep-caps caps"),
    args("-S 4242 caps"),
    // Groups and capabilities that the caller has beside its uid.
    shell("setpriv --groups 5,6 unshare -r id").only(Root),
    shell("setpriv --groups 5,6 unshare -c id").only(Root),
    shell("setpriv --groups 5,6 unshare -S 4242 id").only(Root),
    shell("setpriv --groups 5,6 unshare -G 4242 id").only(Root),
    shell("setpriv --groups 5,6 unshare --map-auto -S 0 id").only(Root).since(NEW),
    shell("setpriv --groups 5,6 unshare --map-users=all --map-groups=all id").only(Root).since(NEW),
    shell("setpriv --reuid 4242 --regid 4242 --groups 5,6 unshare -r id").only(Root),
    shell("setpriv --reuid 4242 --regid 4242 --groups 5,6 unshare -c --keep-caps id").only(Root),
    shell("setpriv --reuid 4242 --regid 4242 --groups 5,6 unshare --owner=4242:4242 id").only(Root).since(NEW),
    shell("setpriv --euid 4242 unshare -r maps").only(Root),
    shell("setpriv --euid 4242 unshare --map-auto maps").only(Root),
    shell("setpriv --ruid 4242 unshare -c maps").only(Root),
    shell("setpriv --ruid 4242 unshare --map-auto maps").only(Root).since(NEW),
    shell("setpriv --egid 4242 --clear-groups unshare -r maps").only(Root),
    shell("setpriv --bounding-set -sys_admin unshare -m true").only(Root),
    shell("setpriv --bounding-set -sys_admin unshare -U true").only(Root),
    shell("setpriv --bounding-set -setgid unshare -r maps").only(Root),
    shell("setpriv --bounding-set -setgid unshare -G 4242 id").only(Root),
    shell("setpriv --bounding-set -setuid unshare -S 4242 id").only(Root).since(NEW),
    shell("setpriv --bounding-set -setuid unshare --map-users=0:300000:10 maps").only(Root).since(NEW),
    shell("setpriv --bounding-set -setfcap unshare -r maps").only(Root),
    shell("setpriv --bounding-set -setfcap unshare --map-users=all maps").only(Root).since(NEW),
    shell("setpriv --bounding-set -sys_chroot unshare -R /tmp/root true").only(Root),
    shell("setpriv --reuid 4242 --inh-caps +sys_admin --ambient-caps +sys_admin unshare -m caps").only(Root),
    shell("setpriv --reuid 4242 --inh-caps +sys_admin --ambient-caps +sys_admin unshare -m --keep-caps caps")
        .only(Root),
    shell("setpriv --inh-caps +sys_admin --ambient-caps +sys_admin unshare -U --keep-caps caps").only(Root),
    shell("setpriv --no-new-privs unshare -r maps"),
    shell("setpriv --no-new-privs unshare --map-auto maps").since(NEW),
    shell("PATH=/tmp/stage /tmp/bin/unshare --map-auto /bin/true").setup("ln -s /usr/bin/newuidmap").since(NEW),
    shell("setpriv --securebits +noroot,+noroot_locked unshare -r caps").only(Root),
    args("--keep-caps -c -m mount -t tmpfs none dir"),
    args("-c -m mount -t tmpfs none dir"),
    // The owner.
    args("--owner=4242:4242 maps").since(NEW),
    args("--owner=4242:4242 id").since(NEW),
    args("--owner=0:0 maps").since(NEW),
    args("--owner=4242:0 -r maps").only(Root).since(NEW),
    args("--owner=4242:4242 --map-auto maps").only(Root).since(NEW),
    args("--owner=4242:4242 -c id").only(Root).since(NEW),
    args("--owner=4242:4242 --map-users=0:0:10 --map-groups=0:0:10 id").only(Root).since(NEW),
    args("--owner=1:1 --owner=4242:4242 -r cat /proc/self/uid_map").only(Root).since(NEW),
    args("--owner=' 5:5' maps").only(Root).since(NEW),
    args("--owner=+5:5 maps").only(Root).since(NEW),
    args("--owner=4242:4242 -r maps").only(Nsuser).ours(
        Mended(16),
        Exit(1),
        "",
        "unshare: setgroups failed: Operation not permitted\n",
    ),
];

/// Mounts, roots and working directories.
const MOUNTS: &[Scenario] = &[
    args("-m mounts"),
    args("-rm mounts"),
    args("-m mounts").setup("mount --make-rshared /"),
    args("-rm mounts").setup("mount --make-rshared /"),
    args("-m --propagation=private mounts").setup("mount --make-rshared /"),
    args("-m --propagation=slave mounts").setup("mount --make-rshared /"),
    args("-m --propagation=shared mounts").setup("mount --make-rshared /"),
    args("-m --propagation=unchanged mounts").setup("mount --make-rshared /"),
    args("-rm --propagation=private mounts").setup("mount --make-rshared /"),
    args("-rm --propagation=slave mounts").setup("mount --make-rshared /"),
    args("-rm --propagation=shared mounts").setup("mount --make-rshared /"),
    args("-rm --propagation=unchanged mounts").setup("mount --make-rshared /"),
    args("-m --propagation=shared mounts"),
    args("-m --propagation=slave mounts"),
    args("-m --propagation=unchanged mounts"),
    args("-m --propagation=shared --propagation=slave mounts").setup("mount --make-rshared /"),
    args("-U --propagation=shared mounts").setup("mount --make-rshared /"),
    shell("unshare -rm mount -t tmpfs none dir; mounts"),
    shell("unshare -m --propagation=unchanged mount -t tmpfs none dir; mounts").setup("mount --make-rshared /"),
    shell("unshare -m mount -t tmpfs none dir; mounts").setup("mount --make-rshared /"),
    // /proc.
    args("--mount-proc mounts"),
    args("-pf --mount-proc mounts"),
    args("-rpf --mount-proc mounts"),
    args("-r --mount-proc true"),
    args("-rp --mount-proc true"),
    args("-pf --mount-proc sh -c 'echo /proc/[0-9]*'"),
    args("-pf --mount-proc=/tmp/stage/dir sh -c 'cd dir; echo [0-9]*'"),
    args("-rpf --mount-proc=/tmp/stage/dir mounts"),
    args("-rpf --mount-proc=dir mounts"),
    args("-rpf --mount-proc=nosuch true"),
    args("-rpf --mount-proc=/tmp/stage/file true"),
    args("-rpf --mount-proc= true"),
    args("-rpf --mount-proc=/tmp/stage/locked true"),
    args("-rpf -w dir --mount-proc=. mounts"),
    args("-rpf -w dir --mount-proc=dir true"),
    args("-rpf -w dir --mount-proc pwd"),
    args("-r true").setup("mount -o remount,bind,ro /proc"),
    args("-T --monotonic=1 true").setup("mount -o remount,bind,ro /proc").only(Root),
    args("-rpf --mount-proc true").setup("mount -o remount,bind,ro /proc"),
    args("-r true").setup("mount -t tmpfs none /proc"),
    args("-U --setgroups=deny true").setup("mount -t tmpfs none /proc").ours(
        OnPurpose,
        Exit(1),
        "",
        "unshare: cannot open /proc/self/setgroups: No such file or directory\n",
    ),
    args("-r --setgroups=allow --uts=file true").ours(
        OnPurpose,
        Exit(1),
        "",
        "unshare: options --setgroups=allow and --map-group are mutually exclusive\n",
    ),
    args("-UT --boottime=1 true").setup("mount -t tmpfs none /proc"),
    args("-rpf --mount-proc true").setup("mount -t tmpfs none /proc"),
    args("-muinCpf ./noshebang").setup("mount -t tmpfs none /proc"),
    args("-rpf --mount-proc=dir --mount-proc mounts"),
    args("-rpf --mount-proc --mount-proc=dir mounts"),
    args("-rpf --mount-proc dir"),
    args("-rpf --mount-proc mounts").setup("mount --make-rshared /"),
    shell("unshare -pf --mount-proc true; echo /proc/[0-9]*").setup("mount --make-rshared /"),
    args("-pf --mount-proc --propagation=private mounts").setup("mount --make-rshared /"),
    args("-pf --mount-proc --propagation=shared mounts").setup("mount --make-rshared /"),
    args("-pf --mount-proc --propagation=slave mounts").setup("mount --make-rshared /"),
    args("-pf --mount-proc --propagation=unchanged mounts").setup("mount --make-rshared /"),
    args("-rpf --mount-proc --propagation=shared mounts").setup("mount --make-rshared /"),
    args("-rpf --mount-proc --propagation=slave mounts"),
    args("-rpf --mount-proc=dir --propagation=private mounts"),
    args("-rpf --mount-proc=dir --propagation=slave true"),
    args("-rpf --mount-proc=dir --propagation=shared true"),
    args("-rpf --mount-proc=dir --propagation=unchanged true"),
    args("-rpf --mount-proc=/nosuch --propagation=unchanged true"),
    args("-rpf --mount-proc=/tmp --propagation=unchanged ls /tmp/self/maps"),
    args("-rpfR /tmp/root --mount-proc --propagation=slave /bin/busybox true"),
    args("-rpfR /tmp/root --mount-proc=dir --propagation=slave /bin/busybox true"),
    args("-rpfR /tmp/root --mount-proc=/bin --propagation=slave /bin/busybox true"),
    args("-rpfR /tmp/root --mount-proc=/tmp/stage --propagation=slave /bin/busybox true"),
    args("-rpf --mount-proc=file --propagation=slave /bin/busybox true"),
    args("-rpf -w dir --mount-proc=dir --propagation=shared true"),
    args("-rpf --mount-binfmt --propagation=slave mounts").setup("mount --make-rshared /").since(NEW),
    args("-r --mount-binfmt=/tmp/stage/dir --propagation=slave mounts").setup("mount --make-rshared /").since(NEW),
    // Roots.
    args("-R /tmp/root /bin/busybox pwd"),
    args("-rR /tmp/root /bin/busybox pwd"),
    args("-rR root /bin/busybox pwd"),
    args("-rR ../root /bin/busybox ls /"),
    args("--root=/tmp/root -r busybox echo found"),
    args("-rR /tmp/root env"),
    args("-rR /tmp/root sh -c 'exit 4'"),
    args("-rR /tmp/root id"),
    args("-rR /nosuch true"),
    args("-rR file true"),
    args("-rR locked true"),
    args("-rR loop true"),
    args("-rR '' true"),
    args("-rR / pwd"),
    args("-rR . ./noshebang"),
    args("-rR /nosuch -R /tmp/root /bin/busybox pwd"),
    args("-rR /tmp/root /nosuch/program"),
    args("-rmR /tmp/root /bin/busybox cat /proc/self/uid_map"),
    args("-rpfR /tmp/root --mount-proc /bin/busybox sh -c 'echo /proc/[0-9]*'"),
    args("-rmpfR /tmp/root --mount-proc=/tmp /bin/busybox ls /tmp/self/uid_map"),
    args("-rpfR /tmp/root --mount-proc=/nosuch /bin/busybox true"),
    args("-rmR /tmp/root /bin/busybox true").setup("mount --make-rshared /"),
    args("-fR /tmp/root /bin/busybox pwd"),
    args("-R /tmp/root -S 4242 -G 4242 /bin/busybox id -u"),
    // Working directories.
    args("--wd=dir pwd"),
    args("-w /tmp/stage/dir pwd"),
    args("-w /nosuch pwd").since(NEW),
    args("-w file pwd").since(NEW),
    args("-w locked pwd").since(NEW),
    args("-w '' pwd").since(NEW),
    args("-w loop pwd").since(NEW),
    args("-w .. pwd"),
    args("-w dir -w /bin pwd"),
    args("-w dir ../noshebang"),
    args("-r -w dir pwd"),
    args("-rm -w dir pwd"),
    args("-r -w locked pwd").since(NEW),
    args("-rR /tmp/root -w /bin /bin/busybox pwd"),
    args("-rR /tmp/root -w /bin ./busybox pwd"),
    args("-rR /tmp/root -w / /bin/busybox ls"),
    args("-rR /tmp/root -w /nosuch /bin/busybox pwd").since(NEW),
    args("-rR /tmp/root -w /bin/busybox /bin/busybox pwd").since(NEW),
    args("-w /bin -rR /tmp/root /bin/busybox pwd"),
    args("-w /nosuch -rR /tmp/root /bin/busybox pwd").since(NEW),
    args("-rR /tmp/root -w bin /bin/busybox pwd").ours(Mended(10), Exit(0), "/bin\n", ""),
    args("-rR /tmp/root -w dir /bin/busybox pwd").ours(
        Mended(10),
        Exit(1),
        "",
        "unshare: cannot change directory to dir: No such file or directory\n",
    ),
    args("-rpfR /tmp/root -w /proc --mount-proc /bin/busybox sh -c 'pwd; ls'"),
    args("-S 4242 -w locked pwd").since(NEW),
    // binfmt_misc.
    args("-pf --mount-binfmt mounts").since(NEW),
    args("-rpf --mount-binfmt mounts").since(NEW),
    args("-rpf --mount-binfmt --mount-proc mounts").since(NEW),
    args("-rpf --mount-binfmt ls /proc/sys/fs/binfmt_misc").since(NEW),
    args("-r --mount-binfmt=/proc/sys/fs/binfmt_misc mounts").since(NEW),
    args("-r --mount-binfmt=/tmp/stage/dir ls dir").since(NEW),
    args("-r --mount-binfmt=/nosuch true").since(NEW),
    args("-r --mount-binfmt=/tmp/stage/file true").since(NEW),
    args("-r --mount-binfmt ls /proc/sys/fs/binfmt_misc").ours(Mended(11), Exit(0), "register\nstatus\n", ""),
    args("-rpf -l ':test:M::TEST::/bin/cat:' cat /proc/sys/fs/binfmt_misc/test").since(NEW),
    args("-rpf --load-interp=':test:M::TEST::/bin/cat:' sh -c 'echo TEST >it; chmod +x it; ./it'").since(NEW),
    args("-r --mount-binfmt=/proc/sys/fs/binfmt_misc -l ':test:M::TEST::/bin/cat:' ls /proc/sys/fs/binfmt_misc")
        .since(NEW),
    args("-r -l ':test:M::TEST::/bin/cat:' ls /proc/sys/fs/binfmt_misc").ours(
        Mended(11),
        Exit(0),
        "register\nstatus\ntest\n",
        "",
    ),
    args("-rpf -l nonsense true").since(NEW),
    args("-rpf -l '' ls /proc/sys/fs/binfmt_misc").since(NEW),
    args("-rpf -l ':one:M::ONE::/bin/cat:' -l ':two:M::TWO::/bin/cat:' ls /proc/sys/fs/binfmt_misc").since(NEW),
    args("-pf -l ':test:M::TEST::/bin/cat:' true").since(NEW),
    args("-rpfR /tmp/root -l ':test:M::TEST::/bin/busybox:' /bin/busybox true").since(NEW),
    args("-rpfR /tmp/root -l ':test:M::TEST::/usr/bin/env:F' /it")
        .setup("echo TEST >/tmp/root/it; chmod +x /tmp/root/it")
        .since(NEW),
    args("-rpfR /tmp/root -l ':test:M::TEST::/bin/busybox:F' /it")
        .setup("echo TEST >/tmp/root/it; chmod +x /tmp/root/it")
        .since(NEW),
    args("-rpfR /tmp/root -l ':test:M::TEST::/bin/busybox:' /it")
        .setup("echo TEST >/tmp/root/it; chmod +x /tmp/root/it")
        .since(NEW),
];

/// Namespaces that outlive their processes because a file holds them.
const PERSISTENCE: &[Scenario] = &[
    shell("unshare --uts=file hostname kept; nsenter --uts=file hostname; mounts"),
    shell("unshare --ipc=file true; mounts"),
    shell("unshare --net=file true; mounts"),
    shell("unshare --user=file true; mounts").since(NEW),
    shell("unshare --cgroup=file true; mounts"),
    shell("unshare --time=file true; mounts").only(Root),
    shell("unshare --pid=file -f true; mounts"),
    shell("unshare --pid=file --fork sh -c 'exit 3'; echo $?; mounts"),
    shell("unshare --mount=file true; mounts").only(Root),
    args("--mount=file true").only(Nsuser).ours(
        Mended(16),
        Exit(1),
        "",
        "unshare: unshare failed: Operation not permitted\n",
    ),
    args("--uts=file true").only(Nsuser).ours(
        Mended(16),
        Exit(1),
        "",
        "unshare: unshare failed: Operation not permitted\n",
    ),
    shell("unshare --mount=file mount -t tmpfs none dir; nsenter --mount=file mounts").only(Root),
    shell("unshare --uts=file --ipc=other true; mounts"),
    shell("unshare --uts=file --ipc=other --net=plain -U true; mounts").only(Root).since(NEW),
    args("--pid=file true").only(Root),
    shell("unshare --pid=file true; mounts").only(Root),
    shell("unshare --mount=file true; mounts").setup("mount --make-shared /tmp").only(Root),
    shell("unshare --uts=file true; mounts").setup("mount --make-shared /tmp").only(Root),
    shell("unshare --mount=file --propagation=slave true; mounts").only(Root),
    args("--uts=nosuch true").only(Root),
    args("--uts=dir true").only(Root),
    args("--uts=/no/dir/file true").only(Root),
    args("--uts=/tmp/stage/file/below true").only(Root),
    args("--uts= true").only(Root),
    args("--uts=loop true").only(Root),
    args("--ipc=nosuch -f true").only(Root),
    args("--net=nosuch true").only(Root),
    args("--mount=nosuch true").only(Root),
    args("--user=nosuch true").only(Root),
    args("--cgroup=nosuch true").only(Root),
    args("--time=nosuch true").only(Root),
    args("--pid=nosuch -f true").only(Root),
    shell("unshare --uts=file --uts=other true; mounts").only(Root),
    shell("unshare --uts=file --uts true; mounts").only(Root),
    shell("unshare -u --uts=file true; mounts").only(Root),
    shell("unshare --uts=file -u true; mounts").only(Root),
    shell("unshare --uts=file nosuchprogram; mounts").only(Root),
    shell("unshare --uts=file -f nosuchprogram; mounts").only(Root),
    shell("unshare --uts=file -w /nosuch true; mounts").only(Root).since(NEW),
    shell("unshare --uts=file true && unshare --uts=file true; mounts").only(Root),
    shell("unshare --uts=file sh -c 'echo $1' sh operand; mounts").only(Root),
    args("--uts ./noshebang file").only(Root),
    shell("unshare --uts=file -R /tmp/root /bin/busybox true; mounts").only(Root),
    shell("unshare --uts=file -w dir true; mounts").only(Root),
    shell("unshare --user=file -r true; nsenter --user=file maps").only(Root).since(NEW),
    shell("unshare --user=file --map-auto true; nsenter --user=file -S 5 id -u").only(Root).since(NEW),
    shell("unshare --user=file --owner=4242:4242 -r true; mounts").only(Root).since(NEW),
    args("-r --uts=file true").since(NEW),
    args("-r --user=file true").since(NEW),
    args("-r --mount=file true"),
    args("--user=file true").only(Nsuser),
    args("--user=file --map-auto true").only(Nsuser),
    args("--uts=file --map-users=0:0:100 true").only(Nsuser).ours(
        Mended(16),
        Exit(1),
        "",
        "newuidmap: uid range [0-100) -> [0-100) not allowed\n",
    ),
    args("--uts=file --map-users=0:300000:10 --map-users=0:300000:10 true").only(Root).ours(
        Mended(16),
        Exit(1),
        "",
        "unshare: failed to write /proc/3/uid_map: Invalid argument\n",
    ),
    shell("unshare --time=file --monotonic=100 true; nsenter --time=file cat /proc/self/timens_offsets").only(Root),
    args("-r --uts=nosuch -f true"),
];

/// Clocks.
const CLOCKS: &[Scenario] = &[
    args("-T cat /proc/self/timens_offsets"),
    args("-rT cat /proc/self/timens_offsets"),
    args("-T --monotonic=100 cat /proc/self/timens_offsets"),
    args("-T --boottime=100 cat /proc/self/timens_offsets"),
    args("-T --monotonic=100 --boottime=200 cat /proc/self/timens_offsets"),
    args("-T --boottime=200 --monotonic=100 cat /proc/self/timens_offsets"),
    args("-rT --monotonic=100 --boottime=-1 cat /proc/self/timens_offsets"),
    args("-UT --monotonic=100 cat /proc/self/timens_offsets"),
    args("-rT --monotonic=+5 --boottime=' 6' cat /proc/self/timens_offsets"),
    args("-rT --monotonic=010 cat /proc/self/timens_offsets"),
    args("-rT --monotonic=0 cat /proc/self/timens_offsets"),
    args("-rT --monotonic=1 --monotonic=2 cat /proc/self/timens_offsets"),
    args("-rT --monotonic=4000000000 cat /proc/self/timens_offsets"),
    args("-rT --monotonic=4611686018 true"),
    args("-rT --boottime=4611686019 true"),
    args("-rT --monotonic=9223372036854775807 true"),
    args("-rT --monotonic=-9223372036854775808 true"),
    args("-rT --boottime=-1000000000 true"),
    args("-rT --boottime=9999999999 --monotonic=-9999999999 true"),
    args("-rT --boottime=1000000000 cut -c1-3 /proc/uptime"),
    args("-rTf --boottime=1000000000 cut -c1-3 /proc/uptime"),
    args("-rT --boottime=5 --monotonic=5 -f ns"),
    args(
        "-rT --fork --boottime=1000000000 sh -c 'cut -c1-3 /proc/uptime; unshare -rT --boottime=3 cat /proc/self/timens_offsets'",
    ),
    args("-rTm --boottime=5 ns"),
];

/// What util-linux 2.43 will bring: clean environments.
const ENVIRONMENTS: &[Scenario] = &[
    args("--clear-env env").ours(Since("2.43"), Exit(0), "", ""),
    args("--clear-env -fr env").ours(Since("2.43"), Exit(0), "", ""),
    args("--clear-env nosuchprogram").ours(
        Since("2.43"),
        Exit(127),
        "",
        "unshare: failed to execute nosuchprogram: No such file or directory\n",
    ),
    args("--clear-env maps").ours(
        Since("2.43"),
        Exit(127),
        "",
        "unshare: failed to execute maps: No such file or directory\n",
    ),
    shell("echo 'echo $0' | unshare --clear-env").only(Root).ours(Since("2.43"), Exit(0), "-rootshell\n", ""),
    shell("echo 'echo $0' | unshare --clear-env").only(Nsuser).ours(Since("2.43"), Exit(0), "-sh\n", ""),
    args("--clear-env=x env").ours(
        Since("2.43"),
        Exit(1),
        "",
        "unshare: option '--clear-env' doesn't allow an argument\nTry 'unshare --help' for more information.\n",
    ),
    args("--whitelist-env").ours(
        Since("2.43"),
        Exit(1),
        "",
        "unshare: option '--whitelist-env' requires an argument\nTry 'unshare --help' for more information.\n",
    ),
    args("--whitelist-env HOME env").ours(Since("2.43"), Exit(0), "HOME=/tmp/stage\n", ""),
    args("--white=HOME env").ours(Since("2.43"), Exit(0), "HOME=/tmp/stage\n", ""),
    args("--whitelist-env=HOME,LC_ALL env").ours(Since("2.43"), Exit(0), "LC_ALL=C\nHOME=/tmp/stage\n", ""),
    args("--whitelist-env=,HOME,,LC_ALL, env").ours(Since("2.43"), Exit(0), "LC_ALL=C\nHOME=/tmp/stage\n", ""),
    args("--whitelist-env=HOME --whitelist-env=LC_ALL env").ours(
        Since("2.43"),
        Exit(0),
        "LC_ALL=C\nHOME=/tmp/stage\n",
        "",
    ),
    args("--whitelist-env=NOSUCH,HOME env").ours(Since("2.43"), Exit(0), "HOME=/tmp/stage\n", ""),
    args("--clear-env --whitelist-env=HOME env").ours(Since("2.43"), Exit(0), "HOME=/tmp/stage\n", ""),
    args("--clear-env --whitelist-env=NOSUCH env").ours(Since("2.43"), Exit(0), "", ""),
    args("--whitelist-env=NOSUCH env").ours(Mended(8), Exit(0), "", ""),
    args("--whitelist-env=' HOME' env").ours(Mended(8), Exit(0), "", ""),
    args("--whitelist-env= env").ours(Mended(8), Exit(0), "", ""),
];

/// What a hostile reader once found.
const REVIEWED: &[Scenario] = &[
    args("--map-subids --help").setup(": >/etc/subuid").since(NEW),
    args("--map-auto --foo").setup(": >/etc/subuid"),
    args("--map-auto -S x true").setup(": >/etc/subuid"),
    args("--map-groups=auto --map-users=auto true").setup(": >/etc/subuid; : >/etc/subgid").since(NEW),
    args("--map-auto --monotonic=1 true").setup(": >/etc/subuid"),
    shell("unset SHELL; unshare </dev/null; echo $?").setup(
        "{ echo '#root:x:0:0::/:/bin/false'; echo '+root:x:0:0::/:/bin/false'; cat /etc/passwd; } >passwd; cat passwd >/etc/passwd",
    ),
    args("--map-user=#foo true").setup("echo '#foo:x:7:7::/:' >>/etc/passwd").since(NEW),
    args("--map-user=bad true").setup("echo 'bad:x:0' >>/etc/passwd").since(NEW),
    shell("env --ignore-signal=INT,TERM unshare --forward-signals grep SigIgn /proc/self/status").since(NEW),
    shell("env --ignore-signal=INT,TERM unshare -f grep SigIgn /proc/self/status"),
    shell("ulimit -n 4; unshare -f true"),
    args("--kill-child=RTMIN++3 true"),
    shell(
        "i=1000000; while [ $i -lt 1000339 ]; do set -- \"$@\" --map-users=$i:$i:1; i=$((i+1)); done; unshare \"$@\" true",
    )
    .only(Root)
    .since(NEW),
    shell("NS_LOG=bad=zz unshare true 2>/dev/full; echo $?"),
    args("-m --propagation=shared -R /tmp/root --mount-proc -pf /bin/busybox awk '{print $5,$7}' /proc/self/mountinfo")
        .setup("mount --bind /tmp/root /tmp/root; mount --bind /tmp/root/proc /tmp/root/proc; mount --make-shared /tmp/root/proc"),
];

/// Every scenario.
const ALL: [&[Scenario]; 10] = [USAGE, EXEC, PROCESS, KINDS, MAPS, MOUNTS, PERSISTENCE, CLOCKS, ENVIRONMENTS, REVIEWED];

/// What random command lines are made of, good values and bad ones. An option more than once in this list turns up more often.
const OPTIONS: &[&str] = &[
    // Kinds.
    "-m",
    "-u",
    "-i",
    "-n",
    "-p",
    "-U",
    "-C",
    "-T",
    "-fp",
    "-fp",
    "-rm",
    "-mu",
    "-Un",
    "-muinpCf",
    "--mount",
    "--uts",
    "--net",
    "--pid",
    "--user",
    "--time",
    "--cg",
    "--uts=file",
    "--ipc=other",
    "--net=file",
    "--user=file",
    "--mount=file",
    "--pid=file",
    "--time=other",
    "--cgroup=other",
    "--uts=nosuch",
    "--net=dir",
    // Maps.
    "-r",
    "-r",
    "-r",
    "-c",
    "-c",
    "--map-root-user",
    "--map-auto",
    "--map-auto",
    "--map-subids",
    "--map-user=0",
    "--map-user 7",
    "--map-user=nsuser",
    "--map-user=nobodyatall",
    "--map-group=0",
    "--map-group 5",
    "--map-group=4294967295",
    "--map-users=0:300000:10",
    "--map-users=10:300100:10",
    "--map-users=5:4242:1",
    "--map-users=4240:4240:5",
    "--map-users=0:0:100",
    "--map-users=300000,0,10",
    "--map-users=auto",
    "--map-users subids",
    "--map-users=all",
    "--map-users=1:2",
    "--map-groups=0:400000:10",
    "--map-groups=7:4242:1",
    "--map-groups=auto",
    "--map-groups=all",
    "--map-groups=nonsense",
    "--owner=4242:4242",
    "--owner=0:0",
    "--owner=x",
    "--setgroups=allow",
    "--setgroups=deny",
    "--setgroups=maybe",
    // Credentials.
    "-S 0",
    "-S 5",
    "-S 4242",
    "-S x",
    "-G 0",
    "-G 5",
    "--setgid=4242",
    "--keep-caps",
    // Mounts.
    "--propagation=private",
    "--propagation=shared",
    "--propagation slave",
    "--propagation=unchanged",
    "--propagation=loud",
    "--mount-proc",
    "--mount-proc",
    "--mount-proc=dir",
    "--mount-proc=/nosuch",
    "--mount-binfmt",
    "--mount-binfmt=/proc/sys/fs/binfmt_misc",
    "-l :it:M::IT::/bin/cat:",
    "-l nonsense",
    "-R /tmp/root",
    "-R /tmp/root",
    "--root=/",
    "-R /nosuch",
    "-w dir",
    "-w /bin",
    "--wd=..",
    "-w /nosuch",
    // Processes.
    "-f",
    "-f",
    "--fork",
    "--kill-child",
    "--kill-child=TERM",
    "--kill-child=LOUD",
    "--forward-signals",
    // Clocks.
    "-T --monotonic=5",
    "-T --boottime=-5",
    "--boottime=1000",
    "--monotonic=x",
    "-T --monotonic=9999999999",
    // What getopt refuses, or lets pass.
    "--foo",
    "-z",
    "--ma",
    "--fo",
    "--user-",
    "--fork=x",
    "--",
];

/// What random command lines run.
const PROGRAMS: &[&str] = &[
    "maps",
    "maps",
    "ns",
    "ns",
    "id",
    "caps",
    "mounts",
    "pwd",
    "env",
    "true",
    "sh -c 'exit 3'",
    "sh -c 'kill -9 $$; exit 4'",
    "/bin/busybox pwd",
    "/bin/busybox ls /",
    "busybox id",
    "cat /proc/self/timens_offsets",
    "cat /proc/self/uid_map /proc/self/gid_map",
    "hostname elsewhere",
    "mount -t tmpfs none dir",
    "nosuchprogram",
    "./plain",
    "./noshebang one two",
    "",
];

/// Up to six options.
fn random_options(random: &mut Random) -> Vec<String> {
    (0..random.below(7)).flat_map(|_| words(random.one(OPTIONS))).collect()
}

/// One word in eight cut short: a long option then, if it is one, may still be unique, or be ambiguous, or somebody's full name.
fn abbreviated(word: &str, random: &mut Random) -> String {
    let (name, value) = word.split_at(word.find('=').unwrap_or(word.len()));
    if random.below(8) > 0 || !word.starts_with("--") || name.len() < 4 {
        return word.to_owned();
    }
    let cut = &name[..3 + random.below(name.len() as u64 - 3) as usize];
    // Since 2.43 these two are ambiguous.
    if ["--c", "--w"].contains(&cut) { word.to_owned() } else { format!("{cut}{value}") }
}

/// Whether ours and util-linux must differ in these options, or util-linux from one time to the next. The numbers are those of docs/compatibility.md.
fn incomparable(options: &[String], user: User) -> bool {
    let options: Vec<&String> = options.iter().take_while(|word| *word != "--").collect();
    let long = |name: &str| {
        options.iter().any(|word| word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
    };
    let short = |letter: char| {
        options.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
    };
    let exact = |text: &str| options.iter().any(|word| *word == text);

    let groups = short('r')
        || short('c')
        || ["--map-root-user", "--map-group", "--map-groups", "--map-auto", "--map-subids"].into_iter().any(long);
    let users = groups
        || short('U')
        || ["--user", "--user-", "--map-user", "--map-users", "--owner", "--mount-binfmt"].into_iter().any(long)
        || short('l');
    let pinned = ["--uts", "--ipc", "--net", "--user", "--mount", "--pid", "--time", "--cgroup"]
        .iter()
        .any(|kind| options.iter().any(|word| word.strip_prefix(kind).is_some_and(|rest| rest.starts_with('='))));
    let blocks = ["--map-users", "--map-groups", "--map-auto", "--map-subids"].into_iter().any(long);
    let helper = pinned || blocks || long("--owner");
    let forks = short('f') || ["--fork", "--fo", "--kill-child", "--forward-signals"].into_iter().any(long);
    let fails_late = exact("--monotonic=9999999999");

    // 7: setgroups is denied too late.
    exact("--setgroups=deny") && groups
        // 10: a relative directory of the old root.
        || (exact("/tmp/root") || exact("--root=/")) && (exact("dir") || exact("--wd=.."))
        // 11: binfmt_misc wants a new /proc.
        || (exact("--mount-binfmt") || short('l')) && !(short('p') || long("--pid"))
        // 16: a helper waits for ever, since another step or another helper has failed.
        || pinned && blocks
        || helper && (fails_late || user == User::Nsuser && (long("--owner") || !users))
        // 24: the program may run before the files are bound.
        || pinned && forks
        // On purpose: ours refuses the contradiction before it binds the files.
        || pinned && groups && exact("--setgroups=allow")
}

fn compare_random(test: &str, user: User) {
    let number = |name: &str, default: u64| env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let (seed, lines) = (number("NS_SEED", 42), number("NS_LINES", 600) / 2);
    eprintln!("{lines} random command lines as {user:?}: NS_SEED={seed}");
    let mut random = Random(seed ^ (user as u64) << 63);
    let mut comparison = Comparison::new(this(), oracle("unshare").unwrap());
    if comparison.version < NEW {
        return skip(test, "no util-linux as new as 2.42.4");
    }
    let mut compared = 0;
    while compared < lines {
        let options = random_options(&mut random);
        let program = random.one(PROGRAMS);
        let typed: Vec<String> = options.iter().map(|word| abbreviated(word, &mut random)).collect();
        if !incomparable(&options, user) && !incomparable(&typed, user) {
            comparison.line(user, &[typed, words(program)].concat());
            compared += 1;
        }
    }
    comparison.finish();
}

fn this() -> Program {
    ours("unshare", env!("CARGO_BIN_EXE_rs-unshare"))
}

fn compare(scenarios: &[Scenario]) {
    Comparison::new(this(), oracle("unshare").unwrap()).all(scenarios).finish();
}

#[test]
fn usage() {
    require!(root, util_linux);
    compare(USAGE);
}

#[test]
fn exec() {
    require!(root, util_linux);
    compare(EXEC);
}

#[test]
fn process() {
    require!(root, util_linux, prlimit);
    compare(PROCESS);
}

#[test]
fn kinds() {
    require!(root, util_linux);
    compare(KINDS);
}

#[test]
fn maps() {
    require!(root, util_linux, newuidmap, setpriv);
    compare(MAPS);
}

#[test]
fn mounts() {
    require!(root, util_linux);
    compare(MOUNTS);
}

#[test]
fn persistence() {
    require!(root, util_linux, nsenter);
    compare(PERSISTENCE);
}

#[test]
fn clocks() {
    require!(root, util_linux);
    compare(CLOCKS);
}

#[test]
fn reviewed() {
    require!(root, util_linux);
    compare(REVIEWED);
}

#[test]
fn environments() {
    require!(root, util_linux);
    compare(ENVIRONMENTS);
}

#[test]
fn random_as_root() {
    require!(root, util_linux, newuidmap);
    compare_random(test_name!(), Root);
}

#[test]
fn random_as_nsuser() {
    require!(root, util_linux, newuidmap);
    compare_random(test_name!(), Nsuser);
}

/// Help and version are ours, but begin as util-linux's do.
#[test]
fn help_and_version() {
    require!(root, util_linux);
    let beginnings = [
        ("-h", "\nUsage:"),
        ("--help", "\nUsage:"),
        ("--h", "\nUsage:"),
        ("-uh nosuchprogram", "\nUsage:"),
        ("--help --foo", "\nUsage:"),
        ("--help -S x", "\nUsage:"),
        ("-V", "unshare from "),
        ("--version", "unshare from "),
        ("--ver", "unshare from "),
        ("-V -h", "unshare from "),
        ("-rfV true", "unshare from "),
    ];
    each_begins(&[this(), oracle("unshare").unwrap()], &beginnings);
}

/// Each option that util-linux's help shows has a scenario, and so do the two of 2.43.
#[test]
fn every_option_has_a_scenario() {
    require!(util_linux);
    let mut options = options_in_help("unshare");
    options.extend(["--clear-env", "--whitelist-env"].map(str::to_owned));
    each_has_a_scenario(&options, &ALL);
}
