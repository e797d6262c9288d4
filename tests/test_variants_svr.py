"""The regression against exact enumeration of its optimality conditions, scikit-learn, cvxpy and mpmath."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from simulations.streams import stream
from simulations.variants import DENSE, variant
from simulations.variants.svr import certificate, readout, solve_svr


def draw(seed, *shape):
    return stream(21, "svr-test", seed).standard_normal(shape)


def gram(points, beta):
    return np.exp(beta * (points @ points.T))


def solve_exactly(rows, right):
    """Gauss elimination on fractions; None if singular."""
    n = len(rows)
    a = [[*row, b] for row, b in zip(rows, right, strict=True)]
    for i in range(n):
        pivot = next((j for j in range(i, n) if a[j][i]), None)
        if pivot is None:
            return None
        a[i], a[pivot] = a[pivot], a[i]
        for j in range(n):
            if j != i:
                factor = a[j][i] / a[i][i]
                a[j] = [u - factor * v for u, v in zip(a[j], a[i], strict=True)]
    return [a[i][n] / a[i][i] for i in range(n)]


def enumerate_states(kernel, target, epsilon, cost):
    """The optimum in rational arithmetic: each multiplier is 0, at -C or C, or free with a sign."""
    n = len(target)
    for states in itertools.product(("zero", "low", "high", -1, 1), repeat=n):
        a = [{"low": -cost, "high": cost}.get(s, Fraction(0)) for s in states]
        free = [i for i in range(n) if isinstance(states[i], int)]
        right = [target[i] - states[i] * epsilon - sum(kernel[i][j] * a[j] for j in range(n)) for i in free]
        found = solve_exactly([[kernel[i][j] for j in free] for i in free], right)
        if found is None:
            continue
        for i, value in zip(free, found, strict=True):
            a[i] = value
        r = [target[i] - sum(kernel[i][j] * a[j] for j in range(n)) for i in range(n)]
        checks = {
            "zero": lambda i, r=r: abs(r[i]) <= epsilon,
            "low": lambda i, r=r: r[i] <= -epsilon,
            "high": lambda i, r=r: r[i] >= epsilon,
            1: lambda i, a=a: 0 < a[i] < cost or (epsilon == 0 and abs(a[i]) < cost),
            -1: lambda i, a=a: -cost < a[i] < 0,
        }
        if all(checks[states[i]](i) for i in range(n)):
            return a
    raise AssertionError("no state meets the conditions")


@pytest.mark.parametrize("epsilon", [0.0, 0.0625, 0.5])
@pytest.mark.parametrize("cost", [0.125, 1.0, 1024.0])
@pytest.mark.parametrize("beta", [0.3, 2.0])
def test_the_optimum_by_exact_enumeration(epsilon, cost, beta):
    memories, shift = draw(1, 4, 2), 0.1 * draw(2, 4, 2)
    solution = solve_svr(memories, beta, shift, epsilon, cost)
    kernel = [[Fraction(float(k)) for k in row] for row in gram(memories + shift, beta)]
    for i in range(2):
        target = [Fraction(float(t)) for t in memories[:, i]]
        exact = enumerate_states(kernel, target, Fraction(epsilon), Fraction(cost))
        np.testing.assert_allclose(
            solution.multipliers[:, i], [float(a) for a in exact], rtol=1e-9, atol=1e-11
        )
    assert np.all(solution.converged)
    assert np.all(solution.gap <= 1e-11 * cost)


def with_bias(memories, beta, epsilon):
    """A wrong solver: interpolation after the mean is taken off, as with an unpenalised bias."""
    centred = memories - np.mean(memories, axis=0)
    return np.linalg.solve(gram(memories, beta), centred)


def test_the_certificate_catches_wrong_multipliers():
    memories = draw(3, 5, 3) + 1
    kernel = gram(memories, 0.7)
    good = solve_svr(memories, 0.7, epsilon=0.01, cost=10.0)
    gap, residual = certificate(kernel, memories, good.multipliers, 0.01, 10.0)
    assert np.all(gap < 1e-9)
    assert np.all(residual < 1e-11)
    for wrong in (with_bias(memories, 0.7, 0.01), 0.5 * good.multipliers, np.zeros((5, 3)), memories):
        gap, residual = certificate(kernel, memories, np.clip(wrong, -10, 10), 0.01, 10.0)
        assert np.all(gap > 1e-2)
        assert np.all(residual > 1e-3)


def test_the_gap_is_primal_minus_dual():
    memories, epsilon, cost = draw(4, 6, 2), 0.05, 0.5
    kernel, a = gram(memories, 1.0), np.clip(draw(5, 6, 2), -cost, cost)
    gap, _ = certificate(kernel, memories, a, epsilon, cost)
    for i in range(2):
        square = a[:, i] @ kernel @ a[:, i] / 2
        primal = square + cost * sum(max(abs(r) - epsilon, 0) for r in memories[:, i] - kernel @ a[:, i])
        dual = memories[:, i] @ a[:, i] - square - epsilon * sum(abs(a[:, i]))
        assert gap[i] == pytest.approx(primal - dual, rel=1e-12)


@pytest.mark.parametrize(("epsilon", "cost"), [(0.01, 0.5), (0.1, 10.0)])
def test_predictions_agree_with_scikit_learn(epsilon, cost):
    svm = pytest.importorskip("sklearn.svm")
    memories, beta = draw(6, 8, 2), 0.8
    kernel = gram(memories, beta)
    # Every pair once more with both signs turned: the bias is then 0, and each loss counts twice.
    double = np.block([[kernel, -kernel], [-kernel, kernel]])
    solution = solve_svr(memories, beta, None, epsilon, cost)
    for i in range(2):
        machine = svm.SVR(kernel="precomputed", C=cost / 2, epsilon=epsilon, tol=1e-9)
        machine.fit(double, np.concatenate([memories[:, i], -memories[:, i]]))
        assert machine.intercept_[0] == pytest.approx(0, abs=1e-6)
        expected = machine.predict(np.hstack([kernel, -kernel]))
        np.testing.assert_allclose(solution.predict(memories)[:, i], expected, atol=1e-6)


@pytest.mark.parametrize(("epsilon", "cost"), [(0.0, 1.0), (0.1, 1.0), (0.05, 30.0)])
def test_the_dual_optimum_agrees_with_cvxpy(epsilon, cost):
    cp = pytest.importorskip("cvxpy")
    memories, beta = draw(7, 12, 1), 0.5
    kernel = gram(memories, beta)
    values, vectors = np.linalg.eigh(kernel)
    root = vectors * np.sqrt(np.maximum(values, 0))
    a = cp.Variable(12)
    objective = cp.sum_squares(root.T @ a) / 2 - memories[:, 0] @ a + epsilon * cp.norm1(a)
    problem = cp.Problem(cp.Minimize(objective), [cp.abs(a) <= cost])
    problem.solve(solver=cp.CLARABEL)
    ours = solve_svr(memories, beta, None, epsilon, cost)
    found = ours.multipliers[:, 0]
    value = found @ kernel @ found / 2 - memories[:, 0] @ found + epsilon * np.sum(np.abs(found))
    assert value == pytest.approx(problem.value, abs=1e-6)
    assert ours.gap[0] < 1e-8


@pytest.mark.parametrize("beta", [0.5, 5.0, 60.0])
def test_without_slack_the_perturbed_points_are_mapped_onto_the_memories(beta):
    memories, shift = draw(8, 6, 3), 0.2 * draw(9, 6, 3)
    solution = solve_svr(memories, beta, shift, 0.0, 1e6)
    np.testing.assert_allclose(solution.predict(memories + shift), memories, rtol=1e-9, atol=1e-10)
    with mpmath.workdps(60):
        kernel = mpmath.matrix(gram(memories + shift, beta).tolist())
        product = kernel * mpmath.matrix(solution.multipliers[:, 0].tolist())
        np.testing.assert_allclose([float(a) for a in product], memories[:, 0], atol=1e-10)
        if beta < 60:
            exact = mpmath.lu_solve(kernel, mpmath.matrix(memories[:, 0].tolist()))
            got = solution.multipliers[:, 0]
            np.testing.assert_allclose(got, [float(a) for a in exact], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("x", [2.0, -0.3, 0.05])
def test_one_memory_in_closed_form(x):
    """a = clip(sign(x) max(|x| - eps, 0) / K, -C, C)."""
    beta, epsilon, cost = 0.9, 0.1, 0.2
    solution = solve_svr(np.array([[x]]), beta, None, epsilon, cost)
    expected = math.copysign(max(abs(x) - epsilon, 0), x) / math.exp(beta * x * x)
    assert solution.multipliers[0, 0] == pytest.approx(min(max(expected, -cost), cost), rel=1e-14)
    assert solution.gap[0] < 1e-14


def test_two_targets_at_one_point_saturate():
    memories = np.array([[1.0], [-1.0]])
    shift = np.array([[-1.0], [1.0]])  # both stored at 0
    solution = solve_svr(memories, 1.0, shift, 0.0, 1e6)
    np.testing.assert_array_equal(np.abs(solution.multipliers), 1e6)
    assert solution.predict(np.array([0.3]))[0] == 0
    assert np.all(solution.converged)
    copies = solve_svr(np.array([[1.0], [1.0], [2.0]]), 0.5, None, 0.0, 1e6)
    np.testing.assert_allclose(copies.predict(np.array([[1.0], [2.0]])), [[1.0], [2.0]], rtol=1e-12)


@pytest.mark.parametrize(("m", "d"), [(2, 8), (20, 2), (50, 8)])
@pytest.mark.parametrize("beta", [0.01, 1.0])
@pytest.mark.parametrize("cost", [0.1, 1e6])
def test_the_catalogue_grid_is_solved_with_a_small_gap(m, d, beta, cost):
    memories = draw(10, m, d)
    solution = solve_svr(memories, beta, 0.05 * draw(11, m, d), 0.1, cost, tol=1e-9)
    scale = cost * m * np.max(np.abs(memories))
    assert np.all(solution.gap <= 1e-8 * scale)
    assert np.all(solution.gap >= 0)


def test_the_readout_with_the_memories_as_multipliers_is_the_dense_model():
    memories, x = draw(12, 7, 3), draw(13, 5, 3)
    for beta in (0.1, 3.0, 1e4):
        expected = DENSE.update(memories, x, beta)
        np.testing.assert_allclose(
            readout(memories, memories, x, beta, True), expected, rtol=1e-12, atol=1e-14
        )
    plain = readout(memories, memories, x, 0.7)
    np.testing.assert_allclose(plain, np.exp(0.7 * x @ memories.T) @ memories, rtol=1e-12)
    assert readout(np.array([[1.0], [-1.0]]), np.array([[30.0], [20.0]]), np.array([40.0]), 1.0)[0] == np.inf


def test_the_model_serves_batches_of_sets_and_temperatures():
    model = variant("svr:epsilon=0.01,cost=100")
    memories, x = draw(14, 3, 4, 2), draw(15, 3, 5, 2)
    beta = np.array([0.5, 1.0, 2.0])
    got = model.update(memories[:, None], x, beta[:, None])
    for i in range(3):
        solution = solve_svr(memories[i], beta[i], None, 0.01, 100.0)
        np.testing.assert_array_equal(got[i], solution.predict(x[i]))
    row = model.update(memories[0], x[0], beta[1]).astype(np.float32)
    low = model.update(memories[0].astype(np.float32), x[0].astype(np.float32), 1.0)
    assert low.dtype == np.float32
    np.testing.assert_allclose(low, row, rtol=1e-2, atol=1e-2)
    each = model.update(memories[0], x[0, :3], beta)
    np.testing.assert_array_equal(each[2], solve_svr(memories[0], 2.0, None, 0.01, 100.0).predict(x[0, 2]))
    swapped = model.update(memories[0][::-1], x[0], 1.0)
    np.testing.assert_allclose(swapped, model.update(memories[0], x[0], 1.0), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: solve_svr(np.ones(3), 1.0), "expected a non-empty"),
        (lambda: solve_svr(np.ones((2, 2)), 1.0, np.ones((2, 3))), "perturbations of its shape"),
        (lambda: solve_svr(np.array([[np.nan]]), 1.0), "expected finite numbers"),
        (lambda: solve_svr(np.ones((1, 1)), 0.0), "beta: expected a finite number above 0, found 0"),
        (lambda: solve_svr(np.ones((1, 1)), 1.0, None, -1.0), "epsilon: expected"),
        (lambda: solve_svr(np.ones((1, 1)), 1e3), "expected at most 700, found 1000"),
        (
            lambda: variant("svr").update(np.ones((1, 1)), np.ones(1, dtype=object), 1.0),
            "query: expected a NumPy",
        ),
        (lambda: variant("svr:cost=0"), "cost: expected a finite number above 0"),
        (lambda: variant("svr:epsilon=nan"), "epsilon: expected a finite number of at least 0"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
