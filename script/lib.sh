# shellcheck shell=bash
# What script/run, script/test, script/bench and script/docs share. Sourced, never run.
#
# Everything these functions make lies inside the checkout (.venv, build, var), except Debian packages.

ROOT=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
VENV=$ROOT/.venv
PYTHON=$VENV/bin/python
LOGS=$ROOT/build/log

# pip's cache would otherwise lie in the home directory.
export PIP_CACHE_DIR=$ROOT/var/cache/pip PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

# Some machines forbid Python to keep what it compiled; then each of the hundreds of processes that the tests start would
# compile our modules again, which takes longer than most tests do.
unset PYTHONDONTWRITEBYTECODE

say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }

# die WHAT REMEDY: one line that says what is wrong, one that says what to do.
die() {
    printf 'error: %s\n       %s\n' "$1" "$2" >&2
    exit 1
}

# print_help FILE: the comment at the head of a script is its help.
print_help() { awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$1"; }

# One setup at a time in one checkout.
lock_setup() {
    mkdir -p "$LOGS"
    exec 9>"$ROOT/build/setup.lock"
    flock 9
}
unlock_setup() { exec 9>&-; }

missing_debian() {
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
    done
}

# need_debian PACKAGE…: installs the Debian packages that are missing, and nothing when none is.
need_debian() {
    local missing as_root=()
    command -v dpkg-query >/dev/null || {
        warn "this is not Debian: what these packages hold must be there already: $*"
        return 0
    }
    mapfile -t missing < <(missing_debian "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    say "Installing Debian packages: ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            die "Debian packages are missing and this is not root." "As root: apt-get install ${missing[*]}"
        say "(with sudo, which may ask for your password)"
        as_root=(sudo)
    fi
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600)
    { "${apt[@]}" -q update && "${apt[@]}" -q install -y --no-install-recommends "${missing[@]}"; } \
        </dev/null >"$LOGS/apt.log" 2>&1 ||
        die "Debian packages could not be installed: ${missing[*]}" \
            "Is there a network? The reason is in $LOGS/apt.log. Then run this again."
}

is_new_python() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# The packages that Debian's own python3 needs to make virtual environments and compile extensions; none for another's.
debian_python() {
    if ! command -v python3 >/dev/null || [ "$(python3 -c 'import sys; print(sys.prefix)')" = /usr ]; then
        printf '%s\n' python3 python3-venv python3-dev
    fi
}

need_python() {
    is_new_python python3 ||
        die "Python 3.11 or newer is needed; python3 here is older or does not start." \
            "Use Debian 12 or newer, or put a newer python3 first on PATH."
}

# need_base PACKAGE…: the Debian packages that every command needs, and these.
need_base() {
    local python
    mapfile -t python < <(debian_python)
    need_debian "${DEBIAN_BASE[@]}" ${python[@]+"${python[@]}"} "$@"
    need_python
}

requirements_stamp() {
    { printf '%s\n' "$ROOT" && python3 -V && cat "$ROOT/pyproject.toml" "$ROOT"/requirements/*.txt; } | sha256sum
}

# has_stamp STAMP NAME…: whether one of these sets was installed from the present requirements.
has_stamp() {
    local stamp=$1 name
    shift
    for name in "$@"; do
        [ "$(cat "$VENV/stamp-$name" 2>/dev/null)" != "$stamp" ] || return 0
    done
    return 1
}

# run_pip ARGUMENT…: pip, or the end of the command with what to do.
run_pip() {
    "$PYTHON" -m pip install -q --no-build-isolation "$@" </dev/null >>"$LOGS/pip.log" 2>&1 ||
        die "Python packages could not be installed." \
            "Is there a network? The reason is in $LOGS/pip.log. Then run this again."
}

# pip_install ARGUMENT…: what a single command needs besides, with the pinned versions of every package.
pip_install() { run_pip -c "$ROOT/requirements/constraints.txt" "$@"; }

# install_locked LIST: the packages of a list, each file held against its SHA-256 before anything of it runs.
install_locked() { run_pip --require-hashes --no-deps -r "$ROOT/requirements/locked-$1.txt"; }

# need_venv LIST: the virtual environment with a list of packages and this project, unless that was done already.
# The set dev holds all of the set run.
need_venv() {
    local name=$1 stamp
    stamp=$(requirements_stamp)
    if has_stamp "$stamp" "$name" dev && "$PYTHON" -c '' 2>/dev/null; then
        return 0
    fi
    : >"$LOGS/pip.log"
    # An environment that was copied or moved, or whose Python is gone, is made anew.
    if ! "$PYTHON" -c 'import pip' 2>/dev/null || [ "$(cat "$VENV/home" 2>/dev/null || echo "$VENV")" != "$VENV" ]; then
        say "Making the virtual environment .venv"
        python3 -m venv --clear "$VENV" >>"$LOGS/pip.log" 2>&1 ||
            die "The virtual environment could not be made." "The reason is in $LOGS/pip.log."
    fi
    printf '%s\n' "$VENV" >"$VENV/home"
    say "Installing Python packages (a few minutes the first time)"
    # The tools that compile pyscard, pinned like everything else; hence no build isolation.
    install_locked build
    install_locked "$name"
    (cd "$ROOT" && run_pip --no-deps -e .)
    printf '%s\n' "$stamp" >"$VENV/stamp-$name"
}

# What every command needs: a compiler for pyscard, the PC/SC client library, zbar's library.
DEBIAN_BASE=(gcc libc6-dev swig libpcsclite-dev libzbar0)
# What the tests need besides. pcscd and its virtual reader run in a namespace of their own.
DEBIAN_TEST=(chromium chromium-driver chromium-headless-shell e2fsprogs espeak-ng ffmpeg fonts-noto-core iproute2 libeac3 libtss2-tcti-swtpm0 libusbguard1 nftables nginx-light opensc openssl pcscd postgresql procps shellcheck softhsm2 swtpm systemd tpm2-tools util-linux vsmartcard-vpcd)

setup_run() {
    lock_setup
    need_base "$@"
    need_venv run
    unlock_setup
}

setup_python_dev() {
    lock_setup
    need_base "$@"
    need_venv dev
    unlock_setup
}

# USBGuard's own parser of rules, for tests: unpacked and never installed, for its daemon would begin to turn away what is
# plugged into this machine, keyboards first.
unpack_usbguard() {
    local folder=$ROOT/build/usbguard apt=(apt-get -q -o DPkg::Lock::Timeout=600)
    [ ! -x "$folder/usr/bin/usbguard-rule-parser" ] && command -v dpkg-query >/dev/null || return 0
    mkdir -p "$folder"
    (
        cd "$folder"
        "${apt[@]}" download usbguard || { "${apt[@]}" update && "${apt[@]}" download usbguard; }
        dpkg -x usbguard_*.deb .
    ) </dev/null >>"$LOGS/apt.log" 2>&1 ||
        die "Debian's package usbguard could not be fetched." "Is there a network? The reason is in $LOGS/apt.log."
}

setup_test() {
    if command -v dpkg-query >/dev/null && [ -n "$(missing_debian vsmartcard-vpcd)" ]; then
        warn "the tests need a virtual card reader (Debian package vsmartcard-vpcd). Its driver registers itself with this"
        warn "machine's own PC/SC service, where it listens on all network interfaces without a password."
        warn "Never do this on a kiosk. To undo it: apt-get remove vsmartcard-vpcd"
    fi
    setup_python_dev "${DEBIAN_TEST[@]}"
    unpack_usbguard
}

# need_free_ports PORT…: dies where another program listens on one of them.
need_free_ports() {
    local port with=$PYTHON
    # Without an environment yet, the system's Python looks: one that is missing would make every port seem taken.
    [ -x "$with" ] || with=python3
    for port in "$@"; do
        "$with" - "$port" <<'PY' || die "Port $port on this machine is in use." \
            "Stop the program that listens there, or choose other ports: script/run --port-base 9000"
import socket, sys
with socket.socket() as probe:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        sys.exit(1)
PY
    done
}
