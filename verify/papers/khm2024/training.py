"""Training of the feature map: Algorithm 1 of U-Hop+, its constraints, its convergence, its cost."""

from __future__ import annotations

from functools import cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Gt, Le, Lt, Rational, Symbol

from bounds.exact import Dual, Real, enclose_max, enclose_min, exact_array, precision, spectral_norm
from simulations import events_feature_training
from simulations.feature_maps.losses import pair_lse
from simulations.feature_maps.training import CONSTRAINTS, train
from simulations.streams import stream
from verify.arena import Points
from verify.instances import Array, Instances
from verify.papers.khm2024.losses import integer, one, scalar, tau
from verify.statement import (
    Control,
    Definition,
    Hypothesis,
    Inequality,
    Part,
    ScalingLaw,
    Source,
    Statement,
)
from verify.vocabulary import quantity

ALGORITHM = Source("khm2024", "Algorithm 1 (U-Hop+)")
CONVERGENCE = Source("khm2024", "convergence claim for Algorithm 1 (third-hand)")
EXACTLY = Rational(1, 10**9)
method = Symbol("method", nonnegative=True)

# -- Algorithm 1 ---------------------------------------------------------------------------------------------------

STEPS = 25
BATCHED = 3


@cache
def run(method_: int, set_: int, at: float) -> dict[str, Any]:
    """Twenty-five gradient steps from W = 1 on four random unit memories in R^3, and what came of them."""
    x = stream(0, "khm2024.training", set_).standard_normal((4, 3))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    loss = partial(pair_lse, tau=at)

    def trained(memories: Array) -> Array:
        more: dict[str, Any] = (
            {"batch": 2, "draw": stream(0, "khm2024.batches")} if method_ == BATCHED else {}
        )
        constraint = CONSTRAINTS[0 if method_ == BATCHED else method_]
        made = train(memories, np.eye(3), loss, iterations=STEPS, step=at / 4, constraint=constraint, **more)
        return made.feature_map

    w, other = trained(x), trained(x[::-1])
    return {
        "memories": exact_array(x),
        "map": exact_array(w),
        "order": float(np.abs(w.T @ w - other.T @ other).max()),
    }


def _run(b: Instances) -> dict[str, Any]:
    return run(integer(b, "method"), integer(b, "set"), float(scalar(b, "tau")))


def _loss_at(b: Instances, w: Array) -> Any:
    return pair_lse(_run(b)["memories"] @ w.T, scalar(b, "tau"))[0]


@quantity("train_before", "pair form at W = 1", real=True)
def before(b: Instances) -> Array:
    return one(_loss_at(b, exact_array(np.eye(3, dtype=int))))


@quantity("train_after", "pair form at the trained W (floats, read exactly)", real=True)
def after(b: Instances) -> Array:
    return one(_loss_at(b, _run(b)["map"]))


@quantity("train_length_defect", "largest | |W xi|^2 - 1 |")
def length_defect(b: Instances) -> Array:
    y = _run(b)["memories"] @ _run(b)["map"].T
    return one(enclose_max(abs(np.sum(y * y, axis=1) - 1)))


@quantity("train_column_defect", "largest entry of |W^T W - 1|")
def column_defect(b: Instances) -> Array:
    w = _run(b)["map"]
    return one(enclose_max(abs((w.T @ w - np.eye(3, dtype=int)).ravel())))


@quantity("train_order", "largest change of W^T W when the memories are given in reverse order")
def order(b: Instances) -> Array:
    return one(_run(b)["order"])


def _only(*methods: int) -> tuple[Hypothesis, ...]:
    low, high = min(methods), max(methods)
    return (Hypothesis(Ge(method, low, evaluate=False)), Hypothesis(Le(method, high)))


