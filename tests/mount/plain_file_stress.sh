#!/bin/bash
# SPDX-License-Identifier: MIT
# Plain files keep every byte: a random walk on one file, fio --verify, and the file stressors of stress-ng.
# STRESS_SECONDS: for each stressor (default 1, whole numbers).
# timeout: 400
. "$(dirname "$0")/../lib/mount.sh"
mount_fs -o dry_run
mkdir "$M/FLUX/plain"
cd "$M/FLUX/plain"

for seed in 1 2 3 4; do
    python3 "$TEST_ROOT/tests/mount/plain_file_stress.py" "file $seed" "$seed" "${STRESS_STEPS:-1500}" ||
        fail "plain_file_stress.py"
done

if command -v fio >/dev/null; then
    for engine in psync mmap; do
        fio --name=$engine --directory=. --size=8M --rw=randwrite --bsrange=512-65536 --verify=crc32c --numjobs=2 \
            --ioengine=$engine --verify_fatal=1 --group_reporting --output="$TEST_TMP/fio" ||
            fail "fio: $(cat "$TEST_TMP/fio")"
        rm ./*
    done
    fio --name=direct --directory=. --size=8M --rw=randrw --bs=4k --direct=1 --verify=crc32c --ioengine=psync \
        --verify_fatal=1 --output="$TEST_TMP/fio" || fail "fio: $(cat "$TEST_TMP/fio")"
    rm ./*
fi

if command -v stress-ng >/dev/null; then
    for stressor in access chdir chmod chown copy-file dentry dir dup fallocate fcntl flock fpunch fstat getdent handle \
        hdd iomix locka lockf lockofd mmap open rename seek sync-file touch utime xattr; do
        # 3: not for this machine
        timeout -k 5 60 stress-ng --temp-path . --"$stressor" 2 --timeout "${STRESS_SECONDS:-1}" --verify >"$TEST_TMP/stress" 2>&1 ||
            [ $? = 3 ] || fail "stress-ng --$stressor: $(cat "$TEST_TMP/stress")"
    done
fi
assert_eq "$(ls)" "" "what is left"
cd /
umount_fs
