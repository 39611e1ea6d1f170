"""HTML: what is text and what is not, in the hard corners of the standard."""

import pytest

from crosslight.documents import translate_document, translate_html


@pytest.mark.parametrize(
    "kept",
    [
        "<script>if (a < b) { document.write('<p>un</p>') }</script>",
        "<SCRIPT><!-- <script> un </script> deux --></SCRIPT>",
        "<style>p::before { content: 'un <b>' }</style>",
        "<pre>  un\n   deux </pre>",
        "<code>un</code>",
        "<textarea>un <b> deux</textarea>",
        "<!-- un > deux <b> -->",
        "<!---->",
        "<!-->",
        "<?xml un ?>",
        "<!DOCTYPE html SYSTEM 'un'>",
        "<![CDATA[un]]>",
        '<div translate="no">un <div>deux</div> trois</div>',
        "<div translate=NO>un</div>",
        "<span class='x notranslate y'>un</span>",
        "<svg><title/><text>un</text></svg>",
        "<math><mi>un</mi></math>",
        "<iframe><p>un</p></iframe>",
        '<img alt="un mot" title=deux>',
        '<input placeholder="un mot" value=un>',
        '<meta name="description" content="un mot">',
        "12,5 — 3 !",
        "</un",  # a tag that never ends
        "<un deux='",
    ],
)
def test_what_is_not_prose_stays(kept, translators):
    for translate in translators.values():
        result = translate_html(f"<p>bonjour</p>{kept}", translate)
        assert result.endswith(f"</p>{kept}")
        assert "bonjour" not in result or translate is not translators["upper"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a &lt;b&gt; &amp; c &nbsp;d", "A &lt;B&gt; &amp; C &nbsp;D"),
        ("5 < 6 & 7 > un", "5 &lt; 6 &amp; 7 &gt; UN"),
        ("l&eacute;gume", "LÉGUME"),
        ("&copy; vous &#169;", "&#169; VOUS &#169;"),
        ("<li>un<li>deux", "<li>UN<li>DEUX"),
        ("<p translate=no>un<p>deux", "<p translate=no>un<p>DEUX"),
        ("<ul><li class=notranslate>un<li>deux</ul>trois", "<ul><li class=notranslate>un<li>DEUX</ul>TROIS"),
        ("un<br>deux", "UN<br>DEUX"),
        ("<b>un</i> deux</b>", "<b>UN</i> DEUX</b>"),
        ("<title>un & <b></title>", "<title>UN &amp; &lt;B&gt;</title>"),
        ("<a href=x><div>un</div></a>", "<a href=x><div>UN</div></a>"),
        ("1<sup>er</sup> mai", "<sup>1ER</sup> MAI"),
        ("un <x id='1'/> deux", "UN <x id='1'/> DEUX"),
        ("<p title='a>b' data-x=\"<i>\">un</p>", "<p title='a>b' data-x=\"<i>\">UN</p>"),
        ("<B CLASS = X >un</B >", "<B CLASS = X >UN</B >"),
        ("", ""),
    ],
)
def test_text_is_translated_and_spelled_as_before(source, expected, translators):
    assert translate_html(source, translators["upper"]) == expected


def test_a_sentence_is_translated_whole_and_once(said):
    asked = []

    def translate(texts):
        asked.append(texts)
        return [said(text) for text in texts]

    translate_html("<p>Un <b>chat</b>\n  noir</p><p>Un chat noir</p><td>12</td><p>Oui</p>", translate)
    assert asked == [["Un chat noir", "Oui"]]


def test_many_texts_come_in_batches_with_progress(identity):
    told = []
    page = "".join(f"<p>mot {i}</p>" for i in range(600)).encode()
    assert translate_document("a.html", page, identity, lambda *state: told.append(state)) == page
    assert told == [(256, 600), (512, 600), (600, 600)]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("cp1252", "<meta charset='ISO-8859-1'>"),
        ("gbk", '<meta http-equiv="Content-Type" content="text/html; charset=gb2312">'),
    ],
)
def test_a_page_keeps_its_encoding(encoding, declared, said):
    page = f"{declared}<p>caf\u00e9</p>".encode(encoding)
    result = translate_document("a.html", page, lambda texts: [said("\u732b \u2014 caf\u00e9")] * len(texts))
    text = result.decode(encoding)
    assert text.startswith(declared)
    assert text.replace("&#29483;", "\u732b").endswith("<p>\u732b \u2014 caf\u00e9</p>")


def test_a_translation_that_is_empty_leaves_the_text(said):
    assert (
        translate_html("<p>un <b>mot</b></p>", lambda texts: [said(" ")] * len(texts))
        == "<p>un <b>mot</b></p>"
    )


HOSTILE = [
    "<b>",
    "<i>un</b>",
    "<code>",
    "<",
    "<!--",
    "<a b=",
    "<svg>",
    "<b>un",
    "</b>",
    "<p translate=no>",
    "<sup>a",
    "&#x",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_pages_take_linear_time(piece, identity, translators):
    page = piece * 10_000 + "un" + "</b>" * 10_000
    assert translate_html(page, identity) == page
    translate_html(piece * 1000 + "un" + "</b>" * 1000, translators["upper"])
