# Namespaces that files keep, and files that are hard to show.
process 100 unshare -n hold network
process 110 $nsuser unshare -rnu hold owner
process 120 unshare -n hold going
process 121 $nsuser unshare -r unshare -rn hold going
process 130 unshare -CimTuU hold going
process 140 unshare -pf hold going 2>/dev/null
process 150 unshare -n hold going
mkdir net 'bl ank' "$(printf 'new\nline')"
pin /proc/100/ns/net net/one
pin /proc/100/ns/uts net/shared
pin /proc/110/ns/user user
pin /proc/110/ns/uts uts
pin /proc/121/ns/net 'bl ank/with blank'
pin /proc/120/ns/net "$(printf 'new\nline/x')"
for kind in cgroup ipc mnt time uts; do pin /proc/130/ns/$kind "of-$kind,comma] back\\slash #" || echo "no $kind"; done
pin /proc/141/ns/pid "$(printf 'ünï\t\001\377')"
pin /proc/150/ns/net gone
unshare -m sh -c 'umount gone; rm gone'
end 141 120 121 130 140 150
numbers 1 100 110
