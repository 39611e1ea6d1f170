"""`crosslight compare` from end to end."""

import html.parser
import json

import pytest

from crosslight.report.comparison import comparison_page

EVIL = "</p><script>alert(1)</script><img src=http://x.example/a onerror=\"alert('2')\">&amp; {{style}}"


class Outline(html.parser.HTMLParser):
    """Which tags and addresses a page has, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def test_set(tmp_path, toy):
    """The paths of 30 sources, of their references, and of the references with some words dropped."""
    columns = [line.split("\t") for line in toy.pairs.read_text(encoding="utf-8").splitlines()[:30]]
    texts = {
        "test.fr": [column[0] for column in columns],
        "test.en": [column[1] for column in columns],
        "worse.en": [" ".join(column[1].split()[1:]) for column in columns],
    }
    for name, lines in texts.items():
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return [tmp_path / name for name in texts]


def test_two_files(command, test_set, tmp_path):
    src, ref, worse = test_set
    page, data = tmp_path / "page.html", tmp_path / "found.json"
    result = command("compare", worse, ref, "--test", src, ref, "--html", page, "--json", data)
    assert result.code == 0, result.err
    assert f"wrote {page}" in result.err
    assert result.out.splitlines()[-1].startswith("ship test.en (confidence 100.0%): it is better: chrF ")
    found = json.loads(data.read_text(encoding="utf-8"))
    assert found["verdict"]["ship"]
    chrf = found["comparison"]["metrics"][1]
    assert chrf["b"] == pytest.approx(100)
    assert f"{chrf['a']:.2f}" in result.out
    assert f"{chrf['a']:.2f}" in page.read_text(encoding="utf-8")
    assert command("compare", ref, worse, "--test", src, ref).out.splitlines()[-1].startswith("do not ship")


def test_a_bundle_and_a_file(command, test_set, tiny_run):
    src, ref, _ = test_set
    result = command("compare", tiny_run, ref, "--test", src, ref)
    assert result.code == 0, result.err
    assert f"translating {src} with {tiny_run}" in result.err
    assert "ship test.en" in result.out


def test_names_of_files_are_no_markup(command, test_set, tmp_path):
    src, ref, worse = test_set
    odd = worse.rename(tmp_path / "[bold]x[y].en")
    result = command("compare", odd, ref, "--test", src, ref)
    assert result.code == 0, result.err
    assert "[bold]x" in result.out


def test_lines_that_are_missing(command, test_set, tmp_path):
    src, ref, worse = test_set
    worse.write_text("one line\n")
    result = command("compare", worse, ref, "--test", src, ref, "--json", tmp_path / "x.json")
    assert (result.code, result.out) == (2, "")
    assert "worse.en: 1 lines, but there are references for 30" in result.err
    assert not (tmp_path / "x.json").exists()


def test_the_page_asks_nobody_and_text_stays_text(command, test_set, tmp_path):
    src, ref, worse = test_set
    lines = worse.read_text(encoding="utf-8").splitlines()
    worse.write_text("\n".join([EVIL, *lines[1:]]) + "\n", encoding="utf-8")
    data = tmp_path / "found.json"
    assert command("compare", worse, ref, "--test", src, ref, "--json", data).code == 0
    page = comparison_page(json.loads(data.read_text(encoding="utf-8")))
    outline = Outline(page)
    assert not {"script", "img", "link", "iframe"} & set(outline.tags)
    assert not {"src", "href", "action", "onerror"} & set(outline.attributes)
    assert "default-src 'none'" in page
    assert EVIL in outline.text
