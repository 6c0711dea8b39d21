//! Outputs that take nothing, and standard descriptors that are closed.

use std::time::Instant;

use crate::support::{Status, require};
use crate::{PINS, line, of_program, program, report, theirs};

/// Everything that is written to stdout, without the numbers that differ in each run.
fn outputs() -> &'static [&'static str] {
    of_program(
        &[
            "--help",
            "--version",
            "--check -m",
            "--check --json -m",
            "--dry-run -mpf true",
            "--info-fd 1 busybox true",
            "-f --info-fd 1 -u busybox true",
        ][..],
        &["--help", "--version", "--check -t 100 -a", "--check --json -t 100 -u"],
        &[
            "",
            "-J",
            "-r",
            "-T",
            "-l",
            "-A",
            "--output-all",
            "--limits",
            "--dot",
            "--pid-map 1",
            "--help",
            "--version",
            "--list-columns",
            "-p 1",
            "$(stat -L -c %i /proc/1/ns/pid)",
            "-J -Q NS==1",
        ],
    )
}

#[test]
fn a_full_disk_is_told() {
    require!(root);
    let (program, begun, mut findings) = (program(), Instant::now(), Vec::new());
    let name = program.name;
    let tries = outputs().iter().map(|output| {
        format!("{name} {output} >/dev/full 2>/tmp/log/err; echo $? $(wc -l </tmp/log/err) $(cat /tmp/log/err)\n")
    });
    let text = format!("{}begin; left", tries.collect::<String>());
    let outcome = line(&program, "", &text).outcome();
    for (output, told) in outputs().iter().zip(outcome.stdout.lines()) {
        let what = if output.contains("info-fd") { "cannot write to file descriptor 1" } else { "write error" };
        if told != format!("1 1 {name}: {what}: No space left on device") {
            findings.push(format!("{name} {output}: {told}"));
        }
    }
    assert_eq!(outcome.stdout.lines().count(), outputs().len(), "{outcome}");
    report("a full disk", outputs().len(), begun, &findings);
}

/// A reader that has gone: SIGPIPE, as with util-linux; where that is ignored, success without a word.
#[test]
fn a_reader_that_has_gone() {
    require!(root);
    let (program, begun, mut findings) = (program(), Instant::now(), Vec::new());
    let name = program.name;
    let tries = outputs().iter().map(|output| {
        format!(
            "mkfifo gone; (read -r line) <gone & exec 8>gone; kill $!; wait $! 2>/dev/null; rm gone
            ({name} {output} >&8) 2>/tmp/log/err; echo $? $(cat /tmp/log/err)
            (trap '' PIPE; {name} {output} >&8) 2>/tmp/log/err; echo $? $(cat /tmp/log/err)\n"
        )
    });
    let outcome = line(&program, "", &tries.collect::<String>()).outcome();
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), 2 * outputs().len(), "{outcome}");
    for (output, told) in outputs().iter().zip(lines.chunks(2)) {
        let broken = "1 unshare: cannot write to file descriptor 1: Broken pipe";
        let expected = if output.contains("info-fd") { [broken, broken] } else { ["141", "0"] };
        if told != expected {
            findings.push(format!("{name} {output}: {told:?}"));
        }
    }
    report("a reader that has gone", lines.len(), begun, &findings);
}

/// A file system of 4 KiB, which is full: a PID file cannot be written, or not even be made; a pin takes no room.
#[test]
fn a_file_system_without_room() {
    require!(root);
    if program().name != "unshare" {
        return;
    }
    let small = "mkdir small; mount -t tmpfs -o size=4k,nr_inodes=4 small small; mount --make-private small
        : >small/pin; : >small/pid; dd if=/dev/zero of=small/fill bs=4096 count=1 2>/dev/null; begin";
    for fork in ["", "-f"] {
        let text = format!(
            "{small}; unshare {fork} --pid-file small/pid echo ran 2>&1; echo $?
            unshare {fork} --pid-file small/new echo ran 2>&1; echo $?; left; ls small
            unshare {fork} --uts=small/pin echo ran; echo $?; grep -c ' nsfs ' /proc/self/mountinfo"
        );
        line(&program(), "", &text).prints(
            "unshare: write failed small/pid: No space left on device\n1\n\
             unshare: cannot open small/new: No space left on device\n1\nfill\npid\npin\nran\n0\n1\n",
        );
    }
}

