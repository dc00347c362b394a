#!/usr/bin/env bash
# Lets something serve for as long as it may: whoever has the authority says, again and again, until when.
#
#   sentinel.sh AHEAD run COMMAND [ARG...]    runs the command, and kills it when its time is over
#   sentinel.sh AHEAD end COMMAND [ARG...]    carries out the command when the time is over, until it succeeds
#
# A renewal is one line on descriptor 3: a time since boot, in hundredths of a second, twice, since a read that is cut
# short could lose a digit. None reaches further ahead than AHEAD. Time since boot goes on while the machine sleeps, and
# nobody can set it.
# Only builtins run while it waits, and nothing is written: a frozen or full disk can't keep it from its work.
set -u
readonly TICK_S=0.25

# Sets `now`.
look_at_clock() {
  local uptime rest
  read -r uptime rest </proc/uptime
  now=$((10#${uptime/./}))
}

# Sets `until` when the line is a renewal. A later one may also end it sooner.
heed() {
  [[ $1 =~ ^([0-9]{1,15})\ ([0-9]{1,15})$ && ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" ]] || return 0
  look_at_clock
  until=$((10#${BASH_REMATCH[1]}))
  ((until <= now + ahead)) || until=$((now + ahead))
}

# Waits so many seconds for a line. What had come of one when the time was over is kept for the next time.
listen() {
  local line
  if read -r -t "$1" -u 3 line; then
    heed "$part$line"
    part=''
  else
    part=${part:0:99}$line
  fi
}

# Returns when the time is over, or what is served has ended by itself.
watch() {
  while look_at_clock && ((now < until && ended == 0)); do
    listen "$TICK_S"
  done
}

# What is told to serve dies with this process too, however that ends. It is a child, so its number stays its own.
run() {
  trap 'ended=1' CHLD
  setpriv --pdeathsig KILL -- "$@" 3>&- &
  watch
  ((ended == 1)) || kill -KILL "$!"
  wait "$!" 2>/dev/null
}

end() {
  local _
  watch
  until "$@" 3>&-; do read -r -t "$TICK_S" -u 3 _; done
}

main() {
  local -r ahead=$1 action=$2
  local now until part='' ended=0
  look_at_clock
  until=$now
  listen 1
  case $action in
    run) run "${@:3}" ;;
    end) end "${@:3}" ;;
  esac
  exit 0
}

main "$@"
