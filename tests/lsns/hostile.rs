//! Names that somebody else has chosen: command lines, programs, mount points. Nothing of them reaches a terminal unescaped, no field is misread.

use crate::root;
use crate::support::{Status, require};

/// A UTS namespace whose process has this command line, in the words of printf; it waits.
fn named(words: &str) -> String {
    format!(
        "start unshare -u perl -e '$0 = shift; $| = 1; print \"up\\n\"; close STDOUT; sleep 1000' \"$(printf '{words}')\""
    )
}

/// What `lsns` shows of that process, and of the column behind.
fn shown(words: &str, options: &str) -> String {
    let outcome = root(format!(
        "{}; lsns {options} -n -o COMMAND,PID -Q \"NS == $(inode /proc/$!/ns/uts)\"; echo $!",
        named(words)
    ))
    .outcome();
    assert_eq!((outcome.status, &*outcome.stderr), (Status::Exit(0), ""), "{outcome}");
    let (list, pid) = outcome.stdout.trim_end().rsplit_once('\n').expect("two lines");
    list.strip_suffix(pid).unwrap_or_else(|| panic!("the PID is not the last word: {outcome}")).trim_end().to_owned()
}

#[test]
fn control_characters_are_shown_and_not_sent() {
    require!(root, unshare, perl);
    for (words, list) in [
        (r"\033[31mred\033[0m", r"\x1b[31mred\x1b[0m"),
        (r"\033]0;title\007", r"\x1b]0;title\x07"),
        (r"two\nlines\r\t", r"two\x0alines\x0d\x09"),
        (r"\302\233c1", r"\xc2\x9bc1"),
        (r"bad \377\376 utf8 \303", r"bad \xff\xfe utf8 \xc3"),
        (r"back\\x1b", r"back\x5cx1b"),
        (r"del\177", r"del\x7f"),
    ] {
        assert_eq!(shown(words, "-l"), list, "{words}");
        assert!(shown(words, "-lr").bytes().all(|byte| byte.is_ascii_graphic()), "{words}");
    }
}

#[test]
fn names_that_look_like_other_fields_are_names() {
    require!(root, unshare, perl);
    // What stands in parentheses in /proc/PID/stat.
    for name in [") R 1", ") Z 7 (", "a) S 1 2 3 4 5 (b"] {
        let line = format!(
            "start unshare -u perl -e 'open(C, \">\", \"/proc/self/comm\"); print C shift; close C; $| = 1; print \"up\\n\"; close STDOUT; sleep 1000' '{name}'
            lsns -n -r -l -o PPID,PID -Q \"NS == $(inode /proc/$!/ns/uts)\" | grep -x \"$$ $!\" >/dev/null && echo right"
        );
        root(line).prints("right\n");
    }
}

#[test]
fn a_command_line_of_two_megabytes_is_cut_off() {
    require!(root, unshare, perl);
    let line = "start perl -e 'exec {\"unshare\"} \"unshare\", \"-u\", \"sh\", \"-c\", \"echo up; exec >&-; read -r line <>never\", (\"x\" x 100000) x 20'
        lsns -n -l -o COMMAND -Q \"NS == $(inode /proc/$!/ns/uts)\" | wc -c";
    root(line).prints("8192\n");
}

#[test]
fn places_of_any_name_are_whole() {
    require!(root, unshare, perl);
    let places = [r"a\040b", r"a\nb", r"a]b", r"a\\040b", r"a,b", r"\303\251", r"\377", r"-"];
    for place in places {
        let line = format!(
            "place=\"$(printf './{place}x')\"; place=${{place%x}}; : >\"$place\"; unshare --uts=\"$place\" true
            lsns -n -J -o NSFS,NPROCS -t uts -P >list; printf '%s' \"/tmp/stage/${{place#./}}\" >name
            perl -e 'local $/; open(L, \"list\"); open(N, \"name\"); my ($list, $name) = (<L>, <N>);
                $list =~ /\"nsfs\": \"(.*)\",\\n/ or die $list; my $it = $1;
                $it =~ s/\\\\n/\\n/g; $it =~ s/\\\\\\\\/\\\\/g; print $it eq $name ? \"whole\\n\" : \"$it\\n\"'"
        );
        root(line).prints("whole\n");
    }
}
