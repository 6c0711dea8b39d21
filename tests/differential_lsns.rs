//! Ours beside util-linux's: the same command lines in the same worlds (tests/support/twins.rs), as root and as an ordinary user, must end, print and complain
//! alike.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says loudly what is wrong")]

mod support;
#[path = "support/twins.rs"]
mod twins;

use std::collections::BTreeSet;
use std::process::Command;

use support::Status::Exit;
use support::User::Root;
use support::Why::{Mended, OnPurpose, Since};
use support::{
    Comparison, Outcome, Program, Scenario, Version, each_begins, each_has_a_scenario, options_in_help, oracle, ours,
    require,
};

/// The oldest util-linux whose lsns does all that ours does.
const NEW: Version = (2, 42, 4);

/// The program with these arguments.
const fn args(line: &'static str) -> Scenario {
    support::args(line).since(NEW)
}

/// A line of shell. It starts nothing beside the program that the program would see: what is seen of that is a matter of luck.
const fn shell(line: &'static str) -> Scenario {
    support::shell(line).since(NEW)
}

macro_rules! world {
    ($file:literal) => {
        concat!(include_str!("support/world.sh"), include_str!($file))
    };
}

/// Processes in namespaces of all kinds, and what holds namespaces without processes.
const CROWD: &str = world!("support/crowd.sh");

/// Command lines and users that are hard to show.
const ODD: &str = world!("support/odd.sh");

/// Namespaces that are seen only because others lead to them.
const KIN: &str = world!("support/kin.sh");

/// Namespaces bound to files.
const MOUNTS: &str = world!("support/mounts.sh");

/// Namespaces bound to several files, over one another, and where nobody reaches them.
const STACKS: &str = world!("support/stacks.sh");

/// Mount namespaces in which /proc is not what it should be.
const HIDING: &str = world!("support/hiding.sh");

/// Network namespaces that have numbers in one another.
const NETWORKS: &str = world!("support/networks.sh");

/// What getopt, and the values of options, refuse; and what they let pass.
const USAGE: &[Scenario] = &[
    // Unknown options.
    args("--foo"),
    args("--foo=bar"),
    args("-z"),
    args("-lz"),
    args("-é"),
    args("-l-"),
    args("-1"),
    args("--List"),
    args("--foo -t x"),
    args("-t x --foo"),
    args("-S"),
    shell("/tmp/bin/lsns --foo"),
    shell("/tmp/bin/lsns -z"),
    shell("/tmp/bin/lsns -t x"),
    shell("ln -sf /tmp/bin/lsns mine; ./mine --foo; ./mine -t x; PATH=. mine -p x; rm mine"),
    shell("ln -sf /tmp/bin/lsns 'a b'; './a b' --foo; './a b' -o x; rm 'a b'"),
    // An argument that is missing or too much.
    args("-t"),
    args("-p"),
    args("-o"),
    args("-Q"),
    args("-lt"),
    args("--task"),
    args("--type"),
    args("--output"),
    args("--filter"),
    args("--json=x"),
    args("--list=x"),
    args("--noheadings="),
    args("--persistent=x"),
    args("--raw=x"),
    args("--notruncate=x"),
    args("--nowrap=x"),
    args("--output-all=x"),
    args("--list-columns=x"),
    args("--help=x"),
    args("--version=x"),
    // Abbreviations.
    args("--j"),
    args("--l"),
    args("--li"),
    args("--list"),
    args("--list- -o NS"),
    args("--n"),
    args("--no"),
    args("--noh"),
    args("--not"),
    args("--now"),
    args("--o"),
    args("--out NS"),
    args("--output- -n"),
    args("--output-"),
    args("--p"),
    args("--r"),
    args("--t"),
    args("--ta 1"),
    args("--ty net"),
    args("--tr"),
    args("--tre=owner"),
    args("--f NS"),
    args("--x"),
    // Kinds that are none.
    args("-t x"),
    args("-t ''"),
    args("-t NET"),
    args("-t Net"),
    args("-t ' net'"),
    args("-t net,uts"),
    args("-t network"),
    args("-tnet -tx"),
    args("--type=x"),
    args("--type="),
    args("-t pid_for_children"),
    args("-t =net"),
    args("-t=net"),
    // PIDs that are none.
    args("-p x"),
    args("-p ''"),
    args("-p 0"),
    args("-p -1"),
    args("-p 1x"),
    args("-p '1 '"),
    args("-p ' 1'"),
    args("-p +1"),
    args("-p 0x1"),
    args("-p 01"),
    args("-p 1."),
    args("-p 2147483647"),
    args("-p 2147483648"),
    args("-p 4294967297"),
    args("-p 99999999999999999999"),
    args("-p -99999999999999999999"),
    args("-p=1"),
    args("--task=x"),
    args("--task="),
    args("-p x -p 1"),
    args("-p 1 -p x"),
    args("-p self"),
    // Namespaces that are none.
    args("x"),
    args("''"),
    args("-- -1"),
    args("-- -x"),
    args("1x"),
    args("'1 '"),
    args("1"),
    args("' 1'"),
    args("+1"),
    args("0x1"),
    args("0x"),
    args("01"),
    args("09"),
    args("1.5"),
    args("4294967295"),
    args("4294967296"),
    args("8589934591"),
    args("18446744073709551615"),
    args("18446744073709551616"),
    args("99999999999999999999"),
    args("net:[4026531833]"),
    args("/proc/self/ns/net"),
    args("x y"),
    args("1 x"),
    args("4026531837 x"),
    args("owner"),
    args("-T owner"),
    args("-T parent"),
    // Trees that are none.
    args("--tree=x"),
    args("--tree="),
    args("--tree=own"),
    args("--tree=Owner"),
    args("--tree='owner '"),
    args("-Tx"),
    args("-T=owner"),
    args("-T=x"),
    args("-lT -Tx"),
    args("-TJ"),
    // Columns that are none.
    args("-o x"),
    args("-o NS,x"),
    args("-o x,NS"),
    args("-o NS,x,y"),
    args("-o 'NS TYPE'"),
    args("-o ' NS'"),
    args("-o 'NS, TYPE'"),
    args("-o NS:TYPE"),
    args("-o NSTYPE"),
    args("-o N"),
    args("-o +x"),
    args("-o -NS"),
    args("-o NS,+TYPE"),
    args("-o ++NS"),
    args("-o =NS"),
    args("-o=NS"),
    args("--output=x"),
    args("-o x -o NS"),
    args("-o NS -o x"),
    args("-o é"),
    // The first one met is the one complained about.
    args("-t x -p x -o x"),
    args("-p x -t x -o x"),
    args("-o x -p x -t x"),
    args("-o x -Q '('"),
    args("-Q '(' -o x"),
    args("-Q '(' -t x"),
    args("-o x x"),
    args("-t x x"),
    args("x -t x"),
    args("x -T -Tx"),
    args("-Q '(' x"),
    args("-Q NOSUCH x"),
    args("-Q NOSUCH -o x"),
    args("-p 1 x"),
    args("-p 1 -o x 1"),
];

