#!/bin/bash
# SPDX-License-Identifier: MIT
# One account and one queue for a browser, a phone or another machine: shares a mount by WebDAV, or by SFTP (rclone serve).
#
#   examples/share-with-webdav.sh ~/weryai          # as the mount's owner; ^C ends it
#   curl -u team:SECRET -T fox.txt http://127.0.0.1:8080/FLUX/
#   PROTOCOL=sftp examples/share-with-webdav.sh ~/weryai
#   sftp -P 8080 team@127.0.0.1
#
# USER_NAME (default team), PASSWORD (default: a random one, which is printed), ADDRESS (default 127.0.0.1), PORT (default
# 8080), PROTOCOL (webdav, sftp, or http for reading alone) may be set. Beyond this machine put TLS before WebDAV (--cert,
# --key of rclone): the password goes over the wire.
set -euo pipefail

mount=$(readlink -f "${1:?the directory where weryaifs is mounted}")
user=${USER_NAME:-team}
password=${PASSWORD:-$(head -c 12 /dev/urandom | base64 | tr -d '/+=')}
command -v rclone >/dev/null || { echo "there is no rclone: apt-get install rclone" >&2; exit 1; }

echo "sharing $mount by ${PROTOCOL:-webdav} on ${ADDRESS:-127.0.0.1}:${PORT:-8080}, user $user, password $password"
# --dir-cache-time: else results and statuses are not found for five minutes.
# --ignore-size, --ignore-checksum: what is read from a status is not what was written to it; without these a "submit" is sent,
#   and the client is told that it failed: if it repeats it, that is paid for twice.
# --config: no settings of this user's other remotes
RCLONE_USER=$user RCLONE_PASS=$password exec rclone serve "${PROTOCOL:-webdav}" "$mount" --addr "${ADDRESS:-127.0.0.1}:${PORT:-8080}" \
    --config /dev/null --dir-cache-time 1ms --local-no-check-updated --ignore-size --ignore-checksum
