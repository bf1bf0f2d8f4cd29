#!/bin/bash
# build.sh [--print-dir] - make a k3s release directory from Debian packages alone and print its path (the last
# line of stdout). It is made once per state of the recipe and kept in ${KGLAB_STANDIN_CACHE}; a change in the
# shell parts repacks in seconds, one in the provisioner compiles that, and only one in the Kubernetes recipe
# compiles Kubernetes. --print-dir prints the path without building.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here"
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=images.sh
. ./images.sh

cache=${KGLAB_STANDIN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kglab-standin}

root_recipe=(apt.sh make-root.sh)
kube_recipe=("${root_recipe[@]}" go-env.sh compile-kube.sh components/*)
provisioner_recipe=("${root_recipe[@]}" go-env.sh compile-provisioner.sh provisioner/*)
release_recipe=("${kube_recipe[@]}" compile-provisioner.sh provisioner/* build.sh images.sh stub.sh pause.c payload/*)

root=$cache/root-$(hash_files "${root_recipe[@]}")
kube=$cache/kube-$(hash_files "${kube_recipe[@]}")
provisioner=$cache/provisioner-$(hash_files "${provisioner_recipe[@]}")
release=$cache/$(hash_files "${release_recipe[@]}")/release

# once TARGET FUNCTION - unless TARGET is there, let FUNCTION make TARGET.part and rename it when it is complete
once() {
  local target=$1 maker=$2 started=$SECONDS
  [ ! -e "$target" ] || { say "have $(basename "$target")"; return 0; }
  rm -rf "$target.part"
  mkdir -p "$(dirname "$target")"
  say "making $(basename "$target"): $maker"
  "$maker" "$target.part"
  mv -T "$target.part" "$target"
  say "made $(basename "$target") in $((SECONDS - started)) s"
}

prepare_root() { once "$root" make_root; }
make_root() { nice "$here/make-root.sh" "$1"; }

# compile SCRIPT OUT FILE... - run SCRIPT inside the tree, with copies of it and of FILEs in /standin
compile() {
  local script=$1 out=$2
  shift
  rm -rf "${root:?}/standin" "$root/out"
  mkdir "$root/standin"
  shift
  cp -r "$script" go-env.sh "$@" "$root/standin/"
  in_root "$root" nice -n 10 sh "/standin/$script" /out >&2
  mv "$root/out" "$out"
}

make_kube() {
  prepare_root
  compile compile-kube.sh "$1" components
  copy_debian_programs "$1"
}

copy_debian_programs() { # DIR - what the payload takes from Debian as it is
  local program
  for program in etcd containerd containerd-shim-runc-v2 ctr runc; do
    cp "$(find "$root/usr/bin" "$root/usr/sbin" -name "$program" | head -1)" "$1/"
  done
  mkdir "$1/cni"
  for program in bridge host-local loopback portmap; do cp "$root/usr/lib/cni/$program" "$1/cni/"; done
  cp "$root/bin/busybox" "$1/busybox"
  cp "$here/pause.c" "$root/tmp/pause.c"
  in_root "$root" gcc -Os -static -s -o /tmp/pause /tmp/pause.c
  mv "$root/tmp/pause" "$1/pause"
}

make_provisioner() {
  prepare_root
  compile compile-provisioner.sh "$1" provisioner
}

make_release() {
  mkdir "$1"
  work=$(mktemp -d "$cache/work.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  pack_k3s "$1/k3s"
  pack_images "$1/k3s-airgap-images-amd64.tar.zst" "$1/k3s-images.txt"
  (cd "$1" && sha256sum k3s k3s-airgap-images-amd64.tar.zst k3s-images.txt >sha256sum-amd64.txt)
}

pack_k3s() { # OUT - the wrapper with the payload behind it
  local tree=$work/payload name sum
  mkdir -p "$tree/bin" "$tree/lib"
  cp "$kube"/{k3s-components,kubectl,etcd,containerd,containerd-shim-runc-v2,ctr,runc} "$tree/bin/"
  for name in kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy; do
    ln -s k3s-components "$tree/bin/$name"
  done
  cp -r "$kube/cni" "$tree/cni"
  cp payload/*.sh "$tree/lib/"
  mv "$tree/lib/main.sh" "$tree/main.sh"
  plain_tar -c -C "$tree" . | zstd -q -5 -T0 -o "$work/payload.zst"
  sum=$(sha256sum "$work/payload.zst" | cut -d' ' -f1)
  sed "s/@SUM@/$sum/; s/@LINES@/$(wc -l <stub.sh)/" stub.sh | cat - "$work/payload.zst" >"$1"
  chmod 755 "$1"
}

pack_images() { # ARCHIVE LIST
  local archive=$work/images
  mkdir -p "$archive" "$work/pause" "$work/provisioner/usr/bin" "$work/provisioner/tmp"
  cp "$kube/pause" "$work/pause/pause"
  add_image "$archive" "$work/pause" /pause docker.io/rancher/mirrored-pause:3.6
  busybox_rootfs "$work/busybox" "$kube/busybox"
  add_image "$archive" "$work/busybox" sh docker.io/rancher/mirrored-library-busybox:1.36.1 docker.io/library/busybox:latest docker.io/library/busybox:1.36
  cp "$provisioner/local-path-provisioner" "$work/provisioner/usr/bin/"
  add_image "$archive" "$work/provisioner" local-path-provisioner docker.io/rancher/local-path-provisioner:v0.0.37
  finish_images "$archive" "$1"
  grep -o 'docker\.io/[^"]*' "$archive/manifest.json" >"$2"
}

main() {
  if [ "${1:-}" = --print-dir ]; then
    echo "$release"
    return
  fi
  [ $# -eq 0 ] || fail "usage: build.sh [--print-dir]"
  [ "$(dpkg --print-architecture)" = amd64 ] || fail 'the stand-in is made for amd64 only'
  mkdir -p "$cache"
  exec 8>"$cache/.lock"
  flock -n 8 || { say 'another build is running; waiting for it'; flock 8; }
  if [ ! -e "$release" ]; then
    [ "$(id -u)" = 0 ] || fail 'needs root: it makes a Debian tree'
    need_tools mmdebstrap:mmdebstrap zstd:zstd unshare:util-linux
    rm -rf "$cache"/work.* "$cache"/*.part
    once "$kube" make_kube
    once "$provisioner" make_provisioner
    once "$release" make_release
  fi
  say "release ready after $SECONDS s ($(du -sh "$release" | cut -f1))"
  echo "$release"
}

main "$@"
