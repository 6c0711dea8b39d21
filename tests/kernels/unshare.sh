# rs-unshare: what is made, kept, mapped and passed on.

# COMMAND… makes namespaces of these kinds and no others: makes KINDS COMMAND…
makes() {
    expected=$1
    shift
    namespaces self >/tmp/here
    shows "$@" >/tmp/there
    same "$(new_in /tmp/there /tmp/here)" "$expected"
}

case_each_kind_alone() {
    for each in $kinds; do
        # Only children are in a new pid namespace.
        makes "$each" rs-unshare --fork "$(option "$each")"
    done
}

case_each_kind_with_a_user_namespace() {
    for each in mnt uts ipc net pid; do
        makes "$each user" user rs-unshare --fork --map-root-user "$(option "$each")"
    done
    makes user user rs-unshare --fork --map-root-user
    makes 'user cgroup' user rs-unshare --fork --map-root-user --cgroup
    makes 'user time' user rs-unshare --fork --map-root-user --time
}

case_all_kinds_together() {
    makes "$kinds" rs-unshare --fork -muinpUCT
    makes "$kinds" user rs-unshare --fork -muinpUCT --map-root-user
}

case_all_kinds_without_a_child() {
    needs time-at-exec
    # The program itself stays in the old pid namespace.
    makes 'mnt uts ipc net user cgroup time' rs-unshare -muinpUCT
}

case_a_user_without_a_user_namespace() {
    for kind in mnt uts ipc net pid cgroup time; do
        fails 1 'rs-unshare: unshare failed: Operation not permitted' 'which you do not have' \
            user rs-unshare "$(option $kind)" true
    done
}

case_first_process_with_its_proc() {
    prints '1 /proc/1' rs-unshare --fork --pid --mount-proc sh -c 'echo $$ /proc/[0-9]*'
    prints '1 /proc/1' user rs-unshare --map-root-user --fork --pid --mount-proc sh -c 'echo $$ /proc/[0-9]*'
}

case_kept_in_files_and_entered() {
    mkdir -p /run/kept
    for each in $kinds; do
        file=/run/kept/$each
        : >"$file"
        # Whoever enters a user namespace wants to be root there.
        case $each in
        user) hold rs-unshare --fork --user="$file" --map-root-user ;;
        *) hold rs-unshare --fork "$(option "$each")=$file" ;;
        esac
        there=$(namespace "$each" "$held")
        other "$there" "$(namespace "$each")"
        same "$each:[$(stat -c %i "$file")]" "$there"
        prints "$there" rs-nsenter "$(option "$each")=$file" readlink "/proc/self/ns/$each"
        kill -9 "$held"
        gone
        # The end of its first process is that of a pid namespace; the others go on without one.
        [ "$each" = pid ] ||
            prints "$there" rs-nsenter "$(option "$each")=$file" readlink "/proc/self/ns/$each"
        umount "$file"
    done
}

case_become_root() {
    prints '0 0' user rs-unshare --map-root-user sh -c 'echo $(id -u) $(id -g)'
    prints '0 1000 1' user rs-unshare -r sh -c 'echo $(cat /proc/self/uid_map)'
    prints '0 1000 1' user rs-unshare -r sh -c 'echo $(cat /proc/self/gid_map)'
}

case_stay_who_you_are() {
    prints '1000 1000' user rs-unshare --map-current-user sh -c 'echo $(id -u) $(id -g)'
    prints '1000 1000 1' user rs-unshare -c sh -c 'echo $(cat /proc/self/uid_map)'
}

case_maps_of_ranges() {
    prints '0 100000 65536' rs-unshare --map-users 0:100000:65536 --map-groups 0:100000:65536 --setuid 0 --setgid 0 \
        sh -c 'echo $(cat /proc/self/uid_map)'
    prints '0 0 1 1 100000 10' rs-unshare --map-root-user --map-users 1:100000:10 --map-groups 1:100000:10 \
        sh -c 'echo $(cat /proc/self/gid_map)'
}

case_setgroups_denied() {
    prints deny user rs-unshare --map-root-user cat /proc/self/setgroups
    prints deny rs-unshare --setgroups=deny --map-root-user cat /proc/self/setgroups
    prints allow rs-unshare --map-users 0:0:1 --map-groups 0:0:1 cat /proc/self/setgroups
}

case_capabilities_kept() {
    prints "CapAmb: 0000000000000000" user rs-unshare --map-current-user sh -c 'echo $(grep CapAmb /proc/self/status)'
    all=$(grep CapBnd /proc/self/status | cut -f 2)
    prints "CapAmb: $all" user rs-unshare --map-current-user --keep-caps \
        sh -c 'echo $(grep CapAmb /proc/self/status)'
}

case_propagation_of_mounts() {
    mkdir -p /tmp/shared
    mount -t tmpfs tmpfs /tmp/shared
    mount --make-shared /tmp/shared
    mkdir /tmp/shared/private /tmp/shared/both
    rs-unshare --mount mount -t tmpfs tmpfs /tmp/shared/private
    rs-unshare --mount --propagation unchanged mount -t tmpfs tmpfs /tmp/shared/both
    prints /tmp/shared/both sh -c "sed -n 's,.* \(/tmp/shared/[a-z]*\) .*,\1,p' /proc/self/mountinfo"
    umount /tmp/shared/both /tmp/shared
}

