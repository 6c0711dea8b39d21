//! Who one is inside: maps, groups, credentials, capabilities.

use crate::support::{Status, require};
use crate::{Line, nsuser, root};

/// Fails unless the stage's `maps` shows these lines for these options.
fn maps(user: fn(String) -> Line, options: &str, maps: &[&str]) {
    user(format!("unshare {options} maps")).prints(&format!("{}\n", maps.join("\n")));
}

#[test]
fn root_maps() {
    require!(root);
    maps(root, "-U", &["allow"]);
    maps(root, "-r", &["uid 0:0:1", "gid 0:0:1", "deny"]);
    maps(root, "--map-user=daemon", &["uid 1:0:1", "allow"]);
    maps(root, "--map-group=tty", &["gid 5:0:1", "deny"]);
    maps(root, "--map-users=0:100000:5", &["uid 0:100000:5", "allow"]);
    maps(root, "--map-users=10:20:3 --map-groups=20,10,3", &["uid 10:20:3", "gid 10:20:3", "allow"]);
    maps(root, "--owner=4242:4242", &["allow"]);
    maps(root, "--owner=4242:4242 -r", &["uid 0:0:1", "gid 0:0:1", "allow"]);
}

#[test]
fn an_ordinary_users_maps() {
    require!(root, newuidmap);
    maps(nsuser, "-U", &["allow"]);
    maps(nsuser, "-r", &["uid 0:4242:1", "gid 0:4242:1", "deny"]);
    maps(nsuser, "-c", &["uid 4242:4242:1", "gid 4242:4242:1", "deny"]);
    maps(nsuser, "-r -c", &["uid 4242:4242:1", "gid 4242:4242:1", "deny"]);
    maps(nsuser, "--map-user=7 --map-group=8", &["uid 7:4242:1", "gid 8:4242:1", "deny"]);
    maps(nsuser, "--map-auto", &["uid 0:300000:65536", "gid 0:400000:65536", "allow"]);
    maps(nsuser, "--map-subids", &["uid 300000:300000:65536", "gid 400000:400000:65536", "allow"]);
    let both = ["uid 0:4242:1", "uid 1:300000:65536", "gid 0:4242:1", "gid 1:400000:65536", "allow"];
    maps(nsuser, "--map-auto -r", &both);
    let with_hole = ["uid 3:4242:1", "uid 0:300000:3", "uid 4:300003:6", "gid 0:400000:10", "allow"];
    maps(nsuser, "--map-users=0:300000:10 --map-user=3 --map-groups=0:400000:10", &with_hole);
}

#[test]
fn setgroups_is_denied_or_allowed_as_asked() {
    require!(root);
    for user in [root, nsuser] {
        maps(user, "-U --setgroups=deny", &["deny"]);
        maps(user, "-U --setgroups=allow", &["allow"]);
    }
}

#[test]
fn without_a_map_one_is_nobody() {
    require!(root);
    nsuser("unshare -U id -u").prints("65534\n");
}

#[test]
fn files_have_the_owners_that_the_map_says() {
    require!(root);
    nsuser("touch mine; unshare -r stat -c %u:%g mine").prints("0:0\n");
    nsuser("unshare -r touch new; stat -c %u:%g new").prints("4242:4242\n");
    root("unshare --map-users=0:500000:10 --map-groups=0:600000:10 -S 5 -G 6 touch new; stat -c %u:%g new")
        .prints("500005:600006\n");
}

#[test]
fn setuid_and_setgid() {
    require!(root);
    root("unshare -S 1 id -u").prints("1\n");
    root("unshare -G 5 id -g").prints("5\n");
    root("unshare -S 4242 -G 4242 id").prints("uid=4242(nsuser) gid=4242(nsuser) groups=4242(nsuser)\n");
    nsuser("unshare --map-auto -S 1 -G 5 id").prints("uid=1(daemon) gid=5(tty) groups=5(tty)\n");
}

#[test]
fn setgid_drops_the_groups_and_setuid_keeps_them() {
    require!(root, setpriv);
    let ids = |options: &str| root(format!("setpriv --groups 7,8 unshare {options} id -G"));
    ids("").prints("0 7 8\n");
    ids("-S 4242").prints("0 7 8\n");
    ids("-G 4242").prints("4242\n");
    ids("-G 4242 -S 4242").prints("4242\n");
}

#[test]
fn an_owner_owns_the_namespace_and_has_no_groups() {
    require!(root, setpriv);
    root("setpriv --groups 7,8 unshare --owner=4242:4242 grep -E '^(Uid|Groups)' /proc/self/status")
        .prints("Uid:\t65534\t65534\t65534\t65534\nGroups:\t \n");
}

