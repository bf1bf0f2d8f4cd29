#!/bin/bash
# k3s stand-in, unpacked part: main.sh server|agent [FLAGS]. The wrapper (stub.sh) has set K3S_ROOT to the
# directory this file was unpacked to.
set -u
export PATH="$K3S_ROOT/bin:$K3S_ROOT/cni:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
for part in log config process tls containerd network nodes server agent; do
  # shellcheck source=/dev/null
  . "$K3S_ROOT/lib/$part.sh"
done

# "@name ARGS": one of the long-running helper loops, started by run_loop as a process of its own.
case $1 in
  @*) loop=${1#@}; shift; "loop_$loop" "$@"; exit ;;
esac

ROLE=$1
shift
read_configuration "$@"
derive_settings
make_directories
trap 'stop_all 0' TERM INT
log info "Starting k3s $K3S_VERSION (standin) $ROLE, node $NAME, address $IP"

start_containerd
[ "$ROLE" = agent ] || start_server
start_agent
if [ "$ROLE" = agent ]; then
  log info 'k3s agent is up and running'
  notify_ready 'k3s agent running'
else
  label_server_node
fi
supervise
