# Installs, uses, upgrades and removes the packages in $1, of version $2 for $3, in the Debian in $4, which stays as it is.
# Runs in mount and pid namespaces of its own.
packages=$(cd "$1" && pwd) version=$2 architecture=$3 debian=$4

mount -t tmpfs -o mode=755 none /mnt
mkdir /mnt/lower /mnt/upper /mnt/work /mnt/root /mnt/packages
cp "$packages"/*.deb /mnt/packages
# An upgrade: the same with a later version.
for name in rs-namespaces rs-namespaces-as-util-linux; do
    dpkg-deb -R "/mnt/packages/${name}_${version}_$architecture.deb" /mnt/later
    sed -i "s/^Version: .*/&+later/; s/ (= .*)/ (= $version+later)/" /mnt/later/DEBIAN/control
    dpkg-deb --root-owner-group -Znone -b /mnt/later "/mnt/packages/${name}_later.deb" >/dev/null
    # One that cannot be unpacked, since another package has that file.
    sed -i "s/+later//" /mnt/later/DEBIAN/control
    : >/mnt/later/usr/bin/perl
    dpkg-deb --root-owner-group -Znone -b /mnt/later "/mnt/packages/${name}_broken.deb" >/dev/null
    rm -r /mnt/later
done
# overlay takes a colon in a path for its end.
mount --bind "$debian" /mnt/lower
mount -t overlay overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
mkdir /mnt/root/packages
mount --bind /mnt/packages /mnt/root/packages
mount -t proc proc /mnt/root/proc
mount --rbind /dev /mnt/root/dev
mount -t tmpfs none /mnt/root/tmp

cat >/mnt/root/inside <<'INSIDE'
set -eu
version=$1 architecture=$2
export HOME=/tmp DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
programs=/packages/rs-namespaces_${version}_$architecture.deb
names=/packages/rs-namespaces-as-util-linux_${version}_$architecture.deb

expect() { # WHAT WANTED GOT
    [ "$2" = "$3" ] || { echo "$1: $3 instead of $2" >&2; exit 1; }
}
# Every file, its mode, owner, time and content, but for logs, and for books that dpkg and man keep; what these say.
state() {
    find / -xdev \( -path /inside -o -path /before -o -path /var/log -o -path /var/cache -o -path '/var/lib/dpkg/*' \) -prune -o \
        ! -type d -printf '%p %y %m %U:%G %t %l\n' -o -printf '%p %y %m %U:%G\n' | sort
    find /usr /etc -xdev -type f -print0 | sort -z | xargs -0 sha256sum
    dpkg-divert --list | sort
    dpkg-query --show --showformat='${Package} ${Version} ${Status}\n'
    find /var/lib/dpkg/info | sort
}
count() { find /usr/bin -name "$1" | wc -l; }
versions() { dpkg-query --show --showformat='${Version} ' rs-namespaces rs-namespaces-as-util-linux; }

# man finds and renders the page of $1, which is that of $3 in section $2.
page() {
    expect "man -w $1" "/usr/share/man/man$2/$3.$2.gz" "$(man -w "$1" 2>&1)"
    MANWIDTH=80 man --warnings=all "$1" >/tmp/page 2>/tmp/warnings </dev/null
    expect "the warnings of man $1" '' "$(cat /tmp/warnings)"
    expect "the name that man $1 says" "$3" "$(sed -n '/^NAME/{n;s/ *\([a-z-]*\) .*/\1/p}' /tmp/page)"
}