ALG1 = Definition(
    id="hu2024.alg1",
    title="U-Hop+ (Algorithm 1): projected gradient descent",
    source=ALGORITHM,
    provenance="secondary",
    printed=r"W_{k+1}=\Pi(W_k-\gamma\nabla_W\mathcal L_\tau(W_k)),\quad k=0,\dots,N-1",
    arena=Points(
        tuple(
            {"method": k, "set": s, "tau": t}
            for k in range(4)
            for s in (1, 2, 3)
            for t in ("1", "1/4", "1/10")
        )
    ),
    parts=(
        Part("normalised features, unit norms: the loss falls", Lt(after, before), given=_only(0, 1)),
        Part("unit norms: features of length 1", Le(length_defect, EXACTLY), given=_only(1)),
        Part("Stiefel: orthonormal columns", Le(column_defect, EXACTLY), given=_only(2)),
        Part("the order of the memories does not matter", Le(order, EXACTLY), given=_only(0, 2)),
        Part(
            "reading: in batches of two the order does not matter",
            Le(order, EXACTLY),
            given=_only(3),
            headline=False,
        ),
        Part(
            "reading: normalised features: the features used in retrieval have length 1",
            Le(length_defect, EXACTLY),
            given=_only(0),
            headline=False,
        ),
        Part("reading: Stiefel: the loss falls", Lt(after + EXACTLY, before), given=_only(2), headline=False),
    ),
    controls=(
        Control("the loss rises", Lt(before, after), "normalised features, unit norms: the loss falls"),
        Control("length 2", Le(sp.Abs(length_defect - 1), EXACTLY), "unit norms: features of length 1"),
        Control(
            "columns of length 2", Le(sp.Abs(column_defect - 1), EXACTLY), "Stiefel: orthonormal columns"
        ),
        Control("a change of 1", Ge(order, 1, evaluate=False), "the order of the memories does not matter"),
    ),
    related=("hu2024.loss.lse", "hu2024.alg1.rate", "hu2024.alg1.stiefel"),
    notices=(
        "Three projections: the loss of normalised features without any (method 0), A = W^T W onto unit norms of the "
        "features (1), orthonormal columns (2); batches of two memories with method 0 (3).  Pair form, step tau/4, 25 steps from W = 1.",
        "Which projection the paper means is not settled by what was read.  Training on normalised features leaves raw "
        "features of other lengths, which retrieval with the kernel <Wx, Wy> uses.",
    ),
)

# -- convergence in W ----------------------------------------------------------------------------------------------

STARTS: dict[int, tuple[list[list[str]], list[list[str]], list[list[str]]]] = {
    # memories, W_0, a better W
    1: ([["1", "0"], ["3/5", "4/5"]], [["1", "0"], ["0", "0"]], [["1", "0"], ["0", "1"]]),
    2: (
        [["1", "0", "0"], ["0", "1", "0"], ["0", "0", "1"]],
        [["1", "1", "1"], ["2", "2", "2"], ["0", "0", "0"]],
        [["1", "0", "0"], ["0", "1", "0"], ["0", "0", "1"]],
    ),
    3: ([["1", "0"], ["3/5", "4/5"]], [["1", "0"], ["0", "1"]], [["2", "-1"], ["-1", "2"]]),
}
"""1 and 2: all features on one ray; 3: a start that moves."""


@quantity(
    "train_stuck", "lim_N L(W_N) - min L, from below, for stationary W_0; 0 for a start that moves", real=True
)
def stuck(b: Instances) -> Array:
    """Features on one ray are stationary: each pull is along the feature itself, which its length takes away."""
    memories, start, better = (exact_array(part) for part in STARTS[integer(b, "start")])
    y = memories @ start.T
    # Exact: the coordinates are rational.
    if not all(np.all(np.outer(row, y[0]) == np.outer(y[0], row)) and row @ y[0] > 0 for row in y):
        return one(0)
    at = scalar(b, "tau")
    return one(pair_lse(memories @ start.T, at)[0] - pair_lse(memories @ better.T, at)[0])


@quantity("train_start_gap", "L(W_0) - min L, from below", real=True)
def start_gap(b: Instances) -> Array:
    memories, start, better = (exact_array(part) for part in STARTS[integer(b, "start")])
    at = scalar(b, "tau")
    return one(pair_lse(memories @ start.T, at)[0] - pair_lse(memories @ better.T, at)[0])


