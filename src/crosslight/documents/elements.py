"""What the elements of HTML are to a translator: tables, from the standard (WHATWG HTML, sections 4 and 13.1.2)."""

VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())

# Where one begins or ends, a sentence does. Unknown names are inline, as in browsers; custom elements
# (with a hyphen) are mostly boxes, and count as blocks.
BLOCKS = frozenset(
    "address article aside base basefont bgsound blockquote body br button caption center col colgroup dd "
    "details dialog dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 "
    "head header hgroup hr html iframe legend li link listing main menu menuitem meta nav noembed noframes "
    "noscript ol optgroup option p param plaintext pre script search section select slot source style "
    "summary table tbody td template textarea tfoot th thead title tr track ul xmp".split()
)

# Not translated, with all that is in them. Subscripts are only where they hold no letter.
KEPT = frozenset(
    "applet audio canvas code embed iframe kbd listing math noembed noframes object plaintext pre samp "
    "script style sub sup svg textarea tt var video xmp".split()
)

# Their content is text whatever it looks like, up to their end tag.
RAW_TEXT = frozenset("iframe noembed noframes plaintext script style textarea title xmp".split())

_PARAGRAPH_ENDS = frozenset(
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hgroup hr main menu nav ol p pre search section table ul".split()
)
_CELL_ENDS = frozenset("td th tr tbody tfoot thead".split())

# Elements whose end tag may be left out, and the start tags before which they end.
CLOSED_BY = {
    "p": _PARAGRAPH_ENDS,
    "li": frozenset(["li"]),
    "dt": frozenset(["dt", "dd"]),
    "dd": frozenset(["dt", "dd"]),
    "option": frozenset(["option", "optgroup"]),
    "optgroup": frozenset(["optgroup"]),
    "td": _CELL_ENDS,
    "th": _CELL_ENDS,
    "tr": frozenset(["tr", "tbody", "tfoot", "thead"]),
    "thead": frozenset(["tbody", "tfoot"]),
    "tbody": frozenset(["tbody", "tfoot"]),
    "tfoot": frozenset(["tbody"]),
    "caption": frozenset(["colgroup", "thead", "tbody", "tfoot", "tr"]),
}
