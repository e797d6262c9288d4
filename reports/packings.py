"""Codes on the sphere of R^3 as inline SVG: points, the caps about them, and which of them touch.

The sphere is seen from afar (orthographic projection) from a fixed direction. Caps have half the minimal
angle as their radius, so that they do not overlap and touch where points are closest. What lies behind is
faint.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon

from reports.plots import INK, drawing
from reports.schema import Packing
from reports.words import line, number

Array = Any
Axes = Any

_CAP = "#1a7fc1"
_TOUCH = "#d55e00"
_STEPS = 72
"""Corners of the polygon that stands for a circle."""


def draw(packing: Packing) -> Markup:
    """One `<svg>` element with a title and a description for readers who cannot see it."""
    return drawing(lambda: _figure(packing), packing.model_dump_json(), packing.name, describe(packing))


def angle(packing: Packing) -> float:
    """The minimal angle in degrees."""
    return math.degrees(math.acos(max(-1.0, min(1.0, packing.max_cosine))))


def describe(packing: Packing) -> str:
    """The code in words: how many points, how far apart, how many of them touch, what the caps cover."""
    radius = math.radians(angle(packing)) / 2
    covered = len(packing.points) * (1 - math.cos(radius)) / 2
    return (
        f"{line(packing.name)}: {len(packing.points)} points on the sphere, minimal angle "
        f"{number(angle(packing))} degrees, {len(packing.contacts)} touching pairs; the caps cover "
        f"{number(100 * covered)} % of the sphere."
    )


def _view() -> Array:
    """Rows: right, up, and towards the reader."""
    a, b = math.radians(25.0), math.radians(-20.0)
    turn = np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]])
    return tilt @ turn


def _figure(packing: Packing) -> Figure:
    figure = Figure(figsize=(3.2, 3.2), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_xlim(-1.03, 1.03)
    axes.set_ylim(-1.03, 1.03)
    axes.add_patch(Circle((0, 0), 1, fill=False, edgecolor=INK, linewidth=1.2))
    points = np.asarray(packing.points, dtype=float).reshape(-1, 3) @ _view().T
    radius = math.radians(angle(packing)) / 2
    for side, strength in ((-1.0, 0.1), (1.0, 0.5)):  # what lies behind is drawn first
        for point in points:
            _cap(axes, point, radius, side, strength)
    for i, j in packing.contacts:
        _arc(axes, points[i], points[j])
    for point in points:
        front = point[2] >= 0
        axes.plot(*point[:2], "o", color=INK, markersize=4 if front else 2.5, alpha=1 if front else 0.3)
    return figure


def _cap(axes: Axes, centre: Array, radius: float, side: float, strength: float) -> None:
    """The part of a cap in front of the edge of the disc (side 1) or behind it (side -1)."""
    outline = _half(_circle(centre, radius), side)
    if len(outline) > 2:
        axes.add_patch(
            Polygon(outline, closed=True, facecolor=_CAP, alpha=strength, edgecolor=_CAP, linewidth=0.8)
        )


def _circle(centre: Array, radius: float) -> Array:
    """Points of the circle of this angular radius about a unit vector, shape (steps, 3)."""
    helper = np.eye(3)[int(np.argmin(np.abs(centre)))]
    u = np.cross(centre, helper)
    u /= np.linalg.norm(u)
    v = np.cross(centre, u)
    t = np.linspace(0, 2 * math.pi, _STEPS, endpoint=False)[:, None]
    return math.cos(radius) * centre + math.sin(radius) * (np.cos(t) * u + np.sin(t) * v)


def _half(rim: Array, side: float) -> Array:
    """The part of a cap in front of the edge of the disc (side 1) or behind it (side -1), in the plane.

    Where the rim crosses the edge, the outline goes on along the edge, which is what one sees of a cap there.
    """
    depth = side * rim[:, 2]
    if np.all(depth >= 0):
        return rim[:, :2]
    if np.all(depth < 0):
        return np.empty((0, 2))
    start = int(np.flatnonzero((depth < 0) & (np.roll(depth, -1) >= 0))[0]) + 1
    seen = np.roll(rim, -start, axis=0)
    seen = seen[side * seen[:, 2] >= 0][:, :2]
    first, last = (math.atan2(y, x) for x, y in (seen[0], seen[-1]))
    turn = (first - last + math.pi) % (2 * math.pi) - math.pi
    t = np.linspace(last, last + turn, 12)
    return np.concatenate([seen, np.stack([np.cos(t), np.sin(t)], axis=1)])


def _arc(axes: Axes, a: Array, b: Array) -> None:
    """The shortest arc between two points; faint where it lies behind."""
    t = np.linspace(0, 1, 16)[:, None]
    path = (1 - t) * a + t * b
    path /= np.linalg.norm(path, axis=1, keepdims=True)
    for side, strength, width in ((-1.0, 0.25, 0.8), (1.0, 1.0, 1.6)):
        shown = np.where((side * path[:, 2] >= 0)[:, None], path[:, :2], np.nan)
        axes.plot(shown[:, 0], shown[:, 1], color=_TOUCH, linewidth=width, alpha=strength)
