"""The best linear map with unit features: closed forms, an independent solver, tampered certificates."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations import linear_maps, normalised_maps
from simulations.feature_maps.losses import pair_lse
from simulations.feature_maps.minimisers import best_map
from simulations.rational_matrices import is_semidefinite
from simulations.rational_sets import KINDS, memory_set, with_signs
from simulations.streams import stream

Rows = list[list[Fraction]]


def rational_unit(count: int, d: int, seed: int = 0, half: bool = False) -> Rows:
    """Distinct rational unit vectors by stereographic projection."""
    rng = stream(seed, "test linear maps", count, d)
    found: Rows = []
    while len(found) < count:
        p = [Fraction(int(k), 8) for k in rng.integers(-10, 11, d - 1)]
        square = sum((x * x for x in p), Fraction(0))
        u = [*(2 * x / (square + 1) for x in p), (1 - square) / (1 + square)]
        if rng.random() < 0.5 and not half:
            u = [-x for x in u]
        if half and u[-1] <= 0:
            continue
        if u not in found:
            found.append(u)
    return found


def floats(rows: Any) -> Any:
    return np.array([[float(x) for x in row] for row in rows])


def best_cosine(found: linear_maps.Certificate) -> tuple[float, float]:
    return float(found.lower), float(found.upper)


@pytest.mark.parametrize(("d", "count"), [(2, 2), (3, 2), (3, 3), (5, 4), (6, 6)])
def test_independent_memories_reach_the_simplex(d: int, count: int) -> None:
    memories = rational_unit(count, d)
    assert len(linear_maps.independent(memories)) == count
    low, high = best_cosine(linear_maps.optimal_map(memories))
    assert low <= -1 / (count - 1) + 1e-12 <= high + 2e-12
    assert high - low < 1e-6


@pytest.mark.parametrize(("d", "count"), [(2, 3), (2, 6), (3, 6), (3, 9), (4, 11)])
def test_enough_memories_allow_isometries_only(d: int, count: int) -> None:
    memories = rational_unit(count, d)
    assert linear_maps.freedom(memories) == 0
    found = linear_maps.optimal_map(memories)
    gram = floats(memories) @ floats(memories).T
    assert found.lower == found.upper
    assert float(found.upper) == pytest.approx(np.max(gram - 3 * np.eye(count)), abs=1e-14)
    assert np.array_equal(floats(found.matrix), np.eye(d))


@given(st.integers(2, 5), st.integers(2, 14), st.integers(0, 50))
@settings(deadline=None, derandomize=True, max_examples=30)
def test_dimension_of_the_feasible_set(d: int, count: int, seed: int) -> None:
    """The matrices xi xi^T span as many dimensions as the Gram matrix with squared entries has rank."""
    memories = rational_unit(min(count, 9) if d == 2 else count, d, seed)
    gram = floats(memories) @ floats(memories).T
    span = np.linalg.matrix_rank(gram * gram, tol=1e-8)
    assert linear_maps.freedom(memories) == d * (d + 1) // 2 - span


@pytest.mark.parametrize(("d", "count", "seed"), [(3, 4, 0), (3, 5, 1), (4, 6, 0), (5, 8, 2), (6, 12, 0)])
def test_against_an_independent_solver(d: int, count: int, seed: int) -> None:
    cvxpy = pytest.importorskip("cvxpy")
    memories = rational_unit(count, d, seed)
    found = linear_maps.optimal_map(memories)
    x = floats(memories)
    a, t = cvxpy.Variable((d, d), PSD=True), cvxpy.Variable()
    gram = x @ a @ x.T
    i, j = np.triu_indices(count, 1)
    problem = cvxpy.Problem(cvxpy.Minimize(t), [gram[i, j] <= t, cvxpy.diag(gram) == 1])
    problem.solve(solver="CLARABEL")
    assert problem.value == pytest.approx(float(found.upper), abs=2e-6)
    assert float(found.upper - found.lower) < 1e-6
    y = x @ np.linalg.cholesky(floats(found.matrix) + 1e-13 * np.eye(d))
    assert np.sum(y * y, axis=1) == pytest.approx(np.ones(count), abs=1e-9)
    assert np.max((y @ y.T)[i, j]) == pytest.approx(float(found.upper), abs=1e-9)


def test_no_feasible_matrix_beats_the_lower_bound() -> None:
    """Points of the feasible set, met by walking along its directions until the cone ends."""
    memories = rational_unit(5, 4)
    x, found = floats(memories), linear_maps.optimal_map(memories)
    outer = np.einsum("ma,mb->mab", x, x).reshape(5, -1)
    rng = stream(1, "walk")
    i, j = np.triu_indices(5, 1)
    best = 1.0
    for _ in range(400):
        b = rng.standard_normal((4, 4))
        b = (b + b.T).ravel()
        b = (b - np.linalg.pinv(outer) @ (outer @ b)).reshape(4, 4)
        reach = -1 / np.linalg.eigvalsh(b)[0]
        a = np.eye(4) + rng.random() * reach * b
        assert np.einsum("ma,ab,mb->m", x, a, x) == pytest.approx(np.ones(5), abs=1e-9)
        best = min(best, float(np.max((x @ a @ x.T)[i, j])))
    assert best >= float(found.lower)
    assert best > float(found.upper)


def test_tampered_certificates_are_refused() -> None:
    memories = rational_unit(5, 3)
    good = linear_maps.optimal_map(memories)
    assert linear_maps.defect(memories, good) == ""
    small = Fraction(1, 10**6)
    higher = (good.shifts[0] + small, *good.shifts[1:])
    bad = {
        "lower bound": dataclasses.replace(good, lower=good.lower + small),
        "semidefinite": dataclasses.replace(good, shifts=higher, lower=good.lower + small),
        "max cosine": dataclasses.replace(good, upper=good.upper - small),
        "probability": dataclasses.replace(good, weights=tuple(2 * w for w in good.weights)),
        "length": dataclasses.replace(
            good, matrix=tuple(tuple(x * (1 - small) for x in row) for row in good.matrix)
        ),
        "sizes": dataclasses.replace(good, shifts=good.shifts[:-1]),
    }
    for word, certificate in bad.items():
        assert word in linear_maps.defect(memories, certificate)
    assert linear_maps.defect(rational_unit(5, 3, seed=9), good)


@pytest.mark.parametrize("rows", [[[1, 0]], [[1, 0], [Fraction(1, 2), Fraction(1, 2)]]])
def test_memories_must_be_unit_vectors(rows: Any) -> None:
    with pytest.raises(ValueError, match="squared norm is exactly 1"):
        linear_maps.optimal_map(rows)


@given(st.integers(2, 5), st.integers(1, 5), st.integers(0, 10**6))
@settings(deadline=None, derandomize=True)
def test_semidefinite_by_elimination(d: int, rank: int, seed: int) -> None:
    from flint import fmpq, fmpq_mat

    rng = stream(seed, "psd")
    half = rng.integers(-3, 4, (min(rank, d), d))
    a = fmpq_mat((half.T @ half).tolist())
    assert is_semidefinite(a)
    values, vectors = np.linalg.eigh((half.T @ half).astype(float))
    direction = np.round(100 * vectors[:, 0]).astype(int)
    # Lowered along its softest direction by more than that eigenvalue, the matrix is indefinite.
    gap = fmpq(int(10**6 * (values[0] + 0.1) / (direction @ direction)), 10**6)
    lowered = a - fmpq_mat(np.outer(direction, direction).tolist()) * gap * 2
    assert not is_semidefinite(lowered)


def test_half_space_and_its_alternative() -> None:
    for d, count in ((2, 3), (3, 8), (8, 40)):
        memories = rational_unit(count, d, half=True)
        kind, u = linear_maps.half_space(memories)
        assert kind == "normal"
        assert all(sum(a * b for a, b in zip(u, row, strict=True)) > 0 for row in memories)
    square = [[1, 0], [-1, 0], [0, 1]]
    triangle = [[1, 0], [Fraction(-3, 5), Fraction(4, 5)], [Fraction(-3, 5), Fraction(-4, 5)]]
    for memories in (square, triangle, rational_unit(12, 3), rational_unit(30, 5)):
        kind, c = linear_maps.half_space(memories)
        assert kind == "balance"
        assert min(c) >= 0
        assert max(c) > 0
        for k in range(len(memories[0])):
            assert sum(x * row[k] for x, row in zip(c, memories, strict=True)) == 0


def test_dependency_of_d_plus_one_memories() -> None:
    memories = rational_unit(5, 4, seed=3)
    c = linear_maps.dependency(memories)
    assert c[0] == 1
    assert all(sum(x * row[k] for x, row in zip(c, memories, strict=True)) == 0 for k in range(4))
    with pytest.raises(ValueError, match="expected d"):
        linear_maps.dependency(memories[:4])
    with pytest.raises(ValueError, match="independent"):
        linear_maps.dependency([[1, 0], [-1, 0], [0, 1]])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("d", "count"), [(2, 2), (2, 6), (3, 12), (8, 20)])
def test_rational_sets_are_what_they_are_called(kind: str, d: int, count: int) -> None:
    rows = memory_set(kind, d, count, 1)
    assert len(set(rows)) == count
    assert all(sum(x * x for x in row) == 1 for row in rows)
    if kind == "half-space":
        assert all(row[-1] > 0 for row in rows)
    if kind == "non-negative":
        assert all(min(row) >= 0 for row in rows)
    if kind == "both signs":
        assert all(tuple(-x for x in row) in rows for row in rows)
    assert rows != memory_set(kind, d, count, 2)
    with pytest.raises(ValueError, match="d >= 2"):
        memory_set(kind, 1, 2)


@pytest.mark.parametrize(("d", "positive"), [(2, 1), (3, 4), (5, 2)])
def test_signs_of_the_dependency(d: int, positive: int) -> None:
    memories = with_signs(d, positive)
    c = linear_maps.dependency(memories)
    assert [x > 0 for x in c] == [i < positive for i in range(d + 1)]
    kind, _ = linear_maps.half_space(memories)
    assert kind == ("balance" if positive == d + 1 else "normal")


# -- normalised features -------------------------------------------------------------------------------


def largest_cosine(y: Any) -> float:
    y = y / np.linalg.norm(y, axis=1, keepdims=True)
    return float(np.max(y @ y.T - 3 * np.eye(len(y))))


@pytest.mark.parametrize(("kind", "d", "count"), [("any", 2, 5), ("any", 3, 8), ("half-space", 3, 6)])
def test_normalised_optimum_against_many_starts(kind: str, d: int, count: int) -> None:
    memories = memory_set(kind, d, count)
    found = normalised_maps.best_normalised(memories)
    assert 0 <= found.lower <= found.upper <= found.lower + Fraction(1, 100)
    a = floats(found.matrix)
    x = floats(memories)
    assert largest_cosine(x @ np.linalg.cholesky(a)) == pytest.approx(float(found.upper), abs=1e-7)
    stages = [partial(pair_lse, tau=tau) for tau in (0.3, 0.1, 0.03, 0.01)]
    w, _ = best_map(stages, x, d + 1, starts=12)
    reached = largest_cosine(x @ w.T)
    assert float(found.lower) <= reached
    assert reached == pytest.approx(float(found.upper), abs=0.02)
    for k in range(200):
        assert largest_cosine(x @ stream(k, "any map").standard_normal((d, d))) > float(found.lower)


def test_normalised_optimum_in_the_plane_by_a_grid() -> None:
    """A up to scale is a point of the disc: (1 + x, y; y, 1 - x)."""
    memories = memory_set("any", 2, 6)
    found = normalised_maps.best_normalised(memories)
    v = floats(memories)
    axis = np.linspace(-1, 1, 161)
    best = 2.0
    for x in axis:
        for y in axis:
            if x * x + y * y < 0.999:
                root = np.linalg.cholesky(np.array([[1 + x, y], [y, 1 - x]]))
                best = min(best, largest_cosine(v @ root))
    assert float(found.lower) <= best <= float(found.upper) + 0.02


def test_three_axes_of_the_plane_become_a_hexagon() -> None:
    found = normalised_maps.best_normalised(memory_set("both signs", 2, 6))
    assert float(found.lower) == pytest.approx(0.5, abs=1e-6)
    assert float(found.upper) == pytest.approx(0.5, abs=1e-6)


def test_tampered_normalised_certificates_are_refused() -> None:
    memories = memory_set("any", 3, 8)
    good = normalised_maps.best_normalised(memories)
    assert normalised_maps.normalised_defect(memories, good) == ""
    bad = {
        "slack": dataclasses.replace(good, lower=good.upper + Fraction(1, 1000)),
        "upper": dataclasses.replace(good, upper=good.upper - Fraction(1, 10**6)),
        "negative": dataclasses.replace(good, lower=Fraction(-1, 10)),
        "sizes": dataclasses.replace(good, lengths=good.lengths[1:]),
        "positive definite": dataclasses.replace(good, matrix=tuple((0, 0, 0) for _ in range(3))),
    }
    for word, certificate in bad.items():
        assert word in normalised_maps.normalised_defect(memories, certificate)


def test_no_certificate_where_the_optimum_is_negative_or_degenerate() -> None:
    for memories in (memory_set("any", 3, 3), memory_set("any", 2, 3)):
        with pytest.raises(ArithmeticError, match="normalised maps"):
            normalised_maps.best_normalised(memories)
