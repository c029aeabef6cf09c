#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""embed.py INPUT OUTPUT SYMBOL: a file as a C array `SYMBOL[]`, NUL-terminated, and `SYMBOL_length`."""
import sys

source, target, symbol = sys.argv[1:]
data = open(source, "rb").read()
with open(target, "w") as out:
    out.write("#include <stddef.h>\n")
    out.write(f"extern const char {symbol}[];\nextern const size_t {symbol}_length;\n")
    out.write(f"const char {symbol}[] = {{\n")
    for i in range(0, len(data), 24):
        out.write(",".join(str(b if b < 128 else b - 256) for b in data[i : i + 24]) + ",\n")
    out.write("0};\n")
    out.write(f"const size_t {symbol}_length = {len(data)};\n")
