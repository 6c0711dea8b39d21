# Where AppArmor forbids user namespaces. The profiles of "policy" hold for programs by their path.

confine() {
    has apparmor-userns && abi=4.0 || abi=3.0
    cat /suite/policy-$abi >/sys/kernel/security/apparmor/.replace
    mkdir -p /tmp/stripped /tmp/closed
    cp /bin/rs-unshare /tmp/stripped
    cp /bin/rs-unshare /tmp/closed
}

case_apparmor_takes_the_capabilities_away() {
    confine
    prints 'strip (enforce)' user /tmp/stripped/rs-unshare --user cat /proc/self/attr/current
    fails 1 'rs-unshare: write failed /proc/self/uid_map: Operation not permitted' 'AppArmor profile strip' \
        user /tmp/stripped/rs-unshare --map-root-user true
    fails 1 'rs-unshare: cannot open /proc/self/setgroups: Permission denied' 'AppArmor profile strip' \
        user /tmp/stripped/rs-unshare --user --setgroups=deny true
    fails 1 'rs-unshare: unshare failed: Operation not permitted' 'AppArmor profile strip' \
        user /tmp/stripped/rs-unshare --user --mount true
    status=0
    said=$(user /tmp/stripped/rs-unshare --check --map-root-user true) || status=$?
    same $status 1
    contains "$said" 'uid_map", "0 1000 1"): write failed /proc/self/uid_map: Operation not permitted: the AppArmor'
}

case_apparmor_forbids_user_namespaces() {
    needs apparmor-userns
    confine
    prints 'closed (enforce)' /tmp/closed/rs-unshare --uts cat /proc/self/attr/current
    fails 1 'rs-unshare: unshare failed: Permission denied' 'AppArmor profile closed' \
        user /tmp/closed/rs-unshare --map-root-user true
}

case_apparmor_leaves_other_programs_alone() {
    confine
    prints 0 user rs-unshare --map-root-user id -u
}

# The profile that the packages have, as it is shipped, and none for another program.
ship() {
    confine
    cat /suite/shipped-$abi >/sys/kernel/security/apparmor/.replace
    mkdir -p /usr/bin
    cp /bin/rs-unshare /usr/bin/rs-unshare
    cp /bin/rs-unshare /usr/bin/another
}

case_apparmor_packaged_profile_lets_rs_unshare_do_its_work() {
    ship
    prints 'others (enforce)' /usr/bin/another --uts cat /proc/self/attr/current
    prints 'rs-unshare (unconfined)' /usr/bin/rs-unshare --uts cat /proc/self/attr/current
    prints guest user /usr/bin/rs-unshare --map-root-user --uts --hostname guest hostname
    prints 1 user /usr/bin/rs-unshare --map-root-user --fork --pid --mount-proc sh -c 'echo $$'
}

# "others" denies here what Ubuntu's kernel denies by a setting of its own, kernel.apparmor_restrict_unprivileged_userns.
case_apparmor_packaged_profile_is_needed_where_user_namespaces_are_restricted() {
    needs apparmor-userns
    ship
    # Ubuntu sets this one as well.
    echo 1 >/proc/sys/kernel/apparmor_restrict_unprivileged_unconfined
    fails 1 'another: unshare failed: Permission denied' 'AppArmor profile others' \
        user /usr/bin/another --map-root-user true
    prints 0 user /usr/bin/rs-unshare --map-root-user id -u
    echo 0 >/proc/sys/kernel/apparmor_restrict_unprivileged_unconfined
}
