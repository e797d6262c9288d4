"""Hopfield-Fenchel-Young networks: quantities by brute force, events by closed forms, planted errors."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import optimize
from scipy.special import betainc

from bounds.exact import Real, exact_array
from simulations.events_exact_ball import not_all_exact_in_ball
from simulations.streams import stream
from simulations.variants.normmax import normmax
from simulations.variants.sparsemap import sparsemap
from verify.checkers import forall
from verify.context import Context
from verify.decide import decide
from verify.instances import Instances, exact_instance
from verify.margins import certify
from verify.papers import catalogue
from verify.papers.hfy2024 import associations, balls, energies, fixed_points, maps, posts, structured
from verify.vocabulary import measure

CATALOGUE = catalogue()


def verdict(identifier: str, **context):
    return decide(forall.check(CATALOGUE[identifier], Context(**context)), math.log(1e6)).verdict


def batch(seed: int, count: int = 5, d: int = 3, size: int = 6, **scalars) -> Instances:
    rng = np.random.default_rng(seed)
    hull = rng.dirichlet(np.ones(count), size)
    return Instances(
        size,
        memories=rng.standard_normal((size, count, d)),
        query=rng.standard_normal((size, d)),
        beta=rng.uniform(0.3, 4.0, size),
        target=rng.integers(0, count, size),
        hull=hull,
        scalars={
            "alpha": rng.uniform(1.1, 3.0, size),
            "share": rng.uniform(0.5, 1.0, size),
            "edge": rng.uniform(-0.9, 1.0, size),
            "r": np.full(size, 1.5),
            "k": rng.integers(1, 3, size).astype(float),
            "stretch": rng.uniform(-2, 2, size),
            "gamma": rng.uniform(1.5, 4.0, size),
            "alpha_low": np.full(size, 0.5),
        }
        | scalars,
    )


def omega(kind: str, y: np.ndarray, alpha: float) -> float:
    """A negentropy by its printed formula."""
    if kind == maps.ENTMAX:
        return float((np.sum(y**alpha) - 1) / (alpha * (alpha - 1)))
    gamma = maps.ORDERS[kind]
    return float(np.sum(y**gamma) ** (1 / gamma) - 1)


# -- maps ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", maps.KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_conjugates_against_a_general_optimiser(kind, seed):
    b = batch(seed, count=3)
    gap = maps.conjugate_gap(b, kind)
    v = maps.scores(b)
    for i in range(b.size):
        alpha = float(b.scalars["alpha"][i])
        best = max(
            -optimize.minimize(
                lambda y, i=i, alpha=alpha: omega(kind, np.abs(y), alpha) - y @ v[i],
                start,
                bounds=[(0, 1)] * 3,
                constraints={"type": "eq", "fun": lambda y: np.sum(y) - 1},
                method="SLSQP",
                options={"ftol": 1e-14, "maxiter": 300},
            ).fun
            for start in (np.full(3, 1 / 3), np.eye(3)[np.argmax(v[i])] * 0.9 + 1 / 30)
        )
        assert gap[i] + v[i].max() == pytest.approx(best, abs=2e-6)
        assert gap[i] + v[i].max() >= best - 1e-9


@pytest.mark.parametrize("gamma", [1.5, 2, 5])
def test_certified_normmax_encloses_the_float_one_and_is_exact_at_the_margin(gamma):
    rng = np.random.default_rng(3)
    v = rng.integers(-8, 9, (6, 4)) / 8
    found = maps.certified_normmax(exact_array(v), gamma)
    assert np.allclose(found.astype(float), normmax(v, float(gamma), np), atol=1e-12)
    edge = maps.certified_normmax(exact_array([[Fraction(2), Fraction(1), Fraction(1)]]), gamma)[0]
    assert [x == y for x, y in zip(edge, (1, 0, 0), strict=True)] == [True] * 3
    inside = maps.certified_normmax(exact_array([[Fraction(2), Fraction(1) + Fraction(1, 1000)]]), gamma)[0]
    assert inside[1] > 0


@pytest.mark.parametrize("kind", maps.KINDS)
def test_float_and_exact_readings_agree(kind):
    b = batch(5, count=3, d=2, size=1, alpha=np.array([1.5]))
    point = {
        "memories": [[Fraction(float(x)) for x in row] for row in b.memories[0]],
        "query": [Fraction(float(x)) for x in b.query[0]],
        "beta": Fraction(float(b.beta[0])),
        "target": int(b.target[0]),
        "hull": [Fraction(float(x)) for x in b.hull[0]],
    } | {k: Fraction(float(x[0])) for k, x in b.scalars.items()}
    e = exact_instance(point)
    assert float(maps.conjugate_gap(e, kind)[0]) == pytest.approx(maps.conjugate_gap(b, kind)[0], abs=1e-12)
    assert float(maps.negentropy(e, kind, e.hull)[0]) == pytest.approx(omega(kind, b.hull[0], 1.5), abs=1e-12)
    assert np.allclose(maps.map_update(e, kind).astype(float), maps.map_update(b, kind), atol=1e-12)


# -- energies ------------------------------------------------------------------------


def test_energy_of_the_sparse_map_by_hand():
    # One coordinate, memories 1 and -1, beta = 1, x = 1/4: sparsemax(1/4, -1/4) = (3/4, 1/4).
    b = Instances(
        1,
        memories=np.array([[[1.0], [-1.0]]]),
        query=np.array([[0.25]]),
        beta=np.ones(1),
        target=np.zeros(1, int),
        scalars={"alpha": np.array([2.0])},
    )
    conjugate = 0.25 * 0.5 - ((9 / 16 + 1 / 16) - 1) / 2
    assert energies.sshn_energy(b, maps.ENTMAX)[0] == pytest.approx(1 / 32 - conjugate)
    assert maps.map_update(b, maps.ENTMAX)[0, 0] == pytest.approx(0.5)
    after = 1 / 8 - (0.5 * 1.0 - 0)  # T(x) = 1/2: sparsemax(1/2, -1/2) = (1, 0)
    assert energies.sshn_rise(b, maps.ENTMAX)[0] == pytest.approx(after - (1 / 32 - conjugate))


def test_post_transformations_against_an_optimiser():
    rng = np.random.default_rng(2)
    z = rng.standard_normal((1, 3))
    b = batch(1, size=1)
    b.scalars["r"] = np.array([1.5])
    start = np.array([0.1, -0.2, 0.3])
    ball = optimize.minimize(
        lambda q: -z[0] @ q,
        start,
        constraints={"type": "ineq", "fun": lambda q: 1.5**2 - q @ q},
        method="SLSQP",
    ).x
    assert np.allclose(energies.to_ball(b, z)[0], ball, atol=1e-4)
    layer = optimize.minimize(
        lambda q: -z[0] @ q,
        start + 0.25,
        constraints=[
            {"type": "eq", "fun": lambda q: np.mean(q) - 0.25},
            {"type": "ineq", "fun": lambda q: 1.5**2 * 3 - (q - 0.25) @ (q - 0.25)},
        ],
        method="SLSQP",
    ).x
    assert np.allclose(energies.to_layer(b, z)[0], layer, atol=1e-4)
    inside = optimize.minimize(
        lambda q: energies.binary_entropy(q[None])[0] - z[0] @ q, start, bounds=[(-0.999, 0.999)] * 3
    ).x
    assert np.allclose(np.tanh(z[0]), inside, atol=1e-4)


def test_synchronous_updates_without_the_diagonal_can_oscillate():
    # Two spins with one memory (1, 1) and no diagonal: (1, -1) and (-1, 1) alternate, the energy stays.
    b = Instances(
        1,
        memories=np.array([[[1.0, 1.0]]]),
        query=np.array([[1.0, -1.0]]),
        beta=np.ones(1),
        target=np.zeros(1, int),
    )
    assert measure(b, posts.rise_no_diagonal)[0] == 0
    assert measure(b, posts.rise_hebb)[0] <= 0


# -- separation, hulls, radii --------------------------------------------------------


def test_a_memory_is_outside_the_hull_exactly_where_a_linear_programme_says_so():
    rng = np.random.default_rng(11)
    memories = rng.standard_normal((60, 5, 2))
    b = Instances(
        60, memories=memories, query=memories[:, 0], beta=np.ones(60), target=np.zeros(60, dtype=int)
    )
    gaps = measure(b, fixed_points.hull_gap)
    inside = []
    for x in memories:
        found = optimize.linprog(
            np.zeros(4),
            A_eq=np.vstack([x[1:].T, np.ones(4)]),
            b_eq=np.append(x[0], 1.0),
            bounds=[(0, None)] * 4,
        )
        inside.append(found.status == 0)
    assert not np.any((gaps > 1e-9) & np.array(inside))
    assert np.sum((gaps <= 1e-9) & ~np.array(inside)) <= 2  # certificates may miss a narrow case
    assert 5 < sum(inside) < 55


def test_radius_of_the_ball_by_bisection():
    rng = np.random.default_rng(4)
    memories = 2 * rng.standard_normal((1, 4, 3))
    b = Instances(
        1,
        memories=memories,
        query=memories[:, 0],
        beta=np.array([3.0]),
        target=np.zeros(1, dtype=int),
        scalars={"alpha": np.array([1.75]), "edge": np.zeros(1)},
    )
    radius = float(measure(b, balls.r_star[maps.ENTMAX])[0])
    assert radius > 0.1
    away = memories[0, 1:] - memories[0, 0]
    away /= np.linalg.norm(away, axis=1, keepdims=True)

    def exact(r: float) -> bool:
        errors = [
            maps.map_error(maps.at(b, (memories[0, 0] + r * u)[None]), maps.ENTMAX)[0]
            for u in [*away, *rng.standard_normal((20, 3))]
        ]
        return max(errors[: len(away)]) == 0

    low, high = 0.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if exact(middle) else (low, middle)
    assert low == pytest.approx(radius, rel=1e-9)


def test_an_antipodal_pair_is_fixed_after_normalisation_at_every_temperature():
    statement = CATALOGUE["hfy2024.prop3-normalised"]
    part = next(p for p in statement.parts if p.name == "only if (sparsemax)")
    point = {
        "memories": [[Fraction(1)], [Fraction(-1)]],
        "query": [Fraction(1)],
        "beta": Fraction(1, 10),
        "target": 0,
        "alpha": Fraction(2),
    }
    found = certify(part, statement.hypotheses, point)
    assert (found.status, found.rhs) == ("violated", "1/5")


def test_the_number_of_equidistant_points_grows_linearly():
    assert (2 / math.sqrt(3)) ** 20 < 20 + 1
    assert (2 / math.sqrt(3)) ** 24 > 24 + 1
    statement = CATALOGUE["hfy2024.prop4-capacity-placed"]
    found = certify(statement.parts[0], (), {"d": Fraction(24), "known": Fraction(196560)})
    assert found.status == "violated"


# -- structures ----------------------------------------------------------------------


def subsets(count: int, k: int) -> np.ndarray:
    rows = np.zeros((math.comb(count, k), count))
    for row, chosen in zip(rows, itertools.combinations(range(count), k), strict=True):
        row[list(chosen)] = 1
    return rows


@pytest.mark.parametrize("seed", range(4))
def test_structure_conditions_by_enumeration(seed):
    b = batch(seed, count=6, d=4)
    slack, error = measure(b, structured.subset_slack), measure(b, structured.subset_error)
    v, y, sizes = structured._placed(b)
    for i in range(b.size):
        every = subsets(6, int(sizes[i]))
        own = y[i].astype(float)
        brute = v[i] @ own - max(v[i] @ o + np.sum((own - o) ** 2) / 2 for o in every)
        assert slack[i] == pytest.approx(min(brute, 0.0) if brute >= 0 else brute, abs=1e-12)
        # SparseMAP by least squares on the convex weights of all structures.
        found = optimize.nnls(
            np.vstack([every.T, 1e4 * np.ones(len(every))]), np.append(v[i], 1e4), maxiter=10_000
        )[0]
        assert error[i] == pytest.approx(np.linalg.norm(every.T @ found - own), abs=1e-5)
    s = associations._self_scores(b)
    delta = measure(b, associations.Delta_structure)
    room = measure(b, associations.association_slack)
    diameter = measure(b, associations.D_squared)
    chosen, sizes = associations._structure(b)
    for i in range(b.size):
        own = chosen[i].astype(float)
        assert own[b.target[i]] == 1
        assert own.sum() == sizes[i]
        others = [o for o in subsets(6, int(sizes[i])) if not np.array_equal(o, own)]
        assert delta[i] == pytest.approx(s[i] @ own - max(s[i] @ o for o in others))
        brute = min(s[i] @ (own - o) - np.sum((own - o) ** 2) / (2 * b.beta[i]) for o in others)
        assert room[i] == pytest.approx(min(brute, 0.0), abs=1e-12)
        assert diameter[i] == max(np.sum((own - o) ** 2) for o in others)


def test_sequences_by_enumeration():
    b = batch(12, count=6, d=4)
    slack, error = measure(b, structured.sequence_slack), measure(b, structured.sequence_error)
    v, sizes = maps.scores(b), structured.sizes_of(b)

    def value(w, o):
        return w @ o + structured.REWARD * np.sum(o[1:] * o[:-1])

    for i in range(b.size):
        every = subsets(6, int(sizes[i]))
        y = max(every, key=lambda o, i=i: value(v[i], o))
        w = v[i] + (1 + b.scalars["edge"][i] ** 7) * y
        brute = value(w, y) - max(value(w, o) + np.sum((y - o) ** 2) / 2 for o in every)
        assert slack[i] == pytest.approx(brute, abs=1e-12)
        assert (slack[i] >= -1e-12) <= (error[i] <= 1e-9)
    assert 0 < np.sum(slack >= -1e-12) < b.size or np.all(error <= 1e-9)


def test_conditions_on_the_cube_by_enumeration():
    b = batch(9, count=4, d=3)
    v, y = structured._cube(b)
    every = np.array(list(itertools.product([0.0, 1.0], repeat=4)))
    slack, flip = measure(b, structured.cube_slack), measure(b, structured.cube_flip)
    for i in range(b.size):
        brute = v[i] @ y[i] - max(v[i] @ o + np.sum((y[i] - o) ** 2) / 2 for o in every)
        assert slack[i] == pytest.approx(min(brute, 0.0), abs=1e-12)
        others = [o for o in every if not np.array_equal(o, y[i])]
        implied = all((v[i] - y[i]) @ (y[i] - o) >= 0 for o in others)
        assert implied == (flip[i] >= 0)


# -- events --------------------------------------------------------------------------


def test_ball_event_says_failure_and_success_where_they_are_certain():
    keywords = {"d": 3, "M": 2, "m": 1.0, "margin": 1.0}
    assert np.all(not_all_exact_in_ball(stream(0, "f"), 50, beta=0.4, eps=0.0, **keywords) == 1)
    assert np.all(not_all_exact_in_ball(stream(0, "g"), 50, beta=1.0, eps=3.0, **keywords) == 1)
    assert np.all(
        not_all_exact_in_ball(stream(0, "h"), 50, d=3, M=1, m=1.0, beta=1.0, margin=1.0, eps=0.5) == 0
    )
    with pytest.raises(ValueError, match="eps"):
        not_all_exact_in_ball(stream(0, "i"), 5, beta=1.0, eps=-0.1, **keywords)


def test_ball_event_has_the_probability_of_a_cap():
    # Two points: failure exactly if D = 1 - cos is below t, with (t - c)/sqrt(2 t) = eps.
    c, eps = 0.1, 0.3
    t = optimize.brentq(lambda s: (s - c) / math.sqrt(2 * s) - eps, c, 2.0)
    angle = math.acos(1 - t)
    cap = betainc(1.5, 0.5, math.sin(angle) ** 2) / 2 if angle <= math.pi / 2 else None
    assert cap is not None
    found = not_all_exact_in_ball(stream(1, "cap"), 40_000, d=4, M=2, m=1.0, beta=10.0, margin=1.0, eps=eps)
    assert np.mean(found == 1) == pytest.approx(cap, abs=5 * math.sqrt(cap / 40_000))


# -- planted errors ------------------------------------------------------------------


def test_an_entmax_of_another_order_is_caught(monkeypatch):
    right = maps.entmax
    monkeypatch.setattr(maps, "entmax", lambda v, alpha, xp: right(v, alpha * 0 + 2, xp))
    for identifier in ("hfy2024.margins-tsallis", "hfy2024.prop3-stationary"):
        assert verdict(identifier) == "refuted", identifier


def test_weights_that_do_not_maximise_are_caught(monkeypatch):
    right = maps.normmax
    monkeypatch.setattr(maps, "normmax", lambda v, gamma, xp: right(v, 1.5, xp))
    certified = maps.certified_normmax
    monkeypatch.setattr(maps, "certified_normmax", lambda v, gamma: certified(v, 1.5))
    assert verdict("hfy2024.def-negentropy") == "refuted"


def test_structures_of_another_size_are_caught(monkeypatch):
    def shy(v, k, xp):
        """The projection with its scores scaled down by a thousandth."""
        return sparsemap(v * (v.flat[0] * 0 + Fraction(999, 1000) if v.dtype == object else 0.999), k, xp)

    monkeypatch.setattr(structured, "sparsemap", shy)
    assert verdict("restated.structured-margin-iff") == "refuted"
    part = next(p for p in CATALOGUE["restated.structured-margin-iff"].parts if p.name == "k-subsets: if")
    point = {
        "memories": [[Fraction(1)], [Fraction(0)]],
        "query": [Fraction(1)],
        "beta": Fraction(1),
        "target": 0,
        "k": Fraction(1),
        "edge": Fraction(0),
    }
    assert certify(part, (), point).status == "violated"


def test_reals_are_compared_exactly_in_sums_of_the_largest():
    v = exact_array([[Fraction(1, 3), Fraction(1, 2), Fraction(-1)]])
    assert structured.top_sum(v, np.array([2]))[0] == Real("5/6")
