"""Presentation MathML from a record, admitted element by element.

A record may come from another program, and its MathML goes into a page unescaped. So it is parsed, and only
elements and attributes of a fixed list pass; anything else makes the caller fall back to escaped plain text.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.entities import html5

from markupsafe import Markup

from reports.words import visible

_ELEMENTS = frozenset(
    """
    math merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace
    msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none
    """.split()  # noqa: SIM905
)
_ATTRIBUTES = frozenset(
    """
    accent accentunder close columnalign columnspan dir display displaystyle fence form largeop linethickness
    lspace mathvariant maxsize minsize movablelimits open rowspan rspace scriptlevel separator separators
    stretchy symmetric width
    """.split()  # noqa: SIM905
)
_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
_CONSTANTS = str.maketrans("ⅆⅇⅈ", "dei")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})


def admit(source: str, block: bool = False) -> Markup | None:
    """The formula as one safe `<math>` element, or None when it is empty, malformed or not allowed.

    The `<math>` around the formula may be missing; `block` asks for display style. `<mfenced>`, which
    browsers no longer draw, is rewritten as a row between parentheses.
    """
    if not source.strip() or "<!" in source or "<?" in source:
        return None
    try:
        whole = re.match(r"\s*<(\w+:)?math\b", source)
        root = ET.fromstring(_resolve_entities(source if whole else f"<math>{source}</math>"))
        _clean(root)
        root.set("display", "block" if block else "inline")
        text = ET.tostring(root, encoding="unicode", short_empty_elements=False)
    except (ET.ParseError, ValueError, RecursionError):
        return None
    # Everything in `text` was built above from listed elements and attributes with escaped content.
    return Markup(text)


def _resolve_entities(source: str) -> str:
    def character(match: re.Match[str]) -> str:
        name = match[1]
        return match[0] if name in _XML_ENTITIES else html5.get(name + ";", match[0])

    # Few fonts have the double-struck letters that stand for the constants e, i and the differential d.
    return re.sub(r"&([A-Za-z][A-Za-z0-9]*);", character, source).translate(_CONSTANTS)


def _clean(node: ET.Element) -> None:
    node.tag = node.tag.removeprefix(_NAMESPACE)
    if node.tag not in _ELEMENTS:
        raise ValueError(f"{node.tag} is not presentation MathML")
    node.attrib = {key: visible(value) for key, value in node.attrib.items() if key in _ATTRIBUTES}
    node.text = None if node.text is None else visible(node.text)
    if node.tag == "mo" and node.text == "-":
        node.text = "−"  # a hyphen is too short for a minus sign
    node.tail = None if node.tail is None else visible(node.tail)
    for child in node:
        _clean(child)
    if node.tag == "mfenced":
        _unfence(node)


def _unfence(node: ET.Element) -> None:
    """Turn `<mfenced open close separators>` into the `<mrow>` it stands for."""
    left, right = node.attrib.pop("open", "("), node.attrib.pop("close", ")")
    separator = node.attrib.pop("separators", ",").strip()[:1]
    children = list(node)
    node.clear()
    node.tag = "mrow"
    ET.SubElement(node, "mo").text = left
    for index, child in enumerate(children):
        if index and separator:
            ET.SubElement(node, "mo").text = separator
        node.append(child)
    ET.SubElement(node, "mo").text = right
