# Shared by the scripts of this directory (sourced, bash). Talk goes to stderr, results to stdout.

say() { printf '[standin %4ss] %s\n' "$SECONDS" "$*" >&2; }
fail() { say "error: $*"; exit 1; }

# hash_files FILE... - one short hash over the names' order and the contents.
hash_files() { sha256sum "$@" | cut -d' ' -f1 | sha256sum | cut -c1-16; }

# need_tools TOOL:PACKAGE... - install the packages whose tool is missing on this host.
need_tools() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "installing on this host: ${missing[*]}"
  {
    apt-cache show "${missing[@]}" >/dev/null 2>&1 || apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  } >&2
}

# in_root ROOT COMMAND... - run COMMAND in the chroot ROOT. Its mounts live in a mount namespace of their
# own and its processes in a pid namespace of their own: nothing is left behind, even after a kill -9.
in_root() {
  local root=$1
  shift
  # shellcheck disable=SC2016  # expanded by the inner shell
  unshare --mount --pid --fork --kill-child --propagation private -- sh -euc '
    root=$1; shift
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    exec chroot "$root" "$@"' sh "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C "$@"
}
