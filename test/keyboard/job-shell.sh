#!/usr/bin/env bash
# Runs a program as a shell with job control does; when it is stopped (Ctrl-Z), the person types fg a moment later.
set -m
"$@"
code=$?
while [ -n "$(jobs -s)" ]; do
  sleep 0.4
  fg > /dev/null
  code=$?
done
exit "$code"
