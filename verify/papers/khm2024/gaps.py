"""Gaps of minimisers at positive temperature: general bounds, sharp codes without a gap, the gap over tau."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp
from sympy import Gt, Le, Symbol, log

from bounds.exact import Real, enclose_max, enclose_min, pi
from simulations.codes.losses import max_cosines, unit
from simulations.codes.polish import largest_cosine as largest_float
from simulations.codes.polish import polish
from simulations.feature_maps.losses import LOSSES, pair_lse
from simulations.feature_maps.minimisers import best_features, descend_from
from simulations.streams import stream
from verify.arena import Param, Patterns, Points
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.khm2024.losses import DIGITS, integer, one, scalar, tau
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import largest, norms, number, quantity, smallest

N, lift = (Symbol(name, nonnegative=True) for name in ("N", "lift"))
PAIRS = N * (N - 1) / 2

# -- gaps ---------------------------------------------------------------------------------------------------------


def _codes(b: Instances) -> list[Array]:
    """Two codes of unit features: the memories, and these with the query in place of the target."""
    x = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    at = np.arange(x.shape[1]) == b.target[:, None]
    return [_directions(x), _directions(np.where(at[..., None], b.query[:, None, :], x))]


def _directions(x: Array) -> Array:
    if x.dtype != object:
        # Rows of length 0 do not meet the hypotheses; any direction will do.
        x = np.where(np.any(x != 0, axis=-1, keepdims=True), x, 1.0)
    return x / np.sqrt(np.sum(x * x, axis=-1, keepdims=True))


def _tops(y: Array) -> Array:
    """Largest cosine of each code (B, M, d), shape (B,)."""
    i, j = np.triu_indices(y.shape[1], 1)
    return largest(np.sum(y[:, i] * y[:, j], axis=-1))


def _losses(form: str, b: Instances, y: Array) -> Array:
    return np.asarray(LOSSES[form](y, b.scalars["tau"][:, None, None])[0])


def _log_ce(b: Instances, y: Array) -> Array:
    """Logarithm of the cross-entropy form, which underflows at low temperatures; floats only, shape (B,)."""
    score = (np.matmul(y, np.swapaxes(y, -1, -2)) - 1) / b.scalars["tau"][:, None, None]
    score[:, np.eye(y.shape[1], dtype=bool)] = -np.inf
    return _log_mean_log1p(np.logaddexp.reduce(score, axis=-1))


def _log_mean_log1p(logs: Array) -> Array:
    """log mean log(1 + exp(v)) over the last axis."""
    tiny = logs < -40
    terms = np.where(tiny, logs, np.log(np.log1p(np.exp(np.where(tiny, 0.0, logs)))))
    return np.logaddexp.reduce(terms, axis=-1) - np.log(logs.shape[-1])


def _order(form: str, b: Instances, y: Array) -> Array:
    """What sorts codes as their losses do."""
    return _log_ce(b, y) if form == "ce" and not b.exact else _losses(form, b, y)


def _rescaled(b: Instances, y: Array) -> Array:
    """ell_tau = tau M L^pair."""
    return b.scalars["tau"] * y.shape[1] * _losses("pair", b, y)


def _even_cosine(form: str, b: Instances, first: Array) -> Array:
    """Cosine of M features, the same for any two, whose loss is that of the memories, ``first``; plus the lift.

    It is at least -1/(M - 1), below which there are no M such features: the loss is convex in the cosines.
    """
    at, count = b.scalars["tau"], b.memories.shape[-2]
    if form == "pair":
        same = at * count * first
    elif b.exact:
        same = 1 + at * (np.log(np.expm1(first)) - Real(count - 1).log())
    else:
        shrunk = np.where(first < -40, first, np.log(np.expm1(np.exp(np.maximum(first, -40.0)))))
        same = 1 + at * (shrunk - np.log(count - 1))
    return same + b.scalars["lift"]


def _even_order(form: str, b: Instances, cosine: Array) -> Array:
    """What sorts that code among the others."""
    at, count = b.scalars["tau"], b.memories.shape[-2]
    if form == "pair":
        return cosine / (at * count)
    if b.exact:
        return np.log1p((count - 1) * np.exp((cosine - 1) / at))
    return _log_mean_log1p((np.log(count - 1) + (cosine - 1) / at)[:, None])


def _top_of_least(values: Array, tops: Array) -> Any:
    """Enclosure of the largest cosine of the code of least loss, whichever it is among those that may be it."""
    least = enclose_min(values)
    may = tops[[v.ball.overlaps(least.ball) for v in values]]
    return may[0] if len(may) == 1 else Real(enclose_min(may).ball.union(enclose_max(may).ball))


def _choice_gap(form: str, b: Instances) -> Array:
    """s_max of the code of least loss among the three, less the least s_max of the three."""
    codes = _codes(b)
    first, second = (_order(form, b, y) for y in codes)
    even = _even_cosine(form, b, first)
    values = np.stack([first, second, _even_order(form, b, even)], axis=-1)
    tops = np.stack([*(_tops(y) for y in codes), even], axis=-1)
    if b.exact:
        picked = np.array([_top_of_least(values[0], tops[0])], dtype=object)
    else:
        picked = np.take_along_axis(tops, np.argmin(values, axis=-1)[:, None], axis=-1)[:, 0]
    return picked - smallest(tops)


@quantity("train_choice_gap_pair", "s_max of the minimiser less the optimum, over three codes, pair form")
def choice_gap_pair(b: Instances) -> Array:
    return _choice_gap("pair", b)


@quantity(
    "train_choice_gap_ce", "s_max of the minimiser less the optimum, over three codes, cross-entropy form"
)
def choice_gap_ce(b: Instances) -> Array:
    return _choice_gap("ce", b)


@quantity("train_ell", "ell_tau of the directions of the memories", real=True)
def ell(b: Instances) -> Array:
    return _rescaled(b, _codes(b)[0])


@quantity(
    "train_ce_of_set",
    "cross-entropy form of the directions of the memories",
    log=lambda b: _log_ce(b, _codes(b)[0]),
)
def ce_of_set(b: Instances) -> Array:
    return _losses("ce", b, _codes(b)[0])


@quantity("train_top", "largest cosine of two memories", real=True)
def top(b: Instances) -> Array:
    return _tops(_codes(b)[0])


@quantity("train_pairs", "number of pairs of memories")
def pairs(b: Instances) -> Array:
    count = b.memories.shape[-2]
    return number(b, count * (count - 1) // 2)


@quantity("train_shortest", "smallest norm among the memories and the query")
def shortest(b: Instances) -> Array:
    query = np.sqrt(np.sum(b.query * b.query, axis=-1))
    return smallest(
        np.concatenate([np.broadcast_to(norms(b), (b.size, b.memories.shape[-2])), query[:, None]], axis=-1)
    )


@quantity("train_count", "number of memories")
def count(b: Instances) -> Array:
    return number(b, b.memories.shape[-2])


NONZERO = Hypothesis(Gt(shortest, 0), "features have a direction")
ANY_CODES = Patterns(
    query="free",
    params=(Param(tau, 1e-3, 10.0, log=True), Param(lift, 1e-6, 0.1, log=True)),
    min_memories=2,
    sizes=((2, 2), (2, 3), (3, 4)),
    beta_m2=(1.0,),
)
GAP_LSE = Inequality(
    id="restated.d9.lse",
    title="Gap of the pair log-sum-exp form",
    source=Source("khm2024", "related to hu2024.limit.lse"),
    provenance="derived",
    printed=r"0\le s_{\max}(Y_\tau)-s^*\le\tau\ln K,\quad s_{\max}-\tau\ln K\le\ell_\tau\le s_{\max}",
    arena=ANY_CODES,
    hypotheses=(NONZERO,),
    parts=(
        Part("gap of the minimiser", Le(choice_gap_pair, tau * log(pairs)), scale=1, trivial=2),
        Part("the loss from below", Le(top - tau * log(pairs), ell), scale=1),
        Part("the loss from above", Le(ell, top), scale=1),
    ),
    controls=(
        Control("half the gap", Le(choice_gap_pair, tau * log(pairs) / 2), "gap of the minimiser"),
        Control("half the logarithm", Le(top - tau * log(pairs) / 2, ell), "the loss from below"),
        Control("strictly below", Le(ell, top - tau / 100), "the loss from above"),
    ),
    related=("hu2024.limit.lse", "restated.d9.ce", "restated.d9.zero-gap"),
    notices=(
        "Feasible sets of three codes: the memories, these with the query in place of the target, M features with equal cosines whose loss is a little higher than that of the memories (by lift in the cosine).",
    ),
)
GAP_CE = Inequality(
    id="restated.d9.ce",
    title="Gap of the cross-entropy form",
    source=Source("khm2024", "related to hu2024.limit.ce"),
    provenance="derived",
    printed=r"0\le s_{\max}(Y_\tau)-s^*\le\tau\ln\frac K{\ln2}",
    arena=ANY_CODES,
    hypotheses=(NONZERO,),
    parts=(
        Part("gap of the minimiser", Le(choice_gap_ce, tau * log(pairs / log(2))), scale=1, trivial=2),
        Part("the loss from below", Le(2 / count * log(1 + sp.exp((top - 1) / tau)), ce_of_set)),
        Part("the loss from above", Le(ce_of_set, 2 * pairs / count * sp.exp((top - 1) / tau))),
    ),
    controls=(
        Control("half the gap", Le(choice_gap_ce, tau * log(pairs / log(2)) / 2), "gap of the minimiser"),
        scaled("9/10", "the loss from below"),
        scaled("1/2", "the loss from above"),
    ),
    related=("hu2024.limit.ce", "restated.d9.lse"),
    notices=(
        "Feasible sets of three codes: the memories, these with the query in place of the target, M features with equal cosines whose loss is a little higher than that of the memories (by lift in the cosine).",
    ),
)

# -- zero gap ------------------------------------------------------------------------------------------------------


def distances(dimension: int, count: int) -> list[tuple[Any, int]]:
    """Inner products other than 1 from a point of the sharp code (balls where irrational), with multiplicities."""
    if dimension == 2:
        half = [((2 * k * pi() / count).cos(), 2) for k in range(1, (count + 1) // 2)]
        return half + ([(Real(-1), 1)] if count % 2 == 0 else [])
    if count == dimension + 1:
        return [(Real(-1) / dimension, dimension)]
    if count == 2 * dimension:
        return [(Real(0), count - 2), (Real(-1), 1)]
    fifth = 1 / Real(5).sqrt()
    tables = {
        (3, 12): [(fifth, 5), (-fifth, 5), (Real(-1), 1)],
        (5, 16): [(Real("1/5"), 10), (Real("-3/5"), 5)],
        (6, 27): [(Real("1/4"), 16), (Real("-1/2"), 10)],
        (7, 56): [(Real("1/3"), 27), (Real("-1/3"), 27), (Real(-1), 1)],
        (105, 756): [(Real("1/25"), 625), (Real("-1/5"), 130)],
        (8, 240): [(Real("1/2"), 56), (Real(0), 126), (Real("-1/2"), 56), (Real(-1), 1)],
    }
    return tables[dimension, count]


def _newton(nodes: list[Any], value: Any) -> list[Any]:
    """Divided differences of f = exp(t/tau), f' = f/tau, ``value``: t -> f(t), on nodes that come once or twice."""
    at, f = value
    row = [f(t) for t in nodes]
    found = [row[0]]
    for order in range(1, len(nodes)):
        row = [
            f(nodes[i]) / at
            if nodes[i] is nodes[i + order]
            else (row[i + 1] - row[i]) / (nodes[i + order] - nodes[i])
            for i in range(len(nodes) - order)
        ]
        found.append(row[0])
    return found