RATE = Inequality(
    id="hu2024.alg1.rate",
    title="Sublinear convergence O(1/N)",
    source=CONVERGENCE,
    provenance="secondary",
    printed=r"\mathcal L_\tau(W_N)-\min\mathcal L_\tau\le\mathrm{const}/N\text{ for every start }W_0\text{ with non-zero features}",
    arena=Points(tuple({"start": k, "tau": t} for k in STARTS for t in ("1", "1/4", "1/10"))),
    parts=(Part("the gap tends to zero", Le(stuck, 0)),),
    controls=(Control("every start is a minimiser", Le(start_gap, 0)),),
    related=("hu2024.alg1.rate-random", "restated.a13.stationarity", "restated.d10.rate"),
    notices=(
        "Normalised features.  W_0 of rank one with all features on one ray is stationary for every step: all cosines are "
        "1, the gradient vanishes exactly, and the gap stays what it was.",
    ),
)

# -- random starts -------------------------------------------------------------------------------------------------


def _trap_memories() -> Array:
    """Two memories close to (0, 1), two below the horizontal axis."""
    h = Real("1/500")
    top = [2 * h / (1 + h * h), (1 - h * h) / (1 + h * h)]
    return exact_array([top, [-top[0], top[1]], ["15/17", "-8/17"], ["-15/17", "-8/17"]])


LOOSE = exact_array(["2", "1/2"])


def plane_loss(form: int, memories: Array, x: Array, y: Array, at: Any) -> Array:
    """Loss of features with A = [[1 + x, y], [y, 1 - x]], for numbers or balls x, y (n,); 0 the pair form, 1 ce."""
    gram = {}
    m = len(memories)
    for i in range(m):
        for j in range(i, m):
            (a, b), (c, d) = memories[i], memories[j]
            gram[i, j] = (a * c + b * d) + (a * c - b * d) * x + (a * d + b * c) * y
    cosine = {
        (i, j): gram[i, j] / np.sqrt(gram[i, i] * gram[j, j]) for i in range(m) for j in range(i + 1, m)
    }
    if form == 0:
        total = sum(np.exp(c / at) for c in cosine.values())
        return np.log(total / len(cosine)) / m
    rows = [
        sum(np.exp((cosine[min(i, j), max(i, j)] - 1) / at) for j in range(m) if j != i) for i in range(m)
    ]
    return sum(np.log1p(r) for r in rows) / m


def _segments(count: int, low: Any, high: Any) -> Array:
    """Balls that cover [low, high]."""
    edges = [low + (high - low) * k / count for k in range(count + 1)]
    return exact_array([Real(a.ball.union(b.ball)) for a, b in pairwise(edges)])


def _least(function: Any, cells: Array) -> Any:
    """Lower bound on a function of one variable over balls: the mean value theorem, slopes by dual numbers."""
    middle = np.array([c.midpoint() for c in cells], dtype=object)
    slopes = [d.tangent for d in function(np.array([Dual(c, 1) for c in cells], dtype=object))]
    values = function(middle) + exact_array(slopes) * (cells - middle)
    return Real(enclose_min(values).lower())


LEFT, RIGHT, HEIGHT = "-7/10", "7/10", "3/5"
EDGE, INSIDE = 48, 28


@quantity(
    "train_trap",
    "a gap that gradient descent from an open set of starts keeps, in the loss; not positive if none is shown",
    real=True,
)
def trap(b: Instances) -> Array:
    """The smaller of two margins, bounded from below in balls.

    On the border of a rectangle around A = 1 the loss exceeds that at A = 1; inside it exceeds the loss of
    another A by more than the gap.  With a step below 1/L the loss does not rise on the segment between two
    iterates, so a descent that starts near A = 1 stays inside.
    """
    form, at, memories = integer(b, "form"), scalar(b, "tau"), _trap_memories()
    if not integer(b, "trap"):
        memories = exact_array([["0", "1"], ["15/17", "-8/17"], ["-15/17", "-8/17"]])
    left, right, height = Real(LEFT), Real(RIGHT), Real(HEIGHT)
    zero = exact_array([0])
    centre = plane_loss(form, memories, zero, zero, at)[0]
    better = plane_loss(form, memories, exact_array(["4999/5000"]), zero, at)[0]
    border = [
        _least(
            lambda v, s=s: plane_loss(form, memories, v, 0 * v + s * height, at), _segments(EDGE, left, right)
        )
        for s in (1, -1)
    ]
    border += [
        _least(lambda v, s=s: plane_loss(form, memories, 0 * v + s, v, at), _segments(EDGE, -height, height))
        for s in (left, right)
    ]
    x, y = np.meshgrid(_segments(INSIDE, left, right), _segments(INSIDE, -height, height))
    inside = plane_loss(form, memories, x.ravel(), y.ravel(), at)
    margins = exact_array([enclose_min(exact_array(border)) - centre, enclose_min(inside) - better])
    return one(Real(enclose_min(margins).lower()))


