# The host's own apt configuration, for a tree of Debian bookworm (sourced, bash).

# debian_sources FILE - write the host's bookworm entries, binary and source, in FILE (one-line form).
# Both forms of the host's configuration are understood; KGLAB_APT_SOURCES names a file to use instead.
debian_sources() {
  local out=$1 file
  : >"$out"
  if [ -n "${KGLAB_APT_SOURCES:-}" ]; then
    set -- "$KGLAB_APT_SOURCES"
  else
    set -- /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources
  fi
  for file in "$@"; do
    [ -r "$file" ] || continue
    if grep -q '^Types:' "$file"; then deb822_to_lines "$file"; else one_line_entries "$file"; fi >>"$out"
  done
  sort -u -o "$out" "$out"
  grep -q '^deb-src ' "$out" || fail 'no apt source of the suite bookworm on this host; name a sources file in KGLAB_APT_SOURCES'
}

one_line_entries() { # FILE - its bookworm lines, each as deb and as deb-src
  sed -nE 's/^[[:space:]]*deb(-src)?[[:space:]]+((\[[^]]*\][[:space:]]+)?[^[:space:]]+[[:space:]]+bookworm.*)/deb \2\ndeb-src \2/p' "$1"
}

deb822_to_lines() { # FILE - its enabled bookworm stanzas, one line per type, URI and suite
  grep -v '^#' "$1" | awk -v RS= -F'\n' '
    function words(text, into) { sub(/^[^:]*:[ \t]*/, "", text); return split(text, into, /[ \t\n]+/) }
    {
      uris = suites = components = options = ""; enabled = 1; key = ""; delete field
      for (i = 1; i <= NF; i++) {
        if ($i ~ /^[A-Za-z-]+:/) { key = tolower(substr($i, 1, index($i, ":") - 1)); field[key] = $i }
        else if (key != "") field[key] = field[key] " " $i   # a continued value
      }
      if (field["enabled"] ~ /no/) next
      if (field["signed-by"] ~ /:[ \t]*\//) { n = words(field["signed-by"], s); options = "[signed-by=" s[1] "] " }
      nu = words(field["uris"], u); ns = words(field["suites"], s)
      components = field["components"]; sub(/^[^:]*:[ \t]*/, "", components)
      for (a = 1; a <= nu; a++) for (b = 1; b <= ns; b++)
        if (u[a] != "" && s[b] ~ /^bookworm/)
          for (t = 1; t <= 2; t++) print (t == 1 ? "deb " : "deb-src ") options u[a] " " s[b] " " components
    }'
}

# apt_options - the host's own transport settings (proxy, certificates, retries, clock checks), one a line.
apt_options() {
  apt-config dump --no-empty --format '%f "%v";%n' |
    grep -E '^Acquire::(http|https|Check-Valid-Until|Check-Date|Retries|ForceIPv[46]|Max-FutureTime)\b' || true
}
