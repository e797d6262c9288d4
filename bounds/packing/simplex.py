"""The simplex bound on A(n, s) in every dimension, by rigorous quadrature.

At most 2 F_{n-1}(a) / F_n(a) points, with Schlaefli's function F and sec 2a = 1/s + n - 2: the number of
regular spherical simplices of edge arccos s that would tile the sphere, if they could.
"""

from __future__ import annotations

from fractions import Fraction
from math import factorial

from flint import acb, arb, ctx

from bounds.exact import Real, Undecided, pi, precision
from bounds.packing.cosine import check_dimension

DIMENSION_LIMIT = 64
"""Largest dimension: beyond it the cancellation in the integrals costs hundreds of digits."""


_EVALUATIONS = 100_000
"""Evaluations of the integrand after which the quadrature gives up; common cases take a few hundred."""


_SMALL = 0.003
"""Rate of decay below which the path is moved off the axis."""


def schlaefli(m: int, cos2a: Real) -> Real:
    """Schlaefli's function F_m(a), given cos 2a in [0, 1/(m-1)), normalised so that F_m(pi/4) = 1/m!.

    A regular simplicial cone of m facets in R^m with dihedral angle 2a takes the share ``m! F_m(a) /
    2^m`` of space, which is the probability that m standard normal numbers with pairwise correlation
    ``-cos 2a`` are all positive.  F_2 = 2a/pi, F_3 = 2a/pi - 1/3.  With X_i = sqrt(1+c) Z_i + i sqrt(c)
    Z_0, c = cos 2a, that is the one-dimensional integral ``E Phi(i b Z)^m``, ``b^2 = c/(1+c)``, which is
    evaluated here with its tail bounded.

    Source: L. Schlaefli 1858; H. Ruben, Biometrika 41 (1954), 200-227; G. P. Steck, Ann. Math. Stat. 33
    (1962), 1433-1445.  Raises ValueError for m < 0 or cos 2a outside the range.
    """
    if m < 0 or (m > 1 and not (0 <= cos2a < Fraction(1, m - 1))):
        raise ValueError(f"Schlaefli function F_{m} at cos 2a = {cos2a}: expected 0 <= cos 2a < 1/{m - 1}")
    if m <= 1:
        return Real(1)
    if cos2a.is_exact and cos2a == 0:
        return Real(Fraction(1, factorial(m)))
    if m <= 3:
        turn = cos2a.arccos() / pi()
        return turn if m == 2 else turn - Fraction(1, 3)
    bits = ctx.prec
    with precision(2 * bits + 8 * m):
        share = _orthant(m, cos2a.ball, bits + 6 * m)
    return Real(share * 2**m) / factorial(m)


def _orthant(m: int, c: arb, bits: int) -> arb:
    """P(m normal numbers of pairwise correlation -c are > 0), up to about 2^-bits absolutely.

    The integrand falls as exp(-d x^2), d = (1 - m c / (1 + c)) / 2.  For small d it is integrated on the line
    Im z = h instead of the axis, as it is entire: there the terms that nearly cancel are never formed.
    """
    square = c / (1 + c)
    decay = (1 - m * square) / 2
    if not decay > 0:
        raise Undecided("cos 2a is too close to 1/(m-1) at this precision")
    b = (square / 2).sqrt()
    height = arb((1 / (2 * decay).sqrt()).mid()) if decay < _SMALL else arb(0)
    reach = arb((arb(bits) * arb(2).log() / decay).sqrt().upper().ceil().upper())

    def on_axis(z: acb, _analytic: bool) -> acb:
        return ((1 + acb(0, 1) * (b * z).erfi()) / 2) ** m * (-z * z / 2).exp()

    def on_line(x: acb, _analytic: bool) -> acb:
        # Phi = exp(b^2 z^2) w(b z) / 2, w(v) = exp(-v^2) (1 + i erfi v) = U(1/2, 1/2, -v^2) / sqrt(pi)
        z = x + acb(0, height)
        y = acb(0, -1) * b * z
        if not y.real > 0:  # where the principal branch of U may be another function
            return acb("nan")
        return ((y * y).hypgeom_u(acb(0.5), acb(0.5)) / (2 * arb.pi().sqrt())) ** m * (-decay * z * z).exp()

    path = on_line if height > 0 else on_axis
    main = acb.integral(path, 0, reach, abs_tol=arb(2) ** (-bits), eval_limit=_EVALUATIONS).real
    if not main.is_finite():
        raise Undecided("the quadrature of the simplex volume did not converge")
    # |w(v)| = |int_0^oo exp(-t^2/4 + i v t) dt| / sqrt(pi) <= 1 for Im v >= 0; the integral of exp(-d x^2)
    # from T on is at most exp(-d T^2) / (2 d T).
    tail = arb(2) ** -m * (decay * (height * height - reach * reach)).exp() / (2 * decay * reach)
    return (2 / arb.pi()).sqrt() * (main + arb(0, tail.upper()))


def simplex_size(n: int, s: Real) -> Real:
    """Upper bound 2 F_{n-1}(a) / F_n(a) on A(n, s), sec 2a = 1/s + n - 2, for 3 <= n <= 64 and 0 < s < 1.

    In balls at the current precision.  Equality for the icosahedron (n = 3) and the 600-cell (n = 4).  Raises
    ValueError outside the range, Undecided when the precision is too low (large n, s near 1).

    Source: H. S. M. Coxeter, Proc. Symp. Pure Math. 7 (1963), 53-71; K. Boroczky, Acta Math. Acad. Sci.
    Hungar. 32 (1978), 243-261, Theorem 1 (balls of radius below pi/4, that is s > 0).
    """
    check_dimension(n, 3)
    if n > DIMENSION_LIMIT:
        raise ValueError(f"dimension {n}: expected at most {DIMENSION_LIMIT} for the simplex bound")
    if not (0 < s < 1):
        raise ValueError(f"max cosine {s}: expected 0 < s < 1 for the simplex bound")
    cos2a = s / (1 + (n - 2) * s)
    return 2 * schlaefli(n - 1, cos2a) / schlaefli(n, cos2a)
