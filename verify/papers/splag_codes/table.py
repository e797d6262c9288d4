"""Single classical codes as a table: construction, and the invariants that the literature states for it.

One row is one statement.  What is measured comes from the coordinates alone
(:mod:`verify.code_profiles`); the row only says what it is compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Eq, Lt, Rational, S, acos, floor, pi, sqrt

from verify import code_profiles as codes
from verify.arena import Points
from verify.statement import Control, Identity, Part, Source, Statement


def decimals(x: Any, places: int = 60) -> Any:
    """x rounded to this many decimals, as an integer: how an irrational number is compared in a relation.

    Beside it irrational cosines are compared exactly, in the number field of the code.
    """
    return floor(x * 10**places + Rational(1, 2))


@dataclass(frozen=True)
class Row:
    """What the literature states of a code.

    Attributes:
        key, title, paper, locator: the statement and its source.
        built: names of the constructions that the entry gives; all of them must have the invariants.
        n, size: dimension of the span, number of points.
        seen: cosines with the number of points at each, from any point, the largest first.
        strength: design strength, None where none is stated.
        printed: the construction in formulas.
        same: whether the constructions are also compared up to isometry.
    """

    key: str
    title: str
    paper: str
    locator: str
    built: tuple[str, ...]
    n: int
    size: int
    seen: tuple[tuple[Any, int], ...]
    strength: int | None
    printed: str
    same: bool = False


R = Rational
_CK = ("ck2007", "Table 1; V. I. Levenshtein 1992")
_CDLL = ("cdll2024", "abstract and tables")
_PHI = (1 + sqrt(5)) / 4
_PSI = (sqrt(5) - 1) / 4

ROWS: tuple[Row, ...] = (
    Row(
        "icosahedron", "Icosahedron", "splag", "L. Fejes Toth 1943", ("icosahedron",), 3, 12,
        ((1 / sqrt(5), 5), (-1 / sqrt(5), 5), (S(-1), 1)), 5,
        r"(0,\pm1,\pm\varphi)\text{ cyclically, normalised}:\ n=3,\ N=12,\ s=1/\sqrt5",
    ),
    Row(
        "petersen10", "Ten points in R^4", "bv2009", "the code", ("petersen", "petersen-derived"), 4, 10,
        ((R(1, 6), 6), (R(-2, 3), 3)), 2,
        r"\text{points of the half 5-cube code with cosine }1/5\text{ to one, projected; or srg}(10,3,0,1),\ "
        r"\theta=-2:\ n=4,\ N=10,\ s=1/6",
        same=True,
    ),
    Row(
        "cell24", "24-cell (D4 roots)", "dlm2024", "the code", ("24-cell",), 4, 24,
        ((R(1, 2), 8), (S(0), 6), (R(-1, 2), 8), (S(-1), 1)), 5,
        r"(\pm e_i\pm e_j)/\sqrt2:\ n=4,\ N=24,\ s=1/2",
    ),
    Row(
        "cell600", "600-cell", "splag", "K. Boroczky 1978; N. N. Andreev 1999", ("600-cell",), 4, 120,
        (
            (_PHI, 12), (R(1, 2), 20), (_PSI, 12), (S(0), 30),
            (-_PSI, 12), (R(-1, 2), 20), (-_PHI, 12), (S(-1), 1),
        ), 11,
        r"\pm e_i;\ (\pm\tfrac12)^4;\ \tfrac12(\pm\varphi,\pm1,\pm1/\varphi,0)\text{ evenly permuted}:\ "
        r"n=4,\ N=120,\ s=\tfrac{1+\sqrt5}4",
    ),
    Row(
        "clebsch16", "Half 5-cube", *_CK, ("half-5-cube", "half-5-cube-derived"), 5, 16,
        ((R(1, 5), 10), (R(-3, 5), 5)), 3,
        r"\{\pm1\}^5/\sqrt5\text{ with an even number of minus signs; also points of the Schlaefli code with "
        r"cosine }1/4:\ n=5,\ N=16,\ s=1/5",
        same=True,
    ),
    Row(
        "schlaefli27", "Schlaefli configuration", *_CK, ("schlaefli",), 6, 27,
        ((R(1, 4), 16), (R(-1, 2), 10)), 4,
        r"\text{points of the 56-point code with cosine }1/3\text{ to one, projected}:\ n=6,\ N=27,\ s=1/4",
    ),
    Row(
        "e8second56", "Kissing configuration of E8", *_CK, ("gosset",), 7, 56,
        ((R(1, 3), 27), (R(-1, 3), 27), (S(-1), 1)), 5,
        r"E_8\text{ roots with cosine }1/2\text{ to one, projected}:\ n=7,\ N=56,\ s=1/3",
    ),
    Row(
        "e8", "E8 roots", "splag", "Levenshtein 1979; Odlyzko, Sloane 1979", ("E8",), 8, 240,
        ((R(1, 2), 56), (S(0), 126), (R(-1, 2), 56), (S(-1), 1)), 7,
        r"(\pm e_i\pm e_j)/\sqrt2,\ (\pm\tfrac12)^8/\sqrt2\text{ with an even number of minus signs}:\ "
        r"n=8,\ N=240,\ s=1/2",
    ),
    Row(
        "leech", "Minimal vectors of the Leech lattice", "splag", "Levenshtein 1979; Odlyzko, Sloane 1979",
        ("leech",), 24, 196560,
        (
            (R(1, 2), 4600), (R(1, 4), 47104), (S(0), 93150), (R(-1, 4), 47104), (R(-1, 2), 4600), (S(-1), 1),
        ), 11,
        r"32^{-1/2}\{(\pm2^8,0^{16}),\ (\mp3,\pm1^{23}),\ (\pm4^2,0^{22})\}:\ n=24,\ N=196560,\ s=1/2",
    ),
    Row(
        "4600", "Kissing configuration of the Leech configuration", *_CK, ("leech-4600",), 23, 4600,
        ((R(1, 3), 891), (S(0), 2816), (R(-1, 3), 891), (S(-1), 1)), 7,
        r"\text{Leech minimal vectors with cosine }1/2\text{ to one, projected}:\ n=23,\ N=4600,\ s=1/3",
    ),
    Row(
        "891", "Second-level kissing configuration", *_CK, ("leech-891",), 22, 891,
        ((R(1, 4), 336), (R(-1, 8), 512), (R(-1, 2), 42)), 5,
        r"\text{points of the 4600-point code with cosine }1/3\text{ to one, projected}:\ n=22,\ N=891,\ s=1/4",
    ),
    Row(
        "552", "Equiangular lines in R^23", *_CK, ("equiangular-552",), 23, 552,
        ((R(1, 5), 275), (R(-1, 5), 275), (S(-1), 1)), 5,
        r"v=(5,1^{23}):\text{ the minimal vectors with inner product }24\text{ with }v,\text{ projected}:\ "
        r"n=23,\ N=552,\ s=1/5",
    ),
    Row(
        "275", "McLaughlin", *_CK, ("mclaughlin",), 22, 275,
        ((R(1, 6), 162), (R(-1, 4), 112)), 4,
        r"\text{points of the 552-point code with cosine }1/5\text{ to one, projected}:\ n=22,\ N=275,\ s=1/6",
    ),
    Row(
        "162", "Smith", *_CK, ("smith",), 21, 162,
        ((R(1, 7), 105), (R(-2, 7), 56)), 3,
        r"\text{points of the 275-point code with cosine }1/6\text{ to one, projected}:\ n=21,\ N=162,\ s=1/7",
    ),
    Row(
        "112", "Isotropic subspaces", *_CK, ("isotropic-3", "isotropic-3-derived"), 21, 112,
        ((R(1, 9), 81), (R(-1, 3), 30)), 3,
        r"\text{points of the 275-point code with cosine }-1/4\text{ to one, projected; also the isotropic code "
        r"for }q=3:\ n=21,\ N=112,\ s=1/9",
    ),
    Row(
        "m22-77", "M22 graph", *_CDLL, ("m22",), 21, 77,
        ((R(1, 12), 60), (R(-3, 8), 16)), 2,
        r"\text{hexads of }S(3,6,22),\text{ disjoint ones joined: srg}(77,16,0,4),\ \theta=-6:\ "
        r"n=21,\ N=77,\ s=1/12",
    ),
    Row(
        "gewirtz56", "Gewirtz graph", *_CDLL, ("gewirtz",), 20, 56,
        ((R(1, 15), 45), (R(-2, 5), 10)), 2,
        r"\text{hexads that avoid a point: srg}(56,10,0,2),\ \theta=-4:\ n=20,\ N=56,\ s=1/15",
    ),
    Row(
        "higman-sims100", "Higman-Sims", *_CK, ("higman-sims",), 22, 100,
        ((R(1, 11), 77), (R(-4, 11), 22)), 3,
        r"\text{a point, 22 points, 77 hexads: srg}(100,22,0,6),\ \theta=-8:\ n=22,\ N=100,\ s=1/11",
    ),
    Row(
        "hoffman-singleton50", "Hoffman-Singleton", *_CDLL, ("hoffman-singleton",), 21, 50,
        ((R(1, 21), 42), (R(-3, 7), 7)), 2,
        r"\text{five pentagons and five pentagrams: srg}(50,7,0,1),\ \theta=-3:\ n=21,\ N=50,\ s=1/21",
    ),
    Row(
        "nr288", "Nordstrom-Robinson and basis", *_CDLL, ("nordstrom-robinson", "kerdock-16"), 16, 288,
        ((R(1, 4), 128), (S(0), 30), (R(-1, 4), 128), (S(-1), 1)), 5,
        r"\text{256 words of the Nordstrom-Robinson code as }(\pm\tfrac14)^{16},\text{ and }\pm e_i:\ "
        r"n=16,\ N=288,\ s=1/4",
    ),
)  # fmt: skip

_NOTES: dict[str, tuple[str, ...]] = {
    "leech": (
        "All 196560 vectors see the same distribution: it is counted from one vector of each of the three orbits of a "
        "group of signed permutations, whose elements are checked to map the set to itself.",
    ),
    "nr288": (
        "The Kerdock arrangement of 16 dimensions is measured beside the construction from the Golay code.",
    ),
    "112": (
        "Both constructions are measured; that they are isometric follows from the uniqueness of srg(112,30,2,10) "
        "(Cameron, Goethals and Seidel 1978), which is not checked here.",
    ),
}
_ANGLES = {"icosahedron": (63434948822922, 12), "cell600": (36 * 10**60, 60)}
"""Printed angles in units of their last decimal, and the number of decimals."""


def statement(row: Row) -> Statement:
    """The statement of a row: every number that it prints, against the number that the coordinates give."""
    parts = [
        Part("number of points", Eq(codes.size, row.size)),
        Part("dimension", Eq(codes.rank, row.n)),
        Part("number of distinct cosines", Eq(codes.distinct, len(row.seen))),
        Part("all points see the same", Eq(codes.views, 1)),
    ]
    for j, (cosine, count) in enumerate(row.seen, 1):
        if cosine.is_Rational:
            parts.append(Part(f"cosine {j}", Eq(codes.cosine[j], cosine)))
        else:
            parts.append(
                Part(f"cosine {j}, to sixty decimals", Eq(decimals(codes.cosine[j]), decimals(cosine)))
            )
            parts.append(Part(f"cosine {j}, exactly", Eq(codes.miss[j], 0)))
        parts.append(Part(f"points at cosine {j}", Eq(codes.seen[j], count)))
    if row.strength is not None:
        parts.append(Part("design strength", Eq(codes.strength, row.strength)))
    if row.same:
        parts.append(Part("the constructions are isometric", Eq(codes.like, 1)))
    if row.key in _ANGLES:
        printed, places = _ANGLES[row.key]
        parts.append(
            Part("angle in degrees", Eq(decimals(acos(codes.cosine[1]) * 180 / pi, places), printed))
        )
    return Identity(
        id=f"code.{row.key}",
        title=row.title,
        source=Source(row.paper, row.locator),
        provenance="recalled",
        printed=row.printed,
        arena=Points(
            tuple({"code": codes.number(name), "like": codes.number(row.built[0])} for name in row.built)
        ),
        parts=tuple(parts),
        controls=_controls(row),
        related=("alg.verify-code", "lev.sharp"),
        notices=("A code is known by its place in verify.code_profiles.NAMES.", *_NOTES.get(row.key, ())),
    )


def _controls(row: Row) -> tuple[Control, ...]:
    controls = [
        Control("one point more", Eq(codes.size, row.size + 1), "number of points"),
        Control(
            "one point less at the largest cosine",
            Eq(codes.seen[1], row.seen[0][1] - 1),
            "points at cosine 1",
        ),
        Control(
            "a largest cosine that is a little smaller",
            Lt(codes.cosine[1], row.seen[0][0])
            if row.seen[0][0].is_Rational
            else Lt(codes.cosine[1], R(1, 5)),
            "number of points",
        ),
    ]
    if row.strength is not None:
        controls.append(Control("one degree more", Eq(codes.strength, row.strength + 1), "design strength"))
    return tuple(controls)


STATEMENTS: tuple[Statement, ...] = tuple(statement(row) for row in ROWS)
