# The control plane: etcd, apiserver, controller manager, scheduler.

LOCAL_URL=https://127.0.0.1:6443

start_server() {
  [ -z "${CONFIG[server]:-}" ] || fatal 'this stand-in knows one server only: --server is for agents'
  mkdir -p "$TLS" "$CRED" "$DATA/server/manifests"
  choose_token
  start_etcd
  make_certificates
  write_credentials
  start_apiserver
  start_controllers
  wait_until 'the apiserver' 240 kubectl --kubeconfig="$CRED/admin.kubeconfig" get --raw /readyz
  log info 'Kube API server is now running'
  wait_until 'the join objects' 60 kubectl --kubeconfig="$CRED/admin.kubeconfig" apply -f "$CRED/join.yaml"
  run_loop nodes "$CRED/admin.kubeconfig" "$CLUSTER_CIDR"
  run_loop manifests "$CRED/admin.kubeconfig" "$DATA/server/manifests"
  log info 'k3s is up and running'
  notify_ready 'k3s server running'
  CONFIG[server]=$LOCAL_URL CONFIG[token]=$TOKEN
}

# choose_token - the configured secret, else the one of an earlier start, else a new one. A different one than
# before is refused: in k3s it encrypts the cluster's bootstrap data.
choose_token() {
  local before=
  [ ! -s "$DATA/server/token" ] || before=$(secret_of "$(<"$DATA/server/token")")
  TOKEN=$(secret_of "${CONFIG[token]:-}")
  [ -n "$TOKEN" ] || TOKEN=${before:-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')}
  [ -z "$before" ] || [ "$before" = "$TOKEN" ] ||
    fatal 'starting kubernetes: preparing server: bootstrap data already found and encrypted with different token'
}

start_etcd() {
  run etcd etcd --name default --data-dir "$DATA/server/db/etcd" \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
    --initial-cluster default=http://127.0.0.1:2380
}

service_address() { echo "${SERVICE_CIDR%.*}.1"; }

alternative_names() {
  local name all=DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local
  all+=,DNS:localhost,DNS:$NAME,IP:127.0.0.1,IP:$IP
  for name in "$(service_address)" ${CONFIG[advertise-address]:-} $(list tls-san); do
    case $name in *[!0-9.]*) all+=,DNS:$name ;; *) all+=,IP:$name ;; esac
  done
  echo "$all"
}

make_certificates() {
  authority server-ca
  authority client-ca
  [ -s "$TLS/service.key" ] || new_key "$TLS/service.key"
  certificate serving-kube-apiserver server-ca /CN=kube-apiserver serverAuth "$(alternative_names)"
  certificate client-admin client-ca /O=system:masters/CN=system:admin clientAuth
  certificate client-kube-apiserver client-ca /O=system:masters/CN=kube-apiserver clientAuth
  certificate client-controller client-ca /CN=system:kube-controller-manager clientAuth
  certificate client-scheduler client-ca /CN=system:kube-scheduler clientAuth
  certificate client-kubelet client-ca "/O=system:nodes/CN=system:node:$NAME" clientAuth
}

write_credentials() {
  local name agent_token
  for name in admin controller scheduler kubelet; do
    kubeconfig "$CRED/$name.kubeconfig" $LOCAL_URL "$TLS/server-ca.crt" "$TLS/client-$name.crt" "$TLS/client-$name.key"
  done
  cp "$CRED/admin.kubeconfig" "$KUBECONFIG_FILE"
  chmod "${CONFIG[write-kubeconfig-mode]:-600}" "$KUBECONFIG_FILE"
  echo "K10$(sha256sum <"$TLS/server-ca.crt" | cut -d' ' -f1)::server:$TOKEN" >"$DATA/server/token"
  ln -sfn token "$DATA/server/node-token"
  agent_token=$(secret_of "${CONFIG[agent-token]:-$TOKEN}")
  {
    echo "$TOKEN,k3s-server,k3s-server,\"system:bootstrappers\""
    [ "$agent_token" = "$TOKEN" ] || echo "$agent_token,k3s-agent,k3s-agent,\"system:bootstrappers\""
  } >"$CRED/tokens.csv"
  join_objects >"$CRED/join.yaml"
}

