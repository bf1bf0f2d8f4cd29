#!/bin/bash
# try.sh [--keep] - build the release and try it for real: a server and an agent in two booted system containers,
# the provisioner on a shared directory, restarts, power cuts, wrong tokens, node passwords. Cleans up behind itself
# (with --keep: leaves the machines running and says how to get in).
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"
# shellcheck source=apt.sh
. "$here/apt.sh"
# shellcheck source=try/machines.sh
. "$here/try/machines.sh"

cache=${KGLAB_STANDIN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kglab-standin}
packages=systemd,systemd-sysv,dbus,openssl,zstd,iptables,conntrack,iproute2,util-linux,curl,ca-certificates,procps,kmod
machine_root=$cache/try-machine-$(echo "$packages" | sha256sum | cut -c1-12)
token=trysecret0123456789
failures=0

make_machine_root() {
  [ ! -e "$machine_root" ] || return 0
  say 'making the machine image'
  local options=(--aptopt='Acquire::Languages "none"' --aptopt='APT::Sandbox::User "root"') line
  while IFS= read -r line; do options+=(--aptopt="$line"); done < <(apt_options)
  debian_sources "$work/debian.list"
  rm -rf "$machine_root.part"
  mmdebstrap --quiet --mode=root --variant=minbase --format=directory --include="$packages" "${options[@]}" \
    --customize-hook='chroot "$1" systemctl enable systemd-networkd' bookworm "$machine_root.part" "$work/debian.list" >&2
  mv -T "$machine_root.part" "$machine_root"
}

# check TITLE COMMAND... - (set -e does not hold inside COMMAND: it has to return its failures) run COMMAND, say how long it took and whether it succeeded
check() {
  local title=$1 start
  shift
  start=$(date +%s.%N)
  if "$@" >"$work/output" 2>&1; then
    printf 'ok      %6.2f s  %s\n' "$(elapsed "$start")" "$title"
  else
    printf 'FAILED  %6.2f s  %s\n' "$(elapsed "$start")" "$title"
    sed 's/^/        | /' "$work/output" | tail -20
    failures=$((failures + 1))
  fi
}

