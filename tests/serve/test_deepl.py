"""DeepL's API, by DeepL's own client."""

import deepl
import httpx
import pytest

from crosslight.serve.settings import ServeSettings


@pytest.fixture
def client(site):
    return deepl.Translator("a key", server_url=site.url, send_platform_info=False)


def test_texts(client):
    found = client.translate_text("le chat", source_lang="FR", target_lang="EN-US")
    assert (found.text, found.detected_source_lang, found.billed_characters) == ("LE CHAT", "FR", 7)
    both = client.translate_text(["un", "deux"], source_lang="FR", target_lang="EN-GB")
    assert [one.text for one in both] == ["UN", "DEUX"]
    assert client.translate_text("Où est la gare ?", target_lang="EN-US").detected_source_lang == "FR"
    assert client.translate_text(
        "<b>un</b> &amp;", source_lang="fr", target_lang="EN-US", tag_handling="html"
    ).text == ("<b>UN</b> &amp;")


def test_languages_and_usage(client):
    assert [(one.code, one.name) for one in client.get_source_languages()] == [
        ("EN", "English"),
        ("FR", "French"),
    ]
    assert [one.supports_formality for one in client.get_target_languages()] == [False, False]
    before = client.get_usage().character.count
    client.translate_text("12345", source_lang="FR", target_lang="EN-US")
    usage = client.get_usage()
    assert usage.character.count == before + 5
    assert not usage.any_limit_reached


def test_forms(site):
    answer = httpx.post(
        f"{site.url}/v2/translate", data={"text": ["un", "deux"], "target_lang": "EN", "source_lang": "FR"}
    )
    assert [one["text"] for one in answer.json()["translations"]] == ["UN", "DEUX"]


def test_what_it_cannot_do_is_said_in_the_clients_form(client):
    with pytest.raises(deepl.DeepLException, match="formality"):
        client.translate_text("un", source_lang="FR", target_lang="EN-US", formality="more")
    with pytest.raises(deepl.DeepLException, match="translates from 'FR' to 'DE'"):
        client.translate_text("un", source_lang="FR", target_lang="DE")


def test_keys(serving):
    with serving.running(
        [serving.fr_en], lambda one: serving.upper(), ServeSettings(keys=("right",))
    ) as site:
        right = deepl.Translator("right", server_url=site.url)
        assert right.translate_text("un", source_lang="FR", target_lang="EN-US").text == "UN"
        wrong = deepl.Translator("wrong", server_url=site.url)
        for ask in (lambda: wrong.translate_text("un", target_lang="EN-US"), wrong.get_usage):
            with pytest.raises(deepl.AuthorizationException, match="not known here"):
                ask()
