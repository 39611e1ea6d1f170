"""The service under load: capacity, three times as much, what HTTP costs, and memory over time.

    python -m bench.serve [BUNDLE] [--segments 16] [--seconds 20] [--soak 600] [--fuzz 500]

The service is a process of its own, without a cache; requests are of so many sentences, of the hand-written
test set. Capacity is the most requests a second that some number of clients, each asking again when it is
answered, get done. Unloaded is a tenth of it, overload three times, both arriving at random times (Poisson)
whatever the service does. The client takes its share of the machine: what is measured is no less than this.
"""

import argparse
import asyncio
import contextlib
import json
import math
import os
import platform
import random
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crosslight.corpora.sample import sample_file
from crosslight.text.corpus import read_tsv

CLIENTS = (1, 2, 4, 8, 16, 32)
LIGHT, HEAVY, STEADY = 0.1, 3.0, 0.7  # of the capacity
ANSWERED = 200
LEAST = 200  # requests from which a 99th percentile says something
LEAVING = 20  # in a soak, one in so many clients leaves without waiting
RESULTS = Path(__file__).with_name("results") / "serve.json"


@dataclass
class Load:
    """What came of requests that were sent for a time."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    accepted: list[float] = field(default_factory=list)  # seconds of those that were answered with 200

    def note(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        if status == ANSWERED:
            self.accepted.append(seconds)

    @property
    def goodput(self) -> float:
        """Requests a second that were answered with 200."""
        return len(self.accepted) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Seconds within which so many of the accepted requests were answered; NaN without any.

        >>> Load(accepted=[0.3, 0.1, 0.2, 0.4]).percentile(0.5)
        0.2
        """
        order = sorted(self.accepted)
        return order[max(0, math.ceil(share * len(order)) - 1)] if order else math.nan

    def summary(self) -> dict[str, Any]:
        """As numbers for a table."""
        return {
            "requests_per_second": self.goodput,
            "p50_ms": 1000 * self.percentile(0.5),
            "p99_ms": 1000 * self.percentile(0.99),
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
        }


class Client:
    """Sends POSTs over connections that are kept open. Plain sockets: a client of its own costs more."""

    def __init__(self, port: int, path: str = "/translate") -> None:
        self._port, self._path = port, path
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, body: bytes, leaves: bool = False) -> int:
        """The status of the answer; 0 where there was none.

        A connection that the service has closed while nobody used it is no answer yet: a new one is asked.
        """
        while self._idle:
            if status := await self._ask(self._idle.pop(), body, leaves):
                return status
            if leaves:
                return 0
        try:
            return await self._ask(await self._connect(), body, leaves)
        except OSError:
            return 0

    async def _ask(
        self, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], body: bytes, leaves: bool
    ) -> int:
        reader, writer = connection
        head = (
            f"POST {self._path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        try:
            writer.write(head.encode() + body)
            await writer.drain()
            if leaves:
                writer.close()
                return 0
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(answer.split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError, IndexError, ValueError):
            writer.close()
            return 0
        if b"connection: close" in answer:
            writer.close()
        else:
            self._idle.append(connection)
        return int(answer.split(b" ", 2)[1])

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._port)

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()


async def closed_loop(client: Client, bodies: Iterator[bytes], clients: int, seconds: float) -> Load:
    """So many clients, each of which asks again when it is answered."""
    load, began = Load(), time.perf_counter()

    async def one() -> None:
        while (sent := time.perf_counter()) < began + seconds:
            status = await client.post(next(bodies))
            load.note(status, time.perf_counter() - sent)

    await asyncio.gather(*(one() for _ in range(clients)))
    load.seconds = time.perf_counter() - began
    return load


async def open_loop(
    client: Client, bodies: Iterator[bytes], rate: float, seconds: float, leaving: int = 0
) -> Load:
    """So many requests a second at random times, whatever becomes of those before.

    Args:
        leaving: one in so many goes away without waiting; 0 is none.
    """
    load, chance, began = Load(), random.Random(1), time.perf_counter()
    tasks: set[asyncio.Task[None]] = set()

    async def one(leaves: bool) -> None:
        sent = time.perf_counter()
        status = await client.post(next(bodies), leaves)
        if not leaves:
            load.note(status, time.perf_counter() - sent)

    due = began
    while (due := due + chance.expovariate(rate)) < began + seconds:
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(one(bool(leaving) and chance.random() < 1 / leaving))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    load.seconds = time.perf_counter() - began
    return load


def bodies_of(texts: Sequence[str], segments: int, seed: int = 1) -> Iterator[bytes]:
    """Requests of so many random sentences, without end."""
    chance = random.Random(seed)
    while True:
        some = [chance.choice(texts) for _ in range(segments)]
        yield json.dumps({"q": some, "source": "fr", "target": "en"}).encode()


@dataclass(frozen=True)
class Process:
    """A running `crosslight serve`."""

    pid: int
    port: int
    listening: float  # seconds from its start until it said where it is
    translating: float  # seconds until the first answer

    def rss(self) -> float:
        """Its memory, MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


@contextlib.contextmanager
def service(bundle: str, options: Sequence[str]) -> Iterator[Process]:
    """A service in a process of its own, until the block ends."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "crosslight", "serve", bundle, "--port", "0", "--quiet", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        said = process.stderr.readline()
        if not said.startswith("open http"):
            raise SystemExit(said + process.stderr.read())
        listening = time.perf_counter() - began
        port = int(said.split()[1].rsplit(":", 1)[1].strip("/"))
        status = asyncio.run(Client(port).post(next(bodies_of(["Bonjour !"], 1))))
        if status != ANSWERED:
            raise SystemExit(f"the first request was answered with {status}")
        try:
            yield Process(process.pid, port, listening, time.perf_counter() - began)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


