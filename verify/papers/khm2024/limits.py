"""Minimisers of the average separation losses as tau -> 0: do they become optimal codes, and at which rate?

A global minimiser over free features is never computed.  With Y* an explicit optimal code, every minimiser Y has
L(Y) <= L(Y*), and L bounds the largest cosine; so an upper bound on s_max(Y) follows in ball arithmetic.  Over
finite feasible sets, which maps W from a finite (so compact) set reach, minimisers are found by comparing losses.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from flint import nmod_mat
from sympy import Ge, Le, Rational, Symbol, log

from bounds.exact import Real, enclose_max, enclose_min, exact_array, pi, precision
from simulations.codes.quadrangles import classical, fisher_thas_walker, line_graph, strongly_regular
from simulations.streams import stream
from verify.arena import Points
from verify.instances import Array, Instances
from verify.papers.khm2024.gaps import energies
from verify.papers.khm2024.losses import DIGITS, integer, one, scalar, tau, unit_rows
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

SMALL = Rational(1, 100)
TEMPERATURES = ("10", "1", "1/4", "1/10", "1/50", "1/200", "1/1000", "1/5000")

# -- optimal codes ---------------------------------------------------------------------------------------------


def _signs(count: int) -> list[list[int]]:
    return [[1 - 2 * (k >> i & 1) for i in range(count)] for k in range(1 << count)]


def optimal_gram(dimension: int, count: int) -> Array:
    """Gram matrix of a code whose largest cosine is the smallest possible, as exact numbers or balls."""
    if dimension == 2:
        steps = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
        cosines = exact_array([(2 * k * pi() / count).cos() for k in range(count)])
        return np.asarray(cosines[steps], dtype=object)
    if count <= dimension + 1:
        return exact_array(np.eye(count, dtype=int) * count - 1) / (count - 1)
    if count <= 2 * dimension:
        # Beyond the simplex two of the points have an angle of at most 90 degrees (Rankin).
        axes = np.concatenate([np.eye(dimension, dtype=int), -np.eye(dimension, dtype=int)])
        rows = axes[[k // 2 + (k % 2) * dimension for k in range(count)]]
    elif (dimension, count) == (3, 12):
        golden = (1 + Real(5).sqrt()) / 2
        rows = exact_array([[0, a, b] for a in (1, -1) for b in (1, -1)]) * exact_array([1, 1, 1])
        rows[:, 2] = rows[:, 2] * golden
        rows = np.concatenate([np.roll(rows, k, axis=1) for k in range(3)])
    elif (dimension, count) == (5, 16):
        rows = np.array([r for r in _signs(5) if np.prod(r) == 1])
    else:
        raise ValueError(f"optimal code: none is at hand for dimension {dimension} and {count} points")
    rows = unit_rows(exact_array(rows))
    return np.asarray(rows @ rows.T, dtype=object)


SIZES = ((2, 3), (2, 5), (2, 8), (3, 4), (3, 5), (3, 6), (3, 12), (4, 5), (4, 7), (4, 8), (5, 16))


def off_diagonal(gram: Array) -> Array:
    return gram[np.triu_indices(len(gram), 1)]


def pair_value(gram: Array, at: Any) -> Any:
    """ell_tau = tau log mean exp(s/tau)."""
    return at * (np.sum(np.exp(off_diagonal(gram) / at)) / (len(gram) * (len(gram) - 1) // 2)).log()


def _row_sums(weight: Array) -> list[Any]:
    """Sums of the rows without the diagonal, which would swallow small terms."""
    return [np.sum(np.delete(row, i)) for i, row in enumerate(weight)]


def ce_value(gram: Array, at: Any) -> Any:
    """Sum over memories of log(1 + sum_others exp((s - 1)/tau)), M times the loss."""
    return sum((r.log1p() for r in _row_sums(np.exp((gram - 1) / at))), Real(0))


def mean_value(gram: Array, at: Any) -> Any:
    """Mean over memories of tau log sum_others exp(s/tau)."""
    return at * sum((r.log() for r in _row_sums(np.exp(gram / at))), Real(0)) / len(gram)


VALUES = {"pair": pair_value, "ce": ce_value, "mean": mean_value}


def reached(form: str, gram: Array, at: Any) -> Any:
    """Upper bound on the largest cosine of every code whose loss is at most that of ``gram``.

    pair: s_max <= ell + tau log K.  ce: the two memories of the largest cosine have a term of at least
    log(1 + exp((s_max - 1)/tau)) each.
    """
    if form == "pair":
        bound = pair_value(gram, at) + at * Real(len(gram) * (len(gram) - 1) // 2).log()
    else:
        bound = 1 + at * (ce_value(gram, at) / 2).expm1().log()
    return enclose_min(exact_array([bound, 1]))


# -- finite feasible sets ----------------------------------------------------------------------------------------


@cache
def feasible(number_: int) -> tuple[Array, ...]:
    """Gram matrices of a finite set of codes of unit features, all of one size."""
    rng = stream(0, "khm2024.limits", number_)
    dimension, count = ((2, 3), (2, 4), (3, 5), (3, 7), (4, 6), (2, 9))[number_ - 1]
    codes = []
    for k in range(10):
        rows = rng.integers(-6, 7, (count, dimension))
        rows[np.all(rows == 0, axis=1)] = 1
        if k == 0:
            # One close pair, everything else far away: a low mean with a high maximum.
            rows = np.concatenate([np.eye(dimension, dtype=int), -np.eye(dimension, dtype=int)])
            rows = np.concatenate([rows, np.tile(9 * rows[:1] + 1, (count, 1))])[:count]
        codes.append(rows)
    return tuple(codes)


def _grams(number_: int) -> list[Array]:
    found = []
    for rows in feasible(number_):
        y = unit_rows(exact_array(rows))
        found.append(np.asarray(y @ y.T, dtype=object))
    return found


def chosen(form: str, number_: int, at: Any) -> tuple[Any, Any]:
    """(s_max of the minimiser, smallest s_max) over a finite feasible set; balls that overlap raise Undecided."""
    grams = _grams(number_)
    best = grams[0]
    value = VALUES[form](best, at)
    for gram in grams[1:]:
        other = VALUES[form](gram, at)
        if other < value:
            best, value = gram, other
    tops = np.array([enclose_max(off_diagonal(g)) for g in grams], dtype=object)
    return enclose_max(off_diagonal(best)), enclose_min(tops)


def _gap(form: str, b: Instances) -> Any:
    at, family = scalar(b, "tau"), integer(b, "family")
    if family:
        s, optimum = chosen(form, family, at)
    else:
        gram = optimal_gram(integer(b, "D"), integer(b, "N"))
        s, optimum = reached(form, gram, at), enclose_max(off_diagonal(gram))
    return s - optimum


@quantity(
    "train_gap_pair", "s_max(Y_tau) - s*, pair form (free features: a certified upper bound)", real=True
)
def gap_pair(b: Instances) -> Array:
    return one(_gap("pair", b))


@quantity("train_gap_ce", "s_max(Y_tau) - s*, cross-entropy form (free features: an upper bound)", real=True)
def gap_ce(b: Instances) -> Array:
    return one(_gap("ce", b))


GAP = {"pair": gap_pair, "ce": gap_ce}


@quantity("train_loss_span", "loss of the worst code of the feasible set less that of the best", real=True)
def loss_span(b: Instances) -> Array:
    if not integer(b, "family"):
        return one(0)
    values = np.array([pair_value(g, scalar(b, "tau")) for g in _grams(integer(b, "family"))], dtype=object)
    return one(enclose_max(values) - enclose_min(values))


lift = Symbol("lift", nonnegative=True)
N, D, family = (Symbol(name, nonnegative=True) for name in ("N", "D", "family"))
PAIRS = N * (N - 1) / 2
RATE = {"pair": tau * log(PAIRS), "ce": tau * log(PAIRS / log(2))}
FREE = tuple({"family": 0, "D": n, "N": m, "tau": t} for n, m in SIZES for t in TEMPERATURES)
FINITE = tuple(
    {"family": k, "D": n, "N": m, "tau": t}
    for k, (n, m) in enumerate(((2, 3), (2, 4), (3, 5), (3, 7), (4, 6), (2, 9)), 1)
    for t in TEMPERATURES
)
COLD = Hypothesis(Le(tau, Rational(1, 1000)), "the lowest temperatures")
PAPER_LIMIT = Source("khm2024", "limit theorem of the average separation loss")


def _limit(name: str, form: str, title: str) -> Inequality:
    gap = GAP[form]
    return Inequality(
        id=f"hu2024.limit.{name}",
        title=title,
        source=PAPER_LIMIT,
        provenance="secondary",
        printed=r"\Delta_{\min}(Y_\tau)\to\max\Delta_{\min}\quad(\tau\to0)",
        arena=Points(FREE + FINITE),
        parts=(
            Part("the gap is at most linear in tau", Le(gap, RATE[form]), trivial=2),
            Part("gap at the lowest temperatures", Le(gap, SMALL), given=(COLD,), trivial=2),
        ),
        controls=(
            Control("quadratic in tau", Le(gap, tau**2), "the gap is at most linear in tau"),
            Control(
                "the gap of an optimum that is lower by 1/50",
                Le(gap + 2 * SMALL, SMALL),
                "gap at the lowest temperatures",
            ),
        ),
        related=(
            "restated.d9.lse" if form == "pair" else "restated.d9.ce",
            "restated.d9.gap-constant",
            "hu2024.limit.cluster",
        ),
        notices=(
            "family 0: free unit features at sizes whose optimal code is known; the gap is bounded from above for every "
            "global minimiser.  Other families: ten codes with rational directions, as maps W from a finite set make them of linearly independent memories; "
            "their minimiser is found exactly.",
            "The limit follows from the rate, which restated.d9 states for every compact feasible set.",
        ),
    )


CE = _limit("ce", "ce", "tau -> 0 for the cross-entropy form")
LSE = _limit("lse", "pair", "tau -> 0 for the pair form")


# -- the mean form ---------------------------------------------------------------------------------------------


@quantity(
    "train_mean_floor", "lower bound on liminf s_max(Y_tau), mean form, N points of the circle", real=True
)
def mean_floor(b: Instances) -> Array:
    """cos((2 pi - arccos c)/(N - 1)), c = (N - 3)/N the mean of the nearest cosines of N - 3 coincident points.

    These and three more points at right angles.  A code with gaps of at least theta has none above
    2 pi - (N - 1) theta, so each nearest cosine is at least cos(2 pi - (N - 1) theta); the mean form lies
    between the mean of the nearest cosines and that plus tau log(N - 1).
    """
    n = integer(b, "N")
    return one(((2 * pi() - (Real(n - 3) / n).arccos()) / (n - 1)).cos())


@quantity("train_polygon", "cos(2 pi/N): the smallest largest cosine of N points of the circle", real=True)
def polygon(b: Instances) -> Array:
    return one((2 * pi() / integer(b, "N")).cos())


@quantity(
    "train_mean_clustered",
    "mean nearest cosine of N - 3 coincident points and three at right angles",
    real=True,
)
def clustered(b: Instances) -> Array:
    n = integer(b, "N")
    return one(Real(n - 3) / n)


MEAN = Inequality(
    id="hu2024.limit.mean-lse",
    title="tau -> 0 for the mean form",
    source=Source("khm2024", "third reading of hu2024.loss.mean-lse"),
    provenance="derived",
    printed=r"\Delta_{\min}(Y_\tau)\to\max\Delta_{\min}\quad(\tau\to0)",
    arena=Points(tuple({"D": 2, "N": n} for n in (3, 4, 5, 6, 7, 8, 9, 12, 16, 32))),
    parts=(
        Part("liminf of s_max(Y_tau) is at most s*", Le(mean_floor, polygon)),
        Part(
            "reading: up to six points of the circle",
            Le(mean_floor, polygon),
            given=(Hypothesis(Le(N, 6)),),
            headline=False,
        ),
    ),
    controls=(
        Control(
            "a limit below the optimum", Le(mean_floor, polygon - 1), "liminf of s_max(Y_tau) is at most s*"
        ),
    ),
    related=("hu2024.limit.lse", "hu2024.limit.ce"),
    notices=(
        "Free features on the circle.  The limiting objective is the mean over memories of their largest cosine, not the "
        "largest of them: N - 3 coincident features and three at right angles reach (N - 3)/N, the regular N-gon "
        "cos(2 pi/N), which is more from N = 7 on.",
        "The bound is on every global minimiser at small tau; it is not the true limit, at which features coincide.",
    ),
)


# -- convergence of the minimisers themselves -------------------------------------------------------------------


def _gram_distance(form: str, b: Instances) -> Any:
    """Upper bound on |G_ij - G*_ij| for every minimiser, up to relabelling: simplices and polygons."""
    n, at = integer(b, "N"), scalar(b, "tau")
    gram = optimal_gram(integer(b, "D"), n)
    s = reached(form, gram, at)
    if integer(b, "D") == 2:
        # Gaps between neighbours lie in [theta, 2 pi - (N - 1) theta]; cos is 1-Lipschitz.
        return n * (2 * pi() / n - s.arccos())
    # Cosines add up to at least -N/2 over the pairs, and none exceeds s.
    return (s + Real(1) / (n - 1)) * (n * (n - 1) // 2)


@quantity("train_distance_pair", "bound on the distance of Y_tau to the optimal code, pair form", real=True)
def distance_pair(b: Instances) -> Array:
    return one(_gram_distance("pair", b))


@quantity(
    "train_distance_ce", "bound on the distance of Y_tau to the optimal code, cross-entropy form", real=True
)
def distance_ce(b: Instances) -> Array:
    return one(_gram_distance("ce", b))


RIGID = ((2, 3), (2, 4), (2, 5), (2, 8), (3, 4), (4, 5), (7, 8))
LOW = ("1/100", "1/1000", "1/10000", "1/1000000")
CLUSTER = Inequality(
    id="hu2024.limit.cluster",
    title="Cluster points of minimisers are optimal codes",
    source=Source("khm2024", "limit theorem, reading in terms of cluster points"),
    provenance="secondary",
    printed=r"\text{every cluster point of }(Y_\tau)_{\tau\to0}\text{ is an optimal spherical code}",
    arena=Points(
        tuple({"family": 0, "D": n, "N": m, "tau": t} for n, m in RIGID for t in LOW)
        + tuple(p for p in FINITE if p["tau"] in TEMPERATURES[-2:])
    ),
    parts=(
        Part(
            "pair form, simplices and polygons",
            Le(distance_pair, 2 * PAIRS * RATE["pair"]),
            given=(Hypothesis(sp.Eq(family, 0)),),
        ),
        Part(
            "cross-entropy form, simplices and polygons",
            Le(distance_ce, 2 * PAIRS * RATE["ce"]),
            given=(Hypothesis(sp.Eq(family, 0)),),
        ),
        Part(
            "pair form, finite sets: minimisers are optimal",
            Le(gap_pair, DIGITS),
            given=(Hypothesis(Ge(family, 1)), COLD),
        ),
        Part(
            "cross-entropy form, finite sets: minimisers are optimal",
            Le(gap_ce, DIGITS),
            given=(Hypothesis(Ge(family, 1)), COLD),
        ),
    ),
    controls=(
        Control("quadratic in tau", Le(distance_ce, tau**2), "cross-entropy form, simplices and polygons"),
        Control(
            "the worst code has the same loss",
            Le(loss_span, 0),
            "pair form, finite sets: minimisers are optimal",
        ),
    ),
    related=("hu2024.limit.ce", "hu2024.limit.lse", "hu2024.limit.points-mod"),
    notices=(
        "Free features at sizes whose optimal code is unique and rigid: the distance of every minimiser to it is bounded "
        "in balls.  In general the statement follows from hu2024.limit.ce and hu2024.limit.lse by continuity of s_max.",
    ),
)


@quantity(
    "train_choice_spread", "distance |Y - Y'| of two minimisers at one tau: a simplex and its mirror image"
)
def choice_spread(b: Instances) -> Array:
    """2 sqrt(N) for Y and -Y, both regular simplices: their loss is the least, as cosines add up to -N/2 at least."""
    gram = optimal_gram(integer(b, "D"), integer(b, "N"))
    trace = np.sum(np.diagonal(gram))
    return one((4 * trace).sqrt())


POINTS = Inequality(
    id="hu2024.limit.points",
    title="The minimisers converge",
    source=Source("khm2024", "limit theorem read pointwise"),
    provenance="secondary",
    printed=r"\lim_{\tau\to0}Y_\tau\text{ exists and is an optimal spherical code}",
    arena=Points(tuple({"D": n, "N": m, "tau": t} for n, m in ((1, 2), (2, 2), (2, 3), (3, 4)) for t in LOW)),
    parts=(Part("two choices of the minimiser come close", Le(choice_spread, Rational(1, 10))),),
    controls=(Control("they coincide", Le(choice_spread, 0)),),
    related=("hu2024.limit.points-mod", "hu2024.limit.cluster"),
    notices=(
        "The minimiser may be chosen anew for each tau.  A simplex Y and its image -Y minimise every form of the loss "
        "at every tau, so a choice that alternates between them has no limit.",
    ),
)


# -- classes up to isometry ----------------------------------------------------------------------------------------

HEXAGON = np.array([[int((i - j) % 6 in (1, 5)) for j in range(6)] for i in range(6)])
TRIANGLES = np.array([[int(i != j and i // 3 == j // 3) for j in range(6)] for i in range(6)])


def cycle_grams() -> tuple[Array, Array]:
    """Gram matrices 1 - A/4 of six unit vectors: A a cycle of six, or two of three; both positive definite."""
    eye = np.eye(6, dtype=int)
    return exact_array(4 * eye - HEXAGON) / 4, exact_array(4 * eye - TRIANGLES) / 4


@quantity("train_class_spread", "difference of tr G^3 of two minimisers over one feasible set")
def class_spread(b: Instances) -> Array:
    """tr G^3 of the two codes, provided all three losses agree at this tau (they do: each row has the same cosines)."""
    at, grams = scalar(b, "tau"), cycle_grams()
    for value in VALUES.values():
        a, c = (value(g, at) for g in grams)
        if not a.ball.overlaps(c.ball):
            raise ArithmeticError("class spread: the two codes have different losses")
    cubes = [np.sum(np.diagonal(g @ g @ g)) for g in grams]
    return one(abs(cubes[0] - cubes[1]))


QUADRANGLES = (105, 756)


@cache
def quadrangle_ranks() -> tuple[int, ...]:
    """Ranks modulo 5 of 1 + A for two graphs whose least eigenspaces hold sharp codes of 756 points in R^105.

    Checked in integers: both are strongly regular with the same parameters, and 25 G = 24 - 6 A + J is 180 times
    its own square root, so that G, cosines -1/5 and 1/25, is a Gram matrix of rank 756 * 25/180 = 105.
    Codes with these cosines that agree up to isometry and relabelling have isomorphic graphs, and equal ranks.
    """
    ranks = []
    for clan in (classical(5), fisher_thas_walker(5)):
        adjacent = line_graph(5, clan)
        size = len(adjacent)
        gram = 24 * np.eye(size, dtype=int) - 6 * adjacent + 1
        if strongly_regular(adjacent) != (756, 130, 4, 26) or np.any(gram @ gram != 180 * gram):
            raise ArithmeticError("quadrangles: not the code that was expected")
        entries = (adjacent + np.eye(size, dtype=int)).ravel().tolist()
        ranks.append(nmod_mat(size, size, entries, 5).rank())
    return tuple(ranks)


@quantity("train_classes", "classes of minimisers over free features that are shown, pair form, (105,756)")
def classes(b: Instances) -> Array:
    with precision(512):
        value, bound = energies(*QUADRANGLES, scalar(b, "tau"))
        least = value <= bound * (1 + Real("1e-30"))
    if not least:
        raise ArithmeticError("quadrangles: the codes are not shown to be minimisers")
    return one(len(set(quadrangle_ranks())))


POINTS_MOD = Inequality(
    id="hu2024.limit.points-mod",
    title="The minimisers converge up to isometry and relabelling",
    source=Source("khm2024", "limit theorem read modulo symmetry"),
    provenance="secondary",
    printed=r"[Y_\tau]\in(S^{D-1})^M/(O(D)\times S_M)\text{ converges as }\tau\to0",
    arena=Points(
        tuple({"family": 1, "D": 6, "N": 6, "tau": t} for t in LOW)
        + tuple({"family": 2, "D": 105, "N": 756, "tau": t} for t in LOW)
        + tuple({"family": 0, "D": n, "N": m, "tau": t} for n, m in RIGID for t in LOW)
    ),
    parts=(
        Part(
            "two choices of the minimiser have close classes",
            Le(class_spread, Rational(1, 10)),
            given=(Hypothesis(sp.Eq(family, 1)),),
        ),
        Part(
            "free features, pair form, (105,756): one class of minimisers",
            Le(classes, 1),
            given=(Hypothesis(sp.Eq(family, 2)),),
        ),
        Part(
            "reading: free features, simplices and polygons",
            Le(distance_ce, 2 * PAIRS * RATE["ce"]),
            given=(Hypothesis(sp.Eq(family, 0)),),
            headline=False,
        ),
    ),
    controls=(
        Control("the classes coincide", Le(class_spread, 0)),
        Control(
            "quadratic in tau", Le(distance_ce, tau**2), "reading: free features, simplices and polygons"
        ),
    ),
    related=("hu2024.limit.cluster", "hu2024.limit.points"),
    notices=(
        "Feasible set {W_1, W_2} with orthonormal memories: features with Gram matrices 1 - A/4, A the adjacency matrix "
        "of a cycle of six or of two cycles of three.  Every memory has the same cosines to the others in both, so both "
        "minimise every form of the loss at every tau and both are optimal (s_max = 0); no isometry and no relabelling takes one to the "
        "other, tr G^3 differs.  A choice that alternates has no limit.",
        "Over free features: the lines of the classical generalised quadrangle of order (25,5) and of that of Fisher, Thas and "
        "Walker give two sharp codes of 756 points in R^105 with the same cosines.  Both minimise the pair form at every tau "
        "(linear programming bound in balls, Cohn and Kumar 2007); their graphs have different ranks modulo 5, so no isometry "
        "takes one code to the other.  For (3,5), where the optimal codes form a continuum, no such choice is known here.",
    ),
)


STATEMENTS: tuple[Statement, ...] = (CE, LSE, MEAN, CLUSTER, POINTS, POINTS_MOD)
