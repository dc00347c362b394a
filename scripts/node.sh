#!/usr/bin/env bash
# Runs the project's own Node.js (pinned in package.json), whatever Node the machine has.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
exec "$root/node_modules/.bin/node" "$@"
