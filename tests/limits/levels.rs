//! Pid and user namespaces in one another, as deep as the kernel lets them be: 32 levels.

use crate::support::{Status, require};
use crate::{line, of_program, program};

/// `deeper` goes down by pid and user namespaces until there are no more, says `up` and stays; `$deepest` is its PID, `$levels`
/// how many pid namespaces it is in below this one.
const DOWN: &str = r#"
cat >/tmp/bin/deeper <<'END'
#!/bin/sh
unshare -rpf --kill-child deeper 2>>/tmp/log/said || { [ -e /tmp/log/up ] || { : >/tmp/log/up; echo up; exec >&-; exec sleep 1000; }; }
END
chmod 755 /tmp/bin/deeper
mkfifo r; chmod 666 r
$as deeper >r & read -r up <r
until [ "$deepest" ]; do
    for process in /proc/[0-9]*; do
        read -r comm <$process/comm && [ $comm = sleep ] && deepest=${process#/proc/}
    done
done
set -- $(sed -n 's/^NSpid://p' /proc/$deepest/status); levels=$(($# - 1))
"#;

/// What ends all that, and its output.
const END: &str = "\nkill -KILL $deepest";

/// Counts how wide what is drawn before the last namespace is.
const INDENTED: &str = "indented() { sed 's/[0-9]*$//' | tail -n 1 | tr -d '\\n' | wc -c; }\n";

#[test]
fn as_deep_as_it_goes() {
    require!(root, setpriv, unshare);
    let text = of_program(
        // Both are refused, which one says; those above it have nothing to add.
        "echo $levels; cat /tmp/log/said; unset NS_HINTS
        $as nsenter -t $deepest -U -p --preserve-credentials unshare -rp true 2>&1 || echo $?",
        "echo $levels
        for user in '' \"$as\"; do
            $user nsenter -t $deepest -U -p --preserve-credentials sh -c 'sed -n s/^NSpid://p /proc/self/status | wc -w; cat /proc/self/uid_map'
        done
        $as nsenter -t $deepest -a sh -c 'sed -n s/^NSpid://p /proc/self/status | wc -w; id -u'
        nsenter -t $deepest -a readlink /proc/self/ns/user; readlink /proc/$deepest/ns/user",
        "echo $levels
        lsns -n -l -t pid -o NS | wc -l; lsns -n -l -t user -o NS | wc -l
        lsns -n -Tparent -t pid -o NS | indented; lsns -n -T -t user -o NS | indented
        lsns -n --pid-map $deepest | wc -l; lsns --pid-map $deepest | tail -n 1 | grep -c ' 1$'
        lsns -J -Tparent -t pid -o NS | grep -c children",
    );
    let text = format!("{DOWN}{INDENTED}{text}{END}");
    let outcome = line(&program(), "", &text).outcome();
    assert_eq!((outcome.status, &*outcome.stderr), (Status::Exit(0), ""), "{outcome}");
    let mut lines = outcome.stdout.lines().map(str::trim);
    let levels: usize = lines.next().and_then(|levels| levels.parse().ok()).expect("a number");
    // The stage is a level, and what it stands in may be some.
    assert!((8..32).contains(&levels), "{outcome}");
    let rest: Vec<String> = lines.map(|line| line.split_ascii_whitespace().collect::<Vec<_>>().join(" ")).collect();
    eprintln!("{}: {levels} levels below the stage", program().name);
    let (all, inside, above) = ((levels + 1).to_string(), (levels + 1).to_string(), levels.to_string());
    match program().name {
        "unshare" => {
            let full = "unshare: unshare failed: No space left on device";
            assert_eq!(rest[..2], [full, full], "{outcome}");
            assert!(rest[2].starts_with("unshare: hint: either ") && rest[2].contains("32 levels deep"), "{outcome}");
            assert_eq!(rest.last().map(String::as_str), Some("1"), "{outcome}");
        }
        "nsenter" => {
            assert_eq!(rest[..6], [&*inside, "0 0 1", &*inside, "0 0 1", &*inside, "0"], "{outcome}");
            assert_eq!(rest[6], rest[7], "{outcome}");
        }
        _ => {
            let indented = (2 * levels).to_string();
            assert_eq!(rest, [&*all, &*all, &*indented, &*indented, &*all, "1", &*above], "{outcome}");
        }
    }
}
