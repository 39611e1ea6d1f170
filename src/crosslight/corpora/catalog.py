"""What can be had: the corpora of OPUS for any language pair, and Tatoeba's own weekly export.

OPUS (https://opus.nlpl.eu, Tiedemann 2012) answers ``?source=en&target=fr&preprocessing=moses`` with a
list of corpora, each one zip of two aligned files. Tatoeba (https://tatoeba.org) exports sentences per
language and the links between two languages; which sentences translate each other is joined here.
"""

import difflib
import json
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, Literal
from urllib.parse import urlencode

from crosslight.corpora.languages import LanguagePair, tatoeba_code
from crosslight.corpora.web import ask
from crosslight.errors import DownloadError

OPUS_URL = "https://opus.nlpl.eu/opusapi/"
TATOEBA_URL = "https://downloads.tatoeba.org/exports/per_language"
EXPORT = "Tatoeba-export"

# Only what their makers say themselves; all others carry their terms inside.
LICENSES = {
    "Tatoeba": "CC BY 2.0 FR",
    "Europarl": "no known copyright restrictions",
    "OpenSubtitles": "none stated; asks for a link to www.opensubtitles.org",
    "ParaCrawl": "CC0 for the packaging; the texts belong to their authors",
    "WikiMatrix": "CC BY-SA",
}
UNKNOWN_LICENSE = "see the LICENSE file in the archive"
_SAFE_NAME = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True)
class Corpus:
    """One parallel corpus that can be downloaded.

    ``form`` says what its addresses lead to: one zip in Moses form, or the export's sentences of the
    source, of the target, and their links. ``size_bytes`` is that of the download; it and ``n_pairs``
    are None where the catalog does not tell.
    """

    name: str
    version: str
    pair: LanguagePair
    form: Literal["moses", "tatoeba"]
    urls: tuple[str, ...]
    license: str
    size_bytes: int | None
    n_pairs: int | None


def list_corpora(
    pair: LanguagePair, *, opus_url: str = OPUS_URL, tatoeba_url: str = TATOEBA_URL
) -> list[Corpus]:
    """Return the corpora for a pair, those with the most sentence pairs first, the export last.

    Raises:
        DownloadError: OPUS cannot be reached or answers something else, or there is no corpus.
    """
    corpora = _ask_opus(pair, opus_url)
    export = _ask_tatoeba(pair, tatoeba_url)
    found = sorted(corpora, key=lambda corpus: -(corpus.n_pairs or 0)) + ([export] if export else [])
    if not found:
        raise DownloadError(
            f"there is no parallel corpus for {pair}",
            "check the codes; variants are kept apart (zh and zh_CN, pt and pt_BR): try the other one",
        )
    return found


def find_corpus(
    pair: LanguagePair, name: str, *, opus_url: str = OPUS_URL, tatoeba_url: str = TATOEBA_URL
) -> Corpus:
    """Return the corpus called ``name``, in any case; OPUS is not asked for Tatoeba's export.

    Raises:
        DownloadError: as `list_corpora`; or no corpus of this pair has that name.
    """
    if name.lower() == EXPORT.lower() and (export := _ask_tatoeba(pair, tatoeba_url)):
        return export
    corpora = list_corpora(pair, opus_url=opus_url, tatoeba_url=tatoeba_url)
    names = {corpus.name.lower(): corpus for corpus in corpora}
    if name.lower() in names:
        return names[name.lower()]
    near = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5) or list(names)[:3]
    raise DownloadError(
        f"there is no corpus {name!r} for {pair}; near to it: {', '.join(names[key].name for key in near)}",
        f"list all {len(corpora)} with `crosslight get {pair}`",
    )


def _ask_opus(pair: LanguagePair, url: str) -> list[Corpus]:
    source, target = pair.alphabetical  # OPUS stores each pair once
    query = {"source": source, "target": target, "preprocessing": "moses", "version": "latest"}
    try:
        with ask(f"{url}?{urlencode(query)}") as response:
            entries = json.load(response)["corpora"]
        found = [_corpus_of(entry, pair) for entry in entries]
    except (ValueError, KeyError, TypeError, AttributeError, OSError, HTTPException) as error:
        raise DownloadError(
            f"{url} did not answer with a list of corpora: {error!r}",
            "try again later; the service may have changed or be under maintenance",
        ) from error
    return [corpus for corpus in found if corpus]


def _corpus_of(entry: dict[str, Any], pair: LanguagePair) -> Corpus | None:
    """A corpus from OPUS's entry; None if it is no zip, or its name cannot be that of a file."""
    name, version, url = str(entry["corpus"]), str(entry["version"]), str(entry["url"])
    if not (url.endswith(".zip") and _SAFE_NAME.fullmatch(name) and _SAFE_NAME.fullmatch(version)):
        return None
    size_kib = _count(entry.get("size"))
    return Corpus(
        name=name,
        version=version,
        pair=pair,
        form="moses",
        urls=(url,),
        license=LICENSES.get(name, UNKNOWN_LICENSE),
        size_bytes=size_kib * 1024 if size_kib else None,
        n_pairs=_count(entry.get("alignment_pairs")),
    )


def _count(value: Any) -> int | None:
    """A number that the catalog may leave blank."""
    return int(value) if value not in (None, "") else None


def _ask_tatoeba(pair: LanguagePair, url: str) -> Corpus | None:
    """The export of a pair, or None if Tatoeba has none or is out of reach: it is an extra."""
    src, tgt = tatoeba_code(pair.src), tatoeba_code(pair.tgt)
    if not (src and tgt):
        return None
    paths = (
        f"{src}/{src}_sentences.tsv.bz2",
        f"{tgt}/{tgt}_sentences.tsv.bz2",
        f"{src}/{src}-{tgt}_links.tsv.bz2",
    )
    urls = tuple(f"{url.rstrip('/')}/{path}" for path in paths)
    headers = []
    for address in urls:
        try:
            with ask(address, method="HEAD", timeout_seconds=10) as response:
                headers.append(response.headers)
        except DownloadError:
            return None
    sizes = [int(header.get("Content-Length", 0)) for header in headers]
    modified = headers[-1].get("Last-Modified")
    return Corpus(
        name=EXPORT,
        version=f"{parsedate_to_datetime(modified):%Y-%m-%d}" if modified else "undated",
        pair=pair,
        form="tatoeba",
        urls=urls,
        license=LICENSES["Tatoeba"],
        size_bytes=sum(sizes) if all(sizes) else None,
        n_pairs=None,
    )
