# shellcheck shell=sh
# Mount points of volumes on the machines, and the units for them.

# mount_state PATH UNIT - prints `mounted SOURCE` or `unmounted`, `enabled` if it is mounted at boot, and `sealed` if the
# directory below the mount is immutable (seen in a private mount namespace without the volume)
mount_state() {
  if mounted "$1"; then
    grep " $1 fuse.glusterfs " /proc/self/mounts | tail -n 1 | { read -r source _ && echo "mounted $source"; }
  else
    echo unmounted
  fi
  ! systemctl is-enabled -q "$2" 2>/dev/null || echo enabled
  # shellcheck disable=SC2016 # the inner shell expands them
  unshare -m --propagation private sh -c 'umount -l "$1" 2>/dev/null; lsattr -d "$1" 2>/dev/null | cut -d" " -f1 | grep -q i && echo sealed' sh "$1"
  :
}

# seal PATH - makes the directory below the mount immutable; 17 when it contains files
seal() {
  ! mounted "$1" || exit 0
  umount -l "$1" 2>/dev/null
  mkdir -p "$1" && [ -z "$(ls -A "$1")" ] || exit 17
  chattr +i "$1"
}

# forget_mount PATH UNIT CLAIMS - unmounts a volume and removes what was created for its mount; directories with files
# stay
forget_mount() {
  systemctl disable -q --now "$2" 2>/dev/null
  umount -l "$1" 2>/dev/null
  rm -f "/etc/systemd/system/$2" || remains "the unit of the mount could not be removed: /etc/systemd/system/$2"
  systemctl daemon-reload
  ! mounted "$1" || remains "$1 is still mounted"
  umount -l "$3/.kglab" 2>/dev/null
  chattr -i "$1" "$3" "$3/.kglab" 2>/dev/null
  for dir in "$1" "$3/.kglab" "$3"; do
    [ ! -d "$dir" ] || rmdir "$dir" 2>/dev/null || [ -n "$(ls -A "$dir")" ] || remains "an empty directory could not be removed: $dir"
  done
}

remains() { # WHAT
  echo "$1" >&2
  exit 1
}

# enable_unit UNIT
enable_unit() { systemctl daemon-reload && systemctl enable -q "$1"; }

# restart_unit UNIT
restart_unit() { enable_unit "$1" && systemctl restart "$1"; }
