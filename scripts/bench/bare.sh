#!/bin/bash
# The yardstick for `kglab up`: the same machines, volume, cluster, provisioner and smoke test, by a bare shell script
# that runs only the commands, in parallel by hand, and checks nothing. Prints the seconds it took.
# usage: bare.sh ROOTFS RELEASE_DIR TEMPLATES_DIR     (root; leaves nothing behind)
set -euo pipefail
image=$1 release=$2 templates=$3
work=$(mktemp -d /var/tmp/kglab-bare-XXXXXX)
bridge=kgbare0
net=10.64.201
mount=/opt/local-path-provisioner
nodes=(bare1 bare2 bare3)
groups=()
for tree in /sys/fs/cgroup/*/; do [ -e "$tree/cgroup.procs" ] && groups+=("${tree%/}"); done
[ -e /sys/fs/cgroup/cgroup.controllers ] && groups=(/sys/fs/cgroup)

init_of() { pgrep -P "$(cat "$work/$1/pid")" 2>/dev/null | head -n 1; }
in_() { local node=$1; shift; nsenter -t "$(init_of "$node")" -m -u -i -n -p -C -r -w -- "$@"; }
k() { in_ bare1 k3s kubectl "$@"; }

tidy() {
  set +e
  for node in "${nodes[@]}"; do kill -9 "$(init_of "$node")" 2>/dev/null; done
  for node in "${nodes[@]}"; do
    while kill -0 "$(cat "$work/$node/pid" 2>/dev/null)" 2>/dev/null; do sleep 0.1; done
    umount "$work/$node/root"
    for tree in "${groups[@]}"; do find "$tree/kgbare-$node" -depth -type d -exec rmdir {} \; ; done
  done 2>/dev/null
  ip link del "$bridge" 2>/dev/null
  rm -rf "$work"
}
trap tidy EXIT

seed() { # node address
  local up=$work/$1/upper at=$work/$1/upper/var/lib/cloud/seed/nocloud
  mkdir -p "$at" "$up/etc" "$work/$1"/{work,root,rancher,kubelet,data}
  printf '#cloud-config\nhostname: %s\nmanage_etc_hosts: false\nlocale: false\n' "$1" > "$at/user-data"
  printf 'instance-id: %s\nlocal-hostname: %s\n' "$1" "$1" > "$at/meta-data"
  printf 'version: 2\nethernets:\n  host0: {addresses: [%s/24], gateway4: %s.1, dhcp4: false, link-local: [], optional: true}\n' "$2" "$net" > "$at/network-config"
  printf '127.0.0.1 localhost\n%s.11 bare1\n%s.12 bare2\n%s.13 bare3\n' "$net" "$net" "$net" > "$up/etc/hosts"
  : > "$up/etc/resolv.conf"
  echo "$1" > "$up/etc/hostname"
  head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$up/etc/machine-id"
  mount -t overlay kgbare -o "lowerdir=$image,upperdir=$up,workdir=$work/$1/work" "$work/$1/root"
}

boot() { # node
  for tree in "${groups[@]}"; do
    mkdir -p "$tree/kgbare-$1"
    case $tree in */cpuset) cat "$tree/cpuset.cpus" > "$tree/kgbare-$1/cpuset.cpus"; cat "$tree/cpuset.mems" > "$tree/kgbare-$1/cpuset.mems";; esac
  done
  setsid bash -c '
    for tree in '"${groups[*]}"'; do echo $$ > "$tree/kgbare-$1/cgroup.procs"; done
    echo $$ > "$2/$1/pid"
    export SYSTEMD_SECCOMP=0
    exec systemd-nspawn -D "$2/$1/root" -M "$1" --boot --quiet --register=no --keep-unit --notify-ready=yes \
      --network-bridge='"$bridge"' --resolv-conf=off --timezone=off --link-journal=no --capability=all \
      --bind=/dev/fuse --bind=/dev/kmsg --bind="$2/$1/rancher:/var/lib/rancher" --bind="$2/$1/kubelet:/var/lib/kubelet" --bind="$2/$1/data:/data"
  ' bash "$1" "$work" < /dev/null > "$work/$1/log" 2>&1 &
}

booted() { # node
  until [ -s "$work/$1/pid" ] && [ -n "$(init_of "$1")" ] && in_ "$1" test -e /run/cloud-init/result.json -a -e /var/lib/cloud/instance/boot-finished 2>/dev/null; do sleep 0.2; done
  in_ "$1" systemctl enable -q --now glusterd
}

