#!/bin/sh
# Written by kglab. Keeps the catalogue of PVs on the Gluster volumes, and does for the provisioner's helper pods what a
# pod cannot do: it sets quotas and creates dedicated volumes.
#   keeper                  runs until it is stopped; it starts the commands below
#   keeper work VOLUME      does one round for a volume of the table: handles requests, mounts and unmounts claims
#   keeper late VOLUME      tries again to mount or unmount the claims of a volume that did not answer in time
#   keeper catalogue        brings the catalogue up to date once, on all volumes
#   keeper refresh          the same without removing entries, and not while another keeper does it
#   keeper record VOLUME    writes the entries of one volume; catalogue and refresh run it
#   keeper clear            removes empty mount points of claims, as a reboot leaves them
# A hung volume can block every process that touches it, even against SIGKILL. So each volume has its own process with
# a deadline, and a lock that is held for as long as one of these processes exists.
#
# Options from lab.yaml are split into words, but must not be expanded as file names: no globbing (-f).
set -uf
# RANK: whose turn it is, empty without glusterd. NODE, SERVER: 1 or 0. EVERY: seconds between two rounds.
# shellcheck source=/dev/null # exists on the machine only
. "$KEEPER_ENV"
# Deadlines in seconds. LOOK: a look at a path. MOUNT: a mount, as long as systemd's own. COMMAND: a gluster command; its
# CLI gives up after 120 s by itself. ROUND: everything that is done for a volume at a time. RECORD: its entries.
: "${LOOK:=5}" "${MOUNT:=60}" "${COMMAND:=130}" "${ROUND:=300}" "${RECORD:=30}"
RUN=/run/kglab
CLUSTER=$RUN/volumes.cluster # what the cluster has, as lines of catalogue.tmpl

say() { echo "keeper: $*" >&2; }

# is_late CODE - a bounded command has not met its deadline
is_late() { [ "$1" = 124 ] || [ "$1" = 137 ]; }

# is_mount PATH - something of FUSE is mounted there, dead or alive; unlike a look at the path this cannot hang
is_mount() { grep -qF " $1 fuse" /proc/self/mounts; }

# unmount PATH - at once, whoever still uses it
unmount() { bounded "$LOOK" umount -l "$1" 2>/dev/null; }

# locked NAME SECONDS WORD... - runs a function as the only one under this lock; fails when it is not free in time.
# Child processes inherit the lock, so that a hung one keeps it. Gluster clients live on and must not: 9>&-.
locked() {
  (
    flock -w "$2" 9 || exit 1
    shift 2
    "$@"
  ) 9>"$RUN/$1.lock"
}

# pick VOLUME - sets the variables of a volume's line in the table
pick() {
  while IFS='|' read -r name mount claims quota dedicated shape places servers settings; do
    [ "$name" != "$1" ] || return 0
  done <"$KEEPER_TABLE"
  say "there is no volume ${1:-without a name}"
  return 1
}

# is_name NAME - a directory of a claim; anything else is not touched
is_name() {
  case $1 in
    '' | [!A-Za-z0-9_]* | *[!A-Za-z0-9._-]*) return 1 ;;
  esac
}

