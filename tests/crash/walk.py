# SPDX-License-Identifier: MIT
"""What the walks have in common: which places are taken, runs side by side, the list and the numbers.

Runs share nothing: each part of the walk has a directory and a server of its own, each run in it an account, a mount
and a page for inject.c; work() checks that its server was asked by nobody else."""
import argparse
import collections
import concurrent.futures
import os
import sys
import traceback

from story import Lost, Twice
from surroundings import ALWAYS, COUNT, Place, Server, Trouble, have_own_mounts

PART = 3  # runs that share a server

# before: what the ledger said; state: what became of it; calls: how many the run has made; hit: it came to the place
Row = collections.namedtuple("Row", "kind at where before state posts calls hit")
Broken = collections.namedtuple("Broken", "kind at why lost twice")


def work(task):
    run, kind, points, markers = task
    rows, texts = [], set()
    with Place() as place:
        server = Server(place, "--seconds", "0.1")
        for at in points:
            directory = os.path.join(place, f"{kind.replace(' ', '-')}-{at}")
            os.mkdir(directory)
            text = f"a red fox {os.path.basename(directory)}{markers}"
            texts.add(text)
            try:
                rows.append(run(directory, server, text, kind, at))
            except Exception as error:
                why = str(error) if isinstance(error, Trouble) else traceback.format_exc()
                rows.append(Broken(kind, at, why, isinstance(error, Lost), isinstance(error, Twice)))
        others = {post["body"]["prompt"] for post in server.posts()} - texts
        if others:
            rows.append(Broken(kind, 0, f"a server got submissions of another run: {others}", False, False))
        server.end()
    return rows


def count_calls(run, kind, markers):
    row, = work((run, kind, [COUNT], markers))
    if isinstance(row, Broken):
        sys.exit(f"without being disturbed: {row.why}")
    return row.calls


def chosen(total, wanted):
    if wanted is None or wanted >= total:
        return list(range(1, total + 1))
    return sorted({1 + i * total // wanted for i in range(wanted)})


def name_of(where):
    """Without what is different in each run."""
    call, _, target = where.partition(" ")
    if target.startswith("socket:"):
        target = "socket"
    if "/" in target and not target.startswith("/dev"):
        target = "/".join(target.split("/")[-2:])
    return f"{call} {target}"


def write_list(path, rows):
    with open(path, "w") as file:
        for row in rows:
            if isinstance(row, Row):
                file.write(f"{row.kind:22}{row.at:5}  {row.before:11}{row.state:9}{row.posts} POST  {name_of(row.where)}\n")


def main(name, hits, kinds, run, describe, document):
    """run(directory, server, text, kind, at) -> Row; at 0: only counts. describe(rows) prints what came of it."""
    parser = argparse.ArgumentParser(description=document, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--points", type=int, help="no more places than this, spread evenly over the kinds (default: all)")
    parser.add_argument("--jobs", type=int, default=2 * os.cpu_count(),
                        help="runs side by side; they mostly wait (default: two for each processor)")
    parser.add_argument("--markers", default="", help="orders for the sandbox, at the end of each prompt (tests/sandbox/README.md)")
    parser.add_argument("--kind", choices=kinds, action="append")
    parser.add_argument("--with", dest="always", choices=ALWAYS, help="all the time this is wrong as well")
    parser.add_argument("--list", help="write every place and what came of it to this file")
    arguments = parser.parse_args()
    have_own_mounts()
    if arguments.always:
        os.environ["CRASH_WITH"] = arguments.always
        name += " with " + arguments.always

    kinds = arguments.kind or list(kinds)
    wanted = arguments.points and max(1, arguments.points // len(kinds))
    markers = arguments.markers and " " + arguments.markers
    rows = []
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        totals = pool.map(count_calls, [run] * len(kinds), kinds, [markers] * len(kinds))
        tasks = []
        for kind, total in zip(kinds, totals):
            points = chosen(total + 8, wanted)  # runs differ by a few
            tasks += [(run, kind, points[i:i + PART], markers) for i in range(0, len(points), PART)]
        for part in pool.map(work, tasks):
            rows += part
            for row in part:
                if isinstance(row, Broken):
                    print(f"BROKEN: {row.kind} at call {row.at}: {row.why}", flush=True)
    if arguments.list:
        write_list(arguments.list, rows)
    good = [row for row in rows if isinstance(row, Row)]
    broken = [row for row in rows if isinstance(row, Broken)]
    hit = [row for row in good if row.hit]
    describe(hit)
    print(f"{name}{markers}: {len(rows)} runs, {len(hit)} {hits}, {len({(row.kind, name_of(row.where)) for row in hit})} different "
          f"places, {sum(row.posts for row in good)} POSTs, {sum(row.twice for row in broken)} sent twice, "
          f"{sum(row.lost for row in broken)} lost, {len(broken)} broken")
    return 1 if broken or not hit else 0
