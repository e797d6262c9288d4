"""Plots: same curve, same bytes; hostile labels; what cannot be drawn is said."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib
import pytest

from reports import plots
from reports.schema import Curve, Series, load

RECORD = load(Path(__file__).with_name("reports_record.json"))
DEGENERATE = [
    ([], []),
    ([1.0], [1.0]),
    ([0.0], [0.0]),
    ([1.0, 2.0], [None, None]),
    ([1.0, 2.0], [1e308, -1e308]),
    ([1e-320, 1.0], [5e-324, 1e300]),
    ([-1.0, -2.0], [-1.0, -2.0]),
]
CURVES = [curve for item in RECORD.statements for curve in item.curves]


def curve(*series, **options):
    return Curve(title="t", x_label="x", y_label="y", series=list(series), **options)


@pytest.mark.parametrize("item", CURVES, ids=range(len(CURVES)))
def test_same_bytes_each_time_and_well_formed(item):
    first = plots.draw(item)
    with matplotlib.rc_context({"font.size": 30, "axes.grid": False, "svg.hashsalt": "other"}):
        assert plots.draw(item) == first
    root = ET.fromstring(first)
    assert root.tag == "svg"
    assert not {"script", "style", "metadata", "image", "foreignObject"} & {node.tag for node in root.iter()}
    assert "width" not in root.attrib
    assert "#010203" not in first


@pytest.mark.parametrize("item", CURVES, ids=range(len(CURVES)))
def test_title_and_description_are_for_readers_who_cannot_see(item):
    root = ET.fromstring(plots.draw(item))
    texts = {node.get("id"): node.text for node in root if node.tag in ("title", "desc")}
    assert set(root.get("aria-labelledby").split()) == set(texts)
    assert plots.describe(item) in texts.values()


def test_ids_of_different_plots_do_not_meet_and_references_resolve():
    seen = set()
    for item in CURVES:
        text = plots.draw(item)
        ids = set(re.findall(r' id="([^"]+)"', text))
        assert not ids & seen
        seen |= ids
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', text)) <= ids


def test_settings_of_the_caller_are_left_alone():
    before = dict(matplotlib.rcParams)
    plots.draw(CURVES[0])
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    "label", ["$\\frac{", "_hidden", "-->", "]]>", "\x00", "</svg>", "", "漢字", "$a$", "&"]
)
def test_hostile_labels_are_drawn(label):
    series = [
        Series(name=label, role=role, x=[1, 2], y=[1, 2]) for role in ("bound", "simulation", "witness")
    ]
    item = Curve(title=label, x_label=label, y_label=label, series=series)
    ET.fromstring(plots.draw(item))


@pytest.mark.parametrize("role", ["bound", "simulation", "witness", "reference"])
@pytest.mark.parametrize("log", [False, True])
def test_degenerate_data_is_drawn(role, log):
    for x, y in DEGENERATE:
        some = Series(name="s", role=role, x=x, y=y, lo=y, hi=y)
        ET.fromstring(plots.draw(curve(some, x_log=log, y_log=log)))


def test_no_series_at_all_is_drawn():
    ET.fromstring(plots.draw(curve()))


def test_zero_failures_on_a_logarithmic_axis_show_their_upper_limit():
    seen = Series(name="s", role="simulation", x=[1, 2], y=[0.1, 0.0], lo=[0.05, 0.0], hi=[0.2, 1e-3])
    assert "Open triangles" in plots.caption(curve(seen, y_log=True))
    assert "Open triangles" not in plots.caption(curve(seen))
    bound = Series(name="b", role="bound", x=[1, 2], y=[0.1, 0.0])
    assert plots.caption(curve(bound, y_log=True)) == "y against x. 1 value does not fit on these axes."


def test_description_names_each_series_and_its_range():
    item = curve(Series(name="b", role="bound", x=[1, 2], y=[0.5, 2]), x_log=True)
    assert (
        plots.describe(item)
        == "y against x (horizontal axis logarithmic). b (bound): 2 values from 0.5 to 2."
    )
