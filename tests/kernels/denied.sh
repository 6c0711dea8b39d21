# Where the system forbids user namespaces to ordinary users.

case_user_namespaces_switched_off() {
    echo 0 >/proc/sys/kernel/unprivileged_userns_clone
    trap 'echo 1 >/proc/sys/kernel/unprivileged_userns_clone' EXIT
    fails 1 'rs-unshare: unshare failed: Operation not permitted' 'unprivileged_userns_clone is 0' \
        user rs-unshare --user true
    fails 1 'rs-unshare: unshare failed: Operation not permitted' 'unprivileged_userns_clone is 0' \
        user rs-unshare --map-root-user --net true
    status=0
    said=$(user rs-unshare --check --user true) || status=$?
    same $status 1
    contains "$said" 'unprivileged_userns_clone is 0'
    rs-unshare --map-root-user true
}

case_user_namespaces_limited_to_none() {
    limit=$(cat /proc/sys/user/max_user_namespaces)
    echo 0 >/proc/sys/user/max_user_namespaces
    trap 'echo $limit >/proc/sys/user/max_user_namespaces' EXIT
    fails 1 'rs-unshare: unshare failed: No space left on device' 'max_user_namespaces is 0' \
        user rs-unshare --user true
}
