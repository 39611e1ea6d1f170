"""The views of the inside in a real browser: they are drawn, and show the library's numbers.

A page of its own (`harness/`) mounts `inside.js` under the service's content policy; what it asks for is
answered from `tasks.inside`. Skipped where Chromium (`apt-get install chromium`) or Playwright is missing.
"""

import json
import re
import shutil
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlparse

import numpy as np
import pytest
import torch

pytest.importorskip("fastapi")
playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

from crosslight.bundle import Bundle, load_bundle  # noqa: E402
from crosslight.config.load import run_config  # noqa: E402
from crosslight.errors import ConfigError  # noqa: E402
from crosslight.interpret.attention import record_attention  # noqa: E402
from crosslight.models.build import build_model  # noqa: E402
from crosslight.serve.guard import CSP  # noqa: E402
from crosslight.serve.site import write_site  # noqa: E402
from crosslight.tasks import inside  # noqa: E402
from crosslight.text.subword import BOS_ID, PAD_ID  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"), pytest.mark.slow]

TEXT, OTHER = "Jane visite l'Afrique en septembre.", "Le chat dort."
TABS = ["attention", "search", "path", "lens", "positions", "tour", "beside"]
HARNESS = Path(__file__).with_name("harness")
STATIC = Path(__file__).parents[2] / "src" / "crosslight" / "serve" / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".json": "application/json"}
PATIENCE = 60_000  # milliseconds; other work shares the cores


def by_chance(model: dict[str, Any]) -> Bundle:
    """A model of these settings that has learned nothing, with the pieces of the one in the box."""
    box = load_bundle("fr-en")
    config = run_config({"model": model, "decode": {"max_extra": 1}}, "here")
    torch.manual_seed(1)
    own = build_model(config.model, box.src_subword.vocab_size, box.tgt_subword.vocab_size, PAD_ID).eval()
    return replace(box, config=config, model=own)


class Library:
    """Answers what the page asks for, and remembers what it was asked."""

    def __init__(self, bundle: Bundle | None = None) -> None:
        self.bundle = bundle or load_bundle("fr-en")
        self._opened: dict[tuple[str, int], inside.Opened] = {}
        self._views: dict[str, Any] = {}

    def opened(self, text: str = TEXT, beam: int = 1) -> "inside.Opened":
        key = (text, beam)
        if key not in self._opened:
            self._opened[key] = inside.open_sentence(self.bundle, text, beam=beam)
        return self._opened[key]

    def view(self, name: str, text: str = TEXT, beam: int = 1, **choices: Any) -> Any:
        key = json.dumps([name, text, beam, choices], sort_keys=True)
        if key not in self._views:
            self._views[key] = getattr(inside, name)(self.opened(text, beam), **choices)
        return self._views[key]


class Shown(NamedTuple):
    """A page, what the library says, and what the page did that it should not."""

    page: Any
    library: Library
    faults: list[str]

    def open(self, tab: str, text: str = TEXT) -> Any:
        """A tab, drawn; another sentence is shown first if it is another."""
        if self.page.locator(".in-strip-sentences .in-src").inner_text() != text:
            self.page.evaluate("text => window.show(text)", text)
        self.page.click(f"#in-tab-{tab}")
        return drawn(self.page, tab)

    def numbers(self, tab: str) -> list[list[str]]:
        """The table behind the first picture of a tab, its head left out."""
        panel = self.page.locator(f"#in-panel-{tab}")
        details = panel.locator("details").first
        if details.get_attribute("open") is None:
            details.locator("summary").click()
        return rows_of(details.locator("table").first)


def drawn(page: Any, tab: str) -> Any:
    page.wait_for_selector(f"#in-panel-{tab}:not([aria-busy]) .in-block", timeout=PATIENCE)
    return page.locator(f"#in-panel-{tab}")


def rows_of(table: Any) -> list[list[str]]:
    rows: list[list[str]] = table.evaluate(
        "t => [...t.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.textContent))"
    )
    return rows


