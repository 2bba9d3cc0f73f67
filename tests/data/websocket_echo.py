"""An echo server by the websockets package, for tests: prints its port, then serves until it is killed.

A message that begins with "close" is answered by closing with code 4001; /token wants a token.
"""

import asyncio
import http

import websockets


async def converse(connection, *_):
    async for message in connection:
        if isinstance(message, str) and message.startswith("close"):
            await connection.close(4001, "as you wish")
            return
        await connection.send(message)


async def guard(path, headers):
    if path.startswith("/token") and headers.get("Authorization") != "Bearer open-sesame":
        return http.HTTPStatus.UNAUTHORIZED, [], b"no token\n"


async def main():
    server = websockets.serve(
        converse, "127.0.0.1", 0, process_request=guard, subprotocols=["chat.v1"], origins=["http://example.com", None]
    )
    async with server as running:
        print(running.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())
