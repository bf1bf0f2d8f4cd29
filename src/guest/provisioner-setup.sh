#!/bin/sh
# Written by kglab. local-path-provisioner runs it in a helper pod to create the directory $VOL_DIR of a claim.
set -eu
name=${VOL_DIR##*/}
mount=${VOL_DIR%/*}
pv=${name%%_*}

# request KIND - asks the keepers on the machines for what a pod cannot do
request() {
  reason=$(ask_keeper 300 "$mount" "$1" "$name" "${VOL_SIZE_BYTES:-0}" 2>&1) && return
  [ $? != 2 ] || {
    # The provisioner will ask again. What a keeper creates after this would be an orphan.
    rm -f "$mount/$REQUESTS/$1.$name"
    reason="$1 $name: kglab-keeper did not answer on any machine (systemctl status kglab-keeper)"
  }
  fail "$reason"
}

# Data must never land on the root disk of one node.
mounted "$mount" || mounted "$mount/.kglab" || fail "$mount is not a Gluster mount on this node; nothing is created"

mkdir -p "$mount/$CATALOGUE"
entry=$mount/$CATALOGUE/$pv.json
printf '{"version":1,"pv":"%s","path":"%s","bytes":%s,"volumeMode":"%s","created":"%s"}\n' \
  "$pv" "$VOL_DIR" "${VOL_SIZE_BYTES:-0}" "${VOL_MODE:-Filesystem}" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$entry.new"
mv "$entry.new" "$entry"

if mounted "$mount"; then
  mkdir -p "$VOL_DIR"
  chmod 0777 "$VOL_DIR"
  if [ -e "$mount/.kglab/quota" ]; then request limit; fi
else
  # No volume is mounted here, only .kglab in it: the class is dedicated, and the claim gets its own Gluster volume.
  request create
fi
