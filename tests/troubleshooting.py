#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every sentence that a status or the start of a mount can say is in config/doc/TROUBLESHOOTING.md.

The sentences are read from the code: what is given to the functions below, up to the first value that is put into it. With
--list all of them are printed, those that the document lacks with a '-' in front."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# functions that make a sentence for a person of a format
SAY = ("refuse", "sentence_fail", "file_fail", "message_refuse", "job_set_text", "complain", "prompt_reading_error", "request_blame",
       "reference_say", "private_dir_fail")
# files of tables: each text of several words in them
TABLES = ("fs/api/errclass_text.c", "fs/tree/status.c", "fs/tree/status_text.c", "fs/tree/status_facts.c", "fs/input/upload.c", "fs/table/table_report.c", "fs/table/table_dir.c",
          "fs/tree/status_sheet.c")
# those of --check speak for themselves
SKIP = {"fs/store/check.c"}
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"|PRI[a-zA-Z0-9]+|\s+|[A-Z_]{4,}')


def table(text):
    """All texts in a file that look like part of a sentence."""
    text = re.sub(r"/\*.*?\*/|#include[^\n]*|log_\w+\([^;]*;", "", text, flags=re.S)
    for words in re.finditer(r'(?:"(?:[^"\\]|\\.)*"\s*)+', text):
        sentence = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', words[0]))
        if len(sentence.split()) >= 4 and "SELECT" not in sentence:
            yield sentence


def sentences(text):
    """The formats of all calls in this file."""
    for call in re.finditer(r"\b(\w+)\((?:(ret_message|&message),)?", text):
        if call[1] == "asprintf" and call[2]:
            pass
        elif call[1] not in SAY and not call[1].endswith(("_complain", "_refuse", "_refused")):
            continue
        # up to the first literal of this call
        start = re.compile(r'[^;"]{0,200}?(?=")').match(text, call.end())
        if not start or ";" in start[0] or start[0].count(")") > start[0].count("("):
            continue
        at, words = start.end(), []
        while part := LITERAL.match(text, at):
            words.append(part[1] if part[1] is not None else "" if part[0].isspace() else "\0")
            at = part.end()
        yield "".join(words)


def key(sentence):
    """The longest run of words that is the same each time."""
    sentence = re.sub(r"\\(.)", lambda escaped: " " if escaped[1] == "n" else escaped[1], sentence)
    sentence = sentence.removeprefix("warning: ")
    parts = re.split(r"%?\0|%[-+ #0-9.*]*(?:l|ll|z|j|h)?[a-zA-Z]|%%", sentence)
    return " ".join(max(parts, key=len).split()).strip(" :;,.'()")


def main():
    document = " ".join((ROOT / "config/doc/TROUBLESHOOTING.md").read_text().replace("`", "").replace("\\|", "|").split())
    missing = 0
    found = set()
    for path in sorted(ROOT.glob("fs/**/*.c")) + sorted(ROOT.glob("config/*.c")):
        name = str(path.relative_to(ROOT))
        if name in SKIP:
            continue
        text = path.read_text()
        for sentence in list(sentences(text)) + (list(table(text)) if name in TABLES else []):
            words = key(sentence)
            if len(words) < 8 or " " not in words or words in found:
                continue
            found.add(words)
            lacks = words not in document
            missing += lacks
            if "--list" in sys.argv:
                print("-" if lacks else " ", f"{name}: {sentence}")
            elif lacks:
                print(f"config/doc/TROUBLESHOOTING.md lacks a sentence of {name}: {words}")
    if len(found) < 100:
        sys.exit(f"only {len(found)} sentences were found: has the code another form now?")
    sys.exit(1 if missing else 0)


main()