RANDOM = Inequality(
    id="hu2024.alg1.rate-random",
    title="Sublinear convergence O(1/N) from random starts",
    source=CONVERGENCE,
    provenance="secondary",
    printed=r"\mathcal L_\tau(W_N)-\min\mathcal L_\tau\le\mathrm{const}/N\text{ for almost every start }W_0",
    arena=Points(tuple({"trap": k, "form": 1, "tau": "1/4"} for k in (0, 1))),
    parts=(Part("no open set of starts keeps a gap", Le(trap, 0)),),
    controls=(Control("every set of starts keeps a gap", Gt(trap, 0)),),
    related=("hu2024.alg1.rate", "restated.a13.stationarity"),
    notices=(
        "d = D_Phi = 2, four memories: two at an angle of a quarter of a degree, two more so that the four features of "
        "W = 1 are nearly a triangle with a double corner.  That is a local minimum with an open basin (balls), and a "
        "map that stretches the double corner has a much lower loss.  Gaussian W_0 meet the basin with positive probability.",
        "With one-dimensional features (D_Phi = 1) every W is stationary.",
    ),
)

# -- Stiefel -------------------------------------------------------------------------------------------------------


@cache
def orthonormal(rows: int, columns: int, number: int) -> Array:
    """A rational matrix with orthonormal columns: a Cayley transform (1 - S)^-1 (1 + S) of a skew S, cut off."""
    from flint import fmpq_mat

    entries = stream(0, "khm2024.stiefel", rows, columns, number).integers(-3, 4, (rows, rows))
    skew = np.tril(entries, -1) - np.tril(entries, -1).T
    eye = np.eye(rows, dtype=int)
    left, right = (fmpq_mat([[int(v) for v in row] for row in m]) for m in (eye - skew, eye + skew))
    return exact_array((left.inv() * right).tolist())[:, :columns]


@quantity(
    "train_stiefel_gain", "largest gain of separation among random sets and maps with W^T W = 1", real=True
)
def stiefel_gain(b: Instances) -> Array:
    d, rows, count = (integer(b, name) for name in ("d", "D", "N"))
    gains = []
    for k in range(3):
        x = stream(0, "khm2024.stiefel memories", d, count, k).integers(-4, 5, (count, d))
        x[np.all(x == 0, axis=1)] = 1
        memories = exact_array(x)
        y = memories @ orthonormal(rows, d, k).T
        # Cosines from exact inner products, before any root is taken.
        change = (y @ y.T) - (memories @ memories.T)
        gains.append(enclose_max(abs(change).ravel()))
    return one(enclose_max(exact_array(gains)))


STIEFEL = Inequality(
    id="hu2024.alg1.stiefel",
    title="Algorithm 1 with orthonormal columns",
    source=Source("khm2024", "Algorithm 1 with the constraint W^T W = I (third-hand)"),
    provenance="secondary",
    printed=r"\exists\,\Xi:\ \Delta_{\min}^\Phi>\Delta_{\min}\text{ at the minimum over }\{W:W^\top W=I_d\}",
    arena=Points(tuple({"d": d, "D": k * d, "N": n} for d in (2, 3, 5) for k in (1, 2) for n in (3, 10))),
    parts=(Part("some inner product changes", Gt(stiefel_gain, 0)),),
    controls=(Control("some inner product changes by 1", Ge(stiefel_gain, 1)),),
    related=("hu2024.alg1",),
    notices=(
        "<W x, W y> = <x, W^T W y> = <x, y>: every inner product of features is that of the memories, exactly, for every "
        "W with orthonormal columns.  So the loss is constant on the constraint set and no memory set gains.",
        "Checked on rational matrices with orthonormal columns (Cayley transforms); the identity above is the proof.",
    ),
)

