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