async def measure(process: Process, texts: Sequence[str], segments: int, seconds: float) -> dict[str, Any]:
    """Capacity, unloaded, overload."""
    client, bodies = Client(process.port), bodies_of(texts, segments)
    by_clients = {}
    for clients in CLIENTS:
        by_clients[clients] = await closed_loop(client, bodies, clients, seconds)
        print(f"{clients:3} clients  {by_clients[clients].goodput:8.1f} requests/s", file=sys.stderr)
    peak = max(load.goodput for load in by_clients.values())
    if not peak:
        raise SystemExit("not one request was answered")
    unloaded = await open_loop(client, bodies, LIGHT * peak, max(seconds, LEAST / (LIGHT * peak)))
    overload = await open_loop(client, bodies, HEAVY * peak, seconds)
    client.close()
    return {
        "capacity": {str(clients): load.summary() for clients, load in by_clients.items()},
        "peak_requests_per_second": peak,
        "peak_segments_per_second": peak * segments,
        "unloaded": unloaded.summary(),
        "overload": overload.summary(),
        "p99_overload_to_unloaded": overload.percentile(0.99) / unloaded.percentile(0.99),
        "goodput_of_peak": overload.goodput / peak,
        "only_200_and_refusals": set(overload.statuses) <= {200, 429, 503},
    }


async def soak(process: Process, texts: Sequence[str], segments: int, rate: float, seconds: float) -> Any:
    """Memory over time, while requests come steadily and some clients leave."""
    client, bodies = Client(process.port), bodies_of(texts, segments)
    memory: list[tuple[float, float]] = []

    async def watch() -> None:
        began = time.perf_counter()
        while True:
            memory.append((time.perf_counter() - began, process.rss()))
            await asyncio.sleep(min(1.0, seconds / 20))

    watching = asyncio.create_task(watch())
    load = await open_loop(client, bodies, rate, seconds, LEAVING)
    watching.cancel()
    client.close()
    settled = [rss for at, rss in memory if at >= min(60.0, seconds / 5)]
    n = max(1, len(settled) // 10)
    first, last = statistics.median(settled[:n]), statistics.median(settled[-n:])
    return {**load.summary(), "rss_mib_settled": first, "rss_mib_end": last, "growth": last / first - 1}


def bare(bundle: str, texts: Sequence[str], engine: str, threads: int, seconds: float, batch: int) -> float:
    """Sentences a second of the engine that the service has, in batches as large as the service's."""
    from crosslight.facts import bundle_directory
    from crosslight.serve.asked import Asked
    from crosslight.serve.loaded import LoadedBundle

    loaded, chance = LoadedBundle(bundle_directory(bundle), engine, threads), random.Random(1)
    loaded.translate(texts[:batch], Asked())
    n, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        n += len(loaded.translate([chance.choice(texts) for _ in range(batch)], Asked()))
    return n / (time.perf_counter() - began)


def fuzz(process: Process, examples: int) -> int:
    """schemathesis against the service's own description; its exit status."""
    program = Path(sys.executable).with_name("schemathesis")
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    url = f"http://127.0.0.1:{process.port}/spec"
    command = [str(program), "run", url, "--max-examples", str(examples), "--checks", checks]
    return subprocess.run(command, check=False).returncode


def options_of(arguments: argparse.Namespace) -> list[str]:
    """What the service is started with: no cache, and no share for a client, as there is but one."""
    limits = ["cache_entries=0", "client_requests=1000000", *arguments.limit]
    own = [word for limit in limits for word in ("--limit", limit)]
    return [*own, "--engine", arguments.engine, "--threads", str(arguments.threads)]


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print as JSON, and write it where --out says."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bundle", nargs="?", default="fr-en")
    parser.add_argument("--segments", type=int, default=16, help="sentences in a request")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--soak", type=float, default=0.0, help="seconds of the soak")
    parser.add_argument("--fuzz", type=int, default=0, help="examples of each operation for schemathesis")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--limit", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--out", type=Path, help=f"a JSON file, such as {RESULTS.name}")
    chosen = parser.parse_args(arguments)
    texts = [pair.src for pair in read_tsv(sample_file("handwritten.test.tsv"))]
    batch = next((int(value[15:]) for value in chosen.limit if value.startswith("batch_segments=")), 128)
    results: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        **{
            name: getattr(chosen, name)
            for name in ("bundle", "segments", "seconds", "engine", "threads", "limit")
        },
        "bare_segments_per_second": bare(
            chosen.bundle, texts, chosen.engine, chosen.threads, chosen.seconds, batch
        ),
    }
    with service(chosen.bundle, options_of(chosen)) as process:
        results |= {"seconds_to_listening": process.listening, "seconds_to_first_answer": process.translating}
        results |= asyncio.run(measure(process, texts, chosen.segments, chosen.seconds))
        results["http_overhead"] = (
            1 - results["peak_segments_per_second"] / results["bare_segments_per_second"]
        )
        if chosen.soak:
            rate = STEADY * results["peak_requests_per_second"]
            results["soak"] = asyncio.run(soak(process, texts, chosen.segments, rate, chosen.soak))
        if chosen.fuzz:
            results["fuzz_exit_status"] = fuzz(process, chosen.fuzz)
    text = json.dumps(results, indent=1) + "\n"
    if chosen.out:
        chosen.out.write_text(text, encoding="utf-8")
    print(text, end="")
    return results


if __name__ == "__main__":
    main()
