//! Command lines and environments as long as execve(2) takes them, and longer.

use crate::support::{Status, require};
use crate::{line, program, theirs};

/// `long COUNT LENGTH VARIABLES COMMAND...` has so many long words behind the command, and so many long variables; with a
/// stack that gives them 2 MiB.
const LONG: &str = r#"ulimit -s 8192
cat >long.pl <<'END'
my ($count, $length, $variables, @command) = @ARGV;
$ENV{"V$_"} = 'vvvvv' x 20000 for 1 .. $variables;
exec { $command[0] } @command, ('x' x $length) x $count or print "$!\n";
END
long() { perl long.pl "$@"; }
"#;

/// A program that says how many words it got, how long the last one is, and how many long variables.
const COUNT: &str = "sh -c 'for last; do :; done; echo $# ${#last} $(export -p | grep -c vvvvv)' count";

#[test]
fn two_megabytes_of_words() {
    require!(root, perl, new_lsns);
    let program = program();
    let command = match program.name {
        "unshare" => "unshare -ru",
        "nsenter" => "nsenter -t 300 -u -i",
        _ => return lsns_shows_them(),
    };
    let prints = |text: String, expected: &str| line(&program, "", &format!("{LONG}{text}")).prints(expected);
    // MAX_ARG_STRLEN with its end; one byte more is the caller's error.
    prints(format!("long 1 131071 0 {command} {COUNT}"), "1 131071 0\n");
    prints(format!("long 1 131072 0 {command} {COUNT}"), "Argument list too long\n");
    prints(format!("long 20 100000 0 {command} {COUNT}"), "20 100000 0\n");
    prints(format!("long 1 5 20 {command} {COUNT}"), "1 5 20\n");
    prints(format!("long 9 100000 10 {command} -- {COUNT}"), "9 100000 10\n");
}

/// What just fits into our command line is too much for a script, which has its interpreter's words as well.
#[test]
fn too_many_words() {
    require!(root, perl, util_linux);
    let program = program();
    let command = match program.name {
        "unshare" => "unshare -u",
        "nsenter" => "nsenter -u/proc/self/ns/uts",
        _ => return,
    };
    let text = format!(
        r#"{LONG}printf '#!/bin/sh %0200d\nexit 9\n' 0 >script; chmod 755 script
cat >most.pl <<'END'
# As many words as this command takes, by a few bytes.
my @words = ('x' x 100000) x 20;
for (my $rest = 100000; $rest > 0; $rest -= 40) {{
    my $status = system {{ $ARGV[0] }} @ARGV, @words, 'x' x $rest;
    next if $status == -1;
    print $status >> 8, "\n";
    last;
}}
END
perl most.pl {command} ./script 2>&1"#
    );
    let ours = line(&program, "", &text).outcome();
    let told = format!("{}: failed to execute ./script: Argument list too long\n126\n", program.name);
    ours.clone().must_be(command, Status::Exit(0), &told, "");
    assert_eq!(line(&theirs(), "", &text).outcome(), ours);
}

/// A word of 128 KiB, 2 MB of them, and one that ends where the command line is cut off: as util-linux shows them, but for
/// the numbers of the namespaces, which tell the order.
fn lsns_shows_them() {
    let text = format!(
        r#"{LONG}mkfifo up; for words in '1 131071' '19 100000' '1 8130'; do
    perl long.pl $words 0 unshare -u sh -c 'echo up; exec >&-; read -r line <>never' >up 2>/tmp/said & until read -r said <up; do :; done
done; export LC_ALL=C.UTF-8
for options in -l -u -J -r -uJ -T; do
    COLUMNS=80 lsns $options -t uts -o COMMAND,TYPE >list; echo $options; grep x list | LC_ALL=C sort | cksum; grep -c uts list; wc -L <list; wc -c <list
done"#
    );
    let ours = line(&program(), "", &text).outcome();
    assert_eq!((ours.status, &*ours.stderr), (Status::Exit(0), ""), "{ours}");
    assert!(ours.stdout.lines().count() == 30, "{ours}");
    assert_eq!(line(&theirs(), "", &text).outcome(), ours);
}
