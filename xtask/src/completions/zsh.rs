//! zsh: a call of _arguments.

use std::fmt::Write as _;

use super::{NUMBERS, Offer, identifier, list};
use crate::shipped::{Opt, Program, Value};

/// The whole script.
pub fn script(program: &Program) -> String {
    let specifications: String = program.options().iter().map(|option| specification(program, option)).collect();
    // The first operand ends the options of a program that runs another.
    let (stop, operands) = match program.runs {
        true => ("-A '-*' ", "    '(-)1:program: _command_names -e' \\\n    '*::argument: _normal'\n"),
        false => ("", "    ':namespace: _FUNCTION_namespaces'\n"),
    };
    let operands = operands.replace("FUNCTION", &identifier(program.name));
    TEMPLATE
        .replace("NAMESPACES", if program.runs { "" } else { LISTS })
        .replace("NAME", program.name)
        .replace("NUMBERS", NUMBERS)
        .replace("FUNCTION", &identifier(program.name))
        .replace("STOP", stop)
        .replace("SPECIFICATIONS", &format!("{specifications}{operands}"))
}

/// `'(-m --mount)'{-m+,--mount=}'[what it does]:value:_files' \`
fn specification(program: &Program, option: &Opt) -> String {
    // unshare's short options do not take what the long ones may do without.
    let attached = if program.runs && program.classic == "unshare" { "" } else { "-" };
    let (short_suffix, long_suffix, colons) = match option.value {
        Value::None => ("", "", ""),
        Value::Optional(_) => (attached, "=-", "::"),
        Value::Required(_) => ("+", "=", ":"),
    };
    let names = match option.short {
        Some(short) => format!("{{-{short}{short_suffix},--{}{long_suffix}}}", option.long),
        None => format!("--{}{long_suffix}", option.long),
    };
    let others = match (option.repeats, option.short) {
        (true, _) => "*".into(),
        (false, Some(short)) => format!("(-{short} --{})", option.long),
        (false, None) => format!("(--{})", option.long),
    };
    let value = option.value.name().unwrap_or_default().to_lowercase().replace(':', " ");
    let function = identifier(program.name);
    let mut text = format!("    '{others}'{names}'[{}]", quoted(&option.help));
    if !colons.is_empty() {
        // Writing to a string does not fail.
        let _ = write!(text, "{colons}{value}:{}", action(&function, &Offer::of(option)));
    }
    text + "' \\\n"
}

/// With a blank in front it is called as it stands.
fn action(function: &str, offer: &Offer) -> String {
    match offer {
        Offer::Nothing => " ".into(),
        Offer::File => "_files".into(),
        Offer::Directory => "_files -/".into(),
        Offer::Pid => format!(" _{function}_pids"),
        Offer::Uid(words) => format!(" _{function}_ids passwd {}", words.join(" ")),
        Offer::Gid(words) => format!(" _{function}_ids group {}", words.join(" ")),
        Offer::User => "_users".into(),
        Offer::Group => "_groups".into(),
        Offer::Variables => r#" _sequence _parameters -g "*export*""#.into(),
        Offer::Word(words) => format!("({})", list(words)),
        Offer::Words(words) => {
            let word = |(word, help): &(String, String)| match help.as_str() {
                "" => word.clone(),
                help => format!("\"{word}[{}]\"", quoted(help)),
            };
            format!(" _{function}_words {}", words.iter().map(word).collect::<Vec<_>>().join(" "))
        }
    }
}

/// Inside single quotes and brackets; the colon is _arguments' own.
fn quoted(text: &str) -> String {
    text.replace('\'', r"'\''").replace('[', r"\[").replace(']', r"\]").replace(':', r"\:")
}

const LISTS: &str = r#"# Namespaces by their numbers, and their kinds.
_FUNCTION_namespaces() {
    local -a namespaces=(${(f)"$(NAME NUMBERS 2>/dev/null)"})
    namespaces=(${namespaces/ /:})
    _describe -t namespaces namespace namespaces
}

"#;

const TEMPLATE: &str = r##"#compdef NAME
# Made by cargo xtask completions

# Processes, and what they are called.
_FUNCTION_pids() {
    local pid name
    local -a pids
    for pid in /proc/<->(N:t); do
        { read -r name </proc/$pid/comm } 2>/dev/null && pids+=("$pid:$name")
    done
    _describe -t processes process pids
}

# The numbers in the database $1, and what they are called; or one of the words behind it.
_FUNCTION_ids() {
    local -a ids=(${(f)"$(getent $1 | cut -d: -f1,3)"})
    ids=(${ids/(#b)(*):(*)/$match[2]:$match[1]})
    ids+=($argv[2,-1])
    _describe -t ids id ids
}

# Some of these, with commas between them; a plus may stand in front.
_FUNCTION_words() {
    compset -P +
    _values -s , value "$@"
}

NAMESPACESsetopt localoptions extendedglob
_arguments -s -S STOP: \
SPECIFICATIONS"##;