def _monomials(nodes: list[Any], differences: list[Any]) -> list[Any]:
    """Coefficients of sum_k c_k prod_{j<k} (t - t_j) by powers of t."""
    total = [Real(0)] * len(nodes)
    basis = [Real(1)]
    for k, c in enumerate(differences):
        total = [t + c * (basis[i] if i < len(basis) else 0) for i, t in enumerate(total)]
        basis = [
            (basis[i - 1] if i else 0) - nodes[k] * (basis[i] if i < len(basis) else 0)
            for i in range(len(basis) + 1)
        ]
    return total


def _gegenbauer(dimension: int, degree: int) -> list[list[Any]]:
    """P_0, ..., P_degree with P_k(1) = 1 by powers of t, exactly."""
    rows = [[Real(1)], [Real(0), Real(1)]]
    n = dimension
    for k in range(1, degree):
        shifted = [Real(0), *rows[k]]
        below = [*rows[k - 1], Real(0), Real(0)]
        rows.append(
            [((2 * k + n - 2) * a - k * b) / (k + n - 2) for a, b in zip(shifted, below, strict=True)]
        )
    return rows[: degree + 1]


def energies(dimension: int, count: int, at: Any) -> tuple[Any, Any]:
    """(energy of the sharp code, lower bound on that of every code), sums of exp((s - s*)/tau) over ordered pairs.

    Cohn and Kumar 2007: the Hermite interpolant h at the inner products, twice each but -1 once, lies below
    the exponential, whose derivatives are all positive; sum_k h_k sum P_k >= h_0 N^2 for h_k >= 0, and a
    coefficient that is not certainly so is charged with N^2.
    """
    table = distances(dimension, count)
    top = table[0][0]

    def f(t: Any) -> Any:
        return ((t - top) / at).exp()

    nodes = [t for t, _ in table for _ in range(1 if t.is_exact and t == -1 else 2)]
    h = _monomials(nodes, _newton(nodes, (at, f)))
    size = count * count
    bound = -count * sum(h[1:], h[0])
    rows = _gegenbauer(dimension, len(h) - 1)
    for k in range(len(h) - 1, -1, -1):
        share = h[k] / rows[k][k]
        h = [v - share * (rows[k][i] if i < len(rows[k]) else 0) for i, v in enumerate(h[:k])]
        if k == 0:
            bound = bound + share * size
        elif not share.lower() >= 0:
            bound = bound - abs(share) * size
    return count * sum((m * f(t) for t, m in table), Real(0)), bound


