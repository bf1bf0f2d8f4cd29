# Child processes: all die with this one, and this one dies with any of them.

declare -A CHILDREN=() # pid -> name

# run NAME COMMAND... - start a component. Its output goes to a log file of its own. NOTIFY_SOCKET is not
# handed on: etcd and the apiserver would tell systemd that they are ready.
run() {
  local name=$1
  shift
  log info "Running $name"
  [ ! -s "$LOGS/$name.log" ] || mv -f "$LOGS/$name.log" "$LOGS/$name.log.1"
  env -u NOTIFY_SOCKET setpriv --pdeathsig KILL -- "$@" >"$LOGS/$name.log" 2>&1 </dev/null &
  CHILDREN[$!]=$name
}

# run_loop NAME ARGS... - start the shell function loop_NAME in a process of its own
run_loop() {
  local name=$1
  shift
  run "$name" bash "$K3S_ROOT/main.sh" "@$name" "$@"
}

any_child_left() {
  local pid
  for pid in "${!CHILDREN[@]}"; do
    ! kill -0 "$pid" 2>/dev/null || return 0
  done
  return 1
}

# stop_all STATUS - pods and their shims stay alive, as with k3s; only the children started here end.
stop_all() {
  trap '' TERM INT
  if [ ${#CHILDREN[@]} -gt 0 ]; then
    log info 'Shutting down'
    kill -TERM "${!CHILDREN[@]}" 2>/dev/null
    local i # an apiserver would wait for its watchers for ever; it has no state to lose
    for i in {1..15}; do
      any_child_left || break
      sleep 0.1
    done
    kill -KILL "${!CHILDREN[@]}" 2>/dev/null
  fi
  exit "$1"
}

# check_children - leave when one has died. Every wait has to call this: otherwise a dead apiserver looks
# like one that is not ready yet, for ever.
check_children() {
  local pid
  for pid in "${!CHILDREN[@]}"; do
    kill -0 "$pid" 2>/dev/null || fatal "${CHILDREN[$pid]} exited; see $LOGS/${CHILDREN[$pid]}.log"
  done
}

# wait_until WHAT SECONDS COMMAND... - try COMMAND four times a second
wait_until() {
  local what=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    check_children
    [ $SECONDS -lt $deadline ] || fatal "gave up waiting for $what"
    sleep 0.25
  done
}

# supervise - wait for the first child to end, which is never good news
supervise() {
  while :; do
    wait -n "${!CHILDREN[@]}"
    check_children
  done
}

notify_ready() { # STATUS
  [ -z "${NOTIFY_SOCKET:-}" ] || systemd-notify --ready --status="$1"
}