/// Options that exclude one another.
const EXCLUSIONS: &[Scenario] = &[
    args("-J -r"),
    args("-r -J"),
    args("--json --raw"),
    args("--raw --json"),
    args("-Jr"),
    args("-rJ"),
    args("-J -l"),
    args("-l -J"),
    args("-l -r"),
    args("-r -l"),
    args("-l -T"),
    args("-T -l"),
    args("-l -Tprocess"),
    args("-Tprocess -l"),
    args("-r -T"),
    args("-T -r"),
    args("-J -T"),
    args("-T -J"),
    args("-P -p 1"),
    args("-p 1 -P"),
    args("--persistent --task 1"),
    args("--task 1 --persistent"),
    args("--task=1 --persistent"),
    args("-P -p x"),
    args("-p x -P"),
    args("-J -r -P -p 1"),
    args("-P -p 1 -J -r"),
    args("-P -J -r -p 1"),
    args("-J -p 1 -P -r"),
    args("-p 1 4026531837"),
    args("-p 1 1"),
    args("4026531837 -p 1"),
    args("-p 1 -P 1"),
    args("-o NS --output-all"),
    args("--output-all -o NS"),
    args("-H -J -r"),
    args("-H -P -p 1"),
    args("-J -J"),
    args("-P -P"),
    args("-p 1 -p 1"),
    args("-n -u -W -l"),
    args("-u -W"),
];

/// What is shown, and how.
const FORMATS: &[Scenario] = &[
    args(""),
    args("--"),
    args("-l"),
    args("--list"),
    args("-n"),
    args("--noheadings"),
    args("-u"),
    args("--notruncate"),
    args("-W"),
    args("--nowrap"),
    args("-r"),
    args("--raw"),
    args("-J"),
    args("--json"),
    args("-nr"),
    args("-lr"),
    args("-lnr"),
    args("-ln"),
    args("-lu"),
    args("-lJ"),
    args("-nJ"),
    args("-luWn"),
    args("-rWu"),
    args("-JuWn"),
    args("-T"),
    args("--tree"),
    args("-Towner"),
    args("--tree=owner"),
    args("-Tparent"),
    args("--tree=parent"),
    args("-Tprocess"),
    args("--tree=process"),
    args("-Tn"),
    args("-T -n"),
    args("-T -r"),
    args("-nrT"),
    args("-T -J"),
    args("-Tparent -r"),
    args("-Tparent -J"),
    args("-Tparent -lu"),
    args("-Tprocess -r"),
    args("-Tprocess -J"),
    args("-T -W"),
    args("-T -u"),
    args("-Tparent -Towner"),
    args("-Towner -Tparent"),
    args("-T -Tprocess"),
    args("-Tprocess -T"),
    args("-l -Tparent"),
    args("-lT"),
    args("-lTprocess"),
    args("-T -o TYPE,COMMAND"),
    args("-Tparent -o TYPE,COMMAND"),
    args("-Tprocess -o NS,TYPE"),
    args("-Tprocess -o COMMAND,NS"),
    args("-T -o TYPE,NS"),
    args("-T -o NS,NS"),
    args("-o COMMAND,COMMAND"),
    args("-T -o ONS,NS,PNS"),
    args("-Tparent -o ONS,NS,PNS"),
    args("-J -T -o NS"),
    args("-J -T -o TYPE"),
    args("-J -o TYPE,PID"),
    args("-J -o COMMAND"),
    args("-J -Tparent -o NS,PNS,TYPE"),
    args("-r -o COMMAND"),
    args("-r -T -o NS"),
    args("-r -o NS,PID,PPID,COMMAND,PATH"),
    args("-n -o NS"),
    args("-o NS"),
    args("-l -o COMMAND"),
    args("--output-all"),
    args("--output-all -l"),
    args("--output-all -n"),
    args("--output-all -r"),
    args("--output-all -J"),
    args("--output-all -T"),
    args("--output-all -Tparent"),
    args("--output-all -Tprocess"),
    args("--output-all -J -T"),
    args("--output-all -P"),
    args("--output-all -p 1"),
    args("--output-all -t user"),
    args("--output-all -o NS,TYPE"),
    args("-o NS,TYPE --output-all"),
    args("--output-all -o +NS"),
    shell("LIBSMARTCOLS_JSON=compact lsns -J -l"),
    shell("LIBSMARTCOLS_JSON=compact lsns -J"),
    shell("LIBSMARTCOLS_JSON=compact lsns -J -T"),
    shell("LIBSMARTCOLS_JSON=compact lsns -J -Q false"),
    shell("LIBSMARTCOLS_JSON=lines lsns -J -l"),
    shell("LIBSMARTCOLS_JSON=lines lsns -J -o NS,TYPE"),
    // util-linux forgets the colon after the key of a tree's lines.
    shell("LIBSMARTCOLS_JSON=lines lsns -J").repaired(Mended(18), is_json),
    shell("LIBSMARTCOLS_JSON=lines lsns -J -T").repaired(Mended(18), is_json),
    shell("LIBSMARTCOLS_JSON=lines lsns -J -Tparent -o NS,PNS").repaired(Mended(18), is_json),
    shell("LIBSMARTCOLS_JSON=lines lsns -J -Q false"),
    shell("LIBSMARTCOLS_JSON=pretty lsns -J"),
    shell("LIBSMARTCOLS_JSON=other lsns -J"),
    shell("LIBSMARTCOLS_JSON= lsns -J"),
    shell("LIBSMARTCOLS_JSON=LINES lsns -J -l"),
    shell("LIBSMARTCOLS_JSON=lines lsns -l"),
    shell("LIBSMARTCOLS_JSON=compact lsns"),
    shell("LIBSMARTCOLS_JSON=lines lsns -J -H"),
    shell("LIBSMARTCOLS_JSON=compact lsns -J -H"),
    // Locales.
    shell("LC_ALL=C.UTF-8 lsns"),
    shell("LC_ALL=C.UTF-8 lsns -T"),
    shell("LC_ALL=C.UTF-8 lsns -Tparent"),
    shell("LC_ALL=C.UTF-8 lsns -r"),
    shell("LC_ALL=C.UTF-8 lsns -r -T"),
    shell("LC_ALL=C.UTF-8 lsns -J"),
    shell("LC_ALL=C.utf8 lsns -T"),
    shell("LC_ALL=POSIX lsns -T"),
    shell("LC_ALL=nosuch lsns -T"),
    shell("LC_ALL=en_US.UTF-8 lsns -T"),
    shell("LC_ALL= LC_CTYPE=C.UTF-8 lsns -T"),
    shell("LC_ALL= LANG=C.UTF-8 lsns -T"),
    shell("LC_ALL= LC_CTYPE=C LANG=C.UTF-8 lsns -T"),
    shell("LC_ALL= LC_CTYPE=C.UTF-8 LANG=C lsns -T"),
    shell("unset LC_ALL; LANG=C.UTF-8 lsns -T"),
    shell("unset LC_ALL; lsns -T"),
    shell("unset LC_ALL; LC_CTYPE= LANG=C.UTF-8 lsns -T"),
    shell("unset LC_ALL; LC_CTYPE=nosuch LANG=C.UTF-8 lsns -T"),
    shell("unset LC_ALL; LC_MESSAGES=C.UTF-8 lsns -T"),
    shell("unset LC_ALL; LC_TIME=nosuch LANG=C.UTF-8 lsns -T"),
    shell("unset LC_ALL; LC_MESSAGES=nosuch LC_CTYPE=C.UTF-8 lsns -T"),
    shell("unset LC_ALL; LC_COLLATE=nosuch LC_CTYPE=C.UTF-8 lsns -T"),
    shell("LC_ALL=C LANG=C.UTF-8 lsns -T"),
];

