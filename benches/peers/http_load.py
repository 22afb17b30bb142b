"""Messages for rspamd: http_load.py PORT IN_FLIGHT COUNT FIRST. Each from a client of its own; prints how many lists were named."""
import asyncio
import re
import sys

MESSAGE = b"From: a@mail.test\r\nTo: b@peers.test\r\nSubject: hello\r\nMessage-ID: <1@mail.test>\r\n\r\nhello\r\n"


async def scan(port, number):
    low = number * 0x009E3779 & 0xFFFFFF
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"POST /checkv2 HTTP/1.0\r\nIP: 20.{low >> 16}.{low >> 8 & 255}.{low & 255}\r\nFrom: a@mail.test\r\n"
        f"Rcpt: b@peers.test\r\nContent-Length: {len(MESSAGE)}\r\n\r\n".encode() + MESSAGE
    )
    answer = await reader.read()
    writer.close()
    return len(set(re.findall(rb'"(BL\d\d)"', answer)))


async def main(port, in_flight, count, first):
    numbers, listed = iter(range(first, first + count)), 0

    async def work():
        nonlocal listed
        for number in numbers:
            listed += await scan(port, number)

    await asyncio.gather(*(work() for _ in range(in_flight)))
    print(listed)


asyncio.run(main(*map(int, sys.argv[1:5])))
