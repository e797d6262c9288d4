"""Measured quantities: the float and the exact reading agree, and both agree with direct formulas."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verify import vocabulary as v
from verify.instances import Instances, exact_instance, point_of
from verify.vocabulary import VOCABULARY, measure, measure_log

CORE = [
    s
    for s, q in VOCABULARY.items()
    if q.measure.__module__ == "verify.vocabulary" and str(s) != "hull_defect"
]


def batch(seed: int, size: int = 6, count: int = 4, d: int = 3, model: str = "dense") -> Instances:
    rng = np.random.default_rng(seed)
    return Instances(
        size,
        memories=np.round(rng.standard_normal((size, count, d)), 2),
        query=np.round(rng.standard_normal((size, d)), 2),
        beta=np.round(rng.uniform(0.2, 3, size), 2),
        target=rng.integers(0, count, size),
        model=model,
    )


@pytest.mark.parametrize("model", ["dense", "sparse"])
@pytest.mark.parametrize("symbol", CORE, ids=str)
def test_float_and_exact_readings_agree(symbol, model):
    b = batch(1, model=model)
    values = measure(b, symbol)
    logs = measure_log(b, symbol)
    for i in range(3):
        exact = float(measure(exact_instance(point_of(b, i), model), symbol)[0])
        assert values[i] == pytest.approx(exact, rel=1e-8, abs=1e-9)
        if logs is not None and exact > 0:
            assert logs[i] == pytest.approx(math.log(exact), rel=1e-9, abs=1e-9)


@settings(deadline=None, derandomize=True, max_examples=25)
@given(st.integers(0, 10**6))
def test_direct_formulas(seed):
    b = batch(seed)
    for i in range(b.size):
        xi, x, mu, beta = b.memories[i], b.query[i], b.target[i], b.beta[i]
        rest = np.delete(np.arange(4), mu)
        p = np.exp(beta * xi @ x)
        p /= p.sum()
        distances = [np.linalg.norm(xi[j] - xi[k]) for j in range(4) for k in range(j)]
        cov = (xi - p @ xi).T @ ((xi - p @ xi) * p[:, None])
        expected = {
            v.m: max(np.linalg.norm(xi, axis=1)),
            v.R: min(distances) / 2,
            v.diam: max(distances),
            v.Delta_mu: xi[mu] @ xi[mu] - max(xi[rest] @ xi[mu]),
            v.Delta_x: xi[mu] @ x - max(xi[rest] @ x),
            v.err: np.linalg.norm(p @ xi - xi[mu]),
            v.step: np.linalg.norm(p @ xi - x),
            v.q_mu: 1 - p[mu],
            v.J_norm: beta * np.linalg.norm(cov, 2),
        }
        for symbol, value in expected.items():
            assert measure(b, symbol)[i] == pytest.approx(value, rel=1e-7, abs=1e-9), symbol


def test_the_fixed_point_is_one():
    b = batch(3)
    star = v.fixed_point(b)
    for i in range(b.size):
        p = np.exp(b.beta[i] * b.memories[i] @ star[i])
        assert p @ b.memories[i] / p.sum() == pytest.approx(star[i], abs=1e-9)
    assert measure(b, v.dist_star) == pytest.approx(np.linalg.norm(star - v.target_memory(b), axis=-1))


def test_errors_far_below_double_resolution_keep_their_logarithm():
    b = Instances(
        1,
        memories=np.array([[[1.0], [-1.0]]]),
        query=np.array([[1.0]]),
        beta=np.array([1e4]),
        target=np.array([0]),
    )
    assert measure(b, v.err)[0] == 0.0
    assert measure_log(b, v.err)[0] == pytest.approx(math.log(2) - 2e4)


def test_one_name_in_two_files_is_refused():
    with pytest.raises(ValueError, match="defined twice"):
        v.quantity("beta", "again", positive=True)(lambda b: b.beta)


def test_points_are_exact():
    point = point_of(batch(0), 2)
    assert point["memories"][0][0] == Fraction(float(batch(0).memories[2, 0, 0]))
