#!/usr/bin/env bash
# Installs what the tests need and runs them all: style, types, import contracts, tests.
# Arguments go to pytest: bash packaging/test.sh tests/core/models -k parameter
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

system_packages libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0 \
    poppler-utils dicom3tools
make_environment viewer,openvino,training,cluster,dev
cd "$root"
export QT_QPA_PLATFORM=offscreen

# By file on two processes: fixtures of a file are made once, and most tests use one core.
all_at_once=()
if [ $# -eq 0 ]; then
    all_at_once=(--numprocesses 2 --dist loadfile)
    "$venv/bin/ruff" format --check .
    "$venv/bin/ruff" check .
    "$venv/bin/mypy"
    "$venv/bin/lint-imports"
fi
"$venv/bin/python" -m pytest "${all_at_once[@]}" "$@"
