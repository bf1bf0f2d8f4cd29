#!/bin/sh
# Written by kglab. local-path-provisioner runs it in a helper pod when the PV of a deleted claim is reclaimed.
# It destroys no data: it moves it to the quarantine, from where `kglab volumes undo` brings it back.
set -eu
name=${VOL_DIR##*/}
mount=${VOL_DIR%/*}
entry=$mount/$CATALOGUE/${name%%_*}.json

# Without the mount the directory looks deleted, but is not.
mounted "$mount" || mounted "$mount/.kglab" || fail "$mount is not a Gluster mount on this node; nothing is deleted"

if ! mounted "$mount"; then
  [ -e "$mount/$OWN_VOLUMES/$name" ] || exit 0
  code=0
  ask_keeper 300 "$mount" delete "$name" '' || code=$?
  [ "$code" != 2 ] || fail "delete $name: kglab-keeper did not answer on any machine (systemctl status kglab-keeper)"
  exit "$code"
fi

if [ ! -d "$VOL_DIR" ] || rmdir "$VOL_DIR" 2>/dev/null; then
  rm -f "$entry"
  exit 0
fi
code=0
quarantine "$VOL_DIR" "$mount/$QUARANTINE/$(date +%s)-$name/data" "$entry" "$entry" || code=$?
[ "$code" != 1 ] || fail "$VOL_DIR cannot be moved to the quarantine; it is still in its place"
exit "$code"
