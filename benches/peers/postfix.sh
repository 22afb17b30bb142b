# Postfix's smtpd, part of run.sh: 12 reject_rbl_client, PTR and address, sender's domain, one after the other; and the same
# sessions without any check.
if ! command -v postconf >/dev/null || [ ! -x /usr/lib/postfix/sbin/smtpd ]; then
    note "postfix left out: not installed"
    return
fi
baseline
home=$WORK/postfix
mkdir -p "$home"/{etc,spool,data}
chown postfix "$home/data"
cat >"$home/etc/main.cf" <<CONFIGURATION
compatibility_level = 3.6
queue_directory = $home/spool
data_directory = $home/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = $home/log
maillog_file_prefixes = $home
myhostname = mx.peers.test
mydestination = peers.test
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
smtpd_relay_restrictions = reject_unauth_destination
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = yes
default_process_limit = 100
in_flow_delay = 0
CONFIGURATION
lists=$(for list in {00..11}; do printf 'reject_rbl_client bl%s.test, ' "$list"; done)
cat >"$home/etc/master.cf" <<CONFIGURATION
127.0.0.1:2525 inet n - n - - smtpd
  -o { smtpd_recipient_restrictions = reject_unknown_client_hostname, reject_unknown_sender_domain, $lists permit }
127.0.0.1:2526 inet n - n - - smtpd
  -o smtpd_peername_lookup=no
anvil     unix  -  -  n  -  1  anvil
cleanup   unix  n  -  n  -  0  cleanup
rewrite   unix  -  -  n  -  -  trivial-rewrite
proxymap  unix  -  -  n  -  -  proxymap
postlog   unix-dgram n - n - 1 postlogd
CONFIGURATION
postfix() { env -u INSIDE /usr/sbin/postfix -c "$home/etc" "$@" >>"$home/said" 2>&1; }
postfix start || true
for _ in {1..50}; do (exec 3<>/dev/tcp/127.0.0.1/2525) 2>/dev/null && break || sleep 0.1; done
master=$(tr -d ' ' <"$home/spool/pid/master.pid" 2>/dev/null || true)
if [ -z "$master" ]; then
    note "postfix left out: it did not start: $(tail -1 "$home/said" "$home/log" 2>/dev/null | tr '\n' ' ')"
    return
fi
first=0
# CPU of a session, and what the load said.
sessions() { # PORT IN_FLIGHT COUNT
    local before
    before=$(python3 "$here/cpu_of.py" "$master")
    said=$(on_one_core python3 "$here/smtp_load.py" "$1" "$2" "$3" $first)
    first=$((first + $3))
    used=$(python3 -c 'import sys; a, b, n = map(float, sys.argv[1:]); print(f"{(b - a) / n:.2f}")' "$before" "$(python3 "$here/cpu_of.py" "$master")" "$3")
}
sessions 2525 16 200
sessions 2525 16 1500
with=$used
read -r rate _ refused <<<"$said"
[ "$refused" = 0 ] || note "postfix: $refused sessions refused"
sessions 2526 16 200
sessions 2526 16 1500
figure composite.16.postfix.session "$with" us
figure composite.16.postfix.session_without_checks "$used" us
beside composite.16.postfix.cpu composite.16.ours.cpu "$(python3 -c 'import sys; print(f"{float(sys.argv[1]) - float(sys.argv[2]):.2f}")' "$with" "$used")"
figure composite.16.postfix.rate "$rate" sessions/s
# The same where an answer takes 20 ms.
printf 'nameserver 127.0.0.54\n' >"$WORK/resolv.conf"
postfix stop || true
postfix start || true
for _ in {1..50}; do (exec 3<>/dev/tcp/127.0.0.1/2525) 2>/dev/null && break || sleep 0.1; done
master=$(tr -d ' ' <"$home/spool/pid/master.pid")
sessions 2525 16 200
read -r _ middle _ <<<"$said"
figure latency.postfix.p50 "$middle" ms
postfix stop || true
printf 'nameserver %s\n' $server >"$WORK/resolv.conf"
