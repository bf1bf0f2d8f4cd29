# Keys, certificates and kubeconfig files, with openssl.

new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }

authority() { # NAME - a self-signed CA in $TLS, kept if there
  [ ! -s "$TLS/$1.crt" ] || return 0
  new_key "$TLS/$1.key"
  openssl req -x509 -new -key "$TLS/$1.key" -sha256 -days 3650 -subj "/CN=k3s-$1@$(date +%s)" -out "$TLS/$1.crt"
}

# certificate NAME CA SUBJECT USAGE [ALTERNATIVE NAMES] - made anew at every start: names may have changed
certificate() {
  local name=$1 ca=$2 subject=$3 usage=$4 names=${5:-}
  [ -s "$TLS/$name.key" ] || new_key "$TLS/$name.key"
  openssl req -new -key "$TLS/$name.key" -subj "$subject" |
    openssl x509 -req -CA "$TLS/$ca.crt" -CAkey "$TLS/$ca.key" -CAcreateserial -days 365 -sha256 -out "$TLS/$name.crt" \
      -extfile <(printf 'keyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=%s\n%s\n' "$usage" "${names:+subjectAltName=$names}") 2>/dev/null
}

# kubeconfig FILE SERVER CA-FILE CERTIFICATE-FILE KEY-FILE
kubeconfig() {
  cat >"$1.new" <<END
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: $(base64 -w0 "$3")
    server: $2
  name: default
contexts:
- context:
    cluster: default
    user: default
  name: default
current-context: default
kind: Config
preferences: {}
users:
- name: default
  user:
    client-certificate-data: $(base64 -w0 "$4")
    client-key-data: $(base64 -w0 "$5")
END
  mv "$1.new" "$1"
}
