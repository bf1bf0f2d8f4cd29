# The pod network: a bridge on every node and a route to every other node (what flannel calls host-gw).
# A node's pod network is <first two octets of cluster-cidr>.<last octet of the node's address>.0/24, so that
# an agent knows it before it has joined.

pod_network() { # NODE-ADDRESS CLUSTER-CIDR
  echo "$(cut -d. -f1-2 <<<"$2").${1##*.}.0/24"
}

setup_pod_network() { # CLUSTER-CIDR
  local network conf=$AGENT/etc/cni/net.d/10-k3s.conflist
  network=$(pod_network "$IP" "$1")
  cat >"$conf.new" <<END
{
  "cniVersion": "0.3.1",
  "name": "cbr0",
  "plugins": [
    {
      "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
      "ipam": {
        "type": "host-local", "dataDir": "/run/k3s/cni",
        "ranges": [[{"subnet": "$network"}]], "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
END
  mv "$conf.new" "$conf"
  echo 1 >/proc/sys/net/ipv4/ip_forward
  iptables -P FORWARD ACCEPT
  iptables -t nat -C POSTROUTING -s "$network" ! -d "$1" -j MASQUERADE 2>/dev/null ||
    iptables -t nat -A POSTROUTING -s "$network" ! -d "$1" -j MASQUERADE
}

# routes KUBECONFIG NODE - keep a route to the pod network of every other node
loop_routes() {
  local kubeconfig=$1 own=$2 name network gateway
  while :; do
    while read -r name network gateway; do
      [ -n "$gateway" ] && [ "$name" != "$own" ] || continue
      ip route replace "$network" via "$gateway"
    done < <(watch_nodes "$kubeconfig" '{.metadata.name} {.spec.podCIDR} {.status.addresses[?(@.type=="InternalIP")].address}{"\n"}')
    sleep 1
  done
}

# watch_nodes KUBECONFIG JSONPATH [FLAGS] - one line for every node now, and one more at every change. For use in
# a process substitution: it becomes kubectl, which dies with the loop.
watch_nodes() {
  local kubeconfig=$1 path=$2
  shift 2
  exec setpriv --pdeathsig KILL -- kubectl --kubeconfig="$kubeconfig" get nodes --watch -o "jsonpath=$path" "$@" </dev/null
}
