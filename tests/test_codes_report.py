"""Spherical codes in the report: data against tables, drawings against geometry, old records."""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from reports import html, markdown, packings, schema, words
from simulations import codes
from simulations.streams import stream
from verify import codes_report
from verify.loader import select
from verify.papers import catalogue
from verify.runner import Settings, execute

SAMPLE = Path(__file__).with_name("reports_record.json")
SIX = schema.Packing(
    name="octahedron",
    points=[(1.0, 0, 0), (-1.0, 0, 0), (0, 1.0, 0), (0, -1.0, 0), (0, 0, 1.0), (0, 0, -1.0)],
    max_cosine=0.0,
    contacts=[(i, j) for i in range(6) for j in range(i + 1, 6) if i // 2 != j // 2],
)


@pytest.fixture(scope="module")
def section():
    return schema.Codes.model_validate(codes_report.section(0))


def test_every_curve_of_bounds_lies_on_its_side_of_every_code(section):
    capacity, *angles = section.curves
    at_hand = next(s for s in capacity.series if s.name == "codes at hand")
    sizes = dict(zip(at_hand.x, at_hand.y, strict=True))
    assert (sizes[3], sizes[4], sizes[8], sizes[24]) == (12, 24, 240, 196560)
    for series in capacity.series:
        for n, value in zip(series.x, series.y, strict=True):
            if series.name.startswith("upper bound:"):
                assert value >= sizes[n] * (1 - 1e-9)
            if series.role == "bound" and series.name.startswith("lower bound"):
                assert value <= sizes[n] * (1 + 1e-9)
    for curve in angles:
        upper, reached, lower = (dict(zip(s.x, s.y, strict=True)) for s in curve.series)
        assert len(reached) >= 8
        for size, angle in reached.items():
            assert angle <= upper[size] + 1e-7
            assert angle >= lower[size] - 1e-7


def test_the_optimal_angle_of_twelve_points_is_that_of_the_icosahedron(section):
    curve = next(c for c in section.curves if c.title.endswith("R^3"))
    upper, reached, _ = (dict(zip(s.x, s.y, strict=True)) for s in curve.series)
    assert reached[12] == pytest.approx(math.degrees(math.acos(1 / math.sqrt(5))), abs=1e-9)
    assert upper[12] == pytest.approx(reached[12], abs=1e-6)  # Fejes Toth's bound is attained


def test_pictures_are_the_codes_they_name(section):
    by_size = {len(p.points): p for p in section.packings}
    assert (len(by_size[12].contacts), len(by_size[24].contacts)) == (30, 60)
    for packing in section.packings:
        x = np.array(packing.points)
        gram = x @ x.T - 2 * np.eye(len(x))
        assert np.max(gram) == pytest.approx(packing.max_cosine, abs=1e-9)
        for i, j in packing.contacts:
            assert gram[i, j] == pytest.approx(packing.max_cosine, abs=1e-6)


def test_the_table_is_that_of_the_known_values(section):
    assert [(k.dimension, k.size, k.known) for k in section.known] == [
        (k.n, k.N, k.max_cosine) for k in codes.known().values()
    ]
    tried = [k for k in section.known if k.reached is not None]
    assert len(tried) >= 80
    # A code below a proved optimum, or far below a record, would be a mistake of ours.
    for item in tried:
        assert item.reached >= item.known - max(item.tolerance, 1e-8) or item.kind == "feasible"
    small = [k for k in tried if k.dimension <= 8 and k.size <= 32 and k.kind == "optimal"]
    assert all(words.difference(k) == "0" for k in small)
    assert f"of {len(section.known)} known values" in words.codes_summary(section)


def test_recorded_values_say_where_they_come_from(section):
    assert all("benchmarks/codes.py table" in line for line in section.recorded)
    for item in codes.reached().values():
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", item.date)
        assert item.command.startswith("python benchmarks/codes.py table")
    assert any(k.recorded for k in section.known)
    assert any("this run" in k.how for k in section.known)


def test_constructions_are_recorded_with_their_own_cosine():
    rows = [r for r in codes.reached().values() if r.how != "search" and r.N <= 300]
    assert len(rows) > 20
    for row in rows:
        code = codes.best_known(row.n, row.N)
        assert code is not None
        assert code.max_cosine == pytest.approx(row.max_cosine, abs=1e-12)


def test_a_picture_is_one_svg_with_its_own_ids():
    one, two = packings.draw(SIX), packings.draw(SIX.model_copy(update={"name": "other"}))
    assert packings.draw(SIX) == one
    for text in (one, two):
        root = ET.fromstring(text)
        assert root.tag == "svg"
        assert not {"script", "style", "metadata", "image"} & {node.tag for node in root.iter()}
        assert "#010203" not in text
    ids = [set(re.findall(r' id="([^"]+)"', text)) for text in (one, two)]
    assert not ids[0] & ids[1]
    assert "6 points" in packings.describe(SIX)
    assert "12 touching pairs" in packings.describe(SIX)


def test_caps_are_circles_on_the_sphere_cut_at_its_edge():
    centre, radius = np.array([0.8, 0.0, 0.6]), math.radians(50)
    rim = packings._circle(centre, radius)
    assert np.allclose(rim @ centre, math.cos(radius))
    assert np.allclose(np.linalg.norm(rim, axis=1), 1)
    front, back = packings._half(rim, 1.0), packings._half(rim, -1.0)
    assert len(front) > len(back) > 2
    assert np.max(np.linalg.norm(np.concatenate([front, back]), axis=1)) <= 1 + 1e-12
    # Both outlines go along the edge of the disc about the centre, and nowhere else.
    edge = [p for p in (*front, *back) if np.linalg.norm(p) > 1 - 1e-9]
    assert edge
    assert all(p[0] / np.linalg.norm(p) > math.cos(radius) - 0.2 for p in edge)
    far = packings._circle(np.array([0, 0, -1.0]), 0.3)
    assert len(packings._half(far, 1.0)) == 0
    assert len(packings._half(far, -1.0)) == len(far)


@pytest.mark.parametrize("packing", [
    schema.Packing(name="", points=[], max_cosine=0.5),
    schema.Packing(name="</svg>", points=[(0, 0, 1.0)], max_cosine=2.0),
    schema.Packing(name="$\\frac{", points=[(1.0, 0, 0), (-1.0, 0, 0)], max_cosine=-1.0, contacts=[(0, 1)]),
])  # fmt: skip
def test_degenerate_pictures_are_drawn(packing):
    ET.fromstring(packings.draw(packing))


def test_contacts_outside_the_code_are_refused():
    with pytest.raises(ValueError, match="the pair"):
        schema.Packing(name="x", points=[(0, 0, 1.0)], max_cosine=0.5, contacts=[(0, 1)])


def test_records_without_codes_are_read_and_have_no_such_section():
    raw = json.loads(SAMPLE.read_text(encoding="utf-8"))
    raw.pop("codes")
    record = schema.parse(json.dumps(raw))
    assert record.codes is None
    assert "Spherical codes" not in html.render(record)
    assert "Spherical codes" not in markdown.render(record)


def test_the_section_is_rendered(section):
    record = schema.load(SAMPLE).model_copy(update={"codes": section})
    page = html.render(record)
    ET.fromstring(
        re.search(r'<section aria-labelledby="codes">.*?</section>', page, re.S)[0].replace("<br>", "<br/>")
    )
    assert page.count("touching pairs") >= len(section.packings)
    text = markdown.render(record)
    assert "## Spherical codes" in text
    for item in section.known:
        assert f"| {item.dimension}, {item.size} |" in text


def test_which_runs_have_it():
    assert codes_report.wanted(["hu2023.thm1", "rand.union"])
    assert codes_report.wanted(["restated.rand.fixed-d-usable"])
    assert not codes_report.wanted(["hu2023.thm1", "restated.hebb-exact-binomial", "codex.a"])
    assert codes_report.wanted(catalogue())


def test_a_run_computes_it_once_and_keeps_it(tmp_path, monkeypatch):
    calls = []

    def section_(seed):
        calls.append(seed)
        return {"curves": [], "packings": [], "known": [], "recorded": ["x"]}

    monkeypatch.setattr(codes_report, "section", section_)
    chosen = select(("conc.moments",), (), ())
    first = execute(chosen, Settings(), tmp_path).record
    again = execute(chosen, Settings(), tmp_path).record
    assert first.codes == again.codes == schema.Codes(recorded=["x"])
    assert calls == [0]
    assert execute(chosen, Settings(shard=(1, 2)), tmp_path).record.codes is None


@pytest.mark.parametrize(("n", "s"), [(2, 0.5), (3, 0.5), (8, 0.2)])
def test_random_addition_keeps_its_distance_and_is_saturated_by_its_candidates(n, s):
    found = codes.random_addition(stream(0, "rsa", n), n, s, 600)
    gram = found @ found.T - 2 * np.eye(len(found))
    assert np.max(gram) <= s
    # Brute force: the same candidates one by one.
    rng, kept = stream(0, "rsa", n), []
    for size in (256, 256, 88):
        block = rng.standard_normal((size, n))
        for x in block / np.linalg.norm(block, axis=1, keepdims=True):
            if all(x @ y <= s for y in kept):
                kept.append(x)
    assert np.array_equal(np.array(kept), found)


@pytest.mark.parametrize(("n", "s", "k"), [(1, 0.5, 5), (3, 1.0, 5), (3, -1.5, 5), (3, 0.5, 0)])
def test_random_addition_refuses(n, s, k):
    with pytest.raises(ValueError, match="candidates >= 1 are expected"):
        codes.random_addition(stream(0), n, s, k)
