"""What every variant with weights has to pass: namespaces, batches, derivatives, descent, hard inputs."""

import math

import array_api_strict
import numpy as np
import pytest

from simulations.retrieval import retrieve
from simulations.streams import stream
from simulations.variants import jacobian, log_retrieval_error, retrieval_error, update


def draw(seed, *shape):
    return stream(5, "simplex", seed).standard_normal(shape)


def functions(variant):
    found = {
        "update": lambda m, q, b, t: update(variant, m, q, b),
        "energy": lambda m, q, b, t: variant.energy(m, q, b),
        "error": lambda m, q, b, t: retrieval_error(variant, m, q, b, t),
        "log error": lambda m, q, b, t: log_retrieval_error(variant, m, q, b, t),
    }
    if variant.response or variant.jacobian:
        found["jacobian"] = lambda m, q, b, t: jacobian(variant, m, q, b)
    return found


def check_namespaces(variant, torch=None, tol=1e-12):
    """Batches agree with single calls, read-only NumPy with array-api-strict and torch."""
    memories, query, target = draw(8, 3, 5, 4), draw(9, 3, 4), np.array([0, 4, 2])
    beta = np.array([0.3, 1.0, 3.0])
    for a in (memories, query, target, beta):
        a.flags.writeable = False
    libraries = [lambda a: array_api_strict.asarray(np.array(a))]
    if torch is not None:
        libraries.append(lambda a: torch.asarray(np.array(a)))
    for name, f in functions(variant).items():
        whole = f(memories, query, beta, target)
        singly = [f(memories[i], query[i], float(beta[i]), np.asarray(target[i])) for i in range(3)]
        np.testing.assert_allclose(whole, np.stack(singly), rtol=tol, atol=tol, err_msg=name)
        shared = f(memories[0], query, beta, target)
        singly = [f(memories[0], query[i], float(beta[i]), np.asarray(target[i])) for i in range(3)]
        np.testing.assert_allclose(shared, np.stack(singly), rtol=tol, atol=tol, err_msg=name)
        for make in libraries:
            other = np.asarray(f(*(make(a) for a in (memories, query, beta, target))))
            np.testing.assert_allclose(other, whole, rtol=tol, atol=tol, err_msg=name)
            single = [make(a.astype(np.float32)) for a in (memories, query, beta)]
            got = np.asarray(f(*single, make(target)))
            assert got.dtype == np.float32, name
            # Where a weight enters or leaves, a root of the rounding may remain.
            np.testing.assert_allclose(got, whole, rtol=1e-3, atol=1e-3, err_msg=name)


def slopes(function, x, h=1e-6):
    return np.stack([(function(x + s) - function(x - s)) / (2 * h) for s in h * np.eye(len(x))], axis=-1)


def check_retrieval(variant, beta=0.8):
    """Shared, grouped and repeated memories, polished or not, lead to the same fixed points."""
    memories, query = draw(20, 6, 3), draw(21, 2, 4, 3)
    plain = retrieve(variant, memories, query, beta, record_energy=True)
    assert np.all(plain.converged)
    moved = update(variant, memories, plain.state, beta)
    np.testing.assert_allclose(moved, plain.state, atol=1e-12)
    assert np.all(np.diff(plain.energies, axis=0) <= 1e-13)
    for shape in ((2, 1, 6, 3), (2, 4, 6, 3)):
        other = retrieve(variant, np.broadcast_to(memories, shape), query, beta, polish=True)
        np.testing.assert_allclose(other.state, plain.state, atol=1e-9)


def derivative_mismatches(variant, beta, seed=1):
    """Largest differences of (gradient of E, x - T) and of (Jacobian, differences of T)."""
    memories, x = draw(seed, 6, 4), 0.3 * draw(seed + 50, 4) / max(1.0, beta)
    moved = update(variant, memories, x, beta)
    first = np.max(np.abs(slopes(lambda y: variant.energy(memories, y, beta), x) - (x - moved)))
    if not (variant.response or variant.jacobian):
        return first, 0.0
    numeric = slopes(lambda y: update(variant, memories, y, beta), x)
    return first, np.max(np.abs(jacobian(variant, memories, x, beta) - numeric)) / (
        1 + np.max(np.abs(numeric))
    )


