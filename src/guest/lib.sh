# shellcheck shell=sh
# Functions that several scripts use. kglab puts those that a script needs in front of it, after the constants of
# layout.ts (the names in capitals).

# fail MESSAGE... - ends the script with an error
fail() {
  echo "kglab: $*" >&2
  exit 1
}

# mounted PATH - a Gluster volume is mounted there
mounted() { [ "$(stat -f -c %t "$1" 2>/dev/null)" = "$FUSE_MAGIC" ]; }

# bounded SECONDS WORD... - runs a command with a deadline; 124 or 137 when it was not met. Redirect the output to a file
# where the command may hang: $(...) waits for a process that cannot be killed.
bounded() { timeout -k 1 "$@" </dev/null; }

# live PATH - as mounted, but the look has a deadline of $LOOK seconds; its answer goes through the file $SCRATCH
live() {
  bounded "$LOOK" stat -f -c %t "$1" >"$SCRATCH" 2>/dev/null || return
  read -r magic <"$SCRATCH" && [ "$magic" = "$FUSE_MAGIC" ]
}

# quarantine FROM TO ENTRY MANIFEST - moves FROM, if it exists, to TO in a new folder of the quarantine, with a copy of
# MANIFEST (- for standard input), and then removes the catalogue's ENTRY. 1: FROM is still in its place. 2: FROM was
# moved, but ENTRY could not be removed.
quarantine() {
  [ ! -e "$2" ] || return 1
  folder=${2%/*}
  if mkdir -p "$folder" && put_manifest "$4" "$folder/manifest.json" && { [ ! -e "$1" ] || mv "$1" "$2"; }; then
    rm -f "$3" || return 2
    return 0
  fi
  rm -f "$folder/manifest.json.new" "$folder/manifest.json"
  rmdir "$folder"
  return 1
}

put_manifest() { # MANIFEST TO
  [ "$1" = - ] || [ -e "$1" ] || return 0
  cat "$1" >"$2.new" && mv "$2.new" "$2"
}

# ask_keeper LOOKS MOUNT KIND DIRECTORY VALUE - puts a request on the volume and waits until a keeper has handled it. 1:
# it was refused, with the reason on standard error. 2: no keeper has answered after so many looks, 0.2 s apart.
ask_keeper() {
  request=$2/$REQUESTS/$3.$4
  mkdir -p "$2/$REQUESTS" && rm -f "$request.failed" && echo "$5" >"$2/$REQUESTS/.$3.$4" || return 1
  mv "$2/$REQUESTS/.$3.$4" "$request" || return 1
  looks=0
  while [ -e "$request" ]; do
    looks=$((looks + 1))
    [ "$looks" -le "$1" ] || return 2
    sleep 0.2
  done
  [ ! -e "$request.failed" ] || {
    cat "$request.failed" >&2
    return 1
  }
}
