# Processes whose command lines and users are hard to show.
cat >>/tmp/passwd <<'ACCOUNTS'
# a comment
broken
odd:x:
twice:x:5001:5001::/:/bin/sh
again:x:5001:5001::/:/bin/sh
with blank:x:5002:5002::/:/bin/sh
 leading:x:5003:5003::/:/bin/sh
ünï:x:5004:5004::/:/bin/sh
back\slash\x41:x:5005:5005::/:/bin/sh
a-name-that-is-longer-than-all-the-others:x:5006:5006
nine:x:05007:5007::/:
half:x:5008
junk:x:5009x:5009::/:
ACCOUNTS

process 100 hold "$(printf 'bell\007 tab\t newline\n return\r escape\033[31m delete\177')"
process 101 hold "$(printf 'latin\351 cut\303 long\370\210\200\200\200 surrogate\355\240\200 c1\302\205 nul')" ünï 日本語 "$(printf 'zero\342\200\213width rtl\342\200\256x combining e\314\201')"
process 102 hold 'quote" back\slash back\x41 \\x slash/ {"json": [1, 2]} <&>' '' ' ' ''
process 103 hold "$(printf '%09000d' 7)" end
process 104 hold "$(printf '%08180d' 7)" ünïcödé日本語
process 105 hold nameless
process 106 hold comm='a b) R 7 (x' bare
process 107 hold "comm=$(printf 'ü\n\\\377\007')" bare
process 108 env -i /tmp/bin/hold ''
process 111 unshare -u hold "$(printf 'bell\007 tab\t newline\n return\r escape\033[31m delete\177')"
process 112 unshare -u hold "$(printf 'latin\351 cut\303 long\370\210\200\200\200 surrogate\355\240\200 c1\302\205 nul')" ünï 日本語 "$(printf 'zero\342\200\213width rtl\342\200\256x combining e\314\201')"
process 113 unshare -u hold 'quote" back\slash back\x41 \\x slash/ {"json": [1, 2]} <&>' '' ' ' ''
process 114 unshare -i hold "$(printf '%09000d' 7)" end
process 115 unshare -i hold "$(printf '%08180d' 7)" ünïcödé日本語
process 116 unshare -u hold nameless
process 117 unshare -u hold comm='a b) R 7 (x' bare
process 118 unshare -u hold "comm=$(printf 'ü\n\\\377\007')" bare
process 119 unshare -u env -i /tmp/bin/hold ''
process 120 unshare -u hold "$(printf '%08185d' 7)" 'an argument behind the cut'
# 122 and 123: the first process of a pid namespace, and its zombie.
process 121 unshare -pf hold zombie
pid=5000
for uid in 77 5001 5002 5003 5004 5005 5006 5007 5008 5009 4294967294 65534 1; do
    pid=$((pid + 1))
    process $pid unshare -u setpriv --reuid $uid --regid 1 --clear-groups hold $uid
done
process 6001 setpriv --reuid 5004 --regid 1 --clear-groups unshare -Un hold
numbers 1 100 111 114 116 117 118 119 122
