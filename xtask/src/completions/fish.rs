//! fish: a line for each option.

use std::fmt::Write as _;

use super::{NUMBERS, Offer, identifier, list};
use crate::shipped::{Opt, Program, Value};

/// The whole script.
pub fn script(program: &Program) -> String {
    let options = program.options();
    let function = identifier(program.name);
    let mut script = format!("# fish completion for {}, made by cargo xtask completions\n", program.name);
    let condition = match program.runs {
        true => {
            let specifications: Vec<String> = options.iter().map(specification).collect();
            script += &RUNS.replace("FUNCTION", &function).replace("OPTIONS", &specifications.join(" "));
            format!(" -n __{function}_before_program")
        }
        false => String::new(),
    };
    let offers: Vec<Offer> = options.iter().map(Offer::of).collect();
    if offers.iter().any(|offer| matches!(offer, Offer::Words(_) | Offer::Variables)) {
        script += &WORDS.replace("FUNCTION", &function);
    }
    if offers.iter().any(|offer| matches!(offer, Offer::Uid(_) | Offer::Gid(_))) {
        script += &IDS.replace("FUNCTION", &function);
    }
    script.push('\n');
    for (option, offer) in options.iter().zip(&offers) {
        let short = option.short.map(|short| format!(" -s {short}")).unwrap_or_default();
        let value = value(&function, &option.value, offer);
        let help = quoted(&option.help);
        // Writing to a string does not fail.
        let _ = writeln!(script, "complete -c {}{condition}{short} -l {} -d {help}{value}", program.name, option.long);
    }
    let operands = match program.runs {
        true => format!(" -a '(__{function}_program)'"),
        false => format!(" -a '({} {NUMBERS} 2>/dev/null | string replace \" \" \\t)'", program.name),
    };
    script + &format!("complete -c {} -f{operands}\n", program.name)
}

/// `m/mount=?`, for argparse.
fn specification(option: &Opt) -> String {
    let names = option.short.map(|short| format!("{short}/{}", option.long)).unwrap_or_else(|| option.long.clone());
    let value = match option.value {
        Value::None => "",
        Value::Optional(_) => "'=?'",
        // Of an option that is given twice, argparse would complain.
        Value::Required(_) => "=+",
    };
    names + value
}

fn value(function: &str, value: &Value, offer: &Offer) -> String {
    let takes = match value {
        Value::None => return String::new(),
        Value::Optional(_) => "",
        Value::Required(_) => " -r",
    };
    let offered = match offer {
        Offer::Nothing => String::new(),
        Offer::File | Offer::Directory => {
            let typed = "(commandline -ct | string replace -r \"^-[^=]*=\" \"\")";
            let complete = if matches!(offer, Offer::File) { "path" } else { "directories" };
            format!("(__fish_complete_{complete} {typed})")
        }
        Offer::Pid => "(__fish_complete_pids)".into(),
        Offer::Uid(words) => format!("(__{function}_ids passwd) {}", words.join(" ")),
        Offer::Gid(words) => format!("(__{function}_ids group) {}", words.join(" ")),
        Offer::User => "(__fish_complete_users)".into(),
        Offer::Group => "(__fish_complete_groups)".into(),
        Offer::Variables => format!("(__{function}_words (set -xn))"),
        Offer::Word(words) => list(words),
        Offer::Words(words) => {
            let word = |(word, help): &(String, String)| match help.as_str() {
                "" => word.clone(),
                help => format!("\"{word}\\t{help}\""),
            };
            format!("(__{function}_words {})", words.iter().map(word).collect::<Vec<_>>().join(" "))
        }
    };
    match offered.as_str() {
        "" => format!("{takes} -f"),
        offered => format!("{takes} -f -a {}", quoted(offered.trim())),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

const RUNS: &str = r#"
# The program and its arguments, as far as they are typed.
function __FUNCTION_rest
    set -l typed (commandline -opc) (commandline -ct)
    argparse -s OPTIONS -- $typed[2..] 2>/dev/null
    and test -n "$argv"
    and not string match -qr '^-' -- $argv[1]
    and string join0 -- $argv
end

function __FUNCTION_before_program
    not __FUNCTION_rest >/dev/null
end

function __FUNCTION_program
    set -l words (__FUNCTION_rest | string split0)
    set -q words[1]
    or set words ''
    complete -C (string join ' ' -- (string escape -- $words[1..-2]) $words[-1])
end
"#;

const WORDS: &str = r#"
# These, behind what stands in front of the last comma or plus.
function __FUNCTION_words
    set -l front (commandline -ct | string replace -r '^--[^=]*=' '' | string match -r '^.*[,+]')
    for word in $argv
        printf '%s%b\n' "$front" $word
    end
end
"#;

const IDS: &str = r#"
# The numbers in a database, and what they are called.
function __FUNCTION_ids
    getent $argv[1] | string replace -r '^([^:]*):[^:]*:([^:]*).*' '$2\t$1'
end
"#;
