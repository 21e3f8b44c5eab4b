# Sourced by ./run and ./test: makes what they need on Debian 12 or 13, and nothing that is there already.

# need_packages PROBE PACKAGE...: install Debian packages unless the command PROBE succeeds.
need_packages() {
    local probe=$1
    shift
    if eval "$probe" >/dev/null 2>&1; then return 0; fi
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "These Debian packages are needed: $*. Install them as root, or start this as root." >&2
            return 1
        fi
        as_root=(sudo)
    fi
    if ! command -v apt-get >/dev/null; then
        echo "These packages are needed and this is no Debian: $*" >&2
        return 1
    fi
    echo "Installing $* ..."
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "$@" >/dev/null
    if ! eval "$probe" >/dev/null 2>&1; then
        echo "$* were installed, yet this still fails: $probe" >&2
        return 1
    fi
}

# need_chinese_font: PDFs carry their letters with them (storage/export/paper.py).
need_chinese_font() {
    need_packages '[ -e /usr/share/fonts/truetype/wqy/wqy-microhei.ttc ]' fonts-wqy-microhei
}

# find_python: print an interpreter that the product runs on and that can make virtual environments.
# Debian's own comes first: it is built with profile-guided optimisation, which self-built ones seldom are.
find_python() {
    local name
    for name in "${PYTHON:-/usr/bin/python3}" python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

# need_environment LOCK [LARGER]: make .venv hold what LOCK (a locked requirements file) names.
#
# A stamp keeps the sum of what was installed, so that the second start asks nobody anything. What LARGER names holds
# all of LOCK (tests/unit/test_requirements.py), so an environment that has it needs nothing more.
need_environment() {
    local venv=$ROOT/.venv lock
    if ! "$venv/bin/python" -c 'import pip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
        need_packages find_python python3 python3-venv || return 1
        echo "Making the virtual environment .venv ..."
        rm -rf "$venv"
        "$(find_python)" -m venv "$venv" || return 1
    fi
    for lock in "$@"; do
        if [ "$(cat "$venv/.installed-$lock" 2>/dev/null)" = "$(sha256sum <"$ROOT/$lock")" ]; then
            install_command "$venv"
            return
        fi
    done
    lock=$1
    echo "Installing $lock into .venv ..."
    rm -f "$venv"/.installed-*
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes \
        -r "$ROOT/$lock" || return 1
    sha256sum <"$ROOT/$lock" >"$venv/.installed-$lock"
    install_command "$venv"
}

# install_command VENV: put our own code and the box400 command into the environment, without a build.
install_command() {
    local packages script=$1/bin/box400 wanted
    packages=$("$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))') || return 1
    if [ "$(cat "$packages/box400.pth" 2>/dev/null)" != "$ROOT" ]; then echo "$ROOT" >"$packages/box400.pth"; fi
    wanted=$(printf '#!%s/bin/python\nfrom box400.cli import main\n\nmain()' "$1")
    if [ "$(cat "$script" 2>/dev/null)" != "$wanted" ]; then
        printf '%s\n' "$wanted" >"$script"
        chmod 755 "$script"
    fi
}
