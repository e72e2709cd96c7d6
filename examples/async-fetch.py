"""Handlers of async-fetch.yaml, and the small server they ask."""

import asyncio
import hashlib
import zlib
from collections import Counter

from tui_workflow import RetryLater

MISSING = {13, 130, 301, 404, 555}


class ServerError(Exception):
    """The server said 5xx: it may do better next time."""


class NotFound(Exception):
    """The server said 404: asking again would not help."""


async def fetch_page(number, address):
    """Fetch one page. What may be tried again is said by the exception."""
    host, _, port = (address or await own_server()).rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(f"GET /pages/{number} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode("ascii"))
        await writer.drain()
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    status_line, *lines = head.decode("latin-1").split("\r\n")
    status = int(status_line.split(" ", 2)[1])
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if status == 429:
        seconds = float(headers.get("retry-after", "1"))
        print(f"asked to come back in {seconds:g} s")
        raise RetryLater(seconds)
    if status >= 500:
        raise ServerError(f"{status} for /pages/{number}")
    if status == 404:
        raise NotFound(f"no page /pages/{number}")
    return {"status": status, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


class _Site:
    """Pages made from their number. Every tenth address or so is busy, or broken, when it is first asked for."""

    def __init__(self):
        self.asked = Counter()

    async def answer(self, reader, writer):
        try:
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode("ascii")
            await asyncio.sleep(0.05 + zlib.crc32(path.encode()) % 100 / 1000)  # a server thinks, too
            writer.write(self.reply(path))
            await writer.drain()
        finally:
            writer.close()

    def reply(self, path):
        self.asked[path] += 1
        first = self.asked[path] == 1
        number = int(path.rpartition("/")[2])
        if number in MISSING:
            return b"HTTP/1.0 404 Not Found\r\n\r\n"
        if first and zlib.crc32(path.encode()) % 10 == 0:
            return b"HTTP/1.0 429 Too Many Requests\r\nRetry-After: 1\r\n\r\n"
        if first and zlib.crc32(path.encode()) % 17 == 0:
            return b"HTTP/1.0 500 Internal Server Error\r\n\r\n"
        body = hashlib.sha512(path.encode()).hexdigest().encode() * (1 + number % 40)
        return b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + body


_servers = {}


async def own_server():
    """The address of this worker's server, started when it is first needed: a server belongs to one event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _servers:
        _servers[loop] = loop.create_task(asyncio.start_server(_Site().answer, "127.0.0.1", 0))
    server = await asyncio.shield(_servers[loop])
    host, port = server.sockets[0].getsockname()
    return f"{host}:{port}"
