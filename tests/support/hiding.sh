# Mount namespaces in which /proc is not what it should be.
# 500: none; 501: an empty one; 502 and 503: that of another pid namespace; 504: one that hides what is not the user's.
process 500 unshare -m sh -c 'umount -l /proc; umount -l /proc; exec hold none'
process 501 unshare -m sh -c 'mount -t tmpfs tmpfs /proc; exec hold empty'
process 502 unshare -mpf sh -c 'mount -t proc proc /proc; exec hold others'
process 504 unshare -m sh -c 'mount -o remount,hidepid=2 /proc; exec hold hidden'