case_shifted_clocks() {
    prints 'monotonic 200000 0 boottime 100000 0' rs-unshare --time --fork --monotonic 200000 --boottime 100000 \
        sh -c 'echo $(cat /proc/self/timens_offsets)'
    uptime=$(rs-unshare --time --fork --boottime 100000 cut -d . -f 1 /proc/uptime)
    [ "$uptime" -ge 100000 ] && [ "$uptime" -lt 101000 ] || die "up for $uptime s"
}

case_exit_status_passed_on() {
    for options in '' --fork '--fork --pid' '--user --fork --pid'; do
        status=0
        rs-unshare $options sh -c 'exit 42' || status=$?
        same $status 42
    done
}

case_end_by_a_signal_passed_on() {
    status=0
    rs-unshare --fork sh -c 'kill -TERM $$' || status=$?
    same $status 143
    status=0
    rs-unshare --fork --pid sh -c 'sh -c "kill -KILL \$\$"; exit $?' || status=$?
    same $status 137
}

case_child_killed() {
    hold rs-unshare --kill-child --pid
    kill -KILL "$job"
    gone
}

case_child_killed_after_a_change_of_ids() {
    hold rs-unshare --kill-child --setuid 1000 --setgid 1000
    kill -KILL "$job"
    gone
}

# A set-user-ID program has no death signal any more.
set_user_id_child() {
    cp /bin/busybox /tmp/busybox
    chmod 4755 /tmp/busybox
    start "$@" sh -c 'echo up >&3; exec /tmp/busybox sleep 1000'
    until grep -q /tmp/busybox "/proc/$held/cmdline"; do :; done
    kill -KILL "$job"
    gone
}

case_set_user_id_child_killed() {
    needs autokill
    set_user_id_child rs-unshare --kill-child --setuid 1000
}

case_set_user_id_child_of_an_init_killed() {
    set_user_id_child rs-unshare --init --kill-child --setuid 1000
    # Without a shell above it, which would be killed in its place.
    set_user_id_child su -s /bin/sh -c 'exec "$@"' -- user sh rs-unshare --init --kill-child
}

case_status_of_a_child_that_is_killed_with_its_parent() {
    for options in --kill-child '--kill-child --forward-signals' '--kill-child --pid' '--kill-child --init --pid'; do
        for user in '' user; do
            status=0
            $user rs-unshare $options ${user:+--map-root-user} sh -c 'exit 42' || status=$?
            same $status 42
            status=0
            $user rs-unshare $options ${user:+--map-root-user} sh -c 'sh -c "kill -TERM \$\$"; exit $?' || status=$?
            same $status 143
        done
    done
    status=0
    rs-unshare --kill-child sh -c 'kill -KILL $$' || status=$?
    same $status 137
}

case_signals_forwarded_to_a_child_that_is_killed_with_its_parent() {
    start rs-unshare --kill-child --forward-signals=all sh -c 'trap "exit 7" HUP; echo up >&3; sleep 1000 & wait'
    kill -HUP "$job"
    status=0
    wait "$job" || status=$?
    same $status 7
    kill -KILL "$held"
    gone
}

case_init_forwards_and_reaps() {
    start rs-unshare --init --pid --mount-proc sh -c 'trap "exit 7" TERM; (sleep 0 &); echo up >&3; sleep 1000 & wait'
    kill -TERM "$job"
    status=0
    wait "$job" || status=$?
    same $status 7
    gone
    prints none rs-unshare --init --pid --mount-proc sh -c 'i=0; while [ $i -lt 100 ]; do (: & : &); i=$((i + 1)); done
        while grep -qs "^State:.Z" /proc/[0-9]*/status; do :; done; echo none'
}

case_signals_forwarded() {
    for signal in TERM INT; do
        start rs-unshare --fork --pid --forward-signals \
            sh -c 'trap "exit 7" TERM; trap "exit 8" INT; echo up >&3; sleep 1000 & wait'
        # $held is the sleep; without its parent, which is PID 1, it ends too.
        kill -$signal "$job"
        status=0
        wait "$job" || status=$?
        [ $signal = TERM ] && same $status 7 || same $status 8
        gone
    done
}

case_all_signals_forwarded() {
    for signal in HUP USR1; do
        start rs-unshare --fork --pid --forward-signals=all \
            sh -c 'trap "exit 7" HUP; trap "exit 8" USR1; echo up >&3; sleep 1000 & wait'
        kill -$signal "$job"
        status=0
        wait "$job" || status=$?
        [ $signal = HUP ] && same $status 7 || same $status 8
        gone
    done
}

case_name_of_the_host() {
    prints inside rs-unshare --hostname inside hostname
    prints inside user rs-unshare --map-root-user --hostname inside hostname
    other "$(hostname)" inside
}

case_loopback_device() {
    contains "$(rs-unshare --loopback ip link show lo)" LOOPBACK,UP
    contains "$(user rs-unshare --map-root-user --loopback ip link show lo)" LOOPBACK,UP
}

case_check_of_what_works() {
    prints 5 user sh -c 'rs-unshare --check --map-root-user --net true | grep -c ": ok$"'
    user rs-unshare --check --fork -muinpUCT --mount-proc --map-root-user true
    rs-unshare --check --fork -muinpCT --mount-proc --propagation slave --boottime 5 true
}

case_first_process_that_supervises() {
    prints 1 rs-unshare --init --pid --mount-proc sh -c 'cat /proc/$$/stat | cut -d " " -f 4'
    status=0
    rs-unshare --init --pid sh -c 'sleep 1000 & exit 42' || status=$?
    same $status 42
    hold rs-unshare --init --pid
    kill -TERM "$job"
    status=0
    wait "$job" || status=$?
    same $status 143
    gone
}
