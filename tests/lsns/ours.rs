//! Columns and output that are ours: what they say of a namespace, and in which form programs get it.

use serde_json::Value;

use crate::root;
use crate::support::{Line, require};

/// What the list in JSON says of the first row, after `setup`.
fn row(setup: &str, options: &str) -> Value {
    let outcome = root(format!("{setup}; lsns -J {options}")).outcome();
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"));
    json["namespaces"][0].clone()
}

#[test]
fn ids_are_numbers_that_are_not_used_again() {
    require!(root);
    let ids = "lsns -n -r -o NSID -t net; lsns -n -r -l -o NSID | sort -u | wc -l; lsns -n -r -l -o NS | wc -l";
    let outcome = root(ids).outcome();
    // Before Linux 6.18 there are none.
    let has_ids = outcome.stdout.lines().next().is_some_and(|id| !id.is_empty());
    assert!(!has_ids || outcome.stdout.ends_with("\n8\n8\n"), "{outcome}");
    assert_eq!(row(":", "-t net -o NSID")["nsid"].is_u64(), has_ids);
}

#[test]
fn what_holds_it_is_an_array() {
    require!(root);
    assert_eq!(row(":", "-t uts -o HELDBY,NTHREADS"), serde_json::json!({ "heldby": ["process"], "nthreads": 3 }));
    root("lsns -n -r -l -t uts -o NTHREADS -Q 'HELDBY =~ \"process\" && NTHREADS > 2'").prints("3\n");
}

#[test]
fn a_process_has_another_number_in_its_own_pid_namespace() {
    require!(root, unshare);
    let line = "start unshare -pf sh -c \"$stay\"";
    root(format!("{line}; lsns -n -r -t pid -o NSPID -Q \"NS != $(inode /proc/self/ns/pid)\"")).prints("1\n");
    root("lsns -n -r -t pid -o PID,NSPID").prints("1 1\n");
}

#[test]
fn the_ids_of_a_user_namespace() {
    require!(root, unshare);
    let maps = "start unshare -U sh -c \"$stay\"; it=$(inode /proc/$!/ns/user)
        printf '0 100000 10\\n20 200000 5\\n' >/proc/$!/uid_map; lsns -n -r -o TYPE,UIDMAP -Q \"NS == $it\"";
    root(maps).prints("user 0:100000:10,20:200000:5\n");
    assert_eq!(row(":", "-t uts -o UIDMAP"), serde_json::json!({ "uidmap": null }));
    let unmapped = row("start unshare -U sh -c \"$stay\"", "-t user -o UIDMAP -Q \"PID == $!\"");
    assert_eq!(unmapped, serde_json::json!({ "uidmap": null }));
}

#[test]
fn who_made_the_owner() {
    require!(root, unshare, setpriv);
    let line = "start setpriv --reuid 4242 --clear-groups unshare -rn sh -c \"$stay\"";
    root(format!("{line}; lsns -n -r -l -o TYPE,OWNER -Q \"PID == $!\" | sort")).prints("net 4242\nuser 0\n");
    assert_eq!(row(line, "-l -o OWNER -Q \"PID == $! && TYPE == 'net'\""), serde_json::json!({ "owner": 4242 }));
    // Nobody has made the first one.
    root("lsns -n -r -l -t user -o OWNER").prints("\n");
}

/// A process in a cgroup of this path, which is called like somebody's. The cgroup is gone at the end of the line.
fn in_cgroup(path: &str, line: &str) -> String {
    format!(
        "mkdir cgroups; mount -t cgroup2 none cgroups; cd cgroups; mkdir -p {path}; cd ..
        start unshare -u sh -c \"echo 0 >cgroups/{path}/cgroup.procs; $stay\"; it=$(inode /proc/$!/ns/uts)
        {line}
        kill -9 $!; cd cgroups; until rmdir -p {path} 2>/dev/null; do [ -e {path} ] || break; done"
    )
}

#[test]
fn the_container_of_a_process() {
    require!(root, unshare);
    let id = "4f0cf4a9c8e9b7d1bd1d5e0a6f3c2b189e7d6c5b4a39281706f5e4d3c2b1a090";
    let path = format!("rs-lsns-{}.slice/docker-{id}.scope/init", std::process::id());
    let line = "lsns -n -r -o CONTAINER,CGROUP -Q \"NS == $it\"
        lsns -J -o CONTAINER -Q \"NS == $it\" | grep -c '\"docker:4f0cf4a9c8e9\"'";
    root(in_cgroup(&path, line)).prints(&format!("docker:4f0cf4a9c8e9 /{path}\n1\n"));
}

