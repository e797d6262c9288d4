"""Fixed and redrawn supports against the dense model of the sub-memory, loops, and exact binomial bounds."""

import math

import array_api_strict
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from bounds.exact import exact_array
from simulations.streams import stream
from simulations.variants import DENSE, jacobian, log_retrieval_error, variant
from simulations.variants.dense import softmax
from simulations.variants.masked import fixed_support, masked, window
from simulations.variants.random_masked import random_masked

quick = settings(deadline=None, derandomize=True, max_examples=60)


def fixed(mask, reading="B"):
    return fixed_support("test", lambda count: np.array(mask), reading)


def draw(seed, *shape):
    return stream(11, "masked-test", seed).standard_normal(shape)


def loops(v, mask, reading):
    """Both readings straight from their formulas."""
    below = sum(math.exp(a) for a, m in zip(v, mask, strict=True) if m or reading == "A")
    return [math.exp(a) / below if m else 0.0 for a, m in zip(v, mask, strict=True)]


@quick
@given(
    st.lists(st.tuples(st.floats(-30, 30), st.booleans()), min_size=1, max_size=6).filter(
        lambda rows: any(m for _, m in rows)
    ),
    st.sampled_from("AB"),
)
def test_weights_are_the_formulas(rows, reading):
    v, mask = np.array([a for a, _ in rows]), [m for _, m in rows]
    oracle = loops(v, mask, reading)
    got = fixed(mask, reading).weights(v, np)
    np.testing.assert_allclose(got, oracle, rtol=1e-13, atol=0)
    np.testing.assert_allclose(np.exp(fixed(mask, reading).log_weights(v, np)), oracle, rtol=1e-12)
    assert list(got == 0) == [not m for m in mask]


def test_the_formulas_catch_dropped_scores_filled_with_zero():
    v, mask = np.array([-1.0, -2.0, 3.0]), [True, True, False]
    wrong = softmax(np.where(mask, v, 0.0), np)
    assert np.max(np.abs(wrong - loops(v, mask, "B"))) > 0.1
    assert np.max(np.abs(fixed(mask).weights(v, np) - loops(v, mask, "B"))) < 1e-15


@pytest.mark.parametrize("beta", [1e-6, 0.7, 40.0, 1e6])
def test_reading_b_is_the_dense_model_of_the_sub_memory(beta):
    mask = np.array([True, False, True, False, False, True])
    memories, x = draw(1, 6, 3), draw(2, 4, 3)
    memories[1] *= 50  # a dropped memory whose score exceeds all others
    model, kept = fixed(mask), memories[mask]
    np.testing.assert_allclose(model.update(memories, x, beta), DENSE.update(kept, x, beta), rtol=1e-12)
    np.testing.assert_allclose(model.energy(memories, x, beta), DENSE.energy(kept, x, beta), rtol=1e-14)
    slopes = [jacobian(m, rows, x, beta) for m, rows in ((model, memories), (DENSE, kept))]
    np.testing.assert_allclose(slopes[0], slopes[1], rtol=1e-10, atol=1e-300)
    errors = log_retrieval_error(model, memories, x, beta, np.array([0, 2, 5, 0]))
    np.testing.assert_allclose(
        errors, log_retrieval_error(DENSE, kept, x, beta, np.array([0, 1, 2, 0])), rtol=1e-12
    )


def test_reading_a_loses_the_dropped_mass_and_is_lipschitz():
    mask, beta = np.array([True, True, False, True, False]), 1.3
    model, memories = fixed(mask, "A"), draw(3, 5, 3)
    assert model.energy is None
    spread = np.linalg.norm(memories, 2) ** 2
    for i in range(50):
        x, y = draw(100 + i, 3), draw(200 + i, 3)
        p = DENSE.weights(beta * memories @ x, np)
        np.testing.assert_allclose(model.update(memories, x, beta), (p * mask) @ memories, rtol=1e-12)
        assert np.sum(model.weights(beta * memories @ x, np)) == pytest.approx(1 - np.sum(p[~mask]))
        moved = np.linalg.norm(model.update(memories, x, beta) - model.update(memories, y, beta))
        assert moved <= beta * model.lipschitz * spread * np.linalg.norm(x - y)
    with pytest.raises(ValueError, match="declares no Jacobian"):
        jacobian(model, memories, x, beta)


@pytest.mark.parametrize("reading", ["A", "B"])
def test_balls_enclose_the_formulas(reading):
    mask, v = [True, False, True, True], np.array([0.5, 2.0, -1.0, 0.25])
    model = fixed(mask, reading)
    got = model.weights(exact_array(v), np)
    np.testing.assert_allclose(got.astype(float), loops(v, mask, reading), rtol=1e-15)
    assert got[1] == 0
    logs = model.log_weights(exact_array(v), np)
    np.testing.assert_allclose([float(a) for a in logs], model.log_weights(v, np), rtol=1e-14)
    if reading == "B":
        memories, x = draw(4, 4, 2), draw(5, 2)
        exact = model.energy(exact_array(memories), exact_array(x), exact_array(2))
        assert float(exact) == pytest.approx(float(model.energy(memories, x, 2.0)), rel=1e-14)


