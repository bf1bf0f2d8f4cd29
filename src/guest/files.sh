# shellcheck shell=sh
# Files: written and read whole, and copied between the host and a claim.

# write_file PATH MODE OWNER - replaces PATH by standard input in one step; OWNER may be empty. No secret is ever in an
# argument, and the file is at no time readable by others. The new file has the shell's number in its name: a writer
# that outlived its kglab must not put another's half-written file into place.
write_file() {
  set -e
  umask 022
  mkdir -p -- "$(dirname -- "$1")"
  umask 077
  rm -f -- "$1.kglab-new"*
  cat >"$1.kglab-new"$$
  if [ -n "$3" ]; then chown -- "$3" "$1.kglab-new"$$; fi
  chmod -- "$2" "$1.kglab-new"$$
  sync -- "$1.kglab-new"$$
  mv -fT -- "$1.kglab-new"$$ "$1"
}

# read_file PATH - 44 when it does not exist
read_file() {
  [ -e "$1" ] || exit 44
  exec cat -- "$1"
}

# inside VOLUME PATH - sets $target to PATH below VOLUME; nothing outside is touched, not through a link either
inside() {
  root=$(realpath -e -- "$1") || {
    echo "there is no directory $1" >&2
    exit 1
  }
  target=$(realpath -m -- "$root/$2")
  case $target/ in "$root"/*) ;; *)
    echo "$2 leads out of the volume" >&2
    exit 1
    ;;
  esac
}

# here FOLDER PATH - sets $target to a path of the host
here() { target=$(realpath -m -- "$1/$2"); }

list_inside() { # VOLUME PATH
  inside "$@"
  exec ls -la -- "$target"
}

cat_inside() { # VOLUME PATH
  inside "$@"
  exec cat -- "$target"
}

pack_inside() { # VOLUME PATH TOP
  inside "$@"
  pack "$@"
}

pack_here() { # FOLDER PATH TOP
  here "$@"
  pack "$@"
}

unpack_inside() { # VOLUME PATH TOP
  inside "$@"
  unpack "$@"
}

unpack_here() { # FOLDER PATH TOP
  here "$@"
  unpack "$@"
}

# pack FOLDER PATH TOP - writes an archive of $target under the name TOP. With `.` it has the contents of a directory
# without the directory itself, whose owner and mode are not to be those of the place that it is unpacked to.
pack() {
  if [ "$3" = . ]; then
    cd -- "$target" && ls -A >/dev/null || exit 1
    find . -mindepth 1 -maxdepth 1 -print0 | tar --numeric-owner --null -T - -cf -
    exit
  fi
  [ -e "$target" ] || [ -L "$target" ] || {
    echo "there is no $2" >&2
    exit 1
  }
  top=$(basename -- "$target")
  parent=$(dirname -- "$target")
  if [ "$top" = "$3" ]; then exec tar -C "$parent" --numeric-owner -cf - -- "$top"; fi
  # A link: what it leads to goes by the name of the link.
  name=$(printf %s "$3" | sed 's/[\\&,]/\\&/g')
  exec tar -C "$parent" --numeric-owner --transform "s,^[^/]*,$name,S" -cf - -- "$top"
}

# unpack FOLDER PATH TOP - unpacks an archive with TOP at its top: into $target if that is a directory, else as $target
unpack() {
  set -e
  if [ "$3" = . ]; then
    mkdir -p -- "$target"
    exec tar -C "$target" -xf -
  fi
  if [ -d "$target" ]; then exec tar -C "$target" -xf -; fi
  case $2 in */)
    mkdir -p -- "$target"
    exec tar -C "$target" -xf -
    ;;
  esac
  parent=$(dirname -- "$target")
  mkdir -p -- "$parent"
  new=$(mktemp -d -- "$parent/.kglab-cp.XXXXXX")
  trap 'rm -rf -- "$new"' EXIT
  tar -C "$new" -xf -
  mv -fT -- "$new/$3" "$target"
}
