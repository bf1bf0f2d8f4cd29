# shellcheck shell=sh
# Bricks, and glusterd's own state.

# brick_state BRICK FLAG - prints `missing`, `empty`, `unmarked` (content without a volume id), or the id of its volume;
# after an id `hollow` when it contains nothing but .glusterfs, and `unfilled` when the file FLAG exists
brick_state() {
  [ -d "$1" ] || {
    echo missing
    exit 0
  }
  id=$(getfattr --absolute-names -n trusted.glusterfs.volume-id -e hex --only-values "$1" 2>/dev/null | od -An -tx1 | tr -d ' \n')
  if [ -n "$id" ]; then
    echo "$id" "$(has_files "$1" || echo hollow)" "$([ ! -e "$2" ] || echo unfilled)"
  elif [ -z "$(ls -A "$1")" ]; then
    echo empty
  else
    echo unmarked
  fi
}

# has_files BRICK - besides Gluster's own
# shellcheck disable=SC2010 # only how names begin matters
has_files() { ls -A "$1" 2>/dev/null | grep -qv '^[.]glusterfs'; }

# clear_brick BRICK FLAG - creates an empty brick directory, and replaces one that has a volume id but no files. FLAG is
# on disk before Gluster can put a volume id on the directory.
clear_brick() {
  set -e
  mkdir -p "${2%/*}"
  : >"$2"
  sync "$2"
  has_files "$1" || rm -rf "$1"
  mkdir -p "$1"
}

# unmark_brick BRICK - removes the volume id, if it has one
unmark_brick() { setfattr -x trusted.glusterfs.volume-id "$1" 2>/dev/null || :; }

# restart_glusterd - on a machine whose bricks hold no data. Killing it saves the orderly stop, which can take 10 s, and
# loses nothing there.
restart_glusterd() {
  systemctl kill -s KILL glusterd.service 2>/dev/null
  exec systemctl restart glusterd.service
}

# restore_identity UUID VERSION BRICK... -- [UUID NAME]... - writes glusterd's state: UUID, op-version and the other
# members, in glusterd's own format for peers in state 3. The brick directories must exist when glusterd learns of the
# volumes. 17 when it has volumes of another pool. `peer probe` would work too, but glusterd never resumes an
# interrupted handshake.
restore_identity() {
  set -e
  dir=/var/lib/glusterd
  if ! grep -qx "UUID=$1" $dir/glusterd.info && [ -n "$(ls -A $dir/vols 2>/dev/null)" ]; then exit 17; fi
  uuid=$1 version=$2
  shift 2
  while [ "$1" != -- ]; do
    mkdir -p "$1"
    shift
  done
  shift
  systemctl kill -s KILL glusterd.service 2>/dev/null || :
  systemctl stop glusterd.service
  rm -rf $dir/peers/*
  while [ $# -gt 0 ]; do
    printf 'uuid=%s\nstate=3\nhostname1=%s\n' "$1" "$2" >"$dir/peers/$1"
    shift 2
  done
  printf 'UUID=%s\noperating-version=%s\n' "$uuid" "$version" >$dir/glusterd.info.kglab-new
  sync
  mv -f $dir/glusterd.info.kglab-new $dir/glusterd.info
  systemctl start glusterd
}
