#!/bin/bash
# SPDX-License-Identifier: MIT
# One account and one queue for people who have a key of SSH: shares a mount by SFTP, with an sshd of its own that can do nothing
# else. For sftp(1), sshfs(1), and the file managers' sftp://.
#
#   examples/share-with-ssh.sh ~/weryai ~/team-keys      # as the mount's owner; ^C ends it
#   sftp -P 2222 OWNER@HOST
#   sshfs -p 2222 -o direct_io,cache=no OWNER@HOST: ~/weryai
#
# The second argument is a file of public keys, as ~/.ssh/authorized_keys. ADDRESS (default 127.0.0.1), PORT (default 2222) and
# STATE, where the server's own key is kept (default ~/.local/share/weryaifs-ssh), may be set. A client begins in the mount, and
# can go wherever the owner can: where that is too much, share by WebDAV.
set -euo pipefail

mount=$(readlink -f "${1:?the directory where weryaifs is mounted}")
keys=$(readlink -f "${2:?a file of public keys}")
state=${STATE:-${XDG_DATA_HOME:-$HOME/.local/share}/weryaifs-ssh}
sshd=$(PATH=$PATH:/usr/sbin command -v sshd) || { echo "there is no sshd: apt-get install openssh-server" >&2; exit 1; }
[ -s "$keys" ] || { echo "there is no key in $keys" >&2; exit 1; }

umask 077
mkdir -p "$state"
[ -s "$state/key" ] || ssh-keygen -q -t ed25519 -N '' -f "$state/key"
ln -sfn "$mount" "$state/mount" # internal-sftp takes blanks in a name for its end
[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
cat >"$state/config" <<END
ListenAddress ${ADDRESS:-127.0.0.1}
Port ${PORT:-2222}
HostKey $state/key
PidFile none
UsePAM no
AuthenticationMethods publickey
AuthorizedKeysFile $keys
StrictModes no
AllowUsers $(id -un)
PermitTTY no
DisableForwarding yes
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d $state/mount
END
echo "sharing $mount by SFTP on ${ADDRESS:-127.0.0.1}:${PORT:-2222}, for $(id -un), with the keys in $keys"
exec "$sshd" -D -e -f "$state/config"
