"""alpha-entmax against its end points, its definition and an independent high-precision threshold."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.exact import Real
from simulations.variants.dense import softmax
from simulations.variants.entmax import entmax
from simulations.variants.sparse import sparsemax
from verify.papers.hu2023.entmax_quantities import top_weight

SCORES = st.lists(st.integers(-40, 40).map(lambda k: k / 8), min_size=1, max_size=6)


def by_threshold(v: list[float], alpha: float) -> list[float]:
    """Bisection on tau at 40 digits, straight from the definition."""
    with mpmath.workdps(40):
        power = 1 / mpmath.mpf(alpha - 1)
        low = max(v) - power
        high = mpmath.mpf(max(v))
        for _ in range(130):
            tau = (low + high) / 2
            total = sum((max((alpha - 1) * (x - tau), mpmath.mpf(0))) ** power for x in v)
            low, high = (tau, high) if total > 1 else (low, tau)
        return [float(max((alpha - 1) * (x - low), mpmath.mpf(0)) ** power) for x in v]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(SCORES, st.sampled_from([1.25, 1.5, 1.75, 2.0, 3.0]))
def test_against_the_definition(v, alpha):
    assert entmax(np.array(v), alpha) == pytest.approx(by_threshold(v, alpha), abs=1e-9)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(SCORES)
def test_softmax_and_sparsemax_are_its_end_points(v):
    a = np.array(v)
    assert entmax(a, 1.0) == pytest.approx(softmax(a, np))
    assert entmax(a, 2.0) == pytest.approx(sparsemax(a, np), abs=1e-12)


def test_the_support_is_exact():
    assert list(entmax(np.array([1.0, 0.0, -9.0]), 2.0)) == [1.0, 0.0, 0.0]
    assert entmax(np.array([0.999, 0.0]), 2.0)[1] > 0
    assert entmax(np.array([3.0]), 1.5) == 1.0


def test_alpha_below_one_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        entmax(np.array([1.0]), 0.5)


@settings(deadline=None, derandomize=True, max_examples=20)
@given(SCORES, st.sampled_from(["1", "5/4", "3/2", "2", "3"]))
def test_the_enclosed_top_weight_holds_the_float_one(v, alpha):
    order = Real(alpha)
    gaps = [Real(max(v)) - Real(x) for x in v]
    enclosed = top_weight(gaps, order)
    assert float(enclosed) == pytest.approx(float(np.max(entmax(np.array(v), float(order)))), abs=1e-9)
