#!/usr/bin/env bash
# Makes the machine ready: npm packages (Node.js 26 is one of them), Debian packages and, for the tests, csi-sanity and
# schemathesis.
# Idempotent: what is there is not fetched again, so a second run takes well under a second.
#   setup.sh                  what the product needs
#   setup.sh --test           that, and what the tests need
#   setup.sh --guest          that, and what boots virtual machines
#   setup.sh --packages-only  only the npm packages (no root needed)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# libatomic1 is what the program of Node.js 26 itself needs.
readonly debian_packages=(libatomic1 tgt btrfs-progs xfsprogs e2fsprogs util-linux mount)
readonly debian_test_packages=(fio libiscsi-bin iproute2 openssl python3-venv)
readonly debian_guest_packages=(qemu-system-x86 qemu-utils debootstrap debian-archive-keyring)
readonly csi_sanity=github.com/kubernetes-csi/csi-test/v5/cmd/csi-sanity@v5.6.0

fail() {
  echo "setup: $1" >&2
  exit 1
}

npm_packages() {
  local stamp=node_modules/.mooring-lock
  if ! cmp -s package-lock.json "$stamp"; then
    command -v npm >/dev/null || fail 'npm is missing: install Node.js (any version that has npm)'
    # Not `npm ci`: it refuses a lock file without the optional packages of foreign platforms, which not every
    # registry mirror carries. --no-save keeps to the lock file just the same and never writes it.
    # No package has a script of its own that is needed.
    npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
    cp package-lock.json "$stamp"
  fi
  # npm links the program of the platform's Node.js package; a machine of another kind has none.
  [ -x node_modules/.bin/node ] || fail "no Node.js 26 package for this machine ($(uname -m)): x86_64 and aarch64 are supported"
  node_modules/.bin/node --version >/dev/null || fail 'Node.js 26 does not start: on Debian it needs the package libatomic1'
}

debian() {
  local missing=()
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || fail "these Debian packages are missing, and installing them needs root: ${missing[*]}"
  apt-get update -qq
  # RUNLEVEL=1 keeps tgt's own service from being started: the element runs a tgtd of its own.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

sanity() {
  local stamp=.cache/bin/csi-sanity.version
  [ "$(cat "$stamp" 2>/dev/null)" = "$csi_sanity" ] && return 0
  command -v go >/dev/null || fail 'go is missing: csi-sanity is built from its Go module'
  mkdir -p .cache/bin
  GOBIN="$PWD/.cache/bin" go install "$csi_sanity"
  echo "$csi_sanity" >"$stamp"
}

# The checker of histories, on Porcupine; go.sum pins it.
linearizability() {
  local source=test/chaos/linearizability
  local stamp=.cache/bin/linearizability.source
  cat "$source"/go.* "$source"/main.go | cmp -s - "$stamp" && return 0
  command -v go >/dev/null || fail 'go is missing: the checker of histories is built from its Go module'
  mkdir -p .cache/bin
  go -C "$source" build -o "$PWD/.cache/bin/linearizability" .
  cat "$source"/go.* "$source"/main.go >"$stamp"
}

schemathesis() {
  local lock=scripts/schemathesis.txt
  local stamp=.cache/schemathesis/installed.txt
  cmp -s "$lock" "$stamp" && return 0
  rm -rf .cache/schemathesis
  /usr/bin/python3 -m venv .cache/schemathesis
  .cache/schemathesis/bin/pip install --quiet --no-deps --requirement "$lock"
  cp "$lock" "$stamp"
}

case "${1:-}" in
  --packages-only) npm_packages ;;
  --test)
    debian "${debian_packages[@]}" "${debian_test_packages[@]}"
    npm_packages
    sanity
    linearizability
    schemathesis
    ;;
  --guest)
    debian "${debian_packages[@]}" "${debian_test_packages[@]}" "${debian_guest_packages[@]}"
    npm_packages
    sanity
    ;;
  '')
    debian "${debian_packages[@]}"
    npm_packages
    ;;
  *) fail "unknown option $1" ;;
esac
