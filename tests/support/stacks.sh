# One namespace on several files, one twice on the same file, and files that are out of reach. (Where one lies over another, util-linux errs.)
process 100 unshare -n hold several
process 110 $nsuser unshare -rnu hold owner
process 120 unshare -nu hold going
process 122 unshare -Ui hold going
pin /proc/100/ns/net one
pin /proc/100/ns/net two
pin /proc/100/ns/net 'th ree'
pin /proc/120/ns/uts under
pin /proc/120/ns/net first
pin /proc/120/ns/net second
pin /proc/122/ns/user third
pin /proc/122/ns/ipc fourth
pin /proc/110/ns/uts again
mount --bind /proc/110/ns/uts again
pin /proc/1/ns/uts ours
mkdir closed
chmod 700 closed
pin /proc/110/ns/net closed/file
pin /proc/120/ns/uts closed/other
end 120 122
numbers 1 100 110
