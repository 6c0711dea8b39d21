# What the worlds have in common: words for their set-ups, and numbers of namespaces for the lines.
nsuser="setpriv --reuid 4242 --regid 4242 --clear-groups"

# Starts a command as the process with this PID, and waits until it says that it is up.
process() {
    # One for each, since a parent that stays keeps it open.
    word=/tmp/word$1
    mkfifo -m 666 "$word"
    echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid
    shift
    "$@" >"$word" &
    read -r said <"$word" && [ "$said" = up ]
}

# Ends processes.
end() { kill -KILL "$@"; for pid; do wait "$pid" 2>/dev/null || :; done; }

# Binds a namespace to a new file.
pin() { : >"$2" && mount --bind "$1" "$2"; }

# Variables for the lines, `. numbers`: `net100` is the number of the network namespace of process 100.
numbers() {
    for pid; do
        for kind in cgroup ipc mnt net pid time user uts; do
            echo "$kind$pid=$(busybox stat -L -c %i "/proc/$pid/ns/$kind")"
        done
    done >>/tmp/bin/numbers
}