#[test]
fn an_owner_may_enter_the_namespace_and_others_may_not() {
    require!(root, setpriv, nsenter);
    let enter =
        |uid| format!("setpriv --reuid {uid} --regid {uid} --clear-groups nsenter -U -t $! --preserve-credentials ns");
    root(format!(
        "start unshare --owner=4242:4242 answer; {}; {} 2>reason || echo refused; kill -USR1 $!; finish",
        enter(4242),
        enter(4243)
    ))
    .prints("user\nrefused\n3\n");
}

#[test]
fn capabilities_are_kept_if_asked_for() {
    require!(root);
    let caps = |options: &str, expected: &str| {
        let all = "$(sed -n 's/^CapBnd:.//p' /proc/self/status)";
        let test = format!(
            "unshare {options} sh -c 'while read -r set bits; do case $set in CapInh:|CapPrm:|CapEff:|CapAmb:) [ $bits = {all} ] && echo all || echo $bits; esac; done </proc/self/status' | uniq"
        );
        nsuser(test).prints(expected);
    };
    caps("-c --keep-caps", "all\n");
    caps("-c -f --keep-caps", "all\n");
    caps("--map-user=5 --keep-caps", "all\n");
    caps("-c", "0000000000000000\n");
    caps("-r", "0000000000000000\nall\n0000000000000000\n");
}

#[test]
fn kept_capabilities_are_good_for_something() {
    require!(root);
    nsuser("unshare -cm --keep-caps mount -t tmpfs inside dir && unshare -c --keep-caps id -u").prints("4242\n");
    nsuser("unshare -cm mount -t tmpfs inside dir 2>reason || echo refused").prints("refused\n");
}

#[test]
fn without_newuidmap_nothing_is_run() {
    require!(root);
    nsuser("PATH=/no/dir; /tmp/bin/unshare --map-auto /bin/echo ran")
        .fails(127, "unshare: failed to execute newuidmap: No such file or directory");
    nsuser("PATH=/tmp/stage/dir; /tmp/bin/unshare --map-auto -f /bin/echo ran")
        .after("ln -s $(which newuidmap) dir")
        .fails(127, "unshare: failed to execute newgidmap: No such file or directory");
}

#[test]
fn what_newuidmap_refuses_is_not_run() {
    require!(root, newuidmap);
    nsuser("unshare --map-users=0:100000:10 --map-groups=0:400000:10 echo ran")
        .fails(1, "newuidmap: uid range [0-10) -> [100000-100010) not allowed");
    nsuser("unshare --map-users=0:300000:10 --map-groups=0:100000:10 -f echo ran")
        .fails(1, "newgidmap: gid range [0-10) -> [100000-100010) not allowed");
}

/// util-linux takes the signal for success.
#[test]
fn what_a_mapper_dies_of_is_not_run() {
    require!(root);
    let mapper = "printf '#!/bin/sh\nkill -KILL $$\n' >dir/newuidmap; chmod 755 dir/newuidmap";
    for options in ["--map-auto", "--map-auto -f"] {
        let line = format!("PATH=/tmp/stage/dir:$PATH; unshare {options} echo ran");
        nsuser(line).after(mapper).fails(1, "unshare: newuidmap was ended by signal 9");
    }
}

/// Puts a getent into `dir`.
fn getent(script: &str) -> String {
    format!("printf '#!/bin/sh\n{script}\n' >dir/getent; chmod 755 dir/getent")
}

#[test]
fn name_services_are_asked_by_the_getent_of_the_system() {
    require!(root, getent);
    let known = getent("env >/tmp/stage/environment; echo elsewhere:x:7:7::/:/bin/sh");
    root("PATH=/tmp/stage/dir:$PATH unshare --map-user=elsewhere id -u; ls environment 2>&-").after(&known).comes_to(
        Status::Exit(2),
        "",
        "unshare: failed to parse uid 'elsewhere': Invalid argument\n",
    );
    // What it does not need it does not get.
    root("LD_BIND_NOW=1 unshare --map-user=elsewhere id -u; grep -v '^PWD=' environment")
        .after(&format!("{known}; mount --bind dir/getent /usr/bin/getent"))
        .comes_to(Status::Exit(1), "7\n", "");
}

#[test]
fn name_services_that_go_on_for_ever_are_ended() {
    require!(root, getent);
    root("(ulimit -v 100000; unshare --map-user=elsewhere id -u; echo $?); left")
        .after(&format!("{}; mount --bind dir/getent /usr/bin/getent", getent("exec yes")))
        .comes_to(Status::Exit(0), "1\n", "unshare: failed to parse uid 'elsewhere': Invalid argument\n");
}
