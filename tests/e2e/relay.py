#!/usr/bin/env python3
"""A cable that can be pulled: passes bytes between two loopback ports until it is ended.

usage: relay.py LISTEN_PORT TARGET_PORT [HOST]   (on 127.0.0.1, as is HOST where none is given;
prints "ready" once it listens)
"""
import asyncio
import sys


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, OSError):
        pass
    finally:
        writer.close()


async def main(listen, target, host):
    async def serve(reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection(host, target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", listen)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), (sys.argv + ["127.0.0.1"])[3]))
