"""The grammar's sentences: reproducible, aligned, and right by laws that the generator does not know."""

import doctest
import gzip
import itertools
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GRAMMAR = ROOT / "corpus" / "grammar"
SAMPLE = ROOT / "src" / "crosslight" / "sample"
sys.path.insert(0, str(GRAMMAR))

import generate  # noqa: E402
import inflect  # noqa: E402
import tokens  # noqa: E402
from generate import Corpus, key  # noqa: E402
from lexicon import LEXICON  # noqa: E402
from tokens import tokenize  # noqa: E402

Row = tuple[str, str, str, str, str]
PARTS = ("train", "valid", "test")
VOWELS = "aâàeéèêiîoôuûœ"


def read(part: str) -> list[Row]:
    text = gzip.decompress((SAMPLE / f"grammar.{part}.tsv.gz").read_bytes()).decode("utf-8")
    rows = [tuple(line.split("\t")) for line in text.splitlines()]
    assert all(len(row) == 5 for row in rows)
    return [(r[0], r[1], r[2], r[3], r[4]) for r in rows]


@pytest.fixture(scope="module")
def parts() -> dict[str, list[Row]]:
    return {part: read(part) for part in PARTS}


@pytest.fixture(scope="module")
def rows(parts: dict[str, list[Row]]) -> list[Row]:
    return [row for part in PARTS for row in parts[part]]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return generate.build()


def noun_forms(plural: bool) -> dict[str, str]:
    """Form -> gender, of the nouns of one number."""
    return {noun.form(plural): "f" if noun.fem else "m" for noun in LEXICON.nouns.values()}


def verb_forms() -> set[str]:
    return {f for verb in LEXICON.verbs.values() for tense in verb.forms.values() for f in tense}


def test_doctests() -> None:
    for module in (tokens, inflect):
        assert doctest.testmod(module).failed == 0


def test_regeneration(corpus: Corpus) -> None:
    for name, content in generate.files(corpus).items():
        # the text, not the bytes: builds of zlib compress differently
        assert gzip.decompress((SAMPLE / name).read_bytes()) == content


def test_sizes_and_balance(parts: dict[str, list[Row]]) -> None:
    assert len(parts["train"]) >= 70_000
    assert len(parts["valid"]) == len(parts["test"]) == 1_000
    counts = Counter(row[4] for row in parts["train"])
    assert len(counts) >= 35
    assert max(counts.values()) <= 0.08 * len(parts["train"])
    assert {row[4] for row in parts["test"]} <= counts.keys()


def test_lengths(rows: list[Row]) -> None:
    lengths = [len(tokenize(row[0])) for row in rows]
    assert min(lengths) >= 3 and max(lengths) <= 20
    assert 8 <= sum(lengths) / len(lengths) <= 11


def test_french_determines_english(rows: list[Row]) -> None:
    assert len({key(row[0]) for row in rows}) == len(rows)


def test_no_leakage(parts: dict[str, list[Row]]) -> None:
    for side in (0, 1):
        keys = {part: {key(row[side]) for row in parts[part]} for part in PARTS}
        assert not keys["train"] & (keys["valid"] | keys["test"])
        assert not keys["valid"] & keys["test"]


def test_sentences_of_the_readme_are_trained(parts: dict[str, list[Row]]) -> None:
    train = {(row[0], row[1]): row for row in parts["train"]}
    assert ("Jane visite l'Afrique en septembre.", "Jane visits Africa in September.") in train
    too = "The animal didn't cross the street because it was too"
    tired = train["L'animal n'a pas traversé la rue parce qu'il était trop fatigué.", f"{too} tired."]
    wide = train["L'animal n'a pas traversé la rue parce qu'elle était trop large.", f"{too} wide."]
    assert tired[3] == "fr:10>1 en:7>1" and wide[3] == "fr:10>7 en:7>5"


def test_held_out_combinations(corpus: Corpus) -> None:
    trained: dict[str, set[str]] = defaultdict(set)
    counts: Counter[str] = Counter()
    homes: dict[str, set[str]] = defaultdict(set)
    for name, made in corpus.train:
        trained[name] |= made.lemmas
        counts.update(made.lemmas)
        for lemma in made.lemmas:
            homes[lemma].add(name)
    for part in (corpus.valid, corpus.test):
        assert sum(not made.lemmas <= trained[name] for name, made in part) >= 0.5 * len(part)
        assert all(not (made.lemmas & held) or not held & trained[name]
                   for name, made in part for held in [corpus.held_out[name]])  # fmt: skip
    words = [*LEXICON.names, *LEXICON.nouns, *LEXICON.adjectives, *(LEXICON.verbs.keys() - {"être"})]
    assert [w for w in words if counts[w] < 30 or len(homes[w]) < 3] == []


def test_every_form_was_trained(parts: dict[str, list[Row]]) -> None:
    for side in (0, 1):
        counts = Counter(t.lower() for row in parts["train"] for t in tokenize(row[side]))
        evaluated = {
            t.lower() for part in ("valid", "test") for row in parts[part] for t in tokenize(row[side])
        }
        assert [t for t in evaluated if counts[t] < 3] == []


