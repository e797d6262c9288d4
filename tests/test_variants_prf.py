"""Positive random features against the exact kernel with exact bounds, 50 digits and plain sums."""

import math

import mpmath
import numpy as np
import pytest
import scipy.special
import scipy.stats
from array_kinds import convert

from bounds.exact import exact_array
from simulations.streams import stream
from simulations.variants import DENSE, log_retrieval_error, variant
from simulations.variants.prf import directions, log_kernel, prf

# Nearly opposite: the variance is small and the normalisation exp(-|y|^2/2) matters.
X, Y = np.array([1.0, -0.5, 0.5, 0.0]), np.array([-0.8, 0.6, -0.3, 0.2])


def terms(w, y, x, beta):
    """The independent estimates of exp(beta <y, x>), one per direction, written out."""
    both = math.sqrt(beta) * (y + x)
    return np.exp(w @ both - beta * (y @ y + x @ x) / 2)


def mean_is_within_chebyshev(samples, y, x, beta):
    """Chance of a failure at most 1/900: the variance of one estimate is known exactly.

    It is (exp(beta |x+y|^2) - 1) exp(2 beta <y,x>).
    """
    true = math.exp(beta * (y @ x))
    variance = math.expm1(beta * np.sum((x + y) ** 2)) * true**2 / len(samples)
    return abs(np.mean(samples) - true) <= 30 * math.sqrt(variance)


@pytest.mark.parametrize("orthogonal", [False, True])
@pytest.mark.parametrize("beta", [0.25, 1.0])
def test_the_kernel_estimate_is_unbiased(orthogonal, beta):
    # The directions of one block have each the law N(0, I) and are, for this estimate, negatively
    # correlated (test below): the variance of independent ones bounds theirs.
    w = np.concatenate([directions(4, 4096, orthogonal, seed) for seed in range(64)])
    assert mean_is_within_chebyshev(terms(w, Y, X, beta), Y, X, beta)
    assert not mean_is_within_chebyshev(np.exp(math.sqrt(beta) * w @ (X + Y)), Y, X, beta)  # no -|y|^2/2
    assert not mean_is_within_chebyshev(terms(2 * w, Y, X, beta), Y, X, beta)


@pytest.mark.parametrize("orthogonal", [False, True])
def test_the_law_of_one_direction_is_gaussian(orthogonal):
    first = np.stack([directions(3, 3, orthogonal, seed)[1] for seed in range(3000)])
    u = np.array([2.0, -1.0, 0.5]) / math.sqrt(5.25)
    for level in (-1.0, 0.0, 0.7):
        hits = int(np.sum(first @ u <= level))
        assert scipy.stats.binomtest(hits, 3000, float(scipy.stats.norm.cdf(level))).pvalue > 1e-6
    lengths = np.sum(first**2, axis=1)
    assert scipy.stats.kstest(lengths, scipy.stats.chi2(3).cdf).pvalue > 1e-6


def test_directions_are_orthogonal_in_blocks_and_kept():
    w = directions(4, 10, True, 0)
    for block in (w[:4], w[4:8], w[8:]):
        gram = block @ block.T
        np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-14 * np.max(gram))
    assert abs(w[0] @ w[4]) > 1e-3
    assert directions(4, 10, True, 0) is w
    assert not w.flags.writeable
    iid = directions(4, 10, False, 0)
    assert np.max(np.abs(iid[:4] @ iid[:4].T - np.diag(np.sum(iid[:4] ** 2, axis=1)))) > 0.1


def test_estimates_along_orthogonal_directions_are_negatively_correlated():
    """E t_1 t_2 / K^2 is 1 for independent directions and exp(-s) 1F1(d; d/2; s/2) for orthogonal ones.

    s = |x + y|^2. The sum of two orthogonal directions is isotropic with a squared length of law chi2(2d);
    the mean of exp over a sphere is 0F1. The value is below 1, so the variance of the mean is smaller.
    """
    d, blocks = 3, 60_000
    x, y = np.array([0.4, 0.1, 0.2]), np.array([0.3, 0.1, 0.2])
    s = np.sum((x + y) ** 2)
    exact = math.exp(-s) * float(scipy.special.hyp1f1(d, d / 2, s / 2))
    for orthogonal, expected in ((False, 1.0), (True, exact)):
        t = terms(directions(d, d * blocks, orthogonal, 1), y, x, 1.0) / math.exp(y @ x)
        t = t.reshape(blocks, d)
        products = (t[:, 0] * t[:, 1] + t[:, 1] * t[:, 2] + t[:, 2] * t[:, 0]) / 3
        deviation = np.std(products) / math.sqrt(blocks)
        assert abs(np.mean(products) - expected) < 4 * deviation
        assert not orthogonal or np.mean(products) < 1 - 5 * deviation


