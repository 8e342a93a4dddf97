#!/usr/bin/env bash
# Opens Thoralens on FOLDER, or on the synthetic sample. Without a screen it does the main job
# headless on the same input and leaves pictures and PDF in ./thoralens-results.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

folder="${1:-}"
if [ -n "$folder" ] && [ ! -e "$folder" ]; then
    say "there is no such folder: give the folder that holds the DICOM files of a chest CT."
    exit 3
fi
system_packages libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0 \
    libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0
make_environment viewer,openvino

if [ "$(uname)" != Linux ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}${QT_QPA_PLATFORM:-}" ]; then
    exec "$venv/bin/thoralens" ${folder:+"$folder"}
fi

results="$PWD/thoralens-results"
say "there is no screen here: doing the main job headless."
if [ -z "$folder" ]; then
    folder="$("$venv/bin/thoralens-core" phantom sample)"
fi
"$venv/bin/thoralens-core" analyse "$folder" --out "$results"
say "pictures, maps and report.pdf are in $results"