def worst_descent(variant, beta, seed=3, count=200):
    """Smallest E(x) - E(T(x)) - |x - T(x)|^2/2, relative to the energies."""
    memories, x = draw(seed, 7, 3), 2 * draw(seed + 50, count, 3)
    y = update(variant, memories, x, beta)
    before, after = variant.energy(memories, x, beta), variant.energy(memories, y, beta)
    drop = before - after - np.sum((x - y) ** 2, axis=-1) / 2
    return float(np.min(drop / (1 + np.abs(before) + np.abs(after))))


def check_equivariance(variant, order=True, beta=1.3):
    memories, x = draw(30, 6, 4), draw(31, 4)
    turn = np.linalg.qr(draw(32, 4, 4))[0]
    base = update(variant, memories, x, beta)
    np.testing.assert_allclose(update(variant, memories @ turn.T, turn @ x, beta), turn @ base, atol=1e-12)
    np.testing.assert_allclose(update(variant, 3 * memories, 3 * x, beta / 9), 3 * base, atol=1e-12)
    orders = ([5, 4, 0, 2, 1, 3], [0, 2, 4, 1, 3, 5], [3, 0, 5, 1, 4, 2])
    moved = [update(variant, memories[o], x, beta) for o in orders]
    assert np.allclose(moved, base, atol=1e-12) == order


def check_contraction(variant, seed=40):
    """Hold difference quotients of the weights against the constant; return the largest, relative to it."""
    rng = stream(seed, "contraction")
    worst = 0.0
    for size in (2, 3, 5):
        v = rng.standard_normal((400, size)) * rng.choice([0.1, 0.5, 1.0], (400, 1))
        w = v + 1e-3 * rng.standard_normal((400, size))
        gap = np.linalg.norm(variant.weights(v, np) - variant.weights(w, np), axis=-1)
        worst = max(worst, float(np.max(gap / np.linalg.norm(v - w, axis=-1))))
    assert worst <= variant.lipschitz * (1 + 1e-9)
    return worst / variant.lipschitz


HARD = [
    [[0.0, 0.0, 0.0, 0.0]],
    [[0.0, -0.0, -1e-40, -3.0]],
    [[1.0, 1 - 2.0**-20, 0.0, 0.0]],
    [[700.0, -40.0, 0.0, 699.0]],
    [[-1e5, -1e5 - 1, -1e5, -1e5 - 0.5]],
    [[1e30, -1e30, 1e30, 0.0]],
    [[0.0, -745.0, -80.0, -1e-300]],
]


def check_hard_scores(variant, total=1.0):
    """Finite weights with the right sum and matching logarithms, in the type of the scores; nan stays."""
    for dtype, huge in ((np.float64, 1e300), (np.float32, 1e36)):
        for scores in (np.array(v, dtype=dtype) for v in [*HARD, [[huge, -huge, huge, 0.0]]]):
            p, log = variant.weights(scores, np), variant.log_weights(scores, np)
            assert p.dtype == log.dtype == dtype
            assert np.all(p >= 0)
            assert total is None or np.sum(p) == pytest.approx(total, rel=1e-5)
            np.testing.assert_allclose(np.exp(log), p, rtol=2e-5, atol=1e-37)
            if variant.response:
                w, k = variant.response(scores, np)
                assert w.dtype == k.dtype == dtype
                assert np.all(np.isfinite(w))
                assert np.all(np.isfinite(k))
        assert np.any(np.isnan(variant.weights(np.array([[0.0, math.nan, 1.0]], dtype=dtype), np)))


def check_single_memory(variant, weight=1.0):
    """M = 1 and d = 1."""
    memories, x = np.array([[2.0]]), np.array([0.25])
    assert update(variant, memories, x, 1.5)[0] == pytest.approx(2 * weight, rel=1e-15)
    if variant.surplus is None:
        assert retrieval_error(variant, memories, x, 1.5, np.asarray(0)) == 0
