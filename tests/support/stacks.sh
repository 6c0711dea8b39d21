# One namespace on several files, files on which one lies over another, and files that are out of reach.
process 100 unshare -n hold several
process 110 $nsuser unshare -rnu hold owner
process 120 unshare -nu hold going
process 122 unshare -Ui hold going
pin /proc/100/ns/net one
pin /proc/100/ns/net two
pin /proc/100/ns/net 'th ree'
pin /proc/120/ns/uts under
mount --bind /proc/110/ns/user under
pin /proc/120/ns/net first
pin /proc/120/ns/net second
mount --bind /proc/122/ns/user second
mount --bind /proc/122/ns/ipc second
pin /proc/110/ns/uts again
mount --bind /proc/110/ns/uts again
pin /proc/1/ns/uts ours
mkdir covered closed
pin /proc/122/ns/ipc covered/file
mount -t tmpfs tmpfs covered
chmod 700 closed
pin /proc/110/ns/net closed/file
pin /proc/120/ns/uts closed/other
end 120 122
numbers 1 100 110
