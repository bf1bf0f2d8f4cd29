# shellcheck shell=sh
# Mounts of volumes on the host, for `kglab mount` and `kglab umount`. NOTED is a path as mountinfo has it.

has_client() { command -v mount.glusterfs unshare findmnt; }

# check_place PATH NOTED - whether something may be mounted there; what is there is not kglab's and is not touched
check_place() {
  ! is_mount_point "$2" || refuse "$1 is a mount point already"
  [ ! -e "$1" ] || [ -d "$1" ] || refuse "$1 is not a directory"
  [ ! -d "$1" ] || [ -z "$(ls -A "$1")" ] || refuse "$1 is not empty"
}

refuse() { # REASON
  echo "$1" >&2
  exit 1
}

# is_mount_point NOTED
is_mount_point() { cut -d ' ' -f 5 /proc/self/mountinfo | grep -Fxq -e "$1"; }

# mount_volume PATH VOLUME HOSTS OPTIONS SERVER - bricks go by the names of machines, which the host need not know: the
# client lives in a mount namespace with /etc/hosts from the file HOSTS. PATH is made a shared mount of its own first,
# through which the mount comes to the host; the rest of the tree only follows the host, so nothing else gets out, and
# whatever the host unmounts is unmounted there too.
mount_volume() {
  set -e
  mkdir -p "$1"
  mount --bind "$1" "$1"
  mount --make-private "$1"
  mount --make-shared "$1"
  # shellcheck disable=SC2016 # the inner shell expands them
  unshare -m --propagation unchanged sh -c '
    set -e
    mount --make-slave "$(findmnt -nro TARGET -T /etc/hosts | tail -n 1)"
    mount --bind "$3" /etc/hosts
    mount -t glusterfs -o "$4" "$5:/$2" "$1"
  ' sh "$@" || {
    umount "$1"
    rmdir "$1" 2>/dev/null
    exit 1
  }
}

# unmount PATH -l|-- NOTED - unmounts both layers, with -l at once; removes the directory when it is empty. A mount whose
# client is dead is a mount all the same, and cannot be looked at: mountinfo knows.
unmount() {
  while is_mount_point "$3"; do umount "$2" "$1" || exit 1; done
  rmdir "$1" 2>/dev/null || :
}

# undo_mount PATH -l NOTED - ends the Gluster clients for PATH first. mount.glusterfs starts its client as a daemon, in a
# session of its own: one that is not ended mounts a moment later.
undo_mount() {
  left=50
  while
    pids=$(clients_of "$1")
    [ -n "$pids" ]
  do
    # shellcheck disable=SC2086 # a list of numbers
    [ "$left" -gt 0 ] || {
      kill -KILL $pids 2>/dev/null
      break
    }
    # shellcheck disable=SC2086 # a list of numbers
    kill $pids 2>/dev/null
    left=$((left - 1))
    sleep 0.1
  done
  unmount "$@"
}

clients_of() { # PATH
  # shellcheck disable=SC2013 # these names have no blanks
  for file in $(grep -lsaxzF -e "$1" /proc/[0-9]*/cmdline); do
    name=$(tr '\0' '\n' 2>/dev/null <"$file" | head -n 1)
    [ "${name##*/}" != glusterfs ] || echo "$file" | cut -d / -f 3
  done
}