# write FILE - replaces the file by standard input in one step; PIDs of two machines may be the same
write() {
  new=${1%/*}/.new.$(hostname).$$
  mkdir -p "${1%/*}" && cat >"$new" && mv "$new" "$1"
}

# newer FILE - an entry in a format of a newer kglab; it is left alone
newer() { grep -q '"version"' "$1" 2>/dev/null && ! grep -Eq '"version": *1 *([,}]|$)' "$1"; }

# enter PV JSON - writes an entry
enter() { newer "$mount/$CATALOGUE/$1.json" || printf '%s\n' "$2" | write "$mount/$CATALOGUE/$1.json"; }

# record VOLUME prune|keep - $known has the lines whose entries are written. Each is added as soon as it is: what a
# deadline cuts off is continued next time.
record() {
  live "$mount" || return
  known=$RUN/volumes.known.$name
  [ "$2" = keep ] || rm -f "$known"
  touch "$known"
  grep -xFf "$known" "$CLUSTER" >"$known.now"
  mv "$known.now" "$known"
  grep -vxFf "$known" "$CLUSTER" | while IFS='|' read -r path pv json; do
    case $path in
      "$mount"/* | "$claims"/*) enter "$pv" "$json" && printf '%s|%s|%s\n' "$path" "$pv" "$json" >>"$known" ;;
    esac
  done
  [ "$2" = keep ] || prune
}

# catalogue prune|keep - asks the cluster and lets each volume write its entries. The lock is not handed on (9>&-): a
# hung volume keeps only its own.
catalogue() {
  bounded 30 k3s kubectl get pv,pvc -A -o go-template-file="$KEEPER_TEMPLATE" >"$CLUSTER.new" 2>"$RUN/catalogue.err" || return 1
  mv "$CLUSTER.new" "$CLUSTER"
  while IFS='|' read -r name _; do
    bounded "$RECORD" sh "$0" record "$name" "$1" 9>&-
    ! is_late $? || say "the catalogue on $name was not finished within $RECORD s"
  done <"$KEEPER_TABLE"
}

# absent PATH - it certainly does not exist. test(1) also fails on a path that cannot be looked at (EIO, ENOTCONN), so
# its folder has to be readable and to lack the name, or be absent itself.
absent() {
  { [ -n "$1" ] && [ ! -e "$1" ]; } || return
  names=$(bounded "$LOOK" ls -A "${1%/*}/" 2>/dev/null)
  case $? in
    0) ! printf '%s\n' "$names" | grep -qxF -e "${1##*/}" ;;
    124 | 137) return 1 ;;
    *) absent "${1%/*}" ;;
  esac
}

# Removes entries of PVs that neither the cluster nor the disk has any more. An entry that a helper pod has just
# written has neither yet; only the cluster adds "claim".
prune() {
  bounded "$LOOK" ls "$mount/$CATALOGUE" >"$SCRATCH" 2>/dev/null || return 0
  while IFS= read -r entry; do
    pv=${entry%.json}
    [ "$pv" != "$entry" ] || continue
    file=$mount/$CATALOGUE/$entry
    grep -qF "|$pv|" "$CLUSTER" && continue
    newer "$file" && continue
    path=$(sed -n '/"claim":/s/.*"path":"\([^"]*\)".*/\1/p' "$file" 2>/dev/null)
    [ -n "$path" ] || continue
    # Another PV may have the same path by now.
    if ! cut -d'|' -f1 "$CLUSTER" | grep -qxF -e "${path%/}" -e "${path%/}/"; then
      path=${path%/}
      { absent "$path" && absent "$mount/$OWN_VOLUMES/${path##*/}"; } || continue
    fi
    rm -f "$file"
  done <"$SCRATCH"
}

# pending - $file is still a request. Its age tells the other machines for how long nobody has worked on it.
pending() {
  bounded "$LOOK" touch -c "$file" 2>/dev/null
  [ -e "$file" ]
}

# ask WORD... - runs a gluster command for a pending request; 2 when it has to be tried again
ask() {
  pending || return 2
  answer=$(bounded "$COMMAND" gluster --mode=script "$@" 2>&1)
  asked=$?
  [ "$asked" != 0 ] || return 0
  if is_late "$asked"; then
    say "gluster $* has not ended within $COMMAND s"
    return 2
  fi
  case $answer in
    *already\ exists* | *already\ started* | *already\ enabled* | *not\ in\ the\ started\ state*) return 0 ;;
    *nother\ transaction* | *Locking\ failed*) return 2 ;;
  esac
  return 1
}

