"""Which similarities and separations retrieve, and what max separation decodes.

B. Millidge et al., "Universal Hopfield Networks", ICML 2022, arXiv 2202.04557.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from sympy import Eq, Le, Lt, Rational

from simulations import events_energies
from simulations.variants.similarities import SIMILARITIES
from simulations.variants.universal import universal_network
from verify.arena import Patterns
from verify.instances import Array, Instances
from verify.statement import (
    Control,
    Hypothesis,
    Identity,
    Inequality,
    Part,
    Probability,
    Source,
)
from verify.vocabulary import (
    R,
    column,
    dist,
    largest,
    m,
    norm_spread,
    others,
    overlaps,
    quantity,
    smallest,
    target_memory,
)

OWN = Source("uhn2022", "a related statement of this project")


# -- retrieval rates --------------------------------------------------------------------------------------

d, count, noise, spread = sp.symbols("d M noise spread", positive=True)
better, worse, masked = sp.symbols("better worse masked", nonnegative=True)
TOLERANCE = Rational(1, 20)
SETTINGS = (
    {"spread": 0, "masked": 0, "noise": "5/4"},
    {"spread": 1, "masked": 0, "noise": "3/4"},
    {"spread": 1, "masked": 1, "noise": "1/2"},
)
COMPARED = (
    *(
        (f"{s} {sep}", f"dot {sep}", SETTINGS)
        for s in ("euclidean", "manhattan")
        for sep in ("max", "softmax")
    ),
    *((f"{s} max", f"{s} softmax", SETTINGS[1:2]) for s in ("dot", "euclidean")),
    *(("dot max", f"dot {sep}", SETTINGS[:1]) for sep in ("identity", "power")),
)
CAPACITY = Probability(
    id="uhn2022.capacity-comparison",
    title="Distances retrieve more than the inner product, and max separation most",
    source=Source("uhn2022", "abstract (empirical)"),
    provenance="primary (abstract)",
    printed=r"P_{\rm Euclidean},P_{\rm Manhattan}\ge P_{\rm dot};\quad P_{\max}\ge P_{\rm other\ sep}",
    event=events_energies.retrieval_difference,
    points=tuple(
        {
            "d": 16,
            "M": 50,
            "better": events_energies.RULES.index(first),
            "worse": events_energies.RULES.index(second),
            **setting,
        }
        for first, second, settings in COMPARED
        for setting in settings
    ),
    arguments={
        "d": d,
        "M": count,
        "spread": spread,
        "masked": masked,
        "noise": noise,
        "better": better,
        "worse": worse,
    },
    lower=1 - TOLERANCE,
    mean_range=2,
    informative=sp.true,
    trials=1600,
    controls=(Control("a gain of four fifths everywhere", Rational(9, 5)),),
    related=("restated.max-separation", "restated.dot-equals-euclidean"),
    notices=(
        "An empirical claim, tested as success(first) >= success(second) - 1/20 at every point; the values in the "
        "points number the rules (similarity, separation) of simulations.events_energies.RULES.",
        "spread = 0: memories of one norm; spread = 1: norms spread by factors from 1/2 to 2. masked = 1: the "
        "share 'noise' of the coordinates is set to 0; else Gaussian noise of that length relative to the memory.",
        "Success: squared error below a tenth of the squared norm of the memory. beta m^2 = 10 for softmax.",
        "With equal norms the inner product gives the same weights as the Euclidean distance, and with max it is the best "
        "rule against Gaussian noise: the Manhattan distance does worse there, by a few hundredths. A masked query "
        "is shorter than its memory, so that the Euclidean distance prefers short memories where norms differ.",
    ),
)


# -- max separation ---------------------------------------------------------------------------------------


def _scores(similarity: str) -> tuple[Any, Any]:
    """The symbols of the similarity of the query to the target and of the largest one to another memory."""

    def scores(b: Instances) -> Array:
        return SIMILARITIES[similarity](b.memories, b.query, np)

    own = quantity(f"own_{similarity}", f"similarity ({similarity}) of the target", real=True)(
        lambda b: column(b, scores(b))
    )
    rival = quantity(
        f"rival_{similarity}", f"largest similarity ({similarity}) of another memory", real=True
    )(lambda b: largest(others(b, scores(b))))
    return own, rival


DECODED = {s: _scores(s) for s in ("euclidean", "manhattan", "dot")}


def decoded(similarity: str, turned: bool = False) -> Any:
    """The target is the only memory of largest similarity; ``turned``: it never is."""
    own, rival = DECODED[similarity]
    return Le(own, rival) if turned else Lt(rival, own)


def _manhattan_to_target(b: Instances, x: Array) -> Array:
    return np.sum(np.abs(x - target_memory(b)), axis=-1)


@quantity("eta_1", "Manhattan distance of the query from the target")
def eta_1(b: Instances) -> Array:
    return _manhattan_to_target(b, b.query)


@quantity("R_1", "half the smallest Manhattan distance between two memories")
def R_1(b: Instances) -> Array:
    rows = b.memories
    gaps = np.sum(np.abs(rows[:, :, None, :] - rows[:, None, :, :]), axis=-1)
    i, j = np.triu_indices(rows.shape[1], 1)
    return smallest(gaps[:, i, j]) / 2 + 0 * b.beta


EQUAL = Hypothesis(Eq(norm_spread, 0), "all memories have norm m")
DISTINCT = Hypothesis(Lt(0, R), "the memories are distinct")
INSIDE = Hypothesis(Lt(dist, R), "|eta| < R")
MAX_SEPARATION = Inequality(
    id="restated.max-separation",
    title="Max separation is nearest-neighbour decoding",
    source=OWN,
    provenance="derived",
    printed=r"\arg\max_\nu\mathrm{sim}(\xi_\nu,\xi_\mu+\eta)=\mu\quad\text{if }|\eta|<R",
    arena=Patterns(query="ball", min_memories=2, sizes=((1, 3), (2, 2), (2, 20), (3, 12), (5, 10))),
    hypotheses=(DISTINCT,),
    parts=(
        Part("Euclidean distance", decoded("euclidean"), scale=m**2, given=(INSIDE,)),
        Part(
            "Manhattan distance, R in that metric",
            decoded("manhattan"),
            scale=m,
            given=(Hypothesis(Lt(eta_1, R_1)),),
        ),
        Part("inner product, equal norms", decoded("dot"), scale=m**2, given=(EQUAL, INSIDE)),
        Part(
            "Manhattan distance, R in the Euclidean metric",
            decoded("manhattan"),
            scale=m,
            given=(INSIDE,),
            headline=False,
        ),
        Part("inner product, any norms", decoded("dot"), scale=m**2, given=(INSIDE,), headline=False),
    ),
    controls=(
        Control("the target is never decoded", decoded("euclidean", True), "Euclidean distance"),
        Control(
            "the target is never decoded", decoded("manhattan", True), "Manhattan distance, R in that metric"
        ),
        Control("the target is never decoded", decoded("dot", True), "inner product, equal norms"),
        Control("inner product in the place of the distance", decoded("dot"), "Euclidean distance"),
    ),
    related=("uhn2022.capacity-comparison",),
    notices=(
        "Exact means that the target alone has the largest similarity: ties count as failures. Queries at "
        "the memory itself are among those drawn, so that the noiseless case is covered.",
        "R is half the smallest distance in the metric of the similarity; with R and |eta| Euclidean and the Manhattan "
        "similarity the claim is another one, reported beside it.",
    ),
)


# -- the inner product and the distance -------------------------------------------------------------------


def softmax_of(scores: Array) -> Array:
    """exp(v)/sum exp(v), not taken from the models under test."""
    if scores.dtype != object:
        scores = scores - np.max(scores, axis=-1, keepdims=True)
    e = np.exp(scores)
    return e / np.sum(e, axis=-1, keepdims=True)


def distance_scores(b: Instances) -> Array:
    """-beta |xi_j - x|^2/2, (B, M)."""
    away = b.memories - b.query[:, None, :]
    return -b.beta[:, None] * np.sum(away * away, axis=-1) / 2


def _weight_quantity(name: str, meaning: str, scores: Any) -> Any:
    return quantity(name, meaning)(lambda b: column(b, softmax_of(scores(b))))


p_by_dot = _weight_quantity(
    "p_by_dot", "softmax(beta <xi, x>) of the target", lambda b: b.beta[:, None] * overlaps(b)
)
p_by_distance = _weight_quantity(
    "p_by_distance", "softmax(-beta |xi - x|^2/2) of the target", distance_scores
)
p_by_double = _weight_quantity(
    "p_by_double", "softmax(-beta |xi - x|^2) of the target", lambda b: 2 * distance_scores(b)
)


def _model_weight(similarity: str) -> Any:
    network: Any = universal_network(similarity, "softmax")
    return quantity(f"p_model_{similarity}", f"weight of the target, model with similarity {similarity}")(
        lambda b: column(b, network.weights(network.scores(b.memories, b.query, b.beta), np))
    )


def _common_factor() -> dict[str, Any]:
    """<xi, q> + |xi - q|^2/2 - (|xi|^2 + |q|^2)/2: for equal norms it does not depend on the memory."""
    xi, q = sp.symbols("xi:3", real=True), sp.symbols("q:3", real=True)
    claims = {}
    for k in (1, 2, 3):
        inner = sum(a * c for a, c in zip(xi[:k], q[:k], strict=True))
        away = sum((a - c) ** 2 for a, c in zip(xi[:k], q[:k], strict=True))
        squares = sum(a * a for a in (*xi[:k], *q[:k]))
        claims[f"d = {k}"] = sp.expand(inner + away / 2 - squares / 2)
    return claims


DOT_EUCLIDEAN = Identity(
    id="restated.dot-equals-euclidean",
    title="With equal norms the inner product and the distance give one softmax",
    source=OWN,
    provenance="derived",
    printed=r"\mathrm{softmax}(-\tfrac\beta2\|x_\mu-q\|^2)=\mathrm{softmax}(\beta\langle x_\mu,q\rangle)",
    arena=Patterns(norms="equal", max_size=2000, search=False),
    hypotheses=(EQUAL,),
    parts=(
        Part("weights", Eq(p_by_distance, p_by_dot, evaluate=False), scale=sp.Integer(1)),
        Part(
            "weights of the two models",
            Eq(_model_weight("euclidean"), _model_weight("dot"), evaluate=False),
            scale=sp.Integer(1),
        ),
    ),
    controls=(
        Control("without the factor 1/2", Eq(p_by_double, p_by_dot, evaluate=False), "weights"),
        Control(
            "a hundredth less", lambda r: Eq(r.lhs, Rational(99, 100) * r.rhs), "weights of the two models"
        ),
    ),
    symbolic=_common_factor,
    symbolic_range="the exponents in dimensions 1, 2 and 3; equal norms cancel what is left for any number of memories",
    related=("restated.mean-shift-identity", "uhn2022.capacity-comparison"),
)
