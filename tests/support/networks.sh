# Network namespaces that have numbers in one another: 601's and 603's in 600's, 600's in 601's.
process 600 unshare -n hold first
process 601 unshare -n hold second
process 602 $nsuser unshare -rn hold rootless
process 603 unshare -n hold going
process 604 $nsuser unshare -rn hold new=net inet new=net inet 
mount -t tmpfs tmpfs /run
mkdir -p /run/netns
pin /proc/600/ns/net /run/netns/first
pin /proc/601/ns/net /run/netns/second
pin /proc/603/ns/net /run/netns/kept
nsenter --net=/run/netns/first ip netns set second 7
nsenter --net=/run/netns/first ip netns set kept 123456
nsenter --net=/run/netns/second ip netns set first 0
end 603
