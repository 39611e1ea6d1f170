"""The page of the service in a real browser, against the model that comes with the program.

Skipped where Chromium (`apt-get install chromium`) or Playwright is not installed. One browser for all tests.
"""

import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

from crosslight.decode.translation import Translation  # noqa: E402
from crosslight.serve.app import make_app, make_service  # noqa: E402
from crosslight.serve.asked import Asked  # noqa: E402
from crosslight.serve.files import formats  # noqa: E402
from crosslight.serve.loaded import LoadedBundle  # noqa: E402
from crosslight.serve.models import Served, served  # noqa: E402
from crosslight.serve.run import Server, bound  # noqa: E402
from crosslight.serve.settings import Limits, ServeSettings  # noqa: E402
from crosslight.text.corpus import Pair  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"), pytest.mark.slow]

CAT = "Le chat dort sur le canapé."
TWO = f"{CAT}\n\nJ’ai perdu mes clés."
PATIENCE = 60_000  # milliseconds; other work shares the cores
expect.set_options(timeout=PATIENCE)


class Capitals:
    """The way back: it writes in capitals."""

    def translate(self, texts: Sequence[str], asked: Asked) -> list[Translation]:
        return [Translation(t, t.upper(), -0.1, [], parts=(Pair(t, t.upper()),)) for t in texts]


@pytest.fixture(scope="module")
def corrections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept") / "mine.tmx"


