"""Sharp three-point bounds.

H. Cohn, D. de Laat, N. Leijenhorst, "Optimality of spherical codes via exact semidefinite programming bounds",
arXiv 2403.16874.
"""

from __future__ import annotations

from sympy import Eq, Ge, Le, Rational, Symbol

from verify import code_profiles as codes
from verify import packing_quantities as q
from verify.arena import Points
from verify.code_profiles import number
from verify.statement import Control, Hypothesis, Identity, Part, Source, Statement

PAPER = {
    "key": "cdll2024",
    "title": "Optimality of spherical codes via exact semidefinite programming bounds",
    "authors": "H. Cohn, D. de Laat, N. Leijenhorst",
    "year": 2024,
    "arxiv": "2403.16874",
    "venue": "arXiv",
}

n, N, k, s = (Symbol(name, positive=True) for name in ("n", "N", "k", "s"))
SIZE = "no larger code at this cosine (the proved interval)"
COSINE = "no smaller cosine for as many points (the proved interval)"
SEARCH = "descents find no better code (56, 50 and 77 points)"
_FAMILY = (Hypothesis(Eq(s, 2**-k)),)


def _code(name: str, dimension: int, size: int, cosine: str, member: int = 1) -> dict[str, object]:
    return {"code": number(name), "k": member, "n": dimension, "N": size, "s": cosine}


SHARP = Identity(
    id="cdll2024.sharp",
    title="Sharp three-point bounds",
    source=Source("cdll2024", "Theorems 1.1 and 1.2"),
    provenance="secondary",
    printed=r"(n,N)\in\{(20,56),(21,50),(21,77)\}\text{ or }(2^{2k},2^{4k}+2^{2k+1}),\ s=2^{-k}:\text{ optimal}",
    arena=Points(
        (
            _code("gewirtz", 20, 56, "1/15"),
            _code("hoffman-singleton", 21, 50, "1/21"),
            _code("m22", 21, 77, "1/12"),
            _code("kerdock", 16, 288, "1/4", 2),
            _code("kerdock", 64, 4224, "1/8", 3),
        )
    ),
    parts=(
        Part("number of points", Eq(codes.points, N)),
        Part("dimension", Eq(codes.rank, n)),
        Part("max cosine", Eq(codes.cosine[1], s)),
        Part("the family: dimension", Eq(n, 4**k), given=_FAMILY),
        Part("the family: size", Eq(N, 2 ** (4 * k) + 2 ** (2 * k + 1)), given=_FAMILY),
        Part(
            "Gewirtz and Hoffman-Singleton: no larger code",
            Eq(q.size_interval, N),
            given=(Hypothesis(Eq((N - 56) * (N - 50), 0)),),
        ),
        Part(SEARCH, Ge(q.descended, s), given=(Hypothesis(Le(N, 77)),), sampled=q.DESCENTS),
        Part(SIZE, Eq(q.size_interval, N), headline=False),
        Part(COSINE, Eq(q.optimum_gap, 0), headline=False),
    ),
    controls=(
        Control("one point more", Eq(codes.points, N + 1)),
        Control(
            "57 or 51 points", Eq(q.size_interval, N + 1), "Gewirtz and Hoffman-Singleton: no larger code"
        ),
        Control("descents end a tenth higher", Ge(q.descended, s + Rational(1, 10)), SEARCH),
        Control("an optimum below by a tenth", Eq(q.optimum_gap, Rational(1, 10)), COSINE),
    ),
    related=(
        "bv2008.sdp",
        "code.gewirtz56",
        "code.hoffman-singleton50",
        "code.m22-77",
        "code.nr288",
        "code.kerdock",
    ),
    notices=(
        "Proved here: the codes and their cosines, A(20, 1/15) = 56 and A(21, 1/21) = 50 by three-point certificates of degree 3 "
        "that are checked again without a solver, and intervals for the rest: at most 86 points for (21, 1/12), 295 for (16, 1/4), "
        "s*(20, 56) > 0.0657, s*(21, 50) > 0.0456, s*(21, 77) > 0.0797, s*(16, 288) > 0.2457.  The paper's exactly sharp solutions are not reproduced: these parts stay open, "
        "and so does the universal optimality of 288 points.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (SHARP,)
