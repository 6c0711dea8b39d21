# rs-lsns: what it finds, and where.

number() { namespace "$1" "$2" | tr -dc 0-9; }

case_list_of_all_kinds() {
    hold rs-unshare --fork -muinpUCT --map-root-user
    for kind in $kinds; do
        number=$(number "$kind" "$held")
        prints "$number $kind" rs-lsns --raw --noheadings --filter "NS == $number" --output NS,TYPE
    done
    contains "$(rs-lsns)" 'NS TYPE   NPROCS   PID USER COMMAND'
    contains "$(rs-lsns)" "$(number net "$held") net"
    hold rs-unshare --net
    prints "$(number net "$held") sleep\x201000" \
        rs-lsns --raw --noheadings --type net --filter "PID == $held" --output NS,COMMAND
}

case_list_as_a_user() {
    hold user rs-unshare --net --map-root-user
    prints "$(number net "$held") $held" \
        user rs-lsns --raw --noheadings --type net --filter "PID == $held" --output NS,PID
}

case_list_in_json() {
    hold rs-unshare --uts
    contains "$(rs-lsns --json --type uts --output NS,PID)" "\"ns\": $(number uts "$held")"
}

case_trees() {
    hold rs-unshare --map-root-user --fork rs-unshare --net
    net=$(number net "$held")
    user=$(number user "$held")
    initial=$(number user 1)
    prints "$user" rs-lsns --raw --noheadings --filter "NS == $net" --output ONS
    prints "$initial" rs-lsns --raw --noheadings --filter "NS == $user" --output PNS
    contains "$(rs-lsns --tree=owner --noheadings --output NS,TYPE)" "  \`-$net net"
    contains "$(rs-lsns --tree=parent --noheadings --output NS,TYPE)" "-$user user"
    contains "$(rs-lsns --tree=process --noheadings --output NS,COMMAND)" "$net \`-sleep 1000"
}

case_kept_by_a_mount() {
    : >/run/mounted
    rs-unshare --net=/run/mounted true
    number=$(stat -c %i /run/mounted)
    prints "$number net 0 /run/mounted" \
        rs-lsns --raw --noheadings --persistent --filter "NS == $number" --output NS,TYPE,NPROCS,NSFS
    umount /run/mounted
    prints '' rs-lsns --raw --noheadings --persistent --filter "NS == $number"
}

case_kept_by_a_descriptor() {
    hold rs-unshare --ipc
    number=$(number ipc "$held")
    first=$held
    start sh -c 'exec 5<"$1"; echo up >&3; exec sleep 1000' sh "/proc/$held/ns/ipc"
    ended "$first"
    prints "$number ipc 0" rs-lsns --raw --noheadings --persistent --filter "NS == $number" --output NS,TYPE,NPROCS
    ended "$held"
    prints '' rs-lsns --raw --noheadings --persistent --filter "NS == $number"
}

case_kept_by_a_socket() {
    hold rs-unshare --net
    number=$(number net "$held")
    first=$held
    start ask hold-socket "/proc/$held/ns/net"
    ended "$first"
    prints "$number net 0" rs-lsns --raw --noheadings --persistent --filter "NS == $number" --output NS,TYPE,NPROCS
    ended "$held"
    prints '' rs-lsns --raw --noheadings --persistent --filter "NS == $number"
}

# What --all says of namespace $1.
all() { rs-lsns --all --raw --noheadings --list --filter "NS == $1" --output NS,TYPE,NPROCS,HELDBY; }

case_all_of_another_mount_namespace() {
    start rs-unshare --mount sh -c ': >/run/place; rs-unshare --net=/run/place true; echo up >&3; exec sleep 1000'
    number=$(stat -L -c %i "/proc/$held/root/run/place")
    prints '' rs-lsns --raw --noheadings --list --filter "NS == $number"
    prints "$number net 0 mount" all "$number"
}

case_all_of_a_mount_namespace_without_a_process() {
    mkdir -p /run/own
    mount -t tmpfs tmpfs /run/own
    mount --make-private /run/own
    : >/run/own/kept
    rs-unshare --mount=/run/own/kept sh -c ': >/run/place; rs-unshare --uts=/run/place true; stat -L -c %i /run/place >/run/number'
    number=$(cat /run/number)
    said=$(all "$number")
    umount -l /run/own
    same "$said" "$number uts 0 mount"
}

case_all_for_children() {
    hold rs-unshare --fork --pid
    number=$(number pid "$held")
    prints "$number pid 1 process,children" all "$number"
}

case_all_above_others() {
    hold rs-unshare --map-root-user rs-unshare --map-root-user
    number=$(rs-lsns --raw --noheadings --type user --filter "PID == $held" --output PNS)
    prints '' rs-lsns --raw --noheadings --list --filter "NS == $number"
    prints "$number user 0 descendant" all "$number"
}

case_all_that_the_kernel_lists() {
    needs listns
    hold rs-unshare --net
    number=$(number net "$held")
    first=$held
    start ask hold-queued "/proc/$held/ns/net"
    ended "$first"
    prints '' rs-lsns --raw --noheadings --list --filter "NS == $number"
    # Nothing is seen to hold it.
    prints "$number net 0 " all "$number"
}

case_ids_in_the_list() {
    needs ids
    hold rs-unshare --net
    id=$(ask id "/proc/$held/ns/net")
    prints "$id" rs-lsns --raw --noheadings --type net --filter "PID == $held" --output NSID
}

case_all_as_a_user() {
    hold user rs-unshare --net --map-root-user
    number=$(number net "$held")
    prints "$number net 1 process" user rs-lsns --all --raw --noheadings --list --filter "NS == $number" \
        --output NS,TYPE,NPROCS,HELDBY
    contains "$(user rs-lsns --all --json)" '"unreadable": '
}
