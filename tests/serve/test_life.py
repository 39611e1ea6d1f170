"""A service under way: full, slow clients, clients that leave, and an end that loses nothing accepted."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from crosslight.serve.settings import Limits, ServeSettings

FIELDS = {"q": "un", "source": "fr", "target": "en"}


def until(condition, seconds=20.0):
    """Wait for something that another thread does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def drip(connection, data):
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def ask(site, text):
    return httpx.post(f"{site.url}/translate", json={**FIELDS, "q": text}, timeout=60)


def held_up(serving, limits=Limits()):  # noqa: B008
    """A service whose engine waits at a gate."""
    engine = serving.Upper()
    return engine, serving.running([serving.fr_en], lambda one: engine, ServeSettings(limits))


def test_requests_at_the_same_time_share_a_batch(serving):
    engine, opening = held_up(serving)
    with opening as site, ThreadPoolExecutor(9) as pool:
        first = pool.submit(ask, site, "first")
        assert engine.entered.wait(20)
        others = [pool.submit(ask, site, f"t{i}") for i in range(8)]
        until(lambda: site.service.models.n_queued() == 8)
        assert b"crosslight_queued_requests 8.0" in site.service.metrics.text()
        engine.gate.set()
        assert [f.result().json()["translatedText"] for f in (first, *others)] == [
            "FIRST",
            *(f"T{i}" for i in range(8)),
        ]
    assert [sorted(batch) for batch in engine.batches[1:]] == [sorted(f"t{i}" for i in range(8))]
    numbers = site.service.metrics.text().decode()
    assert "crosslight_batch_segments_sum 9.0" in numbers
    assert 'crosslight_requests_total{method="POST",route="/translate",status="200"} 9.0' in numbers


def test_a_full_service_says_when_to_ask_again(serving):
    engine, opening = held_up(serving, Limits(queued=2))
    with opening as site, ThreadPoolExecutor(9) as pool:
        accepted = [pool.submit(ask, site, "first")]
        assert engine.entered.wait(20)
        accepted += [pool.submit(ask, site, text) for text in ("a", "b")]
        until(lambda: site.service.models.n_queued() == 2)
        refused = ask(site, "c")
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert "busy" in refused.json()["error"]
        engine.gate.set()
        assert [f.result().status_code for f in accepted] == [200] * 3
        assert ask(site, "c").status_code == 200


def test_one_client_cannot_take_all_places(serving):
    engine, opening = held_up(serving, Limits(client_requests=2))
    with opening as site, ThreadPoolExecutor(9) as pool:
        accepted = [pool.submit(ask, site, text) for text in ("a", "b")]
        until(lambda: sum(site.service._in_flight.values()) == 2)
        refused = ask(site, "c")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        engine.gate.set()
        assert [f.result().status_code for f in accepted] == [200] * 2
        assert ask(site, "c").status_code == 200


def test_a_deadline_is_kept(serving):
    engine, opening = held_up(serving, Limits(seconds=0.2))
    with opening as site:
        began = time.monotonic()
        answer = ask(site, "a")
        assert answer.status_code == 503
        assert "0.2 s" in answer.json()["error"]
        assert answer.headers["retry-after"]
        assert time.monotonic() - began < 5
        engine.gate.set()


def test_who_is_gone_is_not_translated_for(serving):
    engine, opening = held_up(serving)
    with opening as site, ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask, site, "first")
        assert engine.entered.wait(20)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{site.url}/translate", json={**FIELDS, "q": "gone"}, timeout=0.3)
        until(lambda: b'status="499"' in site.service.metrics.text())
        engine.gate.set()
        assert first.result().status_code == 200
        assert ask(site, "last").status_code == 200
    assert engine.batches == [["first"], ["last"]]


def test_the_end_answers_what_was_accepted(serving):
    engine, opening = held_up(serving)
    with ThreadPoolExecutor(4) as pool:
        with opening as site:
            accepted = [pool.submit(ask, site, text) for text in ("a", "b", "c")]
            until(lambda: sum(site.service._in_flight.values()) == 3)
            threading.Timer(0.3, engine.gate.set).start()
        assert [f.result().json()["translatedText"] for f in accepted] == ["A", "B", "C"]
    assert not site.service.models.is_open
    with pytest.raises(httpx.ConnectError):
        httpx.get(site.url)


@pytest.mark.parametrize(
    "bytes_",
    [
        b"",
        b"POST /translate HTTP/1.1\r\nHost: localhost\r\n",
        b"POST /translate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hea",
    ],
    ids=["nothing", "half a head", "half a body", "half a second head"],
)
def test_slow_clients_are_not_waited_for_forever(serving, bytes_):
    with serving.running(
        [serving.fr_en], lambda one: serving.upper(), ServeSettings(Limits(body_seconds=0.3))
    ) as site:
        began = time.monotonic()
        answer = site.raw(bytes_, seconds=20)  # until the server closes
        assert 0.2 < time.monotonic() - began < 10
        if b"Content-Length" in bytes_:
            assert b" 408 " in answer
        assert httpx.get(f"{site.url}/health").status_code == 200


def test_a_byte_now_and_then_does_not_help(serving):
    with serving.running(
        [serving.fr_en], lambda one: serving.upper(), ServeSettings(Limits(body_seconds=0.4))
    ) as site:
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
            with pytest.raises(OSError):  # noqa: PT011 (closed in one way or another)
                drip(connection, b"GET /health HTTP/1.1\r\nX: " + b"a" * 1000)
        assert time.monotonic() - began < 10


def test_a_request_longer_than_its_heads_patience_is_answered(serving):
    """The limit is on what comes, not on what is waited for."""
    engine, opening = held_up(serving, Limits(body_seconds=0.2))
    with opening as site:
        threading.Timer(0.8, engine.gate.set).start()
        assert ask(site, "a").json() == {"translatedText": "A"}


def test_connections_are_bounded(serving):
    with serving.running(
        [serving.fr_en], lambda one: serving.upper(), ServeSettings(Limits(connections=5))
    ) as site:
        idle = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(6)]
        time.sleep(0.2)
        assert httpx.get(f"{site.url}/health").status_code == 503
        for connection in idle:
            connection.close()
        until(lambda: httpx.get(f"{site.url}/health").status_code == 200)


def test_a_bundle_that_cannot_be_loaded_is_the_requests_error(serving):
    from crosslight.errors import BundleError

    def broken(one):
        raise BundleError("its weights are gone", "bring them back")

    with serving.running([serving.fr_en], broken, ServeSettings()) as site:
        answer = ask(site, "a")
        assert "its weights are gone" in answer.json()["error"]
        assert httpx.get(f"{site.url}/health").status_code == 200
