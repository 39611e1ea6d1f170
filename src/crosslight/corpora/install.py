"""A corpus from the catalog to the disk: two files to train on, what they may be used for, their sums.

    data/Tatoeba.fr-en.fr            the sources, one a line
    data/Tatoeba.fr-en.en            their translations, line by line
    data/Tatoeba.fr-en.LICENSE.txt   license, origin and the notices of the archive
    data/Tatoeba.fr-en.sha256        for `sha256sum -c`, with version and origin as comments

Asking twice downloads once. What was changed since is never overwritten.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from crosslight.corpora.catalog import Corpus
from crosslight.corpora.disk import appearing_together, part_of, sha256_of
from crosslight.corpora.download import Progress, fetch
from crosslight.corpora.unpack import join_export, unpack_moses
from crosslight.errors import DownloadError


@dataclass(frozen=True)
class Installed:
    """Where a corpus is; ``was_there`` says that nothing had to be downloaded."""

    src: Path
    tgt: Path
    license: Path
    n_pairs: int
    was_there: bool


@dataclass(frozen=True)
class _Record:
    """What the ``.sha256`` file says: of each address that was fetched, and of each file made from them."""

    version: str = ""
    n_pairs: int = 0
    fetched: dict[str, str] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        return "".join(
            [
                f"# {self.version}: {self.n_pairs} pairs\n",
                *(f"# from {sha256} {url}\n" for url, sha256 in self.fetched.items()),
                *(f"{sha256}  {name}\n" for name, sha256 in self.made.items()),
            ]
        )


def install(corpus: Corpus, folder: Path, *, progress: Progress | None = None) -> Installed:
    """Download a corpus into ``folder`` as two aligned files, and return where they are.

    ``progress`` is told of each file anew. The archive is removed when its two files are there.

    Raises:
        DownloadError: as `crosslight.corpora.download.fetch` and `crosslight.corpora.unpack`;
            or files of these names are there already and are not what was once downloaded.
    """
    stem = f"{corpus.name}.{corpus.pair}"
    src, tgt = folder / f"{stem}.{corpus.pair.src}", folder / f"{stem}.{corpus.pair.tgt}"
    license_path, record_path = folder / f"{stem}.LICENSE.txt", folder / f"{stem}.sha256"
    record = _read_record(record_path)
    same_version = record.version == corpus.version and set(record.fetched) == set(corpus.urls)
    _require_untouched([src, tgt], record)
    if same_version and src.exists() and tgt.exists():
        return Installed(src, tgt, license_path, record.n_pairs, was_there=True)

    archives = [folder / f"{stem}.{corpus.version}.{url.rpartition('/')[2]}" for url in corpus.urls]
    fetched = {
        url: fetch(
            url, path, sha256=record.fetched.get(url) if same_version else None, progress=progress
        ).sha256
        for url, path in zip(corpus.urls, archives, strict=True)
    }
    with appearing_together(src, tgt) as (src_file, tgt_file):
        try:
            n_pairs, notices = _unpack(corpus, archives, src_file, tgt_file)
        except DownloadError:
            _remove(archives)  # what is no good must not be found by the next attempt
            raise
        src_file.flush()
        tgt_file.flush()
        made = {path.name: sha256_of(part_of(path)) for path in (src, tgt)}
        license_path.write_text(_license_text(corpus, notices), encoding="utf-8")
        # before the files get their names: a file without its record would look like somebody else's
        record_path.write_text(_Record(corpus.version, n_pairs, fetched, made).text(), encoding="utf-8")
    _remove(archives)
    return Installed(src, tgt, license_path, n_pairs, was_there=False)


def _unpack(corpus: Corpus, archives: list[Path], src: BinaryIO, tgt: BinaryIO) -> tuple[int, str]:
    if corpus.form == "tatoeba":
        src_sentences, tgt_sentences, links = archives
        return join_export(src_sentences, tgt_sentences, links, src, tgt)
    return unpack_moses(archives[0], corpus.pair, src, tgt)


def _remove(paths: list[Path]) -> None:
    for path in paths:
        path.unlink()


def _require_untouched(paths: list[Path], record: _Record) -> None:
    for path in paths:
        if path.exists() and sha256_of(path) != record.made.get(path.name):
            raise DownloadError(
                f"{path} is there already and is not what a download left; it will not be overwritten",
                "move it away, or choose another folder with -o",
            )


def _license_text(corpus: Corpus, notices: str) -> str:
    head = (
        f"{corpus.name} {corpus.version}, {corpus.pair}\nlicense: {corpus.license}\n"
        + "".join(f"from: {url}\n" for url in corpus.urls)
        + "changed: unpacked into two files; the sentences are as they came\n"
    )
    return f"{head}\n{notices}" if notices else head


def _read_record(path: Path) -> _Record:
    """The record of an earlier download; an empty one if there is none, or another tool's."""
    if not path.exists():
        return _Record()
    text = path.read_text(encoding="utf-8", errors="replace")
    first = re.match(r"# (\S+): (\d+) pairs$", text, re.MULTILINE)
    return _Record(
        version=first[1] if first else "",
        n_pairs=int(first[2]) if first else 0,
        fetched={
            url: sha256 for sha256, url in re.findall(r"^# from ([0-9a-f]{64}) (\S+)$", text, re.MULTILINE)
        },
        made={name: sha256 for sha256, name in re.findall(r"^([0-9a-f]{64})  (.+)$", text, re.MULTILINE)},
    )
