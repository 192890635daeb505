#!/usr/bin/env bash
# Makes the sysroot of a foreign Debian 12: sysroot.sh arm64|armhf DIR
#
# Packages are fetched and extracted, never installed or configured: no
# emulation, no binfmt, and the host's dpkg keeps its architectures. (A host with
# armhf added needs libssl-dev:armhf in exactly the host's version, and one stale
# foreign list makes `apt-get update` drop the host's own lists too.)
#
# The archive and its keys are those of the running system. armhf's security
# suite is tried and left out when the archive serves it inconsistently; which
# one it was is printed. A sysroot that is complete is kept until the recipe changes.
set -euo pipefail

architecture=${1:?usage: sysroot.sh arm64|armhf DIR}
target=${2:?usage: sysroot.sh arm64|armhf DIR}
case $architecture in
  arm64 | armhf) ;;
  *) echo "sysroot.sh: no architecture '$architecture'; there are arm64 and armhf" >&2 && exit 2 ;;
esac

# What contract, kit, drivers and edge compile against, and doctest.
packages=libc6-dev,libstdc++-12-dev,libpaho-mqttpp-dev,libpaho-mqtt-dev,libmodbus-dev,libsqlite3-dev
packages+=,libssl-dev,libboost-dev,nlohmann-json3-dev,libcli11-dev,libgpiod-dev,doctest-dev

recipe=$(sha256sum "${BASH_SOURCE[0]}" | cut -c 1-64)
if [[ -f $target/.recipe && $(<"$target/.recipe") == "$recipe" ]]; then
  echo "sysroot $architecture: as it was ($target)"
  exit 0
fi

# "deb [arch=...] SITE SUITE main" for every Debian suite this system knows.
sources() { # $1: with or without
  apt-get indextargets --format '$(ORIGIN)|$(SITE)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages' |
    sort -u | while IFS='|' read -r origin site suite component; do
    [[ $origin == Debian && $component == main ]] || continue
    [[ $suite == bookworm || $suite == bookworm-updates || $suite == bookworm-security ]] || continue
    [[ $suite == bookworm-security && $1 == without ]] && continue
    echo "deb [arch=$architecture] $site $suite $component"
  done
}

# The running system's way to its archive: proxy, and how strict it is about dates.
options=()
while read -r line; do
  options+=(--aptopt="$line")
done < <(apt-config dump | grep -E '^Acquire::(http|https)::(Proxy|Pipeline-Depth)[^:]* ".+|^Acquire::(Check-Valid-Until|Check-Date) ' || true)

# root extracts as itself; anyone else by dpkg's chrootless mode, which only unpacks here.
mode=root
((EUID == 0)) || mode=chrootless

attempt() { # $1: with or without the security suite
  local lines
  lines=$(sources "$1")
  [[ -n $lines ]] || {
    echo "sysroot.sh: apt knows no bookworm archive. Run ./dev setup all (it fetches the lists) and try again." >&2
    exit 1
  }
  rm -rf "$target.new"
  mmdebstrap --mode="$mode" --architectures="$architecture" --variant=extract --include="$packages" \
    "${options[@]}" bookworm "$target.new" - <<<"$lines"
}

mkdir -p "$(dirname "$target")"
security=with
if ! attempt with; then
  security=without
  echo "sysroot $architecture: the security suite cannot be used now (above); trying without it"
  attempt without
fi

# qemu-user looks into the sysroot first: its own /dev/ptmx would be opened there, and is no device.
rm -rf "$target.new"/{dev,proc,sys,run,tmp}

# A link to /lib/x means the sysroot's own, not the host's.
find "$target.new" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
  ln -snfr "$target.new$(readlink "$link")" "$link"
done
echo "$recipe" >"$target.new/.recipe"
rm -rf "$target"
mv "$target.new" "$target"
echo "sysroot $architecture: $(du -sh "$target" | cut -f 1), $security the security suite"
