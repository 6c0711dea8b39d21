# fish completion for rs-unshare, made by cargo xtask completions

# The program and its arguments, as far as they are typed.
function __rs_unshare_rest
    set -l typed (commandline -opc) (commandline -ct)
    argparse -s m/mount'=?' u/uts'=?' i/ipc'=?' n/net'=?' p/pid'=?' U/user'=?' C/cgroup'=?' T/time'=?' r/map-root-user c/map-current-user map-user=+ map-group=+ map-auto map-subids map-users=+ map-groups=+ owner=+ setgroups=+ S/setuid=+ G/setgid=+ keep-caps mount-proc'=?' mount-binfmt'=?' l/load-interp=+ propagation=+ R/root=+ w/wd=+ hostname=+ loopback f/fork init kill-child'=?' forward-signals'=?' info-fd=+ pid-file=+ monotonic=+ boottime=+ clear-env whitelist-env=+ dry-run check json v/verbose h/help V/version -- $typed[2..] 2>/dev/null
    and test -n "$argv"
    and not string match -qr '^-' -- $argv[1]
    and string join0 -- $argv
end

function __rs_unshare_before_program
    not __rs_unshare_rest >/dev/null
end

function __rs_unshare_program
    set -l words (__rs_unshare_rest | string split0)
    set -q words[1]
    or set words ''
    complete -C (string join ' ' -- (string escape -- $words[1..-2]) $words[-1])
end

# These, behind what stands in front of the last comma or plus.
function __rs_unshare_words
    set -l front (commandline -ct | string replace -r '^--[^=]*=' '' | string match -r '^.*[,+]')
    for word in $argv
        printf '%s%b\n' "$front" $word
    end
end

# The numbers in a database, and what they are called.
function __rs_unshare_ids
    getent $argv[1] | string replace -r '^([^:]*):[^:]*:([^:]*).*' '$2\t$1'
end

