"""Universal Hopfield networks against SciPy's distances, naive loops, finite differences and balls."""

import dataclasses
import itertools
import math

import array_api_strict
import numpy as np
import pytest
import scipy.spatial.distance as distance
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.exact import Real
from simulations.retrieval import retrieve
from simulations.streams import stream
from simulations.variants import DENSE, PROPERTIES, VariantError, jacobian, log_retrieval_error, update
from simulations.variants import base as base_module
from simulations.variants import variant as find_variant
from simulations.variants.binary import Spins, field_signs
from simulations.variants.similarities import SIMILARITIES
from simulations.variants.universal import SEPARATIONS, heteroassociative, kernel_energy
from simulations.variants.universal import universal_network as universal

quick = settings(deadline=None, derandomize=True, max_examples=60)
PAIRS = list(itertools.product(SIMILARITIES, SEPARATIONS))

SCIPY = {
    "dot": lambda a, x: float(np.dot(a, x)),
    "cosine": lambda a, x: 1 - distance.cosine(a, x),
    "euclidean": lambda a, x: -distance.sqeuclidean(a, x) / 2,
    "manhattan": lambda a, x: -distance.cityblock(a, x),
    "inverse_euclidean": lambda a, x: 1 / distance.sqeuclidean(a, x),
    "inverse_manhattan": lambda a, x: 1 / distance.cityblock(a, x),
    "hamming": lambda a, x: -len(a) * distance.hamming(np.sign(a), np.sign(x)),
    "kl": lambda a, x: -scipy.special.rel_entr(a / a.sum(), x / x.sum()).sum(),
    "reverse_kl": lambda a, x: -scipy.special.rel_entr(x / x.sum(), a / a.sum()).sum(),
    "js": lambda a, x: -(distance.jensenshannon(a, x) ** 2),
}


def draw(seed, *shape, positive=False):
    a = stream(11, "universal", seed).standard_normal(shape)
    return np.abs(a) + 0.05 if positive else a


def positive(similarity):
    return similarity in ("kl", "reverse_kl", "js")


def naive(similarity, separation, memories, x, beta, degree=2, threshold=0.0, normalised=False):
    """The definition, one memory at a time."""
    s = [SCIPY[similarity](row, x) for row in memories]
    if normalised:
        s = [v / sum(s) for v in s]
    s = [beta * v for v in s]
    if separation == "softmax":
        w = [math.exp(v - max(s)) for v in s]
        w = [v / sum(w) for v in w]
    elif separation == "max":
        w = [float(v == max(s)) for v in s]
        w = [v / sum(w) for v in w]
    elif separation == "threshold":
        w = [float(v >= threshold) for v in s]
    else:
        w = s if separation == "identity" else [v**degree for v in s]
    if normalised:
        w = [v / (sum(w) or 1) for v in w]
    return sum(v * row for v, row in zip(w, memories, strict=True))


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_similarities_agree_with_scipy(similarity):
    memories, x = (draw(k, *shape, positive=positive(similarity)) for k, shape in ((1, (6, 5)), (2, (5,))))
    got = SIMILARITIES[similarity](memories, x, np)
    expected = [SCIPY[similarity](row, x) for row in memories]
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-14)


def test_the_comparison_catches_a_cosine_by_the_norm_of_the_whole_matrix():
    memories, x = draw(3, 6, 5), draw(4, 5)
    expected = [SCIPY["cosine"](row, x) for row in memories]
    wrong = memories @ x / (np.linalg.norm(memories) * np.linalg.norm(x))
    assert np.max(np.abs(wrong - expected)) > 0.1
    np.testing.assert_allclose(SIMILARITIES["cosine"](memories, x, np), expected, atol=1e-14)
    # Rows of very different lengths have the cosines of their directions.
    scaled = memories * np.array([1e-150, 1e150, 1.0, 1e-3, 1e3, 1e200])[:, None]
    np.testing.assert_allclose(SIMILARITIES["cosine"](scaled, x, np), expected, atol=1e-14)


