"""The page: one file, no request, no text as HTML, and exactly the library's numbers."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from crosslight.interpret.page import attention_page
from crosslight.interpret.record import Inspection

Build = Callable[..., Inspection]


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page, re.S)
    assert found
    content: dict[str, Any] = json.loads(found[1])
    return content


@pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
def test_numbers_are_the_librarys_to_the_bit(sample_inspection: Build, kind: str) -> None:
    inspection = sample_inspection()
    views = data_of(attention_page(inspection))["kinds"][kind]
    for name, ours in (("pieces", inspection.by_piece(kind)), ("words", inspection.by_word(kind))):  # type: ignore[arg-type]
        shown = np.frombuffer(base64.b64decode(views[name]["weights"]), "<f4").reshape(ours.weights.shape)
        assert (shown == ours.weights).all()
        assert (views[name]["rows"], views[name]["columns"]) == (ours.row_labels, ours.column_labels)


def test_nothing_is_fetched(sample_inspection: Build) -> None:
    page = attention_page(sample_inspection())
    assert "default-src 'none'" in page
    outside = re.findall(
        r"""(?:src|href)\s*=\s*["']?(?!#|data:)[^"'\s>]+|url\((?!["']?data:)|@import""", page
    )
    assert not outside
    assert "http" not in re.sub(r"http-equiv|http://www\.w3\.org/\S+", "", page)


def test_a_sentence_is_never_html(sample_inspection: Build) -> None:
    breakout = "▁onerror=alert(1)></script><script>alert(2)</script>"
    evil = ["▁<img", "▁src=x", breakout, "{{script}}\u2028", "</s>"]
    inspection = sample_inspection(src=evil, aligned=[0, 1, 2, 3, 4] + [4] * 7)
    page = attention_page(inspection)
    assert "<img" not in page
    assert "alert(2)</script>" not in page
    assert "\u2028" not in page
    assert data_of(page)["kinds"]["cross"]["pieces"]["columns"] == evil


def test_the_scripts_insert_text_only(sample_inspection: Build) -> None:
    page = attention_page(sample_inspection())
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", page)