complete -c rs-unshare -n __rs_unshare_before_program -s m -l mount -d 'Mount points' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-unshare -n __rs_unshare_before_program -s u -l uts -d 'Host name and NIS domain' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-unshare -n __rs_unshare_before_program -s i -l ipc -d 'System V IPC, POSIX message queues' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-unshare -n __rs_unshare_before_program -s n -l net -d 'Network devices, addresses, ports' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-unshare -n __rs_unshare_before_program -s p -l pid -d 'Process ids, for the children: add --fork' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-unshare -n __rs_unshare_before_program -s U -l user -d 'User and group ids, capabilities' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-unshare -n __rs_unshare_before_program -s C -l cgroup -d 'The root of the cgroup tree' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-unshare -n __rs_unshare_before_program -s T -l time -d 'Boot and monotonic clocks' -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-unshare -n __rs_unshare_before_program -s r -l map-root-user -d 'Become root: your uid and gid appear as 0'
complete -c rs-unshare -n __rs_unshare_before_program -s c -l map-current-user -d 'Stay who you are'
complete -c rs-unshare -n __rs_unshare_before_program -l map-user -d 'Your uid appears as this one' -r -f -a '(__fish_complete_users)'
complete -c rs-unshare -n __rs_unshare_before_program -l map-group -d 'Your gid appears as this one' -r -f -a '(__fish_complete_groups)'
complete -c rs-unshare -n __rs_unshare_before_program -l map-auto -d 'Your ids of /etc/subuid and subgid, from 0'
complete -c rs-unshare -n __rs_unshare_before_program -l map-subids -d 'The same ids, under their own numbers'
complete -c rs-unshare -n __rs_unshare_before_program -l map-users -d 'In:out:count, auto, subids or all (repeatable)' -r -f -a 'auto subids all'
complete -c rs-unshare -n __rs_unshare_before_program -l map-groups -d 'The same for groups' -r -f -a 'auto subids all'
complete -c rs-unshare -n __rs_unshare_before_program -l owner -d 'Let this user own the namespace (implies --user)' -r -f
complete -c rs-unshare -n __rs_unshare_before_program -l setgroups -d 'Whether setgroups(2) may be called: allow, deny' -r -f -a 'allow deny'
complete -c rs-unshare -n __rs_unshare_before_program -s S -l setuid -d 'Set the uid inside' -r -f -a '(__rs_unshare_ids passwd)'
complete -c rs-unshare -n __rs_unshare_before_program -s G -l setgid -d 'Set the gid inside, drop the groups' -r -f -a '(__rs_unshare_ids group)'
complete -c rs-unshare -n __rs_unshare_before_program -l keep-caps -d 'Keep the capabilities when the program starts'
complete -c rs-unshare -n __rs_unshare_before_program -l mount-proc -d 'Mount a /proc of the new pids (implies --mount)' -f -a '(__fish_complete_directories (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-unshare -n __rs_unshare_before_program -l mount-binfmt -d 'Mount binfmt_misc (implies --user, --mount)' -f -a '(__fish_complete_directories (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-unshare -n __rs_unshare_before_program -s l -l load-interp -d 'Register a format (implies --mount-binfmt)' -r -f
complete -c rs-unshare -n __rs_unshare_before_program -l propagation -d 'private, slave, shared, unbindable, unchanged' -r -f -a 'private slave shared unbindable unchanged'
complete -c rs-unshare -n __rs_unshare_before_program -s R -l root -d 'Change the root directory' -r -f -a '(__fish_complete_directories (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-unshare -n __rs_unshare_before_program -s w -l wd -d 'Change the working directory (below --root)' -r -f -a '(__fish_complete_directories (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-unshare -n __rs_unshare_before_program -l hostname -d 'Set the host name (implies --uts)' -r -f
complete -c rs-unshare -n __rs_unshare_before_program -l loopback -d 'Bring up the loopback device (implies --net)'
complete -c rs-unshare -n __rs_unshare_before_program -s f -l fork -d 'Run it as a child (PID 1, with --pid)'
complete -c rs-unshare -n __rs_unshare_before_program -l init -d 'Run it below a small init, which Ctrl-C ends'
complete -c rs-unshare -n __rs_unshare_before_program -l kill-child -d 'When unshare dies, send it SIG (KILL)' -f -a 'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS RTMIN RTMAX'
complete -c rs-unshare -n __rs_unshare_before_program -l forward-signals -d 'Pass TERM, INT on to it; or all; or A,B' -f -a '(__rs_unshare_words all HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM STKFLT CONT URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS RTMIN RTMAX)'
complete -c rs-unshare -n __rs_unshare_before_program -l info-fd -d 'Write the child\'s PID and namespaces there' -r -f
complete -c rs-unshare -n __rs_unshare_before_program -l pid-file -d 'Write the child\'s PID to this file' -r -f -a '(__fish_complete_path (commandline -ct | string replace -r "^-[^=]*=" ""))'
complete -c rs-unshare -n __rs_unshare_before_program -l monotonic -d 'Shift the monotonic clock (with --time)' -r -f
complete -c rs-unshare -n __rs_unshare_before_program -l boottime -d 'Shift the boot-time clock (with --time)' -r -f
complete -c rs-unshare -n __rs_unshare_before_program -l clear-env -d 'Start with an empty environment'
complete -c rs-unshare -n __rs_unshare_before_program -l whitelist-env -d 'Start with only these: A,B (repeatable)' -r -f -a '(__rs_unshare_words (set -xn))'
complete -c rs-unshare -n __rs_unshare_before_program -l dry-run -d 'Only show the steps, on stdout'
complete -c rs-unshare -n __rs_unshare_before_program -l check -d 'Only say what of this would work, and what not'
complete -c rs-unshare -n __rs_unshare_before_program -l json -d 'Say it as JSON (with --check)'
complete -c rs-unshare -n __rs_unshare_before_program -s v -l verbose -d 'Show each step and its system call on stderr'
complete -c rs-unshare -n __rs_unshare_before_program -s h -l help -d 'Show this help'
complete -c rs-unshare -n __rs_unshare_before_program -s V -l version -d 'Show the version'
complete -c rs-unshare -f -a '(__rs_unshare_program)'
