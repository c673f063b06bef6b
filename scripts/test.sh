#!/usr/bin/env bash
# All tests, in the same environment as scripts/run.sh: scripts/test.sh [--cpu|--cuda] [PYTEST ARGS]
# For example: scripts/test.sh -m "not engine" (a minute or two, no engine), or scripts/test.sh -k doctor
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/environment.sh

build=
case "${1:-}" in --cpu | --cuda) build=${1#--}; shift ;; esac
prepare_environment "$build"
# Without arguments: two files of tests at a time, since most engines of the tests keep one core busy.
if [ $# -eq 0 ]; then set -- -n 2 --dist loadfile; fi
exec .venv/bin/python -m pytest "$@"
