# Namespaces that are seen only because others lead to them.
# 100: nsuser's, with a zombie of its own.
process 100 $nsuser unshare -rpf hold zombie
# 110: in user namespaces of which the outer one has no process, and owns the network. 105 and 120: sockets of that.
process 110 $nsuser unshare -rn unshare -r hold
process 105 hold enter=/proc/110/ns/net unix
process 120 hold enter=/proc/110/ns/net inet enter=/proc/1/ns/net
# 130: the same with a descriptor of an ipc namespace.
process 131 $nsuser unshare -ri unshare -r hold
process 130 hold open=/proc/131/ns/ipc
# 140: the same with a descriptor of a user namespace two generations below it.
process 141 $nsuser unshare -r unshare -r unshare -rp hold
process 140 hold open=/proc/141/ns/user
# 150: its own descriptor. 160: its own socket.
process 150 $nsuser unshare -ru unshare -r hold open=/proc/self/ns/uts
process 160 $nsuser unshare -rn unshare -r hold unix
# 170: a file brings nothing along where there are processes.
process 170 $nsuser unshare -rn unshare -r hold
pin /proc/170/ns/net file
numbers 1 100 101 110 120 131 141 150 160 170
