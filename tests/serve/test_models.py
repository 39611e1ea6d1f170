"""Several bundles: found by language, loaded lazily, bounded in number, with a cache before them."""

import json
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from crosslight.errors import BundleError, ConfigError
from crosslight.facts import BOX
from crosslight.serve.asked import Asked
from crosslight.serve.batching import BatchLimits
from crosslight.serve.cache import Cache
from crosslight.serve.models import Models, Served, UnknownPairError, served
from crosslight.serve.unanswered import ServiceClosedError


def bundle(src, tgt, model="m"):
    return Served(Path(f"{src}-{tgt}"), src, tgt, f"{model}{src}{tgt}", False)


PAIRS = [bundle("fr", "en"), bundle("en", "fr"), bundle("sv", "pt_BR")]


@dataclass
class Opened:
    """What was loaded, in order, and how many were alive at a time."""

    engines: dict
    order: list

    def __call__(self, one):
        self.order.append((one.src, one.tgt))
        return self.engines[one.src, one.tgt]


@pytest.fixture
def opened(engine):
    return Opened({(b.src, b.tgt): engine for b in PAIRS}, [])


def make(opened, most_loaded=4, entries=100, **more):
    return Models(PAIRS, opened, BatchLimits(), most_loaded, Cache(entries, 10_000, len), **more)


def test_a_bundle_says_its_languages_without_being_loaded():
    found = served("fr-en")
    assert (found.src, found.tgt, found.path) == ("fr", "en", BOX / "fr-en")
    assert found.is_calibrated
    assert len(found.model) == 64


def test_languages_can_be_given(tmp_path):
    head = json.loads((BOX / "fr-en" / "bundle.json").read_text(encoding="utf-8"))
    head["facts"] |= {"src_lang": "", "tgt_lang": ""}
    (tmp_path / "bundle.json").write_text(json.dumps(head), encoding="utf-8")
    assert (served(f"sv-en={tmp_path}").src, served(f"sv-en={tmp_path}").tgt) == ("sv", "en")
    with pytest.raises(BundleError, match="which languages") as error:
        served(str(tmp_path))
    assert "serve fr-en=" in error.value.cure


def test_two_of_the_same_languages_are_refused(opened):
    with pytest.raises(ConfigError, match="both translate from fr to en"):
        Models([PAIRS[0], PAIRS[0]], opened, BatchLimits(), 1, Cache(0, 0, len))
    with pytest.raises(ConfigError, match="nothing to serve"):
        Models([], opened, BatchLimits(), 1, Cache(0, 0, len))


@pytest.mark.parametrize(
    ("asked", "found"),
    [(("fr", "en"), 0), (("FR", "EN-US"), 0), (("en_GB", "fr"), 1), (("sv", "pt-BR"), 2), (("sv", "pt"), 2)],
)
def test_found_by_languages(opened, asked, found):
    assert make(opened).find(*asked) == PAIRS[found]


def test_what_is_not_served_names_what_is(opened):
    with pytest.raises(UnknownPairError, match="'fr' to 'sv'") as error:
        make(opened).find("fr", "sv")
    assert "sv to pt_BR" in error.value.cure


def test_loaded_on_first_use_and_once(opened):
    models = make(opened)
    assert opened.order == []
    for _ in range(3):
        assert models.translate(PAIRS[1], ["ab"], Asked()).result(20) == ["ba"]
    assert opened.order == [("en", "fr")]


def test_no_more_than_so_many_are_loaded_and_the_longest_unused_goes(opened):
    models = make(opened, most_loaded=2, entries=0)
    for i in (0, 1, 0, 2):  # the first was used after the second
        models.translate(PAIRS[i], ["ab"], Asked()).result(20)
    assert models.n_loaded() == 2
    models.translate(PAIRS[0], ["ab"], Asked()).result(20)
    assert opened.order == [("fr", "en"), ("en", "fr"), ("sv", "pt_BR")]
    models.translate(PAIRS[1], ["ab"], Asked()).result(20)
    assert opened.order[3:] == [("en", "fr")]


def test_the_next_is_loaded_only_when_the_one_before_is_gone(opened, engine):
    models = make(opened, most_loaded=1)
    engine.gate.clear()
    first = models.translate(PAIRS[0], ["ab"], Asked())
    assert engine.entered.wait(20)
    second = models.translate(PAIRS[1], ["cd"], Asked())
    threading.Event().wait(0.05)
    assert opened.order == [("fr", "en")]
    engine.gate.set()
    assert (first.result(20), second.result(20)) == (["ba"], ["dc"])
    assert opened.order == [("fr", "en"), ("en", "fr")]


def test_what_was_asked_before_comes_from_the_cache(opened, engine):
    seen = []
    models = make(opened, observe_cache=lambda found, asked: seen.append((found, asked)))
    models.translate(PAIRS[0], ["ab", "cd", "ab"], Asked()).result(20)
    assert engine.batches == [(["ab", "cd"], Asked())]
    assert models.translate(PAIRS[0], ["cd", "ef", "ab"], Asked()).result(20) == ["dc", "fe", "ba"]
    assert engine.batches[1:] == [(["ef"], Asked())]
    assert seen == [(0, 3), (2, 3)]
    models.translate(PAIRS[0], ["ab"], Asked(n_best=2)).result(20)  # other settings
    models.translate(PAIRS[1], ["ab"], Asked()).result(20)  # another bundle
    assert len(engine.batches) == 4


def test_a_fault_is_not_kept(opened, engine):
    models = make(opened)
    for _ in range(2):
        with pytest.raises(ValueError, match="bad"):
            models.translate(PAIRS[0], ["bad"], Asked()).result(20)
    assert len(engine.batches) == 2


def test_cancelling_reaches_the_queue(opened, engine):
    models = make(opened)
    engine.gate.clear()
    first = models.translate(PAIRS[0], ["ab"], Asked())
    assert engine.entered.wait(20)
    gone = models.translate(PAIRS[0], ["cd"], Asked())
    assert gone.cancel()
    engine.gate.set()
    assert first.result(20) == ["ba"]
    models.close()
    assert [texts for texts, _ in engine.batches] == [["ab"]]


def test_a_bundle_that_could_not_be_loaded_is_tried_again(opened, engine):
    broken = [True]

    def open_bundle(one):
        if broken[0]:
            raise BundleError("gone", "bring it back")
        return opened(one)

    models = make(open_bundle)
    with pytest.raises(BundleError):
        models.translate(PAIRS[0], ["ab"], Asked()).result(20)
    broken[0] = False
    assert models.translate(PAIRS[0], ["ab"], Asked()).result(20) == ["ba"]


def test_closing_answers_what_was_accepted_and_nothing_else(opened, engine):
    models = make(opened)
    engine.gate.clear()
    first = models.translate(PAIRS[0], ["ab"], Asked())
    closing = threading.Thread(target=models.close)
    closing.start()
    while models.is_open:
        pass
    with pytest.raises(ServiceClosedError):
        models.translate(PAIRS[1], ["cd"], Asked())
    engine.gate.set()
    closing.join(20)
    assert first.result(0) == ["ba"]


def test_a_cache_is_bounded_in_characters():
    cache = Cache(1000, 10, len)
    for i in range(100):
        cache.put(i, "abc")
    assert len(cache) == 3
    cache.put("x", "a" * 11)
    assert len(cache) == 0
    assert cache.get(99) is None