# -- cost ----------------------------------------------------------------------------------------------------------


@cache
def reads(count: int) -> int:
    """Times that one gradient step of Algorithm 1 reads the memory it reads least, counted in a run."""
    x = stream(0, "khm2024.reads", count).standard_normal((count, 2))
    seen: list[int] = []

    def counted(features: Array, *, normalised: bool) -> tuple[Array, Array]:
        seen.append(len(np.unique(features.round(12), axis=0)))
        return pair_lse(features, 0.5, normalised=normalised)

    train(x, np.eye(2), counted, iterations=1, step=0.1)
    # The history evaluates the loss once more after the last step.
    return sum(rows == count for rows in seen[:-1])


@quantity("train_reads", "reads of the least read memory in one step", integer=True, nonnegative=True)
def least_reads(b: Instances) -> Array:
    return one(reads(integer(b, "N")))


TIME = Inequality(
    id="hu2024.alg1.sublinear-time",
    title="Sub-linear time",
    source=Source("khm2024", "'sub-linear time algorithm' read as a complexity claim"),
    provenance="secondary",
    printed=r"\text{total work of Algorithm 1 to accuracy }\epsilon=o(M)",
    arena=Points(tuple({"N": n} for n in (16, 64, 256, 1024))),
    parts=(Part("some memory is never read", Lt(least_reads, 1)),),
    controls=(Control("every memory is read twice", Ge(least_reads, 2)),),
    related=("hu2024.alg1", "hu2024.alg1.rate"),
    notices=(
        "Work of o(M) is less than M reads for large M, so that some memory is not read at all.  One gradient of the loss "
        "reads every memory and compares all M(M - 1)/2 pairs, whatever the accuracy.  Counted in the program.",
    ),
)

# -- the convex formulation ----------------------------------------------------------------------------------------

M, steps = sp.symbols("M steps", positive=True)
kind = Symbol("kind", nonnegative=True)


def _travelled(m: int, distance: Any) -> Any:
    """Common cosine of M orthonormal memories after steps of total length N tau = distance from A = 1."""
    return enclose_max(exact_array([Real(-1) / (m - 1), -distance / (m * (m - 1))]))


@quantity("train_convex_gap", "ell_tau(A_N) - min ell_tau for M orthonormal memories, exactly", real=True)
def convex_gap(b: Instances) -> Array:
    m = integer(b, "M")
    return one(_travelled(m, scalar(b, "steps") * scalar(b, "tau")) + Real(1) / (m - 1))


@quantity(
    "train_accuracy",
    "s_max - s* after 2 |A_0 - A*|^2 log K / eps^2 steps at temperature eps/(2 log K)",
    real=True,
)
def accuracy(b: Instances) -> Array:
    m = integer(b, "M")
    return one(_travelled(m, Real(m) / (m - 1) / scalar(b, "tau")) + Real(1) / (m - 1))


@quantity("train_curvature", "largest eigenvalue of the Hessian of ell_tau at A = 1", real=True)
def curvature(b: Instances) -> Array:
    x = CURVED[integer(b, "M")]
    x = exact_array(x)
    i, j = np.triu_indices(len(x), 1)
    weight = np.exp(np.sum(x[i] * x[j], axis=1) / scalar(b, "tau"))
    weight = weight / np.sum(weight)
    outer = x[i][:, :, None] * x[j][:, None, :]
    flat = ((outer + np.swapaxes(outer, 1, 2)) / 2).reshape(len(i), -1)
    away = flat - weight @ flat
    return one(spectral_norm((away * weight[:, None]).T @ away / scalar(b, "tau")))