@pytest.fixture(scope="module")
def url(corrections: Path) -> Iterator[str]:
    """A running service: fr-en in torch, and capitals from English to French."""
    fr_en = served("fr-en")
    en_fr = Served(Path("nowhere"), "en", "fr", "capitals", False)
    settings = ServeSettings(Limits(segment_characters=400), corrections=corrections)
    service = make_service(
        [fr_en, en_fr],
        lambda one: Capitals() if one is en_fr else LoadedBundle(one.path, "torch", 1),  # type: ignore[return-value]
        settings,
    )
    with bound("127.0.0.1", 0) as own:
        server = Server(make_app(service), settings, service.models)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [own]}, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive()
        yield f"http://127.0.0.1:{own.getsockname()[1]}/"
        server.should_exit = True
        thread.join(30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as runner:
        one = runner.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield one
        one.close()


class Visit:
    """Somebody at the page: what was asked for, and what the console said."""

    def __init__(self, browser: Any, url: str, **context: Any) -> None:
        given = {
            "viewport": {"width": 1100, "height": 800},
            "locale": "en-US",
            "reduced_motion": "reduce",
            **context,
        }
        self.context = browser.new_context(**given)
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.url, self.asked, self.said = url, [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on(
            "console", lambda message: self.said.append(message.text) if message.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.goto(url)
        self.page.wait_for_selector("html[data-ready]")

    def translated(self, text: str, marks: int = 1) -> str:
        """What a text becomes once all its sentences have their confidence."""
        self.page.fill("#source", text)
        expect(self.page.locator(".chip")).to_have_count(marks)
        return self.words()

    def words(self) -> str:
        return " ".join(self.page.locator("#output .word").all_inner_texts())

    def violations(self) -> list[tuple[str, str]]:
        found = axe.Axe().run(self.page).response["violations"]
        return [(one["id"], node["html"][:200]) for one in found for node in one["nodes"]]

    def end(self) -> None:
        self.context.close()
        assert self.said == []
        assert all(address.startswith((self.url, "data:", "blob:")) for address in self.asked)


@pytest.fixture
def visit(browser: Any, url: str) -> Iterator[Visit]:
    one = Visit(browser, url)
    yield one
    one.end()


def test_it_translates_as_one_writes_and_says_how_sure_it_is(visit: Visit) -> None:
    assert visit.translated(TWO, marks=2) == "The cat is sleeping on the couch. I lost my keys."
    assert visit.page.locator("#from option:checked").inner_text() == "French (detected)"
    chip = visit.page.locator(".chip").first
    assert chip.get_attribute("aria-label") in {
        f"{chip.inner_text()}: {words}"
        for words in ("probably right", "better read it over", "probably wrong somewhere")
    }
    assert visit.page.locator("#count").inner_text() == f"{len(TWO)} of 400 characters"
    visit.page.click("#clear")
    visit.page.wait_for_selector("#output-empty")
    assert visit.words() == ""


def test_a_word_is_chosen_and_the_rest_follows_with_the_keyboard_alone(visit: Visit) -> None:
    keys = visit.page.keyboard
    assert visit.page.evaluate("document.activeElement.id") == "source"
    keys.insert_text(CAT)
    visit.page.wait_for_selector(".chip")
    for key in ("Alt+w", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowRight", "Enter"):
        keys.press(key)
    visit.page.wait_for_selector(".option")
    options = visit.page.locator(".option b").all_inner_texts()
    assert options[:2] == ["is", "sleeps"]
    keys.press("ArrowDown")
    assert visit.page.evaluate("document.activeElement.querySelector('b').textContent") == "sleeps"
    keys.press("Enter")
    visit.page.wait_for_selector(".chip.chosen")
    assert visit.words() == "The cat sleeps on the couch."
    assert visit.page.evaluate("document.activeElement.textContent") == "sleeps"
    keys.press("Enter")
    visit.page.wait_for_selector(".option")
    keys.press("Escape")
    assert visit.page.locator("#words").is_hidden()
    assert visit.page.evaluate("document.activeElement.textContent") == "sleeps"
    keys.press("?")
    assert visit.page.locator("#help").get_by_text("Swap the languages").is_visible()
    keys.press("Escape")
    assert visit.page.locator("#help").is_hidden()


def test_a_word_of_ones_own(visit: Visit) -> None:
    visit.translated(CAT)
    visit.page.locator(".word").nth(1).click()
    visit.page.fill("#own-word", "dog")
    visit.page.click(".own-word button")
    visit.page.wait_for_selector(".chip.chosen")
    assert visit.words().startswith("The dog ")
    visit.page.click("#reset")
    assert visit.words() == "The cat is sleeping on the couch."


def test_another_translation_takes_the_place(visit: Visit) -> None:
    visit.translated(TWO, marks=2)
    visit.page.click("[data-name=after]")
    visit.page.wait_for_selector(".variant")
    other = visit.page.locator(".variant").first.inner_text()
    visit.page.locator(".variant").first.click()
    assert visit.words() == f"The cat is sleeping on the couch. {other}"


def test_a_sentence_that_is_there_twice_is_two(visit: Visit) -> None:
    visit.translated(f"{CAT}\n{CAT}", marks=2)
    visit.page.wait_for_selector(".variant")
    assert visit.page.locator("#sentence-title").inner_text() == "Sentence 1 of 2"
    visit.page.click("[data-name=after]")
    visit.page.get_by_text("Sentence 2 of 2").wait_for()
    visit.page.locator(".variant").first.click()
    assert visit.page.locator(".sentence").first.inner_text().startswith("The cat is sleeping on the couch.")
    assert visit.page.locator(".chip.chosen").count() == 1


def test_text_is_never_markup(visit: Visit) -> None:
    text = "<img src=x onerror=alert(1)> Le chat dort. <script>alert(1)</script>"
    visit.page.fill("#source", text)
    visit.page.wait_for_selector("#output .word")
    assert visit.page.locator("#output img, #output script, #sentence img, #sentence script").count() == 0


def test_languages_are_swapped(visit: Visit) -> None:
    visit.translated(CAT)
    visit.page.click("#swap")
    expect(visit.page.locator("#output .word").first).to_have_text("THE")
    assert visit.page.input_value("#source") == "The cat is sleeping on the couch."
    assert visit.words() == "THE CAT IS SLEEPING ON THE COUCH."
    assert [visit.page.input_value(one) for one in ("#from", "#to")] == ["en", "fr"]


def test_a_term_of_the_glossary_is_kept_to(visit: Visit) -> None:
    visit.translated(CAT)
    visit.page.keyboard.press("Alt+g")
    visit.page.keyboard.insert_text("canapé")
    for _ in range(2):
        visit.page.keyboard.press("Tab")
    visit.page.keyboard.insert_text("sofa")
    visit.page.keyboard.press("Tab")
    expect(visit.page.locator("#output")).to_contain_text("sofa")
    assert "terms in force: 1" in visit.page.inner_text("#glossary summary")


def test_a_correction_is_kept(visit: Visit, corrections: Path) -> None:
    visit.translated("Bonjour à tous.")
    visit.page.wait_for_selector("[data-name=edit]")
    visit.page.keyboard.press("Alt+r")
    visit.page.fill("#edited", "Hello <everybody>.")
    visit.page.keyboard.press("Control+Enter")
    visit.page.get_by_text("Kept. Thank you!").last.wait_for()
    assert visit.words() == "Hello <everybody>."
    kept = corrections.read_text(encoding="utf-8")
    assert '<tuv xml:lang="fr"><seg>Bonjour à tous.</seg></tuv>' in kept
    assert '<tuv xml:lang="en"><seg>Hello &lt;everybody&gt;.</seg></tuv>' in kept


def test_the_page_speaks_four_languages(browser: Any, url: str) -> None:
    visit = Visit(browser, url, locale="nn-NO")
    titles = {visit.page.inner_text("#glossary h2")}
    assert visit.page.locator("html").get_attribute("lang") == "nb"
    for language in ("en", "sv", "zh"):
        visit.page.select_option("#interface-language", language)
        visit.page.wait_for_selector(f"html[lang={language}]")
        titles.add(visit.page.inner_text("#glossary h2"))
    assert titles == {"Ordliste", "Glossary", "Ordlista", "术语表"}
    visit.page.reload()
    visit.page.wait_for_selector("html[lang=zh][data-ready]")
    visit.end()


@pytest.mark.skipif(not formats(), reason="no documents are translated here")
def test_documents_are_sent_and_fetched(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("# Bonjour\n\nLe chat **dort**.\n", encoding="utf-8")
    (tmp_path / "note.txt").write_text(f"{CAT}\n", encoding="utf-8")
    (tmp_path / "note.pdf").write_bytes(b"%PDF")
    visit.page.keyboard.press("Alt+u")
    visit.page.select_option("#from", "fr")
    visit.page.set_input_files("#file", [tmp_path / f"note.{ending}" for ending in ("md", "txt", "pdf")])
    expect(visit.page.locator(".documents .poor")).to_contain_text("Documents of these kinds are translated")
    visit.page.locator(".documents a").nth(1).wait_for()
    found = {}
    for place in range(2):
        with visit.page.expect_download() as download:
            visit.page.locator(".documents a").nth(place).click()
        found[download.value.suggested_filename] = Path(download.value.path()).read_text(encoding="utf-8")
    assert found["note.en.txt"] == "The cat is sleeping on the couch.\n"
    assert found["note.en.md"].startswith("# ")
    assert found["note.en.md"].count("**") == 2


@pytest.mark.skipif(not formats(), reason="no documents are translated here")
def test_a_document_says_how_far_it_is(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text(f"{CAT}\n", encoding="utf-8")
    held: list[Any] = []
    visit.page.route("**/translate_file", lambda route: held.append(route))  # noqa: PLW0108 (it wants a function)
    visit.page.route("**/api/v1/progress/*", lambda route: route.fulfill(json={"done": 1, "total": 4}))
    visit.page.keyboard.press("Alt+u")
    visit.page.select_option("#from", "fr")
    visit.page.set_input_files("#file", tmp_path / "note.txt")
    expect(visit.page.locator(".documents .state")).to_have_text("Translating … 25%")
    assert visit.page.locator(".documents progress").evaluate("bar => bar.value") == 0.25
    held[0].continue_()
    visit.page.locator(".documents a").wait_for()


def test_what_goes_wrong_is_said_in_words(browser: Any, url: str) -> None:
    visit = Visit(browser, url)
    failure = visit.page.locator("#failure")
    visit.page.fill("#source", "é" * 401)
    expect(failure).to_have_text("The text has 401 characters, and 400 are allowed at a time.")
    visit.page.fill("#source", "zq")
    visit.page.get_by_text("It is not clear which language this is").wait_for()
    busy = {"status": 503, "headers": {"Retry-After": "1"}, "json": {"error": "busy: 64 wait already"}}
    visit.page.route("**/api/v1/translate", lambda route: route.fulfill(**busy), times=1)
    visit.page.select_option("#from", "fr")
    visit.page.fill("#source", CAT)
    visit.page.get_by_text("The service is busy. Trying again in 1 s.").wait_for()
    visit.page.wait_for_selector("#output .chip")
    assert failure.is_hidden()
    visit.page.route("**/api/v1/translate", lambda route: route.abort())
    visit.page.fill("#source", f"{CAT} {CAT}")
    failure.get_by_text("The service does not answer.").wait_for()
    visit.page.unroute("**/api/v1/translate")
    failure.get_by_text("Try again").click()
    visit.page.wait_for_selector("#failure", state="hidden")
    assert all(said.startswith("Failed to load resource") for said in visit.said), (
        "and nothing else is an error"
    )
    visit.said.clear()
    visit.end()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_shuts_anybody_out(browser: Any, url: str, scheme: str) -> None:
    visit = Visit(browser, url, color_scheme=scheme)
    visit.translated(TWO, marks=2)
    visit.page.wait_for_selector(".variant")
    visit.page.locator(".word").nth(2).click()
    visit.page.wait_for_selector(".option")
    assert visit.violations() == []
    visit.page.keyboard.press("Escape")
    visit.page.keyboard.press("Alt+r")
    visit.page.keyboard.press("Alt+g")
    visit.page.select_option("#interface-language", "zh")
    assert visit.violations() == []
    visit.page.click("#help-open")
    assert visit.violations() == []
    visit.end()


def test_it_fits_a_phone(browser: Any, url: str) -> None:
    visit = Visit(browser, url, viewport={"width": 360, "height": 640}, has_touch=True)
    visit.translated(TWO, marks=2)
    visit.page.locator(".word").nth(5).tap()
    visit.page.wait_for_selector(".option")
    box = visit.page.locator("#words").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 360
    visit.end()
