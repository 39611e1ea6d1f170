"""Word documents, made and read by python-docx."""

import io
import zipfile

import docx
import pytest
from docx.enum.text import WD_BREAK
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from lxml import etree

from crosslight.documents import translate_document

FOOTNOTE = f"""<w:footnotes {nsdecls("w")}><w:footnote w:id="1"><w:p><w:r><w:footnoteRef/></w:r>
<w:r><w:t xml:space="preserve"> La note</w:t></w:r></w:p></w:footnote></w:footnotes>"""


def saved(document) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def opened(data: bytes):
    return docx.Document(io.BytesIO(data))


def add_xml(paragraph, xml: str) -> None:
    for child in parse_xml(f"<w:p {nsdecls('w', 'r')}>{xml}</w:p>"):
        paragraph._p.append(child)


@pytest.fixture
def document():
    """Text in runs, a link, a table, a header, a tab, a field, a bookmark and a footnote mark."""
    document = docx.Document()
    document.add_heading("Le titre", 1)
    paragraph = document.add_paragraph("Le ")
    paragraph.add_run("chat").bold = True
    paragraph.add_run(" ")
    for part in ("no", "ir"):  # Word cuts words like this
        paragraph.add_run(part).italic = True
    paragraph.add_run(" dort.")
    linked = document.add_paragraph("Voir ")
    url = document.part.relate_to("http://x.org", RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    add_xml(linked, f'<w:hyperlink r:id="{url}"><w:r><w:t>la page</w:t></w:r></w:hyperlink>')
    add_xml(linked, '<w:r><w:footnoteReference w:id="1"/></w:r><w:bookmarkStart w:id="7" w:name="ici"/>')
    add_xml(linked, '<w:r><w:t xml:space="preserve"> du jour</w:t></w:r><w:bookmarkEnd w:id="7"/>')
    field = document.add_paragraph("Page ")
    for xml in (
        '<w:fldChar w:fldCharType="begin"/>',
        "<w:instrText>PAGE</w:instrText>",
        '<w:fldChar w:fldCharType="separate"/>',
        "<w:t>Dix</w:t>",
        '<w:fldChar w:fldCharType="end"/>',
    ):
        add_xml(field, f"<w:r>{xml}</w:r>")
    field.add_run(" du livre\tColonne")
    field.add_run().add_break(WD_BREAK.LINE)
    field.add_run("Ligne")
    table = document.add_table(1, 2)
    table.cell(0, 0).text = "Nom"
    table.cell(0, 1).text = "12,5"
    section = document.sections[0]
    section.header.paragraphs[0].text = "En-tête"
    section.footer.paragraphs[0].text = "Pied"
    return document


def test_text_is_translated_and_all_else_stays(document, translators, identity):
    data = saved(document)
    assert translate_document("a.docx", data, identity) == data
    result = translate_document("a.docx", data, translators["upper"])
    before, after = opened(data), opened(result)
    assert [p.text for p in after.paragraphs] == [
        "LE TITRE",
        "LE CHAT NOIR DORT.",
        "VOIR LA PAGE DU JOUR",
        "PAGE Dix DU LIVRE\tCOLONNE\nLIGNE",
    ]
    assert [p.style.name for p in after.paragraphs] == [p.style.name for p in before.paragraphs]
    looks = [(r.text, r.bold, r.italic) for r in after.paragraphs[1].runs]
    assert looks == [
        ("LE ", None, None),
        ("CHAT", True, None),
        (" ", None, None),
        ("NOIR", None, True),
        (" DORT.", None, None),
    ]
    (link,) = after.paragraphs[2].hyperlinks
    assert (link.text, link.url) == ("LA PAGE", "http://x.org")
    assert [cell.text for cell in after.tables[0].rows[0].cells] == ["NOM", "12,5"]
    assert after.sections[0].header.paragraphs[0].text == "EN-TÊTE"
    assert after.sections[0].footer.paragraphs[0].text == "PIED"


def test_parts_without_text_keep_their_bytes(document, translators):
    data = saved(document)
    before = zipfile.ZipFile(io.BytesIO(data))
    after = zipfile.ZipFile(io.BytesIO(translate_document("a.docx", data, translators["upper"])))
    assert after.namelist() == before.namelist()
    changed = {name for name in before.namelist() if before.read(name) != after.read(name)}
    assert changed == {"word/document.xml", "word/header1.xml", "word/footer1.xml"}
    assert [i.date_time for i in after.infolist()] == [i.date_time for i in before.infolist()]


@pytest.mark.parametrize("name", ["upper", "reversed", "hostile"])
def test_every_element_is_still_there(document, name, translators):
    """All but runs and texts, that are cut anew: the same elements with the same attributes."""

    def elements(data: bytes) -> list[bytes]:
        root = etree.fromstring(zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml"))
        kinds = {qn(f"w:{kind}") for kind in ("r", "t", "rPr", "b", "i", "hyperlink", "body", "document")}
        return sorted(
            f"{e.tag} {sorted(e.attrib.items())} {e.getparent().tag}"
            for e in root.iter()
            if e.tag not in kinds
        )

    data = saved(document)
    result = translate_document("a.docx", data, translators[name])
    assert elements(result) == elements(data)
    (link,) = next(p.hyperlinks for p in opened(result).paragraphs if p.hyperlinks)
    assert link.url == "http://x.org"
    if name == "hostile":
        assert "<script>alert(1)</script>" in opened(result).paragraphs[0].text


def test_a_word_that_moves_takes_its_look_along(document, said):
    def translate(texts):
        known = {
            "Le chat noir dort.": said("The black cat sleeps.", [(0, 0), (1, 2), (2, 1), (3, 3)]),
            "Voir la page du jour": said("See today's page", [(0, 0), (1, 2), (2, 2), (3, 1), (4, 1)]),
        }
        return [known.get(text, said(text)) for text in texts]

    result = opened(translate_document("a.docx", saved(document), translate))
    looks = [(r.text, r.bold, r.italic) for r in result.paragraphs[1].runs]
    assert looks[1] == ("black", None, True)
    assert looks[3] == ("cat", True, None)
    linked = result.paragraphs[2]
    assert [link.text for link in linked.hyperlinks] == ["page"]
    kinds = [child.tag.split("}")[1] for child in linked._p]
    assert kinds.index("bookmarkStart") < kinds.index("bookmarkEnd")
    after_link = linked._p[kinds.index("hyperlink") + 1]
    assert after_link.find(qn("w:footnoteReference")) is not None, (
        "the mark follows the word that it stood at"
    )


def test_footnotes_text_boxes_and_links_by_field(document, translators):
    body = document.paragraphs[0]
    box = (
        f'<w:pict {nsdecls("w")}><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textbox><w:txbxContent>'
        "<w:p><w:r><w:t>Dans la boîte</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict>"
    )
    body.add_run(" ")._r.append(parse_xml(box))
    for xml in (
        '<w:fldChar w:fldCharType="begin"/>',
        '<w:instrText> HYPERLINK "http://y.org" </w:instrText>',
        '<w:fldChar w:fldCharType="separate"/>',
        "<w:t>un lien</w:t>",
        '<w:fldChar w:fldCharType="end"/>',
    ):
        add_xml(body, f"<w:r>{xml}</w:r>")
    package = zipfile.ZipFile(io.BytesIO(saved(document)))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as out:
        for info in package.infolist():
            content = package.read(info)
            if info.filename == "[Content_Types].xml":
                kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
                override = f'<Override PartName="/word/footnotes.xml" ContentType="{kind}"/></Types>'
                content = content.replace(b"</Types>", override.encode())
            out.writestr(info, content)
        out.writestr("word/footnotes.xml", FOOTNOTE)
    result = translate_document("a.docx", file.getvalue(), translators["upper"])
    parts = zipfile.ZipFile(io.BytesIO(result))
    assert "LA NOTE" in parts.read("word/footnotes.xml").decode()
    text = parts.read("word/document.xml").decode()
    assert "DANS LA BOÎTE" in text
    root = etree.fromstring(text.encode())
    texts = [e.text for e in root.iter(qn("w:t"), qn("w:instrText"))]
    assert texts[texts.index(' HYPERLINK "http://y.org" ') + 1] == "UN LIEN"


def test_characters_that_xml_has_not_are_left_out(document, said):
    bad = said("a\0b\x0bc\ufffe d")
    data = translate_document("a.docx", saved(document), lambda texts: [bad] * len(texts))
    assert opened(data).paragraphs[0].text == "abc d"
