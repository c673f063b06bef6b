#!/usr/bin/env bash
# One command from a fresh clone to the first generated text:
#
#   scripts/run.sh                       makes .venv, installs, prepares the model, runs step1_basic_llama
#   scripts/run.sh SCRIPT [ARGS]         the same for my_debug_scripts/SCRIPT.py (try: --help)
#   scripts/run.sh --cpu | --cuda ...    which build of vLLM to install; without it, what the machine has decides
#
# Every step leaves a mark in .venv, so an interrupted call is carried on by the next one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/environment.sh

build=
case "${1:-}" in
  --cpu | --cuda) build=${1#--}; shift ;;
  -h | --help) sed -n '2,8s/^# \{0,1\}//p' scripts/run.sh; exit 0 ;;
esac
prepare_environment "$build"

name=${1:-step1_basic_llama}
[ $# -gt 0 ] && shift
name=$(basename "$name" .py)
if [ ! -f "my_debug_scripts/$name.py" ]; then
  fail "There is no script $name: choose one of $(cd my_debug_scripts && echo *.py | sed 's/\.py//g')." \
       "没有名为 $name 的脚本：请从 $(cd my_debug_scripts && echo *.py | sed 's/\.py//g') 中选择。"
fi
exec .venv/bin/python "my_debug_scripts/$name.py" "$@"
