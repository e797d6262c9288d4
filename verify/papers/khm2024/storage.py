"""Memory codes and storage in balls: what the crosstalk decides.

J. Y.-C. Hu, D. Wu, H. Liu, arXiv 2410.23126 (memory code), and statements of this project beside it.  Features are
written with their norm m; unit features are m = 1, and everything scales with beta m^2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from sympy import E, Eq, Ge, Gt, LambertW, Le, Lt, Rational, Symbol, exp, log

from bounds import expr
from bounds.exact import Real, enclose_min
from bounds.packing.certificate import levenshtein_size
from simulations.variants.entmax_exact import certified_entmax
from verify.arena import Patterns, Points
from verify.controls import replaced, scaled
from verify.instances import Array, Instances
from verify.papers.khm2024 import crosstalk
from verify.papers.khm2024.crosstalk import (
    PAPER,
    RADIUS,
    RELATED,
    SEPARATED_B,
    gap,
    one,
    whole,
    worst_crosstalk,
)
from verify.statement import Control, Definition, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import (
    J_norm,
    M,
    R,
    beta,
    column,
    dist,
    err,
    limit_from,
    m,
    measure,
    norm,
    number,
    quantity,
    smallest,
    target_overlaps,
)

OWN = Source(PAPER, RELATED)
HEAT = beta * m**2
MINIMUM = ("sphere", "code", "simplex", "circle", "orthonormal", "antipodal", "clusters")


# -- memory codes -----------------------------------------------------------------------------------------------

VARIANT_A = Hypothesis(Ge(HEAT * gap, SEPARATED_B + 2 * RADIUS * HEAT), "hu2024.sep.a for all mu")
VARIANT_B = Hypothesis(Ge(HEAT * gap, SEPARATED_B), "hu2024.sep.b for all mu")
CROSSTALK_SMALL = "reading b: X_mu <= R_Phi/2 for every point"

MEMORY_CODE = Definition(
    id="hu2024.memory-code",
    title="Memory code",
    source=Source(PAPER, "arXiv 2410.23126, definition of memory code"),
    provenance="recalled",
    printed=r"\mathcal C_{\rm mem}=\{\Phi(\xi_\mu)\}_{\mu=1}^M:\quad \Delta_\mu^\Phi\ge\tfrac1\beta\ln\tfrac{2(M-1)}{R_\Phi}"
    r"\ (\text{reading b}),\qquad\ge\tfrac1\beta\ln\tfrac{2(M-1)}{R_\Phi}+2R_\Phi\ (\text{reading a})",
    arena=Patterns(
        query="pattern",
        norms="equal",
        min_memories=2,
        families=MINIMUM,
        beta_m2=(0.1, 0.35, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 8.0, 16.0, 64.0, 256.0, 1e3, 1e6),
        sizes=((2, 3), (17, 2), (3, 12), (5, 16), (8, 32)),
    ),
    hypotheses=(Hypothesis(Gt(gap, 0), "distinct features"),),
    parts=(
        Part(CROSSTALK_SMALL, Le(worst_crosstalk, RADIUS / 2), given=(VARIANT_B,)),
        Part(
            "reading a: X_mu <= R_Phi/2 for every point",
            Le(worst_crosstalk, RADIUS / 2),
            given=(VARIANT_A,),
            headline=False,
        ),
    ),
    controls=(scaled("1/2", CROSSTALK_SMALL),),
    related=("hu2024.sep.a", "hu2024.sep.b", "hu2024.lemma2.2.sep"),
    notices=(
        "Reading b has members (the share of admissible instances says how many); every member has X_mu <= R_Phi/2 <= 1/2.",
        "Reading a has none: with R_Phi = sqrt(Delta_min/2) it asks Delta_min >= sqrt(2 Delta_min) plus a positive "
        "logarithm, that is Delta_min > 2.  Its part is reported as not satisfiable.",
    ),
)


# -- the ball of radius 1/(2 beta) ------------------------------------------------------------------------------


def _margins(b: Instances) -> Array:
    """Delta_{mu nu} of the target with every other memory, (B, M - 1)."""
    z = np.asarray(target_overlaps(b))
    rest = np.arange(z.shape[-1]) != b.target[:, None]
    return (column(b, z)[:, None] - z)[rest].reshape(b.size, -1)


def _log_crosstalk(b: Instances) -> Array:
    return np.logaddexp.reduce(-b.beta[:, None] * _margins(b), axis=-1)


@quantity("storage_X", "crosstalk X_mu of the target memory", log=_log_crosstalk)
def X(b: Instances) -> Array:
    return np.sum(np.exp(-b.beta[:, None] * _margins(b)), axis=-1)


@quantity("storage_Delta_mu", "Delta_mu of the target memory", real=True)
def Delta(b: Instances) -> Array:
    return smallest(_margins(b))


@quantity("storage_apart", "least distance between the limits of the iteration from two memories")
def apart(b: Instances) -> Array:
    """0 where beta m^2 < 1: T is a contraction with a single fixed point, |beta Cov_p| <= beta m^2."""
    contracts = np.array([bool(h < 1) for h in b.beta * measure(b, m) ** 2])
    if np.all(contracts):
        return number(b, 0)
    rows = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    limits = [limit_from(b, rows[:, k]) for k in range(rows.shape[1])]
    pairs = [norm(limits[i] - limits[j]) for j in range(len(limits)) for i in range(j)]
    return np.where(contracts, number(b, 0), smallest(np.stack(pairs, axis=-1)))


BALL = 1 / (2 * beta * m)
LEVEL = 1 / (4 * E * HEAT)
SEPARATED = 1 + log(4 * HEAT * (M - 1))
STORED = Hypothesis(Lt(X, LEVEL), "X_mu < 1/(4 e beta)")
IN_BALL = Hypothesis(Le(dist, BALL), "the query lies in the ball of radius 1/(2 beta)")
ALL_STORED = Hypothesis(Lt(worst_crosstalk, LEVEL), "restated.d2.storage for all mu")
FEW = ((2, 3), (17, 2), (5, 8))
"""Small sets are searched hard; the pair stands in a dimension that is only drawn from."""

IMAGE = "T maps the ball to within 2 e X_mu of y_mu, which is inside it"

STORAGE = Inequality(
    id="restated.d2.storage",
    title="Storage in the ball of radius 1/(2 beta)",
    source=OWN,
    provenance="derived",
    printed=r"X_\mu<\tfrac1{4e\beta}\Rightarrow\mathcal T:B(y_\mu,\tfrac1{2\beta})\to B(y_\mu,\tfrac1{2\beta}),\ "
    r"\mathrm{Lip}\le4e\beta X_\mu<1,\ \|x^*-y_\mu\|\le2eX_\mu;\quad\beta\Delta_\mu>1+\ln(4\beta(M-1))\text{ suffices}",
    arena=Patterns(
        query="ball",
        radius=BALL,
        norms="equal",
        min_memories=2,
        sizes=((2, 3), (17, 2), (3, 12), (8, 16), (20, 64)),
    ),
    parts=(
        Part(IMAGE, Le(err, 2 * E * m * X), trivial=BALL, given=(STORED, IN_BALL)),
        Part("Lipschitz constant", Le(J_norm, 4 * E * HEAT * X), trivial=HEAT, given=(STORED, IN_BALL)),
        Part(
            "the separation suffices",
            Lt(X, LEVEL),
            given=(Hypothesis(Gt(beta * Delta, SEPARATED), "beta Delta_mu > 1 + log(4 beta (M - 1))"),),
        ),
    ),
    controls=(
        scaled("1/4", IMAGE),
        scaled("1/8", "Lipschitz constant"),
        scaled("1/4", "the separation suffices"),
    ),
    related=("hu2024.def2.2.stored", "hu2024.sep.a", "hu2024.sep.b", "restated.ball-storage"),
    notices=(
        "2 e X_mu < 1/(2 beta) by hypothesis: the image lies inside the ball, a contraction of the ball into itself has "
        "exactly one fixed point, and that is an image: it lies within 2 e X_mu as well.",
    ),
)

_w = Symbol("w", negative=True)
_count, _delta = Symbol("count", positive=True), Symbol("Delta", positive=True)
_ARGUMENT = -_delta / (4 * E * _count)


def _lambert_parts() -> dict[str, Any]:
    """With w exp(w) = -Delta/(4 e (M-1)) and beta = -w/Delta the two sides differ by 0, on either branch."""
    count = -_delta * exp(-_w - 1) / (4 * _w)
    temperature = -_w / _delta
    return {"beta Delta - 1 - log(4 beta (M-1))": temperature * _delta - 1 - log(4 * temperature * count)}


def _both(branch: int) -> tuple[Any, Any]:
    root = -LambertW(_ARGUMENT, branch) / _delta
    return root * _delta, 1 + log(4 * root * _count)


THRESHOLD = Identity(
    id="restated.d2.threshold",
    title="Closed form of the threshold",
    source=OWN,
    provenance="derived",
    printed=r"\beta\Delta=1+\ln(4\beta(M-1))\iff\beta=-\tfrac1\Delta W_{-1}\big(-\tfrac\Delta{4e(M-1)}\big)\quad(\beta\Delta\ge1)",
    arena=Points(
        tuple(
            {"Delta": delta, "count": count}
            for delta in ("1/1000000", "1/1000", "1/10", "1/2", 1, "3/2", 2)
            for count in (1, 2, 7, 255, 10**6, 10**12 - 1)
        )
    ),
    parts=(
        Part("the branch W_{-1} solves the equation", Eq(*_both(-1))),
        Part("with beta Delta >= 1", Ge(-LambertW(_ARGUMENT, -1), 1, evaluate=False)),
        Part("the other solution is given by W_0", Eq(*_both(0))),
        Part("with beta Delta <= 1", Le(-LambertW(_ARGUMENT), 1, evaluate=False)),
    ),
    symbolic=_lambert_parts,
    symbolic_range="all Delta > 0, M > 1 and either real branch w < 0 of w exp(w) = -Delta/(4 e (M - 1))",
    controls=(
        Control(
            "the principal branch above 1",
            Ge(-LambertW(_ARGUMENT), 1, evaluate=False),
            "with beta Delta <= 1",
        ),
        Control(
            "3 in place of e",
            Eq(
                -LambertW(-_delta / (4 * _count * 3), -1),
                1 + log(-4 * LambertW(-_delta / (4 * _count * 3), -1) / _delta * _count),
            ),
            "the branch W_{-1} solves the equation",
        ),
    ),
    related=("restated.d2.storage",),
    notices=(
        "count = M - 1.  The argument lies in [-1/(2 e), 0), where both branches are real; beta Delta - log(4 beta (M - 1)) falls up "
        "to beta Delta = 1 and rises after it, so there is one solution on each side.",
    ),
)

DISTINCT = "different memories have different fixed points"

DISJOINT = Inequality(
    id="restated.d2.disjoint",
    title="Distinctness above the threshold",
    source=OWN,
    provenance="derived",
    printed=r"X_\mu<\tfrac1{4e\beta}\ \forall\mu,\ \beta\Delta_{\min}\ge1\ \Rightarrow\ \tfrac1{2\beta}\le R_\Phi,\ x^*_\mu\ne x^*_\nu",
    arena=Patterns(query="pattern", norms="equal", min_memories=2, sizes=FEW, families=MINIMUM),
    hypotheses=(ALL_STORED, Hypothesis(Ge(HEAT * gap, 1), "beta Delta_min >= 1")),
    parts=(Part("the balls are disjoint up to touching", Le(BALL, R)), Part(DISTINCT, Gt(apart, 0))),
    controls=(
        scaled("1/8"),
        Control("further apart than 2 R", Gt(apart, 2 * R * Rational(11, 10)), DISTINCT),
    ),
    related=("restated.d2.storage", "restated.d2.distinct-all"),
)

DISTINCT_ALL = Inequality(
    id="restated.d2.distinct-all",
    title="Distinctness for every beta",
    source=OWN,
    provenance="derived",
    printed=r"\beta\Delta_\mu>1+\ln(4\beta(M-1))\ \forall\mu,\ \beta>0\ \Rightarrow\ x^*_\mu\text{ pairwise distinct}",
    arena=Patterns(query="pattern", norms="equal", min_memories=2, sizes=((1, 2), *FEW), families=MINIMUM),
    hypotheses=(
        Hypothesis(Gt(HEAT * gap, SEPARATED), "beta Delta_mu > 1 + log(4 beta (M - 1)) for all mu"),
        Hypothesis(Gt(R, 0), "different memories are different vectors"),
    ),
    parts=(Part(DISTINCT, Gt(apart, 0)),),
    controls=(Control("further apart than 2 R", Gt(apart, 2 * R * Rational(11, 10))),),
    related=("restated.d2.storage", "restated.d2.disjoint", "restated.d3.distinct"),
    notices=(
        "For 4 beta (M - 1) < 1/e the condition holds for all memories, and for beta < 1 the map is a contraction of the whole "
        "space: the balls of radius 1/(2 beta) then hold all memories and one fixed point.",
        "With beta Delta_min >= 1 added the statement is restated.d2.disjoint.",
    ),
)


# -- sparse maps ------------------------------------------------------------------------------------------------

n, size, alpha, share = (Symbol(name, positive=True) for name in ("n", "size", "alpha", "share"))
NAMES = {
    (2, 6): "polygon-6",
    (4, 24): "24-cell",
    (5, 16): "half-5-cube",
    (6, 27): "schlaefli",
    (7, 56): "gosset",
    (8, 240): "E8",
    (3, 12): "icosahedron",
    (4, 120): "600-cell",
    (2, 5): "polygon-5",
    **{(k, k + 1): f"simplex-{k}" for k in (2, 3, 7)},
    **{(k, 2 * k): f"cross-polytope-{k}" for k in (2, 3, 8)},
}
IRRATIONAL = ((3, 12), (4, 120), (2, 5))


def _seen(dimension: int, count: int) -> Any:
    return crosstalk.seen_from_a_point(NAMES[dimension, count])


def _code(b: Instances) -> tuple[list[tuple[Real, int]], Real, Real, Real]:
    """Cosines of the code, its separation Delta, alpha, and (alpha - 1) beta = share/Delta."""
    seen = [(expr.ball(c, {}), k) for c, k in _seen(whole(b, "n"), whole(b, "size"))]
    separation = 1 - seen[-1][0]
    return seen, separation, Real(b.scalars["alpha"][0]), Real(b.scalars["share"][0]) / separation


@quantity("storage_entmax_drop", "1 - <y_mu, T_alpha(y_mu)>: zero exactly if y_mu is a fixed point")
def drop(b: Instances) -> Array:
    """sum_nu p_nu (1 - <y_mu, y_nu>), with all p from certified entmax."""
    seen, _, order, strength = _code(b)
    cosines = [Real(1)] + [c for c, k in seen for _ in range(k)]
    scores = np.array([strength / (order - 1) * (c - 1) for c in cosines], dtype=object)
    p = certified_entmax(scores, order)
    return one(sum((weight * (1 - c) for weight, c in zip(p, cosines, strict=True)), Real(0)))


@quantity("storage_capture_room", "least lead of the target on the ball, times (alpha - 1) beta", real=True)
def capture_room(b: Instances) -> Array:
    """min over nu and over the ball of <y_mu - y_nu, y>: Delta_nu - r sqrt(2 Delta_nu), r as claimed."""
    seen, separation, _, strength = _code(b)
    radius = (separation - 1 / strength) / 2
    leads = [(1 - c) - radius * (2 * (1 - c)).sqrt() for c, _ in seen]
    return one(strength * enclose_min(np.array(leads, dtype=object)))


@quantity(
    "storage_size_bound",
    "Levenshtein's bound on the number of unit vectors with 1 - cos >= 1/((alpha - 1) beta)",
)
def size_bound(b: Instances) -> Array:
    _, _, _, strength = _code(b)
    return one(levenshtein_size(whole(b, "n"), sp.Rational(str(1 - 1 / strength.fraction))))


STORED_EXACTLY = Hypothesis(Ge(share, 1), "beta Delta_mu >= 1/(alpha - 1)")
FIXED, MOVED, CAUGHT = "stored at and above the threshold", "not stored below it", "one-step capture"
POSITIVE = "no more memories than a code of that separation can have"

ENTMAX = Identity(
    id="restated.d6.entmax",
    title="Exact storage in sparse models",
    source=OWN,
    provenance="derived",
    printed=r"\mathcal T_\alpha(y_\mu)=y_\mu\iff\beta\Delta_\mu\ge\tfrac1{\alpha-1};\quad "
    r"\mathcal T_\alpha\big(B(y_\mu,\tfrac12(\Delta_\mu-\tfrac1{(\alpha-1)\beta}))\big)=\{y_\mu\};\quad "
    r"\max M=A\big(D,1-\tfrac1{(\alpha-1)\beta}\big)",
    arena=Points(
        tuple(
            {"n": k, "size": count, "alpha": order, "share": part}
            for k, count in NAMES
            for order in (("5/4", "3/2", 2) if count <= 24 else ("3/2", 2))
            for part in ("999999/1000000", 1, "1000001/1000000", 2)
            if not ((k, count) in IRRATIONAL and part == 1)
        )
    ),
    parts=(
        Part(FIXED, Le(drop, 0), given=(STORED_EXACTLY,)),
        Part(MOVED, Gt(drop, 0), given=(Hypothesis(Lt(share, 1), "beta Delta_mu < 1/(alpha - 1)"),)),
        Part(CAUGHT, Ge(capture_room, 1), given=(Hypothesis(Gt(share, 1), "a ball of positive radius"),)),
        Part(
            POSITIVE,
            Le(size, size_bound),
            given=(Hypothesis(Eq(share, 1), "at the threshold, rational cosines"),),
        ),
    ),
    controls=(
        Control("stored always", Le(drop, 0), MOVED),
        Control("never stored", Gt(drop, 0), FIXED),
        Control("a lead of 6/5", Ge(capture_room, Rational(6, 5)), CAUGHT),
        replaced(size_bound, size_bound - 1, part=POSITIVE),
    ),
    related=("hu2024.lemma2.2.sep", "hu2024.prop2.1.fixed-beta-sparse", "wu2024.thm2.2.iff"),
    notices=(
        "share = (alpha - 1) beta Delta.  y_mu is fixed exactly if <y_mu, T(y_mu)> = 1, since |T(y_mu)| <= 1.",
        "The lead of the target over memory nu on a ball is least at its end towards nu: the margin is exact, not sampled.",
        "All memories are stored exactly if the largest cosine is at most 1 - 1/((alpha - 1) beta): the capacity is A(D, .) by "
        "definition.  At the threshold of E8 sparsemax has beta = 2 and stores 240, Levenshtein's bound.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (MEMORY_CODE, STORAGE, THRESHOLD, DISJOINT, DISTINCT_ALL, ENTMAX)
