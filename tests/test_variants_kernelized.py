"""Kernelized models against loops, the plain model, exact rationals and finite differences."""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
from array_kinds import convert
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.exact import exact_array
from simulations.retrieval import retrieve
from simulations.streams import stream
from simulations.variants import DENSE, SPARSE, VariantError, log_retrieval_error, variant
from simulations.variants.kernelized import kernelized, retrieve_in_feature_space
from simulations.variants.linear import linear
from simulations.variants.prf import prf
from simulations.variants.topk import topk

quick = settings(deadline=None, derandomize=True, max_examples=40)
ENTMAX = variant("entmax:alpha=1.5")


def draw(seed, *shape):
    return stream(31, "kernelized-test", seed).standard_normal(shape)


def kernel_values(w, memories, x):
    """K(xi_mu, x) = sum_r (sum_i W_ri xi_i)(sum_i W_ri x_i), by loops."""

    def phi(y):
        return [sum(float(a) * float(b) for a, b in zip(row, y, strict=True)) for row in w]

    return np.array([sum(a * b for a, b in zip(phi(row), phi(x), strict=True)) for row in memories])


MAPS = {
    "wide": draw(1, 7, 3),
    "narrow": draw(2, 2, 3),
    "rank one": np.outer(draw(3, 4), draw(4, 3)),
    "badly conditioned": np.diag([1.0, 1e-3, 1e-8]),
}


@pytest.mark.parametrize("separation", [DENSE, SPARSE, ENTMAX, topk(2)], ids=lambda v: v.name)
@pytest.mark.parametrize("w", MAPS.values(), ids=MAPS)
def test_update_is_the_formula(w, separation):
    model, memories, x = kernelized(w, separation), draw(5, 6, 3), draw(6, 3)
    z = kernel_values(w, memories, x)
    np.testing.assert_allclose(model.scores(memories, x, 1.4), 1.4 * z, rtol=1e-10, atol=1e-13)
    expected = separation.weights(1.4 * z, np) @ memories
    np.testing.assert_allclose(model.update(memories, x, 1.4), expected, rtol=1e-8, atol=1e-10)


def test_the_formula_catches_a_map_that_is_applied_once():
    w, memories, x = np.diag([1.0, 2.0, 0.5]), draw(5, 6, 3), draw(6, 3)
    once = dataclasses.replace(DENSE, similarity=lambda m, q, xp: (m @ w.T) @ q)
    expected = DENSE.weights(1.4 * kernel_values(w, memories, x), np) @ memories
    assert np.max(np.abs(kernelized(w, DENSE).update(memories, x, 1.4) - expected)) < 1e-14
    assert np.max(np.abs(once.update(memories, x, 1.4) - expected)) > 0.01


@pytest.mark.parametrize("separation", [DENSE, SPARSE], ids=lambda v: v.name)
@pytest.mark.parametrize("w", MAPS.values(), ids=MAPS)
def test_the_energy_descends_in_feature_space_and_has_the_gradient_of_the_theory(w, separation):
    model, beta, h = kernelized(w, separation), 1.7, 1e-5
    memories, gram = draw(7, 5, 3), w.T @ w
    for i in range(30):
        x = draw(100 + i, 3)
        y = model.update(memories, x, beta)
        drop = float(model.energy(memories, x, beta) - model.energy(memories, y, beta))
        assert drop >= np.sum((w @ (x - y)) ** 2) / 2 - 1e-12 * (1 + np.sum((w @ x) ** 2))
        slope = [
            float(model.energy(memories, x + s, beta) - model.energy(memories, x - s, beta)) / (2 * h)
            for s in h * np.eye(3)
        ]
        np.testing.assert_allclose(slope, gram @ (x - y), rtol=1e-4, atol=1e-6)
    assert "descent" not in model.promises
    assert "gradient" not in model.promises
    assert "monotone" in model.promises


