//! 100,000 descriptors, 50,000 mounts, and a descriptor with a huge number.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::support::{Outcome, Status, require};
use crate::{CROWD, beside_theirs, line, of_program, program};

/// How much of its memory may have been in use at one time, in KiB.
const MOST_MEMORY: u64 = 128 << 10;

/// Processes that hold 100,000 descriptors together, as many each as it may. The last 100 of each are of namespaces that
/// nothing else keeps. `/tmp/held` has a line for each process: its PID, how many it has.
const DESCRIPTORS: &str = "mkfifo up; count=0
    while [ $count -lt 100000 ]; do
        crowd fds 100000 100 >up 2>/tmp/said & until read -r held <up; do :; done
        echo $! $held >>/tmp/held; count=$((count + held))
    done
    rm up";

/// 50,000 mounts: 249 below a directory, the last five of them of namespaces, and that 199 times more.
const MOUNTS: &str = "mkdir many; crowd mounts 249 5 199";

/// The words of a line that ends well without a complaint.
fn words(outcome: &Outcome) -> Vec<String> {
    assert_eq!((outcome.status, &*outcome.stderr), (Status::Exit(0), ""), "{outcome}");
    outcome.stdout.split_ascii_whitespace().map(str::to_owned).collect()
}

/// One crowd at a time is enough for the machine.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs a line, and prints how long it took with its set-up.
fn timed(what: &str, run: impl FnOnce() -> Outcome) -> Vec<String> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let begun = Instant::now();
    let words = words(&run());
    eprintln!("{}: {what}: {:.1} s: {}", program().name, begun.elapsed().as_secs_f32(), words.join(" "));
    words
}

/// The list of ours is theirs, in `count` lines and bounded memory, with 16 descriptors; and `-A` has all of it.
///
/// The line prints: alike, the number of lines, how many `-A` has not, both peaks of memory.
fn is_listed_whole(what: &str, setup: &str, options: &str, count: &str) {
    let text = format!(
        "peak() {{ file=$1; shift; busybox time -v \"$@\" 2>/tmp/log/usage >$file || cat /tmp/log/usage >&2
            sed -n 's/.*Maximum resident set size (kbytes): //p' /tmp/log/usage; }}
        ours=$(peak ours prlimit --nofile=16:16 lsns {options})
        theirs {options} >theirs; cmp ours theirs && echo alike; wc -l <ours
        all=$(peak all lsns -A {options}); cut -d' ' -f1 all >numbers
        cut -d' ' -f1 ours | grep -vxcFf numbers; echo $ours; echo $all; {count}"
    );
    let words = timed(what, || beside_theirs(&format!("{CROWD}{setup}"), &text));
    let [alike, lines, missing, ours, all, counted] = &*words else { panic!("{words:?}") };
    assert_eq!([&**alike, &**missing, &**lines], ["alike", "0", &**counted], "{words:?}");
    for peak in [ours, all] {
        assert!(peak.parse::<u64>().is_ok_and(|peak| peak < MOST_MEMORY), "{peak} KiB");
    }
}

#[test]
fn a_hundred_thousand_descriptors() {
    require!(root, new_lsns, cc, prlimit);
    let setup = format!("{DESCRIPTORS}\n");
    match program().name {
        // The stage's namespace, and 100 of each process.
        "lsns" => is_listed_whole(
            "100,000 descriptors",
            &setup,
            "-t uts -n -l -r -o NS,PID",
            "echo $((100 * $(wc -l </tmp/held) + 1))",
        ),
        name => {
            // The last process's last descriptor, which nothing else keeps.
            let line_of = of_program(
                "unshare -m stat -L -c %i /proc/$pid/ns/uts; stat -L -c %i /proc/$$/ns/uts",
                "last=$(stat -L -c %i /proc/$pid/fd/$((held - 1))); nsenter --uts=@$last stat -L -c %i /proc/self/ns/uts; echo $last
                nsenter -t $pid -a -r -w -e -F stat -L -c %i /proc/self/ns/uts; stat -L -c %i /proc/$$/ns/uts",
                "",
            );
            let text =
                format!("set -- $(tail -n 1 /tmp/held); pid=$1 held=$2\n{line_of}\nkill $(cut -d' ' -f1 /tmp/held)");
            let words =
                timed("100,000 descriptors", || line(&program(), "", &format!("{CROWD}{setup}{text}")).outcome());
            assert_eq!(words.len(), if name == "nsenter" { 4 } else { 2 });
            assert!(words.chunks(2).all(|pair| pair[0] == pair[1]), "{words:?}");
        }
    }
}