CURVED: dict[int, list[list[str]]] = {
    1: [["1", "0"], ["1", "0"], ["-1", "0"]],
    2: [["1", "0"], ["3/5", "4/5"], ["-4/5", "3/5"], ["0", "-1"]],
    3: [["1", "0"], ["0", "1"], ["-1", "0"], ["0", "-1"]],
    4: [["3/5", "4/5"], ["4/5", "3/5"], ["5/13", "12/13"]],
    5: [["1", "0", "0"], ["2/3", "2/3", "1/3"], ["-2/3", "1/3", "2/3"], ["0", "3/5", "-4/5"]],
}
DISTANCE = M / (M - 1)
ORTHONORMAL = (Hypothesis(Eq(kind, 0), "orthonormal memories, A_0 = 1"),)
CONVEX = Inequality(
    id="restated.d10.rate",
    title="Convergence rate in the convex formulation",
    source=Source("khm2024", "related to hu2024.alg1.rate"),
    provenance="derived",
    printed=r"\ell_\tau(A_N)-\min\ell_\tau\le\frac{\|A_0-A^*\|_F^2}{2\tau N};\quad O(\ln K/\epsilon^2)\text{ iterations give an }\epsilon\text{-accurate separation}",
    arena=Points(
        tuple(
            {"kind": 0, "M": m, "tau": t, "steps": n}
            for m in (2, 3, 10, 100)
            for t in ("1", "1/10", "1/1000")
            for n in (1, 3, 10, 100, 1000, 10000)
        )
        + tuple(
            {"kind": 1, "M": k, "tau": t, "steps": 1} for k in CURVED for t in ("10", "3", "1", "1/4", "1/20")
        )
    ),
    parts=(
        Part(
            "the loss", Le(convex_gap, DISTANCE / (2 * tau * steps)), given=ORTHONORMAL, trivial=DISTANCE / M
        ),
        Part("the separation", Le(accuracy, tau), given=ORTHONORMAL),
        Part("the loss is 1/tau-smooth", Le(tau * curvature, 1), given=(Hypothesis(Eq(kind, 1)),)),
    ),
    controls=(
        Control("a third of the bound", Le(convex_gap, DISTANCE / (6 * tau * steps)), "the loss"),
        Control("the square of eps", Le(accuracy + tau, tau**2), "the separation"),
        Control("half the smoothness", Le(2 * tau * curvature, 1), "the loss is 1/tau-smooth"),
    ),
    related=("hu2024.alg1.rate", "restated.d9.lse"),
    notices=(
        "For orthonormal memories everything is in closed form: A_N has the off-diagonal entries max(-1/(M-1), "
        "-N tau/(M (M-1))), A* is the simplex, |A_0 - A*|^2 = M/(M-1), K = M(M-1)/2.",
        "The general rate is that of projected gradient descent on a convex 1/tau-smooth function; smoothness is certified "
        "on sets of unit memories, and reached up to rounding (a pair of copies with its antipode, tau = 2.9).",
    ),
)

# -- stationarity --------------------------------------------------------------------------------------------------

gamma_, N = sp.symbols("gamma N", positive=True)


def descent(b: Instances) -> dict[str, Any]:
    """N exact gradient steps in W from W = 1 on the pair form of normalised features, in balls."""
    return _descend(integer(b, "set"), scalar(b, "tau"), scalar(b, "gamma"), integer(b, "N"))


def _slopes(memories: Array, at: Any, start: Array, gradient: Array, end: Array) -> list[Any]:
    """Squared difference quotients of the gradient on a step, between its start and eight points of it."""
    found = []
    for k in range(1, 9):
        w = start + (end - start) * Real(k) / 8
        change = pair_lse(memories @ w.T, at)[1].T @ memories - gradient
        found.append(np.sum(change * change) / np.sum((w - start) * (w - start)))
    return found


@cache
def _descend(set_: int, at: Any, step: Any, count: int) -> dict[str, Any]:
    # Balls lose digits with every step.
    with precision(768):
        memories = exact_array(CURVED[set_])
        w = exact_array(np.eye(memories.shape[1], dtype=int))
        values, squares, slopes = [], [], []
        last: tuple[Array, Array] | None = None
        for k in range(count + 1):
            value, pull = pair_lse(memories @ w.T, at)
            gradient = pull.T @ memories
            values.append(value)
            if last is not None:
                slopes += _slopes(memories, at, *last, w)
            if k < count:
                squares.append(np.sum(gradient * gradient))
            last = (w, gradient)
            w = w - step * gradient
        return {"fall": values[0] - values[-1], "squares": squares, "slopes": slopes}


