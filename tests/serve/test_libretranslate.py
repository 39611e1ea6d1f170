"""LibreTranslate's API, by the clients that people have: libretranslatepy, and deep-translator's."""

import json
import urllib.error
import xml.etree.ElementTree as ET

import httpx
import pytest
from deep_translator import LibreTranslator
from libretranslatepy import LibreTranslateAPI

from crosslight.serve.settings import ServeSettings


def test_libretranslatepy(site):
    client = LibreTranslateAPI(site.url)
    assert client.translate("le chat & la souris + 1", "fr", "en") == "LE CHAT & LA SOURIS + 1"
    assert client.translate("çà et là\n", "fr", "en") == "ÇÀ ET LÀ\n"
    assert client.translate("the cat", "en", "fr") == "THE CAT"
    assert client.languages() == [
        {"code": "en", "name": "English", "targets": ["fr"]},
        {"code": "fr", "name": "French", "targets": ["en"]},
    ]
    found = client.detect("Où est la gare ?")
    assert [guess["language"] for guess in found] == ["fr", "en"]
    assert 90 < found[0]["confidence"] <= 100
    assert client.translate("Où est la gare ?", "auto", "en") == "OÙ EST LA GARE ?"


def test_libretranslatepy_is_told_what_went_wrong(site):
    with pytest.raises(urllib.error.HTTPError) as refused:
        LibreTranslateAPI(site.url).translate("the cat", "en", "es")
    assert refused.value.code == 400
    assert "translates from 'en' to 'es'" in json.loads(refused.value.read())["error"]


def test_deep_translator(site):
    """It sends everything in the address, and nothing in the body."""
    client = LibreTranslator(source="fr", target="en", api_key="any", custom_url=f"{site.url}/")
    assert client.translate("le chat & la souris") == "LE CHAT & LA SOURIS"
    assert client.translate_batch(["un", "deux"]) == ["UN", "DEUX"]


def test_clients_with_keys(serving):
    settings = ServeSettings(keys=("right", "other"))
    with serving.running([serving.fr_en], lambda one: serving.upper(), settings) as site:
        assert LibreTranslateAPI(site.url, "right").translate("un", "fr", "en") == "UN"
        right = LibreTranslator(source="fr", target="en", api_key="other", custom_url=f"{site.url}/")
        assert right.translate("un") == "UN"
        wrong = LibreTranslator(source="fr", target="en", api_key="wrong", custom_url=f"{site.url}/")
        with pytest.raises(Exception, match="wrong"):  # its AuthorizationException, which names the key
            wrong.translate("un")
        with pytest.raises(urllib.error.HTTPError) as refused:
            LibreTranslateAPI(site.url).translate("un", "fr", "en")
        assert refused.value.code == 403
        assert httpx.get(f"{site.url}/frontend/settings").json()["keyRequired"]


@pytest.mark.parametrize("as_form", [False, True])
def test_lists_alternatives_and_auto(site, as_form):
    fields = {"q": ["Où est la gare ?", "Le chat dort."], "source": "auto", "target": "en", "alternatives": 2}
    sent = {"data": fields} if as_form else {"json": fields}
    answer = httpx.post(f"{site.url}/translate", **sent).json()
    assert answer["translatedText"] == ["OÙ EST LA GARE ?", "LE CHAT DORT."]
    assert answer["alternatives"] == [[text + "!", text + "!!"] for text in answer["translatedText"]]
    assert [guess["language"] for guess in answer["detectedLanguage"]] == ["fr", "fr"]
    one = httpx.post(f"{site.url}/translate", json={**fields, "q": "Le chat dort."}).json()
    assert one["alternatives"] == ["LE CHAT DORT.!", "LE CHAT DORT.!!"]
    assert one["detectedLanguage"]["language"] == "fr"
    plain = httpx.post(f"{site.url}/translate", json={"q": "x", "source": "fr", "target": "en"}).json()
    assert plain == {"translatedText": "X"}, "nothing that was not asked for"


def test_json_that_is_sent_as_a_form(site):
    """As `curl -d` does without a header."""
    answer = httpx.post(
        f"{site.url}/translate",
        content=b'{"q": "un", "source": "fr", "target": "en"}',
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.json() == {"translatedText": "UN"}


def test_it_does_not_translate_on_a_guess(site):
    answer = httpx.post(f"{site.url}/translate", json={"q": "12 345", "source": "auto", "target": "en"})
    assert answer.status_code == 400
    assert "not sure" in answer.json()["error"]
    assert "source" in answer.json()["error"]


def test_html_keeps_its_tags(site):
    text = '<p class="a&gt;b">un <b>deux</b> &lt;3 &amp; <!-- trois --><script>quatre()</script></p>'
    fields = {"q": text, "source": "fr", "target": "en", "format": "html"}
    answer = httpx.post(f"{site.url}/translate", json=fields).json()["translatedText"]
    assert answer == text.replace(">un ", ">UN ").replace("deux", "DEUX")


def test_settings_for_a_page_and_health(site):
    answer = httpx.get(f"{site.url}/frontend/settings").json()
    assert answer["charLimit"] == 5000
    assert not answer["keyRequired"]
    assert not answer["suggestions"]
    assert answer["language"]["source"] == {"code": "fr", "name": "French"}
    assert httpx.get(f"{site.url}/health").json() == {"status": "ok"}
    assert httpx.get(f"{site.url}/ready").json() == {"status": "ready"}


def test_suggestions_are_switched_off_and_say_how_to_switch_them_on(site):
    fields = {"q": "un", "s": "one", "source": "fr", "target": "en"}
    answer = httpx.post(f"{site.url}/suggest", data=fields)
    assert answer.status_code == 403
    assert "--corrections" in answer.json()["error"]


def test_suggestions_become_tmx(serving, tmp_path):
    file = tmp_path / "mine.tmx"
    settings = ServeSettings(corrections=file)
    texts = [("un & deux", "one <&> two"), ("\x00trois\ud800", 'three "3"'), ("a\nb", "c\nd")]
    with serving.running([serving.fr_en], lambda one: serving.upper(), settings) as site:
        for q, s in texts:
            fields = {"q": q, "s": s, "source": "fr", "target": "en"}
            answer = httpx.post(f"{site.url}/suggest", content=json.dumps(fields))
            assert answer.json() == {"success": True}
            ET.parse(file)  # whole after each
    units = ET.parse(file).getroot().findall("./body/tu")
    found = [[tuv.findtext("seg") for tuv in unit.findall("tuv")] for unit in units]
    assert found == [["un & deux", "one <&> two"], ["trois\ufffd", 'three "3"'], ["a\nb", "c\nd"]]
    languages = [tuv.get("{http://www.w3.org/XML/1998/namespace}lang") for tuv in units[0].findall("tuv")]
    assert languages == ["fr", "en"]


def test_the_model_in_the_box(real):
    client = LibreTranslateAPI(real.url)
    text = "Jane visite l'Afrique en septembre."
    assert client.translate(text, "fr", "en", 60) == "Jane visits Africa in September."
    assert client.translate(text, "auto", "en", 60) == "Jane visits Africa in September."
