# A node: join the cluster, then kubelet, kube-proxy and the pod network.

start_agent() {
  [ -n "${CONFIG[server]:-}" ] || fatal '--server is required'
  [ -n "${CONFIG[token]:-}" ] || fatal '--token is required'
  URL=${CONFIG[server]%/}
  fetch_server_ca
  prove_token
  wait_for_node_name
  wait "$IMPORT"
  setup_pod_network "$(join_value clusterCIDR)"
  start_kubelet
  start_proxy
  run_loop routes "$AGENT/kubelet.kubeconfig" "$NAME"
}

# A user name is given because kubectl without any credentials asks for one; the server ignores it.
anonymous_kubectl() {
  kubectl --kubeconfig=/dev/null --server="$URL" --insecure-skip-tls-verify=true --username=anonymous --password=none "$@" </dev/null
}

server_kubectl() { # with the token
  kubectl --kubeconfig=/dev/null --server="$URL" --certificate-authority="$AGENT/server-ca.crt" \
    --token="$(secret_of "${CONFIG[token]}")" --cache-dir="$AGENT/cache" "$@" </dev/null
}

fetch_server_ca() {
  local tries=0 hash
  until anonymous_kubectl get --raw /cacerts >"$AGENT/server-ca.new" 2>"$AGENT/join.err" && [ -s "$AGENT/server-ca.new" ]; do
    check_children
    [ $((tries++ % 20)) -ne 0 ] || log error "Waiting to retrieve agent configuration; server is not ready: $URL: $(head -c 200 "$AGENT/join.err")"
    sleep 0.5
  done
  if [[ ${CONFIG[token]} == K10*::* ]]; then
    hash=${CONFIG[token]#K10} hash=${hash%%::*}
    [ "$hash" = "$(sha256sum <"$AGENT/server-ca.new" | cut -d' ' -f1)" ] ||
      fatal "failed to validate token: token CA hash does not match the Cluster CA certificate hash: $hash"
  fi
  mv "$AGENT/server-ca.new" "$AGENT/server-ca.crt"
}

# prove_token - read the join data with the token; a wrong one is tried for ever, as k3s does.
prove_token() {
  local reason tries=0
  until server_kubectl get --raw /api/v1/namespaces/kube-system/configmaps/k3s-join >"$AGENT/join.json" 2>"$AGENT/join.err"; do
    check_children
    reason=$(head -c 300 "$AGENT/join.err")
    if [[ $reason == *Unauthorized* ]]; then
      log error "Failed to validate connection to cluster at $URL: $reason"
      sleep 5
    else
      [ $((tries++ % 20)) -ne 0 ] || log error "Waiting to retrieve agent configuration; server is not ready: $reason"
      sleep 0.5
    fi
  done
  forget_other_cluster
}

join_value() { printf '%b' "$(sed -n 's/.*"'"${1//./\\.}"'": *"\([^"]*\)".*/\1/p' "$AGENT/join.json" | head -1)"; }

# forget_other_cluster - a kubelet certificate of another cluster or node name would be used for ever
forget_other_cluster() {
  local identity
  join_value client-ca.crt >"$AGENT/client-ca.crt"
  identity="$(sha256sum <"$AGENT/client-ca.crt" | cut -d' ' -f1) $NAME"
  [ "$(cat "$AGENT/identity" 2>/dev/null)" = "$identity" ] || rm -rf "$AGENT/kubelet.kubeconfig" "$AGENT"/pki/*
  echo "$identity" >"$AGENT/identity"
}

# Without a name server the kubelet gets a file of its own: one that refuses at once.
resolv_conf() {
  local file=${CONFIG[resolv-conf]:-/etc/resolv.conf}
  grep -qs '^nameserver' "$file" || { file=$AGENT/etc/resolv.conf; echo 'nameserver 127.0.0.1' >"$file"; }
  echo "$file"
}

# rotateCertificates false: with true the kubelet registers before it has its certificate and backs off 7 s.
# imageGCHighThresholdPercent 100: an image that was removed could not be pulled again.
kubelet_configuration() {
  cat <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: "$AGENT/client-ca.crt"}}
authorization: {mode: Webhook}
failSwapOn: false
cgroupDriver: cgroupfs
enforceNodeAllocatable: []
rotateCertificates: false
nodeStatusUpdateFrequency: 4s
clusterDNS: ["${SERVICE_CIDR%.*}.10"]
clusterDomain: cluster.local
serializeImagePulls: false
readOnlyPort: 0
healthzBindAddress: 127.0.0.1
evictionHard: {imagefs.available: "5%", nodefs.available: "5%"}
imageGCHighThresholdPercent: 100
END
}

bootstrap_kubeconfig() {
  cat <<END
apiVersion: v1
kind: Config
clusters: [{name: default, cluster: {server: "$URL", certificate-authority: "$AGENT/server-ca.crt"}}]
users: [{name: default, user: {token: "$(secret_of "${CONFIG[token]}")"}}]
contexts: [{name: default, context: {cluster: default, user: default}}]
current-context: default
END
}

# The server signs its own kubelet's certificate; an agent's kubelet asks for one with the token.
kubelet_identity() {
  if [ "$ROLE" = server ]; then
    cp "$CRED/kubelet.kubeconfig" "$AGENT/kubelet.kubeconfig"
  else
    bootstrap_kubeconfig >"$AGENT/etc/bootstrap.kubeconfig"
    echo "--bootstrap-kubeconfig=$AGENT/etc/bootstrap.kubeconfig"
  fi
}

has_kubelet_identity() {
  # The kubeconfig appears before the certificate that it names; kube-proxy needs both.
  [ -s "$AGENT/kubelet.kubeconfig" ] && { [ "$ROLE" = server ] || [ -s "$AGENT/pki/kubelet-client-current.pem" ]; }
}

start_kubelet() {
  local labels taints
  kubelet_configuration >"$AGENT/etc/kubelet.yaml"
  labels=node.kubernetes.io/instance-type=k3s,$(list node-label | paste -sd,)
  taints=$(list node-taint | paste -sd,)
  # shellcheck disable=SC2046
  run kubelet kubelet --kubeconfig="$AGENT/kubelet.kubeconfig" $(kubelet_identity) --cert-dir="$AGENT/pki" \
    --config="$AGENT/etc/kubelet.yaml" --container-runtime=remote --container-runtime-endpoint="unix://$SOCKET" --containerd="$SOCKET" \
    --hostname-override="$NAME" --node-ip="$IP" --resolv-conf="$(resolv_conf)" --node-labels="${labels%,}" \
    ${taints:+--register-with-taints="$taints"} $(arguments kubelet-arg)
  wait_until 'the kubelet credentials' 300 has_kubelet_identity
}

start_proxy() {
  # shellcheck disable=SC2046
  run kube-proxy kube-proxy --kubeconfig="$AGENT/kubelet.kubeconfig" --proxy-mode=iptables --conntrack-max-per-core=0 \
    --conntrack-tcp-timeout-established=0s --conntrack-tcp-timeout-close-wait=0s --cluster-cidr="$(join_value clusterCIDR)" \
    --hostname-override="$NAME" --healthz-bind-address=127.0.0.1:10256 $(arguments kube-proxy-arg)
}
