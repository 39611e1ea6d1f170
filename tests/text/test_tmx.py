"""Translation memories: which texts, which languages, and what is told of files that are none."""

import gzip
import tracemalloc
from xml.etree import ElementTree

import pytest

from crosslight.errors import CorpusError
from crosslight.tasks.plan import plan
from crosslight.text.corpus import Pair, read_pairs
from crosslight.text.tmx import direction_of

HEAD = (
    '<?xml version="1.0" encoding="{encoding}"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n<tmx version="1.4">\n'
    '<header creationtool="t" segtype="sentence" adminlang="en" srclang="{origin}" datatype="xml"/><body>\n'
)


def unit(**texts: str) -> str:
    sides = (f'<tuv xml:lang="{code.replace("_", "-")}"><seg>{t}</seg></tuv>' for code, t in texts.items())
    return f"<tu><note>n</note>{''.join(sides)}</tu>\n"


def memory(tmp_path, *units: str, origin: str = "fr", encoding: str = "utf-8", name: str = "m.tmx"):
    path = tmp_path / name
    text = HEAD.format(encoding=encoding, origin=origin) + "".join(units) + "</body></tmx>"
    path.write_bytes(text.encode(encoding))
    return path


def test_units_become_pairs_from_the_source_that_the_memory_names(tmp_path):
    path = memory(
        tmp_path, unit(en_US="Good day &amp; &lt;hi&gt;", fr="Bonjour"), unit(fr="Oui", en_US="Yes")
    )
    assert list(read_pairs(path)) == [Pair("Bonjour", "Good day & <hi>"), Pair("Oui", "Yes")]


def test_the_languages_may_be_named_behind_the_file(tmp_path):
    path = memory(tmp_path, unit(en="a", fr="b", de="c"), unit(en="d", de="e"), unit(fr="f", de="g"))
    assert list(read_pairs(f"{path}#de-EN")) == [Pair("c", "a"), Pair("e", "d")]
    assert direction_of(f"{path}#de-EN") == ("de", "EN")
    with pytest.raises(CorpusError, match=r"there are en, fr, de"):
        list(read_pairs(path))
    with pytest.raises(CorpusError, match="no unit in de and sv"):
        list(read_pairs(f"{path}#de-sv"))
    with pytest.raises(CorpusError, match="not two languages"):
        list(read_pairs(f"{path}#de"))


def test_an_exact_variety_is_taken_before_another(tmp_path):
    path = memory(tmp_path, unit(en_GB="colour", en_US="color", fr="couleur"))
    assert [p.tgt for code in ("en-US", "en-GB", "en") for p in read_pairs(f"{path}#fr-{code}")] == [
        *("color", "colour", "colour")
    ]


def test_a_memory_of_all_languages_with_two_of_them(tmp_path):
    assert direction_of(memory(tmp_path, unit(sv="hej", en="hi"), origin="*all*")) == ("sv", "en")


def test_markup_is_no_text_and_line_breaks_are_blanks(tmp_path):
    marked = 'Click <bpt i="1">&lt;b&gt;</bpt><hi>here</hi><ept i="1">&lt;/b&gt;</ept>,\n\tnow<ph>{1}</ph>!'
    assert list(read_pairs(memory(tmp_path, unit(fr=marked, en="x")))) == [Pair("Click here, now!", "x")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_and_archives(tmp_path, encoding):
    path = memory(tmp_path, unit(fr="garçon 🐈", en="boy"), encoding=encoding.removesuffix("-sig"))
    text = path.read_bytes().decode(encoding.removesuffix("-sig"))
    path.write_bytes(text.encode(encoding))
    packed = tmp_path / "p.tmx.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert list(read_pairs(path)) == list(read_pairs(packed)) == [Pair("garçon 🐈", "boy")]


def test_older_memories_have_lang_without_its_namespace(tmp_path):
    path = memory(tmp_path, unit(fr="un", en="one").replace("xml:lang", "lang"))
    assert list(read_pairs(path)) == [Pair("un", "one")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "damaged, or is no TMX"),
        ("<tmx><body><tu>", "damaged, or is no TMX"),
        ("<html></html>", "no TMX: it begins with <html>"),
        ("a\tb\n", "damaged, or is no TMX"),
    ],
)
def test_what_is_no_memory_is_told(tmp_path, text, says):
    (tmp_path / "m.tmx").write_text(text)
    with pytest.raises(CorpusError, match=says):
        list(read_pairs(tmp_path / "m.tmx"))


def test_entities_do_not_multiply_and_no_file_is_read(tmp_path):
    (tmp_path / "secret").write_text("secret")
    bomb = '<!DOCTYPE tmx [<!ENTITY a "ha"><!ENTITY b "{}">{}]>'.format(
        "&a;" * 50,
        "".join(f'<!ENTITY c{i} "{("&c" + str(i - 1) + ";" if i else "&b;") * 50}">' for i in range(6)),
    )
    outside = f'<!DOCTYPE tmx [<!ENTITY s SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    for doctype, entity in ((bomb, "&c5;"), (outside, "&s;")):
        text = f"<tmx><header srclang='fr'/><body>{unit(fr='x' + entity, en='y')}</body></tmx>"
        (tmp_path / "m.tmx").write_text(doctype + text)
        with pytest.raises(CorpusError, match="damaged"):
            list(read_pairs(tmp_path / "m.tmx"))


def test_a_memory_is_never_held_as_a_whole(tmp_path):
    path = memory(tmp_path, *(unit(fr=f"phrase {i}", en=f"sentence {i}") for i in range(20_000)))

    def peak(read) -> int:
        tracemalloc.start()
        read()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    whole = peak(lambda: ElementTree.parse(path))
    # when garbage is collected depends on all that the process holds, so what is left is a share, not a size
    assert peak(lambda: sum(1 for _ in read_pairs(path))) < whole / 10


def test_a_run_takes_a_memory_and_its_languages(tmp_path):
    path = memory(tmp_path, *(unit(en=f"word {i}", fr=f"mot {i}") for i in range(30)))
    config, _ = plan({"data": {"pairs": [str(path)]}, "train": {"steps": 1}}, tmp_path / "run", None, None)
    assert (config.data.src_lang, config.data.tgt_lang, config.data.pairs) == ("fr", "en", (str(path),))
    asked = {"data": {"pairs": [f"{path}#en-fr"], "src_lang": "xx"}, "train": {"steps": 1}}
    assert plan(asked, tmp_path / "run", "tiny", None)[0].data.src_lang == "xx"