def read(text: str) -> float:
    """A number as people read it."""
    return float(text.replace("−", "-").replace("+", "").replace("\u00a0", "").replace("%", "e-2"))


def answer(route: Any, library: Library, faults: list[str]) -> None:
    address = urlparse(route.request.url)
    if address.hostname != "localhost":
        faults.append(f"request to {route.request.url}")
        route.abort()
        return
    if address.path.startswith("/api/v1/inside/"):
        asked = route.request.post_data_json
        assert (asked["source"], asked["target"]) == ("fr", "en")
        known = {
            "beam",
            "interventions",
            "encoder_layer",
            "decoder_layer",
            "head",
            "src_position",
            "tgt_position",
        }
        choices = {name: asked[name] for name in known & set(asked)}
        try:
            found = library.view(address.path.rpartition("/")[2], asked["q"], **choices)
            route.fulfill(status=200, content_type="application/json", body=json.dumps(found))
        except ConfigError as error:
            route.fulfill(
                status=400, content_type="application/json", body=json.dumps({"error": error.message})
            )
        return
    folder, _, name = address.path.lstrip("/").partition("/")
    file = HARNESS / "index.html" if not folder else {"static": STATIC, "harness": HARNESS}[folder] / name
    kind = TYPES[file.suffix]
    route.fulfill(
        status=200, content_type=kind, body=file.read_bytes(), headers={"content-security-policy": CSP}
    )


def watched(context: Any, library: Library) -> Shown:
    faults: list[str] = []
    context.route("**/*", lambda route: answer(route, library, faults))
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda message: faults.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: faults.append(str(error)))
    return Shown(page, library, faults)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as runner:
        one = runner.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield one
        one.close()


@pytest.fixture(scope="module")
def shown(browser: Any) -> Iterator[Shown]:
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    own = watched(context, Library())
    own.page.goto("http://localhost/?" + urlencode({"q": TEXT}))
    drawn(own.page, "attention")
    yield own
    context.close()


def test_attention_is_what_the_heads_did(shown: Shown) -> None:
    panel = shown.open("attention")
    assert panel.locator(".in-head").count() == 1 * (4 + 1), "every head of the layer, and their mean"
    panel.get_by_label("Pieces", exact=True).check()
    panel.get_by_role("button", name="Layer 1 · Head 3").click()
    rows = shown.numbers("attention")
    opened = shown.library.opened()
    model = shown.library.bundle.model
    with torch.inference_mode(), record_attention(model) as recording:
        model(torch.tensor([opened.src]), torch.tensor([[BOS_ID, *opened.best.tokens]]))
    expected = recording["decoder_layers.0.cross_attention"][0][0, 2].numpy()
    found = np.array([[read(cell) for cell in row[1:]] for row in rows])
    np.testing.assert_allclose(found, expected, atol=0.00051)

    panel.locator(".in-links").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown"):
        shown.page.keyboard.press(key)
    said = panel.locator(".in-status").inner_text()
    assert said.startswith("“▁Africa” looks at ") or said.startswith("“Africa” looks at ")
    best = float(expected[2].max())
    assert read(re.findall(r"([\d.]+\u00a0%)", said)[0]) == pytest.approx(best, abs=0.006)
    shown.page.keyboard.press("Escape")
    assert "arrow keys" in panel.locator(".in-status").inner_text()

    panel.get_by_label("Encoder", exact=True).check()
    assert panel.locator(".in-head").count() == 3 * (4 + 1)
    panel.get_by_label("Source and translation", exact=True).check()
    panel.get_by_label("Words", exact=True).check()