/// Columns.
const COLUMNS: &[Scenario] = &[
    args("-o NS"),
    args("-o TYPE"),
    args("-o PATH"),
    args("-o NPROCS"),
    args("-o PID"),
    args("-o PPID"),
    args("-o COMMAND"),
    args("-o UID"),
    args("-o USER"),
    args("-o NETNSID"),
    args("-o NSFS"),
    args("-o PNS"),
    args("-o ONS"),
    args("-o ns,Type,pAtH,nprocs,pid,ppid,command,uid,user,netnsid,nsfs,pns,ons"),
    args("-o COMMAND,ONS,PNS,NSFS,NETNSID,USER,UID,PPID,PID,NPROCS,PATH,TYPE,NS"),
    args("-o NS,NS,NS"),
    args("-o TYPE,ns,Type"),
    args("-o PID,PID"),
    args("-oNS"),
    args("-oNS,TYPE"),
    args("--output NS,TYPE"),
    args("--output=NS,TYPE"),
    args("--outp=PID"),
    args("-o NS -o TYPE"),
    args("-o +NS"),
    args("-o +ns,PATH"),
    args("-o +COMMAND"),
    args("-o +PATH,PPID,UID"),
    args("-o +PNS,ONS"),
    args("-o +NETNSID"),
    args("-o +NETNSID -t net"),
    args("-o NS,PATH -t net"),
    args("-o PATH,NS -T"),
    args("-o +PATH -T"),
    args("-o +PATH -l"),
    args("-o +ONS -J"),
    args("-o USER,COMMAND"),
    args("-o COMMAND,USER"),
    args("-o NSFS,PATH"),
    args("-o PATH,NSFS"),
    args("-n -o PATH,NSFS"),
    args("-r -o PID,PATH,NSFS,NETNSID"),
    args("-r -o NSFS"),
    args("-J -o NSFS,NETNSID,PATH,PID,PPID,UID,PNS,ONS"),
    args("-o ,"),
    args("-o NS,"),
    args("-o +,"),
    args("-o +NS,"),
    args("-o NS,,"),
    // Of a column without a name util-linux says nothing.
    args("-o ''").ours(Mended(20), Exit(1), "", "lsns: unknown column: \n"),
    args("-o ,NS").ours(Mended(20), Exit(1), "", "lsns: unknown column: ,NS\n"),
    args("-o NS,,TYPE").ours(Mended(20), Exit(1), "", "lsns: unknown column: ,TYPE\n"),
    args("-o ,,").ours(Mended(20), Exit(1), "", "lsns: unknown column: ,,\n"),
    args("-o +").ours(Mended(20), Exit(1), "", "lsns: unknown column: \n"),
    args("--output=").ours(Mended(20), Exit(1), "", "lsns: unknown column: \n"),
];

/// Which namespaces are shown.
const SELECTION: &[Scenario] = &[
    args("-t mnt"),
    args("-t net"),
    args("-t ipc"),
    args("-t user"),
    args("-t pid"),
    args("-t uts"),
    args("-t cgroup"),
    args("-t time"),
    args("--type net"),
    args("--type=user"),
    args("-tuts"),
    args("-t mnt -t net"),
    args("-t net -t net"),
    args("-t user -t pid"),
    args("-t uts -t ipc -t time -t cgroup"),
    args("-t mnt -t net -t ipc -t user -t pid -t uts -t cgroup -t time"),
    args("-l -t net"),
    args("-r -t net"),
    args("-J -t net"),
    args("-n -t net"),
    args("-t net -o +NS"),
    args("-t net -o NS"),
    args("-t uts -t net -o +PATH"),
    args("-t net --output-all"),
    args("-T -t mnt"),
    args("-T -t net"),
    args("-T -t user"),
    args("-T -t pid"),
    args("-T -t user -t net"),
    args("-T -t user -t pid"),
    args("-T -t user -t ipc -t uts"),
    args("-Tparent -t user"),
    args("-Tparent -t pid"),
    args("-Tparent -t net"),
    args("-Tparent -t user -t pid"),
    args("-Tprocess -t user"),
    args("-Tprocess -t pid"),
    args("-J -T -t user"),
    args("-J -Tparent -t pid"),
    args("-P"),
    args("--persistent"),
    args("-P -n"),
    args("-P -r"),
    args("-P -J"),
    args("-P -l"),
    args("-P -T"),
    args("-P -Tparent"),
    args("-P -Tprocess"),
    args("-P -t net"),
    args("-P -t user"),
    args("-P -t pid"),
    args("-P -t time"),
    args("-P -t user -t ipc"),
    args("-P -t net -T"),
    args("-P -t user -T"),
    args("-P -t user -Tparent"),
    args("-P -o NS,USER,UID,ONS,PNS,PATH,PPID"),
    args("-P -o NPROCS,NSFS"),
    args("-p 1"),
    args("-p 100"),
    args("-p 101"),
    args("-p 200"),
    args("-p 201"),
    args("-p 300"),
    args("-p 310"),
    args("-p 319"),
    args("-p 320"),
    args("-p 330"),
    args("-p 340"),
    args("-p 341"),
    args("-p 363"),
    args("-p 370"),
    args("-p 371"),
    args("-p 376"),
    args("-p 390"),
    args("-p 999"),
    args("-p 1000"),
    args("-p 1001"),
    args("--task 101"),
    args("--task=101"),
    args("-p101"),
    args("-p 1 -p 101"),
    args("-p 101 -p 1"),
    args("-p 101 -T"),
    args("-p 340 -T"),
    args("-p 340 -Tparent"),
    args("-p 363 -Tparent"),
    args("-p 363 -T"),
    args("-p 340 -J"),
    args("-p 340 -J -T"),
    args("-p 340 -r"),
    args("-p 340 -l"),
    args("-p 340 -t user"),
    args("-p 340 -t user -T"),
    args("-p 340 -t net"),
    args("-p 340 -t net -T"),
    args("-p 363 -t pid -Tparent"),
    args("-p 320 -t pid"),
    args("-p 320 -T"),
    args("-p 1 -o NS,PID"),
    args("-p 999 -J"),
    args("-p 999 -r"),
    args("-p 999 -T"),
    args("-p 999 -t net"),
];

