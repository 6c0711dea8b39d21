mkfifo -m 666 /tmp/ready /tmp/root/tmp/never
cat >/tmp/bin/whose <<'END'
#!/bin/sh
cd /proc/self/ns && busybox stat -c %N cgroup ipc mnt net pid time user uts | busybox awk '
NR == FNR { split($1, path, "/"); if (!($3 in owner)) owner[$3] = path[3]; next }
{ of = $3 in owner ? owner[$3] : "?"; gsub("\047", "", $1); if (of != 1) shown = shown " " $1 ":" of }
END { print substr(shown, 2) }' /tmp/owners -
END
printf '#!/bin/sh\necho up; exec >&-; read -r line <>/tmp/stage/never\n' >/tmp/bin/stay
chmod 755 /tmp/bin/stay /tmp/bin/whose
nsuser="setpriv --reuid 4242 --regid 4242 --clear-groups"
own='mount -t tmpfs tmpfs dir; cd dir; exec stay'

# Starts a command as the process with this PID, and waits until it says a word. Without one, the process before has closed
# the fifo, and this one not opened it yet.
process() {
    echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid; shift
    "$@" >/tmp/ready & until read -r word </tmp/ready; do :; done
}

target() {
    case $1 in
    100) process 99 env WHO=container unshare -CimnTpuf --boottime=500 sh -c "hostname container; $own" ;;
    200) process 199 $nsuser env WHO=rootless unshare -rCimnTpuf sh -c "hostname rootless; $own" ;;
    300) process 300 env WHO=sibling stay ;;
    350) process 350 $nsuser env WHO=neighbour sh -c 'cd dir; exec stay' ;;
    400)
        process 399 sh -c '(echo up; read -r line <>/tmp/stage/never) & exec cat <>/tmp/stage/never'
        until read -r comm </proc/399/comm && [ "$comm" = cat ]; do :; done
        kill -KILL 400
        await Z 400
        return
        ;;
    500)
        process 499 setpriv --regid 5 --groups 7,8 env -i WHO=lodger PATH=/bin \
            unshare -mupfS 1 -R /tmp/root -w /tmp --mount-proc /bin/sh -c 'echo up; exec >&-; read -r line <>never'
        cp -p /tmp/bin/whose /tmp/root/bin
        ;;
    600) process 600 $nsuser env WHO=nested unshare -r unshare -rnu stay ;;
    700)
        process 700 env WHO=mapped unshare -Un stay
        echo 0 100000 1000 >/proc/700/uid_map
        echo 0 100000 1000 >/proc/700/gid_map
        ;;
    esac
    owners="$owners /proc/$1/ns/*"
}

# The PIDs of the line's processes follow those of the targets.
ready() {
    busybox stat -c %N /proc/1/ns/* $owners | tee /tmp/owners >/tmp/root/tmp/owners
    echo 999 >/proc/sys/kernel/ns_last_pid
}
