# shellcheck shell=sh
# The first boot of a machine.

# boot_state - prints a line with the marker, then cloud-init's result once it is done
boot_state() {
  # shellcheck disable=SC2005 # always one line, also without a marker
  echo "$(cat "$MARKER" 2>/dev/null)"
  [ ! -e /var/lib/cloud/instance/boot-finished ] || cat /run/cloud-init/result.json 2>/dev/null
}

# await_boot - ends when cloud-init is done. Waiting in the machine needs one command instead of one per look.
await_boot() {
  until [ -e /run/cloud-init/result.json ] && [ -e /var/lib/cloud/instance/boot-finished ]; do sleep 0.2; done
}

# marker_state - prints the marker or an empty line, then `booted` if the first boot is over: by then the marker is written
marker_state() {
  # shellcheck disable=SC2005 # always one line, also without a marker
  echo "$(cat "$MARKER" 2>/dev/null)"
  [ ! -e /var/lib/cloud/instance/boot-finished ] || echo booted
}

# own_address - prints the source address that the machine uses for other networks; sends no packet
own_address() {
  ip -4 route get 192.0.2.1 | sed -n 's/.* src \([0-9.]*\).*/\1/p'
}
