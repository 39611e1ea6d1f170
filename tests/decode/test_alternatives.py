"""Next words against brute force over all pieces, and against forced decoding by the real model."""

import functools
import itertools
import math
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from crosslight.decode.alternatives import next_words
from crosslight.decode.translator import Translator
from crosslight.errors import ConfigError
from crosslight.text.subword import EOS_ID

BOS, EOS, DEPTH = 0, 1, 5
SURFACES = [b"", b"", b" a", b"b", b" ", b" ab", b"b c"]
V = len(SURFACES)
TABLE = 2 * torch.randn(2 * V ** (DEPTH + 2), V, generator=torch.Generator().manual_seed(5))


class Node(NamedTuple):
    number: Tensor


def decode(tokens: Tensor, state: Any) -> tuple[Tensor, Node]:
    """A model that is a table of random numbers, a row for every way to get there."""
    logits, number = [], state.number
    for column in tokens.T:
        number = (number * V + column) % len(TABLE)
        logits.append(TABLE[number])
    return torch.stack(logits, dim=1), Node(number)


def start() -> Node:
    return Node(torch.ones(1, dtype=torch.long))


@functools.cache
def log_probs(prefix: tuple[int, ...]) -> Tensor:
    node = start()
    for token in prefix:
        logits, node = decode(torch.tensor([[token]]), node)
    logits = logits[0, -1].double()
    logits[BOS] = float("-inf")
    return logits.log_softmax(dim=0)


def brute_force(forced: tuple[int, ...]) -> dict[str, float]:
    """Every sequence of pieces after the forced ones: which word its text has next, if that has ended."""
    found: dict[str, float] = {}
    total = 0.0
    for length in range(1, DEPTH + 1):
        for tokens in itertools.product(range(1, V), repeat=length):
            ends = tokens[-1] == EOS
            if EOS in tokens[:-1] or (length < DEPTH and not ends):
                continue
            if forced and tokens[0] != EOS and not SURFACES[tokens[0]].startswith(b" "):
                continue  # the word before is not over
            p, prefix = 1.0, (BOS, *forced)
            for token in tokens:
                p *= math.exp(log_probs(prefix)[token])
                prefix = (*prefix, token)
            total += p
            text = b"".join(SURFACES[token] for token in tokens).decode()
            word = text.lstrip(" ").split(" ")[0]
            blanks = text[: len(text) - len(text.lstrip(" "))]
            is_over = ends or len(text.lstrip(" ")) > len(word)
            if is_over:
                key = (blanks + word if word else "") if forced else (blanks + word).removeprefix(" ")
                found[key if word else ""] = found.get(key if word else "", 0.0) + p
    return {key: p / total for key, p in found.items()}


@pytest.mark.parametrize("forced", [(), (2,), (5, 3)])
def test_probabilities_are_sums_over_all_spellings(forced) -> None:
    expected = brute_force(forced)
    found = next_words(
        decode, start(), forced, SURFACES, 10_000, banned=(BOS,), bos_id=BOS, eos_id=EOS,
        longest=DEPTH - 1, least=0.0, rows=10_000,
    )  # fmt: skip
    assert {word.text: word.probability for word in found} == pytest.approx(expected, abs=1e-5)
    assert [w.probability for w in found] == sorted((w.probability for w in found), reverse=True)
    assert all(word.tokens[: len(forced)] == forced for word in found)


def test_leaving_out_what_is_improbable_changes_little() -> None:
    exact = {w.text: w.probability for w in next_words(
        decode, start(), (2,), SURFACES, 10_000, banned=(BOS,), bos_id=BOS, eos_id=EOS, longest=4, least=0.0,
        rows=10_000)}  # fmt: skip
    found = next_words(
        decode, start(), (2,), SURFACES, 3, banned=(BOS,), bos_id=BOS, eos_id=EOS, longest=4, least=1e-3
    )
    assert len(found) == 3
    for word in found:
        assert exact[word.text] - 0.05 < word.probability <= exact[word.text] + 1e-6


@pytest.mark.parametrize("prefix", ["", "The", "The cat ", "I am not"])
def test_alternatives_begin_as_they_must(translator, pairs, prefix: str) -> None:
    for pair in pairs[:4]:
        found = translator.alternatives(pair.src, prefix, 6)
        assert len({alternative.word for alternative in found}) == len(found) == 6
        assert 0 < sum(alternative.probability for alternative in found) <= 1 + 1e-5
        for word, _, translation in found:
            start = f"{prefix.strip()} {word}".strip()
            assert translation.text.startswith(start)
            rest = translation.text.removeprefix(start)
            assert rest.startswith(" ") or not rest  # the word, and not one that begins with it


def test_a_word_is_as_probable_as_its_spellings(translator, pairs) -> None:
    """Each spelling that was found, by forced decoding, is a part of its word's probability."""
    tgt = translator.bundle.tgt_subword
    ids = {piece: i for i, piece in enumerate(tgt.pieces(range(tgt.vocab_size)))}
    begins = [i for i, surface in enumerate(tgt.surfaces()) if surface.startswith(b" ")] + [EOS_ID]
    for pair in pairs[:6]:
        src = [*translator.bundle.src_subword.encode(pair.src), EOS_ID]
        for word, probability, translation in translator.alternatives(pair.src, "", 4):
            tokens = [ids[piece] for piece in translation.tokens]
            n = len(tgt.words(tokens)[0]) if word else 0
            row = translator.score([src], [tokens[:n]])[0]
            # What follows the word: a forced output for each piece that may begin another, and the end.
            ways = [[*tokens[:n], i] for i in begins if i != EOS_ID] if word else []
            follow = sum(math.exp(r[n]) for r in translator.score([src] * len(ways), ways)) + math.exp(row[n])
            spelling = math.exp(sum(row[:n])) * follow
            assert spelling - 1e-5 <= probability <= 1


def test_the_first_word_of_greedy_search_is_the_best_where_it_is_probable(make_bundle, pairs) -> None:
    n_sure = 0
    for seed in range(3):
        bundle = make_bundle(seed)
        with torch.no_grad():
            bundle.model.decoder_norm.weight.mul_(30)  # a model that is sure of what it says
            bundle.model.decoder_norm.bias.mul_(30)
        translator = Translator(bundle)
        for pair, greedy in zip(
            pairs[:16], translator.translate([p.src for p in pairs[:16]], beam=1, log_probs=True), strict=True
        ):
            starts = [i for i, piece in enumerate(greedy.tokens) if i and piece.startswith("\u2581")]
            n = starts[0] if starts else len(greedy.tokens)
            if greedy.log_probs is None or len(greedy.log_probs) <= n:
                continue  # two sentences, or a word that was broken off
            if math.exp(sum(greedy.log_probs[: n + 1])) <= 0.5:
                continue  # another word may be more probable
            best, *_ = translator.alternatives(pair.src, "", 1, beam=1)
            assert best.word == greedy.text.split(" ")[0]
            # A given word may take some tokens more than the limit.
            assert best.translation.text.startswith(greedy.text)
            assert best.translation.text == greedy.text or len(greedy.log_probs) == len(greedy.tokens)
            assert best.probability > 0.5
            n_sure += 1
    assert n_sure > 2, n_sure


@pytest.mark.parametrize(
    ("text", "prefix", "n", "message"),
    [
        ("un", "a\nb", 3, "cannot begin with"),
        ("Un chat.\nUn chien.", "", 3, "has 2 sentences"),
        ("un", "", 0, "n is 0"),
    ],
)
def test_alternatives_that_cannot_be(translator, text: str, prefix: str, n: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        translator.alternatives(text, prefix, n)
