"""What linear maps can do for the separation of given memories (Hu, Wu, Liu 2024, class H of feature maps).

Everything is exact: memories are rational unit vectors, the best map with unit features comes with a dual
certificate (simulations.linear_maps), and maps of the normalised reading are bounded by the signs of a
linear dependency, or by Rankin's theorem in the dimension that the features span.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat
from sympy import Eq, Ge, Gt, Le, Lt, Min, Rational, Symbol

from bounds.exact import Real, enclose_max, exact_array, pi, precision
from simulations import linear_maps, normalised_maps
from simulations.rational_matrices import fraction, is_semidefinite, matrix
from simulations.rational_sets import KINDS, Vectors, memory_set
from simulations.streams import stream
from verify.arena import Points
from verify.instances import Array, Instances
from verify.statement import Control, Definition, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

BITS = 256
"""Precision of differences that are to vanish."""

# -- the memories of a grid point --------------------------------------------------------------------


def integer(b: Instances, name: str) -> int:
    return int(b.scalars[name][0].fraction)


def memories_of(b: Instances) -> Vectors:
    """The memory set of a grid point: kind, dimension, number, seed."""
    return memory_set(KINDS[integer(b, "set")], integer(b, "d"), integer(b, "M"), integer(b, "seed"))


def one(value: Any) -> Array:
    return np.array([Real(value)], dtype=object)


def grid(sizes: tuple[tuple[int, int], ...], sets: tuple[int, ...] = (0, 1, 2), **more: int) -> Points:
    """Grid points for (d, M) pairs; the other scalars are fixed."""
    return Points(
        tuple({"d": d, "M": count, "set": kind, "seed": 0} | more for d, count in sizes for kind in sets)
    )


# -- quantities --------------------------------------------------------------------------------------


def gram(memories: Vectors) -> Any:
    v = matrix(memories)
    return v * v.transpose()


@cache
def separation_of(memories: Vectors) -> Fraction:
    """Delta_min of the memories."""
    g = gram(memories)
    return 1 - max(fraction(g[i, j]) for i, j in combinations(range(len(memories)), 2))


@quantity("maps_separation", "Delta_min of the memories")
def separation(b: Instances) -> Array:
    return one(separation_of(memories_of(b)))


@quantity("maps_freedom", "dimension of the set of A = W^T W with unit features, at A = I")
def freedom(b: Instances) -> Array:
    return one(_freedom(memories_of(b)))


_freedom = cache(linear_maps.freedom)


@quantity("maps_squared_rank", "rank of the matrix of squared inner products of the memories")
def squared_rank(b: Instances) -> Array:
    g = gram(memories_of(b)).tolist()
    return one(fmpq_mat([[x * x for x in row] for row in g]).rank())


@quantity("maps_rank", "dimension of the span of the memories")
def rank(b: Instances) -> Array:
    return one(matrix(memories_of(b)).rank())


@quantity("maps_identity_defect", "largest deviation of a feature's squared norm from 1, for W = I")
def identity_defect(b: Instances) -> Array:
    return one(max([abs(sum((x * x for x in row), Fraction(0)) - 1) for row in memories_of(b)]))


@cache
def certificate_of(memories: Vectors) -> linear_maps.Certificate:
    return linear_maps.optimal_map(memories)


def best_of(memories: Vectors) -> Real:
    """Enclosure of the best separation over maps with unit features.

    At most d independent memories reach the simplex: A = P^T G P with P the inverse on their span maps
    them onto vectors with any Gram matrix G >= 0 of unit diagonal.
    """
    count = len(memories)
    if matrix(memories).rank() == count:
        return Real(Fraction(count, count - 1))
    found = certificate_of(memories)
    return Real.between(1 - found.upper, 1 - found.lower)


@quantity("maps_best", "largest Delta_min over linear maps with unit features")
def best(b: Instances) -> Array:
    return one(best_of(memories_of(b)))


def optimal_separation(dimension: int, count: int) -> Real:
    """Delta*(D, M) where it is known in closed form: M <= 2 D (Rankin), and in the plane."""
    if count <= dimension + 1:
        return Real(Fraction(count, count - 1))
    if count <= 2 * dimension:
        return Real(1)
    if dimension == 2:
        return 1 - (2 * pi() / count).cos()
    raise ValueError(f"Delta*({dimension}, {count}) is not known in closed form")


@quantity("maps_star", "Delta*(D, M), the separation of an optimal code")
def star(b: Instances) -> Array:
    return one(optimal_separation(integer(b, "d") * integer(b, "factor"), integer(b, "M")))


def normalised_bound(memories: Vectors) -> Real:
    """An upper bound on the supremum of Delta_min over injective maps with normalised features.

    Features span r dimensions, as the memories do: r + 2 or more have a cosine >= 0 (Rankin), and more where a
    dual certificate of the quasi-convex problem is found. For r + 1 in general position with a dependency
    sum c_mu xi_mu = 0 of both signs, the features y_mu fulfil sum_+ a_i y_i = sum_- b_j y_j = v with a, b > 0
    and v != 0, so sum a_i b_j <y_i, y_j> = |v|^2 > 0.
    """
    count, span = len(memories), matrix(memories).rank()
    if count >= span + 2:
        return _certified_bound(memories) if span == len(memories[0]) <= 3 else Real(1)
    if count == span + 1 and span == len(memories[0]) and both_signs(memories):
        return Real(1)
    return Real(Fraction(count, count - 1))


@cache
def _certified_bound(memories: Vectors) -> Real:
    try:
        return Real(1 - normalised_maps.best_normalised(memories).lower)
    except ArithmeticError:
        return Real(1)


def both_signs(memories: Vectors) -> bool:
    """Whether d + 1 memories are in general position with a dependency of both signs."""
    try:
        c = linear_maps.dependency(memories)
    except ValueError:
        return False
    return min(c) < 0 < max(c)


@quantity("maps_normalised_bound", "upper bound on Delta_min over injective maps with normalised features")
def normalised(b: Instances) -> Array:
    return one(normalised_bound(memories_of(b)))


# -- the class and what it reaches -------------------------------------------------------------------

d, M = Symbol("d", positive=True), Symbol("M", positive=True)
FEW = Hypothesis(Eq(rank, M), "linearly independent memories")
SMALL = ((2, 2), (2, 3), (2, 4), (2, 6), (3, 3), (3, 4), (3, 5), (3, 6), (4, 5), (5, 5), (5, 8), (8, 9))
CLASS = Source("khm2024", "class H of feature maps")
LEAST = "at least d(d+1)/2 - M dimensions"
PAIR = (
    "Smallest witness: (1, 0), (0, 1), (3/5, 4/5) in the plane. Three directions leave no freedom: the only A "
    "with xi^T A xi = 1 for all of them is I."
)

CLASS_H = Definition(
    id="hu2024.class.h",
    title="Function class of feature maps",
    source=CLASS,
    provenance="recalled",
    printed=r"\mathcal H=\{\Phi(x)=Wx:\ \|W\xi_\mu\|=1\ \text{for all }\mu\}",
    arena=grid(
        ((2, 2), (2, 3), (2, 6), (3, 3), (3, 5), (3, 6), (3, 12), (4, 8), (5, 14), (5, 20), (8, 20)),
        (0, 1, 2, 3),
    ),
    parts=(
        Part("the identity belongs to it", Eq(identity_defect, 0)),
        Part(
            "dimension at A = I: d(d+1)/2 minus the rank of the squared Gram matrix",
            Eq(freedom, d * (d + 1) / 2 - squared_rank),
        ),
        Part(LEAST, Ge(freedom, d * (d + 1) / 2 - M)),
        Part("more maps than isometries", Gt(freedom, 0), headline=False),
    ),
    controls=(Control("every memory takes a dimension away", Eq(freedom, d * (d + 1) / 2 - M), LEAST),),
    related=("restated.d7.rigid", "hu2024.class.reach", "hu2024.class.reach.normalised"),
    notices=(
        "In A = W^T W the class is the convex set {A >= 0, xi_mu^T A xi_mu = 1}. The normalised reading (any W "
        "with non-zero features, then brought to unit length) has entries of its own.",
    ),
)

REACH = Inequality(
    id="hu2024.class.reach",
    title="Every memory set can be mapped onto an optimal spherical code (unit-norm maps)",
    source=CLASS,
    provenance="recalled",
    printed=r"\forall\,\xi_1,\dots,\xi_M\ \exists\,\Phi\in\mathcal H:\ \Delta_{\min}^\Phi=\Delta^*(D_\Phi,M)",
    arena=Points((*grid(SMALL, factor=1).points, *grid(((2, 3), (3, 6), (5, 8)), factor=2).points)),
    parts=(
        Part("an optimal code is reached", Ge(best, star)),
        Part("at most d independent memories", Ge(best, star), given=(FEW,), headline=False),
    ),
    controls=(Control("more than an optimal code", Gt(best, star)),),
    related=("restated.d7.sdp", "restated.d7.reach", "hu2024.class.reach.normalised"),
    notices=(
        PAIR,
        "The optimum over the class is bounded from above by a dual certificate of the semidefinite programme, "
        "checked in rational arithmetic; Delta* is taken where Rankin's theorem or the plane gives it.",
    ),
)

REACH_NORMALISED = Inequality(
    id="hu2024.class.reach.normalised",
    title="Every memory set can be brought near an optimal spherical code (normalised maps)",
    source=CLASS,
    provenance="recalled",
    printed=r"\forall\,\xi_1,\dots,\xi_M,\ \eta>0\ \exists\,W:\ \Delta_{\min}^\Phi\ge\Delta^*(D_\Phi,M)-\eta",
    arena=Points(
        (*grid(SMALL, (0, 2), factor=1).points, *grid(((2, 4), (3, 6), (5, 8)), (0,), factor=2).points)
    ),
    parts=(
        Part("the supremum is that of an optimal code", Ge(normalised, star)),
        Part("at most d independent memories", Ge(normalised, star), given=(FEW,), headline=False),
    ),
    controls=(Control("more than an optimal code", Gt(normalised, star)),),
    related=("restated.d8.dplus1", "restated.d8.halfspace", "hu2024.class.reach"),
    notices=(
        "Smallest witness: (1, 0), (0, 1), (3/5, 4/5). The third is a positive combination of the others, and so "
        "is its image under every injective W: two of the three features have a positive cosine, while an optimal "
        "code of three points has -1/2.",
        "Sets of d + 2 and more memories, d <= 3: the bound is the certified optimum over all injective maps, where its "
        "dual was found (simulations.normalised_maps), and Rankin's bound elsewhere.",
    ),
)

IMPROVES = Inequality(
    id="hu2024.class.improves",
    title="A non-optimal memory set can always be improved",
    source=CLASS,
    provenance="recalled",
    printed=r"\Delta_{\min}<\Delta^*(d,M)\ \Rightarrow\ \exists\,\Phi\in\mathcal H:\ \Delta_{\min}^\Phi>\Delta_{\min}",
    arena=grid(SMALL, factor=1),
    hypotheses=(Hypothesis(Lt(separation, star), "the memories are not an optimal code"),),
    parts=(
        Part("some map separates better", Gt(best, separation)),
        Part("no map separates worse than needed", Ge(best, separation), headline=False),
    ),
    controls=(
        Control(
            "a tenth of the way to the optimal code",
            Ge(best, separation + (star - separation) / 10),
        ),
    ),
    related=("restated.d7.rigid", "restated.d7.sdp"),
    notices=(PAIR,),
)

STAR_SETS = (
    "The set of A = W^T W is {A >= 0} for every D >= d: no W of any D >= d gives another kernel matrix."
)


@quantity("maps_kernels", "largest rank of W^T W over W with factor * d rows")
def kernels(b: Instances) -> Array:
    return one(_largest_rank(integer(b, "d"), integer(b, "d") * integer(b, "factor")))


@quantity("maps_kernels_square", "largest rank of W^T W over square W")
def kernels_square(b: Instances) -> Array:
    return one(_largest_rank(integer(b, "d"), integer(b, "d")))


@cache
def random_map(rows: int, columns: int, seed: int = 0) -> Any:
    """An integer matrix W (rows, columns), entries at most 5 in size."""
    return fmpq_mat(stream(seed, "rational map", rows, columns).integers(-5, 6, (rows, columns)).tolist())


def _largest_rank(columns: int, rows: int) -> int:
    """The rank of W^T W is at most min(rows, columns), and a generic W has it."""
    w = random_map(rows, columns)
    found = (w.transpose() * w).rank()
    if found != min(rows, columns):
        raise ArithmeticError(f"the map drawn has rank {found}, not {min(rows, columns)}")
    return int(found)


def square_factor(a: Any) -> tuple[Any, list[Any]]:
    """A = L diag(p) L^T with L (d, d) lower triangular of unit diagonal and p > 0; A positive definite."""
    size = a.nrows()
    lower, p = fmpq_mat(size, size), []
    rest = fmpq_mat(a)
    for k in range(size):
        pivot = rest[k, k]
        if not pivot > 0:
            raise ArithmeticError("expected a positive definite matrix")
        p.append(pivot)
        for i in range(k, size):
            lower[i, k] = rest[i, k] / pivot
        for i in range(k, size):
            for j in range(k, size):
                rest[i, j] = rest[i, j] - pivot * lower[i, k] * lower[j, k]
    return lower, p


def square_features(memories: Vectors, a: Any) -> Array:
    """Features (M, d) of the square map diag(sqrt p) L^T, as balls."""
    lower, p = square_factor(a)
    flat = (matrix(memories) * lower).tolist()
    roots = [Real(x).sqrt() for x in p]
    return exact_array([[Real(x) * r for x, r in zip(row, roots, strict=True)] for row in flat])


@quantity(
    "maps_kernel_defect",
    "largest difference of the kernel of a W of factor * d rows from that of a d x d one",
)
def kernel_defect(b: Instances) -> Array:
    memories, size = memories_of(b), integer(b, "d")
    w = random_map(size * integer(b, "factor"), size)
    a = w.transpose() * w
    kernel = exact_array((matrix(memories) * a * matrix(memories).transpose()).tolist())
    with precision(BITS):
        y = square_features(memories, a)
        return one(enclose_max(np.abs(np.sum(y[:, None] * y[None], axis=-1) - kernel), axis=None))


SMALLER = Part(
    "every kernel matrix is one of a square map",
    Le(kernel_defect, Rational(1, 10**25)),
    headline=False,
)

DPHI_LINEAR = Inequality(
    id="hu2024.dphi.linear",
    title="A larger feature dimension helps given memories",
    source=Source("khm2024", "use of D_Phi larger than d with linear maps"),
    provenance="recalled",
    printed=r"\max_{W\in\mathbb R^{D\times d}}\Delta_{\min}^\Phi\ \text{strictly increasing in}\ D\ge d",
    arena=Points(
        tuple(
            dict(p) | {"factor": factor}
            for p in grid(((2, 3), (2, 4), (3, 4), (3, 6), (5, 5), (8, 9)), (0, 1)).points
            for factor in (2, 4)
        )
    ),
    parts=(
        Part("more rows reach kernel matrices that d rows do not", Gt(kernels, kernels_square)),
        SMALLER,
    ),
    controls=(Control("the kernel changes by a tenth", Ge(kernel_defect, Rational(1, 10)), SMALLER.name),),
    related=("wu2024.dphi", "restated.d7.sdp"),
    notices=(
        STAR_SETS + " The optimum over D x d maps is therefore the same number for all D >= d, whatever the "
        "memories, in the unit-norm and in the normalised reading; an increase for some memory set would need a "
        "W^T W of rank above d.",
    ),
)

# -- the semidefinite programme and its cases --------------------------------------------------------


@quantity("maps_gap", "max cosine of the map found minus the dual bound")
def gap(b: Instances) -> Array:
    found = certificate_of(memories_of(b))
    return one(found.upper - found.lower)


@quantity("maps_primal", "separation 1 - t of the matrix A found, from its kernel")
def primal(b: Instances) -> Array:
    return one(1 - certificate_of(memories_of(b)).upper)


@quantity("maps_dual", "separation 1 - t that the dual solution proves not to be exceeded")
def dual(b: Instances) -> Array:
    return one(1 - certificate_of(memories_of(b)).lower)


@quantity("maps_defects", "number of conditions that the certificate fails")
def defects(b: Instances) -> Array:
    memories = memories_of(b)
    return one(int(bool(linear_maps.defect(memories, certificate_of(memories)))))


@quantity("maps_features_separation", "separation of the features W xi of a W with W^T W near the optimum")
def features_separation(b: Instances) -> Array:
    memories = memories_of(b)
    a = matrix(certificate_of(memories).matrix)
    eye = fmpq_mat([[int(i == j) for j in range(a.ncols())] for i in range(a.ncols())])
    # The optimum is mostly singular; a mixture with the identity is feasible and has a rational factor.
    y = square_features(memories, a * (1 - _MIX) + eye * _MIX)
    i, j = np.triu_indices(len(memories), 1)
    return one(1 - enclose_max(np.sum(y[i] * y[j], axis=-1)))


_MIX = fmpq(1, 10**7)


@quantity("maps_rival", "best separation over a few other maps with unit features")
def rival(b: Instances) -> Array:
    memories = memories_of(b)
    return one(max(_other_maps(memories)))


@cache
def _other_maps(memories: Vectors) -> tuple[Fraction, ...]:
    """Separations of A = (1 - s) A* + s B for feasible B at the ends of random directions, s = 1/8, 1/2, 1."""
    v, found = matrix(memories), matrix(certificate_of(memories).matrix)
    size = v.ncols()
    eye = fmpq_mat([[int(i == j) for j in range(size)] for i in range(size)])
    out = []
    for k, direction in enumerate(linear_maps.directions(memories)):
        for sign in (1, -1):
            end, step = eye + direction * sign, fmpq(1)
            while not is_semidefinite(end):
                step = step / 2
                end = eye + direction * (sign * step)
            for s in (fmpq(1, 8), fmpq(1, 2), fmpq(1)):
                g = v * (found * (1 - s) + end * s) * v.transpose()
                out.append(1 - max(fraction(g[i, j]) for i, j in combinations(range(len(memories)), 2)))
        if k >= 5:
            break
    return tuple(out) or (separation_of(memories),)


SDP_SETS = ((2, 2), (2, 3), (3, 3), (3, 4), (3, 5), (4, 5), (4, 7), (5, 6), (5, 9), (5, 15), (8, 9), (8, 12))

SDP = Identity(
    id="restated.d7.sdp",
    title="Optimal unit-norm linear map as a convex problem",
    source=Source("khm2024", "a related statement of this project"),
    provenance="derived",
    printed=r"\max_{\Phi\in\mathcal H}\Delta_{\min}^\Phi=1-\min\{t:\ \xi_\mu^\top A\xi_\nu\le t,\ \xi_\mu^\top A\xi_\mu=1,\ A\succeq0\}",
    arena=grid(SDP_SETS, (0, 1), factor=2),
    parts=(
        Part("primal and dual certificates are valid", Eq(defects, 0)),
        Part("both sides of the optimum agree", Le(gap, Rational(1, 10**5))),
        Part(
            "features of a map attain it",
            Ge(features_separation, dual - Rational(2, 10**5)),
        ),
        Part("no map met exceeds it", Le(rival, dual)),
        Part("a map with more rows has the kernel of a square one", Le(kernel_defect, Rational(1, 10**25))),
    ),
    controls=(
        Control("the memories as they are attain it", Ge(separation, dual - Rational(2, 10**5))),
        Control("the memories as they are bound it", Le(rival, separation), "no map met exceeds it"),
    ),
    related=("hu2024.class.reach", "hu2024.class.improves", "hu2024.dphi.linear"),
    notices=(
        "Certificates are rational and checked exactly: A >= 0 by elimination, the dual by a slack matrix that is "
        "semidefinite; how far the two values are apart is the accuracy of the solver.",
    ),
)

SPANNING = Hypothesis(Eq(squared_rank, d * (d + 1) / 2), "the matrices xi xi^T span the symmetric ones")


@quantity("maps_kernel_change", "largest change of the kernel matrix at the best map with unit features")
def kernel_change(b: Instances) -> Array:
    memories = memories_of(b)
    v = matrix(memories)
    change = (v * matrix(certificate_of(memories).matrix) * v.transpose() - gram(memories)).entries()
    return one(max(abs(fraction(x)) for x in change))


RIGID = Identity(
    id="restated.d7.rigid",
    title="Rigidity of unit-norm linear maps",
    source=Source("khm2024", "a related statement of this project"),
    provenance="derived",
    printed=r"\mathrm{span}\{\xi_\mu\xi_\mu^\top\}=\mathrm{Sym}(d)\ \Rightarrow\ \{A\succeq0:\ \xi_\mu^\top A\xi_\mu=1\}=\{I\}",
    arena=grid(
        (
            *(
                (2, 2),
                (2, 3),
                (2, 4),
                (2, 6),
                (3, 5),
                (3, 6),
                (3, 7),
                (3, 12),
                (4, 9),
                (4, 10),
                (5, 14),
                (5, 15),
            ),
            *((5, 30), (8, 35), (8, 36), (8, 40)),
        ),
        (0, 2),
    ),
    parts=(
        Part("no freedom", Eq(freedom, 0), given=(SPANNING,)),
        Part("the kernel matrix is the Gram matrix", Eq(kernel_change, 0), given=(SPANNING,)),
        Part("rank of the squared Gram matrix and freedom", Eq(freedom, d * (d + 1) / 2 - squared_rank)),
        Part(
            "random memories span from M = d(d+1)/2 on",
            Eq(squared_rank, Min(M, d * (d + 1) / 2)),
            headline=False,
        ),
    ),
    controls=(
        Control("whatever the memories", Eq(freedom, 0), "rank of the squared Gram matrix and freedom"),
    ),
    related=("hu2024.class.improves",),
)

# -- few memories ------------------------------------------------------------------------------------


@cache
def _independent_memories(size: int, count: int, seed: int) -> Any:
    """Independent integer vectors as rows, (count, size)."""
    rng = stream(seed, "reach", size, count)
    while True:
        v = fmpq_mat(rng.integers(-2, 3, (count, size)).tolist())
        if v.rank() == count:
            return v


@cache
def reach_defects(size: int, count: int, rank: int, seed: int) -> tuple[Fraction, int, Fraction]:
    """(largest |kernel - G|, rows of W minus rank of G, worst |W xi|^2 - 1) for W with kernel G = B B^T.

    Memories are integer vectors, G the Gram matrix of rational unit vectors b_mu in R^rank; W = B^T X^+ with
    X^+ the pseudo-inverse of the memories as columns.
    """
    v = _independent_memories(size, count, seed)
    b = _spanning(count, rank, seed)
    w = b.transpose() * (v * v.transpose()).solve(v)
    y = v * w.transpose()
    kernel, wanted = y * y.transpose(), b * b.transpose()
    worst = max(abs(fraction(x)) for x in (kernel - wanted).entries())
    unit = max(abs(fraction(kernel[i, i]) - 1) for i in range(count))
    return worst, int(w.nrows()) - int(wanted.rank()), unit


def _spanning(count: int, rank: int, seed: int) -> Any:
    """Rational unit vectors of R^rank that span it, (count, rank)."""
    if rank == 1:
        return fmpq_mat([[(-1) ** i] for i in range(count)])
    while True:
        seed += 1
        b = matrix(memory_set("any", rank, count, seed))
        if b.rank() == rank:
            return b


def _reach(b: Instances) -> tuple[Fraction, int, Fraction]:
    return reach_defects(integer(b, "d"), integer(b, "M"), integer(b, "rank"), integer(b, "seed"))


@quantity("maps_reach_defect", "largest difference between the kernel reached and the matrix wanted")
def reach_defect(b: Instances) -> Array:
    return one(_reach(b)[0])


@quantity("maps_reach_rows", "rows of W minus the rank of the matrix wanted")
def reach_rows(b: Instances) -> Array:
    return one(_reach(b)[1])


@quantity(
    "maps_simplex_reached", "max cosine of A = (X^+)^T G X^+ for the Gram matrix G of the simplex", real=True
)
def simplex_reached(b: Instances) -> Array:
    return one(_simplex_cosine(integer(b, "d"), integer(b, "M"), integer(b, "seed")))


@cache
def _simplex_cosine(size: int, count: int, seed: int) -> Fraction:
    v = _independent_memories(size, count, seed)
    off = fmpq(-1, count - 1)
    g = fmpq_mat([[fmpq(1) if i == j else off for j in range(count)] for i in range(count)])
    inverse = (v * v.transpose()).solve(v)
    kernel = v * inverse.transpose() * g * inverse * v.transpose()
    return max(fraction(kernel[i, j]) for i, j in combinations(range(count), 2))


REACH_FEW = Identity(
    id="restated.d7.reach",
    title="Few memories: all Gram matrices are reachable",
    source=Source("khm2024", "a related statement of this project"),
    provenance="derived",
    printed=r"M\le d\ \text{independent},\ G\succeq0,\ \mathrm{diag}\,G=1\ \Rightarrow\ \exists A\succeq0:\ \Xi^\top A\,\Xi=G",
    arena=Points(
        tuple(
            {"d": size, "M": count, "rank": k, "seed": seed}
            for size, count in ((2, 2), (3, 2), (3, 3), (8, 2), (8, 7), (8, 8), (64, 63), (64, 64))
            for k in sorted({1, 2, 3, count})
            if k <= count
            for seed in (0, 1)
        )
    ),
    parts=(
        Part("the kernel is the matrix wanted", Eq(reach_defect, 0)),
        Part("as many rows as G has rank suffice", Eq(reach_rows, 0)),
        Part("the simplex is reached", Eq(simplex_reached, -1 / (M - 1))),
    ),
    controls=(
        Control("one vertex less", Eq(simplex_reached, -1 / M), "the simplex is reached"),
        Control("the kernel misses it", Gt(reach_defect, 0)),
    ),
    related=("hu2024.class.reach",),
    notices=("Memories are integer vectors; W = B^T X^+ has exactly rank(B) rows where G = B B^T.",),
)

STATEMENTS: tuple[Statement, ...] = (
    CLASS_H,
    REACH,
    REACH_NORMALISED,
    IMPROVES,
    DPHI_LINEAR,
    SDP,
    RIGID,
    REACH_FEW,
)
