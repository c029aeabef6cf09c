#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the completions for bash, zsh and fish anew, from what `weryaifs --help` says, which comes from the option table.

    config/completions/make.py build/weryaifs             # after an option or a setting has changed
    config/completions/make.py --check build/weryaifs     # as the test does: says which file is out of date
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# of the mount's own: not in the table, since they belong to the kernel, to libfuse, and to fstab
MOUNT_WORDS = [("config", "FILE", "read this configuration file"), ("sandbox", None, "try it out: no key, no costs"),
               ("debug", None, "log more"), ("ro", None, "read only"), ("noexec", None, "no programs are run from it"),
               ("noatime", None, "no times of reading"), ("auto_unmount", None, "unmount when the daemon dies")]
FILES = {"FILE", "PATH"}


def parse(text):
    """([(short, long, value, help)], [(key, value, help)]) of --help."""
    options, settings, last, section = [], [], None, None
    for line in text.splitlines():
        if line and not line.startswith(" "):
            section = line.split("  ")[0]
            last = None
        elif option := re.match(r"  (?=-)(?:(-\w)(?:, )?)?(--[a-z-]+)?( [A-Z]+| KEY\[=VALUE\]\[,\.\.\.\])?(?:  +(\S.*))?$", line):
            if section == "Options:":
                last = [option[1], option[2], option[3].strip() if option[3] else None, option[4] or ""]
                options.append(last)
        if section and section.startswith("[") and section != "[model KEY]":
            if setting := re.match(r"  ([a-z_]+)=(\S+)(?:  +(\S.*))?$", line):
                last = [setting[1], setting[2], setting[3] or ""]
                settings.append(last)
        if line.startswith(" " * 20) and last:
            last[-1] = f"{last[-1]} {line.strip()}".strip()
    for entry in options + settings:
        # the default that stands in brackets at the end
        entry[-1] = re.sub(r" ?\[[^][]*\]$", "", entry[-1])
    return options, settings


def bash(options, items):
    words = []
    for key, value, _ in items:
        words.append(key if value is None or value == "yes|no" else key + "=")
    longs = [word for short, long, _, _ in options for word in (short, long) if word]
    choices = "".join(f"\t{key}=*) keys='{' '.join(f'{key}={word}' for word in value.split('|'))}' ;;\n"
                      for key, value, _ in items if value and "|" in value)
    files = " | ".join(f"{key}=*" for key, value, _ in items if value in FILES)
    values = " | ".join(long for _, long, value, _ in options if value in FILES)
    text = (HERE / "weryaifs.bash.in").read_text()
    return (text.replace("@ITEMS@", " ".join(words)).replace("@OPTIONS@", " ".join(longs))
            .replace("@CHOICES@", choices.rstrip("\n")).replace("@FILE_ITEMS@", files).replace("@FILE_OPTIONS@", values))


def quote(text):
    return text.replace("'", "'\\''")


def zsh_help(text):
    return quote(text.replace("[", "(").replace("]", ")").replace(":", "\\:"))


def zsh(options, items):
    arguments, values = [], []
    for short, long, value, text in options:
        action = {"FILE": ":file:_files", "NAME": ":account:_weryaifs_accounts"}.get(value, f":{value}: " if value else "")
        if short == "-o":
            arguments.append(f"'*-o[{zsh_help(text)}]:setting:_weryaifs_items'")
        elif short:
            arguments.append(f"'({short} {long})'{{{short},{long}}}'[{zsh_help(text)}]{action}'")
        else:
            arguments.append(f"'{long}[{zsh_help(text)}]{action}'")
    for key, value, text in items:
        action = ""
        if value in FILES:
            action = ":file:_files"
        elif value == "yes|no":
            action = "::yes or no:(yes no)"
        elif value and "|" in value:
            action = f":word:({' '.join(value.split('|'))})"
        elif value:
            action = f":{value.lower().replace(':', ' ')}: "
        values.append(f"'{key}[{zsh_help(text)}]{action}'")
    return (HERE / "weryaifs.zsh.in").read_text().replace("@OPTIONS@", " \\\n\t\t".join(arguments)).replace(
        "@ITEMS@", " \\\n\t\t".join(values))


def fish(options, items):
    lines, rows = [], []
    for short, long, value, text in options:
        line = "complete -c weryaifs"
        line += f" -s {short[1:]}" if short else ""
        line += f" -l {long[2:]}" if long else ""
        if short == "-o":
            line += " -x -a '(__weryaifs_items)'"
        elif value in FILES:
            line += " -r -F"
        elif value == "NAME":
            line += " -x -a '(__weryaifs_accounts)'"
        elif value:
            line += " -x"
        lines.append(f"{line} -d '{quote(text)}'")
    for key, value, text in items:
        if value and "|" in value:
            rows += [f"'{key}={word}' '{quote(text)}'" for word in value.split("|")]
        else:
            rows.append(f"'{key}{'=' if value else ''}' '{quote(text)}'")
    return (HERE / "weryaifs.fish.in").read_text().replace("@OPTIONS@", "\n".join(lines)).replace(
        "@ITEMS@", " \\\n        ".join(rows))


def main():
    check = sys.argv[1:2] == ["--check"]
    program = sys.argv[-1]
    options, settings = parse(subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout)
    if len(options) < 5 or len(settings) < 20:
        sys.exit("make.py: does --help have another form now?")
    items = [tuple(setting) for setting in settings] + MOUNT_WORDS
    stale = 0
    for name, text in (("weryaifs.bash", bash(options, items)), ("_weryaifs", zsh(options, items)),
                       ("weryaifs.fish", fish(options, items))):
        path = HERE / name
        if path.exists() and path.read_text() == text:
            continue
        if check:
            print(f"config/completions/{name} is out of date: say config/completions/make.py {program}")
            stale = 1
        else:
            path.write_text(text)
    sys.exit(stale)


main()
