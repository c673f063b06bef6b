# Sourced by run.sh and test.sh, from the workbook's folder: makes .venv and installs the pinned packages.
#
# Steps, each with a mark in .venv: the environment itself, torch, the lock file, the workbook.
# uv does the work where it is installed, else pip; both as the user has configured them (mirrors, proxies).

say() { case "${WORKBOOK_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}}" in zh* | ZH*) echo "$2" ;; *) echo "$1" ;; esac; }
fail() { say "$@" >&2; exit 1; }

TORCH=2.13.0
TORCH_INDEX=${WORKBOOK_TORCH_INDEX:-https://download.pytorch.org/whl/cpu}

prepare_environment() {
  # The whole state in one file: which build, and for which lock files. Nothing else is looked at when it fits.
  local build=${1:-} have mark
  have=$(cut -d' ' -f1 .venv/workbook-ready 2>/dev/null || true)
  build=${build:-${have:-$(detect_build)}}
  mark="$build $(cat "scripts/locks/$build.txt" pyproject.toml | cksum)"
  [ "$(cat .venv/workbook-ready 2>/dev/null || true)" = "$mark" ] && return

  check_system "$build"
  exec 9>.venv.lock
  flock -n 9 || { say "Waiting for another run of this script …" "正在等待另一个安装进程 …"; flock 9; }
  [ "$(cat .venv/workbook-ready 2>/dev/null || true)" = "$mark" ] && { exec 9>&-; return; }

  if [ -n "$have" ] && [ "$have" != "$build" ]; then
    say "Changing .venv from $have to $build …" "正在把 .venv 从 $have 换成 $build …"
    rm -rf .venv
  fi
  rm -f .venv/workbook-ready
  choose_installer
  make_venv
  remove_half_installed
  if [ "$build" = cpu ]; then install_cpu_torch; fi
  say "Installing vLLM and what it needs (scripts/locks/$build.txt) …" "正在安装 vLLM 及其依赖（scripts/locks/$build.txt）…"
  install --no-deps -r "scripts/locks/$build.txt" || install_failed
  install --no-deps --no-build-isolation -e . || install_failed
  echo "$mark" >.venv/workbook-ready
  exec 9>&-
  say "The environment is ready: .venv" "环境已就绪：.venv"
}

detect_build() { if command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; then echo cuda; else echo cpu; fi; }

check_system() {
  case "$(uname -s)" in
    Linux) ;;
    Darwin) fail "vLLM has no build for macOS: open the folder in VSCode and choose “Reopen in Container” (.devcontainer/)." \
                 "vLLM 没有 macOS 版本：请用 VSCode 打开本目录，选择 “Reopen in Container”（.devcontainer/）。" ;;
    *) fail "vLLM runs on Linux: on Windows use WSL2, or VSCode's “Reopen in Container” (.devcontainer/)." \
            "vLLM 只能在 Linux 上运行：Windows 请使用 WSL2，或 VSCode 的 “Reopen in Container”（.devcontainer/）。" ;;
  esac
  case "$(uname -m)" in
    x86_64 | aarch64) ;;
    *) fail "vLLM's wheels are for x86_64 and aarch64, and this machine is $(uname -m): use another machine." \
            "vLLM 只提供 x86_64 和 aarch64 的安装包，本机是 $(uname -m)：请换一台机器。" ;;
  esac
  if [ "$1" = cuda ] && ! nvidia-smi -L >/dev/null 2>&1; then
    fail "The CUDA build needs an NVIDIA driver, and nvidia-smi finds none: install driver 580 or newer, or use --cpu." \
         "CUDA 版需要 NVIDIA 驱动，但 nvidia-smi 没有找到：请安装 580 或更新的驱动，或使用 --cpu。"
  fi
  local needed=4 free
  if [ "$1" = cuda ]; then needed=14; fi
  free=$(df -Pk . | awk 'NR==2 {print int($4 / 1048576)}')
  if [ "$free" -lt "$needed" ]; then
    fail "The environment takes about $needed GiB, and $free are free on this disk: free some, or clone onto another disk." \
         "环境约需 $needed GiB，而此磁盘只剩 $free GiB：请清理空间，或克隆到别的磁盘。"
  fi
}

