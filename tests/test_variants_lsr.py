"""Log-sum-ReLU energy against naive sums, finite differences, SciPy's minimiser and a search for minima."""

import itertools
import math

import array_api_strict
import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.streams import stream
from simulations.variants import PROPERTIES, VariantError
from simulations.variants import base as base_module
from simulations.variants import variant as find_variant
from simulations.variants.lsr import (
    basin_radius,
    emergent_minima,
    energy,
    exact_step,
    gradient,
    log_sum_relu,
    mean_step,
    printed_basin_radius,
)

quick = settings(deadline=None, derandomize=True, max_examples=60)


def draw(seed, *shape):
    return stream(7, "lsr test", seed).standard_normal(shape)


def naive(memories, x, beta, eps):
    total = sum(
        max(0.0, 1 - beta / 2 * sum((a - b) ** 2 for a, b in zip(row, x, strict=True))) for row in memories
    )
    return -math.log(eps + total) / beta


@quick
@given(st.integers(0, 10**6), st.floats(0.05, 3), st.sampled_from([1e-3, 1.0]))
def test_energy_and_gradient_are_the_definition(seed, beta, eps):
    memories, x = draw(seed, 6, 3), draw(seed + 1, 3)
    assert float(energy(memories, x, beta, eps)) == pytest.approx(naive(memories, x, beta, eps), abs=1e-12)
    rho = math.sqrt(2 / beta)
    if np.min(np.abs(np.linalg.norm(memories - x, axis=1) - rho)) < 1e-4:
        return  # a kink within the differences
    steps = 1e-6 * np.eye(3)
    slope = [(naive(memories, x + s, beta, eps) - naive(memories, x - s, beta, eps)) / 2e-6 for s in steps]
    np.testing.assert_allclose(gradient(memories, x, beta, eps), slope, atol=1e-6 * (1 + 1 / eps))


@quick
@given(st.integers(0, 10**6), st.floats(0.05, 5))
def test_the_mean_step_is_the_centroid_and_never_raises_the_energy(seed, beta):
    memories, x = draw(seed, 7, 2), draw(seed + 1, 2)
    near = [row for row in memories if sum((row - x) ** 2) < 2 / beta]
    moved = mean_step(memories, x, beta)
    np.testing.assert_allclose(moved, np.mean(near, axis=0) if near else x, atol=1e-14)
    for eps in (1e-3, 1.0):
        assert energy(memories, moved, beta, eps) <= energy(memories, x, beta, eps) + 1e-13 / beta
        # It is a gradient step of the size that the docstring names.
        if near:
            total = math.exp(-beta * naive(memories, x, beta, eps))
            np.testing.assert_allclose(
                x - total / len(near) * gradient(memories, x, beta, eps), moved, atol=1e-12
            )
    for _ in range(60):
        x = mean_step(memories, x, beta)
    np.testing.assert_allclose(mean_step(memories, x, beta), x, atol=1e-14)


def test_the_energy_catches_a_mean_over_all_memories():
    """A mean shift that forgets the support, weights 1/M on every memory, goes uphill."""
    memories = np.array([[0.0], [0.1], [10.0]])
    x = np.array([0.05])
    wrong = np.mean(memories, axis=0)
    assert energy(memories, wrong, 2.0, 1e-3) > energy(memories, x, 2.0, 1e-3) + 1
    assert mean_step(memories, x, 2.0)[0] == pytest.approx(0.05)


def test_outside_the_support_nothing_moves():
    memories = draw(1, 4, 3)
    x = np.full(3, 50.0)
    assert energy(memories, x, 1.0) == np.inf
    assert float(energy(memories, x, 2.0, 1e-3)) == pytest.approx(-math.log(1e-3) / 2)
    for eps in (0.0, 1e-3):
        assert not np.any(gradient(memories, x, 1.0, eps))
        assert np.array_equal(exact_step(memories, x, 1.0, 0, eps), x)
    assert np.array_equal(mean_step(memories, x, 1.0), x)
    # On the boundary the memory counts as outside.
    assert np.array_equal(mean_step(np.zeros((1, 1)), np.array([1.0]), 2.0), [1.0])
    assert np.array_equal(mean_step(np.zeros((1, 1)), np.array([1 - 1e-9]), 2.0), [0.0])