@pytest.mark.parametrize(("similarity", "separation"), PAIRS)
def test_update_is_the_definition(similarity, separation):
    memories, x = (draw(k, *shape, positive=positive(similarity)) for k, shape in ((5, (7, 4)), (6, (4,))))
    for beta, degree, normalised in itertools.product((0.3, 2.0), (2, 3), (0, 1)):
        scores = np.array([SCIPY[similarity](row, x) for row in memories])
        if normalised:
            scores = scores / scores.sum()
        threshold = beta * float(np.median(scores)) + 1e-9
        model = universal(similarity, separation, degree, threshold, normalised)
        got = model.update(memories, x, beta)
        expected = naive(similarity, separation, memories, x, beta, degree, threshold, bool(normalised))
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("separation", ["softmax", "max", "power"])
def test_arrays_of_every_kind_agree(similarity, separation, monkeypatch):
    model = universal(similarity, separation)
    memories, query = (
        draw(k, *shape, positive=positive(similarity)) for k, shape in ((7, (3, 5, 4)), (8, (3, 4)))
    )
    beta = np.array([0.5, 2.0, 7.0])
    for a in (memories, query, beta):
        a.flags.writeable = False
    whole = model.update(memories, query, beta)
    singly = [model.update(memories[i], query[i], float(beta[i])) for i in range(3)]
    np.testing.assert_allclose(whole, np.stack(singly), rtol=1e-12, atol=1e-14)
    strict = [array_api_strict.asarray(np.array(a)) for a in (memories, query, beta)]
    np.testing.assert_allclose(np.asarray(model.update(*strict)), whole, rtol=1e-12, atol=1e-14)
    single = [a.astype(np.float32) for a in (memories, query, beta)]
    assert model.update(*single).dtype == np.float32
    np.testing.assert_allclose(model.update(*single), whole, rtol=2e-3, atol=1e-3)
    # Shared memories, in blocks of one query, and grouped queries.
    many = draw(9, 2, 3, 4, positive=positive(similarity))
    expected = model.update(np.broadcast_to(memories[0], (2, 3, 5, 4)), many, 1.5)
    monkeypatch.setattr(base_module, "BLOCK", 20)
    np.testing.assert_allclose(model.update(memories[0], many, 1.5), expected, rtol=1e-12, atol=1e-14)
    grouped = np.broadcast_to(memories[0], (2, 1, 5, 4))
    np.testing.assert_allclose(model.update(grouped, many, 1.5), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_torch_agrees(similarity):
    torch = pytest.importorskip("torch")
    memories, query = (
        draw(k, *shape, positive=positive(similarity)) for k, shape in ((7, (3, 5, 4)), (8, (3, 4)))
    )
    for separation in SEPARATIONS:
        model = universal(similarity, separation)
        got = model.update(torch.asarray(memories), torch.asarray(query), 2.0)
        np.testing.assert_allclose(got.numpy(), model.update(memories, query, 2.0), rtol=1e-11, atol=1e-13)


def test_extreme_arguments_stay_finite_and_without_warning():
    for similarity, separation in PAIRS:
        memories = draw(10, 5, 3, positive=True)
        for rows in (memories, memories[:1], memories[:, :1], np.repeat(memories[:1], 3, axis=0)):
            for beta in (1e-12, 1.0, 1e6, 1e100):
                if separation == "power" and (beta > 1e6 or similarity.startswith("inverse")):
                    continue  # the definition itself overflows
                for x in (rows[0], np.ones_like(rows[0])):
                    assert np.all(np.isfinite(universal(similarity, separation).update(rows, x, beta)))
    # Zero vectors: cosine 0 to everything, so all memories share the weight.
    rows = draw(11, 4, 3)
    for separation in ("softmax", "max"):
        got = universal("cosine", separation).update(rows, np.zeros(3), 3.0)
        np.testing.assert_allclose(got, rows.mean(axis=0), atol=1e-15)
    # An exact hit takes all weight of a reciprocal similarity, and copies share it.
    rows = np.concatenate([rows, rows[:1]])
    for similarity in ("inverse_euclidean", "inverse_manhattan"):
        for dtype in (np.float64, np.float32):
            a = rows.astype(dtype)
            assert np.array_equal(universal(similarity).update(a, a[0], 1.0), a[0])
            model = find_variant(f"universal:similarity={similarity},separation=identity,normalised=1")
            np.testing.assert_allclose(model.update(a, a[0], 1.0), a[0], rtol=1e-6)


def test_divergences_at_the_edge_of_the_simplex():
    memories = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 3.0]])
    x = np.array([0.0, 2.0])
    got = SIMILARITIES["kl"](memories, x, np)
    assert got[2] == 0
    assert np.all(got[:2] < -1e150)
    np.testing.assert_allclose(SIMILARITIES["reverse_kl"](memories, x, np)[1], -math.log(2))
    np.testing.assert_allclose(SIMILARITIES["js"](memories, x, np)[0], -math.log(2))
    # Every divergence infinite: all memories are equally far.
    np.testing.assert_allclose(
        universal("kl").update(memories[:2], np.array([0.0, 1.0]), 1.0), memories[:2].mean(axis=0)
    )
    for bad in (np.array([-1.0, 2.0]), np.zeros(2)):
        with pytest.raises(ValueError, match="query: divergences expect nonnegative"):
            universal("js").update(memories, bad, 1.0)


