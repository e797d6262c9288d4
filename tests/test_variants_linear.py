"""The linear model against a closed form, loops, exact rationals and 50 digits."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from array_kinds import convert
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.exact import DomainError, exact_array
from simulations.streams import stream
from simulations.variants import log_retrieval_error, retrieval_error, variant
from simulations.variants.linear import features, linear, normalised

quick = settings(deadline=None, derandomize=True, max_examples=60)
ELU, IDENTITY = linear("elu"), linear("identity")


def weights(model, memories, x):
    return model.weights(model.scores(memories, x, 1.0), np)


@pytest.mark.parametrize("d", [1, 2, 3, 16, 256])
def test_target_weight_of_orthonormal_memories(d):
    p = weights(ELU, np.eye(d), np.eye(d)[0])
    assert p[0] == pytest.approx((d + 3) / (d * (d + 2) + 1), rel=1e-14)
    exact = (
        weights(ELU, exact_array(np.eye(d, dtype=int)), exact_array(np.eye(d, dtype=int)[0]))
        if d < 17
        else None
    )
    assert exact is None or exact[0] == Fraction(d + 3, d * (d + 2) + 1)


def test_the_closed_form_catches_a_missing_plus_one():
    elu = np.where(np.eye(4) > 0, np.eye(4), np.expm1(np.minimum(np.eye(4), 0)))
    wrong = normalised(elu @ elu[0], np)
    assert wrong[0] == 1.0
    assert weights(ELU, np.eye(4), np.eye(4)[0])[0] == pytest.approx(7 / 25)


def loops(memories, x, phi):
    overlaps = [sum(phi(a) * phi(b) for a, b in zip(row, x, strict=True)) for row in memories]
    total = sum(overlaps)
    return [sum(w / total * row[i] for w, row in zip(overlaps, memories, strict=True)) for i in range(len(x))]


@quick
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 4), st.floats(0.1, 40))
def test_elu_against_fifty_digits(seed, m, d, beta):
    rng = stream(seed, "linear")
    memories, x = 3 * rng.standard_normal((m, d)), 3 * rng.standard_normal(d)
    with mpmath.workdps(50):
        rows = [[mpmath.mpf(a) for a in row] for row in memories.tolist()]
        oracle = loops(rows, [mpmath.mpf(a) for a in x.tolist()], lambda a: a + 1 if a > 0 else mpmath.exp(a))
    got = ELU.update(memories, x, beta)
    np.testing.assert_allclose(got, [float(a) for a in oracle], rtol=1e-12, atol=1e-13)
    exact = ELU.update(exact_array(memories), exact_array(x), exact_array(3))
    assert [float(a) for a in exact] == pytest.approx([float(a) for a in oracle], rel=1e-13, abs=1e-14)


@quick
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=5),
    st.tuples(st.integers(-3, 3), st.integers(-3, 3)),
)
def test_identity_is_exact_on_rationals_and_has_no_value_at_a_zero_sum(rows, x):
    sums = [sum(a * b for a, b in zip(row, x, strict=True)) for row in rows]
    floats = IDENTITY.update(np.array(rows, dtype=float), np.array(x, dtype=float), 2.0)
    if sum(sums) == 0:
        assert np.all(np.isnan(floats))
        with pytest.raises((DomainError, ZeroDivisionError)):
            IDENTITY.update(exact_array(rows), exact_array(x), exact_array(2))
        return
    oracle = loops([[Fraction(a) for a in row] for row in rows], [Fraction(a) for a in x], lambda a: a)
    assert list(IDENTITY.update(exact_array(rows), exact_array(x), exact_array(2))) == oracle
    np.testing.assert_allclose(floats, [float(a) for a in oracle], rtol=1e-13, atol=1e-13)
    logs = IDENTITY.log_weights(np.array(sums, dtype=float), np)
    for log, part in zip(logs, sums, strict=True):
        share = Fraction(part, sum(sums))
        assert np.isnan(log) if share < 0 else log == (pytest.approx(math.log(share)) if share else -math.inf)


def test_features_meet_smoothly_at_zero():
    y = np.array([-1e-9, 0.0, 1e-9, -800.0, 800.0])
    np.testing.assert_allclose(features(y, np), [1 - 1e-9, 1.0, 1 + 1e-9, 0.0, 801.0], rtol=1e-15)


def test_far_negative_coordinates_do_not_underflow_together():
    memories, x = np.array([[-900.0], [-901.0]]), np.array([-5000.0])
    expected = -900 - 1 / (1 + math.e)
    assert ELU.update(memories, x, 1.0)[0] == pytest.approx(expected, rel=1e-15)
    assert list(ELU.update(np.array([[1e300]]), np.array([1e300]), 1.0)) == [1e300]


def test_errors_follow_from_the_weights():
    memories, x = stream(1, "linear").standard_normal((6, 3)), stream(2, "linear").standard_normal(3)
    for model in (ELU, IDENTITY):
        gap = np.linalg.norm(model.update(memories, x, 1.0) - memories[2])
        if model is ELU:
            assert log_retrieval_error(model, memories, x, 1.0, np.asarray(2)) == pytest.approx(math.log(gap))
            assert retrieval_error(model, memories, x, 1.0, np.asarray(2)) == pytest.approx(gap)
        p = weights(model, memories, x)
        assert sum(p) == pytest.approx(1)
        assert np.all(p > 0) == (model is ELU)


@pytest.mark.parametrize("kind", ["read-only", "strict", "torch"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["linear", "linear:features=identity"])
def test_backends_and_batches_agree(kind, dtype, name):
    model, tolerance = variant(name), 1e-12 if dtype == "float64" else 1e-4
    rng = stream(3, "linear")
    memories, query = 1 + rng.standard_normal((4, 6, 3)), 1 + rng.standard_normal((4, 3))
    beta = np.array([0.5, 2.0, 7.0, 1.0])
    one = [model.update(memories[i], query[i], beta[i]) for i in range(4)]
    got = model.update(*(convert(kind, a.astype(dtype)) for a in (memories, query, beta)))
    assert str(got.dtype).endswith(dtype)
    np.testing.assert_allclose(np.asarray(got), one, rtol=tolerance, atol=tolerance)


def test_another_feature_map_is_refused():
    with pytest.raises(ValueError, match="features: expected one of elu, identity, found 'relu'"):
        variant("linear:features=relu")