#[test]
fn all_columns_are_the_classic_ones_without_all() {
    require!(root);
    let classic = "NS TYPE PATH NPROCS PID PPID COMMAND UID USER NETNSID NSFS PNS ONS";
    let ours = "NSID HELDBY NTHREADS NSPID CONTAINER CGROUP OWNER UIDMAP";
    root("lsns --output-all -r | head -n 1; lsns -A --output-all -r | head -n 1")
        .prints(&format!("{classic}\n{classic} {ours}\n"));
    root("lsns -H | wc -l; lsns -A -H | wc -l; lsns -A -H -J | grep -c '\"heldby\"\\|\"HELDBY\"'")
        .prints("13\n21\n1\n");
}

#[test]
fn places_stay_a_string_without_all() {
    require!(root, unshare);
    let setup = "touch n; unshare --net=n true; it=$(inode n)";
    assert_eq!(row(setup, "-o NSFS -Q \"NS == $it\""), serde_json::json!({ "nsfs": "/tmp/stage/n" }));
    assert_eq!(row(setup, "-A -o NSFS -Q \"NS == $it\""), serde_json::json!({ "nsfs": ["/tmp/stage/n"] }));
    assert_eq!(row(setup, "-A -t uts -o NSFS,NETNSID"), serde_json::json!({ "nsfs": [], "netnsid": null }));
}

#[test]
fn limits_stand_beside_what_is_there() {
    require!(root, unshare);
    let line = "start unshare -n sh -c \"$stay\"; limit=$(cat /proc/sys/user/max_net_namespaces); user=$(inode /proc/self/ns/user)
        lsns --limits -t net -n -r | sed \"s/ $limit / LIMIT /; s/$user/USER/\"; lsns --limits -n | wc -l";
    root(line).prints("net LIMIT 2 USER\n8\n");
    let outcome = root("lsns --limits -J").outcome();
    let json: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let kinds = json["limits"].as_array().expect("an array");
    assert!(kinds.len() == 8 && kinds.iter().all(|kind| kind["limit"].is_u64() && kind["used"] == 1), "{outcome}");
}

#[test]
fn the_limits_are_those_of_the_own_user_namespace() {
    require!(root, unshare);
    let line =
        "unshare -r sh -c 'echo 3 >/proc/sys/user/max_uts_namespaces; lsns --limits -t uts -n -r' | sed 's/ [0-9]*$//'";
    root(line).prints("uts 3 1\n");
}

#[test]
fn the_numbers_of_a_process_from_here_down() {
    require!(root, unshare, pgrep);
    let line = "start unshare -pf unshare -pf sh -c \"echo up; exec >&-; read -r line <never\"
        inner=$(pgrep -n -x sh); here=$(inode /proc/self/ns/pid); there=$(inode /proc/$inner/ns/pid)
        lsns --pid-map $inner -n -r | sed \"s/ $inner\\$/ PID/; s/^$here/HERE/; s/^$there/THERE/; s/^[0-9]* /BETWEEN /\"";
    root(line).prints("HERE PID\nBETWEEN 2\nTHERE 1\n");
    root("lsns --pid-map $$ -J | tr -d ' \\n' | sed \"s/:$$/:PID/; s/$(inode /proc/self/ns/pid)/NS/\"")
        .prints("{\"pid-map\":[{\"ns\":NS,\"pid\":PID}]}");
    root("lsns --pid-map 99999").fails(1, "lsns: cannot read process 99999: No such file or directory");
}

/// Who may not ask the namespaces of a process is told its numbers all the same.
#[test]
fn numbers_are_no_secret() {
    require!(root, unshare);
    root("lsns --pid-map 1 -r -n").of_nsuser().prints(" 1\n");
}

#[test]
fn a_graph_of_who_owns_what() {
    require!(root, unshare);
    let line = "start unshare -rpf --kill-child sh -c \"$stay\"; user=$(inode /proc/$!/ns/user); first=$(inode /proc/self/ns/user)
        here=$(inode /proc/self/ns/pid); there=$(inode /proc/$!/ns/pid_for_children); lsns --dot >graph
        head -n 1 graph; tail -n 1 graph; grep -xc \"  \\\"$first\\\" -> \\\"$user\\\";\" graph
        grep -xc \"  \\\"$user\\\" -> \\\"$there\\\";\" graph; grep -xc \"  \\\"$here\\\" -> \\\"$there\\\" .style=dashed.;\" graph";
    root(line).prints("digraph namespaces {\n}\n1\n1\n1\n");
    // Names are whoever's.
    let hostile =
        "start unshare -u perl -e '$0 = shift; $| = 1; print \"up\\n\"; close STDOUT; sleep 1000' 'a\"];evil \\N &amp;'
        lsns --dot -t uts | grep -o 'root a.*evil.*'";
    root(hostile).prints("root a\\\"];evil \\\\N &amp;amp;\"];\n");
}

