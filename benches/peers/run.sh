#!/bin/bash
# What others need for the same questions, against the responder of benches/compare: `name value unit`, one figure a line.
#
#   sudo benches/peers/run.sh            all that is installed; what is not is named in a comment line
#   sudo benches/peers/run.sh cares      one of: cares adns pydnsbl haraka rspamd postfix
#
# It needs Linux, root (some of them ask port 53 only, so everything runs in network, mount and process namespaces of its
# own, which end with it), bash, gcc, python3, iproute2 and cargo. Of Debian, what is installed of these is measured:
#
#   apt-get install --no-install-recommends libc-ares-dev libadns1-dev rspamd postfix
#   python3 -m venv DIR && DIR/bin/pip install pydnsbl      then PYDNSBL=DIR/bin/python
#   npm install haraka-plugin-dns-list                      then NODE_PATH=.../node_modules
#
# `question`: one question to a list. `check`: 12 lists, a hit's text, PTR and its address, MX and its address. `lists`: 12
# lists alone, for those who do no more. The CPU is that of the process, or of the server and all it starts; where it is a
# mail server, that of a session without checks is taken off. Ratios are against this crate in the same run.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

note() { printf '# %s\n' "$*"; }
figure() { printf '%s %s %s\n' "$1" "$2" "$3"; }

[ "$(uname)" = Linux ] || { note "left out: not Linux"; exit 0; }
[ "$(id -u)" = 0 ] || { note "left out: needs root, for a network of its own"; exit 0; }

if [ "${INSIDE:-}" != yes ]; then
    bench=$(cargo bench --bench compare --no-run --message-format=json 2>/dev/null |
        python3 -c 'import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable") and message["target"]["name"] == "compare":
        print(message["executable"])')
    work=$(mktemp -d)
    chmod 755 "$work"
    trap 'rm -rf "$work"' EXIT
    INSIDE=yes BENCH=$bench WORK=$work unshare --net --mount --pid --fork --kill-child --mount-proc bash "$here/run.sh" "$@"
    exit
fi

ip link set lo up
server=127.0.0.53
printf 'nameserver %s\noptions timeout:5 attempts:2\n' $server >"$WORK/resolv.conf"
mount --bind "$WORK/resolv.conf" /etc/resolv.conf
mkfifo "$WORK/stays"
sleep 1000000 >"$WORK/stays" &
"$BENCH" responder $server:53 <"$WORK/stays" >/dev/null &
"$BENCH" responder 127.0.0.54:53 delay=20 <"$WORK/stays" >/dev/null &
sleep 0.5
allowed=$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')
on_one_core() { taskset -c "$allowed" "$@"; }

# The middle of three runs of a program that prints microseconds.
median() { for _ in 1 2 3; do "$@"; done | grep -E "^[0-9.]+$" | sort -n | sed -n 2p; }
ratio() { python3 -c 'import sys; print(f"{float(sys.argv[1]) / float(sys.argv[2]):.2f}")' "$1" "$2"; }

# This crate, in the same run.
declare -A ours=()
compare() {
    local name value
    while read -r name value _; do ours[$name]=$value; done < <("$BENCH" "$1" | grep -v '^#')
}
baseline() {
    local name
    [ ${#ours[@]} -gt 0 ] && return
    compare question
    compare composite
    for name in question.64.direct.cpu composite.16.ours.cpu composite.64.ours.cpu; do note "$name ${ours[$name]} us"; done
}
# A figure, and how many times ours it is.
beside() {
    figure "$1" "$3" us
    figure "ratio.${1%.cpu}" "$(ratio "$3" "${ours[$2]}")" x
}

library() { # NAME LINK
    local name=$1 at=
    if ! gcc -O2 -o "$WORK/$name" "$here/$name.c" "-l$2" 2>"$WORK/error"; then
        note "$name left out: no compiler, or no headers of lib$2 (Debian: lib$2-dev, lib${2}1-dev)"
        return
    fi
    baseline
    [ "$name" = cares ] && at=:53
    beside "question.64.$name.cpu" question.64.direct.cpu "$(median on_one_core "$WORK/$name" $server$at 64 40000 question 2>/dev/null)"
    beside "composite.64.$name.cpu" composite.64.ours.cpu "$(median on_one_core "$WORK/$name" $server$at 64 4000 check 2>"$WORK/said")"
    tail -1 "$WORK/said"
}

cares() { library cares cares; }
adns() { library adns adns; }

pydnsbl() {
    local python=${PYDNSBL:-python3}
    if ! "$python" -c 'import pydnsbl, aiodns' 2>/dev/null; then
        note "pydnsbl left out: $python has none (see the top of this script)"
        return
    fi
    baseline
    beside lists.16.pydnsbl.cpu composite.16.ours.cpu \
        "$(median on_one_core "$python" "$here/pydnsbl_lists.py" $server 16 600 2>"$WORK/said")"
    tail -1 "$WORK/said"
}

haraka() {
    if ! command -v node >/dev/null || ! node -e 'require("haraka-plugin-dns-list")' >/dev/null 2>&1; then
        note "haraka left out: no node, or no haraka-plugin-dns-list on NODE_PATH"
        return
    fi
    baseline
    beside lists.16.haraka.cpu composite.16.ours.cpu \
        "$(median on_one_core node "$here/haraka_lists.js" 16 2000 2>"$WORK/said")"
    tail -1 "$WORK/said"
}

rspamd() { . "$here/rspamd.sh"; }
postfix() { . "$here/postfix.sh"; }

for peer in ${*:-cares adns pydnsbl haraka rspamd postfix}; do
    case $peer in
        cares | adns | pydnsbl | haraka | rspamd | postfix) $peer ;;
        *) note "no such peer: $peer" ;;
    esac
done