def test_the_search_is_a_tree_that_keys_walk_through(shown: Shown) -> None:
    panel = shown.open("search")
    panel.get_by_label("4", exact=True).check()
    panel.get_by_text("72 continuations").wait_for()
    expected = shown.library.view("search", beam=4)
    for state in ("kept", "cut", "finished", "open"):
        n = sum(node["state"] == state for node in expected["nodes"])
        assert panel.locator(f".in-node.in-{state}").count() == n, state
    rows = shown.numbers("search")
    assert len(rows) == len(expected["nodes"]) - 1
    for row, node in zip(rows, expected["nodes"][1:], strict=True):
        assert [int(row[0]), row[1], row[5].split()[-1]] == [
            node["step"],
            node["piece"],
            {"open": "end"}.get(node["state"], node["state"]),
        ]
        for cell, name in zip(row[2:5], ("p", "logp", "score"), strict=True):
            assert read(cell) == pytest.approx(node[name], abs=6e-5)
    said = panel.locator(".in-tree-said .in-tgt")
    assert said.inner_text() == expected["results"][0]["text"]
    panel.locator(".in-tree-box").focus()
    for _ in range(7):
        shown.page.keyboard.press("ArrowLeft")
    assert said.inner_text() == "Jane visits"
    shown.page.keyboard.press("ArrowDown")
    assert said.inner_text() == "Jane visit"
    panel.locator("input[type=range]").fill("3")
    assert panel.locator(".in-node:not(.later)").count() == 1 + 3 * 8


def test_each_word_s_path(shown: Shown) -> None:
    panel = shown.open("path")
    expected = shown.library.view("path")
    cells = panel.locator(".in-path tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('td span')].map(cell => cell.textContent))"
    )
    named = [[best[0]["piece"] for best in stage] for stage in expected["candidates"]]
    assert [[cell.lstrip("·") for cell in row] for row in cells] == [
        [piece.lstrip("▁") for piece in row] for row in named
    ]
    panel.locator(".in-path-box").focus()
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("ArrowRight")
    bars = panel.locator(".in-bars").first.locator(".in-bar")
    assert bars.count() == 10
    for i, candidate in enumerate(expected["steps"][2]):
        assert bars.nth(i).locator(".in-bar-name").inner_text().lstrip("·") == candidate["piece"].lstrip("▁")
        shown_share = read(bars.nth(i).locator(".in-bar-value").inner_text())
        assert shown_share == pytest.approx(candidate["p"], rel=0.06)


def test_a_head_is_switched_off(shown: Shown) -> None:
    panel = shown.open("lens")
    panel.locator("button.in-survey-cell").nth(2).wait_for()
    survey = shown.library.view("head_survey")
    cross = np.frombuffer(b64decode(survey["cross"]["float32"]), dtype="<f4")
    found = [read(text) for text in panel.locator("button.in-survey-cell").all_inner_texts()]
    np.testing.assert_allclose(found[: len(cross)], cross, atol=0.0051)
    panel.get_by_label("Remove positions").check()
    panel.get_by_label("Attention", exact=True).select_option("encoder")
    panel.get_by_role("button", name="Do it").click()
    wish = {"what": "no_positions", "stack": "encoder"}
    expected = shown.library.view("causal", interventions=[wish])
    assert not expected["same"], "or this shows nothing"
    panel.locator(".in-version.fresh").wait_for()
    assert panel.locator(".in-version").last.inner_text() == expected["new"]["translation"]
    changes = panel.locator(".in-changed small").all_inner_texts()
    np.testing.assert_allclose([read(one) for one in changes], expected["old"]["change"], atol=0.0051)
    panel.get_by_role("button", name="Undo").click()
    panel.get_by_text("Nothing is changed yet").wait_for()


