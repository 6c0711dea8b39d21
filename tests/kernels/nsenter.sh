# rs-nsenter: every way to name what is to be entered.

# Everything of a process is entered by COMMAND…
enters_all() {
    namespaces "$held" >/tmp/target
    shows "$@" >/tmp/there
    same "$(new_in /tmp/there /tmp/target)" ''
}

case_all_of_a_process() {
    hold rs-unshare --fork -muinpUCT --map-root-user
    enters_all rs-nsenter --target "$held" --all
}

case_all_of_a_users_own_process() {
    hold user rs-unshare --fork -muinpUCT --map-root-user
    enters_all user rs-nsenter --target "$held" --all
    prints 0 user rs-nsenter --target "$held" --all id -u
}

case_single_kinds_of_a_process() {
    hold rs-unshare --fork -muinpUCT --map-root-user
    namespaces self >/tmp/here
    namespaces "$held" >/tmp/target
    for each in $kinds; do
        shows rs-nsenter --target "$held" "$(option "$each")" >/tmp/there
        same "$(new_in /tmp/there /tmp/here)" "$each"
        same "$(new_in /tmp/target /tmp/there)" "$(echo $(echo " $kinds " | sed "s/ $each / /"))"
    done
}

case_a_users_process_is_not_anothers() {
    hold rs-unshare --fork --net
    fails 1 'rs-nsenter: reassociate to namespaces failed: Operation not permitted' "process $held is uid 0's" \
        user rs-nsenter --target "$held" --net true
}

case_a_process_by_its_inode() {
    needs pidfs
    hold rs-unshare --uts
    inode=$(ask pidfd "$held")
    prints "$(namespace uts "$held")" rs-nsenter --target "$held:$inode" --uts readlink /proc/self/ns/uts
}

case_an_inode_of_another_process() {
    hold rs-unshare --uts
    has pidfs && reason='No such process' hint='is another process' ||
        reason='Operation not supported' hint='gives processes no inodes'
    fails 1 "rs-nsenter: failed to obtain a valid file descriptor for PID $held: $reason" "$hint" \
        rs-nsenter --target "$held:$(ask pidfd $$)" --uts true
}

case_a_namespace_by_its_id() {
    needs ids
    hold rs-unshare -uin
    for kind in uts ipc net; do
        id=$(ask id "/proc/$held/ns/$kind")
        prints "$(namespace $kind "$held")" rs-nsenter "--$kind=:$id" readlink "/proc/self/ns/$kind"
    done
}

case_a_namespace_by_its_inode() {
    hold rs-unshare --net
    there=$(namespace net "$held")
    inode=$(echo "$there" | tr -dc 0-9)
    prints "$there" rs-nsenter --target "@$inode" --net readlink /proc/self/ns/net
    first=$held
    start ask hold-socket "/proc/$held/ns/net"
    ended "$first"
    # Now only a socket holds it.
    prints "$there" rs-nsenter --net="@$inode" readlink /proc/self/ns/net
}

case_an_id_of_no_namespace() {
    # Older kernels have no root of namespaces to look below.
    has ids && reason='Stale file handle' hint='no process, mount' ||
        reason='Bad file descriptor' hint='gives namespaces no ids'
    fails 1 "rs-nsenter: cannot open namespace of id 123456789: $reason" "$hint" rs-nsenter --net=:123456789 true
}

case_a_namespace_by_its_number() {
    hold rs-unshare -uin
    for kind in uts ipc net; do
        inode=$(stat -L -c %i "/proc/$held/ns/$kind")
        prints "$(namespace $kind "$held")" rs-nsenter "--$kind=@$inode" readlink "/proc/self/ns/$kind"
        prints "$(namespace $kind "$held")" rs-nsenter --target "@$inode" "--$kind" readlink "/proc/self/ns/$kind"
    done
}