@quick
@given(st.integers(0, 10**6), st.floats(0.05, 0.95), st.floats(0, 0.999), st.sampled_from([0.0, 1e-3, 1.0]))
def test_exact_retrieval_within_min_rho_and_r_minus_rho(seed, share, inside, eps):
    """restated.lsr-exact-retrieval."""
    memories = draw(seed, 5, 3)
    gaps = np.linalg.norm(memories[:, None] - memories, axis=-1) + 1e9 * np.eye(5)
    r = float(np.min(gaps))
    rho = share * r
    direction = draw(seed + 1, 3)
    x = memories[2] + inside * min(rho, r - rho) * direction / np.linalg.norm(direction)
    beta = 2 / rho**2
    np.testing.assert_allclose(exact_step(memories, x, beta, 2, eps), memories[2], atol=1e-12)
    np.testing.assert_allclose(mean_step(memories, x, beta), memories[2], atol=1e-14)


@pytest.mark.parametrize(
    ("seed", "d", "beta"), [(1, 1, 2.0), (2, 2, 1.0), (3, 2, 0.4), (4, 3, 0.6), (5, 1, 0.2)]
)
def test_enumerated_minima_are_the_minima_that_searches_find(seed, d, beta):
    memories = draw(seed + 20, 7, d)
    found = emergent_minima(memories, beta)
    rho = math.sqrt(2 / beta)
    for chosen, centre in found:
        np.testing.assert_allclose(centre, memories[list(chosen)].mean(axis=0), atol=1e-14)
        assert not np.any(np.abs(np.linalg.norm(memories - centre, axis=1) - rho) < 1e-9)
        around = centre + 1e-4 * draw(9, 200, d)
        assert np.all(energy(memories, around, beta) > energy(memories, centre, beta))
    # Mean shifts and simplex searches from everywhere end at enumerated minima, and reach all of them.
    grid = np.array(list(itertools.product(np.linspace(-3, 3, 41 if d < 3 else 13), repeat=d)))
    ends = np.concatenate([grid, [c for _, c in found]])
    for _ in range(60):
        ends = mean_step(memories, ends, beta)
    ends = ends[np.isfinite(energy(memories, ends, beta))]
    centres = np.array([c for _, c in found])
    away = np.min(np.linalg.norm(ends[:, None] - centres, axis=-1), axis=1)
    assert np.max(away) < 1e-9
    for start in grid[:: max(1, len(grid) // 8)]:
        got = scipy.optimize.minimize(
            lambda x: naive(memories, x, beta, 1e-3),
            start,
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-13},
        )
        if got.fun < -math.log(1e-3) / beta - 1e-6:
            assert np.min(np.linalg.norm(got.x - centres, axis=1)) < 1e-4


def test_two_memories_merge_in_an_emergent_minimum():
    """At distance 1 and rho^2 = 2/beta: the midpoint is a minimum for rho > 1/2, the memories for rho < 1."""
    memories = np.array([[0.0], [1.0]])
    kinds = {0.45: {(0,), (1,)}, 0.55: {(0,), (1,), (0, 1)}, 0.99: {(0,), (1,), (0, 1)}, 1.01: {(0, 1)}}
    for rho, expected in kinds.items():
        assert {chosen for chosen, _ in emergent_minima(memories, 2 / rho**2)} == expected
    with pytest.raises(ValueError, match="expected at most 20"):
        emergent_minima(np.zeros((21, 1)), 1.0)


@pytest.mark.parametrize("seed", range(5))
def test_within_the_basin_radius_the_mean_step_returns_the_minimum(seed):
    memories, beta = draw(seed + 40, 8, 2), 0.8
    for _, centre in emergent_minima(memories, beta):
        radius = basin_radius(memories, centre, beta)
        u = draw(seed, 100, 2)
        x = centre + (1 - 1e-6) * radius * u / np.linalg.norm(u, axis=1, keepdims=True)
        np.testing.assert_allclose(mean_step(memories, x, beta), np.broadcast_to(centre, x.shape), atol=1e-12)
    with pytest.raises(ValueError, match="expected a point within rho"):
        printed_basin_radius(memories, np.full(2, 99.0), beta)


def test_the_printed_basin_radius_is_too_large_for_a_memory_outside():
    """rho = 1, c = 0 alone in B(0), another memory at 1.2: the sphere of the latter is crossed at 0.2."""
    memories, centre = np.array([[0.0], [1.2]]), np.zeros(1)
    assert basin_radius(memories, centre, 2.0) == pytest.approx(0.2)
    assert printed_basin_radius(memories, centre, 2.0) == pytest.approx(math.sqrt(0.44))
    assert mean_step(memories, np.array([0.199]), 2.0)[0] == 0.0
    assert mean_step(memories, np.array([0.201]), 2.0)[0] == pytest.approx(0.6)


@pytest.mark.parametrize("name", ["lsr", "lsr:eps=1.0", "lsr:eps=0.1,step=0.05"])
def test_symmetries_and_arrays_of_every_kind(name, monkeypatch):
    model = find_variant(name)
    assert model.promises <= set(PROPERTIES)
    memories, query, beta = draw(60, 3, 5, 4), draw(61, 3, 4), np.array([0.2, 0.3, 0.6])
    for a in (memories, query, beta):
        a.flags.writeable = False
    whole, value = model.update(memories, query, beta), model.energy(memories, query, beta)
    assert np.any(whole != query)
    singly = [model.update(memories[i], query[i], float(beta[i])) for i in range(3)]
    np.testing.assert_allclose(whole, np.stack(singly), rtol=1e-12, atol=1e-14)
    turn = np.linalg.qr(draw(62, 4, 4))[0]
    np.testing.assert_allclose(model.update(memories @ turn, query @ turn, beta), whole @ turn, atol=1e-13)
    np.testing.assert_allclose(model.update(memories[:, ::-1], query, beta), whole, atol=1e-14)
    np.testing.assert_allclose(model.update(3 * memories, 3 * query, beta / 9), 3 * whole, atol=1e-13)
    strict = [array_api_strict.asarray(np.array(a)) for a in (memories, query, beta)]
    np.testing.assert_allclose(np.asarray(model.update(*strict)), whole, atol=1e-14)
    np.testing.assert_allclose(np.asarray(model.energy(*strict)), value, atol=1e-13)
    single = model.update(*(a.astype(np.float32) for a in (memories, query, beta)))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, whole, atol=1e-5)
    many = draw(63, 2, 3, 4)
    expected = model.update(np.broadcast_to(memories[0], (2, 3, 5, 4)), many, 0.3)
    monkeypatch.setattr(base_module, "BLOCK", 20)
    np.testing.assert_allclose(model.update(memories[0], many, 0.3), expected, atol=1e-14)


def test_torch_agrees():
    torch = pytest.importorskip("torch")
    memories, query = draw(64, 5, 4), draw(65, 6, 4)
    for name in ("lsr", "lsr:step=0.05"):
        model = find_variant(name)
        for f in (model.update, model.energy):
            got = f(torch.asarray(memories), torch.asarray(query), 0.3)
            np.testing.assert_allclose(got.numpy(), f(memories, query, 0.3), atol=1e-13)


def test_extremes_stay_finite_and_bad_parameters_say_what_was_expected():
    for memories in (np.array([[0.5]]), np.zeros((3, 2)), draw(66, 1, 3)):
        for beta in (1e-12, 1.0, 1e300):
            assert np.array_equal(log_sum_relu().update(memories, memories[0], beta), memories[0])
            assert np.isfinite(log_sum_relu().energy(memories, memories[0], beta))
    for bad in ("eps=-1.0", "step=-0.1", "eps=nan"):
        with pytest.raises(VariantError, match="expected a number not below 0"):
            find_variant("lsr:" + bad)
