//! What bash, zsh and fish offer, asked of the shells themselves.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says loudly what is wrong")]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};

use support::require;

/// What a shell offers for the last word of a line, without what it says of it.
type Ask = fn(&str) -> Vec<String>;

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../completions").join(name)
}

/// The shells find the rs-lsns of this directory, which knows three namespaces.
fn run(command: &mut Command) -> Vec<String> {
    let path = std::env::var("PATH").unwrap_or_default();
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/completions");
    let output = command
        .env("PATH", format!("{}:{path}", ours.display()))
        .stdin(Stdio::null())
        .output()
        .expect("the shell runs");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(complaints.is_empty(), "{command:?}: {complaints}");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn program(line: &str) -> &str {
    line.split(' ').next().expect("a line has a first word")
}

/// Calls the function that the script has named, with the line taken apart as readline does.
fn bash(line: &str) -> Vec<String> {
    const CALL: &str = r#"
        source "$1"
        COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
        compopt() { :; }
        call=$(complete -p "$2")
        call=${call#*-F }
        "${call%% *}"
        [[ -z ${COMPREPLY[*]} ]] || printf '%s\n' "${COMPREPLY[@]}""#;
    let spaced = line.replace('=', " = ").replace(':', " : ");
    let words = spaced.strip_suffix("= ").map_or(spaced.clone(), |line| format!("{line}="));
    let script = script("bash").join(program(line));
    run(Command::new("bash").args(["--norc", "--noprofile", "-c", CALL, "bash"]).arg(script).args(words.split(' ')))
}

/// Types the line and a tab into a zsh of its own, in which compadd tells what it is given.
fn zsh(line: &str) -> Vec<String> {
    const TYPE: &str = r#"
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell "PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; unsetopt autolist; bindkey '^I' complete-word
            compadd() {
                if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd \"\$@\"; return; fi
                local -a hits
                builtin compadd -A hits \"\$@\"
                (( \$#hits )) && print -rl -- \$hits >>$3
                builtin compadd \"\$@\"
            }
            leave() { exit }
            comppostfuncs=(leave)"
        zpty -w -n shell "$2"$'\t'
        while zpty -r shell said; do :; done
        zpty -d shell
        [[ ! -e $3 ]] || cat $3"#;
    let told = std::env::temp_dir().join(format!("completions-{}", process::id()));
    let offered = run(Command::new("timeout")
        .args(["60", "zsh", "-f", "-c", TYPE, "zsh"])
        .arg(script("zsh"))
        .arg(line)
        .arg(&told));
    // There is none where nothing was offered.
    let _ = std::fs::remove_file(&told);
    offered
}

fn fish(line: &str) -> Vec<String> {
    const ASK: &str = "source $argv[1]; complete -C $argv[2] | string replace -r '\\t.*' ''";
    let script = script("fish").join(format!("{}.fish", program(line)));
    run(Command::new("fish").args(["--no-config", "-c", ASK]).arg(script).arg(line))
}

/// What is offered must be this, whatever a shell puts around it: what is typed already before it, a `=` behind it.
fn offers(ask: Ask, line: &str, wanted: &[&str]) {
    assert_eq!(bare(ask, line), wanted, "{line}");
}

/// Among what is offered must be this.
fn offers_also(ask: Ask, line: &str, wanted: &str) {
    let offered = bare(ask, line);
    assert!(offered.iter().any(|word| word == wanted), "{line}: {wanted} is not in {offered:?}");
}

fn bare(ask: Ask, line: &str) -> Vec<String> {
    let typed = line.rsplit(' ').next().unwrap_or_default();
    let option = typed.split_inclusive('=').next().filter(|option| option.ends_with('=')).unwrap_or_default();
    let front = &typed[..typed.rfind([',', '+', '=', '/']).map_or(0, |place| place + 1)];
    let strip = |word: &String| {
        let word = word.strip_prefix(front).or_else(|| word.strip_prefix(option)).unwrap_or(word);
        let word = word.strip_prefix(front.trim_start_matches(option)).unwrap_or(word);
        word.trim_end_matches(['=', '/']).to_owned()
    };
    ask(line).iter().map(strip).collect::<BTreeSet<_>>().into_iter().collect()
}

fn everything(ask: Ask) {
    offers(ask, "rs-unshare --mo", &["--monotonic", "--mount", "--mount-binfmt", "--mount-proc"]);
    offers(ask, "rs-unshare --propagation ", &["private", "shared", "slave", "unbindable", "unchanged"]);
    offers(ask, "rs-unshare --fork --propagation=s", &["shared", "slave"]);
    offers(ask, "rs-unshare --setgroups ", &["allow", "deny"]);
    offers(ask, "rs-unshare --kill-child=TE", &["TERM"]);
    offers(ask, "rs-unshare --kill-child=HUP --setgroups d", &["deny"]);
    offers(ask, "rs-unshare --forward-signals=HUP,USR", &["USR1", "USR2"]);
    offers(ask, "rs-unshare --map-user roo", &["root"]);
    offers(ask, "rs-unshare -S 0", &["0"]);
    offers(ask, "rs-unshare --root /pro", &["proc"]);
    offers(ask, "rs-unshare --mount=/etc/os-rel", &["os-release"]);
    offers(ask, "rs-nsenter --net=/etc/os-rel", &["os-release"]);
    // The program, and not options behind it.
    offers(ask, "rs-unshare --fork -S 0 mkfif", &["mkfifo"]);
    offers(ask, "rs-unshare --fork --map-user root mkfif", &["mkfifo"]);
    offers(ask, "rs-unshare -- mkfif", &["mkfifo"]);
    offers(ask, "rs-unshare cat --mo", &[]);
    offers(ask, "rs-nsenter cat /etc/os-rel", &["os-release"]);

    let process = process::id().to_string();
    offers_also(ask, "rs-nsenter --target ", &process);
    offers_also(ask, "rs-nsenter -t ", &process);
    offers_also(ask, "rs-nsenter --all --target=", &process);
    // Another's number may begin with this one.
    let begun = format!("rs-lsns --task {process}");
    offers_also(ask, &begun, &process);
    assert!(bare(ask, &begun).iter().all(|word| word.starts_with(&process)), "{begun}");
    offers(ask, "rs-nsenter --target 1 --pid-", &["--pid-for-children"]);
    offers(ask, "rs-nsenter --setuid fo", &["follow"]);

    offers(ask, "rs-lsns -o N", &["NETNSID", "NPROCS", "NS", "NSFS", "NSID", "NSPID", "NTHREADS"]);
    offers(ask, "rs-lsns --output +NS,C", &["CGROUP", "COMMAND", "CONTAINER"]);
    offers(ask, "rs-lsns --output=PID,UI", &["UID", "UIDMAP"]);
    offers(ask, "rs-lsns -t u", &["user", "uts"]);
    offers(ask, "rs-lsns --tree=p", &["parent", "process"]);
    offers(ask, "rs-lsns 4026531835 --lis", &["--list", "--list-columns"]);
    offers(ask, "rs-lsns --list 40265318", &["4026531836", "4026531840"]);
    offers(ask, "rs-lsns --filter 'NPROCS>1' -o NS 40265322", &["4026532281"]);
    offers_also(ask, "rs-lsns --pid-map ", &process);
    offers(ask, "rs-lsns --color=a", &["always", "auto"]);
    offers(ask, "rs-unshare --whitelist-env HOME,PAT", &["PATH"]);
}

#[test]
fn of_bash() {
    require!(bash);
    everything(bash);
}

#[test]
fn of_zsh() {
    require!(zsh);
    everything(zsh);
}

#[test]
fn of_fish() {
    require!(fish);
    everything(fish);
}