/// Each of the eight ways to close stdin, stdout and stderr.
const CLOSINGS: [&str; 8] = ["", "<&-", ">&-", "<&- >&-", "2>&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"];

/// With the standard descriptors closed, nothing of ours gets their numbers but what cannot be read or written, nothing is
/// written into what others own, and the status is util-linux's.
#[test]
fn standard_descriptors_that_are_closed() {
    require!(root, strace, new_lsns);
    let (program, begun, mut findings) = (program(), Instant::now(), Vec::new());
    let name = program.name;
    let commands = of_program(
        &[
            "-r busybox true",
            "-rpf --mount-proc busybox true",
            "-f --uts=dir/a busybox true",
            "-u nosuch",
            "--nosuch",
            "--help",
            "-u --wd=nosuch true",
        ][..],
        &[
            "-t 100 -u busybox true",
            "-t 100 -a busybox true",
            "-t 100 -u -r -w busybox true",
            "-t 100 -u nosuch",
            "--nosuch",
            "--help",
            "-t 99999 -u true",
        ],
        &["", "-J", "-T", "--nosuch", "--help", "-t uts -Q NS==1", "-o NOSUCH"],
    );
    let tries: String = commands
        .iter()
        .flat_map(|command| CLOSINGS.map(|closing| (command, closing)))
        .map(|(command, closing)| format!("tried_closed '{closing}' '{name} {command}'\n"))
        .collect();
    // What comes before our execve is the shell's; what comes after another one is the program's. The first that is
    // opened in their place is the one that nobody can use.
    let closed = format!(
        "{PINS}
tried_closed() {{
    sh -c \"exec strace -f -o /tmp/log/trace sh -c 'exec $2 $1'\" >/tmp/log/out 2>/tmp/log/err
    echo $?
    awk '{{ sub(/^[0-9]* */, \"\") }}
        /^execve/ {{ ours = /^execve\\(\"\\/tmp\\/bin\\/{name}\"/ && / = 0$/ ? 1 : / = 0$/ ? 0 : ours }}
        ours && (/^(open|openat|openat2|socket|pidfd_open|pidfd_getfd|dup|fcntl|signalfd4)\\(/ && / = [012]( |$)/ || /^(socketpair|pipe2?)\\(.*\\[([012], |[0-9]*, [012]\\])/) && !/O_PATH/ && !/F_GETFD/ {{ print \"taken: \" $0 }}' /tmp/log/trace
    umount dir/a 2>/tmp/log/gone; state >/tmp/log/now; diff /tmp/log/then /tmp/log/now
    [ -s dir/a ] && echo written
    return 0
}}
begin
{tries}"
    );
    let [ours, theirs] = [program, theirs()].map(|program| line(&program, "", &closed).outcome());
    assert_eq!((ours.status, theirs.status), (Status::Exit(0), Status::Exit(0)), "{ours}{theirs}");
    let statuses = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.bytes().all(|byte| byte.is_ascii_digit())).map(str::to_owned).collect()
    };
    findings
        .extend(ours.stdout.lines().filter(|line| !line.bytes().all(|byte| byte.is_ascii_digit())).map(str::to_owned));
    let [our_own, their_own] = [statuses(&ours.stdout), statuses(&theirs.stdout)];
    assert_eq!((our_own.len(), their_own.len()), (commands.len() * 8, commands.len() * 8), "{ours}");
    let titles = commands.iter().flat_map(|command| CLOSINGS.map(|closing| format!("{name} {command} {closing}")));
    for (title, (ours, theirs)) in titles.zip(our_own.iter().zip(&their_own)) {
        // util-linux takes a closed stdout for an error in JSON, docs/compatibility.md.
        if ours != theirs && !title.contains("-J") {
            findings.push(format!("{title}: {ours}, and {theirs} by util-linux"));
        }
    }
    report("closed descriptors", our_own.len(), begun, &findings);
}