def test_positions(shown: Shown) -> None:
    panel = shown.open("positions")
    (expected,) = shown.library.view("positions")["tables"]
    rows = rows_of(panel.locator("table", has_text="closed form"))
    assert [int(row[0]) for row in rows] == [one["k"] for one in expected["shifts"]]
    for row, one in zip(rows, expected["shifts"], strict=True):
        rotation = float(re.sub(r" × 10⁻(.)", lambda m: f"e-{'⁰¹²³⁴⁵⁶⁷⁸⁹'.index(m[1])}", row[1]))
        assert rotation == pytest.approx(one["rotation_error"], rel=0.06)
        assert read(row[3]) == pytest.approx(one["control_error"], rel=0.006)
    angle = 2 * np.pi * 5 / expected["wavelengths"][8]
    assert f"{np.degrees(angle) % 360:.1f}°" in panel.locator(".in-wheel-room").inner_text()
    panel.locator("input[type=range]").nth(2).fill("6")
    assert f"{np.degrees(angle * 6 / 5) % 360:.1f}°" in panel.locator(".in-wheel-room").inner_text()
    canvas = panel.locator(".in-map canvas")
    assert canvas.evaluate("c => [c.width, c.height]") == [256, 64]
    pixels = canvas.evaluate("c => [...c.getContext('2d').getImageData(0, 0, 2, 1).data]")
    assert pixels[:3] != pixels[4:7], "sin 0 and cos 0 are not the same color"


SMALL = {"d_model": 32, "d_ff": 64, "n_heads": 2, "n_encoder_layers": 1, "n_decoder_layers": 1}
KINDS = [{"positions": "relative"}, {"positions": "rotary"}, {"positions": "none", "scoring": "additive"}]


@pytest.mark.parametrize("model", KINDS, ids=str)
def test_positions_that_are_not_added(browser: Any, model: dict[str, Any]) -> None:
    """What the model has is shown, or that it has nothing; and its own formulas stand in the tour."""
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    shown = watched(context, Library(by_chance(SMALL | model)))
    shown.page.goto("http://localhost/?" + urlencode({"q": OTHER}))
    drawn(shown.page, "attention")
    panel, view = shown.open("positions", OTHER), shown.library.view("positions", OTHER)
    if view["distances"]:
        tables = panel.locator("details")
        assert tables.count() == len(view["distances"]) == 2
        lengths = shown.numbers("positions")
        assert [int(row[0]) for row in lengths] == list(range(-16, 17))
        np.testing.assert_allclose(
            [[read(cell) for cell in row[1:]] for row in lengths],
            np.transpose([view["distances"][0][f"{each}_lengths"] for each in ("key", "value")]),
            atol=6e-4,
        )
    elif view["turns"]:
        assert panel.locator(".in-chart").count() == 1
        waves = [float(row[1]) for row in shown.numbers("positions")]
        np.testing.assert_allclose(waves, view["turns"]["wavelengths"], rtol=1e-3)
    else:
        assert "bag of pieces" in panel.inner_text()
    tour = shown.open("tour", OTHER)
    for key in ("embedding", "weights", "masks"):
        step = [each["key"] for each in shown.library.view("tour", OTHER)["steps"]].index(key)
        tour.locator(".in-tour-steps button").nth(step).click()
        said = tour.locator("math").text_content() + tour.locator(".in-tour-say").inner_text()
        if key == "embedding":
            assert "adds nothing for the position" in said
            assert tour.locator(".in-value[data-name=position]").count() == 0
        else:
            telling = {"relative": "learned vector", "rotary": "turned", "none": "tanh"}
            assert telling[model["positions"]] in said
    assert shown.faults == []
    context.close()


def test_the_tour_goes_through_ten_steps(shown: Shown) -> None:
    panel = shown.open("tour")
    steps = shown.library.view("tour")["steps"]
    panel.locator(".in-tour-card").focus()
    for i, step in enumerate(steps):
        assert panel.locator("math").count() == 1, step["key"]
        names = panel.locator(".in-value").evaluate_all("all => all.map(one => one.dataset.name)")
        assert names == [value["name"] for value in step["values"]]
        if step["key"] == "weights":
            bars = panel.locator(".in-bar-value").all_inner_texts()
            weights = next(value for value in step["values"] if value["name"] == "weights")
            np.testing.assert_allclose([read(bar) for bar in bars], weights["excerpt"], rtol=0.06, atol=1e-4)
        if i < 9:
            shown.page.keyboard.press("ArrowRight")
    score = panel.locator(".in-value[data-name=score] .in-number").inner_text()
    assert read(score) == pytest.approx(shown.library.opened().best.score, abs=6e-5)
    panel.get_by_label("Head", exact=True).select_option("2")
    shown.page.wait_for_function("document.querySelector('.in-value[data-name=score]')")
    panel.locator(".in-tour-steps button").nth(3).click()
    other = shown.library.view("tour", **{**shown.library.view("tour")["chosen"], "head": 2})
    weights = next(value for value in other["steps"][3]["values"] if value["name"] == "weights")
    found = [read(bar) for bar in panel.locator(".in-bar-value").all_inner_texts()]
    np.testing.assert_allclose(found, weights["excerpt"], rtol=0.06, atol=1e-4)


