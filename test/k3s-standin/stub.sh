#!/bin/bash
# k3s stand-in: this script, followed by a tar.zst payload that it unpacks once per version of the file.
VERSION='v1.20.2+k3s1' SUM=@SUM@ LINES_HERE=@LINES@
called=$(basename "$0")
[ "$called" = kubectl ] || [ "$called" = ctr ] || [ "$called" = crictl ] || called=
command=${called:-${1:-help}}
[ -n "$called" ] || shift

data=${K3S_DATA_DIR:-/var/lib/rancher/k3s}
case $command in
  --version | -v | version) printf 'k3s version %s (standin)\ngo version go1.19.8\n' "$VERSION"; exit ;;
  help | --help | -h) echo 'usage: k3s server|agent|kubectl|ctr|--version'; exit ;;
  server | agent) previous=
    for word; do
      case $word in --data-dir=*) data=${word#*=} ;; esac
      case $previous in --data-dir | -d) data=$word ;; esac
      previous=$word
    done ;;
  kubectl | ctr) ;;
  *) echo "k3s: $command is not part of this stand-in" >&2; exit 1 ;;
esac

root=$data/data/$SUM
unpack() {
  local part=$root.part
  umask 022
  mkdir -p "$data/data"
  exec 9>"$data/data/.lock"
  flock 9
  if [ ! -e "$root" ]; then
    rm -rf "$part"
    mkdir -p "$part"
    tail -n +$((LINES_HERE + 1)) "$0" 2>/dev/null | zstd -dqc | tar -xf - -C "$part" && mv "$part" "$root" && ln -sfn "$SUM" "$data/data/current" ||
      { echo 'k3s: extracting failed' >&2; exit 1; }
  fi
  exec 9>&-
}
[ -e "$root" ] || unpack

case $command in
  kubectl)
    [ -n "${KUBECONFIG:-}" ] || [ ! -r /etc/rancher/k3s/k3s.yaml ] || export KUBECONFIG=/etc/rancher/k3s/k3s.yaml
    exec "$root/bin/kubectl" "$@" ;;
  ctr) exec "$root/bin/ctr" --address "${CONTAINERD_ADDRESS:-/run/k3s/containerd/containerd.sock}" --namespace "${CONTAINERD_NAMESPACE:-k8s.io}" "$@" ;;
esac
K3S_ROOT=$root K3S_VERSION=$VERSION exec /bin/bash "$root/main.sh" "$command" "$@"
