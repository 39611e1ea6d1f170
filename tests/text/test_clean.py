"""Cleaning: each rule, their order, the account, and memory."""

import json
import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.errors import ConfigError, CorpusError
from crosslight.text import clean
from crosslight.text.clean import Cleaner, CleanReport, CleanRules, Example, sentence_key
from crosslight.text.corpus import Pair
from crosslight.text.seen import SeenHashes, text_hashes

GOOD = Pair("Il fait beau.", "The weather is fine.")


def rule_for(
    src: str, tgt: str, rules: CleanRules | None = None, held_out: tuple[str, ...] = ()
) -> str | None:
    """The rule that rejects a pair after GOOD was read, by the report of a Cleaner."""
    cleaner = Cleaner(rules, held_out)
    kept = list(cleaner.clean([GOOD, Pair(src, tgt)]))
    names = [name for name, count in cleaner.report.rejected.items() if count]
    assert cleaner.report.total == 2
    assert cleaner.report.kept == len(kept) == 2 - len(names)
    return names[0] if names else None


@pytest.mark.parametrize(
    ("src", "tgt", "rule"),
    [
        ("Salut !", "Hi!", None),
        ("", "Hi!", "empty"),
        ("Salut !", " \t\u00a0", "empty"),
        ("", "", "empty"),
        ("x" * 1000, "y" * 1000, None),
        ("x" * 1001, "y" * 1000, "too_long"),
        ("x" * 1000, "y" * 1001, "too_long"),
        ("a " * 250, "b " * 250, None),
        ("a " * 251, "b " * 250, "too_long"),
        ("Oui.", "Yes, of course, with pleasure.", None),
        ("x" * 10, "y" * 60, None),
        ("x" * 10, "y" * 61, "ratio"),
        ("x" * 61, "y" * 10, "ratio"),
        ("Paris", "Paris", "copy"),
        ("Paris ", " Paris", "copy"),
        ("Paris", "paris", None),
        (GOOD.src, GOOD.tgt, "duplicate"),
        (f" {GOOD.src}", f"{GOOD.tgt}\t", "duplicate"),
        (GOOD.src, "It is fine.", None),
        ("Il fait", "beau.The weather is fine.", None),
        ("Où est-il ?", "Where's he?", "held_out"),
        ("ou est-il ?", "Where's he?", None),
        ("Oui, où ?", "WHERE IS HE", "held_out"),
    ],
)
def test_each_rule_at_its_edge(src: str, tgt: str, rule: str | None) -> None:
    held_out = ("où est il", "Where is he?", "?!", "")
    assert rule_for(src, tgt, held_out=held_out) == rule


def test_a_pair_counts_under_the_first_rule_only() -> None:
    held_out = ("x" * 2000,)
    assert rule_for("x" * 2000, "x" * 2000, held_out=held_out) == "too_long"
    assert rule_for("x", "y" * 900, held_out=("x",)) == "ratio"
    assert rule_for("x", "x", held_out=("x",)) == "copy"
    cleaner = Cleaner(held_out=["un"])
    assert list(cleaner.clean([Pair("un", "one"), Pair("un", "one")])) == []
    assert (cleaner.report.rejected["held_out"], cleaner.report.rejected["duplicate"]) == (1, 1)


def test_what_can_be_switched_off() -> None:
    assert rule_for("Paris", "Paris", CleanRules(drop_copies=False)) is None
    assert rule_for(GOOD.src, GOOD.tgt, CleanRules(drop_duplicates=False)) is None
    assert rule_for("x" * 10, "y" * 70, CleanRules(max_ratio=5)) is None