/// A namespace as argument.
const ARGUMENT: &[Scenario] = &[
    args("0"),
    args("0 -l"),
    args("0 -o NS,TYPE"),
    args("0 -T"),
    args("0 -J"),
    args("0 -n"),
    args("0 -t net"),
    args("0 -P"),
    args("00"),
    args("-0"),
    args("-- -0"),
    args("4026531837"),
    args("4026531837 4026531838"),
    args("' 4026531837'"),
    args("+4026531837"),
    args("04026531837"),
    args("-- 4026531837 -J"),
    args("4026531837 -- -J"),
    args("4026531837 -J"),
    args("-J 4026531837"),
    args("-l 4026531837"),
    args("-r 4026531837"),
    args("-n 4026531837"),
    args("4026531837 -n -o PID,PPID"),
    args("4026531837 -o NS"),
    args("4026531837 -o TYPE,NS,NPROCS"),
    args("4026531837 -o +NS"),
    args("4026531837 --output-all"),
    args("4026531837 --output-all -J"),
    args("4026531837 -o PID,COMMAND"),
    args("4026531837 -l -o PPID,COMMAND"),
    args("4026531837 -o COMMAND,COMMAND"),
    args("4026531837 -T"),
    args("4026531837 -T -o NS,PID"),
    args("4026531837 -Tparent -o NS,PID"),
    args("4026531837 -Tprocess"),
    args("4026531837 -T -J"),
    args("4026531837 -P"),
    args("4026531837 -t user"),
    args("4026531837 -t net"),
    args("4026531837 -W -u"),
    args("4026531833 -t net"),
    args("4026531833 -t net -o +NETNSID"),
    args("4026531833 -t user -t net"),
    args("4026531838 -H"),
    args("4026531837 -Q true"),
    args("4026531837 -Q false"),
    args("4026531837 -Q '1 == 1'"),
    shell("POSIXLY_CORRECT=1 lsns 4026531837 -J"),
    shell("POSIXLY_CORRECT=1 lsns -J 4026531837"),
    shell("POSIXLY_CORRECT= lsns 4026531837 -n"),
    shell("POSIXLY_CORRECT=1 lsns x --foo"),
    shell(". numbers; lsns $cgroup100"),
    shell(". numbers; lsns $ipc100"),
    shell(". numbers; lsns $mnt100"),
    shell(". numbers; lsns $net100"),
    shell(". numbers; lsns $pid101"),
    shell(". numbers; lsns $time101"),
    shell(". numbers; lsns $uts100"),
    shell(". numbers; lsns $user200"),
    shell(". numbers; lsns $user330"),
    shell(". numbers; lsns $user319"),
    shell(". numbers; lsns $pid361"),
    shell(". numbers; lsns $pid1"),
    shell(". numbers; lsns $mnt1"),
    shell(". numbers; lsns -l $pid1"),
    shell(". numbers; lsns -r $pid1"),
    shell(". numbers; lsns -J $pid1"),
    shell(". numbers; lsns -J -l $pid1"),
    shell(". numbers; lsns -J -o PID,NS $pid1"),
    shell(". numbers; lsns -t pid $pid363"),
    shell(". numbers; lsns -t pid $uts100"),
    shell(". numbers; lsns $gone"),
    shell(". numbers; lsns -J $gone"),
    shell(". numbers; lsns -P $gone"),
    shell(". numbers; lsns --output-all $uts100"),
    shell(". numbers; lsns -o NS,TYPE,PATH,NPROCS,PID,PPID,UID,USER,PNS,ONS $user341"),
    shell(". numbers; lsns -o +NETNSID,NSFS,PATH $net330"),
    shell(". numbers; lsns -p 1 $net330"),
    // util-linux loses the filter's columns there.
    shell(". numbers; lsns -l -Q 'PID > 100' $net100")
        .only(Root)
        .instead(Mended(19), ". numbers; lsns -l $net100 >/tmp/stage/rows; sed 2d /tmp/stage/rows"),
];

/// Filters. The language itself is tested beside its code.
const FILTERS: &[Scenario] = &[
    args("-Q ''"),
    args("-Q ' '"),
    args("-Q true"),
    args("-Q false"),
    args("-Q false -J"),
    args("-Q false -r"),
    args("-Q false -n"),
    args("-Q false -T"),
    args("-Q 0"),
    args("-Q 'NS == 4026531837'"),
    args("-Q 'NS > 4026531837'"),
    args("-Q 'ns == 4026531837 && type == \"user\"'"),
    args("-Q 'TYPE == \"net\"'"),
    args("-Q 'TYPE == \"net\" and NPROCS > 1'"),
    args("-Q 'TYPE =~ \"^u\"'"),
    args("-Q 'TYPE !~ \"^u\"'"),
    args("-Q 'PID == 1'"),
    args("-Q 'PID != 1'"),
    args("-Q 'PID > 100 && PID < 300'"),
    args("-Q 'PPID == 1'"),
    args("-Q 'PPID'"),
    args("-Q '!PPID'"),
    args("-Q '!PID'"),
    args("-Q 'PID == 0'"),
    args("-Q 'UID == 0'"),
    args("-Q 'UID == 4242'"),
    args("-Q 'USER == \"nsuser\"'"),
    args("-Q 'USER != \"root\"'"),
    args("-Q 'USER == 5'"),
    args("-Q 'UID =~ \"42\"'"),
    args("-Q 'NPROCS == 0'"),
    args("-Q 'NPROCS < 1.5'"),
    args("-Q 'NPROCS == \"1\"'"),
    args("-Q 'NPROCS == true'"),
    args("-Q 'COMMAND =~ \"hold\"'"),
    args("-Q 'COMMAND == \"hold sibling\"'"),
    args("-Q '!COMMAND'"),
    args("-Q 'COMMAND < \"\"'"),
    args("-Q 'PATH =~ \"/proc/1/\"'"),
    args("-Q '!PATH'"),
    args("-Q 'PATH == \"/proc/1/ns/net\"'"),
    args("-Q 'NETNSID == \"unassigned\"'"),
    args("-Q 'NETNSID'"),
    args("-Q '!NETNSID'"),
    args("-Q '!NSFS'"),
    args("-Q NSFS"),
    args("-Q 'PNS == 0'"),
    args("-Q PNS"),
    args("-Q 'ONS == 4026531837'"),
    args("-Q 'ONS != PNS'"),
    args("-Q 'ONS == NS'"),
    args("-Q 'NS > ONS or NPROCS > 5'"),
    args("--filter 'PID == 1'"),
    args("--filter='PID == 1'"),
    args("-Q 'PID == 1' -Q 'PID != 1'"),
    args("-Q '(' -Q true"),
    args("-Q 'PID == 1' -o NS,TYPE"),
    args("-Q 'TYPE == \"user\"' -T"),
    args("-Q 'TYPE != \"user\"' -T"),
    args("-Q 'NPROCS > 0' -T"),
    args("-Q 'NPROCS == 0' -T"),
    args("-Q 'NPROCS == 0' -P"),
    args("-Q 'PNS' -Tparent"),
    args("-Q 'NPROCS == 1' -Tparent"),
    args("-Q 'PID != 1'"),
    args("-Q 'PID != 1' -l"),
    args("-Q 'PID != 100' -J"),
    args("-Q 'PID != 100' -r"),
    args("-Q 'PID == 101' -t pid"),
    args("-Q 'PID == 1' -p 100"),
    args("-Q 'COMMAND' -o NS -P"),
    // Wrong ones.
    args("-Q '('"),
    args("-Q ')'"),
    args("-Q 'NS =='"),
    args("-Q '== NS'"),
    args("-Q 'NS NS'"),
    args("-Q NOSUCH"),
    args("-Q 'NOSUCH == 1'"),
    args("-Q 'NS == 1 && NOSUCH == 1'"),
    args("-Q 'NS == 16E'"),
    args("-Q 'TYPE == 1'"),
    args("-Q 'TYPE =~ \"(\"'"),
    args("-Q 'TYPE =~ \"a++\"'").ours(
        Since("2.43"),
        Exit(1),
        "",
        "lsns: failed to parse \"TYPE =~ \"a++\"\": (null)\n",
    ),
    args("-Q '1 == 1k'"),
    args("-Q NOSUCH -H"),
    args("-Q '(' -H"),
    args("-Q '(' -J"),
    args("-Q NOSUCH -J"),
    // util-linux prints what its lexer does not know, and goes on.
    args("-Q 'NS = 1'").ours(
        Mended(21),
        Exit(1),
        "",
        "lsns: failed to parse \"NS = 1\": syntax error, unexpected invalid token, expecting end of file\n",
    ),
    args("-Q '1 === 1'").ours(
        Mended(21),
        Exit(1),
        "",
        "lsns: failed to parse \"1 === 1\": syntax error, unexpected invalid token\n",
    ),
    args("-Q -1").ours(
        Mended(21),
        Exit(1),
        "",
        "lsns: failed to parse \"-1\": syntax error, unexpected invalid token\n",
    ),
    args("-Q @").ours(Mended(21), Exit(1), "", "lsns: failed to parse \"@\": syntax error, unexpected invalid token\n"),
    args("-Q '1;'").ours(
        Mended(21),
        Exit(1),
        "",
        "lsns: failed to parse \"1;\": syntax error, unexpected invalid token, expecting end of file\n",
    ),
];

