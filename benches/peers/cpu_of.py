"""CPU that a process, its living descendants and those they have waited for used so far: cpu_of.py PID. Prints microseconds."""
import os
import sys

TICK = 1e6 / os.sysconf("SC_CLK_TCK")


def processes():
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="latin-1") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        yield int(name), int(fields[1]), sum(map(int, fields[11:15])) * TICK


def main(root):
    known = {pid: (parent, used) for pid, parent, used in processes()}
    family, before = {root}, 0
    while len(family) != before:
        before = len(family)
        family |= {pid for pid, (parent, _) in known.items() if parent in family}
    print(f"{sum(known[pid][1] for pid in family if pid in known):.0f}")


main(int(sys.argv[1]))
