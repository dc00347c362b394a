#!/usr/bin/env bash
# Runs vitest under the project's own Node.js.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
exec node_modules/.bin/node node_modules/vitest/vitest.mjs run "$@"
