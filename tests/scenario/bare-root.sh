#!/usr/bin/env bash
# Proves that a machine with nothing but Debian 12 and git can follow README.md.
#
#   sudo tests/scenario/bare-root.sh [-u] DIR COMMAND...
#   sudo tests/scenario/bare-root.sh DIR ./dev test        as root
#   sudo tests/scenario/bare-root.sh -u DIR ./dev test     as an ordinary user with sudo
#
# Makes a Debian 12 in DIR (kept, so the next run is quick), clones the committed
# state of this tree into it, and runs COMMAND in the clone with a clean
# environment and no standard input. The archive is the one the running system uses.
# Ends with the command's status and its seconds. Needs root, mmdebstrap and git.
set -euo pipefail

user=root
if [[ ${1:-} == -u ]]; then
  user=steward
  shift
fi
(($# >= 2)) || { sed -n '2,11p' "$0" | cut -c 3- && exit 2; }
root=$1
shift
((EUID == 0)) || { echo "bare-root.sh needs root: mounts and chroot" >&2 && exit 2; }
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

sources() {
  apt-get indextargets --format '$(ORIGIN)|$(SITE)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages' | sort -u |
    while IFS='|' read -r origin site suite component; do
      [[ $origin == Debian && $component == main && $suite == bookworm* ]] || continue
      echo "deb $site $suite $component"
    done
}
apt_options() { # how the running system reaches its archive
  apt-config dump | grep -E '^Acquire::(http|https)::Proxy[^:]* ".+|^Acquire::(Check-Valid-Until|Check-Date) ' || true
}

if [[ ! -x $root/usr/bin/git ]]; then
  echo "making a bare Debian 12 in $root"
  options=()
  while read -r line; do options+=(--aptopt="$line"); done < <(apt_options)
  mmdebstrap --quiet --mode=root --variant=minbase --include=git,ca-certificates,sudo "${options[@]}" \
    bookworm "$root" - < <(sources)
  apt_options >"$root/etc/apt/apt.conf.d/90-from-the-host"
  chroot "$root" useradd --create-home --shell /bin/bash steward
  echo 'steward ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/steward"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/hosts "$root/etc/hosts"

mounted=()
finish() {
  for ((i = ${#mounted[@]} - 1; i >= 0; i--)); do umount -l "${mounted[i]}" || true; done
}
trap finish EXIT
mount_in() { # KIND WHERE OPTIONS...
  mkdir -p "$root$2"
  mount -t "$1" "${@:3}" "$1" "$root$2"
  mounted+=("$root$2")
}
mount_in proc /proc
mount_in sysfs /sys -o ro
mount_in tmpfs /dev/shm
mount_in devpts /dev/pts -o newinstance,ptmxmode=0666,mode=0620
ln -sf pts/ptmx "$root/dev/ptmx"

home=$(chroot "$root" getent passwd "$user" | cut -d: -f6)
rm -rf "$root$home/steward"
git clone --quiet --no-hardlinks "$tree" "$root$home/steward"
chroot "$root" chown -R "$user:" "$home/steward"

status=0
from=$SECONDS
chroot "$root" setpriv --reuid="$user" --regid="$user" --init-groups \
  env -i HOME="$home" USER="$user" PATH=/usr/local/bin:/usr/bin:/bin CI=true \
  bash -c 'cd "$1" && shift && exec "$@"' bash "$home/steward" "$@" </dev/null || status=$?
echo "bare-root: '$*' as $user ended with $status after $((SECONDS - from)) s"
exit "$status"