choose_installer() {
  if command -v uv >/dev/null; then
    # uv does not read pip's settings: hand them on, unless uv has its own.
    local setting value
    for setting in index-url:UV_DEFAULT_INDEX extra-index-url:UV_INDEX find-links:UV_FIND_LINKS; do
      value=$(pip_setting "${setting%%:*}")
      setting=${setting##*:}
      if [ -n "$value" ] && [ -z "${!setting:-}" ]; then export "$setting=$value"; fi
    done
    install() { uv pip install --python .venv/bin/python "$@"; }
  else
    # pip prints four lines for each of 170 packages: one is enough. Its warnings and errors are left as they are.
    install() { .venv/bin/python -m pip install --disable-pip-version-check --no-color "$@" | one_line_each; }
  fi
}

one_line_each() {
  awk -v wait="$(say "installing (may take a minute without output)" "正在安装（可能有一分钟没有输出）")" '
    /^ *(Downloading|Using cached) / && !/\.metadata/ { sub(/^ +/, ""); print "  " $0; fflush() }
    /^Installing collected packages/ { print "  " wait; fflush() }'
}

# A setting of pip's: from its environment variable, else from its configuration files.
pip_setting() {
  local variable="PIP_$(echo "$1" | tr 'a-z-' 'A-Z_')"
  echo "${!variable:-$(python3 -m pip config list 2>/dev/null | sed -n "s/^global\.$1='\(.*\)'$/\1/p")}"
}

make_venv() {
  if .venv/bin/python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null &&
    { command -v uv >/dev/null || .venv/bin/python -m pip --version >/dev/null 2>&1; }; then return; fi
  rm -rf .venv
  say "Making .venv …" "正在创建 .venv …"
  if command -v uv >/dev/null; then
    uv venv --quiet --seed --python "${WORKBOOK_PYTHON:-3.12}" .venv && return
    fail "uv could not make .venv: set WORKBOOK_PYTHON to a Python of 3.11 to 3.14 and run this again." \
         "uv 无法创建 .venv：请把 WORKBOOK_PYTHON 设为 3.11 到 3.14 的 Python，然后重新运行。"
  fi
  local python candidates=(python3.12 python3.11 python3.13 python3.14 python3)
  if [ -n "${WORKBOOK_PYTHON:-}" ]; then candidates=("$WORKBOOK_PYTHON"); fi
  for python in "${candidates[@]}"; do
    "$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null || continue
    "$python" -m venv .venv && return
  done
  fail "No Python of 3.11 to 3.14 with venv was found: install uv (it brings one), or python3.12-venv, or set WORKBOOK_PYTHON." \
       "没有找到带 venv 的 Python 3.11–3.14：请安装 uv（它会自动下载 Python）或 python3.12-venv，或设置 WORKBOOK_PYTHON。"
}

# An interrupted install leaves files without a RECORD, which pip takes for an installed package.
remove_half_installed() {
  local folder
  for folder in .venv/lib/python3*/site-packages/*.dist-info; do
    if [ -d "$folder" ] && [ ! -f "$folder/RECORD" ]; then rm -rf "$folder"; fi
  done
}

# torch first and apart: PyPI's torch for x86-64 brings gigabytes of CUDA, the CPU build lies on an index of PyTorch's own.
install_cpu_torch() {
  if .venv/bin/python -c "import importlib.metadata as m, sys; sys.exit(not m.version('torch').startswith('$TORCH'))" 2>/dev/null; then return; fi
  say "Installing torch $TORCH for CPU (about 200 MB) …" "正在安装 CPU 版 torch $TORCH（约 200 MB）…"
  # What the user has configured first (a mirror or a local wheel), then PyTorch's index.
  if command -v uv >/dev/null; then
    if install --quiet --dry-run --no-deps "torch==$TORCH+cpu" >/dev/null 2>&1; then
      install --no-deps "torch==$TORCH+cpu" && return
    fi
  else
    install --no-deps "torch==$TORCH+cpu" 2>/dev/null && return
  fi
  install --no-deps --index-url "$TORCH_INDEX" "torch==$TORCH" && return
  install_failed
}

install_failed() {
  fail "The packages could not be fetched: check the network, your proxy (HTTPS_PROXY) and mirrors (pip's and uv's settings, WORKBOOK_TORCH_INDEX), then run this again; it carries on." \
       "安装包下载失败：请检查网络、代理（HTTPS_PROXY）和镜像（pip、uv 的设置，WORKBOOK_TORCH_INDEX），然后重新运行，会接着上次继续。"
}
