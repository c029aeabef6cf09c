#!/bin/bash
# SPDX-License-Identifier: MIT
# One account and one queue for a team: shares a mount with Samba.
#
#   weryaifs -o allow_other ~/weryai          # Samba comes in as another user than the mount's
#   examples/share-with-samba.sh ~/weryai     # as root; ^C ends it
#   smbclient -N //127.0.0.1/weryai -c 'put fox.txt FLUX/fox.txt'
#
# Everybody on this machine's loopback gets in without a password: it is for trying. For a network put the [weryai]
# section below into /etc/samba/smb.conf, with `guest ok = no` and `valid users = @team`.
# PORT (default 445) and STATE (default: a temporary directory) may be set.
set -euo pipefail

mount=$(readlink -f "${1:?the directory where weryaifs is mounted}")
port=${PORT:-445}
state=${STATE:-$(mktemp -d /tmp/share-with-samba.XXXXXX)}
owner=$(stat -c %U "$mount")
smbd=$(PATH=$PATH:/usr/sbin command -v smbd) || { echo "there is no smbd: apt-get install samba" >&2; exit 1; }

cat >"$state/smb.conf" <<END
[global]
    server role = standalone server
    interfaces = lo
    bind interfaces only = yes
    smb ports = $port
    map to guest = bad user
    disable netbios = yes
    load printers = no
    private dir = $state
    lock directory = $state
    state directory = $state
    cache directory = $state
    pid directory = $state
    ncalrpc dir = $state/ncalrpc
    log file = $state/log

[weryai]
    path = $mount
    read only = no
    guest ok = yes
    # whoever writes a prompt: it is the mount's owner who has the account
    force user = $owner
    # results appear without a client's doing: nobody may keep an old view of them
    oplocks = no
    kernel change notify = yes
    # what weryaifs does not keep: DOS attributes, streams and access control lists
    store dos attributes = no
    map archive = no
    nt acl support = no
    ea support = no
    # a status is made, never stored, and is as long as its text is at this moment
    strict allocate = no
END
echo "sharing $mount as //127.0.0.1/weryai, port $port"
exec "$smbd" --foreground --no-process-group --debug-stdout --debuglevel=0 --configfile="$state/smb.conf"