/// The list of columns.
const LIST_COLUMNS: &[Scenario] = &[
    args("-H"),
    args("--list-columns"),
    args("--list-col"),
    args("-H -n"),
    args("-H -r"),
    args("-r -H"),
    args("-H -J"),
    args("-J -H"),
    args("-H -l"),
    args("-H -T"),
    args("-H -u"),
    args("-H -W"),
    args("-H -o NS"),
    args("-H -o x"),
    args("-o x -H"),
    args("-H --output-all"),
    args("-H -Q true"),
    args("-H -Q NS"),
    args("-H -t net"),
    args("-H -t x"),
    args("-H -P"),
    args("-H -p 1"),
    args("-H -p x"),
    args("-H 1"),
    args("-H x"),
    args("-H -H"),
    args("-Hrn"),
    args("-H --foo"),
    args("-Hz"),
    args("-H").columns(40),
    args("-H -r").columns(40),
    args("-H").columns(20),
    args("-H").columns(200),
    shell("lsns -H >/dev/full"),
    shell("lsns -HJ >/dev/full"),
    shell("LC_ALL=C.UTF-8 lsns -H"),
];

/// Relatives: what descriptors, sockets and files bring along.
const RELATIVES: &[Scenario] = &[
    args(""),
    args("-l"),
    args("-P"),
    args("-P -t user"),
    args("-P -t net"),
    args("-T"),
    args("-Tparent"),
    args("-T -t user"),
    args("-T -t user -t net"),
    args("-Tparent -t user"),
    args("-T -t net"),
    args("-t user"),
    args("-t net"),
    args("-t ipc"),
    args("-t ipc --output-all"),
    args("-t ipc -J -W --output-all"),
    args("-t net --output-all"),
    args("-t uts --output-all"),
    args("-t mnt --output-all"),
    args("-t pid -Tparent -o +PNS"),
    args("--output-all"),
    args("--output-all -T"),
    args("-p 110"),
    args("-p 110 -T"),
    args("-p 110 -Tparent"),
    args("-p 141 -T"),
    args("-p 101"),
    args("-p 102"),
    args("-p 102 -T"),
    args("-Q 'NPROCS == 0'"),
    args("-Q 'NPROCS == 0' -T"),
    shell(". numbers; lsns $pid101"),
    shell(". numbers; lsns $user100"),
    shell(". numbers; lsns $net110"),
    shell(". numbers; lsns -t net $user110"),
];

/// What is hard to show.
const HARD: &[Scenario] = &[
    args(""),
    args("-l"),
    args("-r"),
    args("-J"),
    args("-J -l"),
    args("-T"),
    args("-P"),
    args("-t uts"),
    args("-t ipc -o NS,COMMAND"),
    args("-t pid"),
    args("-o COMMAND,PID"),
    args("-o USER,PID"),
    args("-o USER"),
    args("-r -o USER,PID"),
    args("-J -o USER,PID"),
    // util-linux calls the others negative.
    args("-o UID,USER,PPID -Q 'USER != \"4294967294\"'"),
    args("-n -o COMMAND"),
    shell("LC_ALL=C.UTF-8 lsns"),
    shell("LC_ALL=C.UTF-8 lsns -l"),
    shell("LC_ALL=C.UTF-8 lsns -r"),
    shell("LC_ALL=C.UTF-8 lsns -J"),
    shell("LC_ALL=C.UTF-8 lsns -T"),
    shell("LC_ALL=C.UTF-8 lsns -o COMMAND,PID"),
    shell("LC_ALL=C.UTF-8 lsns -o USER,PID"),
    shell("LC_ALL=C.UTF-8 lsns -r -o USER,COMMAND"),
    shell(". numbers; lsns $pid1"),
    shell(". numbers; lsns -J $pid1"),
    shell(". numbers; lsns -r $pid1"),
    shell(". numbers; LC_ALL=C.UTF-8 lsns $pid1"),
    shell(". numbers; LC_ALL=C.UTF-8 lsns -J $pid1"),
    args("-r -l -o COMMAND,PID -Q 'PID == 120'"),
    shell(". numbers; lsns $pid122"),
    args("-p 122"),
    args("-p 123"),
    args("-Q 'COMMAND =~ \"bell\"'"),
    args("-Q 'COMMAND =~ \"end$\"'"),
    args("-Q '!COMMAND'"),
    args("-Q 'USER == \"leading\"'"),
    args("-Q 'USER == \"with blank\"'"),
    args("").columns(80),
    args("-u").columns(80),
    args("-J").columns(80),
    args("-r").columns(80),
    shell("LC_ALL=C.UTF-8 lsns -o COMMAND").columns(30),
    shell("LC_ALL=C.UTF-8 lsns -o COMMAND").columns(31),
    shell("LC_ALL=C.UTF-8 lsns -o COMMAND").columns(32),
    shell("LC_ALL=C.UTF-8 lsns -t uts").columns(60),
    shell("LC_ALL=C.UTF-8 lsns -t uts").columns(61),
    shell("LC_ALL=C.UTF-8 lsns -t uts").columns(100),
    shell("LC_ALL=C.UTF-8 lsns -o COMMAND,PID").columns(60),
    shell("LC_ALL=C.UTF-8 lsns -l -t uts -o COMMAND").columns(97),
    shell("LC_ALL=C.UTF-8 lsns -l -t uts -o COMMAND").columns(113),
    shell("LC_ALL=C.UTF-8 lsns -l -t uts -o COMMAND").columns(120),
];

