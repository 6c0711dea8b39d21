//! A list that is made while processes and namespaces come and go: never an error, never a process beside a namespace that is another's.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::Value;

use crate::root;
use crate::support::{Status, require};

/// How many lists are made, a part of them on a stage; and how many at most, where little is to be seen in so many.
const LISTS: usize = 200;
const LISTS_ON_A_STAGE: usize = 20;
const LISTS_AT_MOST: usize = 2000;

/// The kinds of namespace that come and go, and whose they are.
const KINDS: [(&str, u64); 3] = [("uts", 1001), ("ipc", 1002), ("net", 1003)];

/// On all processors, for each kind a shell that puts processes of that user into new namespaces, as many as it can; their command lines
/// say the kind. One more makes children and takes back the numbers of all, so that others get them at once.
const CHURN: &str = r#"
taskset -pc 0-63 $$ >/dev/null
for kind in u:1001:uts i:1002:ipc n:1003:net; do
    option=${kind%%:*}; name=${kind##*:}; uid=${kind#*:}; uid=${uid%:*}
    setpriv --reuid $uid --regid $uid --clear-groups --inh-caps=+sys_admin --ambient-caps=+sys_admin \
        busybox sh -c "while :; do busybox unshare -$option busybox sh -c ': $name; (:)' & busybox unshare -$option busybox sh -c ': $name'; done" >/dev/null 2>&1 &
done
busybox sh -c 'while :; do echo 400 >/proc/sys/kernel/ns_last_pid; for i in 1 2 3 4 5 6 7 8 9; do (:); (:); done; done' >/dev/null 2>&1 &
"#;

#[test]
fn no_row_is_of_two_worlds() {
    require!(root, unshare, setpriv, taskset);
    let options = ["-l", "-T", "-l -Q 'UID >= 0'", "-l -W -t uts -t net -t ipc"];
    let line = |list: usize| {
        let options = options[list % options.len()];
        format!(
            "LIBSMARTCOLS_JSON=compact lsns -J --output-all {options} >list 2>complaint || echo {list}: $? >&2
            cat complaint >&2; tr -d '\\n' <list; echo\n"
        )
    };
    let (mut lists, mut forks): (Vec<Vec<Row>>, usize) = (Vec::new(), 0);
    let start = Instant::now();
    // How much comes and goes meanwhile is for the machine to say.
    while lists.len() < LISTS || (!Seen::in_all(&lists).is_enough() && lists.len() < LISTS_AT_MOST) {
        let lines: String = (0..LISTS_ON_A_STAGE).map(|list| line(lists.len() + list)).collect();
        let count = "forks() { sed -n 's/^processes //p' /proc/stat; }; before=$(forks)";
        let outcome = root(format!("{count}\n{CHURN}{lines}echo $(($(forks) - before)) >&2")).outcome();
        assert_eq!(outcome.status, Status::Exit(0), "{outcome}");
        forks += outcome.stderr.trim().parse::<usize>().unwrap_or_else(|_| panic!("complaints: {outcome}"));
        let made = outcome.stdout.lines().map(|list| rows_of(&serde_json::from_str(list).expect("JSON")));
        let before = lists.len();
        lists.extend(made);
        assert_eq!(lists.len(), before + LISTS_ON_A_STAGE);
    }
    // Thousands a second; on a machine that does much else not quite.
    let rate = forks as f64 / start.elapsed().as_secs_f64();
    assert!(forks > 20 * LISTS, "{forks} forks, {rate:.0} a second");
    lists.iter().for_each(|rows| rows.iter().for_each(|row| row.check(rows)));
    let seen = Seen::in_all(&lists);
    assert!(seen.is_enough(), "{} lists: {seen:?}", lists.len());
}

/// Of what comes and goes.
#[derive(Debug)]
struct Seen {
    rows: usize,
    namespaces: usize,
    /// Numbers of processes that were used again.
    numbers: usize,
}

impl Seen {
    fn in_all(lists: &[Vec<Row>]) -> Seen {
        let come: Vec<&Row> = lists.iter().flatten().filter(|row| row.name().is_some() && row.pid != Some(1)).collect();
        let namespaces: BTreeSet<u64> = come.iter().map(|row| row.ns).collect();
        let mut kinds_of: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
        come.iter().for_each(|row| _ = kinds_of.entry(row.pid.unwrap_or(0)).or_default().insert(&row.kind));
        let numbers = kinds_of.values().filter(|kinds| kinds.len() > 1).count();
        Seen { rows: come.len(), namespaces: namespaces.len(), numbers }
    }

    fn is_enough(&self) -> bool {
        self.rows > 50 && self.namespaces > 30 && self.numbers > 5
    }
}

/// A row, as JSON has it.
#[derive(Debug)]
struct Row {
    ns: u64,
    kind: String,
    path: Option<String>,
    nprocs: u64,
    pid: Option<u64>,
    ppid: Option<u64>,
    command: Option<String>,
    uid: u64,
    user: String,
    ons: u64,
}

fn rows_of(list: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut nested: Vec<&Value> = list["namespaces"].as_array().expect("an array").iter().collect();
    while let Some(row) = nested.pop() {
        nested.extend(row["children"].as_array().into_iter().flatten());
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        let number = |name: &str| row[name].as_u64();
        rows.push(Row {
            ns: number("ns").expect("a number"),
            kind: text("type").expect("a kind"),
            path: text("path"),
            nprocs: number("nprocs").expect("a number"),
            pid: number("pid"),
            ppid: number("ppid"),
            command: text("command"),
            uid: number("uid").expect("a number"),
            user: text("user").expect("a name"),
            ons: number("ons").expect("a number"),
        });
    }
    rows
}

impl Row {
    /// The user whose processes make namespaces of this kind; none for kinds that nobody makes.
    fn name(&self) -> Option<u64> {
        KINDS.iter().find(|(kind, _)| *kind == self.kind).map(|(_, uid)| *uid)
    }

    fn check(&self, rows: &[Row]) {
        assert_eq!(rows.iter().filter(|row| row.ns == self.ns).count(), 1, "twice: {self:?}");
        // A process, and all that is told of it; or none of that.
        let there = self.pid.is_some();
        let told = [self.nprocs > 0, self.path.is_some(), self.ppid.is_some()];
        assert_eq!(told, [there; 3], "{self:?}");
        assert_eq!(self.path, self.pid.map(|pid| format!("/proc/{pid}/ns/{}", self.kind)), "{self:?}");
        // Everything here is owned by the first user namespace.
        assert_eq!(self.ons == 0, self.kind == "user", "{self:?}");
        let Some(uid) = self.name().filter(|_| there && self.pid != Some(1)) else { return };
        assert_eq!((self.uid, &*self.user), (uid, &*uid.to_string()), "another's: {self:?}");
        // While a process executes a program or ends it has no command line but a name.
        let command = self.command.as_deref().unwrap_or_default();
        let of_this_kind = command.split([' ', ';']).any(|word| word == self.kind);
        assert!(of_this_kind || ["busybox", "exe", "sh"].contains(&command), "another's: {self:?}");
    }
}
