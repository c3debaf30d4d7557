#!/bin/sh
# One night: solve, publish, commit. Usage: nightly.sh SCENARIO [AS_OF]; run it again with the same AS_OF after a failure.
set -eu

scenario=$1
now=${2:-$(date -u +%Y-%m-%dT%H:%M:%S+00:00)}

code=0
run=$(contactopt run "$scenario" --production --set "as_of=$now") || code=$?
case $code in
    0 | 5) ;; # 5: a sound plan, but a limit stopped the search before the asked gap
    *) exit "$code" ;;
esac
contactopt commit "$run"