def test_the_descent_in_input_space_would_be_too_much_to_promise():
    """Where W shrinks a direction, the energy falls by less than half the squared step."""
    model, memories = kernelized(np.array([[0.1]]), DENSE), np.array([[1.0], [-1.0]])
    x = np.array([3.0])
    y = model.update(memories, x, 1.0)
    drop = float(model.energy(memories, x, 1.0) - model.energy(memories, y, 1.0))
    assert 0 < drop < np.sum((x - y) ** 2) / 2


@quick
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 4), st.integers(1, 4), st.floats(0.05, 50))
def test_both_ways_to_retrieve_agree(seed, m, d, size, beta):
    rng = stream(seed, "readings")
    memories, x = rng.standard_normal((m, d)), rng.standard_normal(d)
    w = rng.standard_normal((size, d)) / math.sqrt(size)
    for separation in (DENSE, SPARSE):
        model, state = kernelized(w, separation), x
        for steps in (1, 2, 3):
            state = model.update(memories, state, beta)
            found, feature = retrieve_in_feature_space(w, separation, memories, x, beta, steps)
            # Chaotic growth of rounding is bounded by (beta |Y|^2)^steps.
            growth = max(1.0, beta * np.linalg.norm(memories @ w.T, 2) ** 2) ** steps
            assert np.max(np.abs(found - state)) <= 1e-14 * growth * (1 + np.max(np.abs(memories)))
            np.testing.assert_allclose(feature, w @ found, atol=1e-13)


def test_normalised_features_are_another_model():
    memories, x, w = draw(8, 5, 3) * 2, draw(9, 3), draw(10, 4, 3)
    unit = memories @ w.T / np.linalg.norm(memories @ w.T, axis=1, keepdims=True)
    y = w @ x / np.linalg.norm(w @ x)
    expected = DENSE.weights(2.0 * unit @ y, np) @ memories
    found, feature = retrieve_in_feature_space(w, DENSE, memories, x, 2.0, 1, normalise=True)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(feature, DENSE.update(unit, y, 2.0), rtol=1e-12)
    assert np.max(np.abs(feature - w @ found)) > 0.1


def test_identity_is_the_plain_model():
    memories, x = draw(11, 6, 4), draw(12, 9, 4)
    for name, separation in (("dense", DENSE), ("sparse", SPARSE)):
        model = variant(f"kernelized:separation={name}")
        plain = retrieve(separation, memories, x, 2.0)
        found = retrieve(model, memories, x, 2.0, record_energy=True)
        np.testing.assert_allclose(found.state, plain.state, atol=1e-10)
        assert np.all(np.diff(found.energies, axis=0) <= 1e-12)
        errors = log_retrieval_error(model, memories, x[:6], 2.0, np.arange(6))
        expected = log_retrieval_error(separation, memories, x[:6], 2.0, np.arange(6))
        np.testing.assert_allclose(errors, expected, rtol=1e-12)


def test_limits_of_a_singular_map_are_fixed_points():
    memories, x = draw(13, 5, 3), draw(14, 20, 3)
    found = retrieve(kernelized(MAPS["rank one"], DENSE), memories, x, 3.0)
    assert np.all(found.converged)


def test_exact_margin_and_rational_arithmetic():
    w = np.array([[2.0, 0.0], [0.5, 1.0]])
    rows = [[1, 0], [0, 1], [1, 1]]
    memories, x = exact_array(rows), exact_array([Fraction(1, 3), Fraction(1, 7)])
    a = [[Fraction(17, 4), Fraction(1, 2)], [Fraction(1, 2), Fraction(1)]]  # W^T W
    moved = [sum(a[i][j] * x[j].fraction for j in range(2)) for i in range(2)]
    z = [sum(r * m for r, m in zip(row, moved, strict=True)) for row in rows]
    model = kernelized(w, SPARSE)
    assert [s.fraction for s in model.scores(memories, x, 1)] == z
    # The two largest scores differ by 1 exactly at beta = 1/gap: the best memory alone is kept.
    gap = sorted(z)[-1] - sorted(z)[-2]
    best = rows[z.index(max(z))]
    assert list(model.update(memories, x, exact_array(1 / gap))) == best
    assert list(model.update(memories, x, exact_array(1 / (gap * (1 + Fraction(1, 10**20)))))) != best
    fractions = np.array([[Fraction(2), Fraction(0)], [Fraction(1, 2), Fraction(1)]], dtype=object)
    assert list(kernelized(fractions, SPARSE).update(memories, x, exact_array(1))) == list(
        model.update(memories, x, exact_array(1))
    )