/// Namespaces bound to files.
const BOUND: &[Scenario] = &[
    args(""),
    args("-l"),
    args("-T"),
    args("-Tparent"),
    args("-P"),
    args("-P -T"),
    args("-r"),
    args("-J"),
    args("-t net"),
    args("-t net -n"),
    args("-t net -r"),
    args("-t net -J").instead(Mended(17), "-t net -J -W").only(Root),
    args("-t net -W"),
    args("-t net -T"),
    args("-t net -P"),
    args("-t net -P -T"),
    args("-t user"),
    args("-t user -T"),
    args("-t user -P"),
    args("-t pid -Tparent"),
    args("-t mnt"),
    args("-t time"),
    args("-t cgroup"),
    args("-t ipc -T"),
    args("-t uts -t net"),
    args("-o +NSFS"),
    args("-o NSFS"),
    args("-o NSFS,NS"),
    args("-o NS,NSFS,TYPE"),
    args("-W -o NSFS,NS"),
    args("-r -o NSFS,NS"),
    args("-W -r -o NSFS,NS"),
    args("-J -o NSFS,NS").instead(Mended(17), "-J -W -o NSFS,NS").only(Root),
    args("-J -W -o NSFS,NS"),
    args("-n -o NSFS"),
    args("--output-all"),
    args("--output-all -J").instead(Mended(17), "--output-all -J -W").only(Root),
    args("--output-all -r"),
    args("--output-all -W"),
    args("--output-all -T"),
    args("-P -o NS,TYPE,PID,PPID,PATH,UID,USER,PNS,ONS,NSFS"),
    args("-Q NSFS"),
    args("-Q NSFS -t net"),
    args("-Q '!NSFS'"),
    args("-Q 'NSFS =~ \"net\"' -o NS,NSFS"),
    args("-Q 'NSFS =~ \"blank\"' -o NS,NSFS"),
    args("-Q 'NSFS == \"/tmp/stage/user\"'"),
    args("-p 100 -o +NSFS"),
    args("-p 110 -o +NSFS"),
    shell("LC_ALL=C.UTF-8 lsns -o +NSFS"),
    shell("LC_ALL=C.UTF-8 lsns -r -o NSFS,NS"),
    shell("LC_ALL=C.UTF-8 lsns -J -o NSFS,NS").instead(Mended(17), "LC_ALL=C.UTF-8 lsns -J -W -o NSFS,NS").only(Root),
    shell("LC_ALL=C.UTF-8 lsns -W -o NSFS,NS"),
    shell("LC_ALL=C.UTF-8 lsns -t net -T"),
    shell(". numbers; lsns $net100"),
    shell(". numbers; lsns -o +NSFS $net100"),
    shell(". numbers; lsns -t net $net100"),
    args("-t net").columns(80),
    args("-t net").columns(120),
    args("-o NSFS,NS").columns(20),
    args("-o +NSFS").columns(60),
    args("-W -o +NSFS").columns(60),
];

/// Several mounts of one namespace, mounts on mounts, and mounts that cannot be reached.
const STACKED: &[Scenario] = &[
    args(""),
    args("-P"),
    args("-P -T"),
    args("-t user"),
    args("-t user -P -o +NSFS"),
    args("-t user -T"),
    args("-t net"),
    args("-t net -W"),
    args("-t net -n"),
    args("-t net -r"),
    args("-t net -T"),
    args("-t net -P"),
    args("-t uts"),
    args("-t uts -o NS,TYPE,NSFS"),
    args("-t ipc -o NS,TYPE,NSFS"),
    args("-o NSFS"),
    args("-o NSFS,NS"),
    args("-o NS,NSFS"),
    args("-o NS,NSFS,TYPE"),
    args("-o NSFS,NS,NSFS"),
    args("-n -o NSFS,TYPE"),
    args("-W -o NSFS,NS"),
    args("-r -o NSFS,NS"),
    args("-r -W -o NSFS,NS"),
    args("-J -W -o NSFS,NS"),
    args("--output-all"),
    args("--output-all -W"),
    args("--output-all -r"),
    args("--output-all -J -W"),
    args("--output-all -T"),
    args("-T -o NS,NSFS,COMMAND"),
    args("-T -o NS,NSFS"),
    args("-T -o NSFS,NS"),
    args("-o COMMAND,NSFS"),
    args("-o NSFS,COMMAND"),
    args("-Q NSFS"),
    args("-Q '!NSFS'"),
    args("-Q 'NSFS =~ \"two\"' -o NS,NSFS"),
    args("-Q 'NSFS =~ \"two\"' -W -o NS,NSFS"),
    args("-Q 'NSFS == \"/tmp/stage/one\"' -o NS,NSFS"),
    args("-p 100 -o +NSFS"),
    args("-t net").columns(80),
    args("-t net -T").columns(60),
    args("-o NS,NSFS,TYPE").columns(30),
    shell("LC_ALL=C.UTF-8 lsns -t net"),
    shell("LC_ALL=C.UTF-8 lsns -t net -T"),
    shell(". numbers; lsns -o +NSFS $net100"),
    // util-linux prints but the first of several paths, and blanks.
    args("-J -o NSFS,NS").instead(Mended(17), "-J -W -o NSFS,NS").only(Root),
    args("-J --output-all -l").instead(Mended(17), "-J -W --output-all -l").only(Root),
    args("-J -t uts -o +NSFS,NPROCS").instead(Mended(17), "-J -W -t uts -o +NSFS,NPROCS").only(Root),
];

