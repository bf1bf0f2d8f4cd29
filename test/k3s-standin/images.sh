# Container images without a registry (sourced, bash): one-layer docker-archives, several images in one tar.
# Everything is reproducible: sorted names, fixed times and owners.

IMAGE_ENTRIES=() # one JSON object of manifest.json per image

plain_tar() { tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 "$@"; }

json_list() { # WORD... - a JSON list of strings
  local list
  list=$(printf '"%s",' "$@")
  echo "[${list%,}]"
}

# add_image ARCHIVE-DIR ROOTFS COMMAND TAG... - put the image of ROOTFS (entry point COMMAND) under its tags
add_image() {
  local archive=$1 rootfs=$2 command=$3 layer config
  shift 3
  plain_tar -cf "$archive/layer.new" -C "$rootfs" .
  layer=$(sha256sum "$archive/layer.new" | cut -d' ' -f1)
  mv "$archive/layer.new" "$archive/$layer.tar"
  cat >"$archive/config.new" <<END
{"architecture":"amd64","os":"linux","created":"2026-01-01T00:00:00Z",
 "config":{"$([ "$command" = sh ] && echo Cmd || echo Entrypoint)":$(json_list "$command"),"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"WorkingDir":"/"},
 "rootfs":{"type":"layers","diff_ids":["sha256:$layer"]},"history":[{"created":"2026-01-01T00:00:00Z"}]}
END
  config=$(sha256sum "$archive/config.new" | cut -d' ' -f1).json
  mv "$archive/config.new" "$archive/$config"
  IMAGE_ENTRIES+=("{\"Config\":\"$config\",\"RepoTags\":$(json_list "$@"),\"Layers\":[\"$layer.tar\"]}")
}

# finish_images ARCHIVE-DIR OUT.tar.zst
finish_images() {
  local IFS=,
  echo "[${IMAGE_ENTRIES[*]}]" >"$1/manifest.json"
  plain_tar -c -C "$1" . | zstd -q -9 -T0 -o "$2"
}

busybox_rootfs() { # DIR BUSYBOX - /bin with every applet, /tmp, and the files programs expect in /etc
  local applet
  mkdir -p "$1"/{bin,etc,root,tmp}
  chmod 1777 "$1/tmp"
  cp "$2" "$1/bin/busybox"
  for applet in $("$2" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
  echo 'root:x:0:' >"$1/etc/group"
}