case_a_network_that_only_a_socket_keeps() {
    hold rs-unshare --net
    there=$(namespace net "$held") first=$held
    start ask hold-socket "/proc/$held/ns/net"
    ended "$first"
    inode=${there#*[}
    prints "$there" rs-nsenter "--net=@${inode%]}" readlink /proc/self/ns/net
}

case_a_network_that_is_mounted_elsewhere() {
    hold rs-unshare --mount sh -c '>/run/net; rs-unshare --net=/run/net true; exec "$@"' sh
    inode=$(sed -n 's/.* net:.\([0-9]*\). .*/\1/p' "/proc/$held/mountinfo")
    prints "net:[$inode]" rs-nsenter "--net=@$inode" readlink /proc/self/ns/net
}

case_a_container_by_its_id() {
    hold rs-unshare --uts
    group=/sys/fs/cgroup/docker-$(printf %064d 7).scope
    mkdir "$group"
    echo "$held" >"$group/cgroup.procs"
    prints "$(namespace uts "$held")" rs-nsenter --target container:00 --uts readlink /proc/self/ns/uts
    ended "$held"
    rmdir "$group"
    fails 1 "rs-nsenter: no process found in 'container:00'" 'no process that /proc shows' \
        rs-nsenter --target container:00 --uts true
}

case_what_children_get() {
    hold rs-unshare --fork --pid
    prints "$(namespace pid "$held")" rs-nsenter --target "$job" --pid-for-children readlink /proc/self/ns/pid
}

case_a_proc_of_the_pid_namespace() {
    hold rs-unshare --fork --pid
    prints 2 rs-nsenter --target "$held" --pid --mount-proc sh -c 'set -- /proc/[0-9]*; echo $#'
    [ -e "/proc/$held" ]
}

# The number of the descriptor at which a process has a socket.
socket_of() {
    for file in /proc/"$1"/fd/*; do
        case $(readlink "$file") in
        socket:*) echo "${file##*/}" ;;
        esac
    done
}

case_the_network_of_a_socket() {
    hold rs-unshare --net
    there=$(namespace net "$held")
    start ask hold-socket "/proc/$held/ns/net"
    other "$there" "$(namespace net "$held")"
    prints "$there" rs-nsenter --target "$held" --net-socket "$(socket_of "$held")" readlink /proc/self/ns/net
}

case_the_owner_of_a_namespace() {
    hold rs-unshare --map-root-user rs-unshare --map-root-user
    child=$held
    parent=$(rs-nsenter --target "$child" --user-parent readlink /proc/self/ns/user)
    other "$parent" "$(namespace user "$child")"
    other "$parent" "$(namespace user)"
    hold rs-unshare --map-root-user rs-unshare --net
    prints "$(namespace user "$held")" rs-nsenter --target "$held" --net --user-parent readlink /proc/self/ns/user
}

case_the_cgroup_of_a_process() {
    hold rs-unshare --uts
    mkdir /sys/fs/cgroup/held
    echo "$held" >/sys/fs/cgroup/held/cgroup.procs
    prints 0::/held rs-nsenter --target "$held" --join-cgroup --uts cat /proc/self/cgroup
    ended "$held"
    rmdir /sys/fs/cgroup/held
}

case_the_environment_of_a_process() {
    hold env NAME=value rs-unshare --uts
    prints value rs-nsenter --target "$held" --env --uts sh -c 'echo $NAME'
}

case_root_and_directory_of_a_process() {
    mkdir -p /tmp/root/bin /tmp/root/deep/down /tmp/root/proc
    cp /bin/busybox /tmp/root/bin/sh
    cp /bin/busybox /tmp/root/bin/sleep
    cp /bin/busybox /tmp/root/bin/pwd
    hold rs-unshare --mount --root=/tmp/root --wd=/deep
    prints /deep rs-nsenter --target "$held" --mount --root --wd pwd
    prints / rs-nsenter --target "$held" --mount --root pwd
    prints /deep/down rs-nsenter --target "$held" --mount --root --wdns=/deep/down pwd
}

case_nsenter_passes_the_status_on() {
    hold rs-unshare --fork --pid --uts
    status=0
    rs-nsenter --target "$held" --all sh -c 'exit 42' || status=$?
    same $status 42
    status=0
    rs-nsenter --target "$held" --pid sh -c 'kill -TERM $$' || status=$?
    same $status 143
}

case_entered_child_killed() {
    hold rs-unshare --fork --pid
    start rs-nsenter --target "$held" --pid --kill-child sh -c 'echo up >&3; exec sleep 1000'
    kill -KILL "$job"
    gone
}
