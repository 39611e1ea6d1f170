"""Codes of languages as people, OPUS and Tatoeba write them."""

import pytest

from crosslight.corpora.languages import LanguagePair, normalize, parse_pair, tatoeba_code
from crosslight.errors import DownloadError


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("fr-en", ("fr", "en")),
        ("FRA-eng", ("fr", "en")),
        ("ger-fre", ("de", "fr")),
        ("deu-fra", ("de", "fr")),
        ("pt_br-en", ("pt_BR", "en")),
        ("zho_hans-ast", ("zh_Hans", "ast")),
    ],
)
def test_pairs(written, meant):
    assert parse_pair(written) == LanguagePair(*meant)


def test_archives_are_named_in_alphabetical_order():
    assert parse_pair("fr-en").alphabetical == parse_pair("en-fr").alphabetical == ("en", "fr")
    assert str(parse_pair("fr-en")) == "fr-en"


@pytest.mark.parametrize("written", ["fr", "fr-en-de", "fr-fr", "fra-fr"])
def test_what_is_not_a_pair(written):
    with pytest.raises(DownloadError, match=f"'{written}' is not a language pair"):
        parse_pair(written)


@pytest.mark.parametrize("written", ["", "f", "french", "f1", "fr_", "fr/../", "é́"])
def test_what_is_not_a_code(written):
    with pytest.raises(DownloadError, match="is not a language code"):
        normalize(written)


def test_normalizing_twice_changes_nothing():
    for code in ("fre", "fra", "FR", "PT_br", "yue", "sr_LATN", "chi"):
        assert normalize(normalize(code)) == normalize(code)


def test_tatoeba_names_one_language_of_a_group():
    assert [tatoeba_code(normalize(code)) for code in ("chi", "fre", "ast")] == ["cmn", "fra", "ast"]
    assert tatoeba_code("xx") is None