def test_ties_of_the_maximum_are_shared():
    memories = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    x = np.array([0.5, 0.5])
    assert np.array_equal(universal("dot", "max").update(memories, x, 1.0), [0.5, 0.5])
    order = memories[[2, 1, 0]]
    assert np.array_equal(universal("euclidean", "max").update(order, x, 9.0), [0.5, 0.5])
    soft = universal("euclidean").update(memories, x, 1e9)
    assert np.array_equal(soft, [0.5, 0.5])


@quick
@given(st.integers(0, 10**6), st.floats(0.0, 0.999), st.sampled_from(["euclidean", "manhattan", "dot"]))
def test_max_separation_decodes_below_half_the_distance(seed, share, similarity):
    """restated.max-separation, by the triangle inequality; dot needs equal norms."""
    rng = stream(seed, "max")
    memories = rng.standard_normal((6, 3))
    if similarity == "dot":
        memories /= np.linalg.norm(memories, axis=1, keepdims=True)
    order = 1 if similarity == "manhattan" else 2
    gaps = np.linalg.norm(memories[:, None] - memories[None], order, axis=-1) + 1e9 * np.eye(6)
    noise = rng.standard_normal(3)
    noise *= share * np.min(gaps) / 2 / np.linalg.norm(noise, order)
    model = universal(similarity, "max")
    assert np.array_equal(model.update(memories, memories + noise, 1.0), memories)


def test_equal_norms_make_dot_and_euclidean_the_same():
    memories, x = draw(12, 8, 4), draw(13, 4)
    unit = memories / np.linalg.norm(memories, axis=1, keepdims=True)
    dot, euclidean = universal("dot"), universal("euclidean")
    np.testing.assert_allclose(dot.update(unit, x, 3.0), euclidean.update(unit, x, 3.0), atol=1e-14)
    assert np.max(np.abs(dot.update(memories, x, 3.0) - euclidean.update(memories, x, 3.0))) > 0.1
    np.testing.assert_allclose(dot.update(memories, x, 3.0), update(DENSE, memories, x, 3.0), atol=1e-15)


def gradient(function, x, h=1e-6):
    steps = h * np.eye(len(x))
    return np.array([(function(x + s) - function(x - s)) / (2 * h) for s in steps])


@pytest.mark.parametrize("beta", [0.3, 4.0])
def test_gaussian_energy_and_jacobian_by_finite_differences(beta):
    model = universal("euclidean")
    memories, x = draw(14, 6, 4), draw(15, 4)
    slope = gradient(lambda y: float(model.energy(memories, y, beta)), x)
    np.testing.assert_allclose(slope, x - model.update(memories, x, beta), atol=1e-8)
    numeric = gradient(lambda y: model.update(memories, y, beta), x)
    np.testing.assert_allclose(jacobian(model, memories, x, beta), numeric, atol=1e-8)
    assert np.max(np.abs(slope - (x - universal("dot").update(memories, x, beta)))) > 1e-2
    error = np.linalg.norm(model.update(memories, x, beta) - memories[2])
    got = log_retrieval_error(model, memories, x, beta, np.asarray(2))
    assert got == pytest.approx(math.log(error), abs=1e-12)
    with pytest.raises(ValueError, match="declares no Jacobian"):
        jacobian(universal("manhattan"), memories, x, beta)


@quick
@given(
    st.integers(0, 10**6),
    st.floats(0.01, 100),
    st.sampled_from(["dot", "euclidean"]),
    st.sampled_from(["softmax", "max"]),
)
def test_descent_by_half_the_squared_step(seed, beta, similarity, separation):
    rng = stream(seed, "descent")
    memories, x = rng.standard_normal((5, 3)), 2 * rng.standard_normal((20, 3))
    model = universal(similarity, separation)
    moved = model.update(memories, x, beta)
    drop = model.energy(memories, x, beta) - model.energy(memories, moved, beta)
    assert np.all(drop >= np.sum((x - moved) ** 2, axis=-1) / 2 - 1e-12)
    assert np.all(retrieve(model, memories, x[:3], 0.01 * beta, max_steps=2000).converged)


