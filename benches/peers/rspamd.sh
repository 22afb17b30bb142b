# rspamd's module rbl with 12 lists, part of run.sh: a small message over HTTP, and the same without the lists.
if ! command -v rspamd >/dev/null; then
    note "rspamd left out: not installed"
    return
fi
baseline
# Starts it with or without lists; CPU of a message is then in $used.
scans() { # NAME LISTS PORT
    local home=$WORK/rspamd-$1 list before running
    mkdir -p "$home"
    {
        cat <<CONFIGURATION
options {
  filters = "";
  pidfile = "$home/pid"; tempdir = "$home"; hs_cache_dir = "$home"; control_socket = "$home/control mode=0600";
  dns { nameserver = ["$server"]; timeout = 5s; retransmits = 2; }
}
logging { type = "file"; filename = "$home/log"; level = "warning"; }
worker "normal" { bind_socket = "127.0.0.1:$3"; count = 1; task_timeout = 20s; }
modules { path = "/usr/share/rspamd/plugins/rbl.lua"; }
actions { reject = 15; }
rbl {
  default_exclude_users = true;
  rbls {
CONFIGURATION
        for list in {00..11}; do
            [ "$2" = yes ] && echo "    b$list { symbol = \"BL$list\"; rbl = \"bl$list.test\"; checks = [\"from\"]; ipv4 = true; ipv6 = false; unknown = true; }"
        done
        printf '  }\n}\n'
    } >"$home/conf"
    on_one_core /usr/bin/rspamd -i -f -c "$home/conf" >"$home/said" 2>&1 &
    running=$!
    for _ in {1..600}; do (exec 3<>"/dev/tcp/127.0.0.1/$3") 2>/dev/null && break || sleep 0.1; done
    on_one_core python3 "$here/http_load.py" "$3" 16 200 "$4" >/dev/null
    before=$(python3 "$here/cpu_of.py" $running)
    said=$(on_one_core python3 "$here/http_load.py" "$3" 16 4000 "$(($4 + 200))")
    used=$(python3 -c 'import sys; a, b = map(float, sys.argv[1:]); print(f"{(b - a) / 4000:.2f}")' "$before" "$(python3 "$here/cpu_of.py" $running)")
    kill $running
    wait $running 2>/dev/null || true
}
scans with yes 11333 5000000
with=$used
listed=$said
scans without no 11334 5100000
figure lists.16.rspamd.message "$with" us
figure lists.16.rspamd.message_without_lists "$used" us
beside lists.16.rspamd.cpu composite.16.ours.cpu "$(python3 -c 'import sys; print(f"{float(sys.argv[1]) - float(sys.argv[2]):.2f}")' "$with" "$used")"
note "rspamd: $listed symbols of lists in 4000 messages"
