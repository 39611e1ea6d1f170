"""What there is for a pair, as a server that speaks like OPUS tells it."""

import json

import pytest

from crosslight.corpora.catalog import UNKNOWN_LICENSE, find_corpus, list_corpora
from crosslight.corpora.languages import parse_pair
from crosslight.errors import DownloadError

PAIR = parse_pair("fr-en")


def places(server):
    return {"opus_url": f"{server.url}/opusapi/", "tatoeba_url": f"{server.url}/exports"}


def test_list(opus, query):
    corpora = list_corpora(PAIR, **places(opus))
    assert [c.name for c in corpora] == ["Europarl", "Tatoeba", "Books", "Tatoeba-export"], (
        "the largest first"
    )
    assert query() == {"source": ["en"], "target": ["fr"], "preprocessing": ["moses"], "version": ["latest"]}
    europarl, tatoeba, books, _ = corpora
    assert (europarl.n_pairs, europarl.size_bytes) == (2_051_014, 200 * 2**20)
    assert tatoeba.license == "CC BY 2.0 FR"
    assert tatoeba.urls == (f"{opus.url}/OPUS-Tatoeba/v2023-04-12/moses/en-fr.txt.zip",)
    assert (books.n_pairs, books.size_bytes, books.license) == (None, None, UNKNOWN_LICENSE)


def test_export_is_listed_with_its_size_and_date(opus):
    opus.headers["Last-Modified"] = "Sat, 17 Jan 2026 06:21:00 GMT"
    export = list_corpora(PAIR, **places(opus))[-1]
    assert export.version == "2026-01-17"
    assert export.size_bytes == sum(len(opus.files[url.removeprefix(opus.url)]) for url in export.urls)
    assert len(opus.asked("HEAD")) == 3


def test_export_is_an_extra(opus, closed_port):
    corpora = list_corpora(PAIR, opus_url=f"{opus.url}/opusapi/", tatoeba_url=closed_port)
    assert "Tatoeba-export" not in [corpus.name for corpus in corpora]
    assert not any("exports" in path for path in opus.asked("HEAD"))
    assert list_corpora(parse_pair("pt_BR-en"), **places(opus))[-1].name == "Books", "no code, no export"


def test_export_needs_no_opus(opus, closed_port):
    export = find_corpus(PAIR, "tatoeba-export", opus_url=closed_port, tatoeba_url=f"{opus.url}/exports")
    assert export.form == "tatoeba"


def test_find_takes_any_case(opus):
    assert find_corpus(PAIR, "TATOEBA", **places(opus)).version == "v2023-04-12"


def test_unknown_name_suggests_near_ones(opus):
    with pytest.raises(
        DownloadError, match=r"no corpus 'EuroParle' for fr-en; near to it: Europarl"
    ) as caught:
        find_corpus(PAIR, "EuroParle", **places(opus))
    assert "list all 4" in caught.value.cure


def test_no_corpus_at_all(server):
    server.put("/opusapi/", b'{"corpora": []}')
    with pytest.raises(DownloadError, match="no parallel corpus for fr-en"):
        list_corpora(PAIR, **places(server))


@pytest.mark.parametrize(
    "answer",
    [b"<html>maintenance</html>", b"[]", b"{}", b'{"corpora": [1]}', b'{"corpora": [{}]}', b"\xff"],
)
def test_an_answer_that_is_no_list(server, answer):
    server.put("/opusapi/", answer)
    with pytest.raises(DownloadError, match="did not answer with a list of corpora"):
        list_corpora(PAIR, **places(server))


def test_names_that_are_paths_are_left_out(opus):
    names = [entry["corpus"] for entry in json.loads(opus.files["/opusapi/"])["corpora"]]
    assert "../../etc/passwd" in names
    assert all("/" not in corpus.name for corpus in list_corpora(PAIR, **places(opus)))
