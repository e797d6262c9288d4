"""Families of codes: polygons, simplices, cross-polytopes, Kerdock arrangements, isotropic lines, the snub cube."""

from __future__ import annotations

from sympy import Eq, Ge, Lt, Rational, Symbol, acos, cos, pi, sqrt

from verify import code_profiles as codes
from verify.arena import Points
from verify.papers.splag_codes.table import decimals
from verify.statement import Control, Hypothesis, Identity, Part, Source

k, j = Symbol("k", positive=True), Symbol("j", positive=True)
THIRD = Rational(1, 3)
TRIBONACCI = (1 + (19 + 3 * sqrt(33)) ** THIRD + (19 - 3 * sqrt(33)) ** THIRD) / 3
"""The real root of t^3 = t^2 + t + 1 by Cardano's formula."""
_DIMENSIONS = (*range(2, 33), 64, 256)


def _family(name: str, members: tuple[int, ...]) -> Points:
    return Points(tuple({"code": codes.number(name), "k": member} for member in members))


NGON = Identity(
    id="code.ngon",
    title="Regular N-gon",
    source=Source("splag", "elementary"),
    provenance="recalled",
    printed=r"N\text{ equally spaced points}:\ n=2,\ s=\cos(2\pi/N);\ \cos(2\pi j/N)\text{ twice, once for }j=N/2",
    arena=Points(
        tuple(
            {"code": codes.number("polygon"), "k": size, "j": place}
            for size in range(3, 25)
            for place in range(1, size // 2 + 1)
        )
    ),
    parts=(
        Part("number of points", Eq(codes.size, k)),
        Part("dimension", Eq(codes.rank, 2)),
        Part("number of distinct cosines", Ge(2 * codes.distinct, k - 1)),
        Part("no further cosines", Ge(k, 2 * codes.distinct)),
        Part("all points see the same", Eq(codes.views, 1)),
        Part("cosine j, to sixty decimals", Eq(decimals(codes.cosine_at), decimals(cos(2 * pi * j / k)))),
        Part("cosine j, exactly", Eq(codes.polygon_miss, 0)),
        Part("twice", Eq(codes.seen_at, 2), given=(Hypothesis(Lt(2 * j, k)),)),
        Part("once opposite", Eq(codes.seen_at, 1), given=(Hypothesis(Ge(2 * j, k)),)),
    ),
    controls=(
        Control("one more point", Eq(codes.size, k + 1)),
        Control("twice everywhere", Eq(codes.seen_at, 2), "once opposite"),
        Control(
            "the cosine of half the angle",
            Eq(decimals(codes.cosine_at), decimals(cos(pi * j / k))),
            "cosine j, to sixty decimals",
        ),
    ),
    related=("alg.verify-code", "lev.sharp"),
    notices=("k is the number N of points, j the place of the cosine, the largest first.",),
)

SIMPLEX = Identity(
    id="code.simplex",
    title="Regular simplex",
    source=Source("splag", "R. A. Rankin 1955"),
    provenance="recalled",
    printed=r"e_i-\tfrac1{n+1}\sum_j e_j,\text{ normalised}:\ N=n+1,\ s=-\tfrac1n",
    arena=_family("simplex", _DIMENSIONS),
    parts=(
        Part("number of points", Eq(codes.size, k + 1)),
        Part("dimension", Eq(codes.rank, k)),
        Part("number of distinct cosines", Eq(codes.distinct, 1)),
        Part("all points see the same", Eq(codes.views, 1)),
        Part("cosine", Eq(codes.cosine[1], -1 / k)),
        Part("points at it", Eq(codes.seen[1], k)),
        Part("design strength", Eq(codes.strength, 2)),
    ),
    controls=(
        Control("the cosine of one dimension more", Eq(codes.cosine[1], -1 / (k + 1)), "cosine"),
        Control("a design of strength three", Eq(codes.strength, 3), "design strength"),
    ),
    related=("alg.verify-code", "lev.sharp"),
    notices=("k is the dimension n.",),
)

CROSS = Identity(
    id="code.crosspolytope",
    title="Cross-polytope",
    source=Source("splag", "R. A. Rankin 1955"),
    provenance="recalled",
    printed=r"\pm e_i:\ N=2n,\ s=0",
    arena=_family("cross-polytope", _DIMENSIONS),
    parts=(
        Part("number of points", Eq(codes.size, 2 * k)),
        Part("dimension", Eq(codes.rank, k)),
        Part("number of distinct cosines", Eq(codes.distinct, 2)),
        Part("all points see the same", Eq(codes.views, 1)),
        Part("cosine 1", Eq(codes.cosine[1], 0)),
        Part("points at cosine 1", Eq(codes.seen[1], 2 * k - 2)),
        Part("cosine 2", Eq(codes.cosine[2], -1)),
        Part("points at cosine 2", Eq(codes.seen[2], 1)),
        Part("design strength", Eq(codes.strength, 3)),
    ),
    controls=(
        Control("the antipode counted as orthogonal", Eq(codes.seen[1], 2 * k - 1), "points at cosine 1"),
        Control("a design of strength four", Eq(codes.strength, 4), "design strength"),
    ),
    related=("alg.verify-code", "lev.sharp"),
    notices=("k is the dimension n.",),
)

SNUB = Identity(
    id="code.snubcube",
    title="Snub cube",
    source=Source("splag", "R. M. Robinson 1961"),
    provenance="recalled",
    printed=r"(\pm1,\pm1/t,\pm t)\text{, even permutations with an even, odd ones with an odd number of minus signs}:"
    r"\ n=3,\ N=24,\ s=\frac{t-1}{3-t},\ t^3=t^2+t+1",
    arena=Points(({"code": codes.number("snub-cube")},)),
    parts=(
        Part("number of points", Eq(codes.size, 24)),
        Part("dimension", Eq(codes.rank, 3)),
        Part(
            "max cosine, to sixty decimals",
            Eq(decimals(codes.cosine[1]), decimals((TRIBONACCI - 1) / (3 - TRIBONACCI))),
        ),
        Part("max cosine, exactly", Eq(codes.miss[1], 0)),
        Part("points at it", Eq(codes.seen[1], 5)),
        Part("angle in degrees", Eq(decimals(acos(codes.cosine[1]) * 180 / pi, 9), 43690767108)),
        Part("all points see the same", Eq(codes.views, 1)),
        Part("all points equivalent", Eq(codes.orbits, 1)),
    ),
    controls=(
        Control("four points at the largest cosine", Eq(codes.seen[1], 4), "points at it"),
        Control("the cosine of the cuboctahedron", Eq(codes.cosine[1], Rational(1, 2))),
    ),
    related=("alg.verify-code", "threedim.proven"),
    notices=(
        "That all points are equivalent is shown by signed permutations, checked to map the set to itself.",
    ),
)

KERDOCK = Identity(
    id="code.kerdock",
    title="Kerdock arrangements",
    source=Source("cdll2024", "abstract; V. I. Levenshtein 1982 for the binary case"),
    provenance="recalled",
    printed=r"\text{Kerdock code of length }2^{2k}\text{ as }\pm2^{-k},\text{ and }\pm e_i:\ n=2^{2k},\ "
    r"N=2^{4k}+2^{2k+1},\ s=2^{-k}",
    arena=_family("kerdock", (2, 3)),
    parts=(
        Part("number of points", Eq(codes.size, 2 ** (4 * k) + 2 ** (2 * k + 1))),
        Part("dimension", Eq(codes.rank, 4**k)),
        Part("number of distinct cosines", Eq(codes.distinct, 4)),
        Part("all points see the same", Eq(codes.views, 1)),
        Part("cosine 1", Eq(codes.cosine[1], 2 ** (-k))),
        Part("cosine 2", Eq(codes.cosine[2], 0)),
        Part("cosine 3", Eq(codes.cosine[3], -(2 ** (-k)))),
        Part("cosine 4", Eq(codes.cosine[4], -1)),
        Part("its points are the bases and their negatives", Eq(codes.seen[2], 2 * 4**k - 2), headline=False),
    ),
    controls=(
        Control("no basis", Eq(codes.size, 2 ** (4 * k))),
        Control("a cosine twice as large", Eq(codes.cosine[1], 2 ** (1 - k)), "cosine 1"),
    ),
    related=("code.nr288", "cdll2024.sharp"),
    notices=(
        "k = 2, 3 from coordinates, one point of each orbit of the translations and characters; k = 4 and 5 are left to "
        "the formulas.",
    ),
)

GQ = Identity(
    id="code.gq",
    title="Isotropic lines family",
    source=Source("ck2007", "Table 1; P. J. Cameron, J. M. Goethals, J. J. Seidel 1978; Levenshtein 1992"),
    provenance="recalled",
    printed=r"n=\frac{q(q^3+1)}{q+1},\ N=(q+1)(q^3+1),\ s=q^{-2};\ -\tfrac1q\ (q(q^2+1)\text{ times}),\ "
    r"\tfrac1{q^2}\ (q^4\text{ times})",
    arena=_family("isotropic", (2, 3, 4, 5, 7)),
    parts=(
        Part("number of points", Eq(codes.size, (k + 1) * (k**3 + 1))),
        Part("dimension", Eq(codes.rank, k * (k**3 + 1) / (k + 1))),
        Part("number of distinct cosines", Eq(codes.distinct, 2)),
        Part("cosine 1", Eq(codes.cosine[1], k**-2)),
        Part("points at cosine 1", Eq(codes.seen[1], k**4)),
        Part("cosine 2", Eq(codes.cosine[2], -1 / k)),
        Part("points at cosine 2", Eq(codes.seen[2], k * (k**2 + 1))),
        Part("q = 2: the Schlaefli configuration", Eq(codes.schlaefli, 1), given=(Hypothesis(Eq(k, 2)),)),
    ),
    controls=(
        Control("one point less on a line", Eq(codes.seen[2], k * (k**2 + 1) - 1), "points at cosine 2"),
        Control("the full space", Eq(codes.rank, (k + 1) * (k**3 + 1)), "dimension"),
    ),
    related=("code.schlaefli27", "code.112", "code.srg-embedding", "lev.sharp"),
    notices=(
        "k is the prime power q.  Dimension and cosines come from A^2, every entry of which is compared with the "
        "relation of a strongly regular graph: the projection on the eigenspace is a combination of 1, A and J.",
    ),
)

STATEMENTS = (NGON, SIMPLEX, CROSS, SNUB, KERDOCK, GQ)
