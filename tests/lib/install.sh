# SPDX-License-Identifier: MIT
# Installs the Debian packages that are missing; to be sourced. Needs apt-get, and sudo when not root.

# packages_of FILE SECTION...: the names in these sections of tests/packages.txt.
packages_of() {
    local file=$1 line section=
    shift
    while read -r line; do
        case $line in
        '# ['*']') section=${line#'# ['} section=${section%']'} ;;
        '#'* | '') ;;
        *) case " $* " in *" $section "*) echo "$line" ;; esac ;;
        esac
    done <"$file"
}

# missing_packages NAME...: those that are not installed.
missing_packages() {
    local name
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
    done
}

# ask_first NAME...: where a person can answer, may the missing ones be installed? No question when CI=true.
ask_first() {
    local missing answer
    missing=$(missing_packages "$@" | tr '\n' ' ')
    if [ -z "$missing" ] || [ "${CI:-}" = true ] || [ ! -t 0 ]; then
        return 0
    fi
    echo "These packages are needed and missing: $missing"
    read -r -p "Install them with apt-get? [Y/n] " answer
    case $answer in [nN]*) return 1 ;; esac
}

# as_root LINE: a command line for the shell.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        sh -c "$1"
    elif command -v sudo >/dev/null; then
        sudo sh -c "$1"
    else
        echo "Not root, and there is no sudo. As root: $1" >&2
        return 1
    fi
}

# install_packages NAME...: says what is missing, and installs that.
install_packages() {
    local missing
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        echo "Not a Debian system: please see that these are there: $*" >&2
        return 0
    fi
    mapfile -t missing < <(missing_packages "$@")
    if [ ${#missing[@]} -gt 0 ]; then
        echo "Installing ${#missing[@]} packages with apt-get (a few minutes): ${missing[*]}"
        as_root "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install \
            --no-install-recommends ${missing[*]} >/dev/null" || return 1
    fi
    # fusermount3 -u needs it for whoever is not root; a bare chroot or container may lack it
    if [ ! -e /etc/mtab ]; then
        as_root "ln -s ../proc/self/mounts /etc/mtab" || true
    fi
}