@quantity("train_least_square", "smallest squared gradient norm among the first N")
def least_square(b: Instances) -> Array:
    return one(enclose_min(exact_array(descent(b)["squares"])))


@quantity("train_first_square", "squared gradient norm at the start")
def first_square(b: Instances) -> Array:
    return one(descent(b)["squares"][0])


@quantity("train_fall", "L(W_0) - L(W_N)", real=True)
def fall(b: Instances) -> Array:
    return one(descent(b)["fall"])


@quantity("train_lipschitz", "largest |change of the gradient| / |step| on the way")
def lipschitz(b: Instances) -> Array:
    return one(enclose_max(exact_array(descent(b)["slopes"])).sqrt())


STATIONARITY = Inequality(
    id="restated.a13.stationarity",
    title="Stationarity rate in W",
    source=Source("khm2024", "related to hu2024.alg1.rate"),
    provenance="derived",
    printed=r"\min_{k<N}\|\nabla\mathcal L_\tau(W_k)\|^2\le\frac{2(\mathcal L_\tau(W_0)-\inf\mathcal L_\tau)}{\gamma N}",
    arena=Points(
        tuple(
            {"set": k, "tau": t, "gamma": g, "N": n}
            for k in (2, 4, 5)
            for t in ("1", "1/4")
            for g in ("4", "1", "1/10")
            for n in (1, 4, 12)
        )
    ),
    hypotheses=(
        Hypothesis(Le(gamma_ * lipschitz, 1), "step at most 1/L, L measured at eight points of each step"),
    ),
    parts=(Part("smallest gradient", Le(least_square, 2 * fall / (gamma_ * N))),),
    controls=(Control("half the fall", Le(least_square, fall / (2 * gamma_ * N))),),
    related=("hu2024.alg1.rate", "restated.d10.rate"),
    notices=(
        "The fall L(W_0) - L(W_N) takes the place of L(W_0) - inf L, which is larger: what holds here is more than what is printed.",
        "The loss of normalised features does not change when W is scaled, so its gradient has no Lipschitz constant near "
        "W = 0; none is needed there, as |W| never falls along the descent.",
    ),
)

# -- iterations against temperature --------------------------------------------------------------------------------

size = Symbol("size", integer=True, positive=True)
load = Symbol("load", integer=True, nonnegative=True)
ITERATIONS = ScalingLaw(
    id="restated.a13.iterations",
    title="Iterations against temperature",
    source=Source("khm2024", "related to hu2024.alg1.rate"),
    provenance="derived",
    printed=r"\#\text{iterations to a loss gap of }10^{-4}=\Theta(1/\tau)\quad(\tau\to0)",
    event=events_feature_training.reached_within,
    sizes=(20, 100),
    nominal=size,
    factors=tuple(Rational(k, 10) for k in (60, 85, 105, 130)),
    arguments={"D": 3, "M": 12, "sharpness": size, "iterations": load},
    slope=(Rational(1, 2), Rational(3, 2)),
    trials=64,
    controls=(
        Control("independent of the temperature", (Rational(-1, 4), Rational(1, 4))),
        Control("1/tau^2", (Rational(7, 4), Rational(9, 4))),
    ),
    related=("hu2024.alg1.rate", "restated.a13.stationarity"),
    notices=(
        "Gradient descent on ell_tau = tau M L^pair with step tau M/4 and normalisation after each step, from random "
        "codes of twelve points in R^3; the gap is to the icosahedron, the load is the median number of iterations.",
        "Read with L^pair in place of ell_tau the same step is 1/(tau M) times longer: below tau = 1/50 the icosahedron "
        "repels such a descent, and the gap is not reached in thousands of iterations.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (ALG1, RATE, RANDOM, STIEFEL, TIME, CONVEX, STATIONARITY, ITERATIONS)
