# shellcheck shell=sh
# What `kglab logs` collects from a machine.

network_state() {
  ip addr
  ip route
  cat /etc/hosts
}

cloud_init_log() {
  cloud-init status --long
  tail -n 1000 /var/log/cloud-init-output.log
}

# config_files - the configuration of k3s and of kglab, each file with its name
config_files() {
  for file in /etc/rancher/k3s/*.yaml /etc/kglab/*; do
    [ ! -f "$file" ] || { echo "==> $file <==" && cat "$file"; }
  done
}

# log_tails FOLDER LINES - the last lines of every log in a folder, each with its name
log_tails() {
  find "$1" -type f -name '*.log' -size +0 2>/dev/null | sort | while IFS= read -r file; do
    echo "==> $file <=="
    tail -n "$2" "$file"
  done
}

gluster_peers() {
  gluster --mode=script pool list
  cat /var/lib/glusterd/glusterd.info
}

pending_heals() {
  gluster --mode=script volume list | while IFS= read -r volume; do
    gluster --mode=script volume heal "$volume" info
  done
}