def members(model, count):
    return list(np.flatnonzero(model.weights(np.zeros(count), np)))


def test_supports_of_masked():
    assert members(masked(k=2), 5) == [0, 1]
    assert members(masked(k=7), 5) == [0, 1, 2, 3, 4]
    assert members(masked(fraction=0.2), 15) == [0, 1, 2]
    assert members(masked(fraction=0.01), 3) == [0]
    assert members(masked(k=3, seed=4), 9) == members(masked(k=3, seed=4), 9)
    assert len({tuple(members(masked(k=3, seed=s), 9)) for s in range(20)}) > 10
    hits = np.sum([masked(k=2, seed=s).weights(np.zeros(5), np) > 0 for s in range(2000)], axis=0)
    assert np.sum(hits) == 4000
    assert all(binomtest(int(h), 2000, 0.4).pvalue > 1e-6 for h in hits)


def test_supports_of_windows():
    assert members(window(width=3, centre=4), 10) == [3, 4, 5]
    assert members(window(width=3, centre=0), 10) == [0, 1, 2]
    assert members(window(width=3, centre=99), 10) == [7, 8, 9]
    assert members(window(width=30), 4) == [0, 1, 2, 3]
    assert [len(members(window(), count)) for count in (1, 2, 4, 5, 9, 10, 100)] == [1, 2, 2, 3, 3, 4, 10]
    assert members(window(width=2, centre=1, first=1), 6) == [0, 1, 2]
    big = members(window(width=2, centre=5, first=2, extra=3, seed=1), 20)
    assert len(big) == 7
    assert set(big) >= {4, 5, 0, 1}
    assert len(members(window(width=2, first=2, extra=30), 9)) == 9


@pytest.mark.parametrize("reading", ["A", "B"])
def test_random_masked_is_the_formula_on_its_support_and_can_be_replayed(reading):
    model = random_masked(k=2, seed=3, reading=reading)
    memories, x, beta = draw(6, 5, 3), draw(7, 40, 3), 1.5
    masks = model.supports_of(x, 5)
    assert np.all(np.sum(masks, axis=-1) == 2)
    assert len({tuple(m) for m in masks}) > 5
    got = model.update(memories, x, beta)
    for i in range(40):
        oracle = np.array(loops(beta * memories @ x[i], masks[i], reading)) @ memories
        np.testing.assert_allclose(got[i], oracle, rtol=1e-12, atol=1e-14)
        np.testing.assert_array_equal(model.update(memories, x[i], beta), model.update(memories, x[i], beta))
        assert list(model.supports_of(x[i], 5)) == list(masks[i])
    single = x.astype(np.float32)
    assert np.array_equal(model.supports_of(single, 5), model.supports_of(single.astype(float), 5))
    assert np.array_equal(model.supports_of(np.array([0.0]), 9), model.supports_of(np.array([-0.0]), 9))
    other = random_masked(k=2, seed=4, reading=reading).supports_of(x, 5)
    assert not np.array_equal(other, masks)


def test_inclusion_frequencies_of_redrawn_supports():
    masks = random_masked(k=3, seed=1).supports_of(draw(8, 3000, 2), 7)
    for hits in np.sum(masks, axis=0):
        assert binomtest(int(hits), 3000, 3 / 7).pvalue > 1e-6
    # Pairs: a support is uniform among the subsets, not merely balanced.
    assert binomtest(int(np.sum(masks[:, 0] & masks[:, 1])), 3000, 1 / 7).pvalue > 1e-6


def test_energy_rises_under_redrawn_supports_and_not_under_one_drawn_once():
    memories = np.eye(4)
    x = np.array([0.9, 0.2, 0.1, 0.0])
    redrawn, once = random_masked(k=2), masked(k=2, seed=0)
    for model, rises in ((redrawn, True), (once, False)):
        energy = DENSE.energy if model is redrawn else once.energy
        states = [x]
        for _ in range(20):
            states.append(model.update(memories, states[-1], 6.0))
        assert (max(np.diff([float(energy(memories, y, 6.0)) for y in states])) > 0.01) == rises
    assert redrawn.energy is None


def test_random_masked_refuses_objects_and_bad_parameters():
    with pytest.raises(ValueError, match="expected floating-point arrays, found object arrays"):
        random_masked().update(exact_array(np.eye(2)), exact_array([1, 0]), exact_array(1))
    for name, message in (
        ("masked:k=-1", "k: expected at least 1"),
        ("masked:fraction=0", r"fraction: expected a number in \(0, 1\]"),
        ("masked:seed=-2", "seed: expected at least 0"),
        ("window:width=-1", "width: expected at least 0"),
        ("random-masked:reading=c", "reading: expected A or B, found 'c'"),
    ):
        with pytest.raises(ValueError, match=message):
            variant(name)