# attach VOLUME PLACE - mounts a volume from the first of $servers, or from the others when that does not answer
attach() {
  case $servers in
    *:*) others=,backup-volfile-servers=${servers#*:} ;;
    *) others= ;;
  esac
  bounded "$MOUNT" mount -t glusterfs -o "$MOUNT_OPTIONS$others" "${servers%%:*}:/$1" "$2" 9>&-
  attached=$?
  if is_late "$attached"; then
    echo "volume $1 was not mounted within $MOUNT s" >&2
    unmount "$2"
  fi
  return "$attached"
}

limit() { # DIRECTORY BYTES
  ask volume quota "$name" limit-usage "/$1" "$2"
}

create() { # DIRECTORY BYTES
  volume=${1%%_*}
  bricks=
  for place in $places; do bricks="$bricks $place/$volume"; done
  ask volume set all cluster.brick-multiplex on || return
  # shellcheck disable=SC2086 # these are lists of words; set -f keeps them from being expanded
  ask volume create "$volume" $shape $bricks force || return
  # shellcheck disable=SC2086 # as above
  [ -z "$settings" ] || ask volume set "$volume" $settings || return
  ask volume start "$volume" || return
  if [ "$quota" = 1 ]; then
    ask volume quota "$volume" enable || return
    # shellcheck disable=SC2086 # as above
    ask volume set "$volume" $QUOTA_OPTIONS || return
    ask volume quota "$volume" limit-usage / "$2" || return
  fi
  try_out "$volume" || {
    say "create $1: $(cat "$SCRATCH")"
    return 2
  }
  pending || return 2
  echo "$2" | write "$mount/$OWN_VOLUMES/$1"
}

# try_out VOLUME - mounts a new volume and opens it to everybody; leaves the reason in $SCRATCH when it cannot. A volume
# is started a moment before enough of its bricks are.
try_out() {
  place=$RUN/new/$1
  unmount "$place" # of an earlier try that was cut off
  mkdir -p "$place"
  echo 'another machine has already done this' >"$SCRATCH"
  pending || return
  attach "$1" "$place" >"$SCRATCH" 2>&1 || return
  bounded "$LOOK" chmod 0777 "$place" >"$SCRATCH" 2>&1 9>&-
  usable=$?
  bounded "$MOUNT" umount "$place" 9>&- && rmdir "$place"
  return "$usable"
}

delete() { # DIRECTORY
  volume=${1%%_*}
  if [ -e "$mount/$OWN_VOLUMES/$1" ]; then
    entry=$mount/$CATALOGUE/$volume.json
    quarantine "$mount/$OWN_VOLUMES/$1" "$mount/$QUARANTINE/$(date +%s)-$1/volume" "$entry" "$entry"
    [ $? != 1 ] || {
      say "delete $1: $mount/$OWN_VOLUMES/$1 cannot be moved to the quarantine"
      return 2
    }
    sleep 2 # the other nodes unmount it
  fi
  ask volume stop "$volume" force
}

requests() {
  bounded "$LOOK" ls "$mount/$REQUESTS" >"$SCRATCH.requests" 2>/dev/null
  while IFS= read -r request; do
    kind=${request%%.*}
    directory=${request#*.}
    case $kind in limit | create | delete) ;; *) continue ;; esac
    case $directory in *.failed) continue ;; esac
    file=$mount/$REQUESTS/$request
    made=$(bounded "$LOOK" stat -c %Y "$file" 2>/dev/null) || continue
    # The first storage machine answers at once, the others only when nobody has worked on it for a while.
    [ $(($(date +%s) - made)) -ge $((RANK * 5)) ] || continue
    is_name "$directory" || {
      echo "$directory is not a valid directory name of a claim" >"$file.failed"
      rm -f "$file"
      continue
    }
    answer=
    value=$(bounded "$LOOK" cat "$file" 2>/dev/null) || continue
    "$kind" "$directory" "$value"
    case $? in
      0) ;;
      2) continue ;;
      *)
        say "$kind $directory: $answer"
        [ "$kind" = delete ] || [ ! -e "$file" ] || echo "$answer" >"$file.failed"
        ;;
    esac
    rm -f "$file"
  done <"$SCRATCH.requests"
}

