"""How far a document is: told while it is translated, to whoever knows its name, and forgotten afterwards."""

import threading
import time

import httpx
import pytest

from crosslight.serve.progress import Progresses
from crosslight.serve.refusals import Refusal
from crosslight.serve.settings import ServeSettings

NAME = "a1b2c3d4e5f6a7b8"


def test_names_are_the_clients_and_forgotten_at_the_end():
    known = Progresses(2)
    assert known.begin(None) is None
    known.tell(None, 1, 2)
    known.end(None)
    name = known.begin(NAME)
    known.tell(name, 3, 4)
    assert known.get(NAME) == (3, 4)
    for wrong in (NAME, "short", "x" * 65, "../../../etc/passwd", 5):
        with pytest.raises(Refusal):
            known.begin(wrong)
    known.begin("b" * 16)
    known.begin("c" * 16)  # the oldest makes room
    assert [known.get(name) is None for name in (NAME, "b" * 16, "c" * 16)] == [True, False, False]
    known.end("b" * 16)
    assert known.get("b" * 16) is None


def test_a_document_says_how_far_it_is(serving):
    engine = serving.upper()
    translate, go_on = engine.translate, threading.Event()

    def held_up(texts, asked):
        if len(engine.batches) == 2:  # 128 each: 256 texts are the first step
            assert go_on.wait(30)
        return translate(texts, asked)

    engine.translate = held_up
    text = "\n".join(f"phrase {i}" for i in range(300)).encode()
    answers = []

    def post(url):
        form = {"source": "fr", "target": "en", "progress": NAME}
        answers.append(httpx.post(url, data=form, files={"file": ("a.txt", text)}, timeout=60))

    with serving.running([serving.fr_en], lambda one: engine, ServeSettings()) as site:
        place = f"{site.url}/api/v1/progress/{NAME}"
        assert httpx.get(place).status_code == 404
        sending = threading.Thread(target=post, args=(f"{site.url}/translate_file",))
        sending.start()
        seen, until = {}, time.monotonic() + 30
        while seen.get("done") != 256 and time.monotonic() < until:
            seen = httpx.get(place).json()
        assert seen == {"done": 256, "total": 300}
        assert (
            httpx.post(
                f"{site.url}/translate_file",
                data={"source": "fr", "target": "en", "progress": NAME},
                files={"file": ("b.txt", b"un")},
            ).status_code
            == 400
        )
        go_on.set()
        sending.join(60)
        assert answers[0].status_code == 200
        assert httpx.get(place).status_code == 404
