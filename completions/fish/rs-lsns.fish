# fish completion for rs-lsns, made by cargo xtask completions

# These, behind what stands in front of the last comma or plus.
function __rs_lsns_words
    set -l front (commandline -ct | string replace -r '^--[^=]*=' '' | string match -r '^.*[,+]')
    for word in $argv
        printf '%s%b\n' "$front" $word
    end
end

complete -c rs-lsns -s t -l type -d 'Only of kind mnt, net, ipc, user, pid, uts, cgroup, time' -r -f -a 'user cgroup ipc uts net pid mnt time'
complete -c rs-lsns -s p -l task -d 'Only those that process PID is in' -r -f -a '(__fish_complete_pids)'
complete -c rs-lsns -s P -l persistent -d 'Only those without a process, which something else keeps'
complete -c rs-lsns -s A -l all -d 'Also those that only threads, other mounts and such keep'
complete -c rs-lsns -s Q -l filter -d 'Only those for which this is true, such as \'NPROCS > 1\'' -r -f
complete -c rs-lsns -s o -l output -d 'These columns, between commas; after a +, in addition' -r -f -a '(__rs_lsns_words "NS\\tnamespace identifier (inode number)" "TYPE\\tkind of namespace" "PATH\\tpath to the namespace" "NPROCS\\tnumber of processes in the namespace" "PID\\tlowest PID in the namespace" "PPID\\tPPID of the PID" "COMMAND\\tcommand line of the PID" "UID\\tUID of the PID" "USER\\tusername of the PID" "NETNSID\\tnamespace ID as used by network subsystem" "NSFS\\tnsfs mountpoint (usually used network subsystem)" "PNS\\tparent namespace identifier (inode number)" "ONS\\towner namespace identifier (inode number)" "NSID\\tnumber of the namespace that is never used again" "HELDBY\\twhat keeps the namespace" "NTHREADS\\tnumber of threads in the namespace" "NSPID\\tPID of the PID in its own pid namespace" "CONTAINER\\tcontainer, machine or unit of the PID" "CGROUP\\tcgroup of the PID" "OWNER\\tUID that made the owner namespace" "UIDMAP\\tUIDs of the user namespace, as INSIDE:OUTSIDE:COUNT")'
complete -c rs-lsns -l output-all -d 'All columns'
complete -c rs-lsns -s H -l list-columns -d 'Explain the columns'
complete -c rs-lsns -s n -l noheadings -d 'Leave out the headings'
complete -c rs-lsns -s u -l notruncate -d 'Do not cut off what the terminal has no room for'
complete -c rs-lsns -s W -l nowrap -d 'Put several mount points on one line'
complete -c rs-lsns -s l -l list -d 'No tree'
complete -c rs-lsns -s T -l tree -d 'A tree by owner, parent or process, as in -Tparent' -f -a 'owner parent process'
complete -c rs-lsns -s J -l json -d 'JSON'
complete -c rs-lsns -s r -l raw -d 'For scripts: one blank between cells'
complete -c rs-lsns -l color -d 'Colour a tree: auto (on a terminal), always, never' -f -a 'auto always never'
complete -c rs-lsns -l limits -d 'How many there may be, and how many there are'
complete -c rs-lsns -l pid-map -d 'The numbers of PID in the pid namespaces down to its own' -r -f -a '(__fish_complete_pids)'
complete -c rs-lsns -l dot -d 'Which owns which, as a graph for dot(1)'
complete -c rs-lsns -s v -l verbose -d 'Show on stderr what is read'
complete -c rs-lsns -s h -l help -d 'Show this help'
complete -c rs-lsns -s V -l version -d 'Show the version'
complete -c rs-lsns -f -a '(rs-lsns --noheadings --raw --list --output NS,TYPE 2>/dev/null | string replace " " \t)'
