# shellcheck shell=sh
# What the commands of `kglab volumes` run on a machine that mounts the volumes.

# survey MOUNT CLAIMS sizes|names - prints a line for everything on a volume, whose dedicated volumes are mounted below
# CLAIMS: `D bytes name`, `F name` (no directory), `C bytes name` (dedicated), `E entry`, `Q bytes d|v name/manifest`
survey() {
  mounted "$1" || {
    echo unmounted
    exit 0
  }
  ls -A "$1" >/dev/null || exit 1
  for path in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    name=$(printf %s "${path##*/}" | tr '\n' '?')
    if [ "$name" = .kglab ]; then
      continue
    elif [ -d "$path" ]; then
      printf 'D %s %s\n' "$(size_of "$path" "$3")" "$name"
    else
      printf 'F %s\n' "$name"
    fi
  done
  for path in "$1/$OWN_VOLUMES"/*; do
    [ -e "$path" ] || continue
    echo "C $(size_of "$2/${path##*/}" "$3") ${path##*/}"
  done
  for path in "$1/$CATALOGUE"/*.json; do
    [ ! -e "$path" ] || printf 'E %s\n' "$(cat "$path")"
  done
  for path in "$1/$QUARANTINE"/*; do
    [ -d "$path" ] || continue
    if [ -e "$path/volume" ]; then kind=v; else kind=d; fi
    # No name has a slash in it, but any may have blanks.
    printf 'Q %s %s %s/%s\n' "$(size_of "$path/data" "$3")" "$kind" "${path##*/}" "$(cat "$path/manifest.json" 2>/dev/null)"
  done
}

size_of() { # PATH sizes|names
  if [ "$2" = sizes ]; then du -s -B1 "$1" 2>/dev/null | cut -f1; else echo 0; fi
}

# take DIRECTORY FOLDER ENTRY - moves a directory to FOLDER in the quarantine; the manifest is on standard input
take() {
  quarantine "$1" "$2/data" "$3" -
  case $? in
    0) ;;
    1)
      echo "$1 is still in its place" >&2
      exit 1
      ;;
    *)
      echo "$1 was moved to the quarantine, but its catalogue entry could not be removed: $3" >&2
      exit 1
      ;;
  esac
}

# give_back FOLDER DIRECTORY ENTRY FILE - moves data from the quarantine back to DIRECTORY (of a dedicated volume: its
# own file back to FILE), and the manifest back to the catalogue as ENTRY
give_back() {
  [ ! -e "$2" ] || {
    echo "$2 exists already" >&2
    exit 17
  }
  mkdir -p "${3%/*}" || stays "$1"
  [ ! -e "$1/manifest.json" ] || cp "$1/manifest.json" "$3" || stays "$1"
  if [ -e "$1/volume" ]; then mv "$1/volume" "$4"; else mv -T "$1/data" "$2"; fi || stays "$1"
  rm -rf "$1" || {
    echo "$2 is restored, but the old folder in the quarantine could not be removed: $1" >&2
    exit 1
  }
}

stays() { # FOLDER
  echo "$1 is still in the quarantine" >&2
  exit 1
}

# request MOUNT KIND DIRECTORY VALUE - asks the keepers, as the provisioner's helper pods do
request() {
  ask_keeper 425 "$@"
  code=$?
  [ "$code" != 2 ] || echo "kglab-keeper did not answer on any machine (systemctl status kglab-keeper)" >&2
  return "$code"
}

# sync_catalogue - brings the catalogue up to date with the cluster
sync_catalogue() { [ ! -x "$KEEPER" ] || "$KEEPER" catalogue; }

# create_directory DIRECTORY - for everybody, unless it exists
create_directory() { [ -d "$1" ] || { mkdir "$1" && chmod 0777 "$1"; }; }

# checksums DIRECTORY - prints `<sum>  <path>` for files, `link:<target>  <path>` for links, `directory  <path>` for the
# rest. sha256sum escapes names with a newline and marks such a line with a leading backslash.
checksums() {
  set -e
  cd "$1"
  find . -type f -exec sha256sum {} +
  find . -type l -printf 'link:%l  %p\n'
  find . -mindepth 1 -type d -printf 'directory  %p\n'
}
