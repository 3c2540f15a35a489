#!/bin/sh
# What the container runs: the sessions of /work/claudex.sessions.json, if it is there, and the page in the foreground.
# Further words are options of `claudex web`.
set -eu

# A token that is in a file stays out of what `docker inspect` shows.
if [ -z "${CLAUDE_CODE_OAUTH_TOKEN:-}" ] && [ -r /run/secrets/claude-token ]; then
  CLAUDE_CODE_OAUTH_TOKEN=$(cat /run/secrets/claude-token)
  export CLAUDE_CODE_OAUTH_TOKEN
fi

if [ -f /work/claudex.sessions.json ]; then
  claudex up /work/claudex.sessions.json || echo 'Some sessions did not start; the page shows which.' >&2
fi

# The port is published on loopback of the machine (compose.yaml): what encrypts the line beyond it is in front of that.
exec claudex web --host 0.0.0.0 --port 4748 --plain-http "$@"
