//! bash: a function that reads the line as the program would, and asks compgen.

use std::fmt::Write as _;

use super::{Offer, identifier, list};
use crate::shipped::{Opt, Program, Value};

/// The whole script. It needs nothing of the package bash-completion, but leaves a program's own options to it.
pub fn script(program: &Program) -> String {
    let options = program.options();
    let required: Vec<&Opt> = options.iter().filter(|option| matches!(option.value, Value::Required(_))).collect();
    let longs = required.iter().map(|option| format!("--{}", option.long)).collect::<Vec<_>>().join("|");
    let shorts: String = required.iter().filter_map(|option| option.short).collect();
    let names = options.iter().map(|option| format!("--{}", option.long)).collect::<Vec<_>>().join(" ");
    let mut cases = String::new();
    for option in &options {
        if let Some(action) = action(&Offer::of(option)) {
            let short = option.short.map(|short| format!("-{short}|")).unwrap_or_default();
            // Writing to a string does not fail.
            let _ = write!(cases, "    {short}--{})\n        {action}\n        ;;\n", option.long);
        }
    }
    let operand = match program.runs {
        true => format!("elif ((i <= COMP_CWORD)); then\n        {}\n    fi", RUNS.replace('\n', "\n    ")),
        false => LISTS.replace("NAME", program.name),
    };
    TEMPLATE
        .replace("NAME", program.name)
        .replace("FUNCTION", &identifier(program.name))
        .replace("CASES\n", &cases)
        .replace("AT_OPERAND ;;", if program.runs { "break ;;" } else { ";;" })
        .replace("OPERAND", &operand)
        .replace("LONGS", &longs)
        .replace("SHORTS", &shorts)
        .replace("OPTIONS", &names)
}

fn action(offer: &Offer) -> Option<String> {
    let numbers = |database: &str, words: &[&str]| {
        format!("COMPREPLY=($(compgen -W \"{} $(getent {database} | cut -d: -f3)\" -- \"$cur\"))", words.join(" "))
    };
    Some(match offer {
        Offer::Nothing => return None,
        Offer::File => "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")".into(),
        Offer::Directory => "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")".into(),
        Offer::Pid => {
            "local pids=(/proc/[0-9]*)\n        COMPREPLY=($(compgen -W \"${pids[*]##*/}\" -- \"$cur\"))".into()
        }
        Offer::Uid(words) => numbers("passwd", words),
        Offer::Gid(words) => numbers("group", words),
        Offer::User => "COMPREPLY=($(compgen -u -- \"$cur\"))".into(),
        Offer::Group => "COMPREPLY=($(compgen -g -- \"$cur\"))".into(),
        Offer::Variables => several("$(compgen -e)"),
        Offer::Word(words) => format!("COMPREPLY=($(compgen -W '{}' -- \"$cur\"))", list(words)),
        Offer::Words(words) => several(&list(words)),
    })
}

/// What stands in front of the last comma, or of a plus, stays.
fn several(words: &str) -> String {
    format!(
        "compopt -o nospace\n        local last=${{cur##*[,+]}}\n        \
         COMPREPLY=($(compgen -P \"${{cur%\"$last\"}}\" -W \"{words}\" -- \"$last\"))"
    )
}

/// What is done at an operand, the first of which is word `i` of the line.
const RUNS: &str = r#"if ((i == COMP_CWORD)); then
        mapfile -t COMPREPLY < <(compgen -c -- "$cur")
    elif declare -F _command_offset >/dev/null; then
        _command_offset "$i"
    else
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi"#;

/// A namespace by its number: whatever else is known of it was named by somebody.
const LISTS: &str = r#"else
        COMPREPLY=($(compgen -W "$(NAME --noheadings --raw --list --output NS 2>/dev/null)" -- "$cur"))
    fi"#;

const TEMPLATE: &str = r#"# bash completion for NAME, made by cargo xtask completions

# What may follow the option $1, of which $2 is typed.
_FUNCTION_value() {
    local cur=$2
    case $1 in
CASES
    esac
}

_FUNCTION() {
    local i word option= ended= cur=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ -n $option ]]; then
            option=
        elif [[ $word == --* && ${COMP_WORDS[i + 1]} == = ]]; then
            # bash takes --option=value apart.
            if ((i + 2 >= COMP_CWORD)); then
                _FUNCTION_value "$word" "${cur#=}"
                return
            fi
            ((i += 2))
        else
            case $word in
            --) ((i += 1)) && ended=1 && break ;;
            LONGS) option=$word ;;
            --*) ;;
            -*[SHORTS]) option=-${word: -1} ;;
            -?*) ;;
            *) AT_OPERAND ;;
            esac
        fi
        # And what has a colon.
        while [[ ${COMP_WORDS[i + 1]} == : ]]; do ((i += 2)); done
    done
    if [[ -n $option ]]; then
        _FUNCTION_value "$option" "$cur"
    elif [[ -z $ended && $cur == --*=* ]] && ((i == COMP_CWORD)); then
        _FUNCTION_value "${cur%%=*}" "${cur#*=}"
        COMPREPLY=("${COMPREPLY[@]/#/${cur%%=*}=}")
    elif [[ -z $ended && $cur == -* ]] && ((i == COMP_CWORD)); then
        COMPREPLY=($(compgen -W 'OPTIONS' -- "$cur"))
    OPERAND
}

complete -F _FUNCTION NAME
"#;
