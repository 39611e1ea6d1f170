"""A document translated in its own form: what the ending of its name says decides how it is read."""

from collections.abc import Callable
from pathlib import PurePath

from crosslight.documents.encoding import decoded, encoded
from crosslight.documents.translation import Progress, Sentence, Translate, translated
from crosslight.errors import DocumentError

ENDINGS = (".txt", ".md", ".markdown", ".html", ".htm", ".xhtml", ".srt", ".docx")
"""Endings of the documents that can be translated."""

CURES = {
    ".doc": "open it in a word processor and save it as .docx",
    ".docm": "save it without its macros, as .docx",
    ".odt": "save it as .docx",
    ".rtf": "save it as .docx",
    ".pdf": "a PDF has no text that could be put back: take the document that it was made from",
    ".pptx": "copy its text into a .docx or .txt",
    ".xlsx": "copy its text into a .docx or .txt",
    ".epub": "unpack it and translate its .html files",
    ".vtt": "save the subtitles as .srt",
    ".ass": "save the subtitles as .srt",
}
"""What to do about documents that are met often and cannot be translated."""


def translate_document(
    name: str, data: bytes, translate: Translate, progress: Progress | None = None
) -> bytes:
    """The translation of a document, of the same kind and form.

    Args:
        name: its file name; the ending says what it is.
        translate: texts -> what each became; called with up to 256 different texts at a time.
        progress: is told (texts done, texts in all) after each call.

    Raises:
        DocumentError: its kind is not known, or it is broken, encrypted, or larger than it may be.
    """
    ending = kind_of(name)
    if ending == ".docx":
        try:
            from crosslight.documents.word import translate_docx
        except ImportError as error:
            raise DocumentError(f"{name} needs lxml: {error}", "pip install crosslight[documents]") from None
        return translate_docx(name, data, translate, progress)
    is_html = ending in (".html", ".htm", ".xhtml")
    source, encoding, mark = decoded(name, data, is_html)
    result = translated(_reader(ending)(source), translate, progress)
    return encoded(result, encoding, mark, is_html)


def translate_html(fragment: str, translate: Translate) -> str:
    """The translation of a piece of HTML, with its tags as they were."""
    return translated(_reader(".html")(fragment), translate)


def kind_of(name: str) -> str:
    """The ending that says how to read a document.

    Raises:
        DocumentError: there is no way to read it here.
    """
    ending = PurePath(name).suffix.lower()
    if ending not in ENDINGS:
        raise DocumentError(
            f"{name} cannot be translated as a document: its ending is {ending or 'missing'}, "
            f"expected {', '.join(ENDINGS)}",
            CURES.get(ending, "give one of these; text of any other kind can be saved as .txt"),
        )
    return ending


def _reader(ending: str) -> Callable[[str], list[str | Sentence]]:
    """What reads a kind of text; its libraries are loaded when one is to be read."""
    if ending == ".txt":
        from crosslight.documents.plain import parsed
    elif ending == ".srt":
        from crosslight.documents.subtitles import parsed
    elif ending in (".md", ".markdown"):
        from crosslight.documents.markdown import parsed
    else:
        from crosslight.documents.hypertext import parsed
    return parsed