def content_forms() -> set[str]:
    forms = set(LEXICON.names)
    for noun in LEXICON.nouns.values():
        forms |= {noun.form(False), noun.form(True)}
    for adjective in LEXICON.adjectives.values():
        forms |= {adjective.form(fem, plural) for fem in (False, True) for plural in (False, True)}
    for verb in LEXICON.verbs.values():
        forms |= {form for tense in verb.forms.values() for form in tense} | {verb.participle, verb.fr}
    return {form.lower() for form in forms}


def test_alignment(rows: list[Row]) -> None:
    content = content_forms() - {"a", "as", "est", "es"}  # also "il y a" and "est-ce que"
    for fr, en, alignment, _, _ in rows:
        french, english = tokenize(fr), tokenize(en)
        links = [(int(i), int(j)) for i, j in (link.split("-") for link in alignment.split())]
        assert links == sorted(set(links)) and links
        assert all(i < len(french) and j < len(english) for i, j in links)
        aligned = {i for i, _ in links}
        assert all(i in aligned for i, word in enumerate(french) if word.lower() in content), fr


def references(row: Row) -> Iterator[tuple[str, list[str], int, int]]:
    for mark in row[3].split():
        side, pronoun, head = re.fullmatch(r"(fr|en):(\d+)>(\d+)", mark).groups()  # type: ignore[union-attr]
        yield side, tokenize(row[side == "en"]), int(pronoun), int(head)


def test_antecedents(rows: list[Row]) -> None:
    """Pronoun and antecedent agree in gender and number; the English pronoun is a pronoun."""
    genders = {False: noun_forms(False), True: noun_forms(True)}
    for row in rows:
        for side, words, i, head in references(row):
            pronoun, name = words[i].lower().removeprefix("-t-").removeprefix("-"), words[head]
            if side == "en":
                assert pronoun in "he she it they him her them".split()
                continue
            assert pronoun in "il elle ils elles le la les l' lui leur".split(), row[0]
            number = pronoun in ("ils", "elles", "les", "leur")
            if name in LEXICON.names:
                gender = "f" if LEXICON.names[name] else "m"
                assert not number
            else:
                gender = genders[number][name]
            if pronoun in ("elle", "elles", "la"):
                assert gender == "f", row[0]
            if pronoun in ("il", "ils", "le"):
                assert gender == "m", row[0]


def test_determiners(rows: list[Row]) -> None:
    """A determiner directly before a noun has the noun's gender and number."""
    verbs = verb_forms()  # il le ferme: not a noun
    only = {
        number: {w: g for w, g in noun_forms(number).items() if w not in verbs} for number in (False, True)
    }
    for fr, *_ in rows:
        words = [w.lower() for w in tokenize(fr)]
        for det, word in itertools.pairwise(words):
            if det in ("le", "un", "ce", "cet", "du", "au") and word in only[False]:
                assert only[False][word] == "m", fr
            if det in ("la", "une", "cette", "ma", "ta", "sa") and word in only[False]:
                assert only[False][word] == "f", fr
            if det in ("les", "des", "ces", "mes", "tes", "ses", "nos", "vos", "aux") and word in only[False]:
                assert word in only[True], fr
            if (
                det in ("le", "la", "un", "une", "ce", "cette", "notre", "votre", "du", "au")
                and word in only[True]
            ):
                assert word in only[False], fr


def test_french_spelling(rows: list[Row]) -> None:
    forbidden = re.compile(r"\b(de les?|à les?|si ils?)\b(?! [a-z]+er\b)", re.IGNORECASE)
    elision = re.compile(
        rf"(?<![-\w])(le|la|je|me|te|se|ne|de|que|ce|ma|ta|sa|beau|nouveau|(?:un|le|ce|mon|ton|son) vieux) "
        rf"(?=[{VOWELS}])(?!et\b|ou\b)",
        re.IGNORECASE,
    )
    mute = re.compile(r"(?<![-\w])(le|la|de|ce|ma|ta|sa) (h(?!amster|aut|aric)\w+)", re.IGNORECASE)
    for fr, *_ in rows:
        assert not forbidden.search(fr), fr
        assert not elision.search(fr), fr
        assert not mute.search(fr), fr
        assert not re.search(r"[aeé]-(il|elle|on)\b", fr), fr
        assert (
            not re.search(r"\b(cet|bel|vieil|nouvel|mon|ton|son) hamster", fr)
            or "mon h" in fr
            or "ton h" in fr
            or "son h" in fr
        ), fr


def test_english_spelling(rows: list[Row]) -> None:
    wrong = re.compile(r"\ba [aeio]|\ban [^aeiouh]|\b(do|does|did|is|are|was|were|will) not\b", re.IGNORECASE)
    agreement = re.compile(
        r"(He|She|It) (don't|are|aren't|have|were|go|do)\b|(You|We|They) (doesn't|is|isn't|has|was|wasn't)\b"
    )
    for _, en, *_ in rows:
        assert not wrong.search(en), en
        assert not agreement.match(en), en


def test_typography(rows: list[Row]) -> None:
    for fr, en, *_ in rows:
        for text in (fr, en):
            assert not re.search(r"[’\u00a0\u202f]|\s\s|^\s|\s$", text), text
            assert text[0].isupper() and text[-1] in ".?!", text
        assert not re.search(r"[^ ][?!:;]", fr) and not re.search(r" [.,]", fr), fr
        assert not re.search(r" [?!:;.,]", en), en
        assert fr[-1] == en[-1]
