# Nodes: the server's housekeeping of node objects, and the node passwords that keep a second machine from
# taking a node's name. As in k3s, the first machine of a name stores a hash of its password in the Secret
# kube-system/<node>.node-password.k3s, and deleting the node deletes the Secret.

NODE_PASSWORD=/etc/rancher/node/password
REJECTED="Node password rejected, duplicate hostname or contents of '$NODE_PASSWORD' may not match server node-passwd entry, try enabling a unique node name with the --with-node-id flag"

node_password() {
  [ -s $NODE_PASSWORD ] || od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >$NODE_PASSWORD
  cat $NODE_PASSWORD
}

password_hash() { # SALT PASSWORD
  printf '%s:%s' "$1" "$(printf '%s%s' "$1" "$2" | sha256sum | cut -d' ' -f1)"
}

# claim_node_name - 0 when the name is ours, 1 when it is another machine's, 2 when the server did not answer.
# Calls `server_kubectl` of agent.sh.
claim_node_name() {
  local secret=$NAME.node-password.k3s answer stored
  if answer=$(server_kubectl get --raw "/api/v1/namespaces/kube-system/secrets/$secret" 2>&1); then
    stored=$(sed -n 's/.*"hash": *"\([^"]*\)".*/\1/p' <<<"$answer" | base64 -d)
    [ "$stored" = "$(password_hash "${stored%%:*}" "$(node_password)")" ]
  elif [[ $answer == *'not found'* ]]; then
    stored=$(password_hash "$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')" "$(node_password)")
    server_kubectl -n kube-system create secret generic "$secret" --from-literal=hash="$stored" >/dev/null 2>&1 || return 2
  else
    return 2
  fi
}

wait_for_node_name() {
  while :; do
    check_children
    claim_node_name
    case $? in
      0) return ;;
      1) log error "Waiting to retrieve agent configuration; server is not ready: $REJECTED"; sleep 5 ;;
      *) sleep 1 ;;
    esac
  done
}

# nodes KUBECONFIG CLUSTER-CIDR - on the server: record every node's pod network in its object (the
# controller manager's nodeipam would do it, but sleeps 10 s first) and forget the passwords of deleted nodes.
loop_nodes() {
  local kubeconfig=$1 cidr=$2 event name address network
  while :; do
    while read -r event name address network; do
      case $event in
        DELETED) kubectl --kubeconfig="$kubeconfig" -n kube-system delete secret "$name.node-password.k3s" --ignore-not-found ;;
        *) [ -z "$address" ] || [ -n "$network" ] || record_pod_network "$kubeconfig" "$name" "$(pod_network "$address" "$cidr")" ;;
      esac
    done < <(watch_nodes "$kubeconfig" '{.type} {.object.metadata.name} {.object.status.addresses[?(@.type=="InternalIP")].address} {.object.spec.podCIDR}{"\n"}' --output-watch-events)
    sleep 0.5
  done
}

record_pod_network() { # KUBECONFIG NODE NETWORK
  kubectl --kubeconfig="$1" patch node "$2" -p "{\"spec\":{\"podCIDR\":\"$3\",\"podCIDRs\":[\"$3\"]}}"
}
