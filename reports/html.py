"""The report as one HTML file: no network, no JavaScript, formulas as MathML, plots as inline SVG.

Autoescape is on for every template; the only unescaped texts are MathML that `reports.mathml` admitted and
SVG that `reports.plots` drew. A content security policy in the page forbids scripts and any request.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports import mathml, packings, plots, words
from reports.schema import Record

EVIDENCE_SHOWN = 20
"""How many evidence rows a statement shows; evidence.csv has all of them."""


def render(record: Record) -> str:
    """The whole page as text; the same record gives the same text."""
    return _environment().get_template("report.html.j2").render(
        record=record,
        groups=words.by_paper(record),
        models=words.by_model(record),
        ids={item.id for item in record.statements},
        differing=words.differing(record),
        evidence_shown=EVIDENCE_SHOWN,
    )  # fmt: skip


def anchor(identifier: str) -> str:
    """The fragment id of a statement: readable, unique, made of letters, digits, dot, dash, underscore."""
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", identifier)[:80]
    if slug != identifier:
        slug += "-" + hashlib.sha256(identifier.encode()).hexdigest()[:8]
    return "s-" + slug


def breakable(identifier: str) -> Markup:
    """An id or path that may break after a dot, dash, slash or underscore."""
    pieces = re.split(r"(?<=[./_-])", words.visible(identifier))
    return Markup("<wbr>").join(pieces)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.globals.update(words=words, meaning=words.MEANING, glyph=words.GLYPH)
    environment.filters.update(
        anchor=anchor,
        breakable=breakable,
        caption=plots.caption,
        draw=plots.draw,
        describe_packing=packings.describe,
        draw_packing=packings.draw,
        mathml=mathml.admit,
        number=words.number,
        share=words.share,
        value=words.plain_value,
    )
    return environment


def _finalize(value: Any) -> Any:
    """Every text that a template prints passes here; safe markup and numbers go through."""
    return words.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