@quantity("train_energy", "sum over ordered pairs of exp((s - s*)/tau), the sharp code")
def energy(b: Instances) -> Array:
    return one(energies(integer(b, "D"), integer(b, "N"), scalar(b, "tau"))[0])


@quantity("train_energy_bound", "lower bound on that sum over all codes of this size", real=True)
def energy_bound(b: Instances) -> Array:
    return one(energies(integer(b, "D"), integer(b, "N"), scalar(b, "tau"))[1])


SHARP = (
    (2, 3),
    (2, 5),
    (2, 6),
    (2, 9),
    (3, 4),
    (3, 6),
    (3, 12),
    (4, 5),
    (4, 8),
    (5, 16),
    (6, 27),
    (7, 56),
    (8, 240),
)
ZERO_GAP = Identity(
    id="restated.d9.zero-gap",
    title="Zero gap for universally optimal codes",
    source=Source("khm2024", "related to hu2024.limit.lse; uses ck2007.universal"),
    provenance="derived",
    printed=r"s_{\max}(Y_\tau)=s^*\quad(\tau>0)",
    arena=Points(
        tuple(
            {"D": n, "N": m, "tau": t} for n, m in SHARP for t in ("10", "1", "1/4", "1/10", "1/50", "1/1000")
        )
    ),
    parts=(Part("no code has a lower loss than the sharp code", Le(energy, (1 + DIGITS) * energy_bound)),),
    controls=(Control("a lower bound that is higher by a tenth", Le(11 * energy / 10, energy_bound)),),
    related=("hu2024.limit.lse", "restated.d9.lse", "ck2007.universal"),
    notices=(
        "In ball arithmetic at every (D, M, tau): the linear programming bound of the Hermite interpolant equals the energy "
        "of the sharp code.  Equality forces all cosines of a minimiser to be cosines of the code, so that s_max = s*.",
        "The 600-cell (4,120) needs another polynomial and is not among the points.",
    ),
)

