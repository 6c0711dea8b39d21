//! README, "Many hosts": the examples do what they say. ansible, osquery and kubectl are played by what stands here.

use crate::support::{Line, Outcome, Status, ours, require};

const README: &str = include_str!("../../README.md");

/// The indented block that begins so.
fn block(beginning: &str) -> String {
    let lines = README.lines().skip_while(|line| *line != format!("    {beginning}"));
    let block: Vec<_> = lines.take_while(|line| line.is_empty() || line.starts_with("    ")).collect();
    assert!(!block.is_empty(), "README has no block that begins with {beginning}");
    block.iter().map(|line| line.strip_prefix("    ").unwrap_or_default().to_owned() + "\n").collect()
}

/// What comes of a line beside a UTS namespace without a process, whose number is `$kept`.
fn outcome(line: &str) -> Outcome {
    let kept = "mount -t tmpfs run /run; : >/run/kept; unshare --uts=/run/kept true; kept=$(stat -c %i /run/kept)";
    let line = format!("set -e; {kept}\n{line}");
    Line::of_root(ours("rs-lsns", env!("CARGO_BIN_EXE_rs-lsns")), "", line).outcome()
}

/// It prints what the README shows of `web1`.
fn prints_what_is_kept(outcome: &Outcome) {
    let shown = README.lines().find(|line| line.starts_with("    web1")).expect("README shows what is printed");
    let number = shown.split('\t').nth(1).expect("columns");
    let printed = outcome.stdout.lines().map(|line| {
        let is_one = |word: &&str| word.len() == 10 && word.bytes().all(|byte| byte.is_ascii_digit());
        let found = line.split('\t').find(is_one).unwrap_or("none");
        format!("    {}", line.replace(found, number))
    });
    assert_eq!((outcome.status, printed.collect::<Vec<_>>()), (Status::Exit(0), vec![shown.to_owned()]), "{outcome}");
}

#[test]
fn ansible_and_jq() {
    require!(root, unshare, jq);
    // What the callback ansible.posix.json makes of an answer.
    let ansible = r#"ansible() {
        [ "$ANSIBLE_STDOUT_CALLBACK" = ansible.posix.json ] || return 1
        eval "${6:?the command}" | jq --slurp --raw-input '{plays: [{tasks: [{hosts: {web1: {rc: 0, stdout: .}}}]}]}'
    }"#;
    let example = block("export ANSIBLE_LOAD_CALLBACK_PLUGINS=1 ANSIBLE_STDOUT_CALLBACK=ansible.posix.json");
    let (commands, _shown) = example.split_once("\n\n").expect("what is printed, behind an empty line");
    prints_what_is_kept(&outcome(&format!("{ansible}\n{commands}")));
}

#[test]
fn osquery_and_sqlite() {
    require!(root, unshare, sqlite3);
    let commands =
        block("rs-lsns --list --json --all --output NS,TYPE,NPROCS,HELDBY,CONTAINER,COMMAND >/run/rs-lsns.json");
    let table: serde_json::Value = serde_json::from_str(&block("{")).expect("JSON");
    let table = &table["auto_table_construction"]["namespaces"];
    let (path, query) = (table["path"].as_str().expect("a path"), table["query"].as_str().expect("a query"));
    let columns: Vec<_> =
        table["columns"].as_array().expect("columns").iter().map(|name| name.as_str().expect("a name")).collect();
    assert_eq!(query, format!("select {} from namespaces", columns.join(", ")));
    // The second round finds the table of the first.
    let ask = format!(
        "sqlite3 -readonly -separator '\t' {path} \"with asked as ({query}) select 'web1', ns, type, json_extract(heldby, '\\$[0]') from asked where nprocs = 0\""
    );
    prints_what_is_kept(&outcome(&format!("{commands}{commands}{ask}")));
}

#[test]
fn a_cluster_logs_lines_of_json() {
    require!(root, unshare, jq);
    let daemon_set = block("apiVersion: apps/v1");
    assert!(daemon_set.contains("- {name: LIBSMARTCOLS_JSON, value: lines}"));
    let command = daemon_set.lines().map(str::trim).find(|line| line.starts_with("rs-lsns --")).expect("the command");
    let shown = "jq --raw-output '[\"web1\", .ns, .type, .heldby[]] | @tsv'";
    prints_what_is_kept(&outcome(&format!("LIBSMARTCOLS_JSON=lines {command} | grep '\"nprocs\":0' | {shown}")));
    assert!(README.contains("--prefix | grep '\"nprocs\":0'"));
}
