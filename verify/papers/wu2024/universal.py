"""Codes that minimise every potential with positive derivatives, and the polynomials that prove it.

H. Cohn, A. Kumar, "Universally optimal distribution of points on spheres", J. AMS 20 (2007), sections 5 and 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from bounds.exact import Real, pi

Weighted = Sequence[tuple[Any, int]]
CELLS = 64
"""Parts of [-1, 1] on which the polynomial of the 600-cell is compared with the potential."""


def _root5(a: int, b: int, c: int) -> Real:
    """(a + b sqrt 5)/c."""
    return (a + b * Real(5).sqrt()) / c


def distribution(code: int) -> tuple[str, int, list[tuple[Real, int]]]:
    """Name, dimension, and the cosines seen from one point with multiplicities, of the code with this number.

    Numbers 2..10: simplex of that many points; 12..18: cross-polytope of dimension 2..8; 23..40: polygon of
    3..20 points; 51..56: the sharp codes of Cohn and Kumar 2007, Table 1, that are tried, and the 600-cell.
    """
    if 2 <= code <= 10:
        return f"simplex-{code - 1}", code - 1, [(Real(Fraction(-1, code - 1)), code - 1)]
    if 12 <= code <= 18:
        n = code - 10
        return f"cross-polytope-{n}", n, [(Real(-1), 1), (Real(0), 2 * n - 2)]
    if 23 <= code <= 40:
        return f"polygon-{code - 20}", 2, _polygon(code - 20)
    half, third = Real(Fraction(1, 2)), Real(Fraction(1, 3))
    small, large = (_root5(0, 1, 5), _root5(1, 1, 4))
    table = {
        51: ("icosahedron", 3, [(Real(-1), 1), (-small, 5), (small, 5)]),
        52: ("half-5-cube", 5, [(Real(Fraction(-3, 5)), 5), (Real(Fraction(1, 5)), 10)]),
        53: ("schlaefli", 6, [(-half, 10), (half / 2, 16)]),
        54: ("gosset", 7, [(Real(-1), 1), (-third, 27), (third, 27)]),
        55: ("E8", 8, [(Real(-1), 1), (-half, 56), (Real(0), 126), (half, 56)]),
        56: (
            "600-cell",
            4,
            [
                (Real(-1), 1),
                *(
                    (sign * s, m)
                    for s, m in ((large, 12), (half, 20), (large - half, 12))
                    for sign in (-1, 1)
                ),
                (Real(0), 30),
            ],
        ),
    }
    return table[code]


def _polygon(count: int) -> list[tuple[Real, int]]:
    found = [((2 * pi() * k / count).cos(), 2) for k in range(1, (count + 1) // 2)]
    return [*found, (Real(-1), 1)] if count % 2 == 0 else found


def newton_form(cosines: Weighted, time: Real) -> tuple[list[Real], list[Real]]:
    """Nodes and coefficients of the Hermite interpolant of f(x) = exp(-2t(1 - x)) at the cosines of a code.

    To second order but at -1: f - h is f^(k)/k! times a product of squares and of 1 + x, and all derivatives of
    f are positive, so h <= f on [-1, 1].
    """
    nodes: list[Real] = []
    for s, _ in cosines:
        nodes += [s] if s.is_exact and s == -1 else [s, s]
    column = [(-2 * time * (1 - z)).exp() for z in nodes]
    values, coefficients = column, [column[0]]
    for width in range(1, len(nodes)):
        row = []
        for i in range(len(nodes) - width):
            if nodes[i] is nodes[i + width]:
                # Twice the same node: the derivative.
                row.append(2 * time * values[i])
            else:
                row.append((column[i + 1] - column[i]) / (nodes[i + width] - nodes[i]))
        column = row
        coefficients.append(column[0])
    return nodes, coefficients


def minorant(n: int, cosines: Weighted, time: Real) -> list[Real]:
    """Gegenbauer coefficients of the interpolant of ``newton_form`` in dimension n."""
    nodes, coefficients = newton_form(cosines, time)
    result = [coefficients[-1]]
    for z, c in zip(reversed(nodes[:-1]), reversed(coefficients[:-1]), strict=True):
        result = _times(n, result, z)
        result[0] = result[0] + c
    return result


def _times(n: int, series: list[Real], root: Real) -> list[Real]:
    """A Gegenbauer series times x - root: x P_k = ((k + n - 2) P_(k+1) + k P_(k-1))/(2k + n - 2)."""
    out = [-root * c for c in series] + [Real(0)]
    for k, c in enumerate(series):
        up = Fraction(1) if k == 0 else Fraction(k + n - 2, 2 * k + n - 2)
        out[k + 1] = out[k + 1] + c * up
        if k:
            out[k - 1] = out[k - 1] + c * (1 - up)
    return out


def minorant_600_cell(cosines: Weighted, time: Real) -> tuple[list[Real], Real]:
    """Gegenbauer coefficients of h = H + w c below f, and the smallest of (f - h)/w found, for the 600-cell.

    H is the interpolant of degree 14, w = (1 + x) prod (x - s_i)^2, and the quadratic c makes the coefficients 11,
    12 and 13 vanish (Cohn and Kumar 2007, section 7: the code is no design of strength 12). (f - H)/w is a divided
    difference of f, which rises with x: on a cell it is at least its value at the left end.
    """
    nodes, coefficients = newton_form(cosines, time)
    series = minorant(4, cosines, time)
    lifted = [[Real(1)]]
    for z in nodes:
        lifted[0] = _times(4, lifted[0], z)
    lifted += [_times(4, lifted[0], Real(0))]
    lifted += [_times(4, lifted[1], Real(0))]
    padded = [c + [Real(0)] * (18 - len(c)) for c in (series, *lifted)]
    rows = [[p[k] for p in padded[1:]] for k in (11, 12, 13)]
    c = _solve(rows, [-padded[0][k] for k in (11, 12, 13)])
    whole = [
        padded[0][k] + sum((x * p[k] for x, p in zip(c, padded[1:], strict=True)), Real(0)) for k in range(18)
    ]
    for k in (11, 12, 13):
        whole[k] = Real(0)
    return whole, min_over_cells(nodes, coefficients, c, time)


def min_over_cells(nodes: list[Real], coefficients: list[Real], c: list[Real], time: Real) -> Real:
    """The smallest lower bound on (f - h)/w over the cells, divided by its value at the right end of all."""

    def quotient(x: Real) -> Real:
        value, product = Real(0), Real(1)
        for z, a in zip(nodes, coefficients, strict=True):
            value, product = value + a * product, product * (x - z)
        return ((-2 * time * (1 - x)).exp() - value) / product

    # Ends off the nodes, so that nothing is divided by zero; the first lies left of -1.
    ends = [Fraction(-1) + Fraction(2 * k, CELLS) - Fraction(1, 997) for k in range(CELLS + 2)]
    found = []
    for left, right in pairwise(ends):
        cell = Real.between(left, right)
        found.append(quotient(Real(left)) - (c[0] + cell * (c[1] + cell * c[2])))
    smallest = found[0]
    for value in found[1:]:
        smallest = value if value.lower() < smallest.lower() else smallest
    return smallest / quotient(Real(2))


def _solve(rows: list[list[Real]], target: list[Real]) -> list[Real]:
    """Solve a 3 by 3 system by Cramer's rule."""

    def det(m: list[list[Real]]) -> Real:
        return (
            m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
            - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
        )

    whole = det(rows)
    return [
        det([[t if j == k else x for j, x in enumerate(row)] for row, t in zip(rows, target, strict=True)])
        / whole
        for k in range(3)
    ]
