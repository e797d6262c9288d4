"""Spectral embeddings of strongly regular graphs, derived codes, and the Golay code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from sympy import Eq, Matrix, Symbol

from simulations.codes import catalogue, golay, graphs, polytopes
from simulations.codes.profile import spans
from verify.arena import Points
from verify.code_profiles import one, scalar
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Identity, Part, Source
from verify.vocabulary import quantity

GRAPHS: tuple[Callable[[], Any], ...] = (
    graphs.petersen,
    graphs.clebsch,
    lambda: graphs.isotropic(2),
    graphs.hoffman_singleton,
    graphs.gewirtz,
    graphs.m22,
    graphs.higman_sims,
    lambda: graphs.isotropic(3),
    lambda: graphs.triangular(7),
    lambda: graphs.isotropic(4),
)
"""Connected strongly regular graphs with connected complements; the scalar ``graph`` is a place in this list."""


@cache
def _embedded(graph: int) -> tuple[graphs.Spectrum, int, Fraction, Fraction, int]:
    """Spectrum, rank of the embedding, largest and smallest cosine at edges, and the same elsewhere."""
    adjacency = GRAPHS[graph]()
    exact = graphs.embedding(adjacency)
    gram = exact.gram(slice(None))[:, :, 0]
    edge, apart = gram[adjacency == 1], gram[(adjacency == 0) & ~np.eye(len(gram), dtype=bool)]
    uneven = int(edge.max() - edge.min() + apart.max() - apart.min())
    norm = exact.norm[0]
    return (
        graphs.spectrum(adjacency),
        exact.rank,
        Fraction(int(edge[0]), norm),
        Fraction(int(apart[0]), norm),
        uneven,
    )


def _of(b: Instances) -> tuple[graphs.Spectrum, int, Fraction, Fraction, int]:
    return _embedded(scalar(b, "graph"))


@quantity("codes_graph_degree", "degree k of the graph")
def degree(b: Instances) -> Array:
    return one(_of(b)[0].degree)


@quantity("codes_graph_size", "number v of vertices of the graph")
def vertices(b: Instances) -> Array:
    return one(_of(b)[0].size)


@quantity("codes_graph_theta", "negative eigenvalue theta of the graph", real=True)
def theta(b: Instances) -> Array:
    return one(_of(b)[0].least)


@quantity("codes_graph_multiplicity", "multiplicity g of theta, from the traces of 1 and A")
def multiplicity(b: Instances) -> Array:
    """1 + f + g = v and k + f r + g theta = 0 (the trace of A)."""
    found = _of(b)[0]
    others = found.size - 1
    return one(Fraction(-found.degree - others * found.other, found.least - found.other))


@quantity("codes_embedding_rank", "rank of the Gram matrix of the embedding")
def embedding_rank(b: Instances) -> Array:
    return one(_of(b)[1])


@quantity("codes_embedding_edge", "cosine of adjacent vertices", real=True)
def edge_cosine(b: Instances) -> Array:
    return one(_of(b)[2])


@quantity("codes_embedding_apart", "cosine of non-adjacent vertices", real=True)
def apart_cosine(b: Instances) -> Array:
    return one(_of(b)[3])


@quantity("codes_embedding_uneven", "spread of the inner products among edges and among non-edges")
def uneven(b: Instances) -> Array:
    return one(_of(b)[4])


SRG = Identity(
    id="code.srg-embedding",
    title="Spectral embedding of a strongly regular graph",
    source=Source("dgs1977", "strongly regular graphs and two-distance sets (classical)"),
    provenance="recalled",
    printed=r"\langle x_u,x_v\rangle=\frac\theta k\ (u\sim v),\quad\frac{-1-\theta}{v-k-1}\ (u\not\sim v),\qquad "
    r"v\text{ unit vectors in }\mathbb R^g",
    arena=Points(tuple({"graph": i} for i in range(len(GRAPHS)))),
    parts=(
        Part("two inner products", Eq(uneven, 0)),
        Part("adjacent", Eq(edge_cosine, theta / degree)),
        Part("not adjacent", Eq(apart_cosine, (-1 - theta) / (vertices - degree - 1))),
        Part("dimension", Eq(embedding_rank, multiplicity)),
    ),
    controls=(
        Control("theta over v", Eq(edge_cosine, theta / vertices), "adjacent"),
        Control("without the one", Eq(apart_cosine, -theta / (vertices - degree - 1)), "not adjacent"),
        Control("one dimension less", Eq(embedding_rank, multiplicity - 1), "dimension"),
    ),
    related=("code.gq", "code.derived"),
    notices=(
        "graph = 0..9: Petersen, Clebsch (complement of the folded 5-cube's distance-two graph), collinearity for q = 2, "
        "Hoffman-Singleton, Gewirtz, M22, Higman-Sims, q = 3, the triangular graph T(7), q = 4.",
        "The embedding is made of the integer matrix (A - k)(A - r); its rows are checked to be eigenvectors.",
    ),
)

F = Fraction
CHAINS: tuple[tuple[Callable[[], Any], tuple[Fraction, ...]], ...] = (
    (polytopes.roots_e8, (F(1, 2), F(1, 3), F(1, 4), F(1, 5))),
    (golay.leech, (F(1, 2), F(1, 3))),
    (catalogue.equiangular, (F(1, 5), F(1, 6))),
    (catalogue.equiangular, (F(1, 5), F(-1, 4))),
)
"""Start and cosines of the chains 240-56-27-16-10, 196560-4600-891, 552-275-162 and 552-275-112."""


@cache
def _steps(chain: int) -> list[Any]:
    start, cosines = CHAINS[chain]
    return catalogue.chain(start, *cosines)


@dataclass(frozen=True)
class Step:
    """One derivation: size of the derived code, ordered pairs for which the formula fails, one pair before and after."""

    size: int
    misses: int
    before: Fraction
    after: Fraction


_ROWS = 256


@cache
def _step(chain: int, step: int) -> Step:
    """Compare all pairs of one derivation with the formula.

    All integers: with squared norms r, r' before and after, <x', y'> r (1 - c^2) = r' (<x, y> - c^2 r) is
    multiplied by the denominator of c^2.
    """
    before, after = _steps(chain)[step : step + 2]
    base, c = before[0].astype(np.int64), CHAINS[chain][1][step]
    norm, square = int(base @ base), c * c
    chosen = before[before.astype(np.float64) @ base == norm * c].astype(np.float64)
    derived = after.astype(np.float64)
    new_norm, p, q = int(derived[0] @ derived[0]), square.numerator, square.denominator
    # A Gram matrix is largest on its diagonal.
    if max(new_norm * norm * (q - p), new_norm * (q * int(chosen[0] @ chosen[0]) + p * norm)) >= 2**53:
        raise ArithmeticError("inner products beyond the exact range of floats")
    misses = 0
    for start in range(0, len(chosen), _ROWS):
        rows = slice(start, start + _ROWS)
        old, new = chosen[rows] @ chosen.T, derived[rows] @ derived.T
        misses += int(np.count_nonzero(new * (norm * (q - p)) != new_norm * (q * old - p * norm)))
    first = Fraction(int(chosen[0] @ chosen[1]), norm), Fraction(int(derived[0] @ derived[1]), new_norm)
    return Step(len(after), misses, *first)


def _derivation(b: Instances) -> Step:
    return _step(scalar(b, "chain"), scalar(b, "step"))


@quantity("codes_derived_misses", "pairs of the derived code whose inner product is not the stated one")
def derived_misses(b: Instances) -> Array:
    return one(_derivation(b).misses)


@quantity("codes_derived_size", "number of points of the derived code")
def derived_size(b: Instances) -> Array:
    return one(_derivation(b).size)


@quantity("codes_derived_first", "an inner product of the derived code", real=True)
def derived_first(b: Instances) -> Array:
    return one(_derivation(b).after)


@quantity(
    "codes_before_first", "the inner product of the same two points before they are projected", real=True
)
def before_first(b: Instances) -> Array:
    return one(_derivation(b).before)


@quantity("codes_base_cosine", "cosine c of the chosen points to the base point", real=True)
def base_cosine(b: Instances) -> Array:
    return one(CHAINS[scalar(b, "chain")][1][scalar(b, "step")])


C = base_cosine
_STEPS = tuple({"chain": i, "step": j} for i, (_, cosines) in enumerate(CHAINS) for j in range(len(cosines)))


def _algebra() -> dict[str, Any]:
    """The inner product of x - c z and y - c z over their norms, from the Gram matrix of x, y, z."""
    c, xy = Symbol("c"), Symbol("xy")
    gram = Matrix([[1, xy, c], [xy, 1, c], [c, c, 1]])
    first, second = Matrix([1, 0, -c]), Matrix([0, 1, -c])
    inner, norm, other = ((u.T * gram * v)[0] for u, v in ((first, second), (first, first), (second, second)))
    return {
        "equal norms": (norm - other).expand(),
        "inner product": (inner / norm - (xy - c**2) / (1 - c**2)).simplify(),
    }


DERIVED = Identity(
    id="code.derived",
    title="Derived codes",
    source=Source("splag", "classical"),
    provenance="recalled",
    printed=r"\langle x',y'\rangle=\frac{\langle x,y\rangle-c^2}{1-c^2}",
    arena=Points(_STEPS),
    parts=(
        Part("every pair", Eq(derived_misses, 0)),
        Part("the first pair", Eq(derived_first, (before_first - C**2) / (1 - C**2))),
    ),
    controls=(
        Control("not normalised", Eq(derived_first, before_first - C**2), "the first pair"),
        Control(
            "c in place of its square", Eq(derived_first, (before_first - C) / (1 - C)), "the first pair"
        ),
        Control("no point is left", Eq(derived_size, 0), "every pair"),
    ),
    symbolic=_algebra,
    symbolic_range="all unit vectors x, y, z with <x, z> = <y, z> = c",
    related=("code.petersen10", "code.891", "code.162", "code.112"),
    notices=(
        "chain = 0..3: 240-56-27-16-10, 196560-4600-891, 552-275-162, 552-275-112; all pairs of every step.",
    ),
)


@cache
def _dimension() -> int:
    return spans(golay.golay())


@cache
def _words() -> int:
    return len(np.unique(golay.golay(), axis=0))


@cache
def _weights() -> dict[int, int]:
    weights, counts = np.unique(golay.golay().sum(axis=1), return_counts=True)
    return dict(zip(weights.tolist(), counts.tolist(), strict=True))


@quantity("codes_golay_words", "number of distinct words")
def golay_words(_b: Instances) -> Array:
    return one(_words())


@quantity("codes_golay_dimension", "dimension over GF(2) of the span of the words")
def golay_dimension(_b: Instances) -> Array:
    return one(_dimension())


@quantity("codes_golay_distance", "smallest weight of a word that is not zero")
def golay_distance(_b: Instances) -> Array:
    return one(min(w for w in _weights() if w))


@quantity("codes_golay_length", "length of the words")
def golay_length(_b: Instances) -> Array:
    return one(golay.golay().shape[1])


@quantity("codes_golay_count", "number of words of the weight w")
def golay_count(b: Instances) -> Array:
    return one(_weights().get(scalar(b, "w"), 0))


WEIGHTS = {0: 1, 8: 759, 12: 2576, 16: 759, 24: 1}
w = Symbol("w", nonnegative=True)


def _is(weight: int) -> tuple[Hypothesis, ...]:
    return (Hypothesis(Eq(w, weight)),)


GOLAY = Identity(
    id="code.golay",
    title="Extended binary Golay code",
    source=Source("splag", "M. J. E. Golay 1949"),
    provenance="recalled",
    printed=r"[24,12,8],\quad 1+759x^8+2576x^{12}+759x^{16}+x^{24}",
    arena=Points(tuple({"w": weight} for weight in range(25))),
    parts=(
        Part("number of words", Eq(golay_words, 4096)),
        Part("length", Eq(golay_length, 24)),
        Part("dimension", Eq(golay_dimension, 12)),
        Part("minimum distance", Eq(golay_distance, 8)),
        *(Part(f"words of weight {v}", Eq(golay_count, c), given=_is(v)) for v, c in WEIGHTS.items()),
        Part("no other weights", Eq(golay_count * w * (w - 8) * (w - 12) * (w - 16) * (w - 24), 0)),
    ),
    controls=(
        Control("one octad less", Eq(golay_count, 758), "words of weight 8"),
        Control("minimum distance seven", Eq(golay_distance, 7), "minimum distance"),
        Control("no dodecads", Eq(golay_count * w * (w - 8) * (w - 16) * (w - 24), 0), "no other weights"),
    ),
    related=("code.leech", "code.nr288"),
    notices=("The words are all combinations of a basis, so the smallest weight is the minimum distance.",),
)

STATEMENTS = (SRG, DERIVED, GOLAY)
