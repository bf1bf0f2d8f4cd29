#!/bin/sh
# Written by kglab. Exits 0 when every path given is a live Gluster mount; tries to mount what is not.
# k3s runs it before it starts: without the mount, data of pods would land on the root disk of one node.
# A hung volume can block every process that looks at it, so each look has a deadline of LOOK seconds.
: "${LOOK:=10}" "${RUN:=/run/kglab}"
mkdir -p "$RUN"
SCRATCH=$RUN/mounted.$$

answers() { live "$1" && bounded "$LOOK" ls "$1" >/dev/null 2>&1; }

failed=0
for path in "$@"; do
  answers "$path" && continue
  unit=$(systemd-escape --path --suffix=mount "$path")
  # A dead FUSE client leaves "Transport endpoint is not connected": the old mount has to go first.
  if grep -qF " $path fuse.glusterfs " /proc/self/mounts; then bounded "$LOOK" umount -l "$path"; fi
  systemctl reset-failed "$unit" 2>/dev/null
  # systemd itself gives a mount 60 s, and more to stop what it has started.
  bounded 90 systemctl start "$unit"
  answers "$path" && continue
  echo "kglab: the volume is not mounted at $path or does not answer; k3s waits and tries again" >&2
  failed=1
done
rm -f "$SCRATCH"
exit "$failed"