# The mount point's folder is immutable except while a mount point is made: kubelet must not make directories there.
# A pod that is given an empty mount point would never see what is mounted there later. So the volume is mounted
# elsewhere first, and then bound to its place. (A mount below a shared one cannot be moved: EINVAL of mount(2).)
place_claim() { # DIRECTORY
  # A client without its bricks is left alone, they may return; a dead one has to go before the next.
  if is_mount "$claims/$1"; then
    serves "${1%%_*}" && return
    unmount "$claims/$1"
  fi
  clear_place "$1"
  staged=$RUN/mounting/$1
  unmount "$staged"
  mkdir -p "$staged"
  attach "${1%%_*}" "$staged"
  placed=$?
  if [ "$placed" = 0 ]; then
    chattr -i "$claims"
    { mkdir "$claims/$1" && chattr +i "$claims/$1" && bounded "$MOUNT" mount --bind "$staged" "$claims/$1" 9>&-; } || clear_place "$1"
    chattr +i "$claims"
    unmount "$staged"
  else
    say "$1 cannot be mounted"
  fi
  rmdir "$staged"
  return "$placed"
}

# serves VOLUME - a client of it runs, or that is not known in time; brackets keep the pattern from finding itself
serves() {
  (
    set +f
    bounded "$LOOK" grep -qsa -e "[-]-volfile-id=/$1" /proc/[0-9]*/cmdline
    served=$?
    [ "$served" = 0 ] || is_late "$served"
  )
}

clear_place() { # DIRECTORY
  ! is_mount "$claims/$1" && [ -d "$claims/$1" ] || return 0
  chattr -i "$claims" "$claims/$1" 2>/dev/null
  rmdir "$claims/$1"
  chattr +i "$claims"
}

# Before k3s starts: pods would take an empty mount point, as a reboot leaves it, for the claim's data.
clear() {
  while IFS='|' read -r _ _ claims _; do
    ls "$claims" >"$RUN/clear.out" 2>/dev/null
    while IFS= read -r directory; do clear_place "$directory"; done <"$RUN/clear.out"
  done <"$KEEPER_TABLE"
}

# A claim that hangs has a mark, $late/DIRECTORY, that is not empty. The mark is locked (8) by the process that touches
# the claim for as long as that exists, so that there is never more than one that cannot be killed.
mark() {
  echo hangs >&8
  flock -n 8
}
is_free() { [ ! -s "$late/$1" ] || flock -n "$late/$1" true; }

# bring DIRECTORY - mounts a claim's volume unless it is live
bring() {
  is_free "$1" || return 0
  {
    live "$claims/$1" 9>&-
    seen=$?
    if [ "$seen" != 0 ] && ! is_late "$seen"; then
      place_claim "$1" 8>&-
      seen=$?
    fi
    if is_late "$seen"; then mark; else : >"$late/$1"; fi
  } 8>>"$late/$1"
}

# remove_claim DIRECTORY - unmounts a claim's volume and removes its mount point
remove_claim() {
  is_free "$1" || return 0
  {
    unmount "$claims/$1" 9>&-
    if is_late $?; then
      mark
    else
      : >"$late/$1"
      clear_place "$1"
    fi
  } 8>>"$late/$1"
  [ -s "$late/$1" ] || rm -f "$late/$1"
}

