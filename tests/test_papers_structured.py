"""Nonparametric and sparse-structured models: quantities and events by brute force, planted errors caught."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp

from bounds.exact import Real, exact_array
from simulations import events_structured
from simulations.streams import stream
from simulations.variants import retrieval_error, update, variant
from simulations.variants.dense import DENSE
from simulations.variants.masked import renormalised
from simulations.variants.svr import certificate
from verify.checkers import forall, grid_values
from verify.context import Context
from verify.decide import decide
from verify.instances import Instances, exact_instance, point_of
from verify.margins import certify
from verify.papers import catalogue
from verify.papers.np2024 import (
    STATEMENTS,
    capacity,
    complexity,
    convergence,
    error_bounds,
    features,
    maps,
    noise,
    recovery,
    regression,
    storage,
    supports,
    topk,
    windows,
)
from verify.vocabulary import measure, measure_log

CATALOGUE = catalogue()


def verdict(identifier: str, **context):
    return decide(forall.check(CATALOGUE[identifier], Context(**context)), math.log(1e6)).verdict


def batch(seed: int, count: int = 4, d: int = 2) -> Instances:
    rng = np.random.default_rng(seed)
    return Instances(
        6,
        memories=rng.integers(-4, 5, (6, count, d)) / 2 + rng.integers(0, 2, (6, count, d)) / 16,
        query=rng.integers(-4, 5, (6, d)) / 4 + 1 / 32,
        beta=rng.integers(1, 9, 6) / 4,
        target=rng.integers(0, count, 6),
        scalars={
            "part": rng.integers(1, 5, 6) / 4,
            "order": np.arange(6) % 3 * 1.0,
            "eta": rng.integers(-2, 3, 6) / 4,
            "delta": rng.integers(-2, 3, 6) * 1.0,
            "eps": np.full(6, 0.125),
            "c_share": np.full(6, 2.0),
            "r": np.full(6, 0.25),
        },
    )


def softmax(v):
    e = [math.exp(t) for t in v]
    return [t / sum(e) for t in e]


def one(b: Instances, i: int):
    """Memories, query, beta, target, k and the support of one instance, by the words of the definition."""
    x, q, mu = b.memories[i], b.query[i], int(b.target[i])
    count = len(x)
    k = max(1, math.ceil(b.scalars["part"][i] * count))
    others = [(mu + j) % count for j in range(1, count)]
    z = x @ q
    if b.scalars["order"][i] == 1:
        others = sorted((j for j in range(count) if j != mu), key=lambda j: -z[j])
    if b.scalars["order"][i] == 2:
        others = sorted((j for j in range(count) if j != mu), key=lambda j: z[j])
    return x, q, float(b.beta[i]), mu, k, [mu, *others[: k - 1]]


def errors(x, q, beta, mu, inside):
    """|T_A - xi_mu| and |T_B - xi_mu| by plain sums."""
    p = softmax(beta * (x @ q))
    own = softmax(beta * (x[inside] @ q))
    a = sum(p[j] * x[j] for j in inside)
    b = sum(w * x[j] for w, j in zip(own, inside, strict=True))
    return np.linalg.norm(a - x[mu]), np.linalg.norm(b - x[mu])


@pytest.mark.parametrize("seed", range(6))
def test_errors_of_both_readings(seed):
    b = batch(seed)
    for i in range(b.size):
        x, q, beta, mu, k, inside = one(b, i)
        z = x @ q
        best = sorted(range(len(z)), key=lambda j: -z[j])[:k]
        a, c = errors(x, q, beta, mu, inside)
        assert measure(b, supports.err_A)[i] == pytest.approx(a, abs=1e-12)
        assert measure(b, supports.err_B)[i] == pytest.approx(c, abs=1e-12)
        if len(set(z)) == len(z):
            a, c = errors(x, q, beta, mu, best)
            assert measure(b, supports.err_top_A)[i] == pytest.approx(a, abs=1e-12)
            assert measure(b, supports.err_top_B)[i] == pytest.approx(c, abs=1e-12)
            assert measure(b, supports.top_share)[i] == (mu in best)
        assert measure(b, supports.k_S)[i] == k
        exact = exact_instance(point_of(b, i))
        for symbol in (supports.err_A, supports.err_B, supports.err_top_A, maps.skew_A, error_bounds.diam_S):
            found = measure(exact, symbol)[0]
            assert float(found) == pytest.approx(measure(b, symbol)[i], abs=1e-12)


def test_errors_of_named_models():
    b = batch(3, count=5)
    for name, symbol in (
        ("window:width=0,reading=A", windows.err_window_A),
        ("window", windows.err_window_B),
    ):
        expected = retrieval_error(variant(name), b.memories, b.query, b.beta, b.target)
        assert measure(b, symbol) == pytest.approx(expected, abs=1e-13)
    b.scalars["part"] = np.full(6, 0.4)
    expected = retrieval_error(variant("topk:k=2,reading=A"), b.memories, b.query, b.beta, b.target)
    assert measure(b, supports.err_top_A) == pytest.approx(expected, abs=1e-13)


def test_logarithms_of_errors_do_not_underflow():
    # One memory kept of a, -a at x = a: 1 - p is about exp(-2 beta), far below the smallest float.
    b = Instances(
        1,
        memories=np.array([[[1.0], [-1.0]]]),
        query=np.array([[1.0]]),
        beta=np.array([5000.0]),
        target=np.array([0]),
        scalars={"part": np.array([0.5]), "order": np.array([0.0])},
    )
    assert measure_log(b, supports.err_A)[0] == pytest.approx(-10_000)
    assert measure_log(b, supports.err_B)[0] == -np.inf


@pytest.mark.parametrize("seed", range(4))
def test_quantities_of_supports_and_noise(seed):
    b = batch(seed)
    for i in range(b.size):
        x, q, beta, mu, k, inside = one(b, i)
        z = x @ q
        own = softmax(beta * z[inside])
        moved = q + b.scalars["eta"][i] * (x[(mu + 1) % 4] - x[mu])
        expected = {
            error_bounds.q_S: sum(own[1:]),
            error_bounds.diam_S: max(np.linalg.norm(x[i] - x[j]) for i in inside for j in inside),
            noise.xi_eta: x[mu] @ (moved - q),
            maps.mass_B: 1.0,
            maps.mass_A: sum(softmax(beta * z)[j] for j in inside),
        }
        if k > 1:
            expected[error_bounds.Delta_S] = z[mu] - max(z[j] for j in inside[1:])
        if b.scalars["order"][i] == 0:
            expected[noise.noisy_A] = errors(x, moved, beta, mu, inside)[0]
        for symbol, value in expected.items():
            assert measure(b, symbol)[i] == pytest.approx(value, abs=1e-12), symbol
        p = softmax(beta * z)
        steps = np.eye(2) * 1e-6

        def image(at, x=x, beta=beta, inside=inside):
            return sum(w * x[j] for j, w in enumerate(softmax(beta * (x @ at))) if j in inside)

        jacobian = np.stack([(image(q + s) - image(q - s)) / 2e-6 for s in steps], axis=1)
        skewed = np.sum(np.abs(jacobian - jacobian.T))
        assert measure(b, maps.skew_A)[i] == pytest.approx(skewed, abs=1e-6 * (1 + beta))
        assert len(p) == 4


def test_heads_are_summed_coordinate_by_coordinate():
    b = batch(2, count=4, d=3)
    inside = [0, 1]
    for i in range(b.size):
        x, q, beta, mu = b.memories[i], b.query[i], float(b.beta[i]), int(b.target[i])
        total = 0.0
        for first in (0, 1):
            total += errors(x[:, first::2], q[first::2], beta, mu, inside)[1] ** 2
        assert measure(b, windows.heads_square)[i] == pytest.approx(total, abs=1e-12)


# -- witnesses worked out by hand -----------------------------------------------------------------------


def point(memories, query, beta, **scalars):
    rows = [[Fraction(v) for v in row] for row in memories]
    numbers = {k: Fraction(v) for k, v in scalars.items()}
    return {
        "memories": rows,
        "query": [Fraction(v) for v in query],
        "beta": Fraction(beta),
        "target": 0,
    } | numbers


def status(identifier, part, where):
    statement = CATALOGUE[identifier]
    chosen = next(p for p in statement.parts if p.name == part)
    return certify(chosen, statement.hypotheses, where).status


def test_truncation_hurts_when_the_dropped_memory_is_near():
    # Memories 1 and 3/2, S = {1}: the error of T_A is the dropped weight, that of the dense map half of it.
    where = point([[1], ["3/2"]], [1], 1, part="1/2", order=0)
    assert status("np2024.cor4.1.1-sparse-vs-dense", "reading A", where) == "violated"
    assert status("np2024.cor4.1.1-sparse-vs-dense", "reading B", where) == "holds"
    # Memories 0, 1 and -1 at x = 0: the dense map is exact, and dropping -1 spoils the balance.
    where = point([[0], [1], [-1]], [0], 1, part="2/3", order=0)
    assert status("np2024.cor4.1.1-sparse-vs-dense", "reading B", where) == "violated"


def test_a_query_beside_the_target_breaks_the_bound_of_theorem_41():
    # Memories (1, 0) and (4/5, 3/5), x = (1, 3/10): <xi_mu, x> knows nothing of the step sideways.
    where = point([[1, 0], ["4/5", "3/5"]], [1, "3/10"], 40, part=1, order=0)
    assert status("np2024.thm4.1-bound-others", "reading A", where) == "violated"
    beta, error = 40, math.sqrt(2 - 8 / 5) / (1 + math.exp(40 * (1 - 0.8 - 0.18)))
    assert error > 2 * math.exp(-beta * (1 - 0.8))


def test_reading_A_has_a_cycle_of_two_states():
    # Memories 1 and 3, S = {1}: T(x) = 1/(1 + exp(2 beta x)) maps [0, 2] into itself and turns there.
    beta = 8
    where = point([[1], [3]], [1], beta, part="1/2", order=0)
    assert status("np2024.lemma4.1-fixed-point", "reading A: no cycle", where) == "violated"
    assert status("np2024.lemma4.1-fixed-point", "reading B: no cycle", where) == "holds"
    x = mpmath.mpf(1)
    for _ in range(500):
        x = 1 / (1 + mpmath.exp(2 * beta * x))
    gap = abs(1 / (1 + mpmath.exp(2 * beta * x)) - x)
    found = measure(exact_instance(where), convergence.cycle_A)[0]
    assert gap > 0.1
    assert 0.99 * gap < float(found) <= gap
    # At beta = 1 the slope at the fixed point is above -1 and the iteration converges.
    assert (
        float(measure(exact_instance(point([[1], [3]], [1], 1, part="1/2", order=0)), convergence.cycle_A)[0])
        == 0
    )


def test_only_antipodal_pairs_are_well_separated():
    pair = point([[1], [-1]], ["1/2"], 3, part="1/2", order=0)
    assert status("np2024.well-separation", "image in S_mu, reading A", pair) == "holds"
    two = point([[1], [-1]], ["1/2"], 3, part=1, order=0)
    assert status("np2024.well-separation", "image in S_mu, reading A", two) == "inadmissible"
    off = point([[1], ["-999/1000"]], ["1/2"], 10**6, part="1/2", order=0)
    assert status("np2024.well-separation", "image in S_mu, reading A", off) == "inadmissible"


def test_the_memories_are_no_optimal_multipliers():
    # One memory 1, K = exp(beta): K a = xi asks for a = exp(-beta).
    b = exact_instance(point([[1]], [1], 2, eps=0, c_share=2))
    assert float(measure(b, recovery.kkt_memories)[0]) == pytest.approx(math.exp(2) - 1)
    assert status(
        "np2024.dense-recovery-optimum",
        recovery.OPTIMUM.parts[0].name,
        point([[1]], [1], 2, eps=0, c_share=2),
    ) == ("violated")


def test_the_linear_model_stores_one_of_two_memories_on_a_line():
    # T(x) = (2 - 1/e)/(2 + 1/e) whatever x is.
    where = point([[-1], [1]], [-1], 1)
    assert status("np2024.linear", "elu + 1: every memory is stored", where) == "violated"
    error = 1 + (2 - math.exp(-1)) / (2 + math.exp(-1))
    assert float(measure(exact_instance(where), features.err_linear)[0]) == pytest.approx(error)


# -- planted errors -----------------------------------------------------------------------


def test_weights_at_half_the_temperature_are_caught(monkeypatch):
    for name in ("softmax", "log_softmax"):
        true = getattr(supports, name)
        monkeypatch.setattr(supports, name, lambda v, xp, true=true: true(v / 2, xp))
    assert verdict("restated.truncated-error-bound") == "refuted"


def test_a_support_that_leaves_memories_out_is_caught(monkeypatch):
    def wrong(v, share, xp):
        return renormalised(v, share * 0 + 1, xp)

    monkeypatch.setattr(supports, "renormalised", wrong)
    assert verdict("restated.masked-map-is-dense") == "refuted"


def test_a_top_k_model_of_the_worst_scores_is_caught():
    def worst(k):
        true = variant(f"topk:k={k}")
        return dataclasses.replace(true, weights=lambda v, xp: true.weights(-v, xp))

    models = {f"topk:k={k}": worst(k) for k in range(1, 101)}
    assert verdict("restated.topk-energy", models=models) == "refuted"
    assert verdict("np2024.topk", models=models) == "refuted"


def test_a_dense_model_of_another_temperature_is_caught():
    hot = dataclasses.replace(DENSE, weights=lambda v, xp: DENSE.weights(v / 2, xp))
    assert verdict("np2024.dense-recovery-substitution", models={"dense": hot}) == "refuted"


def test_a_linear_model_without_the_one_is_caught(monkeypatch):
    true = variant("linear")
    shifted = dataclasses.replace(true, weights=lambda v, xp: true.weights(v - 1, xp))
    b = Instances(1, scalars={"d": exact_array([4])}, models={"linear": shifted}, exact=True)
    assert measure(b, features.unit_weight)[0] == Real(Fraction(6, 21))
    plain = Instances(1, scalars={"d": exact_array([4])}, exact=True)
    assert measure(plain, features.unit_weight)[0] == Real(Fraction(7, 25))


# -- regression -----------------------------------------------------------------------


@pytest.mark.parametrize("where", regression.GRID[::4], ids=str)
def test_the_certified_gap_is_that_of_the_solver(where):
    exact = exact_instance({k: Fraction(v) for k, v in where.items()})
    memories, points = regression.problem(regression.key_of(exact))
    kernel = np.exp(float(Fraction(where["beta_m2"])) * points @ points.T)
    a = regression.solution(regression.key_of(exact)).multipliers
    gap, _ = certificate(kernel, memories, a, float(Fraction(where["eps"])), float(Fraction(where["cost"])))
    found = float(measure(exact, regression.duality_gap)[0])
    assert found == pytest.approx(float(np.sum(gap)), abs=1e-9)


def test_elimination_solves_the_system():
    rng = np.random.default_rng(0)
    rows = rng.integers(-8, 9, (4, 3)) / 8
    kernel = exact_array(np.exp(rows @ rows.T))
    x, pivot = regression.eliminate(kernel, exact_array(rows))
    expected = mpmath.lu_solve(
        mpmath.matrix(np.exp(rows @ rows.T).tolist()), mpmath.matrix(rows[:, 0].tolist())
    )
    assert [float(v) for v in x[:, 0]] == pytest.approx([float(v) for v in expected], rel=1e-9)
    assert float(pivot) > 0
    with pytest.raises(ArithmeticError):
        regression.eliminate(exact_array([[1, 2], [2, 1]]), exact_array([[1], [1]]))


# -- events -----------------------------------------------------------------------


def close_to(outcome, p):
    n = len(outcome)
    assert set(np.unique(outcome)) <= {0, 1}
    return abs(np.mean(outcome == 1) - p) <= 5 * math.sqrt(p * (1 - p) / n)


@pytest.mark.parametrize("q", [0.1, 0.5, 1.0])
def test_noise_on_a_pair(q):
    """On a line two memories differ half the time; then the loss is one Gaussian tail."""
    out = events_structured.masked_noise_fails(stream(1, "noise"), 6000, d=1, k=2, beta=3.0, s=0.2, q=q)
    assert close_to(out, mpmath.ncdf(-mpmath.sqrt(2 * mpmath.log(1 / mpmath.mpf(q)))) / 2)
    with pytest.raises(ValueError, match="k: expected at least 2"):
        events_structured.masked_noise_fails(stream(1, "noise"), 1, d=1, k=1, beta=3.0, s=0.2, q=q)


def test_random_masks_miss_what_they_drop():
    run = events_structured.random_mask_misses
    assert close_to(run(stream(1, "mask"), 4000, d=16, M=4, k=1, beta=200.0), 3 / 4)
    assert not np.any(run(stream(1, "mask"), 200, d=16, M=4, k=4, beta=200.0))
    assert np.all(run(stream(1, "mask"), 200, d=16, M=4, k=4, beta=1e-3))
    assert not np.any(run(stream(1, "mask"), 20, d=16, M=1, k=1, beta=1.0))


def test_memories_outside_the_support_are_not_stored():
    run = events_structured.sparse_not_all_stored
    assert np.all(run(stream(1, "s"), 50, d=8, M=6, m=1.0, beta=60.0, k=3) == 1)
    assert np.all(run(stream(1, "s"), 50, d=8, M=6, m=1.0, beta=200.0, k=6) == -1)
    assert np.all(run(stream(1, "s"), 5, d=8, M=1, m=1.0, beta=60.0, k=1) == 0)


def test_features_far_from_the_dense_map(monkeypatch):
    run = events_structured.prf_far
    arguments = {"d": 8, "M": 5, "features": 256, "beta": 0.5}
    assert 0.2 < np.mean(run(stream(1, "prf"), 400, **arguments)) < 0.5
    # No features at all: the mean of the memories; exact kernel values: no error.
    monkeypatch.setattr(events_structured, "log_kernel", lambda x, q, beta, w: 0 * (x @ q))
    assert np.mean(run(stream(1, "prf"), 20, **arguments | {"features": 10**5})) == 1
    monkeypatch.setattr(events_structured, "log_kernel", lambda x, q, beta, w: beta * (x @ q))
    assert not np.any(run(stream(1, "prf"), 20, **arguments))


def test_the_first_order_error_of_two_features():
    """Two memories on a line, x = xi_1 = 1, xi_2 = -1: e_2 = 0, e_1 has variance exp(4 beta) - 1."""
    beta, size = 0.05, 400
    p = 1 / (1 + math.exp(-2 * beta))
    sigma = 2 * p * (1 - p) * math.sqrt(math.expm1(4 * beta) / size)
    rng = np.random.default_rng(2)
    w = rng.standard_normal((4000, size))
    estimate = np.mean(np.exp(2 * math.sqrt(beta) * w - beta), axis=1)
    gap = 2 * np.abs(estimate / (estimate + math.exp(-beta)) - p)
    above = np.mean(gap > sigma)
    out = events_structured.prf_far(stream(1, "line"), 6000, d=1, M=2, features=size, beta=beta)
    # Half of the pairs coincide, and then there is no error.
    assert np.mean(out) == pytest.approx(above / 2, abs=0.025)


@pytest.mark.parametrize(("factor", "failures"), [(1.0, 0), (1.8, 0), (2.2, 1), (0.4, 1)])
def test_a_softmax_at_another_temperature_is_off(monkeypatch, factor, failures):
    centre = math.sqrt(2 * 30 * math.log(64))
    monkeypatch.setattr(events_structured, "log_kernel", lambda x, q, beta, w: factor * centre * (x @ q))
    out = events_structured.prf_temperature_off(
        stream(1, "t"), 20, d=16, M=5, features=64, beta=30.0, factor=2
    )
    assert np.all(out == failures)


def test_second_moments_of_random_features():
    rng = np.random.default_rng(1)
    g = rng.standard_normal(2_000_000)
    s2 = 0.5
    positive, wave = np.exp(math.sqrt(s2) * g - s2 / 2), np.cos(math.sqrt(s2) * g)
    for values, part in zip((positive, wave), features.VARIANCE.parts, strict=True):
        relative = np.var(values) / np.mean(values) ** 2
        formula = float(part.relation.rhs.subs({features.s2: sp.Rational(1, 2), features.count: 1}))
        assert relative == pytest.approx(formula, rel=0.01)
    assert all(sp.simplify(e) == 0 for e in features.VARIANCE.symbolic().values())


# -- capacity -----------------------------------------------------------------------


def test_the_constants_of_the_capacity_lemma():
    where = {"p": "1/10", "d": 20, "k": 2, "beta_m2": 200, "share": "1/2"}
    relaxed = dataclasses.replace(capacity.CAPACITY, hypotheses=capacity.CAPACITY.hypotheses[:1])
    values = grid_values.derive(relaxed, where)
    a = mpmath.mpf(4) / 19 * (mpmath.log((mpmath.sqrt(0.1) + 1) / 0.5) + 1)
    b = mpmath.mpf(800) / 95
    number = mpmath.sqrt(0.1) * (b / mpmath.lambertw(mpmath.exp(a) * b)) ** (mpmath.mpf(19) / 4)
    assert float(values["N"]) == math.floor(number) > 2
    # Well-separation fails: 2 R^2 < 2 m R for R < m.
    assert grid_values.derive(capacity.CAPACITY, where) is None


def test_the_separation_condition_of_the_lemma_on_a_drawn_sphere():
    rng = stream(3, "sphere")
    x = rng.standard_normal((200, 5, 3))
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    gram = np.matmul(x, x.swapaxes(-1, -2))
    gram[:, range(5), range(5)] = -np.inf
    separation = 1 - gram.max(axis=(1, 2))
    radius = np.min(np.linalg.norm(x[:, :, None] - x[:, None], axis=-1) + 9 * np.eye(5), axis=(1, 2)) / 2
    assert separation == pytest.approx(2 * radius**2, abs=1e-12)


# -- operation counts -----------------------------------------------------------------------


class Counted:
    """A number that counts the operations made with it."""

    total = 0

    def __init__(self, value):
        self.value = value.value if isinstance(value, Counted) else value

    def _with(self, value):
        Counted.total += 1
        return Counted(value)

    def __add__(self, other):
        return self._with(self.value + other.value)

    def __sub__(self, other):
        return self._with(self.value - other.value)

    def __mul__(self, other):
        return self._with(self.value * other.value)

    def __truediv__(self, other):
        return self._with(self.value / other.value)

    def __gt__(self, other):
        Counted.total += 1
        return self.value > other.value

    def exp(self):
        return self._with(math.exp(self.value))


def counted(array):
    return [[Counted(float(v)) for v in row] for row in array]


def total(values):
    result = values[0]
    for v in values[1:]:
        result = result + v
    return result


def dot(a, b):
    return total([s * t for s, t in zip(a, b, strict=True)])


def mix(weights, rows):
    return [total([w * row[j] for w, row in zip(weights, rows, strict=True)]) for j in range(len(rows[0]))]


def soft(beta, z, kept):
    """Softmax of beta z, of which the first ``kept`` weights are wanted."""
    v = [beta * t for t in z]
    top = v[0]
    for t in v[1:]:
        top = t if t > top else top
    e = [(t - top).exp() for t in v]
    h = total(e)
    return [t / h for t in e[:kept]]


def draw(index):
    Counted.total += 1
    return index


def elu(row):
    """One operation for each coordinate: an exponential or a sum."""
    return [v + Counted(1.0) if v.value > 0 else v.exp() for v in row]


def positive(row, w):
    half = dot(row, row) * Counted(0.5)
    return [(dot(u, row) - half).exp() for u in w]


def readout(memories, queries, feature):
    rows, states = [feature(r) for r in memories], [feature(q) for q in queries]
    r, d = len(rows[0]), len(memories[0])
    sums = [
        [total([row[i] * x[j] for row, x in zip(rows, memories, strict=True)]) for j in range(d)]
        for i in range(r)
    ]
    mass = [total([row[i] for row in rows]) for i in range(r)]
    out = []
    for state in states:
        h = dot(state, mass)
        out.append([v / h for v in mix(state, sums)])
    return out


def top(z, k):
    """Indices of the k largest by k passes over what is left."""
    left = list(range(len(z)))
    found = []
    for _ in range(k):
        best = left[0]
        for j in left[1:]:
            best = j if z[j] > z[best] else best
        left.remove(best)
        found.append(best)
    return found


@pytest.mark.parametrize(("size", "k", "d", "r"), [(9, 2, 3, 5), (16, 4, 2, 3)])
def test_operation_counts_of_plain_loops(size, k, d, r):
    rng = np.random.default_rng(size)
    x, q = rng.standard_normal((size, d)), rng.standard_normal((size, d))
    w = rng.standard_normal((r, d))
    beta = Counted(0.7)
    width = math.ceil(math.sqrt(size))

    def reading_B(indices, xs, s):
        return mix(soft(beta, [dot(xs[j], s) for j in indices], len(indices)), [xs[j] for j in indices])

    def mask(xs, qs):
        return [reading_B([draw(j) for j in range(k)], xs, s) for s in qs]

    def mask_A(xs, qs):
        out = []
        for s in qs:
            kept = [draw(j) for j in range(k)]
            out.append(mix(soft(beta, [dot(row, s) for row in xs], k), [xs[j] for j in kept]))
        return out

    def topk(xs, qs):
        out = []
        for s in qs:
            z = [dot(row, s) for row in xs]
            kept = top(z, k)
            out.append(mix(soft(beta, [z[j] for j in kept], k), [xs[j] for j in kept]))
        return out

    cases = {
        "mask": (mask, complexity.MASK, variant(f"masked:k={k}")),
        "mask A": (mask_A, complexity.MASK_A, variant(f"masked:k={k},reading=A")),
        "window": (
            lambda xs, qs: [reading_B(range(width), xs, s) for s in qs],
            complexity.WINDOW,
            variant("window"),
        ),
        "top-K": (topk, complexity.TOPK, variant(f"topk:k={k}")),
        "linear": (lambda xs, qs: readout(xs, qs, elu), complexity.LINEAR, variant("linear")),
        "features": (
            lambda xs, qs: readout(xs, qs, lambda row: positive(row, counted(w))),
            complexity.PRF,
            None,
        ),
    }
    for name, (loop, formula, model) in cases.items():
        xs, qs = counted(x), counted(q)
        Counted.total = 0
        found = loop(xs, qs)
        sizes = {complexity.L: size, complexity.k: k, complexity.d: d, complexity.r: r}
        assert Counted.total == formula.subs(sizes), name
        if model is not None:
            expected = update(model, x, q, 0.7)
            values = [[v.value for v in row] for row in found]
            assert np.asarray(values) == pytest.approx(np.asarray(expected), abs=1e-12), name


def test_statements_of_the_page():
    assert len(STATEMENTS) == len({s.id for s in STATEMENTS}) == 34
    assert storage.STORED in STATEMENTS
    assert topk.TOPK in STATEMENTS
