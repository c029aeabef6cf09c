#!/bin/bash
# SPDX-License-Identifier: MIT
# The completions of bash, zsh and fish are what the option table makes of them, and each shell takes its own.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
weryaifs=${BUILD_DIR:-build}/weryaifs
here=config/completions
failed=0

complain() {
    echo "$*"
    failed=1
}

$here/make.py --check "$weryaifs" || failed=1

# complete_in_bash WORD...: what is offered for the last one
complete_in_bash() {
    bash -c '. '$here'/weryaifs.bash
        compopt() { :; }
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"
        COMP_POINT=${#COMP_LINE}
        _weryaifs && printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
[ "$(complete_in_bash weryaifs --fore)" = --foreground ] || complain "bash: --fore: $(complete_in_bash weryaifs --fore)"
[ "$(complete_in_bash weryaifs -o dry_run,stall_)" = dry_run,stall_timeout= ] || complain "bash: -o: $(complete_in_bash weryaifs -o dry_run,stall_)"
if command -v fish >/dev/null; then
    complete_in_fish() {
        fish --no-config -c "source $here/weryaifs.fish; complete -C '$*'"
    }
    complete_in_fish weryaifs --fore | grep -q '^--foreground' || complain "fish: --fore: $(complete_in_fish weryaifs --fore)"
    complete_in_fish weryaifs -o dry_run,stall_ | grep -q '^dry_run,stall_timeout=' || complain "fish: -o"
fi
if command -v zsh >/dev/null; then
    # a terminal of its own, in which a tab is typed
    typed=$(zsh -f -s "$here" <<'END'
        here=$PWD/$1
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell "fpath=($here \$fpath); autoload -U compinit; compinit -u -D; PS1="
        zpty -w -n shell $'weryaifs --foregr\t'
        text=
        repeat 100; do
            zpty -r -t shell part && text+=$part
            [[ $text == *--foreground* ]] && break
            sleep 0.1
        done
        print -r -- $text
        zpty -d shell
END
    )
    case $typed in *--foreground*) ;; *) complain "zsh: --foregr: $typed" ;; esac
fi
exit $failed