/// As high as the limit, which here may be as low as 20,000.
#[test]
fn a_descriptor_with_a_huge_number() {
    require!(root, cc);
    let name = program().name;
    let options = of_program("-rpf --mount-proc --init --kill-child", "-t 300 -u -n -e -w", "-n -l -o TYPE");
    // crowd says which one it is, and the program has it too, alone.
    let inside = if name == "lsns" { "" } else { "sh -c 'cd /proc/self/fd; echo *'" };
    let text = format!("crowd at 500000 {name} {options} {inside} >list; cat list; cat file");
    let outcome = line(&program(), "", &format!("{CROWD}{text}")).outcome();
    assert_eq!(outcome.status, Status::Exit(0), "{outcome}");
    let number = outcome.stderr.trim();
    assert!(number.parse::<u32>().is_ok_and(|number| number >= 1000), "{outcome}");
    match name {
        "lsns" => assert_eq!(outcome.stdout.lines().count(), 8, "{outcome}"),
        _ => assert!(outcome.stdout.split_whitespace().any(|word| word == number), "{outcome}"),
    }
    if name == "unshare" {
        // It is one to tell of the child, too.
        let text =
            "crowd at 500000 sh -c 'unshare -f --info-fd $(cat /tmp/number) true' 2>/tmp/number; cut -c 1-13 file";
        line(&program(), "", &format!("{CROWD}{text}")).prints("{\"child-pid\":\n");
    }
}

#[test]
fn fifty_thousand_mounts() {
    require!(root, new_lsns, cc, prlimit, unshare, nsenter);
    let setup = format!("{CROWD}{MOUNTS}\n");
    let count = "grep -c . /proc/self/mountinfo";
    match program().name {
        "lsns" => {
            is_listed_whole("50,000 mounts", MOUNTS, "-t uts -n -l -r -o NS,NSFS", "echo 6");
            let text = format!("{count}; lsns -n -l -r -W -t uts -P -o NSFS | tr , '\\n' | grep -c many");
            let words = timed("50,000 mounts", || line(&program(), "", &format!("{setup}{text}")).outcome());
            assert!(words[0].parse::<u32>().is_ok_and(|mounts| mounts > 50_000), "{words:?}");
            assert_eq!(words[1], "1000");
        }
        "unshare" => {
            // Each mount has what was asked for, and none more; /proc/PID/ns of the pins tells what became of it.
            let propagated = "unshare -m --propagation shared sh -c \"grep -c ' shared:[0-9]* - ' /proc/self/mountinfo
                unshare -m --propagation slave grep -c ' master:[0-9]* - ' /proc/self/mountinfo
                unshare -m grep -c ' [sm][ha][as][rt]e[dr]*:' /proc/self/mountinfo\"";
            let pinned = "mount -t tmpfs pins dir; mount --make-private dir; : >dir/m; : >dir/u
                unshare --mount=dir/m --uts=dir/u -rpf --kill-child sh -c \"grep -c . /proc/self/mountinfo; stat -L -c %i /proc/self/ns/uts\"
                nsenter --mount=dir/m grep -c . /proc/self/mountinfo; nsenter --uts=dir/u stat -L -c %i /proc/self/ns/uts; umount dir/m dir/u; ls -A dir";
            let of = |text: &str| {
                timed("50,000 mounts", || line(&program(), "", &format!("{setup}{count}; {text}")).outcome())
            };
            let words = of(&format!("{propagated} || :"));
            let [here, shared, slave, private] = &*words else { panic!("{words:?}") };
            assert_eq!([shared, slave, &"0".to_owned()], [here, here, private]);
            let words = of(pinned);
            let [here, within, uts, kept, kept_uts, m, u] = &*words else { panic!("{words:?}") };
            let more: u32 = here.parse().expect("a number");
            assert!(more > 50_000);
            assert_eq!([&**kept_uts, m, u], [&**uts, "m", "u"]);
            // With the tmpfs of the pins.
            assert_eq!([within, kept], [&(more + 1).to_string(); 2]);
        }
        _ => {
            // A namespace of mounts does not have what another one's is bound to.
            let pins = format!(
                "mount -t tmpfs pins dir; mount --make-private dir; : >dir/m; {count}; unshare --mount=dir/m true"
            );
            let of = |text: &str| {
                timed("50,000 mounts", || line(&program(), "", &format!("{setup}{pins}\n{text}")).outcome())
            };
            let words = of(&format!(
                "mkfifo up; unshare -m sh -c 'echo up; exec >&-; read -r line <>never' >up 2>/tmp/said & read -r up <up
                pid=$!; nsenter --mount=dir/m {count}; nsenter -t $pid -m {count}; nsenter -t $pid -a -r -w {count}"
            ));
            assert!(words[0].parse::<u32>().is_ok_and(|mounts| mounts > 50_000));
            assert!(words.len() == 4 && words.iter().all(|count| *count == words[0]), "{words:?}");
            let words = of(&format!(
                "last=$(stat -L -c %i many/199/248); nsenter --uts=@$last stat -L -c %i /proc/self/ns/uts; echo $last
                nsenter --mount=@$(stat -L -c %i dir/m) {count}"
            ));
            let [here, uts, last, by_number] = &*words else { panic!("{words:?}") };
            assert_eq!([uts, by_number], [last, here]);
        }
    }
}
