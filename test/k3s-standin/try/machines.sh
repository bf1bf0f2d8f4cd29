# Two booted system containers for try.sh (sourced, bash): boot, run, cut the power, remove.
# Needs $work (a directory), $machine_root (a Debian tree), lib.sh.

BRIDGE=kgtry0
NETWORK=10.98.77
CONTROLLERS=(cpu cpuacct cpuset memory devices freezer blkio pids systemd unified)

address() { echo "$NETWORK.$((10 + ${1#kgtry}))"; }

make_bridge() {
  ip link add "$BRIDGE" type bridge
  ip addr add "$NETWORK.1/24" dev "$BRIDGE"
  ip link set "$BRIDGE" up
}

# What a machine needs from the host for Kubernetes: writable /proc/sys and, on a cgroup v1 host, writable controllers.
rw_unit() {
  cat <<'END'
[Unit]
Description=Make /proc/sys and the cgroup v1 controllers writable
DefaultDependencies=no
After=local-fs.target
Before=basic.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'mount -o remount,bind,rw /proc/sys; for d in /sys/fs/cgroup/*/; do mountpoint -q "$d" && mount -o remount,bind,rw "$d"; done; :'
END
}

seed_machine() { # NAME
  local name=$1 root=$work/$1/root
  echo "$name" >"$root/etc/hostname"
  : >"$root/etc/machine-id"
  rm -f "$root/etc/resolv.conf"
  : >"$root/etc/resolv.conf"
  printf '127.0.0.1 localhost\n%s kgtry1\n%s kgtry2\n' "$(address kgtry1)" "$(address kgtry2)" >"$root/etc/hosts"
  printf '[Match]\nName=host0\n[Network]\nAddress=%s/24\nGateway=%s.1\nLinkLocalAddressing=no\n' "$(address "$name")" "$NETWORK" >"$root/etc/systemd/network/10-host0.network"
  mkdir -p "$root/etc/systemd/system/sysinit.target.wants" "$root/etc/systemd/system.conf.d" "$root/opt/local-path-provisioner"
  ln -sf /dev/null "$root/etc/systemd/system/systemd-networkd-wait-online.service"
  rw_unit >"$root/etc/systemd/system/lab-rw.service"
  ln -sf ../lab-rw.service "$root/etc/systemd/system/sysinit.target.wants/"
  printf '[Manager]\nDefaultTimeoutStopSec=10s\n' >"$root/etc/systemd/system.conf.d/10-lab.conf"
}

own_cgroups() { # NAME - move this process into cgroups of its own, so that nspawn makes the machine's root there
  local controller group
  for controller in "${CONTROLLERS[@]}"; do
    [ -d "/sys/fs/cgroup/$controller" ] || continue
    group=/sys/fs/cgroup/$controller/kgtry-$1
    mkdir -p "$group"
    if [ "$controller" = cpuset ]; then
      cat /sys/fs/cgroup/cpuset/cpuset.cpus >"$group/cpuset.cpus"
      cat /sys/fs/cgroup/cpuset/cpuset.mems >"$group/cpuset.mems"
    fi
    echo "$BASHPID" >"$group/cgroup.procs"
  done
}

# boot NAME - kgtry1 keeps /var/lib/rancher on the host's file system (overlayfs snapshotter), kgtry2 on its
# overlay root (native snapshotter).
boot() {
  local name=$1 home=$work/$1 binds=()
  mkdir -p "$home"/{upper,overlay,root,rancher} "$work/shared"
  mountpoint -q "$home/root" || mount -t overlay overlay -o "lowerdir=$machine_root,upperdir=$home/upper,workdir=$home/overlay" "$home/root"
  [ -e "$home/root/etc/systemd/system/lab-rw.service" ] || seed_machine "$name"
  [ "$name" != kgtry1 ] || binds=(--bind="$home/rancher:/var/lib/rancher")
  (
    [ -e /sys/fs/cgroup/cgroup.controllers ] || own_cgroups "$name"
    scope=()
    [ ! -d /run/systemd/system ] || scope=(systemd-run --quiet --scope --collect --property=Delegate=yes "--unit=kgtry-$name")
    SYSTEMD_SECCOMP=0 exec setsid "${scope[@]}" systemd-nspawn --quiet --directory="$home/root" --machine="$name" --boot --register=no --keep-unit \
      --notify-ready=yes --network-bridge="$BRIDGE" --bind=/dev/fuse --bind=/dev/kmsg --capability=all \
      --bind="$work/shared:/opt/local-path-provisioner" "${binds[@]}" >"$home/console.log" 2>&1 </dev/null
  ) &
  echo $! >"$home/pid"
}

init_of() { # NAME - host pid of the machine's init: the only child of systemd-nspawn
  local nspawn
  nspawn=$(cat "$work/$1/pid" 2>/dev/null) || return 1
  pgrep -P "$nspawn" | head -1
}

on() { # NAME COMMAND...
  local init
  init=$(init_of "$1")
  [ -n "$init" ] || return 1
  shift
  nsenter -t "$init" -a -- "$@"
}

wait_booted() {
  local tries=0
  until on "$1" systemctl is-active --quiet multi-user.target 2>/dev/null; do
    [ $((tries++)) -lt 150 ] || fail "$1 did not boot: see $work/$1/console.log"
    sleep 0.2
  done
}

# cut_power NAME - killing init ends the whole pid namespace at once; killing systemd-nspawn would not.
cut_power() {
  local init tries=0
  init=$(init_of "$1") || return 0
  [ -z "$init" ] || kill -KILL "$init"
  while kill -0 "$(cat "$work/$1/pid")" 2>/dev/null && [ $((tries++)) -lt 100 ]; do sleep 0.1; done
}

remove_machine() {
  local controller
  [ ! -e "$work/$1/pid" ] || cut_power "$1"
  ! mountpoint -q "$work/$1/root" || umount -l "$work/$1/root"
  for controller in "${CONTROLLERS[@]}"; do
    [ ! -d "/sys/fs/cgroup/$controller/kgtry-$1" ] || find "/sys/fs/cgroup/$controller/kgtry-$1" -depth -type d -exec rmdir {} + 2>/dev/null
  done
  return 0
}
