# Runs the tests of the other files and writes a line for each:
#
#   ok NAME
#   not ok NAME: WHY
#   skip NAME: WHY      this kernel lacks what it needs
#   end COUNT
#
# A test is a function whose name begins with case_. It runs in a shell of its own, with "set -eu", and fails
# when a command does.

files='unshare.sh nsenter.sh lsns.sh denied.sh'
[ ! -e /suite/policy-4.0 ] || files="$files apparmor.sh"

# What not every kernel has, and the first that does. A test says "needs FEATURE". On an older kernel it is run
# all the same and has to fail, so that no line here can hide what works.
since() {
    case $1 in
    time-at-exec) echo 6.2 ;;    # execve(2) enters the time namespace that was made for children
    apparmor-userns) echo 6.7 ;; # AppArmor's "userns" rules
    pidfs) echo 6.9 ;;           # a pidfd has an inode of its own
    ids) echo 6.18 ;;            # namespaces have ids that are not used again (NS_GET_ID)
    autokill) echo 7.0 ;;        # clone3(2) ties a child to its pidfd (CLONE_PIDFD_AUTOKILL)
    listns) echo 6.19 ;;         # the kernel lists namespaces by itself (listns(2))
    *) die "no such feature: $1" ;;
    esac
}

die() {
    echo "why: $*" >&2
    exit 1
}

# Whether version $1 comes before version $2.
before() {
    [ "$1" != "$2" ] && [ "$(printf '%s\n' "$1" "$2" | sort -t . -k 1,1n -k 2,2n | head -n 1)" = "$1" ]
}

kernel() { uname -r | sed 's/^\([0-9]*\.[0-9]*\).*/\1/'; }

# The test cannot work where FEATURE is missing.
needs() {
    has "$1" || echo "$1 came with Linux $first" >>/tmp/lacking
}

# Whether this kernel has FEATURE, for tests of what happens without it.
has() {
    first=$(since "$1") || exit
    ! before "$(kernel)" "$first"
}

same() { [ "$1" = "$2" ] || die "'$1' is not '$2'"; }
other() { [ "$1" != "$2" ] || die "'$1' is the same"; }
contains() {
    case $1 in
    *"$2"*) ;;
    *) die "'$2' is not in '$1'" ;;
    esac
}

# COMMAND succeeds and prints TEXT: prints TEXT COMMAND…
prints() {
    text=$1
    shift
    said=$("$@" 2>/tmp/errors) || die "status $? of $*: $(head -n 1 /tmp/errors)"
    same "$said" "$text"
}

# COMMAND fails with STATUS, LINE is the first on standard error and HINT is in one of the other lines:
# fails STATUS LINE HINT COMMAND… An empty HINT is not looked for.
fails() {
    status=$1 line=$2 hint=$3
    shift 3
    got=0
    "$@" 2>/tmp/errors >/dev/null || got=$?
    same "$(head -n 1 /tmp/errors)" "$line"
    same "$got" "$status"
    [ -z "$hint" ] || contains "$(tail -n +2 /tmp/errors)" "$hint"
}

# Run a command as an ordinary user.
user() { su -s /bin/sh -c 'exec "$@"' -- user sh "$@"; }

# The eight kinds: what /proc calls them, and rs-unshare and rs-nsenter.
export kinds='mnt uts ipc net pid user cgroup time'
option() {
    case $1 in
    mnt) echo --mount ;;
    *) echo --"$1" ;;
    esac
}

# The namespace of a kind that this process is in, or process $2, as in net:[4026531840].
namespace() { readlink "/proc/${2:-self}/ns/$1"; }

# All eight of a process, a line for each, which is the same whoever asks.
namespaces() {
    (cd "/proc/$1/ns" && stat -c %N $kinds)
}

# Run a command that shows its namespaces at its end.
shows() { "$@" sh -c 'cd /proc/self/ns && stat -c %N $kinds'; }

# The kinds of namespaces in FILE $1 that are not in FILE $2, in our order.
new_in() {
    echo $(grep -vxF -f "$2" "$1" | sed "s/^'\([a-z]*\).*/\1/")
}

# Start COMMAND… with a program at its end that stays. $held is its PID and $job that of COMMAND; both hold the
# file at descriptor 4 open. They end with the test.
hold() {
    start "$@" sh -c 'echo up >&3; exec sleep 1000'
}

# The same with a program that writes a line to descriptor 3 when it is ready.
start() {
    rm -f /tmp/ready
    mkfifo -m 666 /tmp/ready
    "$@" 3>/tmp/ready &
    job=$!
    exec 4</tmp/ready
    read -r line <&4 || die "it did not start: $*"
    held=$job
    while child=$(child_of "$held"); do held=$child; done
    started="$started $job $held"
}
started=

# The first child of a process.
child_of() {
    first=
    # The line has no end, which "read" takes for a failure.
    read -r first rest <"/proc/$1/task/$1/children" || [ -n "$first" ] && echo "$first"
}

# Wait until the processes that "hold" started are no more.
gone() { timeout 20 cat <&4 >/dev/null || die 'they go on'; }

# End a process that was started by "hold" or "start" and waits for nobody.
ended() {
    kill -9 "$1"
    wait "$1" || true
}

for file in $files; do . "/suite/$file"; done

if [ $# -gt 0 ]; then
    trap 'kill -9 $started 2>/dev/null || true' EXIT
    set -eu
    "$1"
    exit
fi

count=0
for case in $(cd /suite && sed -n 's/^\(case_[a-z0-9_]*\)() {$/\1/p' $files); do
    name=${case#case_}
    rm -f /tmp/lacking
    status=0
    timeout 60 sh /suite/run.sh "$case" </dev/null >/tmp/log 2>&1 || status=$?
    why=$(sed -n 's/^why: //p' /tmp/log | tail -n 1)
    [ -n "$why" ] || why="status $status: $(tail -n 1 /tmp/log)"
    if [ -e /tmp/lacking ]; then
        lacking=$(head -n 1 /tmp/lacking)
        [ $status = 0 ] && echo "not ok $name: it works, although $lacking" || echo "skip $name: $lacking"
    else
        [ $status = 0 ] && echo "ok $name" || echo "not ok $name: $why"
        # What else it said, for whoever looks for the reason.
        [ $status = 0 ] || sed "s/^/$name: /" /tmp/log >/dev/console
    fi
    count=$((count + 1))
done
echo "end $count"
