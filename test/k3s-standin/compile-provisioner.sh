#!/bin/sh
# compile-provisioner.sh OUT - runs inside the tree made by make-root.sh: compile the provisioner
# stand-in from /standin/provisioner, against the client-go of Debian's Kubernetes source.
set -eu
# shellcheck source=go-env.sh
. /standin/go-env.sh
cd /go/src/k8s.io/kubernetes
rm -rf cmd/local-path-provisioner
cp -r /standin/provisioner cmd/local-path-provisioner
mkdir -p "$1"
go vet ./cmd/local-path-provisioner
go build -ldflags '-s -w' -o "$1/" ./cmd/local-path-provisioner