start_apiserver() {
  # shellcheck disable=SC2046  # one argument per word
  K3S_CACERTS=$TLS/server-ca.crt run kube-apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 \
    --advertise-address="${CONFIG[advertise-address]:-$IP}" --secure-port=6443 \
    --tls-cert-file="$TLS/serving-kube-apiserver.crt" --tls-private-key-file="$TLS/serving-kube-apiserver.key" \
    --client-ca-file="$TLS/client-ca.crt" --token-auth-file="$CRED/tokens.csv" \
    --kubelet-client-certificate="$TLS/client-kube-apiserver.crt" --kubelet-client-key="$TLS/client-kube-apiserver.key" \
    --kubelet-preferred-address-types=InternalIP --service-cluster-ip-range="$SERVICE_CIDR" \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-signing-key-file="$TLS/service.key" --service-account-key-file="$TLS/service.key" \
    --allow-privileged=true --profiling=false $(arguments kube-apiserver-arg)
}

# The default client limits (20 requests a second) would stretch the start of the controllers to 5 s.
start_controllers() {
  # shellcheck disable=SC2046
  run kube-controller-manager kube-controller-manager --kubeconfig="$CRED/controller.kubeconfig" \
    --service-account-private-key-file="$TLS/service.key" --root-ca-file="$TLS/server-ca.crt" \
    --cluster-signing-cert-file="$TLS/client-ca.crt" --cluster-signing-key-file="$TLS/client-ca.key" \
    --use-service-account-credentials=true --controllers='*,-nodeipam,-route,-service,-cloud-node-lifecycle' \
    --leader-elect=false --profiling=false --kube-api-qps=200 --kube-api-burst=400 $(arguments kube-controller-manager-arg)
  # shellcheck disable=SC2046
  run kube-scheduler kube-scheduler --kubeconfig="$CRED/scheduler.kubeconfig" --leader-elect=false --profiling=false \
    $(arguments kube-scheduler-arg)
}

# manifests KUBECONFIG DIRECTORY - apply what is put in server/manifests, as k3s does (FILE.skip leaves FILE out)
loop_manifests() {
  local kubeconfig=$1 directory=$2 file version
  declare -A applied=()
  while sleep 3; do
    for file in "$directory"/*.yaml "$directory"/*.yml "$directory"/*.json; do
      [ -e "$file" ] && [ ! -e "$file.skip" ] || continue
      version=$(stat -c %Y.%s "$file")
      [ "${applied[$file]:-}" != "$version" ] || continue
      kubectl --kubeconfig="$kubeconfig" apply -f "$file" && applied[$file]=$version
    done
  done
}

label_server_node() {
  wait_until 'the own node' 240 kubectl --kubeconfig="$CRED/admin.kubeconfig" label --overwrite node "$NAME" \
    node-role.kubernetes.io/control-plane=true node-role.kubernetes.io/master=true
}

binding() { # NAME CLUSTER-ROLE GROUP
  cat <<END
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: $1}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "$2"}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "$3"}]
---
END
}

# join_objects - what an agent needs: signed kubelet certificates, the client CA, access to its node password
join_objects() {
  binding k3s-node-bootstrap system:node-bootstrapper system:bootstrappers
  binding k3s-node-approve system:certificates.k8s.io:certificatesigningrequests:nodeclient system:bootstrappers
  binding k3s-node-renew system:certificates.k8s.io:certificatesigningrequests:selfnodeclient system:nodes
  binding k3s-node-proxier system:node-proxier system:nodes
  cat <<END
apiVersion: v1
kind: ConfigMap
metadata: {name: k3s-join, namespace: kube-system}
data:
  clusterCIDR: "$CLUSTER_CIDR"
  serviceCIDR: "$SERVICE_CIDR"
  client-ca.crt: |
$(sed 's/^/    /' "$TLS/client-ca.crt")
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: k3s-join, namespace: kube-system}
rules:
- {apiGroups: [""], resources: [configmaps], resourceNames: [k3s-join], verbs: [get]}
- {apiGroups: [""], resources: [secrets], verbs: [get, create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: k3s-join, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: k3s-join}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:bootstrappers"}]
END
}
