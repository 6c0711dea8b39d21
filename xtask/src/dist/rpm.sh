# Queries the .rpm $1 of version $2, which has the files below $3 and nothing else, and installs and removes it in a root
# where nothing is. Runs in mount and pid namespaces of its own.
package=$(realpath "$1") version=$2 tree=$3 rs_unshare=$3/usr/bin/rs-unshare
export LC_ALL=C

expect() { # WHAT WANTED GOT
    [ "$2" = "$3" ] || { echo "$package: $1: $3 instead of $2" >&2; exit 1; }
}
query() { rpm --query --package "$package" "$@"; }
files() { find "$1" "(" -type f -o -type l ")" -printf '/%P %m\n' | sort; }

expect 'digests' "$package: digests OK" "$(rpm --checksig "$package")"
expect 'what it is' "rs-namespaces $version 1 $(uname -m) MIT OR Apache-2.0 reproducible" \
    "$(query --queryformat '%{NAME} %{VERSION} %{RELEASE} %{ARCH} %{LICENSE} %{BUILDHOST}')"
expect 'what it requires beside rpm' '' "$(query --requires | grep -v '^rpmlib(' || true)"
expect 'what it suggests' shadow-utils "$(query --suggests)"
expect 'scripts' '' "$(query --scripts; query --triggers)"
expect 'licences' '/usr/share/licenses/rs-namespaces/LICENSE-APACHE /usr/share/licenses/rs-namespaces/LICENSE-MIT' \
    "$(query --licensefiles | sort | xargs)"
expect 'owners' 'root:root' "$(query --queryformat '[%{FILEUSERNAME}:%{FILEGROUPNAME}\n]' | sort -u)"
expect 'files' "$(find "$tree" -type f -printf '/%P\n' | sort)" \
    "$(query --queryformat '[%{FILEMODES:perms} %{FILENAMES}\n]' | sed -n 's/^-[^ ]* //p' | sort)"

mount -t tmpfs -o mode=755 none /mnt
in_root() { rpm --root /mnt --dbpath /db --force-debian "$@"; }
in_root --install "$package"
expect 'what rpm finds changed' '' "$(in_root --verify rs-namespaces)"
expect 'what is installed' "$(files "$tree")" "$(files /mnt | grep -v '^/db/')"
for program in rs-unshare rs-nsenter rs-lsns; do
    expect "$program --version" "$("$tree/usr/bin/$program" --version)" \
        "$("$rs_unshare" --root=/mnt "/usr/bin/$program" --version)"
done
in_root --erase rs-namespaces
expect 'what is left behind' '' "$(files /mnt | grep -v '^/db/' || true)"
expect 'directories that are left behind' '' "$(find /mnt -name '*rs-*')"
echo 'queried, installed in an empty root, run and removed by rpm: no trace left'