def test_the_lipschitz_constant_covers_the_map():
    w, memories, beta = 1.7 * draw(15, 4, 3), draw(16, 5, 3), 0.8
    model = kernelized(w, DENSE)
    assert model.lipschitz == pytest.approx(0.5 * np.linalg.norm(w, 2) ** 2)
    assert kernelized(0.1 * np.eye(3), DENSE).lipschitz == 0.5
    bound = beta * model.lipschitz * np.linalg.norm(memories, 2) ** 2
    for i in range(40):
        x, y = draw(200 + i, 3) / 10, draw(300 + i, 3) / 10
        moved = np.linalg.norm(model.update(memories, x, beta) - model.update(memories, y, beta))
        assert moved <= bound * np.linalg.norm(x - y)
    assert "contraction" in model.promises
    assert "contraction" not in variant("kernelized").promises


@pytest.mark.parametrize("kind", ["read-only", "strict", "torch"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["kernelized:map=random,size=5", "kernelized:map=random,separation=sparse"])
def test_backends_and_batches_agree(kind, dtype, name):
    model, tolerance = variant(name), 1e-12 if dtype == "float64" else 1e-5
    memories, query, beta = draw(17, 4, 6, 3), draw(18, 4, 3), np.array([0.5, 2.0, 7.0, 1.0])
    one = [model.update(memories[i], query[i], beta[i]) for i in range(4)]
    energies = [float(model.energy(memories[i], query[i], beta[i])) for i in range(4)]
    arrays = [convert(kind, a.astype(dtype)) for a in (memories, query, beta)]
    got = model.update(*arrays)
    assert str(got.dtype).endswith(dtype)
    np.testing.assert_allclose(np.asarray(got), one, rtol=tolerance, atol=tolerance)
    found = np.asarray(model.energy(*arrays))
    np.testing.assert_allclose(found, energies, rtol=tolerance, atol=tolerance)
    state, _ = retrieve_in_feature_space(np.eye(3), DENSE, *arrays, 2, True)
    assert state.shape == (4, 3)


def test_edges_and_bad_input():
    model = kernelized(np.array([[1e5]]), DENSE)
    assert list(model.update(np.array([[2.0]]), np.array([-1.0]), 1e200)) == [2.0]
    eye, one = np.eye(2), np.ones(2)
    for call, message in (
        (lambda: kernelized(eye, linear()).update(np.eye(3), np.ones(3), 1.0), "a matrix with 3 columns"),
        (lambda: kernelized(one, DENSE), "expected a matrix"),
        (lambda: kernelized(eye, prf()), "expected a model with weights of scores"),
        (lambda: retrieve_in_feature_space(eye, DENSE, eye, one, 1.0, 0), "steps: expected"),
        (lambda: retrieve_in_feature_space(eye, DENSE, eye, 0 * one, 1.0, 1, True), "of positive length"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    for name, message in (
        ("kernelized:map=affine", "map: expected identity or random"),
        ("kernelized:size=-1", "size: expected at least 0"),
        ("kernelized:separation=nothing", "expected one of dense"),
        ("kernelized:separation=svr", "expected a model with weights of scores"),
    ):
        with pytest.raises(VariantError, match=message):
            variant(name)
