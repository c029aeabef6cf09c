#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which room calls which, read from the objects that were built (nm), not from includes.

    tests/calls.py BUILD_DIR             prints the picture; fails on a call that goes up, on a circle of files
                                         inside a room, and when fs/README.md shows another picture
    tests/calls.py BUILD_DIR --update    puts the picture into fs/README.md
    tests/calls.py BUILD_DIR --calls A B prints the calls from A to B, rooms or files

A room is a folder of fs/. Which ones it may call is in tests/rooms.txt, bottom up.
"""
import collections
import json
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
README = os.path.join(TOP, 'fs/README.md')
BEGIN, END = '<!-- printed by tests/calls.sh -->\n```\n', '```\n<!-- end -->\n'
CIRCLES = []  # rooms that may have one; their headers say why


def read_rooms():
    """The rooms, bottom up: folder -> the folders that it may call."""
    with open(os.path.join(TOP, 'tests/rooms.txt'), encoding='utf-8') as file:
        rows = [line.split() for line in file if line.startswith('fs/')]
    return {row[0]: row[1:] for row in rows}


def read_objects(build):
    """[(source, object)] of all that was compiled in fs/."""
    with open(os.path.join(build, 'compile_commands.json'), encoding='utf-8') as file:
        commands = json.load(file)
    found = []
    for command in commands:
        source = os.path.realpath(os.path.join(command['directory'], command['file']))
        source = os.path.relpath(source, TOP)
        if source.startswith('fs/'):
            found.append((source, os.path.join(command['directory'], command['output'])))
    return found


def read_calls(objects):
    """caller -> callee -> symbols, by source file."""
    sources = {path: source for source, path in objects}
    defined, used = {}, {source: set() for source in sources.values()}
    output = subprocess.run(['nm', '-A', '-g', *sources], check=True, capture_output=True, text=True).stdout
    for line in output.splitlines():
        path, rest = line.split(':', 1)
        kind, symbol = rest.split()[-2:]
        if kind in 'Uw':
            used[sources[path]].add(symbol)
        else:
            defined[symbol] = sources[path]
    calls = {source: collections.defaultdict(set) for source in used}
    for source, symbols in used.items():
        for symbol in symbols & defined.keys():
            calls[source][defined[symbol]].add(symbol)
    return calls


def find_circles(calls, files):
    """Groups of these files that reach each other."""
    reached = {}
    for file in files:
        seen, todo = set(), [file]
        while todo:
            new = [callee for callee in calls[todo.pop()] if callee in files and callee not in seen]
            seen.update(new)
            todo += new
        reached[file] = seen
    groups = {frozenset(b for b in reached[a] if a in reached[b]) for a in files if a in reached[a]}
    return sorted(sorted(group) for group in groups)


def draw(rooms, calls):
    """One line a room, top down: a room that it calls has its name in the room's own column."""
    names = [os.path.basename(room) for room in rooms]
    lines = []
    for caller in reversed(rooms):
        called = {os.path.dirname(callee) for source in calls if os.path.dirname(source) == caller
                  for callee in calls[source]}
        cells = [(name if room in called else '.').ljust(len(name)) for name, room in zip(names, rooms)
                 if room != caller and rooms.index(room) < rooms.index(caller)]
        lines.append(f'{os.path.basename(caller):8} {" ".join(cells)}'.rstrip())
    return '\n'.join(lines) + '\n'


def check(rooms, calls):
    """Sentences about what is wrong, and about circles that may be."""
    order = list(rooms)
    wrong = [f'tests/rooms.txt: {room} may not use {below}, which is above it' for room in rooms
             for below in rooms[room] if below not in order[:order.index(room)]]
    remarks = []
    for caller in sorted(calls):
        room = os.path.dirname(caller)
        if room == 'fs':  # the wiring
            continue
        if room not in rooms:
            wrong.append(f'{caller} is in a room that tests/rooms.txt does not know')
            continue
        for callee, symbols in sorted(calls[caller].items()):
            if os.path.dirname(callee) not in [room] + rooms[room]:
                wrong.append(f'{caller} calls {callee}, which is not below it: {", ".join(sorted(symbols))}')
    for room in rooms:
        for circle in find_circles(calls, {source for source in calls if os.path.dirname(source) == room}):
            (remarks if room in CIRCLES else wrong).append(f'a circle of files: {" ".join(circle)}')
    return wrong, remarks


def shown_picture(text):
    begin, end = text.find(BEGIN), text.find(END)
    return (begin + len(BEGIN), end) if 0 <= begin < end else None


def check_readme(picture, update):
    with open(README, encoding='utf-8') as file:
        text = file.read()
    place = shown_picture(text)
    if place is None:
        return ['fs/README.md has no place for the picture']
    if text[place[0]:place[1]] == picture:
        return []
    if not update:
        return ['fs/README.md shows another picture: tests/calls.sh --update']
    with open(README, 'w', encoding='utf-8') as file:
        file.write(text[:place[0]] + picture + text[place[1]:])
    return []


def main():
    build, arguments = sys.argv[1], sys.argv[2:]
    rooms = read_rooms()
    # what a test adds: SOURCE=OBJECT
    planted = [tuple(word.split('=')) for word in arguments if '=' in word]
    calls = read_calls(read_objects(build) + planted)
    if '--calls' in arguments:
        one, other = arguments[-2:]
        for caller in sorted(calls):
            for callee, symbols in sorted(calls[caller].items()):
                if caller.startswith(one) and callee.startswith(other):
                    print(caller, '->', callee, ', '.join(sorted(symbols)))
        return 0
    picture = draw(list(rooms), calls)
    print(picture)
    wrong, remarks = check(rooms, calls)
    wrong += check_readme(picture, '--update' in arguments)
    for sentence in remarks + wrong:
        print(sentence)
    return 1 if wrong else 0


sys.exit(main())
