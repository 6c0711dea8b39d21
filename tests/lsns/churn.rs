//! A list that is made while processes and namespaces come and go: never an error, never a process beside a namespace that is another's.

use crate::root;
use crate::support::{Status, require};

/// How many lists are made.
const LISTS: usize = 200;

/// For each of three kinds a shell that has processes of a user of its own in new namespaces of that kind, as many as
/// it can, whose command lines say the kind. A fourth takes their numbers back, so that others get them at once.
const CHURN: &str = r#"
for kind in u:1001:uts i:1002:ipc n:1003:net; do
    uid=${kind#*:}; name=${uid#*:}; uid=${uid%:*}; option=${kind%%:*}
    setpriv --reuid $uid --regid $uid --clear-groups --inh-caps=+sys_admin,+sys_chroot --ambient-caps=+sys_admin,+sys_chroot \
        busybox sh -c "while :; do busybox unshare -$option busybox sh -c ': $name; echo >&9' & busybox unshare -$option busybox sh -c ': $name'; done" 9>/dev/null >/dev/null 2>&1 &
done
while :; do echo 400 >/proc/sys/kernel/ns_last_pid; read -r x </proc/sys/kernel/ns_last_pid; busybox true; done >/dev/null 2>&1 &
"#;

#[test]
fn no_row_is_of_two_worlds() {
    require!(root, unshare, setpriv, busybox);
    let options = [
        "-J -l --output-all",
        "-J -T --output-all",
        "-J -l --output-all -Q 'UID >= 0'",
        "-J -l -W --output-all -t uts -t net -t ipc",
    ];
    let lists: String = (0..LISTS)
        .map(|list| {
            format!(
                "lsns {} >list.{list} 2>>complaints || echo {list} $? >>complaints\n",
                options[list % options.len()]
            )
        })
        .collect();
    let setup = "rm -f complaints";
    let line = format!("{CHURN}\n{lists}\ncat complaints >&2; cat list.* | tr -d '\\n' | sed 's/}}{{/}}\\n{{/g'; echo");
    let outcome = root(line).after(setup).outcome();
    assert_eq!(outcome.status, Status::Exit(0), "{outcome}");
    println!("{}", &outcome.stdout[..outcome.stdout.len().min(3000)]);
}
