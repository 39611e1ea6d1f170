"""Where markup goes, by links that are given."""

import itertools
import random

import pytest

from crosslight.documents.atoms import linked
from crosslight.documents.hypertext import tokens, write
from crosslight.documents.inline import sentences
from crosslight.documents.projection import project
from crosslight.documents.reading import reading


def carried(source: str, translation: str, links: str | None) -> str:
    """One sentence of HTML with its translation; links as `0-0 1-2`."""
    (nodes,) = [piece for piece in sentences(tokens(source)) if not isinstance(piece, str)]
    pairs = None if links is None else [tuple(map(int, link.split("-"))) for link in links.split()]
    return write(nodes, project(nodes, translation, pairs))


@pytest.mark.parametrize(
    ("source", "translation", "links", "expected"),
    [
        # the adjective moves, and its tag with it
        (
            "Le <b>chat</b> <i>noir</i> dort.",
            "The black cat sleeps.",
            "0-0 1-2 2-1 3-3",
            "The <i>black</i> <b>cat</b> sleeps.",
        ),
        # two words for one
        ("Il <b>téléphone</b> ici.", "He is calling here.", "0-0 1-1 1-2 2-3", "He <b>is calling</b> here."),
        # punctuation that was outside stays outside, what was inside stays inside
        ("Un (<a>lien</a>).", "A (link).", "0-0 1-1", "A (<a>link</a>)."),
        ("Dis <b>« oui »</b> !", 'Say "yes"!', "0-0 1-1 2-1 3-1 4-1", 'Say <b>"yes</b>"!'),
        # nested
        (
            "Un <b>chat <i>noir</i></b> ici.",
            "A black cat here.",
            "0-0 1-2 2-1 3-3",
            "A <b><i>black</i> cat</b> here.",
        ),
        # a wrong link far away does not stretch the tag over the sentence
        (
            "Le <b>chat</b> dort bien ici.",
            "The cat sleeps well here.",
            "0-0 1-1 1-4 2-2 3-3 4-4",
            "The <b>cat</b> sleeps well here.",
        ),
        # a word cut by a tag is one word
        ("<b>A</b>ttention au chien", "Beware of dog", "0-0 1-1 2-2", "<b>Beware</b> of dog"),
        (
            "Voici l'<b>avion</b> bleu",
            "Here is the blue plane",
            "0-0 0-1 1-2 1-4 2-3",
            "Here is the blue <b>plane</b>",
        ),
        # without links: the same share of the text
        ("un <b>deux</b> trois", "one two three", None, "one <b>two</b> three"),
        # marks: at a word's end, before a full stop, between two words
        ("Le chat<sup>1</sup> noir.", "The black cat.", "0-0 1-2 2-1", "The black cat<sup>1</sup>."),
        ("Tapez <code>ls</code> ici.", "Type here.", "0-0 1-1", "Type <code>ls</code> here."),
        ("Ici <code>ls</code> vite.", "Here fast.", "0-0 1-1", "Here <code>ls</code> fast."),
        # scripts without blanks
        ("The <b>cat</b> sleeps", "猫在睡觉", "0-0 1-0 2-0", "猫<b>在</b>睡觉"),
    ],
)
def test_markup_goes_where_its_words_go(source, translation, links, expected):
    assert carried(source, translation, links) == expected


def test_the_best_stretch_is_the_best_of_all():
    """Compared with trying every stretch: the one with the largest sum of agreement."""
    dice = random.Random(4)
    for _ in range(300):
        n, m = dice.randint(3, 7), dice.randint(1, 7)
        src = [f"s{i}" for i in range(n)]
        tgt = [f"t{j}" for j in range(m)]
        links = {(dice.randrange(n), dice.randrange(m)) for _ in range(dice.randint(1, 10))}
        first = dice.randrange(1, n - 1)
        last = dice.randint(first + 1, n - 1)
        source = " ".join([*src[:first], "<b>" + " ".join(src[first:last]) + "</b>", *src[last:]])
        pairs = " ".join(f"{i}-{j}" for i, j in links)
        found = carried(source, " ".join(tgt), pairs)
        inside = found.split("<b>")[1].split("</b>")[0].split()

        def gain(j: int, links=links, first=first, last=last) -> float:
            linked_to = [i for i, other in links if other == j]
            if not linked_to:
                return 0.0
            return 2 * sum(first <= i < last for i in linked_to) / len(linked_to) - 1

        sums = {(a, b): sum(gain(j) for j in range(a, b)) for a, b in itertools.combinations(range(m + 1), 2)}
        if max(sums.values()) > 0:
            mine = (tgt.index(inside[0]), tgt.index(inside[-1]) + 1)
            assert sums[mine] == pytest.approx(max(sums.values())), (source, pairs, found)
        else:
            assert len(inside) == 1


def test_links_of_words_become_links_of_their_parts():
    pair = linked("(lien).", "[link]!", [(0, 0)])
    assert [pair.to_tgt[i] for i in range(3)] == [[0], [1], [2]]
    assert linked("a b", "x y", [(7, 0), (0, -1)]).to_tgt == [[0], [1]]  # of no word: as if unknown


def test_what_is_read_is_the_text_without_markup():
    (nodes,) = [p for p in sentences(tokens("Un\n  <b> chat </b> <!-- x -->noir")) if not isinstance(p, str)]
    assert reading(nodes) == "Un chat noir"


@pytest.mark.parametrize("n", [200, 5_000])
def test_many_tags_take_no_longer_than_they_must(n):
    """5,000 elements or marks in one sentence, in a second."""
    words = " ".join(f"<b>m{i}</b><img>" for i in range(n))
    result = carried(f"un {words} fin", " ".join(f"w{i}" for i in range(n)), None)
    assert result.count("<b>") == result.count("<img>") == n
