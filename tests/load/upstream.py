"""The provider of the bench: as little work as can be, so that what is measured is the side that asks it.

`python -m tests.load.upstream PORT`. OAuth answers anybody at once; `GET /contacts` gives ten contacts with
more fields than a tool hands on.
"""

from __future__ import annotations

import asyncio
import json
import sys
from urllib.parse import parse_qs, urlencode, urlsplit

CONTACTS = json.dumps(
    {
        "items": [
            {
                "id": str(number),
                "name": f"Person {number}",
                "email": f"person{number}@example.com",
                "phone": "555 0100",
                "notes": "x" * 80,
            }
            for number in range(10)
        ],
        "next": None,
    }
).encode()
TOKEN = json.dumps(
    {
        "access_token": "a" * 40,
        "refresh_token": "r" * 40,
        "token_type": "Bearer",
        "expires_in": 86_400,
        "scope": "read",
    }
).encode()
ME = b'{"id": "1", "email": "ada@example.com"}'


def _answer(method: str, target: str) -> tuple[str, list[str], bytes]:
    parts = urlsplit(target)
    if parts.path == "/authorize":
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        back = f"{query['redirect_uri']}?{urlencode({'code': 'c' * 20, 'state': query['state']})}"
        return "303 See Other", [f"Location: {back}"], b""
    if method == "POST":
        return "200 OK", [], TOKEN
    return "200 OK", [], ME if parts.path == "/me" else CONTACTS


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, target, _ = head.split(" ", 2)
            length = 0
            for line in head.split("\r\n")[1:]:
                if line.lower().startswith("content-length:"):
                    length = int(line.split(":")[1])
            await reader.readexactly(length)
            status, headers, body = _answer(method, target)
            lines = [
                f"HTTP/1.1 {status}",
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                *headers,
            ]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main(port: int) -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", port)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
