"""The load test of the service: its loops against a server whose answers are known."""

import asyncio
import doctest
import itertools
import json
import time

import pytest

from bench import serve
from bench.serve import Client, Load, bodies_of, closed_loop, open_loop


async def answering(status_of, seconds=0.0):
    """A server that answers the n-th request with `status_of(n)` after a time; what it was sent."""
    sent: list[dict] = []
    numbers = itertools.count()

    async def talk(reader, writer):
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                sent.append(json.loads(await reader.readexactly(length)))
            except asyncio.IncompleteReadError:
                writer.close()
                return
            await asyncio.sleep(seconds)
            writer.write(f"HTTP/1.1 {status_of(next(numbers))} X\r\ncontent-length: 2\r\n\r\n{{}}".encode())

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1], sent


def run(loop, status_of, seconds=0.0):
    async def both():
        server, port, sent = await answering(status_of, seconds)
        client = Client(port)
        load = await loop(client)
        client.close()
        server.close()
        return load, sent

    return asyncio.run(both())


def test_a_closed_loop_waits_for_its_answers():
    bodies = bodies_of(["un", "deux"], 3)
    load, sent = run(lambda client: closed_loop(client, bodies, 4, 0.5), lambda n: 200, 0.05)
    assert load.statuses == {200: len(sent)}
    assert len(sent) <= 4 * 0.5 / 0.05 + 4
    assert min(load.accepted) >= 0.05
    assert {len(one["q"]) for one in sent} == {3}
    assert load.goodput == pytest.approx(len(sent) / load.seconds)


def test_an_open_loop_keeps_its_rate_whatever_is_answered():
    load, sent = run(
        lambda client: open_loop(client, bodies_of(["un"], 1), 100, 1.0), lambda n: 503 if n % 2 else 200, 0.2
    )
    assert 60 < len(sent) < 140
    assert load.statuses[200] == pytest.approx(load.statuses[503], abs=1)
    assert len(load.accepted) == load.statuses[200]


def test_who_leaves_is_not_counted():
    load, _ = run(lambda client: open_loop(client, bodies_of(["un"], 1), 100, 0.5, leaving=1), lambda n: 200)
    assert not load.statuses


def test_nobody_there_is_no_answer():
    began = time.perf_counter()
    assert asyncio.run(Client(1).post(b"{}")) == 0
    assert time.perf_counter() - began < 5


def test_percentiles_by_hand():
    load = Load(seconds=2.0)
    for i in range(1, 101):
        load.note(200, i / 100)
    load.note(503, 99.0)
    assert load.percentile(0.99) == 0.99
    assert load.percentile(0.5) == 0.5
    assert load.summary()["statuses"] == {"200": 100, "503": 1}
    assert load.goodput == 50


def test_the_examples():
    assert doctest.testmod(serve).failed == 0