def test_the_manhattan_energy_is_no_lyapunov_function_and_none_is_declared():
    """Why ``universal('manhattan')`` promises no descent: the mean moves uphill in the L1 kernel energy."""
    rng = stream(1, "uphill")
    memories, x = rng.standard_normal((200, 5, 2)), rng.standard_normal((200, 2))
    energy = kernel_energy("manhattan")
    rise = energy(memories, universal("manhattan").update(memories, x, 2.0), 2.0) - energy(memories, x, 2.0)
    assert np.max(rise) > 1e-3
    assert universal("manhattan").energy is None
    assert not universal("manhattan").promises & {"monotone", "descent"}


@pytest.mark.parametrize(("similarity", "separation"), PAIRS)
def test_symmetries_are_kept_exactly_where_promised(similarity, separation):
    model = universal(similarity, separation, threshold=0.2)
    assert model.promises <= set(PROPERTIES)
    memories = draw(16, 6, 3, positive=positive(similarity))
    x = draw(17, 3, positive=positive(similarity))
    moved = model.update(memories, x, 1.3)
    np.testing.assert_allclose(model.update(memories[::-1], x, 1.3), moved, rtol=1e-11, atol=1e-13)
    if not positive(similarity):
        turn = np.linalg.qr(draw(18, 3, 3))[0]
        turned = np.allclose(model.update(memories @ turn, x @ turn, 1.3), moved @ turn, atol=1e-9)
        assert turned or "rotation" not in model.promises
        if similarity == "manhattan" and separation == "softmax":
            assert not turned
    scaled = model.update(3 * memories, 3 * x, 1.3 / 9)
    assert np.allclose(scaled, 3 * moved, atol=1e-9) or "scaling" not in model.promises


def test_binary_models_are_instances():
    """Classical and polynomial networks are the signs of (dot, identity) and (dot, power)."""
    memories, states = np.sign(draw(30, 5, 9)), np.sign(draw(31, 12, 9))
    for model, spins in (
        (universal("dot", "identity"), Spins(2, "field")),
        (universal("dot", "power", 2), Spins(3, "field")),
        (universal("dot", "power", 3), Spins(4, "field")),
    ):
        expected = field_signs(spins, memories, states)
        assert np.array_equal(np.sign(model.update(memories, states, 1.0)), expected)
    # Sparse distributed memory: the sum of what lies within Hamming distance 4.
    got = universal("hamming", "threshold", threshold=-4.5).update(memories, states, 1.0)
    for s, z in zip(states, got, strict=True):
        near = [row for row in memories if sum(a != b for a, b in zip(row, s, strict=True)) <= 4]
        assert np.array_equal(z, np.sum(near, axis=0) if near else 0 * s)


def test_heteroassociation_reads_the_values_of_the_keys():
    keys, values = draw(19, 6, 3), draw(20, 6, 2)
    model = heteroassociative(values, "manhattan", "max")
    assert np.array_equal(model.update(keys, keys + 1e-3, 1.0), values)
    soft = heteroassociative(values, "euclidean")
    s = np.array([SCIPY["euclidean"](row, keys[0]) for row in keys])
    w = scipy.special.softmax(2 * s)
    np.testing.assert_allclose(soft.update(keys, keys[0], 2.0), w @ values, rtol=1e-12)
    with pytest.raises(ValueError, match="expected 5 rows, found 6"):
        model.update(keys[:5], keys[0], 1.0)


def test_balls_enclose_the_float_update():
    memories, x = draw(21, 4, 2), draw(22, 2)
    model = universal("euclidean")
    objects = np.vectorize(lambda v: Real(float(v)), otypes=[object])
    got = model.update(objects(memories), objects(x), Real(2))
    np.testing.assert_allclose(
        [float(g) for g in got], model.update(memories, x, 2.0), rtol=1e-13, atol=1e-14
    )
    energy = model.energy(objects(memories), objects(x), Real(2))
    assert float(energy) == pytest.approx(float(model.energy(memories, x, 2.0)), rel=1e-13)


def test_names_find_members_and_say_what_was_expected():
    model = find_variant("universal:similarity=cosine,separation=power,degree=3")
    assert model.name == "universal:similarity=cosine,separation=power,degree=3"
    assert find_variant("universal").name == "universal:similarity=dot,separation=softmax"
    assert dataclasses.replace(find_variant("universal"), name="x").energy is DENSE.energy
    for bad, expected in (
        ("similarity=angle", "similarity: expected one of dot"),
        ("separation=min", "separation: expected one of softmax"),
        ("degree=0", "degree: expected a positive integer"),
        ("normalised=2", "normalised: expected 0 or 1"),
    ):
        with pytest.raises(VariantError, match=expected):
            find_variant("universal:" + bad)