/// Terminals.
const TERMINALS: &[Scenario] = &[
    args("").columns(80),
    args("").columns(0),
    args("").columns(1),
    args("").columns(20),
    args("").columns(40),
    args("").columns(45),
    args("").columns(50),
    args("").columns(60),
    args("").columns(79),
    args("").columns(100),
    args("").columns(132),
    args("").columns(500),
    args("-l").columns(60),
    args("-u").columns(60),
    args("-n").columns(60),
    args("-n").columns(20),
    args("-r").columns(60),
    args("-J").columns(60),
    args("-T").columns(60),
    args("-T").columns(40),
    args("-T").columns(80),
    args("-Tparent").columns(60),
    args("-P").columns(60),
    args("-P").columns(30),
    args("-H").columns(60),
    args("-t net").columns(40),
    args("-t net").columns(60),
    args("-t net").columns(80),
    args("-t net").columns(120),
    args("-t net -T").columns(80),
    args("-t net -l").columns(80),
    args("-o NS").columns(80),
    args("-o NS").columns(5),
    args("-o NPROCS").columns(80),
    args("-o PID,PPID,TYPE").columns(80),
    args("-o TYPE,PID").columns(12),
    args("-o TYPE,PID").columns(13),
    args("-o PNS,ONS").columns(80),
    args("-o PNS,ONS").columns(21),
    args("-o PNS,ONS").columns(20),
    args("-n -o PNS,NPROCS").columns(80),
    args("-n -o UID,NPROCS").columns(18),
    args("-n -o PID,PPID,NPROCS,TYPE").columns(24),
    args("-n -o PID,PPID,NPROCS,TYPE").columns(23),
    args("-n -o PID,PPID,NPROCS,TYPE").columns(22),
    args("-n -o PID,PPID,NPROCS,TYPE").columns(21),
    args("-n -o PID,PPID,NPROCS,TYPE").columns(20),
    args("-o COMMAND").columns(20),
    args("-o COMMAND").columns(6),
    args("-o COMMAND").columns(7),
    args("-o COMMAND").columns(8),
    args("-o COMMAND,NS").columns(30),
    args("-l -u -o PNS,TYPE,PPID").columns(80),
    args("-n -u -o PID,NPROCS").columns(80),
    args("-o NS,COMMAND,PATH").columns(60),
    args("-o NS,PATH,COMMAND").columns(60),
    args("-o USER,PATH").columns(20),
    args("-o +PATH,PPID").columns(80),
    args("-o +PATH,PPID").columns(120),
    args("--output-all").columns(80),
    args("--output-all").columns(120),
    args("--output-all").columns(150),
    args("--output-all").columns(200),
    args("--output-all -n").columns(110),
    args("--output-all -T").columns(120),
    args("--output-all -u").columns(80),
    args("4026531837").columns(80),
    args("4026531837").columns(30),
    args("4026531837 -n").columns(30),
    args("4026531837 -u").columns(30),
    args("-p 101").columns(60),
    args("-Q false").columns(60),
    shell("COLUMNS=40 lsns").columns(80),
    shell("COLUMNS=40 lsns"),
    shell("COLUMNS=200 lsns").columns(60),
    shell("LC_ALL=C.UTF-8 lsns").columns(60),
    shell("LC_ALL=C.UTF-8 lsns -T").columns(60),
    shell("TERM=dumb LC_ALL=C.UTF-8 lsns").columns(60),
    shell("LIBSMARTCOLS_JSON=lines lsns -J -l").columns(60),
];

/// Output that goes nowhere.
const OUTPUT: &[Scenario] = &[
    shell("lsns >/dev/full"),
    // The reason is told in every format.
    shell("lsns -J >/dev/full").ours(OnPurpose, Exit(1), "", "lsns: write error: No space left on device\n"),
    shell("lsns -r >/dev/full"),
    shell("lsns -T >/dev/full"),
    shell("lsns 4026531837 >/dev/full"),
    shell("lsns -Q false >/dev/full"),
    shell("lsns -J -Q false >/dev/full"),
    shell("lsns -h >/dev/full"),
    shell("lsns -V >/dev/full"),
    shell("lsns >&-"),
    // What is closed is no error in any format.
    shell("lsns -J >&-").ours(OnPurpose, Exit(0), "", ""),
    shell("lsns -H >&-"),
    shell("lsns -V >&-"),
    shell("lsns 2>&-"),
    shell("lsns --foo 2>&-"),
    shell("lsns -t x 2>&-"),
    shell("lsns x 2>&-"),
    shell("lsns --foo 2>/dev/full"),
    shell("lsns <&-"),
    shell("lsns <&- >&- 2>&-"),
    shell("lsns -o NS,TYPE | head -1"),
    shell("lsns -o NS,TYPE | true"),
    // A pipe that nobody reads.
    shell("mkfifo pipe; exec 3<>pipe 4>pipe 3<&-; rm pipe; lsns >&4; echo $?"),
    shell("mkfifo pipe; exec 3<>pipe 4>pipe 3<&-; rm pipe; lsns -J >&4; echo $?"),
    shell("mkfifo pipe; exec 3<>pipe 4>pipe 3<&-; rm pipe; trap '' PIPE; lsns >&4; echo $?"),
    shell("mkfifo pipe; exec 3<>pipe 4>pipe 3<&-; rm pipe; trap '' PIPE; lsns -J >&4; echo $?").ours(
        OnPurpose,
        Exit(0),
        "0\n",
        "",
    ),
    shell("lsns >file; cat file; rm file"),
];

/// Views from elsewhere: other namespaces, other users, other roots.
const ELSEWHERE: &[Scenario] = &[
    shell("nsenter -t 100 -m lsns"),
    shell("nsenter -t 100 -m -p lsns").only(Root),
    shell("nsenter -t 100 -n lsns -t net"),
    shell("nsenter -t 100 -i -u -C lsns"),
    shell("nsenter -t 101 -T lsns"),
    shell("nsenter -t 200 -U --preserve-credentials lsns"),
    shell("nsenter -t 200 -U lsns -T"),
    shell("nsenter -t 200 -U -n lsns -t net"),
    shell("nsenter -t 330 -U --preserve-credentials lsns"),
    shell("nsenter -t 330 -U --preserve-credentials lsns -T -o +UID,ONS"),
    shell("nsenter -t 340 -U --preserve-credentials lsns -Tparent -t user"),
    shell("nsenter -t 340 -U --preserve-credentials lsns -P"),
    shell("nsenter -t 350 -U --preserve-credentials lsns -o +UID").only(Root),
    shell("nsenter -t 350 -U lsns -T -o +UID"),
    shell("setpriv --reuid 1 --regid 1 --clear-groups lsns").only(Root),
    shell("setpriv --reuid 4242 --regid 4242 --clear-groups lsns -T").only(Root),
    shell("setpriv --bounding-set -all --inh-caps -all lsns").only(Root),
    shell("setpriv --bounding-set -sys_ptrace lsns").only(Root),
    shell("setpriv --bounding-set -sys_ptrace lsns -T -o +ONS").only(Root),
    shell("cd /tmp/stage/dir; lsns"),
    shell("cd /; lsns -p 1"),
    shell("exec lsns"),
    shell("(exec lsns -p 1000)"),
    shell("lsns -p $$"),
    shell("lsns -p $$ -T"),
];