# -- gap over tau --------------------------------------------------------------------------------------------------


@cache
def ratio(dimension: int, count: int, at: float) -> float:
    """(s_max(Y_tau) - s*)/tau for the best of the minimisers found from random codes and from the best code."""
    code = _best_code(dimension, count)
    starts = unit(stream(0, "khm2024.ratio", dimension, count).standard_normal((5, count, dimension)))
    stages = [partial(pair_lse, tau=t) for t in (0.1, 0.03, 0.01) if t > at] + [partial(pair_lse, tau=at)]
    found, values = descend_from(np.concatenate([starts, code[None]]), stages)
    return float((max_cosines(found[int(np.argmin(values))]) - largest_float(code)) / at)


@cache
def _best_code(dimension: int, count: int) -> Array:
    stages = [partial(pair_lse, tau=t) for t in (0.2, 0.05, 0.01)]
    return polish(best_features(stages, count, dimension, starts=8)[0])


@quantity("train_ratio", "(s_max(Y_tau) - s*)/tau, pair form, minimised from several starts", real=True)
def gap_ratio(b: Instances) -> Array:
    return one(ratio(integer(b, "D"), integer(b, "N"), float(scalar(b, "tau"))))


@quantity("train_ratio_half", "the same at tau/2", real=True)
def gap_ratio_half(b: Instances) -> Array:
    return one(ratio(integer(b, "D"), integer(b, "N"), float(scalar(b, "tau")) / 2))


