#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""plain_file_stress.py FILE SEED STEPS: random reads, writes, maps, truncations and holes of one file, each compared with
bytes in memory."""
import ctypes
import mmap
import os
import random
import sys

name, seed, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
dice = random.Random(seed)
libc = ctypes.CDLL(None, use_errno=True)
LIMIT = 300_000
KEEP_SIZE, PUNCH_HOLE, ZERO_RANGE = 1, 2, 16
fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
model = bytearray()


def grow(size):
    if size > len(model):
        model.extend(bytes(size - len(model)))


def place():
    at = dice.randrange(LIMIT)
    return at, min(dice.choice([1, 100, 5000, 70000]), LIMIT - at)


def fallocate(mode, at, length):
    if libc.fallocate(fd, mode, ctypes.c_long(at), ctypes.c_long(length)) < 0:
        raise OSError(ctypes.get_errno(), "fallocate")


def write():
    at, length = place()
    data = dice.randbytes(length)
    assert os.pwrite(fd, data, at) == length
    grow(at + length)
    model[at:at + length] = data


def append():
    data = dice.randbytes(dice.randrange(1, 2000))
    if len(model) + len(data) > LIMIT:
        return
    other = os.open(name, os.O_WRONLY | os.O_APPEND)
    os.write(other, data)
    os.close(other)
    model.extend(data)


def read():
    at, length = place()
    assert os.pread(fd, length, at) == bytes(model[at:at + length]), f"read of {length} at {at}"


def mapped():
    if not model:
        return
    at, length = place()
    with mmap.mmap(fd, len(model)) as m:
        assert m[at:at + length] == bytes(model[at:at + length]), f"map of {length} at {at}"
        at = dice.randrange(len(model))
        data = dice.randbytes(min(length, len(model) - at))
        m[at:at + len(data)] = data
        model[at:at + len(data)] = data


def truncate():
    size = dice.randrange(LIMIT)
    dice.choice([lambda: os.ftruncate(fd, size), lambda: os.truncate(name, size)])()
    del model[size:]
    grow(size)


def allocate():
    at, length = place()
    os.posix_fallocate(fd, at, length)
    grow(at + length)


def punch():
    at, length = place()
    fallocate(KEEP_SIZE | PUNCH_HOLE, at, length)
    end = min(at + length, len(model))
    if end > at:
        model[at:end] = bytes(end - at)


def zero():
    at, length = place()
    fallocate(ZERO_RANGE, at, length)
    grow(at + length)
    model[at:at + length] = bytes(length)


def reopen():
    global fd
    os.close(fd)
    fd = os.open(name, os.O_RDWR)


def sync():
    os.fsync(fd)


def copy():
    at, length = place()
    if at + length > len(model):
        return
    to = dice.randrange(LIMIT - length)
    if to < at + length and at < to + length:
        return
    done = 0
    while done < length:
        n = os.copy_file_range(fd, fd, length - done, at + done, to + done)
        assert n > 0
        done += n
    grow(to + length)
    model[to:to + length] = model[at:at + length]


operations = [write, write, append, read, read, mapped, truncate, allocate, punch, zero, reopen, sync, copy]
for step in range(steps):
    operation = dice.choice(operations)
    try:
        operation()
        assert os.fstat(fd).st_size == len(model), f"size {os.fstat(fd).st_size}, not {len(model)}"
        if step % 20 == 0:
            assert os.pread(fd, LIMIT + 1, 0) == bytes(model), "the whole"
    except (AssertionError, OSError) as e:
        sys.exit(f"seed {seed}, step {step} ({operation.__name__}): {e}")
os.close(fd)
with open(name, "rb") as f:
    assert f.read() == bytes(model), "the whole at the end"
os.unlink(name)
print(f"seed {seed}: {steps} steps agree")
