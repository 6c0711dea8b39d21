//! `--info-fd` and `--pid-file`: what is told of the program, when, and to whom. Ours alone.

use crate::support::{Status, require};
use crate::{nsuser, root};

/// `field NAME FILE`: the number in a line of JSON.
const FIELD: &str = "field() { sed \"s/.*\\\"$1\\\": \\([^,}]*\\).*/\\1/\" $2; }
kind() { sed \"s/.*\\\"$1\\\": {\\([^}]*\\)}.*/\\1/\" $2; }
";

#[test]
fn info_is_written_before_the_program_starts() {
    require!(root);
    for options in ["-r", "-rf", "-rpf --mount-proc", "--init -rp", "-rf --root /tmp/root --kill-child"] {
        nsuser(format!(
            "mkfifo info; unshare {options} --info-fd 7 /bin/sh -c 'read -r go; echo ran' 7<>info <info | {{ read -r ran; echo $ran; }}"
        ))
        .prints("ran\n");
    }
}

/// Whoever reads it need not count lines: nobody else has it open.
#[test]
fn info_ends_with_its_line() {
    require!(root);
    for options in ["", "--kill-child", "--init -rp --kill-child", "--map-auto -r --kill-child"] {
        nsuser(format!("mkfifo info; unshare {options} --info-fd 7 sh -c 'read -r line <>never' 7>info & wc -l <info; kill -KILL $!"))
            .prints("1\n");
    }
}

#[test]
fn info_goes_where_the_last_option_says() {
    require!(root);
    for (options, lines) in
        [("--info-fd 7 --info-fd 7", "1 0"), ("--info-fd 8 --info-fd 7", "1 0"), ("--info-fd 7 --info-fd 8", "0 1")]
    {
        nsuser(format!("unshare {options} -f true 7>seven 8>eight; echo $(wc -l <seven) $(wc -l <eight)"))
            .prints(&format!("{lines}\n"));
    }
}

#[test]
fn info_tells_the_pid_and_the_namespaces() {
    require!(root);
    let show = "sh -c 'for kind in user uts pid; do readlink /proc/self/ns/$kind; done'";
    for options in ["-rupf", "-rup --init"] {
        let line = format!("unshare {options} --info-fd 7 {show} 7>info | tr -dc '0-9\\n' >seen
            grep -o '\"inode\": [0-9]*' info | tr -dc '0-9\\n' | cmp - seen && echo same; sed 's/[0-9][0-9]*\\|null/N/g' info");
        let namespace = |kind| format!("\"{kind}\": {{\"inode\": N, \"id\": N}}");
        let namespaces = ["user", "uts", "pid"].map(namespace).join(", ");
        nsuser(line).prints(&format!("same\n{{\"child-pid\": N, \"namespaces\": {{{namespaces}}}}}\n"));
    }
    nsuser("unshare --info-fd 7 true 7>info; sed 's/[0-9][0-9]*/N/' info")
        .prints("{\"child-pid\": N, \"namespaces\": {}}\n");
    nsuser("unshare -rmT --info-fd=1 readlink /proc/self/ns/time | tr '\\n' ' ' | sed 's/.*time\": {\"inode\": \\([0-9]*\\), .*time:\\[\\1\\]/same/'")
        .prints("same ");
    // Without a process, a pid namespace has nothing to be known by.
    nsuser("unshare -rp --info-fd 1 true | grep -o '\"pid\": null'").prints("\"pid\": null\n");
}

#[test]
fn info_calls_the_child_what_the_caller_calls_it() {
    require!(root);
    let line =
        |options: &str| format!("{FIELD}start unshare {options} --info-fd 7 answer 7>info; field child-pid info >pid");
    for options in ["-f", "-rpf", "--init", "--init -rp"] {
        nsuser(format!(
            "{}; [ $(cat pid) = $(cat /proc/$!/task/$!/children) ] && echo same; kill -TERM $(cat pid); finish",
            line(options)
        ))
        .prints("same\nTERM\n15\n");
    }
    nsuser(format!("{}; [ $(cat pid) = $! ] && echo same; kill -TERM $!; finish", line("-r")))
        .prints("same\nTERM\n15\n");
}

#[test]
fn info_is_no_descriptor_of_the_program() {
    require!(root);
    for options in ["", "-f", "-rpf", "--init"] {
        nsuser(format!(
            "ls /proc/self/fd >before; unshare {options} --info-fd 7 ls /proc/self/fd 7>info | cmp - before; echo $?"
        ))
        .prints("0\n");
    }
    // Standard output is the program's, whoever else writes to it.
    nsuser("unshare --info-fd 1 echo ran | tail -n 1").prints("ran\n");
}

#[test]
fn info_needs_a_descriptor_that_can_be_written_to() {
    require!(root);
    for (fd, redirection) in [("9", ""), ("0", "</dev/null"), ("7", "7<other"), ("1", ">&-")] {
        let complaint = format!("unshare: cannot write to file descriptor {fd}: Bad file descriptor");
        nsuser(format!("unshare --hostname x --info-fd {fd} echo ran {redirection}")).fails(1, &complaint);
    }
    nsuser("unshare --info-fd x echo ran").fails(1, "unshare: failed to parse file descriptor: 'x'");
    nsuser("unshare --info-fd -1 echo ran").fails(1, "unshare: failed to parse file descriptor: '-1'");
}

#[test]
fn info_that_cannot_be_written_is_an_error() {
    require!(root);
    for options in ["", "-f", "--init -rp"] {
        nsuser(format!("unshare {options} --info-fd 7 echo ran 7>/dev/full"))
            .fails(1, "unshare: cannot write to file descriptor 7: No space left on device");
        nsuser(format!("mkfifo info; exec 5<>info 7>info 5<&-; unshare {options} --info-fd 7 echo ran"))
            .fails(1, "unshare: cannot write to file descriptor 7: Broken pipe");
    }
}

#[test]
fn the_program_may_have_sigpipe_as_before() {
    require!(root);
    nsuser("same 'grep ^Sig[BIC] /proc/self/status' 'unshare --info-fd 7 grep ^Sig[BIC] /proc/self/status 7>info'")
        .prints("same\n");
}

#[test]
fn the_pid_file_is_there_when_the_program_starts() {
    require!(root);
    nsuser("unshare --pid-file new -rpf sh -c 'wc -l <new'; unshare --pid-file=new -r sh -c '[ $$ = $(cat new) ] && echo same'")
        .prints("1\nsame\n");
    for options in ["-f", "-rpf", "--init -rp", "-rpf --mount-proc"] {
        // The helper that has named it ends when the program has started, which may be a moment later.
        nsuser(format!(
            "start unshare {options} --pid-file new answer
            until [ \"$(cat new) \" = \"$(cat /proc/$!/task/$!/children)\" ]; do :; done; echo same; kill -TERM $(cat new); finish"
        ))
        .prints("same\nTERM\n15\n");
    }
    // What was in it is gone; what comes of the program is no concern of it.
    nsuser("echo 123456789012 >other; unshare --pid-file other -f sh -c 'exit 127'; echo $?; tr -d 0-9 <other")
        .prints("127\n\n");
    nsuser("unshare --pid-file new -f sh -c 'kill -KILL $$' 2>death; ls new").prints("new\n");
    // Both the parent and the init are process 1, each of its namespace.
    nsuser("unshare -rpf --mount-proc sh -c 'exec unshare --pid-file new --init -p true'; ls new").prints("new\n");
}

/// Nobody sees it before the PID is in it, and what is killed before leaves nothing.
#[test]
fn the_pid_file_has_no_name_until_the_program_starts() {
    require!(root, newuidmap);
    // During the preparations somebody looks around, or makes a file of his own, which stays.
    let line = |meanwhile: &str, run: &str| {
        nsuser(format!(
            "{{ echo '#!/bin/sh'; echo '{meanwhile}'; echo exec $(command -v newuidmap) '\"$@\"'; }} >newuidmap
            chmod 755 newuidmap; PATH=$PWD:$PATH; {run}"
        ))
    };
    for options in ["", "-f", "-pf", "--init"] {
        let run = format!("unshare --map-auto -r {options} --pid-file new wc -l new; grep -cx new seen || :");
        line("ls >seen", &run).prints("1 new\n0\n");
        line("echo theirs >new", &format!("unshare --map-auto -r {options} --pid-file new echo ran; echo $?; cat new"))
            .comes_to(Status::Exit(0), "1\ntheirs\n", "unshare: cannot open new: File exists\n");
    }
}

/// Who gives it its name later is a process, which need not be to be had.
#[test]
fn the_pid_file_takes_no_other_process() {
    require!(root);
    nsuser("prlimit --nproc=0:0 unshare -r --pid-file new sh -c 'read pid <new; [ $$ = $pid ] && echo same'")
        .prints("same\n");
    for fork in ["", "-f"] {
        nsuser(format!("prlimit --nproc=0:0 unshare -r {fork} --pid-file new nosuch 2>reason; [ -e new ] || echo gone; cut -d: -f2 reason"))
            .prints(if fork.is_empty() { "gone\n failed to execute nosuch\n" } else { "gone\n fork failed\n" });
    }
}

/// Where directories like /tmp are protected, the kernel judges by this flag.
#[test]
fn the_pid_file_is_opened_as_one_that_may_have_to_be_created() {
    require!(root, strace);
    nsuser("strace -qq -o trace -P /tmp/stage/other -e trace=open,openat unshare --pid-file /tmp/stage/other true; grep -c O_CREAT trace; wc -l <other")
        .prints("2\n1\n");
    nsuser("ln -s nosuch link; unshare --pid-file link true")
        .fails(1, "unshare: cannot open link: No such file or directory");
    nsuser("ln -s other link; unshare --pid-file link -f true; wc -l <other").prints("1\n");
}

#[test]
fn the_pid_file_goes_when_the_program_does_not_start() {
    require!(root, strace);
    for options in ["", "-f", "-rpf", "--init -rp", "--map-auto -r", "-rf --root /tmp/root", "-r --root /tmp/root"] {
        nsuser(format!("unshare {options} --pid-file new nosuch 2>reason; echo $?; ls; [ -s other ] || unshare {options} --pid-file other nosuch 2>reason; ls other"))
            .after("rm -r dir file locked loop never noshebang nointerp plain")
            .prints("127\nother\nreason\nother\n");
    }
    for options in [
        "-r --mount-proc=/nosuch",
        "-rf --mount-proc=/nosuch",
        "--init -r --mount-proc=/nosuch",
        "-u",
        "-rf --uts=nosuch",
    ] {
        nsuser(format!("mkdir pids; unshare {options} --pid-file pids/new true 2>reason; echo $?; ls pids"))
            .prints("1\n");
    }
    // The rights to remove it are gone, but for the helper.
    root("mkdir pids; unshare --owner 4242:4242 -rf --pid-file pids/new nosuch 2>reason; echo $?; ls pids")
        .prints("127\n");
    nsuser("mkdir pids; strace -qq -f -o file -e inject=write:error=ENOSPC:when=1 unshare -f --pid-file pids/new echo ran; ls pids")
        .comes_to(Status::Exit(0), "", "unshare: write failed pids/new: No space left on device\n");
}

#[test]
fn the_pid_file_is_opened_before_anything_is_done() {
    require!(root);
    nsuser("unshare --uts --pid-file nosuch/new echo ran")
        .fails(1, "unshare: cannot open nosuch/new: No such file or directory");
    nsuser("unshare --uts --pid-file locked/new echo ran")
        .fails(1, "unshare: cannot open locked/new: Permission denied");
    nsuser("unshare --uts --pid-file dir echo ran").fails(1, "unshare: cannot open dir: Is a directory");
}
