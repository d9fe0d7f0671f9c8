#!/bin/sh
# Makes .venv from the pinned requirements, and does nothing where that is already done.
#   scripts/setup.sh run    what the bot and its sandbox need
#   scripts/setup.sh dev    that, and what the checks need
# Uses uv where it is installed, else Python's own venv and pip. PYTHON may name the interpreter; without it the
# one that made .venv before is kept.
set -eu
cd "$(dirname "$0")/.."
case ${1:-} in
  run) requirements=requirements.txt ;;
  dev) requirements=requirements-dev.txt ;;
  *) echo "usage: scripts/setup.sh run|dev" >&2; exit 2 ;;
esac

# Prints the interpreter behind a candidate, never one in a .venv, which may be removed in a moment.
try_python() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11) or print(sys._base_executable))' 2>/dev/null
}

find_python() {
  if [ -n "${PYTHON:-}" ]; then
    try_python "$PYTHON" && return
    echo "setup: PYTHON=$PYTHON is no Python 3.11 or newer" >&2
    return 1
  fi
  for candidate in .venv/bin/python python3 python3.14 python3.13 python3.12 python3.11; do
    try_python "$candidate" && return
  done
  echo "setup: Python 3.11 or newer is needed. On Debian: sudo apt-get install python3" >&2
  return 1
}

fingerprint() {
  "$python" -V
  pwd
  # Of pyproject.toml what an installation takes from it: the settings of tools come after.
  sed '/^\[tool\.ruff\]/,$d' pyproject.toml | cat - "$1" scripts/setup.sh | cksum
}

# Debian ships venv apart from Python. Root may add it; anyone else is told how.
add_venv_module() {
  package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: installing $package"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null
  else
    echo "setup: Python's venv module is missing. On Debian: sudo apt-get install $package" >&2
    return 1
  fi
}

python=$(find_python)
for done_before in requirements-dev.txt "$requirements"; do
  stamp=.venv/.$done_before
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint "$done_before")" ]; then exit 0; fi
done

echo "setup: making .venv from $requirements (once; up to half a minute)"
rm -rf .venv
if command -v uv >/dev/null; then
  uv venv --quiet --python "$python" .venv
  install="uv pip install --quiet --python .venv/bin/python"
else
  "$python" -c 'import ensurepip, venv' 2>/dev/null || add_venv_module
  "$python" -m venv .venv
  install=".venv/bin/pip install --quiet --disable-pip-version-check"
fi
$install --require-hashes -r "$requirements"
$install --no-deps --no-build-isolation -e .
fingerprint "$requirements" > ".venv/.$requirements"
