# Makes the virtual environment .venv at the root and installs what is asked for.
# Sourced by run.sh and test.sh; quick when nothing changed.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
venv="$root/.venv"
TORCH_VERSION=2.13.0

say() { printf '%s\n' "thoralens: $*" >&2; }

find_python() {
    local candidate
    for candidate in "${THORALENS_PYTHON:-}" python3.12 python3.11 python3.13 python3; do
        [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
        if "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "Python 3.11 or newer with the venv module is needed, and none was found."
    say "On Debian or Ubuntu type: sudo apt-get install python3 python3-venv"
    exit 3
}

# Debian packages: installs them where it may, else prints the one line to type.
system_packages() {
    local missing=() package
    command -v dpkg-query >/dev/null 2>&1 || return 0
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -eq 0 ]; then
        say "installing Debian packages: ${missing[*]}"
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends "${missing[@]}"; } >"$root/.venv-apt.log" 2>&1 && return 0
        say "apt-get did not succeed; its words are in .venv-apt.log"
    fi
    say "these system packages are missing; type this once and start again if the window fails:"
    say "  sudo apt-get install ${missing[*]}"
}

# torch goes first: the CPU build where no GPU is seen, since other ways pull gigabytes of CUDA.
install_torch() {
    "$venv/bin/python" -c 'import torch' >/dev/null 2>&1 && return 0
    if command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L >/dev/null 2>&1; then
        say "an NVIDIA GPU is there: installing torch $TORCH_VERSION with CUDA"
        "$venv/bin/pip" install --quiet "torch==$TORCH_VERSION"
        return
    fi
    say "no GPU seen: installing the CPU build of torch $TORCH_VERSION"
    "$venv/bin/pip" install --quiet "torch==$TORCH_VERSION" \
        ${THORALENS_TORCH_INDEX:+--index-url "$THORALENS_TORCH_INDEX"}
}

# make_environment EXTRAS: idempotent; a stamp of pyproject.toml says whether anything is to do.
make_environment() {
    local extras="$1" stamp wanted
    stamp="$venv/.installed-$extras"
    wanted="$(cksum <"$root/pyproject.toml") $root"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then return 0; fi
    if [ ! -x "$venv/bin/pip" ]; then
        local python
        python="$(find_python)" || exit 3
        say "making the virtual environment .venv"
        "$python" -m venv "$venv"
    fi
    install_torch
    say "installing Thoralens and what it needs (once; a few minutes)"
    "$venv/bin/pip" install --quiet --editable "$root[$extras]"
    printf '%s' "$wanted" >"$stamp"
}
