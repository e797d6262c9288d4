"""Curves of a record as inline SVG: the same curve gives the same bytes on every rendering.

Bounds are lines, references dashed lines, simulations points with error bars, witnesses crosses. Colours are
near the Okabe-Ito palette, which colour-blind readers can tell apart, shifted to contrast with light and with
dark pages; markers and dashes differ as well. Text and axes take the colour of the page around them.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

import matplotlib
from markupsafe import Markup
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogFormatter

from reports.schema import Curve, Series
from reports.words import line, number, shorten

Artist = Any
Axes = Any

INK = "#010203"  # stands for "the colour of the page's text" until the drawing is finished
_COLOURS = ("#1a7fc1", "#d55e00", "#0b9a72", "#b8609a", "#a67c00", "#6f73d2")
_WITNESS = "#f0e442"
_MARKERS = ("o", "s", "D", "^", "P")
_FAINT = ((0, (1, 1.5)), (0, (4, 1.5)), (0, (7, 2, 1, 2)))
_DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)))
_SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "hopcheck",
    "svg.fonttype": "none",  # text stays text: small, searchable, readable aloud
    "font.family": ["DejaVu Sans"],
    "font.size": 11.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "lines.linewidth": 1.8,
}
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"


def draw(curve: Curve) -> Markup:
    """One `<svg>` element with a title and a description for readers who cannot see it."""
    return drawing(lambda: _figure(curve), curve.model_dump_json(), curve.title, describe(curve))


def drawing(figure: Callable[[], Figure], identity: str, title: str, description: str) -> Markup:
    """A figure as one `<svg>` element, made under the settings of all drawings of a page.

    `identity` tells this drawing from all others of a page: the ids in it are derived from it.
    """
    with warnings.catch_warnings(), matplotlib.rc_context():
        warnings.simplefilter("ignore")  # a glyph that the font lacks, an axis without any drawable value
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        buffer = io.StringIO()
        figure().savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return _inline(buffer.getvalue(), identity, title, description)


def describe(curve: Curve) -> str:
    """What the plot shows, in words: axes, and each series with its range."""
    axes = f"{line(curve.y_label)} against {line(curve.x_label)}"
    scales = [name for name, log in (("horizontal", curve.x_log), ("vertical", curve.y_log)) if log]
    if scales:
        axes += f" ({' and '.join(scales)} axis logarithmic)"
    return f"{axes}. " + " ".join(_describe_series(series) for series in curve.series)


def caption(curve: Curve) -> str:
    """One or two sentences under the plot."""
    text = f"{curve.y_label} against {curve.x_label}."
    if any(_upper_limits(series, curve.y_log) for series in curve.series):
        text += " Open triangles are upper limits where the observed value itself cannot be drawn."
    lost = sum(_undrawn(series, curve) for series in curve.series)
    if lost:
        text += f" {lost} {'value does' if lost == 1 else 'values do'} not fit on these axes."
    return text


def _describe_series(series: Series) -> str:
    values = [value for value in series.y if value is not None]
    name = f"{line(series.name)} ({series.role})"
    if not values:
        return f"{name}: no value to draw."
    if len(values) == 1:
        return f"{name}: one value, {number(values[0])}."
    return f"{name}: {len(values)} values from {number(min(values))} to {number(max(values))}."


def _figure(curve: Curve) -> Figure:
    figure = Figure(figsize=(4.7, 3.2 + 0.22 * len(curve.series)), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    x_log = curve.x_log and any(x > 0 for series in curve.series for x in series.x)
    y_log = curve.y_log and any(
        y is not None and y > 0
        for series in curve.series
        for values in (series.y, series.hi or [])
        for y in values
    )
    if x_log:
        axes.set_xscale("log")
        _plain_powers(axes.xaxis)
    if y_log:
        axes.set_yscale("log", nonpositive="clip")
        _plain_powers(axes.yaxis)
    handles = _draw_all(axes, curve.series, x_log, y_log)
    axes.set_xlabel(shorten(curve.x_label, 60), parse_math=False)
    axes.set_ylabel(shorten(curve.y_label, 48), parse_math=False)
    # A leading underscore would hide an entry of the legend.
    labels = [re.sub(r"^_", "\u2009_", shorten(series.name, 56)) for series in curve.series]
    legend = figure.legend(handles, labels, loc="outside lower left", frameon=False, fontsize=10)
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure


def _plain_powers(axis: Any) -> None:
    """Label a logarithmic axis without the parser of formulas, which takes most of the time of a plot."""
    axis.set_major_formatter(FuncFormatter(_power))
    axis.set_minor_formatter(LogFormatter(labelOnlyBase=False))


def _power(value: float, _position: Any = None) -> str:
    """'10⁻³' for powers of ten that need it, else a short number."""
    exponent = round(math.log10(value)) if value > 0 else 0
    if value <= 0 or abs(math.log10(value) - exponent) > 1e-9:
        return f"{value:.3g}"
    if -3 < exponent < 4:
        return f"{value:g}"
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def _draw_all(axes: Axes, all_series: Sequence[Series], x_log: bool, y_log: bool) -> list[Artist]:
    colours, markers, dashes, faint = cycle(_COLOURS), cycle(_MARKERS), cycle(_DASHES), cycle(_FAINT)
    handles = []
    for series in all_series:
        if series.role == "simulation":
            handles.append(_points(axes, series, x_log, y_log, next(colours), next(markers)))
        elif series.role == "witness":
            handles.append(_crosses(axes, series, x_log, y_log))
        elif series.role == "reference":
            handles.append(_line(axes, series, x_log, y_log, INK, next(faint)))
        else:
            handles.append(_line(axes, series, x_log, y_log, next(colours), next(dashes)))
    return handles


def _line(axes: Axes, series: Series, x_log: bool, y_log: bool, colour: str, dash: Any) -> Artist:
    x, y = _drawable(series.x, x_log), _drawable(series.y, y_log)
    single = sum(map(math.isfinite, y)) == 1
    (handle,) = axes.plot(x, y, color=colour, linestyle=dash, marker="_" if single else None, markersize=14)
    return handle


def _points(axes: Axes, series: Series, x_log: bool, y_log: bool, colour: str, marker: str) -> Artist:
    """Points with confidence intervals; a value of 0 on a logarithmic axis shows its upper limit instead."""
    x, y = _drawable(series.x, x_log), _drawable(series.y, y_log)
    low = _drawable(series.lo or [None] * len(x), False)
    high = _drawable(series.hi or [None] * len(x), False)
    below = [_distance(a, b) for a, b in zip(low, y, strict=True)]
    above = [_distance(a, b) for a, b in zip(y, high, strict=True)]
    style = {"color": colour, "linestyle": "none", "markersize": 5.5}
    bars = axes.errorbar(x, y, yerr=[below, above], marker=marker, elinewidth=1.2, capsize=3, **style)
    limits = _upper_limits(series, y_log)
    if limits:
        axes.plot(
            _drawable(list(limits), x_log), list(limits.values()), marker="v", markerfacecolor="none", **style
        )
    return bars


def _upper_limits(series: Series, y_log: bool) -> dict[float, float]:
    """x -> upper confidence limit, at simulated points whose value is null or 0 on a logarithmic axis."""
    if series.role != "simulation":
        return {}
    values, high = _drawable(series.y, y_log), _drawable(series.hi or [None] * len(series.x), y_log)
    points = zip(series.x, values, high, strict=True)
    return {x: limit for x, value, limit in points if math.isnan(value) and math.isfinite(limit)}


def _undrawn(series: Series, curve: Curve) -> int:
    """How many values exist but are drawn neither themselves nor by an upper limit."""
    limits = _upper_limits(series, curve.y_log)
    x, y = _drawable(series.x, curve.x_log), _drawable(series.y, curve.y_log)
    points = zip(series.x, series.y, x, y, strict=True)
    return sum(v is not None and a not in limits and not math.isfinite(u + w) for a, v, u, w in points)


def _crosses(axes: Axes, series: Series, x_log: bool, y_log: bool) -> Artist:
    x, y = _drawable(series.x, x_log), _drawable(series.y, y_log)
    (handle,) = axes.plot(
        x, y, marker="X", markersize=11, linestyle="none", color=_WITNESS, markeredgecolor=INK, zorder=5
    )
    return handle


def _drawable(values: Sequence[float | None], log: bool) -> list[float]:
    """NaN for what cannot be drawn: null, not positive on a logarithmic axis, beyond what axes can span."""
    return [
        math.nan if v is None or (log and v <= 0) or abs(v) > 1e290 or (log and v < 1e-290) else float(v)
        for v in values
    ]


def _distance(low: float, high: float) -> float:
    return max(high - low, 0.0) if math.isfinite(high - low) else 0.0


def _inline(source: str, identity: str, title: str, description: str) -> Markup:
    """Keep the drawing only: no prolog, no fixed size, ids that are unique among the plots of a page."""
    root = ET.fromstring(source)
    prefix = "p" + hashlib.sha256(identity.encode()).hexdigest()[:10] + "-"
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{_SVG}metadata", f"{_SVG}style"):
                parent.remove(child)
    wanted = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', source))
    for node in root.iter():
        node.tag = node.tag.removeprefix(_SVG)
        node.text, node.tail = _no_blank(node.text), _no_blank(node.tail)
        node.attrib = {
            key.replace(_HREF, "href"): _attribute(key, value, prefix)
            for key, value in node.attrib.items()
            if key != "id" or value in wanted
        }
    size = root.attrib["viewBox"]
    style = "stroke-linejoin: round; stroke-linecap: butt"  # a <style> element would reach the whole page
    labels = f"{prefix}title {prefix}desc"
    root.attrib = {"viewBox": size, "role": "img", "aria-labelledby": labels, "style": style}
    root.insert(0, _text("desc", f"{prefix}desc", description))
    root.insert(0, _text("title", f"{prefix}title", line(title)))
    # Everything in the drawing was made by matplotlib; the texts of the record are escaped by ElementTree.
    return Markup(ET.tostring(root, encoding="unicode"))


def _attribute(key: str, value: str, prefix: str) -> str:
    if key == "id":
        return prefix + value
    if key in (_HREF, "href"):
        return value.replace("#", "#" + prefix, 1)
    value = value.replace("url(#", f"url(#{prefix}").replace(INK, "currentColor")
    return value.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")


def _no_blank(text: str | None) -> str | None:
    return text if text is None or text.strip() else None


def _text(tag: str, identifier: str, text: str) -> ET.Element:
    node = ET.Element(tag, {"id": identifier})
    node.text = text
    return node
