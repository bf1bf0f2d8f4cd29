#!/bin/bash
# make-root.sh DIR - make DIR a Debian bookworm tree holding the compilers, the unpacked source package
# `kubernetes` (in /go/src/k8s.io/kubernetes) and the Debian programs that go into the k3s payload.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib.sh
. "$here/lib.sh"
# shellcheck source=apt.sh
. "$here/apt.sh"

root=$1
toolchain=(gcc libc6-dev golang-1.19-go golang-github-modern-go-reflect2-dev dpkg-dev)
payload=(etcd-server containerd runc containernetworking-plugins busybox-static)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
debian_sources "$work/debian.list"

options=(--aptopt='Acquire::Languages "none"' --aptopt='APT::Sandbox::User "root"')
while IFS= read -r line; do options+=(--aptopt="$line"); done < <(apt_options)

# The source package is fetched by the host's apt with the new tree's configuration: keys, proxy and
# sources are then the same for both, and the tree needs no network access later.
# shellcheck disable=SC2016  # expanded by mmdebstrap's shell
fetch_source='mkdir -p "$1/go/src/k8s.io" && cd "$1/go/src/k8s.io" && APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get source -qq --download-only kubernetes'
# shellcheck disable=SC2016
unpack_source='chroot "$1" sh -c "cd /go/src/k8s.io && dpkg-source --no-check -x kubernetes_*.dsc kubernetes && rm kubernetes_*" && rm -f "$1/etc/apt/sources.list"'

mmdebstrap --quiet --mode=root --variant=apt --format=directory \
  --include="$(IFS=,; echo "${toolchain[*]} ${payload[*]}" | tr ' ' ,)" \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  "${options[@]}" \
  --customize-hook="$fetch_source" --customize-hook="$unpack_source" \
  bookworm "$root" "$work/debian.list" >&2
