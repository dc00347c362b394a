#!/usr/bin/env bash
# shut-targets.sh ROOT OWNER: tells the kernel to close all sessions with the owner's targets and to let nobody in;
# succeeds when it has been told of each. It does not wait for a command that hangs in a store: the kernel does.
# Only builtins run, and nothing is written but to the kernel: a frozen or full disk can't keep it from its work.
set -u
told=0
for tag in "$1"/iscsi/*/tpgt_1/acls/*/tag; do
  read -r owner <"$tag" || [ -n "${owner:-}" ] || continue
  [ "$owner" = "$2" ] || continue
  enable=${tag%/acls/*}/enable
  read -r enabled <"$enable" || continue
  [ "$enabled" = 0 ] && continue
  echo 0 >"$enable" &
  told=1
done
exit "$told"
