# Installs, upgrades and removes the packages in $1, of version $2 for $3, in a system whose changes nobody sees.
# Runs in mount and pid namespaces of its own.
packages=$(cd "$1" && pwd) version=$2 architecture=$3

mount -t tmpfs -o mode=755 none /mnt
mkdir /mnt/upper /mnt/work /mnt/root /mnt/packages
cp "$packages"/*.deb /mnt/packages
# An upgrade: the same with a later version.
dpkg-deb -R "/mnt/packages/rs-namespaces_${version}_$architecture.deb" /mnt/later
sed -i "s/^Version: .*/Version: $version+later/" /mnt/later/DEBIAN/control
dpkg-deb --root-owner-group -Znone -b /mnt/later /mnt/packages/later.deb >/dev/null
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
mkdir /mnt/root/packages
mount --bind /mnt/packages /mnt/root/packages
mount -t proc proc /mnt/root/proc
mount --rbind /dev /mnt/root/dev
mount -t tmpfs none /mnt/root/tmp

cat >/mnt/root/inside <<'INSIDE'
set -eu
version=$1 architecture=$2
export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
programs=/packages/rs-namespaces_${version}_$architecture.deb
names=/packages/rs-namespaces-as-util-linux_${version}_$architecture.deb

expect() { # WHAT WANTED GOT
    [ "$2" = "$3" ] || { echo "$1: $3 instead of $2" >&2; exit 1; }
}
# Every file, its mode, owner and content, but for dpkg's own books and what it calls of others.
state() {
    find /usr /etc -xdev \( -path /etc/ld.so.cache \) -prune -o -printf '%p %y %m %U:%G %l\n' | sort
    cat /usr/bin/unshare /usr/bin/nsenter /usr/bin/lsns /usr/share/man/man1/unshare.1.gz 2>/dev/null | sha256sum
    dpkg-divert --list | sort
}
count() { find /usr/bin -name "$1" | wc -l; }

mkdir -p /etc/apparmor.d
before=$(state)
their_version=$(unshare --version)

dpkg --install "$programs" >/dev/null
expect 'rs-unshare' 0 "$(rs-unshare --map-root-user --fork --pid --mount-proc id -u)"
rs-unshare --uts --hostname guest sleep 60 &
sleeper=$!
until [ "$(cat /proc/$sleeper/comm)" = sleep ]; do :; done
expect 'rs-nsenter' guest "$(rs-nsenter --target $sleeper --uts hostname)"
expect 'rs-lsns' uts "$(rs-lsns --noheadings --output TYPE --type uts --task $sleeper)"
kill $sleeper
expect 'completions' 3 "$(find /usr/share/bash-completion /usr/share/zsh/vendor-completions /usr/share/fish -name '*rs-lsns*' | wc -l)"
expect 'unshare is still util-linux' "$their_version" "$(unshare --version)"
expect 'the profile, where AppArmor could not read it' no "$([ -e /etc/apparmor.d/rs-unshare ] && echo yes || echo no)"

# An AppArmor that knows user namespaces comes.
mkdir -p /etc/apparmor.d/abi
: >/etc/apparmor.d/abi/4.0
dpkg --install /packages/later.deb >/dev/null
expect 'the later version' "$version+later" "$(dpkg-query -f '${Version}' -W rs-namespaces)"
expect 'the profile' yes "$([ -e /etc/apparmor.d/rs-unshare ] && echo yes || echo no)"
dpkg --force-downgrade --install "$programs" >/dev/null 2>&1

dpkg --install "$names" >/dev/null
expect 'unshare' rs-unshare "$(readlink /usr/bin/unshare)"
expect 'unshare runs' "$(rs-unshare --version | sed s/rs-unshare/unshare/)" "$(unshare --version)"
expect 'lsns.util-linux' yes "$([ -x /usr/bin/lsns.util-linux ] && echo yes || echo no)"
expect 'what is put aside' 3 "$(count '*.util-linux')"
dpkg --install "$names" >/dev/null
expect 'what is put aside, after another installation' 3 "$(count '*.util-linux')"
if dpkg --remove rs-namespaces >/dev/null 2>&1; then echo 'the programs went before the names' >&2; exit 1; fi
dpkg --remove rs-namespaces-as-util-linux >/dev/null
expect 'unshare of util-linux is back' "$their_version" "$(unshare --version)"

dpkg --purge rs-namespaces rs-namespaces-as-util-linux >/dev/null 2>&1
expect 'the profile is gone' no "$([ -e /etc/apparmor.d/rs-unshare ] && echo yes || echo no)"
rm -r /etc/apparmor.d/abi
after=$(state)
if [ "$before" != "$after" ]; then
    echo 'something was left behind:' >&2
    printf '%s\n' "$before" >/before
    printf '%s\n' "$after" | diff /before - >&2
    exit 1
fi
echo 'installed, used, upgraded and removed by dpkg, the classic names as well: no trace left'
INSIDE
# Not chroot, below which there are no user namespaces.
cd /mnt/root
mkdir old
pivot_root . old
umount -l old
rmdir old
exec sh /inside "$version" "$architecture"
