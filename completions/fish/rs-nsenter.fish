# fish completion for rs-nsenter, made by cargo xtask completions

# The program and its arguments, as far as they are typed.
function __rs_nsenter_rest
    set -l typed (commandline -opc) (commandline -ct)
    argparse -s t/target=+ a/all m/mount'=?' u/uts'=?' i/ipc'=?' n/net'=?' N/net-socket=+ p/pid'=?' pid-for-children U/user'=?' user-parent C/cgroup'=?' T/time'=?' S/setuid=+ G/setgid=+ preserve-credentials keep-caps r/root'=?' w/wd'=?' W/wdns'=?' mount-proc'=?' e/env F/no-fork kill-child'=?' forward-signals'=?' c/join-cgroup Z/follow-context check json v/verbose h/help V/version -- $typed[2..] 2>/dev/null
    and test -n "$argv"
    and not string match -qr '^-' -- $argv[1]
    and string join0 -- $argv
end

function __rs_nsenter_before_program
    not __rs_nsenter_rest >/dev/null
end

function __rs_nsenter_program
    set -l words (__rs_nsenter_rest | string split0)
    set -q words[1]
    or set words ''
    complete -C (string join ' ' -- (string escape -- $words[1..-2]) $words[-1])
end

# These, behind what stands in front of the last comma or plus.
function __rs_nsenter_words
    set -l front (commandline -ct | string replace -r '^--[^=]*=' '' | string match -r '^.*[,+]')
    for word in $argv
        printf '%s%b\n' "$front" $word
    end
end

# The numbers in a database, and what they are called.
function __rs_nsenter_ids
    getent $argv[1] | string replace -r '^([^:]*):[^:]*:([^:]*).*' '$2\t$1'
end

complete -c rs-nsenter -n __rs_nsenter_before_program -s t -l target -d 'What is entered: a process, or the first one there' -r -f -a '(__fish_complete_pids)'
complete -c rs-nsenter -n __rs_nsenter_before_program -s a -l all -d 'Enter all of its namespaces'
complete -c rs-nsenter -n __rs_nsenter_before_program -s m -l mount -d 'Mount points' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-nsenter -n __rs_nsenter_before_program -s u -l uts -d 'Host name and NIS domain' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-nsenter -n __rs_nsenter_before_program -s i -l ipc -d 'System V IPC, POSIX message queues' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-nsenter -n __rs_nsenter_before_program -s n -l net -d 'Network devices, addresses, ports' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-nsenter -n __rs_nsenter_before_program -s N -l net-socket -d 'The network that a socket of the target is in' -r -f
complete -c rs-nsenter -n __rs_nsenter_before_program -s p -l pid -d 'Process ids; the program becomes a child' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-nsenter -n __rs_nsenter_before_program -l pid-for-children -d 'The pid and time of the target\'s children'
complete -c rs-nsenter -n __rs_nsenter_before_program -s U -l user -d 'User and group ids, capabilities' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-nsenter -n __rs_nsenter_before_program -l user-parent -d 'The user namespace that owns it'
complete -c rs-nsenter -n __rs_nsenter_before_program -s C -l cgroup -d 'The root of the cgroup tree' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-nsenter -n __rs_nsenter_before_program -s T -l time -d 'Boot and monotonic clocks' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-nsenter -n __rs_nsenter_before_program -s S -l setuid -d 'Set the uid inside, or the target\'s' -r -f -a '(__rs_nsenter_ids passwd) follow'
complete -c rs-nsenter -n __rs_nsenter_before_program -s G -l setgid -d 'Set the gid, drop the groups' -r -f -a '(__rs_nsenter_ids group) follow'
complete -c rs-nsenter -n __rs_nsenter_before_program -l preserve-credentials -d 'Stay who you are'
complete -c rs-nsenter -n __rs_nsenter_before_program -l keep-caps -d 'Keep the capabilities when the program starts'
complete -c rs-nsenter -n __rs_nsenter_before_program -s r -l root -d 'Change the root directory' -f -a '(__fish_complete_directories (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-nsenter -n __rs_nsenter_before_program -s w -l wd -d 'Change the working directory, seen from here' -f -a '(__fish_complete_directories (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-nsenter -n __rs_nsenter_before_program -s W -l wdns -d 'The same, seen from inside' -f -a '(__fish_complete_directories (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-nsenter -n __rs_nsenter_before_program -l mount-proc -d 'Mount /proc (on DIR) for this program alone' -f -a '(__fish_complete_directories (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-nsenter -n __rs_nsenter_before_program -s e -l env -d 'Take the target\'s environment'
complete -c rs-nsenter -n __rs_nsenter_before_program -s F -l no-fork -d 'With --pid: no child, only its children enter'
complete -c rs-nsenter -n __rs_nsenter_before_program -l kill-child -d 'When nsenter dies, send the child SIG (KILL)' -f -a 'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS RTMIN RTMAX'
complete -c rs-nsenter -n __rs_nsenter_before_program -l forward-signals -d 'Pass TERM, INT on to it; or all; or A,B' -f -a '(__rs_nsenter_words all HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM STKFLT CONT URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS RTMIN RTMAX)'
complete -c rs-nsenter -n __rs_nsenter_before_program -s c -l join-cgroup -d 'Join the target\'s cgroup (version 2)'
complete -c rs-nsenter -n __rs_nsenter_before_program -s Z -l follow-context -d 'Take the target\'s SELinux context'
complete -c rs-nsenter -n __rs_nsenter_before_program -l check -d 'Only say what of this would work, and what not'
complete -c rs-nsenter -n __rs_nsenter_before_program -l json -d 'Say it as JSON (with --check)'
complete -c rs-nsenter -n __rs_nsenter_before_program -s v -l verbose -d 'Show each step and its system call on stderr'
complete -c rs-nsenter -n __rs_nsenter_before_program -s h -l help -d 'Show this help'
complete -c rs-nsenter -n __rs_nsenter_before_program -s V -l version -d 'Show the version'
complete -c rs-nsenter -f -a '(__rs_nsenter_program)'
