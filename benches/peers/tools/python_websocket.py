"""The package `websockets` as a load generator: URL CONNECTIONS SECONDS RATE, as `k6_websocket.js` does it."""

import asyncio
import sys

import websockets


async def live(url, seconds, rate):
    async with websockets.connect(url, compression=None, ping_interval=None, open_timeout=60) as connection:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while rate and loop.time() + 1 / rate < until:
            await asyncio.sleep(1 / rate)
            await connection.send("x")
            await connection.recv()
        await asyncio.sleep(max(until - loop.time(), 0))


async def main(url, connections, seconds, rate):
    await asyncio.gather(*(live(url, seconds, rate) for _ in range(connections)))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
