"""Each kind of document through the French-English bundle, and the command."""

import io
from dataclasses import replace

import docx
import pytest

import crosslight
from crosslight.bundle import load_bundle
from crosslight.decode.translator import Translator
from crosslight.documents import translate_document, translate_html
from crosslight.errors import ConfigError
from crosslight.tasks import document as task
from crosslight.tasks.alignments import alignment_head
from crosslight.tasks.document import is_document, translate_with

SAID = "Jane visite l'Afrique en septembre."
BECAME = "Jane visits Africa in September."


@pytest.fixture(scope="module")
def translate():
    return translate_with(crosslight.load("fr-en"))


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("a.txt", f"{SAID}\n\n12\n", f"{BECAME}\n\n12\n"),
        (
            "a.html",
            "<p>Jane visite <b id=x>l'Afrique</b> en <a href='u'>septembre</a>.</p><pre>Bonjour</pre>",
            "<p>Jane visits <b id=x>Africa</b> in <a href='u'>September</a>.</p><pre>Bonjour</pre>",
        ),
        (
            "a.md",
            "## *Jane* visite\nl'Afrique\n\n- Jane visite **l'Afrique** en\n  septembre.\n",
            None,
        ),
        (
            "a.srt",
            "1\n00:00:01,000 --> 00:00:02,000\nJane visite <i>l'Afrique</i>\nen septembre.\n",
            "1\n00:00:01,000 --> 00:00:02,000\nJane visits <i>Africa</i>\nin September.\n",
        ),
    ],
)
def test_text_documents(name, source, expected, translate):
    result = translate_document(name, source.encode(), translate).decode()
    if expected is None:
        assert "- Jane visits **Africa** in September.\n" in result
        assert result.startswith("## *Jane*")
    else:
        assert result == expected


def test_a_word_document(translate):
    document = docx.Document()
    paragraph = document.add_paragraph("Jane visite ")
    paragraph.add_run("l'Afrique").bold = True
    paragraph.add_run(" en septembre.")
    file = io.BytesIO()
    document.save(file)
    result = docx.Document(io.BytesIO(translate_document("a.docx", file.getvalue(), translate)))
    runs = [(run.text, run.bold) for run in result.paragraphs[0].runs]
    assert runs == [("Jane visits ", None), ("Africa", True), (" in September.", None)]


def test_links_are_looked_for_only_where_there_is_markup(translate, monkeypatch):
    def forbidden(*_):
        raise AssertionError("links were asked for")

    monkeypatch.setattr(task, "with_links", forbidden)
    assert translate_html(f"<p>{SAID}</p>", translate) == f"<p>{BECAME}</p>"
    with pytest.raises(AssertionError, match="asked for"):
        translate_html("<p>Jane <b>visite</b> l'Afrique</p>", translate)


def test_without_an_alignment_head_markup_goes_by_its_place(tiny_run):
    """A model that was trained for a second, with no pairs to choose a head by: the tags are still there."""
    bundle = replace(load_bundle(tiny_run), validation=())
    with pytest.raises(ConfigError, match="cannot choose"):
        alignment_head(bundle)
    result = translate_html("<p>Un <b>chat</b> dort.</p>", translate_with(Translator(bundle)))
    assert result.count("<b>") == result.count("</b>") == 1


def test_the_command(command, tmp_path):
    document = docx.Document()
    document.add_paragraph(SAID)
    document.save(tmp_path / "rapport.docx")
    result = command("translate", "fr-en", "-i", tmp_path / "rapport.docx", "-o", tmp_path / "report.docx")
    assert result.code == 0, result.err
    assert not result.out
    assert docx.Document(tmp_path / "report.docx").paragraphs[0].text == BECAME
    (tmp_path / "a.md").write_text("# Il coûte 1987,25 euros à *Zxqville*\n", encoding="utf-8")
    result = command("translate", "fr-en", "-i", tmp_path / "a.md")
    assert result.code == 0, result.err
    assert result.out.startswith("# ")
    assert "*" in result.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-i", "a.pdf", "-o", "b.pdf"], "a PDF has no text"),
        (["-i", "a.doc"], "save it as .docx"),
        (["-i", "missing.md"], "missing.md cannot be read"),
        (["-i", "a.docx"], "--output new.docx"),
        (["-i", "a.docx", "-o", "b.txt"], "let its name end in .docx"),
        (["-i", "a.md", "-o", "./a.md"], "keep the original"),
        (["-i", "a.md", "--scores"], "--scores is for lines"),
        (["-i", "a.md", "--n-best", "2"], "--n-best is for lines"),
        (["-i", "broken.docx", "-o", "b.docx"], "not a whole .docx"),
    ],
)
def test_what_cannot_be_done_is_said(command, tmp_path, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    for name in ("a.md", "a.docx", "broken.docx"):
        (tmp_path / name).write_bytes(b"un")
    result = command("translate", "fr-en", *options)
    assert result.code == 2
    assert said in result.err
    assert "Traceback" not in result.err
    assert (tmp_path / "a.md").read_bytes() == b"un"
    assert not (tmp_path / "b.docx").exists()


def test_what_is_a_document():
    assert is_document("a.md") and is_document("A.DOCX")
    assert not is_document("a.txt") and not is_document("new.fr") and not is_document("-")
