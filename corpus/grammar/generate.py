"""Write the training, validation and test pairs of the grammar, bit for bit the same each time."""

import argparse
import gzip
import random
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from builder import Builder, DeadEnd
from constructions import CONSTRUCTIONS
from phrase import Sentence, sentence
from pronouns import street_sentences
from registry import Construction
from tokens import tokenize

Made = tuple[str, Sentence]

SEED = 2017
SIZE = 82_000  # training pairs aimed at
EVALUATION = 1_000  # pairs in each of validation and test
NOVEL = 0.6  # share of these with an unseen (construction, word)
HELD_OUT = 0.06  # share of a construction's sentences set aside for that
HOMES = 3  # constructions in which every word stays
COMMON = 0.12  # words in more of a construction's sentences than this are never held out from it
OUTPUT = Path(__file__).resolve().parents[2] / "src" / "crosslight" / "sample"


@dataclass
class Corpus:
    """Pairs with the name of their construction, and the words held out from each construction."""

    train: list[Made] = field(default_factory=list)
    valid: list[Made] = field(default_factory=list)
    test: list[Made] = field(default_factory=list)
    held_out: dict[str, frozenset[str]] = field(default_factory=dict)


def key(text: str) -> str:
    """Letters and digits only: what makes two sentences the same."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def accept(made: Sentence, seen: dict[str, str]) -> bool:
    """New, of a good length, and the only translation of its French."""
    french, english = key(made.fr), key(made.en)
    if french in seen:
        if seen[french] != english:
            raise ValueError(f"two translations: {made.fr}")
        return False
    if not 3 <= len(tokenize(made.fr)) <= 20:
        return False
    seen[french] = english
    return True


def sample(entry: Construction, rng: random.Random, wanted: int, seen: dict[str, str]) -> list[Sentence]:
    """Distinct sentences of one construction; fewer than wanted when it has no more to say."""
    found: list[Sentence] = []
    for _ in range(3 * wanted):
        try:
            made = sentence(entry.build(Builder(rng)))
        except DeadEnd:
            continue
        if accept(made, seen):
            found.append(made)
            if len(found) == wanted:
                break
    return found


def hold_out(
    pool: Sequence[Sentence], rng: random.Random, protected: frozenset[str], homes: Counter[str]
) -> frozenset[str]:
    """Words this construction never shows in training: HELD_OUT of its sentences, no frequent word.

    `homes` counts the constructions that still show a word; each word keeps HOMES of them.
    """
    counts = Counter(lemma for made in pool for lemma in made.lemmas)
    candidates = sorted(w for w, n in counts.items() if n <= COMMON * len(pool) and w not in protected)
    rng.shuffle(candidates)
    chosen: set[str] = set()
    for word in candidates:
        if sum(not chosen.isdisjoint(made.lemmas) for made in pool) >= HELD_OUT * len(pool):
            break
        if homes[word] > HOMES:
            homes[word] -= 1
            chosen.add(word)
    return frozenset(chosen)


def words(made: Sentence) -> list[str]:
    return [token.lower() for token in tokenize(made.fr) + tokenize(made.en)]


def take(source: list[Made], count: int, english: set[str], known: Counter[str]) -> Iterator[Made]:
    """Remove pairs from the end of the source: no English sentence twice, only words that were trained."""
    while count and source:
        name, made = source.pop()
        if key(made.en) not in english and all(known[word] >= 10 for word in words(made)):
            english.add(key(made.en))
            count -= 1
            yield name, made


def build(size: int = SIZE) -> Corpus:
    rng = random.Random(SEED)
    corpus, seen = Corpus(), dict[str, str]()
    fixed = [(name, sentence(phrase)) for name, phrase in street_sentences()]
    for _, made in fixed:
        accept(made, seen)
    novel: list[Made] = []
    familiar: list[Made] = []
    share = size * (1 + HELD_OUT) / sum(entry.weight for entry in CONSTRUCTIONS)
    pools = {entry.name: sample(entry, rng, round(entry.weight * share), seen) for entry in CONSTRUCTIONS}
    homes = Counter(word for pool in pools.values() for word in {w for made in pool for w in made.lemmas})
    for construction, pool in pools.items():
        protected = frozenset[str]().union(*(made.lemmas for name, made in fixed if name == construction))
        held = corpus.held_out[construction] = hold_out(pool, rng, protected, homes)
        for made in pool:
            (familiar if held.isdisjoint(made.lemmas) else novel).append((construction, made))
    rng.shuffle(novel)
    rng.shuffle(familiar)
    english: set[str] = {key(made.en) for _, made in fixed}
    unseen = round(NOVEL * EVALUATION)
    known = Counter(word for _, made in familiar for word in words(made))
    for part in (corpus.test, corpus.valid):
        part.extend(take(novel, unseen, english, known))
        part.extend(take(familiar, EVALUATION - unseen, english, known))
        rng.shuffle(part)
    english -= {key(made.en) for _, made in fixed}
    corpus.train = fixed + [(name, made) for name, made in familiar if key(made.en) not in english]
    rng.shuffle(corpus.train)
    return corpus


def table(pairs: Iterable[Made]) -> bytes:
    rows = ("\t".join((made.fr, made.en, made.alignment, made.antecedents, name)) for name, made in pairs)
    return "".join(row + "\n" for row in rows).encode("utf-8")


def files(corpus: Corpus) -> dict[str, bytes]:
    """What is in each file, before it is compressed."""
    parts = {"train": corpus.train, "valid": corpus.valid, "test": corpus.test}
    return {f"grammar.{part}.tsv.gz": table(pairs) for part, pairs in parts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    output: Path = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    for name, content in files(build()).items():
        packed = gzip.compress(content, mtime=0)
        (output / name).write_bytes(packed)
        print(f"{name}: {len(packed):,} bytes")


if __name__ == "__main__":
    main()