install_k3s() { # node
  in_ "$1" sh -c 'cat > /usr/local/bin/k3s; chmod 755 /usr/local/bin/k3s' < "$release/k3s"
  in_ "$1" sh -c 'mkdir -p /var/lib/rancher/k3s/agent/images /etc/rancher/k3s; cat > /var/lib/rancher/k3s/agent/images/images.tar.zst' < "$release"/k3s-airgap-images-amd64.tar.zst
  local role=agent type=exec unit=k3s-agent extra="server: https://bare1:6443" address="$net.1${1#bare}"
  if [ "$1" = bare1 ]; then role=server type=notify unit=k3s extra=$'tls-san: [bare1]\ndisable: [local-storage, traefik, servicelb, metrics-server]'; fi
  printf 'token: benchbenchbench\nnode-name: %s\nnode-ip: %s\n%s\n' "$1" "$address" "$extra" | in_ "$1" sh -c 'umask 077; cat > /etc/rancher/k3s/config.yaml'
  sed "s#{{mountUnits}}##; s#^ExecStartPre={{guard}}.*##; s#{{role}}#$role#; s#{{type}}#$type#" "$templates/k3s.service" | in_ "$1" sh -c "cat > /etc/systemd/system/$unit.service; systemctl daemon-reload; systemctl enable -q $unit"
}

volume() {
  in_ bare1 gluster --mode=script peer probe bare2
  in_ bare1 gluster --mode=script peer probe bare3
  in_ bare2 gluster --mode=script peer probe bare1
  for node in "${nodes[@]}"; do
    until [ "$(in_ "$node" gluster --mode=script peer status | grep -c 'Peer in Cluster (Connected)')" = 2 ]; do sleep 0.2; done
    in_ "$node" mkdir -p /data/brick/gv0 "$mount"
  done
  in_ bare1 gluster --mode=script volume create gv0 replica 3 bare1:/data/brick/gv0 bare2:/data/brick/gv0 bare3:/data/brick/gv0 force
  in_ bare1 gluster --mode=script volume set gv0 cluster.heal-timeout 60
  in_ bare1 gluster --mode=script volume start gv0
}

mount_on() { # node
  until in_ "$1" mount -t glusterfs -o attribute-timeout=0,entry-timeout=0 localhost:/gv0 "$mount" 2>/dev/null; do sleep 0.3; done
}

start_k3s() { in_ "$1" systemctl start "$([ "$1" = bare1 ] && echo k3s || echo k3s-agent)"; }

manifest() {
  local images=$release/k3s-images.txt
  sed "s#{{namespace}}#local-path-storage#; s#{{image}}#$(grep local-path-provisioner "$images")#; s#{{helperImage}}#$(grep -m 1 mirrored-library-busybox "$images")#; s#{{config}}#{\"sharedFileSystemPath\":\"$mount\"}#; s#{{configSum}}#bench#; s#{{setup}}#mkdir -m 0777 -p \"\$VOL_DIR\"#; s#{{teardown}}#rm -rf \"\$VOL_DIR\"#" "$templates/local-path-provisioner.yaml"
  printf -- '---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: local-path}\nprovisioner: rancher.io/local-path\nvolumeBindingMode: WaitForFirstConsumer\n'
}

fill() { # template node
  sed "s#{{namespace}}#smoke#; s#{{storageClass}}#local-path#; s#{{image}}#$(grep -m 1 mirrored-library-busybox "$release/k3s-images.txt")#; s#{{proof}}#proof#; s#{{node}}#$2#" "$templates/$1"
}

smoke() {
  k create namespace smoke
  until k -n smoke get serviceaccount default; do sleep 0.2; done
  fill smoke-writer.yaml bare3 | k apply -f -
  until [ "$(k -n smoke get pod writer -o 'jsonpath={.status.phase}')" = Succeeded ]; do sleep 0.3; done
  local pv; pv=$(k -n smoke get pvc proof -o 'jsonpath={.spec.volumeName}')
  fill smoke-reader.yaml bare1 | k apply -f -
  for node in "${nodes[@]}"; do until in_ "$node" grep -q proof "$mount/${pv}_smoke_proof/proof"; do sleep 0.2; done; done
  until [ "$(k -n smoke get pod reader -o 'jsonpath={.status.phase}')" = Succeeded ]; do sleep 0.3; done
  k -n smoke delete pod/writer pod/reader pvc/proof --now --wait=false
  while k get pv "$pv"; do sleep 0.3; done
  k delete namespace smoke
}

main() {
  ip link add "$bridge" type bridge
  ip addr add "$net.1/24" dev "$bridge"
  ip link set "$bridge" up
  local number=11 waits=()
  for node in "${nodes[@]}"; do seed "$node" "$net.$number"; boot "$node"; number=$((number + 1)); done
  for node in "${nodes[@]}"; do booted "$node" & waits+=($!); done
  wait "${waits[@]}"
  waits=()
  for node in "${nodes[@]}"; do install_k3s "$node" & waits+=($!); done
  volume
  for node in "${nodes[@]}"; do mount_on "$node" & waits+=($!); done
  wait "${waits[@]}"
  waits=()
  for node in "${nodes[@]}"; do start_k3s "$node" & waits+=($!); done
  wait "${waits[@]}"
  until [ "$(k get nodes -o name | wc -l)" = 3 ]; do sleep 0.3; done
  k wait --for=condition=Ready node --all --timeout=120s
  manifest | k apply -f -
  k -n local-path-storage rollout status deployment/local-path-provisioner --timeout=120s
  smoke
}

began=$(date +%s.%N)
main > "$work/output" 2>&1 || { tail -n 20 "$work/output" >&2; exit 1; }
awk -v a="$began" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f\n", b - a }'
