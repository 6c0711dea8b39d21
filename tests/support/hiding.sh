# Mount namespaces in which /proc is not what it should be.
# 500: none; 501: an empty one; 502 and 503: that of another pid namespace; 504: one that hides what is not the user's.
process 500 unshare -m sh -c 'umount -l /proc; umount -l /proc; exec hold none'
process 501 unshare -m sh -c 'mount -t tmpfs tmpfs /proc; exec hold empty'
process 502 unshare -mpf sh -c 'mount -t proc proc /proc; exec hold others'
process 504 unshare -m sh -c 'mount -o remount,hidepid=2 /proc; exec hold hidden'
# Processes that an ordinary user may not read the command line of; of 506 not even the name.
process 505 $nsuser unshare -Ur hold
process 506 $nsuser unshare -Ur hold
: >/tmp/forbidden && chmod 600 /tmp/forbidden
for file in 505/cmdline 506/cmdline 506/comm; do mount --bind /tmp/forbidden /proc/$file; done