# What shells offer for "$1 --mo", as they come from Debian, with what is installed.
in_bash() {
    bash --norc --noprofile -c '
        source /usr/share/bash-completion/bash_completion
        _completion_loader "$1" || [[ $? = 124 ]]
        COMP_WORDS=("$1" --mo) COMP_CWORD=1 COMP_LINE="$1 --mo" COMP_POINT=$((${#1} + 5))
        compopt() { :; }
        call=$(complete -p "$1")
        call=${call#*-F }
        "${call%% *}" "$1" --mo "$1"
        printf "%s\n" "${COMPREPLY[@]}"' bash "$1" | sed 's/[= ]*$//' | sort -u | xargs
}
in_fish() { fish --command "complete -C '$1 --mo'" | sed 's/[=\t].*//' | sort -u | xargs; }
in_zsh() { zsh -f -c 'autoload -Uz compinit; compinit -u -D; print -r -- $_comps[$1]; autoload +X -Uz $_comps[$1]' zsh "$1"; }

before=$(state)
their_version=$(unshare --version)
their_page=$(man -w unshare)

if dpkg --install "$names" >/dev/null 2>&1; then echo 'the names came before the programs' >&2; exit 1; fi
expect 'unshare, without the programs' "$their_version" "$(unshare --version)"
dpkg --purge rs-namespaces-as-util-linux >/dev/null 2>&1
dpkg --install "$programs" >/dev/null
for program in rs-unshare rs-nsenter rs-lsns; do
    "$program" --version | grep -q "$version" || { echo "$program --version: $("$program" --version)" >&2; exit 1; }
done
page rs-unshare 1 rs-unshare
page rs-nsenter 1 rs-nsenter
page rs-lsns 8 rs-lsns
offered='--monotonic --mount --mount-binfmt --mount-proc'
expect 'what bash offers' "$offered" "$(in_bash rs-unshare)"
expect 'what fish offers' "$offered" "$(in_fish rs-unshare)"
expect 'what bash offers' '--mount --mount-proc' "$(in_bash rs-nsenter)"
expect 'what fish offers' '--mount --mount-proc' "$(in_fish rs-nsenter)"
for program in rs-unshare rs-nsenter rs-lsns; do
    expect 'what zsh asks' "_$program" "$(in_zsh $program)"
done
expect 'rs-unshare' 0 "$(rs-unshare --map-root-user --fork --pid --mount-proc id -u)"
rs-unshare --uts --hostname guest sleep 60 &
sleeper=$!
until [ "$(cat /proc/$sleeper/comm)" = sleep ]; do :; done
expect 'rs-nsenter' guest "$(rs-nsenter --target $sleeper --uts hostname)"
expect 'rs-lsns' uts "$(rs-lsns --noheadings --output TYPE --type uts --task $sleeper)"
kill $sleeper
expect 'unshare is still util-linux' "$their_version" "$(unshare --version)"
expect 'the profile, where AppArmor could not read it' no "$([ -e /etc/apparmor.d/rs-unshare ] && echo yes || echo no)"

# An AppArmor that knows user namespaces comes.
mkdir -p /etc/apparmor.d/abi
: >/etc/apparmor.d/abi/4.0
dpkg --install /packages/rs-namespaces_later.deb >/dev/null
expect 'the later version' "$version+later" "$(dpkg-query -f '${Version}' -W rs-namespaces)"
expect 'the profile' yes "$([ -e /etc/apparmor.d/rs-unshare ] && echo yes || echo no)"
dpkg --force-downgrade --install "$programs" >/dev/null 2>&1

if dpkg --install /packages/rs-namespaces-as-util-linux_broken.deb >/dev/null 2>&1; then echo 'perl is replaced' >&2; exit 1; fi
expect 'unshare, when the names cannot be unpacked' "$their_version" "$(unshare --version)"
expect 'what is put aside, when the names cannot be unpacked' 0 "$(count '*.util-linux')"
expect 'complaints of the package with the names' '' "$(dpkg --install "$names" 2>&1 >/dev/null)"
expect 'unshare' rs-unshare "$(readlink /usr/bin/unshare)"
for name in unshare nsenter lsns; do
    expect "$name --version" "$("rs-$name" --version | sed s/rs-//)" "$("$name" --version)"
done
page unshare 1 rs-unshare
page nsenter 1 rs-nsenter
page lsns 8 rs-lsns
expect 'unshare.util-linux' "$their_version" "$(unshare.util-linux --version | sed s/.util-linux//)"
expect 'man -w unshare.util-linux' /usr/share/man/man1/unshare.util-linux.1.gz "$(man -w unshare.util-linux 2>&1)"
expect 'what is put aside' 3 "$(count '*.util-linux')"
dpkg --install "$names" >/dev/null
dpkg --install /packages/rs-namespaces_later.deb /packages/rs-namespaces-as-util-linux_later.deb >/dev/null
expect 'the later versions' "$version+later $version+later " "$(versions)"
expect 'what is put aside, after an upgrade' 3 "$(count '*.util-linux')"
expect 'unshare, after an upgrade' rs-unshare "$(readlink /usr/bin/unshare)"
if dpkg --remove rs-namespaces >/dev/null 2>&1; then echo 'the programs went before the names' >&2; exit 1; fi
dpkg --remove rs-namespaces-as-util-linux >/dev/null
expect 'unshare of util-linux is back' "$their_version" "$(unshare --version)"
expect 'its page is back' "$their_page" "$(man -w unshare)"

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
echo "installed, used, upgraded and removed by dpkg in Debian $(cat /etc/debian_version), the classic names as well: no trace left"
INSIDE
# Not chroot, below which there are no user namespaces.
cd /mnt/root
mkdir old
pivot_root . old
umount -l old
rmdir old
exec sh /inside "$version" "$architecture"
