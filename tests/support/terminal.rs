//! A terminal of one's own on the stage, for what only a terminal does: keys that send signals, jobs, hang-ups.

/// What a line may call.
///
/// * `terminal LINE` has a shell with job control carry out the line on a new terminal, as the leader of its session; what the
///   line writes to `events` is heard;
/// * `alone COMMAND` runs the command there without a shell: it leads the session itself;
/// * `press KEYS` types them, in printf(1)'s spelling; `hang_up` takes the terminal away;
/// * `gone PID` waits for the end of that process;
/// * `heard` prints the next event, `past EVENT` the next that is not this one, `over` waits until the terminal is gone, with the status of
///   what led its session;
/// * `child PID` prints the PIDs of its children, `shell` that of the shell.
pub const FUNCTIONS: &str = r#"
terminal() { echo "echo \$\$ >shell; $1" >job; alone bash -m job; read -r up <&3; }
alone() {
    mkfifo events keys 2>/dev/null; exec 3<>events
    env --default-signal setsid script -qefc "exec $*" screen <keys >/dev/null 2>&1 & script=$!
    exec 5>keys
}
press() { printf "$1" >&5; }
hang_up() { kill -KILL $script; }
heard() { read -r event <&3; echo "$event"; }
past() { while read -r event <&3; do [ "$event" = "$1" ] || break; done; echo "$event"; }
over() { wait $script 2>/dev/null; }
gone() { while grep -qs '^State:.[^ZX]' /proc/$1/status; do :; done; }
child() { echo $(cat /proc/$1/task/$1/children); }
shell() { cat shell; }
"#;

/// A program that tells what signals it gets, and ends by TERM. `up` is its first event.
pub const LISTENER: &str = r#"cat >/tmp/bin/listener <<'END'
#!/bin/sh
for signal in INT QUIT HUP WINCH CONT; do trap "echo $signal >/tmp/stage/events" $signal; done
trap 'echo TERM >/tmp/stage/events; exit 9' TERM
echo up >/tmp/stage/events
while :; do read -r line <&4; done 4<>/tmp/stage/never
END
chmod 755 /tmp/bin/listener
"#;
