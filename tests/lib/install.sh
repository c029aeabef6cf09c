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

# install_packages NAME...: says what is missing, and installs that.
install_packages() {
    local name missing=() as_root=()
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        echo "Not a Debian system: please see that these are there: $*" >&2
        return 0
    fi
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] ||
            missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "Installing with apt-get: ${missing[*]}"
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "Not root, and there is no sudo. As root: apt-get install ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get -qq update &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get -qq -y install --no-install-recommends "${missing[@]}" >/dev/null
}