def test_beside_attention(shown: Shown) -> None:
    panel = shown.open("beside")
    assert panel.locator(".in-matrix").count() == 3
    assert "Jain & Wallace 2019" in panel.inner_text()
    assert "Wiegreffe & Pinter 2019" in panel.inner_text()
    panel.locator("details summary").first.click()
    tables = panel.locator("details table")
    expected = shown.library.view("beside")
    for table, array in (
        (tables.nth(1), expected["value_weighted"]["cross"]["words"]["together"]),
        (tables.nth(2), expected["occlusion"]["removed"]),
    ):
        values = np.frombuffer(b64decode(array["float32"]), dtype="<f4")
        found = [[read(cell) for cell in row[1:]] for row in rows_of(table)]
        np.testing.assert_allclose(np.ravel(found), values, atol=0.00051)


def test_tabs_obey_the_keyboard(shown: Shown) -> None:
    shown.open("attention")
    shown.page.locator("#in-tab-attention").focus()
    shown.page.keyboard.press("ArrowRight")
    assert shown.page.evaluate("document.activeElement.id") == "in-tab-search"
    assert shown.page.locator("#in-panel-search").is_visible()
    shown.page.keyboard.press("End")
    assert shown.page.evaluate("document.activeElement.id") == "in-tab-beside"
    shown.page.keyboard.press("Home")
    assert shown.page.locator("#in-panel-attention").is_visible()


def test_what_fails_is_said_and_can_be_tried_again(shown: Shown) -> None:
    shown.page.evaluate("window.show('Il dort. Elle mange.')")
    alert = shown.page.get_by_role("alert")
    alert.wait_for()
    assert "2 sentences" in alert.inner_text()
    assert alert.get_by_role("button").count() == 1
    refused = [fault for fault in shown.faults if "status of 400" in fault]
    assert refused, "the browser itself notes what was refused"
    for fault in refused:
        shown.faults.remove(fault)
    shown.page.evaluate("text => window.show(text)", OTHER)
    drawn(shown.page, "attention")
    assert "dort" in shown.page.locator(".in-strip-sentences").inner_text()


def test_everybody_can_use_it(shown: Shown) -> None:
    """Nothing is wider than a phone; axe finds no violation, all panels laid open at once, in both themes."""
    shown.page.set_viewport_size({"width": 360, "height": 740})
    for tab in TABS:
        shown.open(tab, OTHER)
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= 360, tab
    shown.page.set_viewport_size({"width": 1100, "height": 800})
    panels = shown.page.locator("[role=tabpanel]")
    panels.evaluate_all("all => all.forEach(panel => { panel.hidden = false; })")
    for theme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        shown.page.emulate_media(color_scheme=theme)
        results = axe.Axe().run(shown.page, "#inside", {"resultTypes": ["violations"], **rules})
        wrong = results.response["violations"]
        assert [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in wrong] == [], theme
    panels.evaluate_all("all => all.forEach((panel, i) => { panel.hidden = i > 0; })")


def test_nothing_was_wrong_all_the_while(shown: Shown) -> None:
    """No error in the console, no request to another host, no text without a sentence in the dictionary."""
    assert shown.faults == []
    assert shown.page.evaluate("window.missing") == []


