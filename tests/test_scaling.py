"""Slope ranges against enumeration of vertices and pairwise elimination; crossing boxes against decisions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from verify.eprocess import log_e_against, log_e_for
from verify.scaling import Box, NotMonotone, level_crossing, simultaneous_threshold, slope_range

steady = settings(deadline=None, derandomize=True, max_examples=80)


def by_vertices(boxes: list[Box]) -> tuple[float, float] | None:
    """The extreme slopes are attained by lines through two corners; try all of them."""
    corners = [(b.x, y) for b in boxes for y in (b.low, b.high)]
    slopes = []
    for (x1, y1), (x2, y2) in itertools.combinations(corners, 2):
        if x1 != x2:
            slope = (y2 - y1) / (x2 - x1)
            line = [y1 + slope * (b.x - x1) for b in boxes]
            if all(b.low - 1e-9 <= y <= b.high + 1e-9 for b, y in zip(boxes, line, strict=True)):
                slopes.append(slope)
    return (min(slopes), max(slopes)) if slopes else None


def by_elimination(boxes: list[Box]) -> tuple[float, float, float]:
    """Fourier-Motzkin: low_i - high_j <= s (x_i - x_j) for all i, j.  Returns (low, high, gap at equal x)."""
    low, high, gap = -np.inf, np.inf, -np.inf
    for a, b in itertools.permutations(boxes, 2):
        if a.x > b.x:
            low = max(low, (a.low - b.high) / (a.x - b.x))
        elif a.x < b.x:
            high = min(high, (a.low - b.high) / (a.x - b.x))
        else:
            gap = max(gap, a.low - b.high)
    return low, high, gap


number = st.integers(-40, 40).map(lambda k: k / 8)
boxes_of = st.lists(
    st.tuples(st.integers(0, 6).map(float), number, number).map(lambda t: Box(t[0], min(t[1:]), max(t[1:]))),
    min_size=2,
    max_size=6,
)


@steady
@given(boxes_of)
def test_slopes_agree_with_vertices_and_elimination(boxes: list[Box]) -> None:
    assume(len({b.x for b in boxes}) > 1)
    low, high, gap = by_elimination(boxes)
    found = slope_range(boxes)
    # Within the solver's tolerance of a touching line either answer is right.
    assume(abs(high - low) > 1e-4 and abs(gap) > 1e-4)
    if low > high or gap > 0:
        assert found is None
        assert by_vertices(boxes) is None
    else:
        assert found == pytest.approx((low, high), abs=1e-5)
        assert found == pytest.approx(by_vertices(boxes), abs=1e-5)


@steady
@given(st.data())
def test_open_ends(data: st.DataObject) -> None:
    boxes = []
    for x in range(data.draw(st.integers(1, 5))):
        y, side = data.draw(number), data.draw(st.sampled_from("lhb-"))
        boxes.append(Box(x, y if side in "lb" else -np.inf, y + 1 if side in "hb" else np.inf))
    low, high, _ = by_elimination(boxes)
    assume(abs(high - low) > 1e-4)
    found = slope_range(boxes)
    assert found is None if low > high else found == pytest.approx((low, high), abs=1e-5)


def test_exact_line_and_units() -> None:
    for scale in (1e-6, 1.0, 1e6):
        boxes = [Box(x * 10.0, scale * (3 + 0.25 * x), scale * (3 + 0.25 * x)) for x in range(5)]
        assert slope_range(boxes) == pytest.approx((0.025 * scale, 0.025 * scale), rel=1e-5)


def test_no_line_refutes() -> None:
    bent = [Box(0, 0, 0.1), Box(1, 1, 1.1), Box(2, 0, 0.1)]
    assert slope_range(bent) is None
    assert slope_range([Box(1, 0, 1), Box(1, 2, 3)]) is None
    assert slope_range([Box(1, 0, 1), Box(1, 0.5, 3)]) == (-np.inf, np.inf)
    assert slope_range([Box(1, -np.inf, np.inf)]) == (-np.inf, np.inf)


@pytest.mark.parametrize(
    "ends", [(0, 1, 0), (np.inf, 0, 1), (0, np.nan, 1), (0, np.inf, np.inf), (0, -np.inf, -np.inf)]
)
def test_bad_boxes(ends: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="not an interval"):
        Box(*ends)


def test_no_boxes() -> None:
    with pytest.raises(ValueError, match="at least one"):
        slope_range([])


# --- boxes from decisions ---------------------------------------------------------------------------


def test_threshold() -> None:
    assert simultaneous_threshold(0.05, 5, 8) == pytest.approx(np.log(1600))
    for bad in ((0.0, 1, 1), (1.0, 1, 1), (0.5, 0, 1), (0.5, 1, 0)):
        with pytest.raises(ValueError, match="simultaneous"):
            simultaneous_threshold(*bad)


def test_crossing() -> None:
    loads = [40.0, 10.0, 20.0, 80.0]
    assert level_crossing(loads, [1.0, 0, 0, 9], [0.0, 9, 0, 0], 5.0) == (10.0, 80.0)
    assert level_crossing(loads, [0] * 4, [0] * 4, 5.0) == (0.0, np.inf)
    # A decision is reached at the threshold itself, and an infinite amount of evidence is welcome.
    assert level_crossing([3.0], [5.0], [0.0], 5.0) == (0.0, 3.0)
    assert level_crossing([3.0], [0.0], [np.inf], 5.0) == (3.0, np.inf)


def test_contradictory_decisions_are_reported() -> None:
    with pytest.raises(NotMonotone, match="load 20, above it at load 10"):
        level_crossing([10.0, 20.0], [9.0, 0], [0, 9.0], 5.0)
    with pytest.raises(NotMonotone):
        level_crossing([10.0], [9.0], [9.0], 5.0)


def test_crossing_refuses_bad_input() -> None:
    for against, supporting in (([0.0], [0.0, 0.0]), ([0.0, 0.0], [0.0]), ([[0.0, 0.0]], [[0.0, 0.0]])):
        with pytest.raises(ValueError, match="same length"):
            level_crossing([1.0, 2.0], against, supporting, 1.0)
    for load, value in ((0.0, 0.0), (np.inf, 0.0), (1.0, np.nan)):
        with pytest.raises(ValueError, match="positive"):
            level_crossing([load], [value], [value], 1.0)


def measured_slopes(exponent: float, bend: float, seed: int) -> tuple[float, float] | None:
    """Five sizes; the level is crossed at log load 1 + exponent u + bend (u - log 32)^2, u = log size."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    sizes, trials, boxes = [8, 16, 32, 64, 128], 1000, []
    threshold = simultaneous_threshold(0.05, len(sizes), 15)
    for size in sizes:
        u = np.log(size)
        crossing = 1 + exponent * u + bend * (u - np.log(32)) ** 2
        loads = np.exp(np.linspace(crossing - 0.9, crossing + 1.1, 15))
        p = 1 / (1 + 9 * np.exp(-8 * (np.log(loads) - crossing)))
        s = rng.binomial(trials, p)
        low, high = level_crossing(
            list(loads), log_e_against(s, trials, 0.1), log_e_for(s, trials, 0.1), threshold
        )
        boxes.append(Box(float(u), float(np.log(low)) if low else -np.inf, float(np.log(high))))
    return slope_range(boxes)


def test_true_law_is_covered_and_false_law_refuted() -> None:
    for seed in range(20):
        found = measured_slopes(0.25, 0.0, seed)
        assert found is not None
        low, high = found
        assert low <= 0.25 <= high
        assert high - low < 0.5
    assert measured_slopes(0.25, 0.6, 0) is None, "a bent law must be refuted"
