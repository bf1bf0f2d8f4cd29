#!/bin/sh
# compile-kube.sh OUT - runs inside the tree made by make-root.sh: compile the Kubernetes components and
# kubectl from Debian's source into the directory OUT. /standin/components holds the sources of the
# executable that joins the components.
set -eu
out=$1
tree=/go/src/k8s.io/kubernetes
# shellcheck source=go-env.sh
. /standin/go-env.sh
cd "$tree"

# The vendored reflect2 1.0.1 does not fit the map iterator of Go >= 1.18 and corrupts memory: an
# apiserver built with it dies at the first pretty-printed ConfigMap. Debian packages 1.0.2.
replace_reflect2() {
  vendored=vendor/github.com/modern-go/reflect2
  packaged=/usr/share/gocode/src/github.com/modern-go/reflect2
  rm -f $vendored/*.go $vendored/*.s
  cp $packaged/*.go $packaged/*.s $vendored/
  rm -f $vendored/*_test.go
}

# The tag providerless leaves the credential helpers of the clouds' registries in. The one of AWS asks a
# metadata server before the kubelet starts: 6 s where nobody answers.
drop_cloud_credentials() {
  sed -i '\#pkg/credentialprovider/\(aws\|azure\|gcp\)"#d' \
    cmd/kubelet/app/plugins.go cmd/kubelet/app/options/globalflags.go
}

# The only generated file that upstream does not commit: the apiserver's OpenAPI definitions.
generate_openapi() {
  target=pkg/generated/openapi
  [ ! -s $target/zz_generated.openapi.go ] || return 0
  go build -o /tmp/openapi-gen ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  inputs=$(grep -RlE --include='*.go' '^// ?\+k8s:openapi-gen=' cmd pkg plugin vendor/k8s.io |
    grep -vE '^vendor/k8s.io/(code-generator|sample-apiserver|kube-openapi|gengo)/' | xargs -n1 dirname | sort -u |
    sed 's#^#k8s.io/kubernetes/#' | paste -sd,)
  /tmp/openapi-gen --logtostderr -i "$inputs" -p k8s.io/kubernetes/$target -O zz_generated.openapi \
    -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r /tmp/violations
}

version_flags() {
  for package in k8s.io/kubernetes/vendor/k8s.io/component-base/version k8s.io/kubernetes/vendor/k8s.io/client-go/pkg/version; do
    for pair in gitVersion=v1.20.2+k3s1 gitMajor=1 gitMinor=20 gitCommit=debian gitTreeState=clean; do
      printf -- '-X %s.%s ' "$package" "$pair"
    done
  done
}

replace_reflect2
drop_cloud_credentials
generate_openapi
rm -rf cmd/k3s-components
cp -r /standin/components cmd/k3s-components
mkdir -p "$out"
# dockerless, providerless: no Docker runtime, no cloud providers. Less to compile, and the kubelet neither
# waits 5 s for a Docker socket nor asks clouds for credentials.
go build -tags providerless,dockerless -ldflags "-s -w $(version_flags)" -o "$out/" ./cmd/k3s-components ./cmd/kubectl
