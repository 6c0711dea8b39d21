//! What somebody inside can get of the process that enters, at each of its calls before it becomes the program.

use crate::nsenter;
use crate::support::require;
use crate::support::stepping::Races;

/// Root of the container looks for newcomers, with nothing but the shell's own commands, and tries what opening them gives.
const ATTACK: &str = r#"
cat >/tmp/twins/first/here/attack <<'END'
for process in /proc/[0-9]*; do
    case ${process#/proc/} in 1 | $$) continue ;; esac
    echo "seen: $process" >>/here/caught
    for name in exe cwd root fd/0 fd/1 fd/2 fd/3 fd/4 fd/64 fd/65 ns/mnt; do
        [ -e $process/$name ] && echo "caught: $name" >>/here/caught
    done
    { read -r text <$process/environ; } 2>/tmp/null && echo "caught: environ" >>/here/caught
    { read -r text <$process/auxv; } 2>/tmp/null && echo "caught: auxv" >>/here/caught
    cd $process/cwd 2>/tmp/null && echo "caught: a way out, $(pwd)" >>/here/caught
done
:
END
: >/tmp/twins/first/tmp/null; : >/tmp/twins/first/here/caught
chmod 666 /tmp/twins/first/tmp/null /tmp/twins/first/here/caught
"#;

#[test]
fn nothing_of_who_enters_is_caught_before_it_is_the_program() {
    require!(root, cc);
    let (mut tried, mut seen, mut findings) = (0, 0, Vec::new());
    for options in ["-a", "-U -m -p -r -w", "-U -p -m --mount-proc", "-a -S follow -G follow -e"] {
        let races = Races {
            setup: ATTACK,
            before: "step twin 4000 first user >/tmp/log/first; : >/tmp/twins/first/here/caught",
            line: format!("nsenter -t 4000 {options} true").leak(),
            hostile: "/usr/bin/nsenter -t 4000 -U -m -p -S 0 -G 0 /tmp/bin/busybox sh /here/attack",
            after: "step end 4000; while read -r text; do echo \"$text\"; done </tmp/twins/first/here/caught",
            stages: 3,
        };
        for race in races.run(&nsenter()).iter().flat_map(|run| &run.races) {
            tried += 1;
            seen += usize::from(!race.lines("seen").is_empty());
            // The program is theirs to look at.
            if race.status != 0 || !race.lines("caught").is_empty() && !race.came_too_late() {
                findings.push(format!("{options}: {}: {race:?}", race.index));
            }
        }
    }
    let found = findings.len();
    eprintln!("caught: 4 command lines, {tried} races, {seen} times seen, {found} findings");
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(seen > 0);
}
