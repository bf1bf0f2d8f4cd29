# shellcheck shell=sh
# k3s on a machine: its unit, its configuration, its pods, its state.

# show_k3s UNIT FLAG - prints the state of the unit, with times in UTC, and `restart` when restart request FLAG exists
show_k3s() {
  TZ=UTC systemctl show -p ActiveState,UnitFileState,NRestarts,ExecMainStartTimestamp "$1"
  [ ! -e "$2" ] || echo restart
}

# start_k3s UNIT FLAG - starts the unit, or restarts it when FLAG exists, which is removed afterwards. For a server it
# waits until k3s notifies systemd. It fails when the first try fails, although systemd tries again. reset-failed makes
# systemd count restarts from 0.
start_k3s() {
  systemctl enable -q "$1"
  systemctl reset-failed "$1" 2>/dev/null
  if [ -e "$2" ]; then job=restart; else job=start; fi
  systemctl "$job" "$1"
  code=$?
  rm -f "$2"
  exit "$code"
}

# node_facts ADDRESS FILE... - prints the interface that carries ADDRESS, the version of cgroups, and the checksums of
# the files that exist
node_facts() {
  ip -o -4 addr show | while read -r _ iface _ cidr _; do
    [ "${cidr%/*}" != "$1" ] || echo "iface $iface"
  done
  if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then echo "cgroup v2"; else echo "cgroup v1"; fi
  shift
  sha256sum "$@" 2>/dev/null || :
}

# request_restart - of k3s, before its configuration changes
request_restart() { mkdir -p /etc/rancher/k3s && : >"$K3S_RESTART"; }

# begin_install - makes the directories, requests a restart of k3s, which it needs for a new program and to import image
# archives, and removes the note of what is installed
begin_install() { mkdir -p "$K3S_IMAGES" /etc/kglab /etc/rancher/k3s && : >"$K3S_RESTART" && rm -f "$K3S_STAMP"; }

# check_sum SUM FILE
check_sum() { echo "$1  $2" | sha256sum -c --quiet; }

# certificate FILE - prints a certificate if there is one
certificate() { cat "$1" 2>/dev/null || :; }

# end_pods - stops k3s (pods outlive that, as KillMode=process means them to) and then ends the pods as a kubelet does:
# SIGTERM to the first process of every container, so that a database ends in order. After 6 s the rest is killed: agents
# and server take turns in a stop, and nobody waits for the 30 s of a kubelet. First what would start it again. The pause
# containers hold a pod's namespaces together and go last.
end_pods() {
  for unit in k3s k3s-agent; do systemctl stop $unit 2>/dev/null; done
  pids=$(first_processes)
  # shellcheck disable=SC2086 # a list of numbers
  [ -z "$pids" ] || kill -TERM $pids 2>/dev/null
  looks=0
  while [ "$looks" -lt 12 ] && [ -n "$(first_processes)" ]; do
    sleep 0.5
    looks=$((looks + 1))
  done
  pkill -KILL -x containerd-shim
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    pids=$(pod_processes)
    [ -n "$pids" ] || break
    # shellcheck disable=SC2086 # a list of numbers
    kill -KILL $pids 2>/dev/null
    sleep 0.2
  done
  :
}

pod_processes() { find /sys/fs/cgroup -path '*kubepods*' -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u; }

# first_processes - of every container but the pause containers
first_processes() {
  for pid in $(pod_processes); do
    grep -qs '^NSpid:.*[[:space:]]1$' "/proc/$pid/status" || continue
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = pause ] || echo "$pid"
  done
}

# has_cluster - the machine has state of a cluster
has_cluster() {
  [ -e /etc/rancher/node/password ] || [ -d /var/lib/rancher/k3s/server ] || [ -e /var/lib/rancher/k3s/agent/server-ca.crt ]
}

# clear_cluster MOUNT... - removes the cluster from a machine: pods, state, identity, mounts, network links and firewall
# rules, but not the image archives, the configuration and the program. 19 when a volume is mounted inside the folders
# to remove, 18 when something is still mounted there. The server's state goes first, by a rename, so that it is never
# half removed.
clear_cluster() {
  end_pods
  for path in "$@"; do
    case "$path/" in /var/lib/kubelet/* | /var/lib/rancher/* | /run/k3s/*) exit 19 ;; esac
  done
  for path in $(k3s_mounts); do umount "$path" 2>/dev/null || umount -l "$path"; done
  [ -z "$(k3s_mounts)" ] || {
    k3s_mounts >&2
    exit 18
  }
  cd /var/lib/rancher/k3s 2>/dev/null || cd /
  if [ "$PWD" = /var/lib/rancher/k3s ]; then
    [ ! -e server ] || { rm -rf gone && mv server gone; }
    find . -mindepth 1 -maxdepth 1 ! -name agent -exec rm -rf --one-file-system {} +
    [ ! -d agent ] || find agent -mindepth 1 -maxdepth 1 ! -name images -exec rm -rf --one-file-system {} +
  fi
  [ ! -d /var/lib/kubelet ] || find /var/lib/kubelet -mindepth 1 -maxdepth 1 -exec rm -rf --one-file-system {} +
  rm -rf --one-file-system /etc/rancher/node /run/k3s /run/flannel /run/netns/cni-* /var/lib/cni /var/log/pods /var/log/containers
  for link in cni0 flannel.1 flannel-v6.1 flannel-wg; do ip link delete "$link" 2>/dev/null; done
  for tables in iptables ip6tables; do
    command -v $tables-save >/dev/null || continue
    $tables-save 2>/dev/null | grep -v -e KUBE- -e CNI- | grep -iv flannel | $tables-restore 2>/dev/null
  done
  rm -f "$K3S_RESTART"
  :
}

k3s_mounts() {
  cut -d' ' -f2 /proc/self/mounts | grep -E '^(/run/k3s|/run/netns/cni-|/var/lib/kubelet/|/var/lib/rancher/k3s/)' | sort -ru
}