# Claims that hung before are left to `keeper late`: they must not delay the others.
mount_claims() {
  live "$claims/.kglab"
  seen=$?
  ! is_late "$seen" || return # it is slow, not dead
  if [ "$seen" != 0 ]; then
    unmount "$claims/.kglab"
    [ -d "$claims/.kglab" ] || { chattr -i "$claims" 2>/dev/null; mkdir -p "$claims/.kglab" && chattr +i "$claims/.kglab" "$claims"; }
    mkdir -p "$mount/$OWN_VOLUMES" && bounded "$MOUNT" mount --bind "$mount/.kglab" "$claims/.kglab" || return
  fi
  # `keeper late` reads the list, too: it is replaced in one step, and only by a whole one.
  bounded "$LOOK" ls "$mount/$OWN_VOLUMES" >"$wanted.new" && mv "$wanted.new" "$wanted" || return
  while IFS= read -r directory; do
    is_name "$directory" && [ ! -s "$late/$directory" ] && bring "$directory"
  done <"$wanted"
  ls "$claims" >"$SCRATCH.claims"
  while IFS= read -r directory; do
    grep -qxF -e "$directory" "$wanted" || [ -s "$late/$directory" ] || remove_claim "$directory"
  done <"$SCRATCH.claims"
}

# A machine without Kubernetes mounts nothing for pods; its keeper mounts the volume for itself.
mount_own() {
  live "$mount"
  seen=$?
  [ "$seen" != 0 ] || return 0
  ! is_late "$seen" || return # it is slow, not dead
  unmount "$mount"
  mkdir -p "$mount"
  attach "$name" "$mount"
}

# Tells helper pods whether to ask for quotas. Only the server does so: it has a keeper whatever the lab file says.
mark_quota() {
  if [ "$quota" = 0 ]; then
    [ ! -e "$mount/.kglab/quota" ] || rm -f "$mount/.kglab/quota"
  else
    [ -e "$mount/.kglab/quota" ] || echo on | write "$mount/.kglab/quota"
  fi
}

# One round for a volume.
work() {
  [ "$NODE" = 1 ] || mount_own || return
  live "$mount" || return 0
  [ "$SERVER" = 0 ] || mark_quota
  [ "$quota$dedicated" != 00 ] || return 0
  [ -z "$RANK" ] || requests
  [ "$dedicated$NODE" != 11 ] || mount_claims
  return 0
}

# Those that hung, the one that has waited longest first: a deadline may cut this off.
late() {
  ls -tr "$late" >"$SCRATCH.late"
  while IFS= read -r directory; do
    [ -s "$late/$directory" ] || continue
    if grep -qxF -e "$directory" "$wanted"; then bring "$directory"; else remove_claim "$directory"; fi
  done <"$SCRATCH.late"
}

# launch WORD... - runs the keeper with these arguments in the background. Nobody waits for it: its deadline ends it, and
# its lock stays with what cannot be ended.
launch() { setsid -f timeout -k 5 "$ROUND" sh "$0" "$@" </dev/null; }

# start - what is due for all volumes at second $1 of the keeper's life
start() {
  while IFS='|' read -r name _; do
    launch work "$name"
    ! grep -qsr hangs "$RUN/late/$name" || launch late "$name"
  done <"$KEEPER_TABLE"
  [ "$SERVER" = 0 ] || [ $(($1 % 15)) -ne 0 ] || launch refresh
}

mkdir -p "$RUN"
case ${1:-} in
  work | late | record)
    pick "${2:-}" || exit 2
    SCRATCH=$RUN/$1.$name.out
    late=$RUN/late/$name
    wanted=$RUN/wanted.$name
    mkdir -p "$late"
    locked "$1.$name" 0 "$1" "$2" "${3:-keep}"
    ;;
  catalogue) locked catalogue 50 catalogue prune ;;
  refresh) locked catalogue 0 catalogue keep ;;
  clear) clear ;;
  '')
    while IFS='|' read -r _ _ _ _ _ _ places _; do
      for place in $places; do
        [ "${place%%:*}" != "$(hostname)" ] || mkdir -p "${place#*:}"
      done
    done <"$KEEPER_TABLE"
    second=0
    while :; do
      start "$second"
      second=$((second + EVERY))
      sleep "$EVERY"
    done
    ;;
  *)
    say "$1 is not a command"
    exit 2
    ;;
esac
