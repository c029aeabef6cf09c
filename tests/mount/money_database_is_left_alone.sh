#!/bin/bash
# SPDX-License-Identifier: MIT
# A database that is newer, damaged or somebody else's is refused in words and left untouched, byte for byte; an older
# one is brought up to date, with all that is in it.
. "$(dirname "$0")/../lib/mount.sh"
STATE=$XDG_STATE_HOME/weryaifs/default
mount_fs
echo "a fox" >"$M/FLUX/fox.txt"
picture=$(result_of "$M/FLUX/fox.txt")
sum=$(sha256sum <"$picture")
# not unmounted: the newest pages are in the write-ahead log
kill_fs
cp -a "$STATE" "$TEST_TMP/good"

sql() {
    python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
[db.execute(line) for line in sys.argv[2:]]' "$STATE/weryaifs.db" "$@"
}

refused() { # WHAT PART
    local sums said
    sums=$(cd "$STATE" && sha256sum weryaifs.db* && stat -c %Y.%s weryaifs.db*)
    said=$(weryaifs -o "$FAST" "$M" 2>&1) && fail "$1: mounted"
    assert_contains "$said" "$2" "$1"
    assert_contains "$said" "left as it is" "$1"
    said=$(weryaifs --check 2>&1) && fail "$1: --check is content"
    assert_contains "$said" "$2" "$1, --check"
    assert_eq "$(cd "$STATE" && sha256sum weryaifs.db* && stat -c %Y.%s weryaifs.db*)" "$sums" "$1: bytes"
    rm -rf "$STATE"
    cp -a "$TEST_TMP/good" "$STATE"
}

sql "PRAGMA user_version = 999"
refused newer newer
# newer, with the version in the write-ahead log alone
python3 - "$STATE/weryaifs.db" <<'END'
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA wal_autocheckpoint = 0")
db.execute("PRAGMA user_version = 999")
os._exit(0)
END
[ -s "$STATE/weryaifs.db-wal" ] || fail "no write-ahead log"
refused "newer in the log" newer
sql "PRAGMA application_id = 7"
refused foreign "not a weryaifs database"
sql "PRAGMA wal_checkpoint(TRUNCATE)"
head -c 100000 /dev/urandom | dd of="$STATE/weryaifs.db" bs=4096 seek=2 conv=notrunc status=none
refused damaged damaged
rm -f "$STATE"/weryaifs.db-*
echo "this is no database, but a text of more than a few bytes" >"$STATE/weryaifs.db"
refused text damaged

# all that was refused is as it was: it mounts, and has everything
mount_fs
assert_eq "$(sha256sum <"$picture")" "$sum" "picture"
umount_fs
# as the first version left it: what came later is taken away again
python3 - "$STATE/weryaifs.db" <<'END'
import sqlite3, sys
TABLES = {"node", "xattr", "job", "task", "result", "cached", "spend", "meta"}
INDEXES = {"node_name", "node_order", "node_subdirs", "node_draft", "job_open", "job_slot", "job_ino", "result_ino"}
JOB = """id ino dir stem model mode state text body batch created submitted finished attempts next_attempt after dry_run
    published warning error balance_before balance_after""".split()
RESULT = "job seq task url ino size etag type".split()
db = sqlite3.connect(sys.argv[1], isolation_level=None)
def names(kind):
    return [name for name, in db.execute("SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite_%'", [kind])]
for name in names("trigger"):
    db.execute("DROP TRIGGER " + name)
for name in set(names("table")) - TABLES:
    db.execute("DROP TABLE " + name)
for name in set(names("index")) - INDEXES | {"job_open"}:
    db.execute("DROP INDEX " + name)
db.execute("ALTER TABLE job DROP COLUMN ended")
db.execute("ALTER TABLE job ADD COLUMN published INTEGER NOT NULL DEFAULT 0")
db.execute("UPDATE job SET published = state IN (1, 8, 9, 10)")
db.execute("CREATE INDEX job_open ON job(published) WHERE published = 0")
for column in [row[1] for row in db.execute("PRAGMA table_info(job)") if row[1] not in JOB]:
    db.execute("ALTER TABLE job DROP COLUMN " + column)
for column in [row[1] for row in db.execute("PRAGMA table_info(result)") if row[1] not in RESULT]:
    db.execute("ALTER TABLE result DROP COLUMN " + column)
db.execute("DELETE FROM meta WHERE key NOT IN ('synced', 'identity', 'mounts', 'hold_up_to')")
db.execute("PRAGMA user_version = 1")
END
assert_contains "$(weryaifs --check)" "older weryaifs" "--check"
mount_fs
wait_state "$M/FLUX/fox.txt" SUCCESS
assert_eq "$(sha256sum <"$picture")" "$sum" "picture of an upgraded account"
umount_fs
assert_eq "$(posts)" 1 posts
weryaifs --check >/dev/null

# what does not fit together is found
python3 - "$STATE/weryaifs.db" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("UPDATE job SET state = 6")
db.execute("DELETE FROM task")
END
found=$(weryaifs --check) && fail "--check does not see it"
assert_contains "$found" "its task is not known" "--check"
