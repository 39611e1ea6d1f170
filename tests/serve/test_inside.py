"""The views over HTTP are those of the library, and what is refused is refused as everywhere else."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from crosslight.bundle import Bundle, load_bundle
from crosslight.serve.app import make_app, make_service
from crosslight.serve.inside import PARAMETERS
from crosslight.serve.models import Served
from crosslight.serve.settings import Limits, ServeSettings
from crosslight.tasks import inside

TEXT = "Le chat dort."
FIELDS: dict[str, Any] = {"q": TEXT, "source": "fr", "target": "en"}
CHOICES: dict[str, dict[str, Any]] = {
    "causal": {"interventions": [{"what": "zero", "stack": "cross", "layer": 0, "head": 0}]},
    "positions": {"n_positions": 9},
    "tour": {"head": 1, "src_position": 2},
}


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle("fr-en")


@pytest.fixture(scope="module")
def client(bundle: Bundle) -> Iterator[TestClient]:
    engine: Any = SimpleNamespace(translator=SimpleNamespace(bundle=bundle))
    settings = ServeSettings(Limits(inside_characters=60), keys=("k",))
    service = make_service([Served(Path("nowhere"), "fr", "en", "m", False)], lambda one: engine, settings)
    with TestClient(
        make_app(service), base_url="http://localhost", headers={"Authorization": "Bearer k"}
    ) as own:
        yield own


def ask(client: TestClient, view: str, **more: Any) -> Any:
    answer = client.post(f"/api/v1/inside/{view}", json={**FIELDS, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_every_view_is_the_library_s(client: TestClient, bundle: Bundle) -> None:
    opened = inside.open_sentence(bundle, TEXT)
    views = inside.sentence(opened)["views"]
    assert set(views) == set(PARAMETERS) - {"ponder"}  # which is of another architecture
    for view in views:
        choices = CHOICES.get(view, {})
        own = choices.get("interventions")
        direct = getattr(inside, view)(opened, *([own] if own else []), **({} if own else choices))
        assert ask(client, view, **choices) == json.loads(json.dumps(direct)), view


def test_the_views_of_a_sentence_share_its_search(client: TestClient, monkeypatch) -> None:
    opened: list[str] = []
    real = inside.open_sentence
    monkeypatch.setattr(
        inside, "open_sentence", lambda *given, **more: opened.append(given[1]) or real(*given, **more)
    )
    for text in ("Il dort.", "Elle dort.", "Il dort."):
        for view in ("sentence", "search"):
            ask(client, view, q=text)
    assert opened == ["Il dort.", "Elle dort."]


def test_a_translation_that_was_found_elsewhere_is_looked_into(client: TestClient) -> None:
    found = ask(client, "sentence")
    assert not found["given"]
    assert ask(client, "sentence", translation=found["translation"]) == found
    other = ask(client, "sentence", translation="The dog is asleep.")
    assert other["given"]
    assert other["translation"] == "The dog is asleep."
    assert other["logp"] < found["logp"]
    same = ask(client, "sentence", tgt=other["tgt"]["ids"][:-1])
    assert same == other


def test_a_prefix_is_where_the_translation_begins(client: TestClient) -> None:
    assert ask(client, "sentence", prefix="A cat")["translation"].startswith("A cat")


def test_a_search_may_be_wider(client: TestClient, bundle: Bundle) -> None:
    own, wide = ask(client, "search"), ask(client, "search", beam=3)
    assert (own["beam"], wide["beam"]) == (bundle.config.decode.beam, 3)
    assert wide["results"] == inside.search(inside.open_sentence(bundle, TEXT, beam=3))["results"]


@pytest.mark.parametrize(
    ("view", "more", "status", "reason"),
    [
        ("nothing", {}, 404, "there is no such view"),
        ("attention", {"q": "mot " * 40}, 413, "60 are allowed"),
        ("attention", {"q": "Il dort. Elle mange."}, 400, "sentence"),
        ("attention", {"target": "sv"}, 400, "nothing here translates"),
        ("attention", {"q": 3}, 400, "q: "),
        ("attention", {"tgt": [0]}, 400, "no piece that can be written"),
        ("tour", {"head": 99}, 400, "head 99 does not exist"),
        ("positions", {"n_positions": 10_000}, 400, "n_positions"),
        ("causal", {"interventions": [{"what": "zero", "stack": "cross", "layer": 9}]}, 400, "layer"),
        ("causal", {"interventions": [{}] * 65}, 400, "interventions"),
        ("attention", {"api_key": "wrong"}, 403, "key"),
    ],
)
def test_what_cannot_be_is_refused(client: TestClient, view, more, status, reason) -> None:
    headers = {"Authorization": ""} if "api_key" in more else {}
    answer = client.post(f"/api/v1/inside/{view}", json={**FIELDS, **more}, headers=headers)
    assert answer.status_code == status
    assert reason in answer.json()["error"]


def test_it_is_described(client: TestClient) -> None:
    tree = client.get("/spec").json()
    body = tree["paths"]["/api/v1/inside/{view}"]["post"]["requestBody"]["content"]
    assert list(body) == ["application/json"]
    assert "interventions" in tree["components"]["schemas"]["InsideFields"]["properties"]
