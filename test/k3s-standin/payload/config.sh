# Configuration: config.yaml, then config.yaml.d/*.yaml, then K3S_* variables, then flags; later wins.

ETC=/etc/rancher/k3s
declare -A CONFIG=() # single values by long flag name
declare -A LISTS=()  # repeatable flags, one value a line

is_list() { case $1 in disable | tls-san | node-label | node-taint | *-arg) return 0 ;; esac; return 1; }

set_option() { # KEY VALUE
  if is_list "$1"; then LISTS[$1]="${LISTS[$1]:+${LISTS[$1]}$'\n'}$2"; else CONFIG[$1]=$2; fi
}

list() { [ -z "${LISTS[$1]:-}" ] || printf '%s\n' "${LISTS[$1]}"; }

# arguments KEY - the user's extra arguments of one component, as flags
arguments() { list "$1" | sed 's/^-*/--/'; }

# read_yaml FILE - "key<TAB>value" for the forms a k3s configuration uses: "key: value", "key: [a, b]" and
# "key:" followed by "- value" lines. "key+" (append to an earlier file's list) keeps its plus sign.
read_yaml() {
  awk '
    function clean(s) {
      gsub(/^[ \t]+|[ \t]+$/, "", s)
      if (s ~ /^"[^"]*"/ || s ~ /^\x27[^\x27]*\x27/) return substr(s, 2, index(substr(s, 2), substr(s, 1, 1)) - 1)
      sub(/[ \t]+#.*$/, "", s)
      return s
    }
    { sub(/\r$/, "") }
    /^[ \t]*(#|$)/ || /^(---|\.\.\.)/ { next }
    /^[ \t]*-([ \t]|$)/ { sub(/^[ \t]*-[ \t]*/, ""); print key "\t" clean($0); next }
    {
      colon = index($0, ":"); key = clean(substr($0, 1, colon - 1)); value = clean(substr($0, colon + 1))
      if (value ~ /^\[.*\]$/) {
        n = split(substr(value, 2, length(value) - 2), item, ",")
        for (i = 1; i <= n; i++) if (clean(item[i]) != "") print key "\t" clean(item[i])
      } else if (value != "" && value !~ /^#/) print key "\t" value
    }' "$1"
}

read_config_file() {
  local key value
  declare -A replaced=()
  while IFS=$'\t' read -r key value; do
    case $key in
      *+) key=${key%+} ;;
      *) if is_list "$key" && [ -z "${replaced[$key]:-}" ]; then LISTS[$key]=; replaced[$key]=1; fi ;;
    esac
    set_option "$key" "$value"
  done < <(read_yaml "$1")
}

read_environment() {
  local pair variable
  for pair in K3S_TOKEN=token K3S_TOKEN_FILE=token-file K3S_AGENT_TOKEN=agent-token K3S_AGENT_TOKEN_FILE=agent-token-file \
    K3S_URL=server K3S_NODE_NAME=node-name K3S_DATA_DIR=data-dir K3S_RESOLV_CONF=resolv-conf \
    K3S_KUBECONFIG_MODE=write-kubeconfig-mode K3S_KUBECONFIG_OUTPUT=write-kubeconfig; do
    variable=${pair%%=*}
    [ -z "${!variable:-}" ] || set_option "${pair#*=}" "${!variable}"
  done
}

is_switch() { # flags that stand alone
  case $1 in
    cluster-init | cluster-reset | debug | with-node-id | disable-* | embedded-registry | secrets-encryption | docker | \
      rootless | selinux | prefer-bundled-bin | protect-kernel-defaults | etcd-expose-metrics | etcd-disable-snapshots) return 0 ;;
  esac
  return 1
}

long_name() {
  case $1 in
    t) echo token ;; s) echo server ;; d) echo data-dir ;; c) echo config ;; o) echo write-kubeconfig ;; *) echo "$1" ;;
  esac
}

read_flags() {
  local name
  while [ $# -gt 0 ]; do
    case $1 in
      -*) ;;
      *) log warning "ignored argument $1"; shift; continue ;;
    esac
    name=${1#-} name=${name#-}
    if [[ $name == *=* ]]; then
      set_option "$(long_name "${name%%=*}")" "${name#*=}"; shift
    elif is_switch "$name"; then
      set_option "$name" true; shift
    else
      set_option "$(long_name "$name")" "${2:-}"; shift $(($# > 1 ? 2 : 1))
    fi
  done
}

config_file_of() { # FLAGS - the value of --config, if it is there
  while [ $# -gt 0 ]; do
    case $1 in
      --config=*) echo "${1#*=}" ;;
      --config | -c) echo "${2:-}" ;;
    esac
    shift
  done | tail -1
}

# token_from KEY - fill in KEY from the file named by KEY-file. A flag or variable for one beats an older other.
token_from() {
  local file=${CONFIG[$1-file]:-}
  [ -n "$file" ] || return 0
  [ -r "$file" ] || fatal "unable to read token file $file"
  CONFIG[$1]=$(<"$file")
}

read_configuration() {
  local main file
  main=$(config_file_of "$@")
  main=${main:-${K3S_CONFIG_FILE:-$ETC/config.yaml}}
  for file in "$main" "$main".d/*.yaml "$main".d/*.yml; do
    [ ! -r "$file" ] || read_config_file "$file"
  done
  read_environment
  read_flags "$@"
  token_from token
  token_from agent-token
}

# secret_of TOKEN - the bare secret of the short form, K10<hash>::<secret> or K10<hash>::<user>:<secret>
secret_of() {
  case $1 in
    K10*::*) local rest=${1#*::}; echo "${rest#*:}" ;;
    *) echo "$1" ;;
  esac
}

# address_of INTERFACE - its first IPv4 address
address_of() { ip -4 -o addr show "$1" 2>/dev/null | awk '{ split($4, a, "/"); print a[1]; exit }'; }

find_address() {
  local interface=${CONFIG[flannel-iface]:-}
  [ -n "$interface" ] || interface=$(ip -4 route show default | awk '{ for (i = 1; i < NF; i++) if ($i == "dev") { print $(i + 1); exit } }')
  [ -z "$interface" ] || address_of "$interface"
}

node_name() {
  local name=${CONFIG[node-name]:-$(hostname)} id=/etc/rancher/node/id
  if [ -n "${CONFIG[with-node-id]:-}" ]; then
    mkdir -p /etc/rancher/node
    [ -s $id ] || od -An -N4 -tx1 /dev/urandom | tr -d ' \n' >$id
    name+=-$(<$id)
  fi
  echo "${name,,}"
}

derive_settings() {
  DATA=${CONFIG[data-dir]:-/var/lib/rancher/k3s}
  NAME=$(node_name)
  IP=${CONFIG[node-ip]:-$(find_address)}
  IP=${IP%%,*}
  [ -n "$IP" ] || fatal 'unable to find suitable network address. No default routes found; set node-ip'
  CLUSTER_CIDR=${CONFIG[cluster-cidr]:-10.42.0.0/16}
  SERVICE_CIDR=${CONFIG[service-cidr]:-10.43.0.0/16}
  TLS=$DATA/server/tls CRED=$DATA/server/cred AGENT=$DATA/agent LOGS=$DATA/log
  KUBECONFIG_FILE=${CONFIG[write-kubeconfig]:-$ETC/k3s.yaml}
}

make_directories() {
  umask 022
  mkdir -p $ETC "$AGENT/images" /run/k3s/containerd /var/lib/kubelet
  umask 077
  mkdir -p "$AGENT/etc/cni/net.d" "$AGENT/pki" "$LOGS" /etc/rancher/node
}
