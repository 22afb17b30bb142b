#!/bin/sh
# Installs programs that are built already, with their manual pages, samples and units for systemd; docs/install.md says where.
# A configuration that is there stays as it is.
#
#   contrib/install.sh DIRECTORY    DIRECTORY has the programs, as target/release
#   DESTDIR=/some/root contrib/install.sh DIRECTORY    the same below another root, for packages
set -eu
[ $# = 1 ] && [ -x "$1/rdnsbl-policyd" ] || { sed -n '2,7s/^#//p' "$0" >&2; exit 2; }
built=$1
here=$(dirname "$0")
root=${DESTDIR:-}

# put MODE FILE PLACE
put() {
    install -D -m "$1" "$2" "$root$3"
}

for program in policyd milter; do
    put 755 "$built/rdnsbl-$program" /usr/local/bin/rdnsbl-$program
    put 644 "$here/../man/rdnsbl-$program.8" /usr/local/share/man/man8/rdnsbl-$program.8
    put 644 "$here/$program.toml" /usr/local/share/rdnsbl/$program.toml
    put 644 "$here/rdnsbl-$program.service" /etc/systemd/system/rdnsbl-$program.service
    put 644 "$here/rdnsbl-$program.socket" /etc/systemd/system/rdnsbl-$program.socket
    if [ ! -e "$root/etc/rdnsbl/$program.toml" ]; then
        put 640 "$here/$program.toml" /etc/rdnsbl/$program.toml
        # The daemons' group reads it; without the group nobody but root does.
        chgrp rdnsbl "$root/etc/rdnsbl/$program.toml" 2>/dev/null || true
    fi
done
# These have no names of their own among a system's programs.
for program in check lint; do
    [ -x "$built/examples/$program" ] || continue
    put 755 "$built/examples/$program" /usr/local/bin/rdnsbl-$program
    put 644 "$here/../man/rdnsbl-$program.1" /usr/local/share/man/man1/rdnsbl-$program.1
done