/// The message says no more than util-linux's.
#[test]
fn filter_refused() {
    require!(root);
    let pattern = "a pattern has at most 256 bytes, and nothing that could take for ever, such as a++ or (a+)+";
    for (filter, rule) in [
        ("TYPE =~ \"a++\"", pattern),
        ("TYPE =~ 1", "behind =~ and !~ there has to be a text, in quotes"),
        (&"(NS) ".repeat(300), "a filter has at most 1024 bytes"),
        (&format!("NS{}", "&&NS".repeat(200)), "a filter has at most 256 operands and operators"),
    ] {
        root(format!("lsns -Q '{filter}'")).is_explained(&format!("failed to parse \"{filter}\": (null)"), &[rule]);
    }
    root("lsns -Q 'NS =='").is_explained("failed to parse \"NS ==\": syntax error, unexpected end of file", &[]);
}

/// They are of namespaces: with the processes of one, each process would count as a namespace.
#[test]
fn what_stands_in_place_of_the_list_takes_no_namespace() {
    require!(root);
    for option in ["--limits", "--dot", "--pid-map 1"] {
        let name = option.split(' ').next().unwrap_or_default();
        let complaint = format!("lsns: {name} is mutually exclusive with <namespace>");
        root(format!("lsns {option} $(inode /proc/self/ns/net)")).fails(1, &complaint);
    }
}

#[test]
fn colours_are_for_those_who_ask() {
    require!(root, script);
    let count = |line: &str| format!("{line} | sed 's/\\x1b/ESC/g' | grep -c 'ESC.33muser'");
    for (options, coloured) in [
        ("--tree --color=always", "1\n"),
        ("--tree --color", "0\n"),
        ("--tree --color=never", "0\n"),
        ("--tree", "0\n"),
        ("--color=always", "0\n"),
        ("--tree --color=always -J", "0\n"),
        ("--tree --color=always -r", "0\n"),
    ] {
        let outcome = root(count(&format!("lsns -o NS,TYPE {options}"))).outcome();
        assert_eq!(outcome.stdout, coloured, "{options}: {outcome}");
    }
    for (line, coloured) in [
        ("lsns --tree --color -o NS,TYPE", "1\n"),
        ("NO_COLOR=1 lsns --tree --color -o NS,TYPE", "0\n"),
        ("NO_COLOR= lsns --tree --color -o NS,TYPE", "1\n"),
        ("NO_COLOR=1 lsns --tree --color=always -o NS,TYPE", "1\n"),
        ("lsns --tree -o NS,TYPE", "0\n"),
    ] {
        let outcome = root(count(&format!("script -qec '{line}' /dev/null"))).outcome();
        assert_eq!(outcome.stdout, coloured, "{line}: {outcome}");
    }
}

#[test]
fn somebody_at_a_terminal_is_told_what_is_missing() {
    require!(root, script, setpriv);
    let of_user = |line: &str| -> Line {
        root(format!(
            "script -qec \"setpriv --reuid 4242 --regid 4242 --clear-groups {line}\" /dev/null | grep -c hint"
        ))
    };
    assert_eq!(of_user("lsns").outcome().stdout, "1\n");
    assert_eq!(of_user("env NS_HINTS=never /tmp/bin/lsns").outcome().stdout, "0\n");
}

#[test]
fn what_is_his_own_is_shown_to_an_ordinary_user() {
    require!(root, unshare);
    // He may not join his own mount namespace from outside, but his process in it shows what is mounted there.
    let line = "touch place; start unshare -rm sh -c \"unshare --net=place true; $stay\"
        lsns -A -n -r -l -o TYPE,HELDBY -Q 'HELDBY =~ \"mount\"'; lsns -A -J -o NS | grep unreadable";
    let outcome = root(line).of_nsuser().outcome();
    assert!(outcome.stdout.starts_with("net mount\n   \"unreadable\": "), "{outcome}");
}
