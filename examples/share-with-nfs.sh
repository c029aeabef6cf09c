#!/bin/bash
# SPDX-License-Identifier: MIT
# One account and one queue for other machines: shares a mount by NFS version 4 (nfs-ganesha, a server that needs no kernel
# module).
#
#   weryaifs -o allow_other ~/weryai        # the server comes in as root
#   examples/share-with-nfs.sh ~/weryai     # as root; ^C ends it
#   mount -t nfs4 -o port=20490,lookupcache=none,noac 127.0.0.1:/weryai /mnt
#
# Only this machine gets in, as the mount's owner: it is for trying. For a network set ADDRESS, and put a firewall or Kerberos
# (Sectype = krb5) before it. NFS 3 is left out: it knows no close, so that half a prompt would be sent.
# ADDRESS (default 127.0.0.1), PORT (default 20490) and STATE (default: a temporary directory) may be set.
set -euo pipefail

mount=$(readlink -f "${1:?the directory where weryaifs is mounted}")
address=${ADDRESS:-127.0.0.1}
port=${PORT:-20490}
state=${STATE:-$(mktemp -d /tmp/share-with-nfs.XXXXXX)}
ganesha=$(PATH=$PATH:/usr/sbin command -v ganesha.nfsd) ||
    { echo "there is no ganesha.nfsd: apt-get install nfs-ganesha nfs-ganesha-vfs" >&2; exit 1; }

mkdir -p "$state/recovery"
cat >"$state/ganesha.conf" <<END
NFS_CORE_PARAM {
    Protocols = 4; NFS_Port = $port; Bind_addr = $address;
    # what needs rpcbind
    Enable_NLM = false; Enable_RQUOTA = false;
}
NFSV4 { Graceless = true; RecoveryBackend = fs; RecoveryRoot = "$state/recovery"; Only_Numeric_Owners = true; }
# else the server keeps a file open for writing after the client has closed it, and the prompt stays DRAFT
MDCACHE { FD_LWMark_Percent = 0; LRU_Run_Interval = 1; }
EXPORT {
    Export_Id = 1; Path = "$mount"; Pseudo = /weryai; Filesystem_Id = 1.1;
    Access_Type = RW; Sectype = sys;
    # whoever writes a prompt: it is the mount's owner who has the account
    Squash = All_Squash; Anonymous_Uid = $(stat -c %u "$mount"); Anonymous_Gid = $(stat -c %g "$mount");
    # else results are not seen, and statuses keep their old size
    Attr_Expiration_Time = 0;
    FSAL { Name = VFS; }
}
LOG { Default_Log_Level = WARN; }
END
echo "sharing $mount as $address:/weryai, port $port"
exec "$ganesha" -F -f "$state/ganesha.conf" -p "$state/pid" -L /dev/stderr