def test_a_site_is_opened_from_disk(browser: Any, shown: Shown, tmp_path: Path) -> None:
    file = write_site(shown.library.bundle, ["Il dort.", OTHER], tmp_path / "site")
    assert [one.name for one in (tmp_path / "site").iterdir()] == ["index.html"]
    context = browser.new_context(locale="sv-SE")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    faults: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(file.as_uri())
    for tab in TABS:
        page.click(f"#in-tab-{tab}")
        drawn(page, tab)
    assert page.locator("#in-tab-tour").inner_text() == "Rundtur"
    assert page.locator("#in-panel-lens .in-version").count() == 2 * 3, "the three that were made beforehand"
    page.get_by_label("Mening", exact=True).select_option("1")
    assert page.locator(".in-strip-sentences .in-src").inner_text() == OTHER
    page.get_by_label("Språk", exact=True).select_option("zh")
    assert page.locator("#in-tab-attention").inner_text() == "注意力"
    wrong = [one["id"] for one in axe.Axe().run(page).response["violations"]]
    assert (wrong, faults) == ([], [])
    assert requests == [file.as_uri()]
    context.close()


def test_the_steps_on_each_piece(browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    shown = watched(
        context, Library(by_chance({"kind": "universal", "d_model": 16, "d_ff": 24, "n_heads": 2}))
    )
    shown.page.goto("http://localhost/?" + urlencode({"q": TEXT}))
    drawn(shown.page, "attention")
    panel, view = shown.open("ponder"), shown.library.view("ponder")
    for table, side in zip(panel.locator(".in-ponder").all(), ("src", "tgt"), strict=True):
        rows = rows_of(table)
        assert [int(row[-1]) for row in rows] == view[side]["n_steps"]
        weights = np.frombuffer(b64decode(view[side]["weights"]["float32"]), "<f4")
        found = [[read(cell) if cell else 0.0 for cell in row[1:-1]] for row in rows]
        np.testing.assert_allclose(np.ravel(found), weights, atol=0.006)
    wrong = [one["id"] for one in axe.Axe().run(shown.page).response["violations"]]
    assert (wrong, shown.faults) == ([], [])
    context.close()


@pytest.mark.parametrize(
    ("model", "tabs", "n_heads", "n_beside"),
    [
        ({"kind": "rnn"}, ["attention", "search", "beside"], 1, 2),
        ({"kind": "rnn", "attention": "none"}, ["search", "beside"], 0, 1),
        ({"kind": "conv", "n_decoder_layers": 2}, ["attention", "search", "beside"], 2, 2),
    ],
    ids=["rnn", "rnn without attention", "conv"],
)
def test_another_architecture_shows_the_views_that_it_has(
    browser: Any, model: dict[str, Any], tabs: list[str], n_heads: int, n_beside: int
) -> None:
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    shown = watched(context, Library(by_chance({**model, "d_model": 16, "d_hidden": 16})))
    shown.page.goto("http://localhost/?" + urlencode({"q": TEXT}))
    drawn(shown.page, tabs[0])
    visible = shown.page.locator("[role=tab]:visible")
    assert [tab.get_attribute("id") for tab in visible.all()] == [f"in-tab-{name}" for name in tabs]
    assert model["kind"] in shown.page.locator(".in-strip-sentences").inner_text()
    if n_heads:
        assert shown.open("attention").locator(".in-head").count() == 2 * n_heads, (
            "each head, each layer's mean"
        )
    panel = shown.open("beside")
    assert panel.locator(".in-block").nth(1).locator("h4").count() == n_beside
    shown.page.locator(f"#in-tab-{tabs[-1]}").focus()
    shown.page.keyboard.press("ArrowRight")  # past the last one is the first one that there is
    assert shown.page.locator(f"#in-tab-{tabs[0]}").get_attribute("aria-selected") == "true"
    drawn(shown.page, tabs[0])
    assert shown.faults == []
    context.close()
