"""Do clients that drip their requests byte by byte hold up the others?

    python -m bench.slow_clients [BUNDLE] [--slow 200] [--seconds 20]

The same light load twice: alone, and while so many connections send a byte a second of a head, or of a body,
and connect again when they are thrown out. What counts is what the patient clients notice.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from bench.serve import Client, bodies_of, open_loop, service
from crosslight.corpora.sample import sample_file
from crosslight.text.corpus import read_tsv

HEAD = b"POST /translate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 400\r\n"
RATE = 5.0  # requests a second of those that are not slow


async def drip(port: int, sent_at_once: bytes, told: dict[str, int]) -> None:
    """One slow client, again and again."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(sent_at_once)
                while not reader.at_eof():
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(1)
                told["thrown out"] += 1
            finally:
                writer.close()


async def measure(port: int, texts: list[str], n_slow: int, seconds: float) -> dict[str, Any]:
    """The patient clients' load without and with the slow ones."""
    client, bodies, told = Client(port), bodies_of(texts, 1), {"thrown out": 0}
    alone = await open_loop(client, bodies, RATE, seconds)
    heads = [HEAD if n % 2 else HEAD + b"\r\n{" for n in range(n_slow)]  # slow in the head; slow in the body
    slow = [asyncio.create_task(drip(port, head, told)) for head in heads]
    await asyncio.sleep(1)
    beside = await open_loop(client, bodies, RATE, seconds)
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    client.close()
    return {"slow_clients": n_slow, **told, "alone": alone.summary(), "beside": beside.summary()}


def main() -> None:
    """Measure and print as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bundle", nargs="?", default="fr-en")
    parser.add_argument("--slow", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    texts = [pair.src for pair in read_tsv(sample_file("handwritten.test.tsv"))]
    began = time.perf_counter()
    with service(chosen.bundle, ["--limit", "cache_entries=0"]) as process:
        found = asyncio.run(measure(process.port, texts, chosen.slow, chosen.seconds))
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)
    text = json.dumps(found, indent=1) + "\n"
    if chosen.out:
        chosen.out.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