@pytest.mark.parametrize(
    "name",
    [
        "topk:k=3",
        "masked:fraction=0.2,reading=A",
        "masked:k=2,seed=5",
        "window:width=3,extra=1",
        "random-masked:k=2,seed=1",
        "linear:features=identity",
        "prf:features=12,orthogonal=0",
        "svr:cost=2.5",
        "kernelized:map=random,size=3,separation=sparse",
    ],
)
def test_a_full_name_finds_the_same_model(name):
    model = variant(name)
    again = variant(model.name)
    assert again.name == model.name
    assert all(part in model.name for part in name.replace(":", ",").split(","))
    memories, x = draw(20, 6, 3), draw(21, 3)
    np.testing.assert_array_equal(again.update(memories, x, 1.5), model.update(memories, x, 1.5))


def convert(kind, a):
    if kind == "strict":
        return array_api_strict.asarray(a.copy())
    if kind == "torch":
        return pytest.importorskip("torch").tensor(a)
    a = a.copy()
    a.flags.writeable = False
    return a


NAMES = ["masked:k=3,seed=2", "window:width=2,centre=3,first=1", "random-masked:k=3"]


@pytest.mark.parametrize("kind", ["read-only", "strict", "torch"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", [n + f",reading={r}" for n in NAMES for r in "AB"])
def test_backends_and_batches_agree(kind, dtype, name):
    model, tolerance = variant(name), 1e-12 if dtype == "float64" else 1e-5
    memories, query = draw(9, 4, 6, 3).astype(dtype), draw(10, 4, 3).astype(dtype)
    beta = np.array([0.5, 2.0, 7.0, 1.0], dtype=dtype)
    wide = [a.astype(float) for a in (memories, query, beta)]
    one = [model.update(*(a[i] for a in wide)) for i in range(4)]
    arrays = [convert(kind, a) for a in (memories, query, beta)]
    got = model.update(*arrays)
    assert str(got.dtype).endswith(dtype)
    np.testing.assert_allclose(np.asarray(got), one, rtol=tolerance, atol=tolerance)
    shared = model.update(arrays[0][0, :, :], arrays[1], 2.0)
    singly = [model.update(wide[0][0], wide[1][i], 2.0) for i in range(4)]
    np.testing.assert_allclose(np.asarray(shared), singly, rtol=tolerance, atol=tolerance)
    if model.energy is not None:
        energies = [float(model.energy(*(a[i] for a in wide))) for i in range(4)]
        found = np.asarray(model.energy(*arrays))
        np.testing.assert_allclose(found, energies, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", ["masked", "window", "random-masked"])
@pytest.mark.parametrize("reading", ["A", "B"])
def test_edges(name, reading):
    model = variant(f"{name}:reading={reading}")
    assert list(model.update(np.array([[2.0]]), np.array([-1.0]), 1e300)) == [2.0]
    assert np.isnan(model.update(np.array([[1.0], [0.5]]), np.array([np.nan]), 1.0))
    huge = model.update(np.array([[1.0], [-1.0], [0.5], [0.25]]), np.array([1.0]), 1e8)
    assert float(huge[0]) in (0.0, 1.0, 0.5, 0.25, -1.0)


@pytest.mark.parametrize(
    "name",
    ["topk:k=2,reading=A", "masked:k=2,reading=A", "window:width=2,reading=A", "random-masked:k=2,reading=A"],
)
def test_the_error_of_truncated_weights_counts_the_missing_mass(name):
    """Against T(x) - xi_mu itself at 60 digits, near and far below the resolution of doubles."""
    model = variant(name)
    rng = stream(3, "missing")
    for beta in (0.5, 4.0) if name.startswith("random") else (0.5, 4.0, 40.0, 400.0):
        memories, query = rng.standard_normal((4, 2)), rng.standard_normal(2)
        kept = np.asarray(model.weights(model.scores(memories, query, beta), np)) > 0
        with mpmath.workdps(60):
            z = [
                mpmath.fsum(mpmath.mpf(a) * mpmath.mpf(b) for a, b in zip(row, query, strict=True))
                for row in memories
            ]
            e = [mpmath.exp(mpmath.mpf(beta) * a) for a in z]
            p = [a / mpmath.fsum(e) if k else mpmath.mpf(0) for a, k in zip(e, kept, strict=True)]
            for target in np.flatnonzero(kept):
                away = [
                    mpmath.fsum(w * mpmath.mpf(row[i]) for w, row in zip(p, memories, strict=True))
                    - mpmath.mpf(memories[target, i])
                    for i in range(2)
                ]
                true = float(mpmath.log(mpmath.sqrt(mpmath.fsum(a * a for a in away))))
                got = log_retrieval_error(model, memories, query, beta, np.asarray(target))
                assert got == pytest.approx(true, abs=1e-10 * (1 + beta))
