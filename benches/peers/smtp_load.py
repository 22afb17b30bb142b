"""SMTP sessions from many addresses: smtp_load.py PORT IN_FLIGHT COUNT FIRST. Each goes as far as RCPT TO, from an address of its own in
127.0.0.0/8 and with a sender of its own. Prints sessions per second, the median in milliseconds, and how many were not taken."""
import asyncio
import sys
import time


async def session(port, number):
    """The reply to RCPT TO."""
    address = f"127.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))

    async def reply():
        while True:
            line = await reader.readline()
            if not line or line[3:4] != b"-":
                return line

    await reply()
    for command in ("EHLO mail.test", f"MAIL FROM:<a@s{number}.mail.test>", "RCPT TO:<someone@peers.test>"):
        writer.write(command.encode() + b"\r\n")
        answer = await reply()
    writer.write(b"QUIT\r\n")
    await reply()
    writer.close()
    return answer


async def main(port, in_flight, count, first):
    numbers, took, refused = iter(range(first, first + count)), [], 0

    async def work():
        nonlocal refused
        for number in numbers:
            started = time.perf_counter()
            if not (await session(port, number)).startswith(b"250"):
                refused += 1
            took.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    elapsed = time.perf_counter() - started
    took.sort()
    print(f"{count / elapsed:.2f} {took[count // 2] * 1e3:.2f} {refused}")


asyncio.run(main(*map(int, sys.argv[1:5])))
