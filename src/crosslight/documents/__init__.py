"""Documents that keep their form while their text is translated."""

from crosslight.documents.document import CURES, ENDINGS, kind_of, translate_document, translate_html
from crosslight.documents.translation import Progress, Translate, Translated

__all__ = [
    "CURES",
    "ENDINGS",
    "Progress",
    "Translate",
    "Translated",
    "kind_of",
    "translate_document",
    "translate_html",
]
