# containerd and the images of <data>/agent/images.

SOCKET=/run/k3s/containerd/containerd.sock

# The overlayfs snapshotter needs a data directory that is not itself on an overlay.
choose_snapshotter() {
  [ -z "${CONFIG[snapshotter]:-}" ] || { echo "${CONFIG[snapshotter]}"; return; }
  if [ "$(stat -f -c %T "$AGENT")" = overlayfs ]; then echo native; else echo overlayfs; fi
}

# Without CAP_SYS_RESOURCE nobody may lower an oom_score_adj, and runc fails if it has to.
must_restrict_oom_score() {
  if (echo -1 >/proc/self/oom_score_adj) 2>/dev/null; then echo false; else echo true; fi
}

start_containerd() {
  local config=$AGENT/etc/containerd/config.toml
  SNAPSHOTTER=$(choose_snapshotter)
  mkdir -p "$AGENT/etc/containerd"
  cat >"$config" <<END
version = 2
root = "$AGENT/containerd"
state = "/run/k3s/containerd"
[grpc]
  address = "$SOCKET"
[plugins."io.containerd.internal.v1.opt"]
  path = "$AGENT/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = $(must_restrict_oom_score)
  sandbox_image = "${CONFIG[pause-image]:-docker.io/rancher/mirrored-pause:3.6}"
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$K3S_ROOT/cni"
    conf_dir = "$AGENT/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "$SNAPSHOTTER"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
END
  run containerd containerd -c "$config"
  import_images 2>&1 | tee "$LOGS/images.log" >&2 &
  IMPORT=$!
}

# import_images - in the background; start_agent waits for it. A broken archive is not fatal, as in k3s.
import_images() {
  local archive
  trap - TERM INT
  for _ in {1..240}; do
    ctr --address "$SOCKET" version >/dev/null 2>&1 && break
    sleep 0.25
  done
  for archive in "$AGENT"/images/*.tar "$AGENT"/images/*.tar.gz "$AGENT"/images/*.tar.zst; do
    [ -e "$archive" ] || continue
    log info "Importing images from $archive"
    unpack_archive "$archive" | ctr --address "$SOCKET" -n k8s.io images import --snapshotter "$SNAPSHOTTER" - ||
      log error "Unable to import $archive"
  done
}

unpack_archive() {
  case $1 in
    *.gz) gzip -dc "$1" ;;
    *.zst) zstd -dqc "$1" ;;
    *) cat "$1" ;;
  esac
}
