#!/usr/bin/env bash
# One command from a fresh clone to the first generated text:
#
#   scripts/run.sh                       makes .venv, installs, prepares the model, runs step1_basic_llama
#   scripts/run.sh SCRIPT [ARGS]         the same for my_debug_scripts/SCRIPT.py (try: --help)
#   scripts/run.sh --cpu | --cuda ...    which build of vLLM to install; without it, what the machine has decides
#
# An interrupted call is carried on by the next one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/environment.sh

build=
case "${1:-}" in
  --cpu | --cuda) build=${1#--}; shift ;;
  -h | --help)
    say "$(sed -n '2,8s/^# \{0,1\}//p' scripts/run.sh)" "一条命令，从刚克隆的仓库到第一段生成的文本：

  scripts/run.sh                       创建 .venv、安装依赖、准备模型，并运行 step1_basic_llama
  scripts/run.sh 脚本名 [参数]         同上，但运行 my_debug_scripts/脚本名.py（可先试 --help）
  scripts/run.sh --cpu | --cuda …      指定安装 vLLM 的哪一种构建；不写则由本机有没有 GPU 决定

中断后再次运行会接着做。"
    exit 0 ;;
esac
prepare_environment "$build"
# The learner's own copy of the checklists, which git does not know.
[ -e "${WORKBOOK_NOTES:-notes}/progress.md" ] || .venv/bin/python -m workbook.progress

# The very first text comes without being asked anything; lesson 1.1 begins with its questions.
if [ $# -eq 0 ]; then set -- step1_basic_llama --no-questions; fi
case "$1" in -*) set -- step1_basic_llama "$@" ;; esac
name=$1
shift
name=$(basename "$name" .py)
if [ ! -f "my_debug_scripts/$name.py" ]; then
  fail "There is no script $name: choose one of $(cd my_debug_scripts && echo *.py | sed 's/\.py//g')." \
       "没有名为 $name 的脚本：请从 $(cd my_debug_scripts && echo *.py | sed 's/\.py//g') 中选择。"
fi
exec .venv/bin/python "my_debug_scripts/$name.py" "$@"
