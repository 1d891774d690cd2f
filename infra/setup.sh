#!/bin/sh
# Make this checkout ready to work: Debian packages, a Python, .venv with the locked packages.
# Run by make; does nothing, fast, when all is there.
set -eu
cd "$(dirname "$0")/.."
list=infra/debian-packages.txt

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 2; }

missing_packages() {
    grep -v '^#' "$list" | while read -r package proof _; do
        case $proof in
        /*) [ -e "$proof" ] || echo "$package" ;;
        *) PATH=$PATH:/usr/sbin:/sbin command -v "$proof" >/dev/null 2>&1 || echo "$package" ;;
        esac
    done
}

packages() {
    missing=$(missing_packages | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null 2>&1 || die "this machine has no apt-get; install by hand what these packages hold: $missing"
    [ "$(id -u)" = 0 ] || die "missing Debian packages; run: sudo apt-get install --no-install-recommends $missing"
    say "installing Debian packages: $missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o Acquire::Retries=3 update || say "apt-get update complained; trying the install all the same"
    # shellcheck disable=SC2086
    apt-get -qq -y -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 install --no-install-recommends $missing >/dev/null
    left=$(missing_packages | tr '\n' ' ')
    [ -z "$left" ] || die "installed, but still missing what should prove them: $left"
}

fits() { "$1" -c 'import sys, venv; sys.exit(not (3, 12) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1; }

find_python() {
    for name in python3.13 python3.12 python3; do
        if command -v "$name" >/dev/null 2>&1 && fits "$name"; then command -v "$name"; return; fi
    done
    for path in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.12*/bin/python; do
        if [ -x "$path" ] && fits "$path"; then echo "$path"; return; fi
    done
    if command -v uv >/dev/null 2>&1 && path=$(uv python find '>=3.12,<3.14' 2>/dev/null || { uv python install -q 3.13 && uv python find 3.13; }); then
        echo "$path"; return
    fi
    die "no Python 3.12 or 3.13 found on PATH, among pyenv's versions, or by uv; install one"
}

environment() {
    wanted=$(cat requirements.lock pyproject.toml "$0" | sha256sum | cut -c1-16)
    stamp=.venv/ready
    if [ "$(cat $stamp 2>/dev/null || :)" != "$wanted" ] || ! .venv/bin/python -c '' 2>/dev/null; then
        python=$(find_python)
        say "making .venv with $("$python" --version) and the packages of requirements.lock"
        rm -f $stamp
        { [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1; } || {
            rm -rf .venv
            "$python" -m venv .venv || die "cannot make .venv; on Debian install python3-venv"
        }
        # uv comes first, by its own lines of the lock, and installs the rest many times faster than pip
        sed -n '/^uv==/,/^[^ ]/{/^uv==/p;/^    --hash/p}' requirements.lock > .venv/uv.lock
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
        UV_LINK_MODE=copy .venv/bin/python -m uv pip install --quiet --compile-bytecode --python .venv/bin/python --require-hashes -r requirements.lock
        UV_LINK_MODE=copy .venv/bin/python -m uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
        mkdir -p .venv/root
        ln -sfn ../.. .venv/root/faultcast   # the repository under its package name, for mypy and import-linter
        echo "$wanted" > $stamp
    fi
}

packages
environment
