# Messages in the form of k3s's own log, on stderr (the journal).

log() { # LEVEL TEXT
  local text=${2//$'\n'/ }
  printf 'time="%s" level=%s msg="%s"\n' "$(date -u +%FT%TZ)" "$1" "${text//\"/\'}" >&2
}

# fatal TEXT - say why and leave; systemd starts the unit again after RestartSec.
fatal() {
  log fatal "$1"
  stop_all 1
}