CONSTANT = Inequality(
    id="restated.d9.gap-constant",
    title="The gap is linear in tau",
    source=Source("khm2024", "related to hu2024.limit.lse"),
    provenance="derived",
    printed=r"\lim_{\tau\to0}\frac{s_{\max}(Y_\tau)-s^*}{\tau}\text{ exists and is finite}",
    arena=Points(
        tuple(
            {"D": n, "N": m, "tau": t}
            for n, m in ((3, 7), (3, 8), (3, 12), (4, 11))
            for t in ("1/50", "1/100", "1/200", "1/400")
        )
    ),
    parts=(
        Part("finite", Le(gap_ratio, log(PAIRS)), sampled=6),
        Part(
            "Cauchy: halving tau changes the ratio by at most 2 tau",
            Le(sp.Abs(gap_ratio - gap_ratio_half), 2 * tau),
            sampled=6,
        ),
    ),
    controls=(
        Control("a tenth of the bound", Le(gap_ratio, log(PAIRS) / 20), "finite"),
        Control(
            "it changes by at most tau/20",
            Le(sp.Abs(gap_ratio - gap_ratio_half), tau / 20),
            "Cauchy: halving tau changes the ratio by at most 2 tau",
        ),
    ),
    related=("hu2024.limit.lse", "restated.d9.lse"),
    notices=(
        "Measured, not proved: minimisers from five random codes and the best code, in floating point.  The ratio is bounded by "
        "log K (restated.d9.lse); its changes are proportional to tau, so that they add up.  It tends to 0.337 for (3,7), 0.1976 for (3,8), 0.428 for (4,11), 0 for (3,12).",
    ),
)

STATEMENTS: tuple[Statement, ...] = (GAP_LSE, GAP_CE, ZERO_GAP, CONSTANT)
