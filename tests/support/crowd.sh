# Processes in namespaces of all kinds, within one another, and what holds namespaces without processes.
# 100, 101: root's container, all kinds but user; 200, 201: nsuser's, with a user namespace.
process 100 unshare -CimnTpuf --boottime=500 hold container
process 200 $nsuser unshare -rCimnTpuf hold rootless
# 300 and 310: nobody special.
process 300 hold sibling
process 310 $nsuser hold neighbour
# 320: a zombie of 319's, which is alone in its user namespace with a zombie.
process 319 unshare -U hold zombie
# 330: user namespaces, one in another; the outer one has no process.
process 330 $nsuser unshare -r unshare -rnu hold nested
# 340: the same over three generations, and 341 beside it, in the second one's child.
process 340 $nsuser unshare -r unshare -r unshare -rni hold deep
process 341 $nsuser nsenter -t 340 -U --preserve-credentials unshare -r hold deeper
# 350: a user namespace that maps ids of its own, and a network that it owns.
process 350 unshare -Un hold mapped
echo 0 100000 1000 >/proc/350/uid_map
# 360 to 365: pid namespaces in one another.
process 360 unshare -pf unshare -pf unshare -pf hold matryoshka
# 370: two processes and two threads, of which one is elsewhere.
process 370 hold thread=/proc/100/ns/uts
process 375 hold thread=/proc/330/ns/net socketless
# 380: a socket of a network that nobody is in any more, one of another's, and a socket that has none of interest.
process 380 hold new=net inet new=net inet enter=/proc/100/ns/net unix
process 385 $nsuser unshare -rn hold inet new=net
# 390: descriptors of namespaces without processes: of each kind.
process 388 unshare -CimnTpuf hold going 2>/dev/null
process 386 $nsuser unshare -rimnu hold going
process 390 hold open=/proc/389/ns/cgroup open=/proc/389/ns/ipc open=/proc/389/ns/mnt open=/proc/389/ns/net open=/proc/389/ns/pid \
    open=/proc/389/ns/time open=/proc/389/ns/uts open=/proc/386/ns/user open=/proc/386/ns/ipc open=/proc/386/ns/net
# 395: descriptors of namespaces that have processes, found before those and after.
process 395 hold open=/proc/100/ns/net open=/proc/385/ns/user open=/tmp/first open=/proc/100/ns/net
gone=$(busybox stat -L -c %i /proc/389/ns/net)
end 389 386 388

numbers 1 100 101 200 201 300 310 319 330 340 341 350 360 361 362 363 385
echo gone=$gone >>/tmp/bin/numbers