@pytest.mark.parametrize("name", ["max_characters", "max_words", "max_ratio"])
def test_impossible_limits(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is 0, expected at least 1"):
        CleanRules(**{name: 0})  # type: ignore[arg-type]


def test_inner_white_space_and_order_are_kept() -> None:
    pairs = [Pair(f"  mot  {i}\t!\n", f"\u3000word\u00a0 {i}") for i in range(100)]
    assert list(Cleaner().clean(pairs)) == [Pair(f"mot  {i}\t!", f"word\u00a0 {i}") for i in range(100)]


def test_signs_alone_leak_nothing() -> None:
    assert rule_for("…", "?", held_out=("!", "...")) is None
    assert sentence_key(" .,;… «»_") == ""


@given(st.text())
def test_the_key_of_a_key_is_itself(text: str) -> None:
    key = sentence_key(text)
    assert sentence_key(key) == key
    assert sentence_key(f" {text.upper().lower()}!") == sentence_key(text.upper())


# --- duplicates -------------------------------------------------------------------------------


@given(st.lists(st.lists(st.integers(0, 30))))
def test_seen_hashes_do_as_a_set_does(blocks: list[list[int]]) -> None:
    seen, reference = SeenHashes(), set[int]()
    for block in blocks:
        expected = []
        for value in block:
            expected.append(value not in reference)
            reference.add(value)
        assert seen.add(np.array(block, dtype=np.uint64)).tolist() == expected
    assert len(seen) == len(reference)


def test_runs_stay_few_and_small() -> None:
    seen, chance = SeenHashes(), np.random.default_rng(0)
    for _ in range(300):
        seen.add(chance.integers(0, 2**64, 100, dtype=np.uint64))
    assert len(seen) == 30_000
    parts = [[run.nbytes for run in part._runs] for part in seen._parts]
    assert all(a > 2 * b for part in parts for a, b in pairwise(part))
    sizes = [sum(part) for part in parts]
    assert sum(sizes) == 8 * len(seen)
    assert max(sizes) < 2 * min(sizes), "no part is much larger than the others, or merging would cost more"


def test_hashes_tell_texts_apart_and_never_change() -> None:
    texts = [f"sentence {i}" for i in range(10_000)]
    assert len(np.unique(text_hashes(texts))) == len(texts)
    # From the definition: BLAKE2b with 8 bytes of digest, least significant byte first.
    assert text_hashes([""]).tolist() == [int.from_bytes(bytes.fromhex("e4a6a0577479b2b4"), "little")]
    assert len(text_hashes(["\ud800"])) == 1


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(3)
    pairs = [Pair(str(chance.randrange(300)), f"n{chance.randrange(2)}") for _ in range(1000)]
    expected = list(dict.fromkeys(pairs))
    for block in (1, 7, 999, 1000, 5000):
        monkeypatch.setattr(clean, "BLOCK", block)
        cleaner = Cleaner()
        assert list(cleaner.clean(iter(pairs))) == expected
        assert cleaner.report.kept == len(expected)
        assert cleaner.report.rejected["duplicate"] == 1000 - len(expected)


def test_pairs_stream() -> None:
    read = 0

    def endless() -> object:
        nonlocal read
        while True:
            read += 1
            yield Pair(f"un {read}", f"one {read}")

    assert next(Cleaner().clean(endless())) == Pair("un 1", "one 1")  # type: ignore[arg-type]
    assert read == clean.BLOCK


# --- the report ---------------------------------------------------------------------------------


def test_the_report_shows_counts_and_the_first_examples() -> None:
    cleaner = Cleaner(held_out=["Bonjour"])
    list(cleaner.clean([GOOD, *[Pair("", f"nothing {i}") for i in range(5)], Pair("bonjour", "hello")]))
    report = cleaner.report
    assert (report.total, report.kept, report.rejected["empty"]) == (7, 1, 5)
    assert report.examples["empty"] == [Example(2 + i, Pair("", f"nothing {i}")) for i in range(3)]
    table = report.lines()
    assert len(table) == 3
    assert "1 of 7 pairs (14.29%)" in table[0]
    assert "line 2: '' | 'nothing 0'" in table[1]
    assert "line 7: 'bonjour' | 'hello'" in table[2]
    assert json.loads(json.dumps(report.as_dict()))["examples"]["held_out"] == [
        {"line": 7, "src": "bonjour", "tgt": "hello"}
    ]


def test_two_corpora_count_as_one() -> None:
    cleaner = Cleaner()
    assert list(cleaner.clean([GOOD])) == [GOOD]
    assert list(cleaner.clean([GOOD])) == []
    assert cleaner.report.examples["duplicate"] == [Example(2, GOOD)]


def test_a_corpus_of_which_nothing_is_left() -> None:
    cleaner = Cleaner()
    list(cleaner.clean([Pair("", "x"), Pair("x", "x"), Pair("y", "y")]))
    with pytest.raises(CorpusError, match=r"none of the 3 pairs of a\.tsv .*one side is empty: 1, .*same: 2"):
        cleaner.report.require_some("a.tsv")
    with pytest.raises(CorpusError, match="none of the 0 pairs of b") as error:
        CleanReport().require_some("b")
    assert "at least one pair" in error.value.cure
    list(cleaner.clean([GOOD]))
    cleaner.report.require_some("a.tsv")
