"""pydnsbl: pydnsbl_lists.py SERVER IN_FLIGHT COUNT. Twelve lists for each of COUNT clients; prints microseconds of CPU for each."""
import asyncio
import resource
import sys

import aiodns
import pydnsbl
from pydnsbl.providers import Provider


def client(number):
    low = number * 0x009E3779 & 0xFFFFFF
    return f"20.{low >> 16}.{low >> 8 & 255}.{low & 255}"


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1e6


async def main(server, in_flight, count):
    lists = [Provider(f"bl{number:02}.test") for number in range(12)]
    loop = asyncio.get_running_loop()
    checker = pydnsbl.DNSBLIpChecker(providers=lists, loop=loop)
    checker._resolver = aiodns.DNSResolver(nameservers=[server], loop=loop)
    numbers, listed, failed = iter(range(3_000_000, 3_000_000 + count)), 0, 0

    async def work():
        nonlocal listed, failed
        for number in numbers:
            result = await checker.check_async(client(number))
            listed += len(result.detected_by)
            failed += len(result.failed_providers)

    before = cpu()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    print(f"{(cpu() - before) / count:.2f}")
    print(f"# pydnsbl: {listed} listed, {failed} failed", file=sys.stderr)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