elapsed() { awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN { print b - a }'; }

eventually() { # SECONDS COMMAND... - until it succeeds
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

kubectl() { on kgtry1 k3s kubectl "$@"; }

unit_text() { # server|agent - the unit that k3s's install.sh writes
  cat <<END
[Unit]
Description=Lightweight Kubernetes
Wants=network-online.target
After=network-online.target
[Install]
WantedBy=multi-user.target
[Service]
Type=notify
KillMode=process
Delegate=yes
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/local/bin/k3s $1
END
}

write_config() { # NAME TOKEN
  local extra
  if [ "$1" = kgtry1 ]; then
    extra=$'write-kubeconfig-mode: "0640"\ntls-san:\n  - kgtry1\ndisable: [local-storage, traefik]'
  else
    extra="server: https://$(address kgtry1):6443"
  fi
  printf 'token: "%s"\nnode-name: %s\nnode-ip: %s\n%s\n' "$2" "$1" "$(address "$1")" "$extra" |
    on "$1" sh -c 'mkdir -p /etc/rancher/k3s; umask 077; cat >/etc/rancher/k3s/config.yaml'
}

install_k3s() { # NAME UNIT ROLE
  on "$1" sh -c 'cat >/usr/local/bin/k3s; chmod 755 /usr/local/bin/k3s; mkdir -p /var/lib/rancher/k3s/agent/images' <"$release/k3s"
  on "$1" sh -c 'cat >/var/lib/rancher/k3s/agent/images/k3s-airgap-images-amd64.tar.zst' <"$release/k3s-airgap-images-amd64.tar.zst"
  write_config "$1" $token
  unit_text "$3" | on "$1" sh -c "cat >/etc/systemd/system/$2.service; systemctl daemon-reload; systemctl enable --quiet $2"
}

nodes_ready() {
  [ "$(kubectl get nodes 2>/dev/null | grep -c ' Ready ')" = 2 ]
}

node_ready() { kubectl get node "$1" 2>/dev/null | grep -q ' Ready '; }

start_cluster() {
  on kgtry1 systemctl start k3s & local server=$!
  on kgtry2 systemctl start k3s-agent & local agent=$!
  check 'server notified' wait $server
  check 'agent notified (after the server)' wait $agent
  check 'two nodes Ready' eventually 60 nodes_ready
}

supervisor_answers() {
  local url hash
  url=https://$(address kgtry1):6443
  [ "$(on kgtry2 curl -sk "$url/ping")" = pong ] || return 1
  hash=$(on kgtry2 curl -sk "$url/cacerts" | sha256sum | cut -d' ' -f1)
  [ "$(on kgtry1 cat /var/lib/rancher/k3s/server/node-token)" = "K10$hash::server:$token" ]
}

file_modes() {
  [ "$(on kgtry1 stat -c %a /etc/rancher/k3s/k3s.yaml /var/lib/rancher/k3s/server/token | tr '\n' ' ')" = '640 600 ' ]
}

apply() { kubectl apply -f - <"$here/try/$1"; }
pod_running() { [ "$(kubectl get pod writer -o 'jsonpath={.status.containerStatuses[0].state.running.startedAt}' 2>/dev/null)" ]; }
container_id() { kubectl get pod writer -o 'jsonpath={.status.containerStatuses[0].containerID}'; }
starts_recorded() { [ "$(cat "$work"/shared/pvc-*_default_shared/starts | wc -l)" = "$1" ]; }
volume_gone() { [ -z "$(kubectl get pv -o name)" ] && [ -z "$(ls "$work/shared")" ]; }

try_storage() {
  check 'local-path applied' apply local-path.yaml
  check 'provisioner rolled out' kubectl -n local-path-storage rollout status deploy/local-path-provisioner --timeout=60s
  check 'claim and pod applied' apply workload.yaml
  check 'pod running on the RWX claim' eventually 30 pod_running
  check 'its file is on the shared directory' starts_recorded 1
  check 'kubectl exec through the apiserver' kubectl exec writer -- cat /data/starts
}

pods_survive_restart() {
  local before since
  before=$(container_id)
  on kgtry2 systemctl restart k3s-agent || return 1
  on kgtry1 systemctl restart k3s || return 1
  since=$(date +%s)
  eventually 60 nodes_beat_since "$since" || return 1
  [ "$(container_id)" = "$before" ] && starts_recorded 1
}

# A Ready condition outlives its kubelet by 40 s, so after an outage only a heartbeat since then counts.
nodes_beat_since() { # EPOCH-SECONDS
  local beats status time
  beats=$(kubectl get nodes -o 'jsonpath={range .items[*]}{range .status.conditions[?(@.type=="Ready")]}{.status} {.lastHeartbeatTime}{"\n"}{end}{end}' 2>/dev/null)
  [ "$(wc -l <<<"$beats")" = 2 ] || return 1
  while read -r status time; do
    [ "$status" = True ] && [ "$(date -d "$time" +%s)" -gt "$1" ] || return 1
  done <<<"$beats"
}

# journal_says NAME UNIT SINCE TIMES TEXT - TEXT was logged at least TIMES times since SINCE
journal_says() {
  [ "$(on "$1" journalctl -u "$2" --since "@$3" --no-pager | grep -cF "$5")" -ge "$4" ]
}

start_in_vain() { # the agent is not going to be ready; sets `since`
  since=$(date +%s)
  on kgtry2 systemctl start --no-block k3s-agent
}

try_tokens() {
  on kgtry2 systemctl stop k3s-agent
  write_config kgtry2 wrong
  start_in_vain
  check 'a wrong token is refused, again and again' eventually 30 journal_says kgtry2 k3s-agent "$since" 3 'Failed to validate connection to cluster'
  on kgtry2 systemctl stop k3s-agent
  write_config kgtry2 "K10$(printf %064d 0)::server:$token"
  start_in_vain
  check 'a wrong CA hash is fatal' eventually 15 journal_says kgtry2 k3s-agent "$since" 1 'token CA hash does not match the Cluster CA certificate hash'
  on kgtry2 systemctl stop k3s-agent
  write_config kgtry2 "$(on kgtry1 cat /var/lib/rancher/k3s/server/token)"
  check 'the full token is accepted' on kgtry2 systemctl start k3s-agent
}

try_node_password() {
  on kgtry2 systemctl stop k3s-agent
  on kgtry2 sh -c 'echo another >/etc/rancher/node/password'
  start_in_vain
  check 'another machine of the same name is refused, again and again' eventually 30 journal_says kgtry2 k3s-agent "$since" 3 "Node password rejected, duplicate hostname or contents of '/etc/rancher/node/password' may not match server node-passwd entry"
  kubectl delete node kgtry2 >/dev/null
  check 'and accepted once the node is deleted' eventually 20 on kgtry2 systemctl is-active --quiet k3s-agent
  check 'node Ready again' eventually 30 node_ready kgtry2
}

try_power_cuts() {
  cut_power kgtry2
  boot kgtry2
  check 'agent back by itself after a power cut' eventually 60 on kgtry2 systemctl is-active --quiet k3s-agent
  check 'its pod was started again' eventually 60 starts_recorded 2
  cut_power kgtry1
  since=$(date +%s)
  boot kgtry1
  check 'server back by itself after a power cut' eventually 60 on kgtry1 systemctl is-active --quiet k3s
  check 'both nodes report again' eventually 60 nodes_beat_since "$since"
}

try_deletion() {
  kubectl delete pod writer >/dev/null
  check 'claim deleted' kubectl delete pvc shared
  check 'volume and directory gone' eventually 30 volume_gone
}

clean_up() {
  local status=$?
  if [ "${keep:-}" = yes ]; then
    say "kept: $work; get in with: nsenter -t \$(pgrep -P \$(cat $work/kgtry1/pid)) -a"
    exit $status
  fi
  remove_machine kgtry1
  remove_machine kgtry2
  ip link del "$BRIDGE" 2>/dev/null || true
  rm -rf "$work"
  exit $status
}

[ "${1:-}" != --keep ] || keep=yes
need_tools mmdebstrap:mmdebstrap systemd-nspawn:systemd-container ip:iproute2 nsenter:util-linux
release=$("$here/build.sh" | tail -1)
mkdir -p "$cache"
work=$(mktemp -d "$cache/try.XXXXXX") # not below /tmp: it may be a tmpfs, and images want room
trap clean_up EXIT
make_machine_root
make_bridge
boot kgtry1
boot kgtry2
wait_booted kgtry1
wait_booted kgtry2
say 'machines booted'
check '--version without unpacking' test "$("$release/k3s" --version | head -1)" = 'k3s version v1.20.2+k3s1 (standin)'
install_k3s kgtry1 k3s server
install_k3s kgtry2 k3s-agent agent
start_cluster
check '/ping and /cacerts' supervisor_answers
check 'file modes' file_modes
try_storage
check 'containers survive service restarts' pods_survive_restart
try_tokens
try_power_cuts
try_node_password
try_deletion
say "$failures failed"
[ "$failures" = 0 ]
