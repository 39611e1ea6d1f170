"""What the elements of HTML are to a translator, from the standard (WHATWG HTML, sections 4 and 13.1.2)."""


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split(" "))


VOID = _names("area base br col embed hr img input link meta param source track wbr")

# Where one begins or ends, a sentence does. Unknown names are inline, as in browsers; custom elements
# (with a hyphen) are mostly boxes, and count as blocks.
BLOCKS = _names(
    "address article aside base basefont bgsound blockquote body br button caption center col colgroup dd "
    "details dialog dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 "
    "head header hgroup hr html iframe legend li link listing main menu menuitem meta nav noembed noframes "
    "noscript ol optgroup option p param plaintext pre script search section select slot source style "
    "summary table tbody td template textarea tfoot th thead title tr track ul xmp"
)

# Not translated, with all that is in them. Subscripts are only where they hold no letter.
KEPT = _names(
    "applet audio canvas code embed iframe kbd listing math noembed noframes object plaintext pre samp "
    "script style sub sup svg textarea tt var video xmp"
)

# Their content is text whatever it looks like, up to their end tag.
RAW_TEXT = _names("iframe noembed noframes plaintext script style textarea title xmp")

_PARAGRAPH_ENDS = _names(
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hgroup hr main menu nav ol p pre search section table ul"
)
_CELL_ENDS = _names("td th tr tbody tfoot thead")

# Elements whose end tag may be left out, and the start tags before which they end.
CLOSED_BY = {
    "p": _PARAGRAPH_ENDS,
    "li": _names("li"),
    "dt": _names("dt dd"),
    "dd": _names("dt dd"),
    "option": _names("option optgroup"),
    "optgroup": _names("optgroup"),
    "td": _CELL_ENDS,
    "th": _CELL_ENDS,
    "tr": _names("tr tbody tfoot thead"),
    "thead": _names("tbody tfoot"),
    "tbody": _names("tbody tfoot"),
    "tfoot": _names("tbody"),
    "caption": _names("colgroup thead tbody tfoot tr"),
}