/// Where /proc is not what it should be: process 500's mount namespace has none, 501's an empty one, 502's that of other processes.
const HIDDEN: &[Scenario] = &[
    shell("nsenter -t 500 -m lsns").only(Root),
    shell("nsenter -t 500 -m lsns -J").only(Root),
    shell("nsenter -t 500 -m lsns -P").only(Root),
    shell("nsenter -t 500 -m lsns -t net").only(Root),
    shell("nsenter -t 500 -m lsns -H").only(Root),
    shell("nsenter -t 500 -m lsns -p 1").only(Root),
    shell("nsenter -t 500 -m lsns -p x").only(Root),
    shell("nsenter -t 500 -m lsns 4026531837").only(Root),
    shell("nsenter -t 500 -m lsns x").only(Root),
    shell("nsenter -t 500 -m lsns -o x").only(Root),
    shell("nsenter -t 500 -m lsns -Q '('").only(Root),
    // What is typed is judged before anything is read.
    shell("nsenter -t 500 -m lsns -Q NOSUCH").only(Root).ours(
        OnPurpose,
        Exit(1),
        "",
        "lsns: unknown column: NOSUCH\nlsns: failed to initialize filter\n",
    ),
    shell("nsenter -t 500 -m lsns -p 1 1").only(Root),
    shell("nsenter -t 500 -m setpriv --reuid 4242 --regid 4242 --clear-groups lsns").only(Root),
    shell("nsenter -t 501 -m lsns").only(Root),
    shell("nsenter -t 501 -m lsns -J").only(Root),
    shell("nsenter -t 502 -m lsns").only(Root),
    shell("nsenter -t 502 -m lsns -T").only(Root),
    shell("nsenter -t 502 -m lsns -p 1").only(Root),
    shell("nsenter -t 502 -m lsns 4026531837").only(Root),
    shell("nsenter -t 503 -p -m lsns").only(Root),
    shell("nsenter -t 503 -p -m lsns -T").only(Root),
    shell("nsenter -t 503 -p -m lsns -J").only(Root),
    shell("nsenter -t 503 -p -m lsns -p 1").only(Root),
    shell("nsenter -t 504 -m lsns").only(Root),
    shell("nsenter -t 504 -m setpriv --reuid 4242 --regid 4242 --clear-groups lsns").only(Root),
    shell("nsenter -t 504 -m setpriv --reuid 4242 --regid 4242 --clear-groups lsns -p 500").only(Root),
    args("-t user -o NS,PID,UID,USER,COMMAND"),
    args("-t user -o NS,PID,PPID,COMMAND"),
    args("-t user -J -o NS,PID,PPID,COMMAND"),
    args("-t user -r -o NS,PID,PPID,COMMAND"),
    args("-t user -T -o NS,PID,ONS"),
    args("-t user -o NS -Q '!COMMAND'"),
    args("-t user -o NS -Q 'COMMAND == \"\"'"),
    args("-t user -o NS -Q 'COMMAND =~ \"hold\"'"),
];

/// Network namespaces that have numbers in others.
const NUMBERED: &[Scenario] = &[
    args("-t net"),
    args("-o NS,NETNSID"),
    args("-Q 'NETNSID == \"unassigned\"'"),
    shell("nsenter -t 600 -n lsns -t net"),
    shell("nsenter -t 600 -n lsns -t net -J"),
    shell("nsenter -t 600 -n lsns -t net -r"),
    shell("nsenter -t 600 -n lsns -o NETNSID,NS"),
    shell("nsenter -t 600 -n lsns --output-all"),
    shell("nsenter -t 600 -n lsns -P"),
    shell("nsenter -t 600 -n lsns -t net -P"),
    shell("nsenter -t 600 -n lsns -Q 'NETNSID == \"7\"'"),
    shell("nsenter -t 600 -n lsns -Q 'NETNSID == 7' -o NETNSID -t net").only(Root),
    shell("nsenter -t 600 -n lsns -t net -n").only(Root).columns(70),
    shell("nsenter -t 601 -n lsns -t net"),
    shell("nsenter -t 602 -n lsns -t net"),
    shell("nsenter -t 602 -U --preserve-credentials -n lsns -t net"),
    shell("nsenter -t 604 -U --preserve-credentials -n lsns -t net"),
    shell("nsenter -t 604 -U --preserve-credentials -n lsns -P -t net"),
    shell("nsenter -t 600 -n setpriv --reuid 4242 --regid 4242 --clear-groups lsns -t net").only(Root),
];

/// Every scenario.
const ALL: [&[Scenario]; 17] = [
    USAGE,
    EXCLUSIONS,
    FORMATS,
    COLUMNS,
    SELECTION,
    ARGUMENT,
    FILTERS,
    LIST_COLUMNS,
    HARD,
    RELATIVES,
    BOUND,
    STACKED,
    TERMINALS,
    OUTPUT,
    ELSEWHERE,
    HIDDEN,
    NUMBERED,
];

/// The key of what is below a line has its colon.
fn is_json(theirs: &mut Outcome) {
    theirs.stdout = theirs.stdout.replace("\"children\"[", "\"children\":[");
}

fn this() -> Program {
    ours("lsns", env!("CARGO_BIN_EXE_rs-lsns"))
}

fn compare(world: &str, scenarios: &[Scenario]) {
    Comparison::new(this(), oracle("lsns").unwrap()).together(world, scenarios).finish();
}

#[test]
fn usage() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare("", USAGE);
}

#[test]
fn exclusions() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare(CROWD, EXCLUSIONS);
}

#[test]
fn formats() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare(CROWD, FORMATS);
}

#[test]
fn columns() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare(CROWD, COLUMNS);
}

#[test]
fn selection() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare(CROWD, SELECTION);
}

#[test]
fn argument() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare(CROWD, ARGUMENT);
}

#[test]
fn filters() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare(CROWD, FILTERS);
}

#[test]
fn list_columns() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare("", LIST_COLUMNS);
}

#[test]
fn relatives() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare(KIN, RELATIVES);
}

#[test]
fn hard() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare(ODD, HARD);
}

#[test]
fn bound() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare(MOUNTS, BOUND);
}

#[test]
fn stacked() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare(STACKS, STACKED);
}

#[test]
fn terminals() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare(CROWD, TERMINALS);
}

#[test]
fn output() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare(CROWD, OUTPUT);
}

#[test]
fn elsewhere() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare(CROWD, ELSEWHERE);
}

#[test]
fn hidden() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    compare(HIDING, HIDDEN);
}

#[test]
fn numbered() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc, ip);
    compare(NETWORKS, NUMBERED);
}

/// Help and version are ours, but begin as util-linux's do.
#[test]
fn help_and_version() {
    require!(root, new_lsns);
    let beginnings = [
        ("-h", "\nUsage:"),
        ("--help", "\nUsage:"),
        ("--he", "\nUsage:"),
        ("-lh", "\nUsage:"),
        ("--help --foo", "\nUsage:"),
        ("--help -t x", "\nUsage:"),
        ("x --help", "\nUsage:"),
        ("-o x -h", "\nUsage:"),
        ("-V", "lsns from "),
        ("--version", "lsns from "),
        ("--ver", "lsns from "),
        ("-V -h", "lsns from "),
        ("-nJV x", "lsns from "),
    ];
    each_begins(&[this(), oracle("lsns").unwrap()], &beginnings);
}

/// Each option that util-linux's help shows has a scenario.
#[test]
fn there_are_many_scenarios() {
    assert!(ALL.iter().map(|table| table.len()).sum::<usize>() >= 250);
}

#[test]
fn every_option_has_a_scenario() {
    require!(new_lsns);
    let mut options = options_in_help("lsns");
    // Held by `help_and_version`.
    let tested_elsewhere = ["-h", "-V", "--help", "--version"];
    options.retain(|option| !tested_elsewhere.contains(&option.as_str()));
    each_has_a_scenario(&options, &ALL);
}

/// Each column that util-linux knows has a scenario to itself.
#[test]
fn every_column_has_a_scenario() {
    require!(new_lsns);
    let list = Command::new(oracle("lsns").unwrap().path).arg("--list-columns").output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let columns: BTreeSet<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(columns.len() >= 13, "{columns:?}");
    let used: BTreeSet<String> = COLUMNS.iter().flat_map(Scenario::words).collect();
    let missing: Vec<&&str> = columns.iter().filter(|column| !used.contains(**column)).collect();
    assert!(missing.is_empty(), "no scenario for {missing:?}");
}