@pytest.mark.parametrize("beta", [1e-6, 1.0, 30.0, 1e4, 1e6])
def test_log_kernel_against_fifty_digits(beta):
    rng = stream(2, "prf-test")
    memories, x = rng.standard_normal((3, 4)), rng.standard_normal(4)
    w = directions(4, 12, True, 5)
    got = log_kernel(memories, x, beta, w)
    with mpmath.workdps(50):
        root = mpmath.sqrt(mpmath.mpf(beta))

        def log_phi(y, i):
            dot = mpmath.fsum(
                mpmath.mpf(float(a)) * mpmath.mpf(float(b)) for a, b in zip(w[i], y, strict=True)
            )
            return root * dot - beta * mpmath.fsum(mpmath.mpf(float(a)) ** 2 for a in y) / 2

        for mu in range(3):
            total = mpmath.fsum(mpmath.exp(log_phi(memories[mu], i) + log_phi(x, i)) for i in range(12)) / 12
            assert got[mu] == pytest.approx(float(mpmath.log(total)), rel=1e-13, abs=1e-13)


def test_features_that_miss_each_other_are_added_in_log_space():
    w = np.array([[60.0], [-60.0]])
    memories, x = np.array([[20.0], [19.0]]), np.array([-20.0])
    got = log_kernel(memories, x, 1.0, w)
    # Both products are far below the largest feature of either side.
    plain = [math.log(math.exp(60 * (m - 20)) + math.exp(-60 * (m - 20))) - math.log(2) for m in (20.0, 19.0)]
    expected = [p - (m * m + 400) / 2 for p, m in zip(plain, (20.0, 19.0), strict=True)]
    np.testing.assert_allclose(got, expected, rtol=1e-14)


@pytest.mark.parametrize("orthogonal", [0, 1])
def test_retrieval_approaches_the_dense_model(orthogonal):
    rng = stream(3, "prf-test")
    memories, x = rng.standard_normal((6, 4)) / 2, rng.standard_normal((5, 4)) / 2
    target = DENSE.update(memories, x, 1.0)
    errors = []
    for features in (64, 16384):
        seeds = [prf(features, orthogonal, seed).update(memories, x, 1.0) for seed in range(5)]
        errors.append(np.median(np.linalg.norm(np.array(seeds) - target, axis=-1)))
    assert errors[1] < errors[0] / 6  # 1/16 of the error is the rate at 256 times the features
    assert errors[1] < 0.02
    wrong = prf(16384, orthogonal).update(memories, x, 4.0)  # beta^2 or sqrt(beta) taken twice
    assert np.median(np.linalg.norm(wrong - target, axis=-1)) > 0.1


def test_the_log_error_does_not_underflow():
    memories = np.array([[1.0, 0.0], [-1.0, 0.0]])
    got = float(log_retrieval_error(prf(64), memories, memories[0], 900.0, np.asarray(0)))
    logs = prf(64).scores(memories, memories[0], 900.0)
    assert got == pytest.approx(math.log(2) + (logs[1] - logs[0]), rel=1e-12)
    assert got < -50


def test_balls_enclose_the_float_model():
    memories, x = stream(4, "prf-test").standard_normal((3, 2)), stream(5, "prf-test").standard_normal(2)
    model = prf(16)
    exact = model.update(exact_array(memories), exact_array(x), exact_array(2))
    np.testing.assert_allclose(exact.astype(float), model.update(memories, x, 2.0), rtol=1e-12)


@pytest.mark.parametrize("kind", ["read-only", "strict", "torch"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["prf:features=40", "prf:features=40,orthogonal=0"])
def test_backends_and_batches_agree(kind, dtype, name):
    model, tolerance = variant(name), 1e-11 if dtype == "float64" else 2e-4
    rng = stream(6, "prf-test")
    memories, query = rng.standard_normal((4, 6, 3)), rng.standard_normal((4, 3))
    beta = np.array([0.5, 2.0, 7.0, 200.0])
    one = [model.update(memories[i], query[i], beta[i]) for i in range(4)]
    arrays = [convert(kind, a.astype(dtype)) for a in (memories, query, beta)]
    got = model.update(*arrays)
    assert str(got.dtype).endswith(dtype)
    np.testing.assert_allclose(np.asarray(got), one, rtol=tolerance, atol=tolerance)
    for b in (2.0, arrays[2]):
        shared = model.update(arrays[0][0, :, :], arrays[1], b)
        singly = [
            model.update(memories[0], query[i], 2.0 if b is not arrays[2] else beta[i]) for i in range(4)
        ]
        np.testing.assert_allclose(np.asarray(shared), singly, rtol=tolerance, atol=tolerance)
    grouped = model.update(arrays[0][:, None, :, :], arrays[1][:, None, :], arrays[2][:, None])
    np.testing.assert_allclose(np.asarray(grouped)[:, 0], one, rtol=tolerance, atol=tolerance)


def test_edges_and_bad_parameters():
    assert list(prf(1).update(np.array([[2.0]]), np.array([-1.0]), 1e8)) == [2.0]
    assert np.isfinite(prf(8).update(np.eye(3), np.eye(3)[0], 1e9)).all()
    with pytest.raises(ValueError, match="features: expected at least 1, found 0"):
        variant("prf:features=0")
    with pytest.raises(ValueError, match="orthogonal: expected 0 or 1, found 2"):
        variant("prf:orthogonal=2")
