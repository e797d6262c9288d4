"""Exponents and leading terms of A(n, s) for n -> infinity at fixed s: no statements at any finite n.

theta = arccos s throughout; all functions take the angle as s in (0, 1) and evaluate in exact or ball
arithmetic.
"""

from __future__ import annotations

from fractions import Fraction

from bounds.exact import Real, pi

_BEST_COSINE = Fraction(454042, 1000000)
"""About cos(62.997 degrees), where the localised exponent is least; every number in (0, 1) gives a valid
exponent.
"""


def _check(s: Real) -> None:
    if not (0 < s < 1):
        raise ValueError(f"max cosine {s}: expected 0 < s < 1 for bounds in growing dimension")


def kl_exponent(s: Real) -> Real:
    """Upper bound h((1 - sin theta) / (2 sin theta)) on lim sup (1/n) log2 A(n, s).

    ``h(u) = (1+u) log2(1+u) - u log2 u``; 0.4014... at 60 degrees.
    Source: G. A. Kabatiansky, V. I. Levenshtein, Probl. Inf. Transm. 14 (1978), 1-17.
    """
    _check(s)
    sine = (1 - s * s).sqrt()
    u = (1 - sine) / (2 * sine)
    return ((1 + u) * (1 + u).log() - u * u.log()) / Real(2).log()


def kl_localised_exponent(s: Real) -> Real:
    """Upper bound on lim sup (1/n) log2 A(n, s): the least of kl_exponent and its localisation.

    A code of angle theta is compared with codes of a larger angle in a cap, at the cost ``(1/2)
    log2((1-t)/(1-s))`` for t <= s; below 62.997 degrees that gains, and gives -(1/2) log2(1 - s) -
    0.0990....  Source: Kabatiansky, Levenshtein 1978; V. M. Sidelnikov, Mat. Sb. 95 (1974).
    """
    _check(s)
    direct = kl_exponent(s)
    if s <= _BEST_COSINE:
        return direct
    cost = ((1 - Real(_BEST_COSINE)) / (1 - s)).log() / (2 * Real(2).log())
    return kl_exponent(Real(_BEST_COSINE)) + cost


def csw_leading(n: int, s: Real) -> Real:
    """Leading term sqrt(2 pi n) cos(theta) / sin(theta)^(n-1) of the covering bound A(n, s) >= (1 + o(1))
    times it.

    Source: C. Chabauty, C. R. Acad. Sci. Paris 236 (1953); C. E. Shannon, Bell Syst. Tech. J. 38 (1959),
    611-656; A. D. Wyner, Bell Syst. Tech. J. 44 (1965), 1061-1122.
    """
    _check(s)
    return (2 * pi() * n).sqrt() * s / (1 - s * s) ** Fraction(n - 1, 2)


def jjp_leading(n: int, s: Real) -> Real:
    """Leading term c n times csw_leading, c = ln((1 + s) / sqrt(1 + 2 s)), of a lower bound on A(n, s).

    Source: M. Jenssen, F. Joos, W. Perkins, Adv. Math. 335 (2018), 307-321, Theorem 2.
    """
    return ((1 + s) / (1 + 2 * s).sqrt()).log() * n * csw_leading(n, s)


def gklp_leading(n: int, s: Real) -> Real:
    """Leading term c n times csw_leading, c = ln(1 + s) / 2, of a lower bound on A(n, s).

    Source: I. Gil Fernandez, J. Kim, H. Liu, O. Pikhurko, arXiv 2111.01255 (2021).
    """
    return (1 + s).log() / 2 * n * csw_leading(n, s)


def cjms_leading(n: int, s: Real) -> Real:
    """Leading term n ln(n) / 2 times csw_leading of a lower bound on A(n, s); recalled, not re-read.

    Source: M. Campos, M. Jenssen, M. Michelen, J. Sahasrabudhe, arXiv 2312.10026 (2023).
    """
    return Real(n).log() * n / 2 * csw_leading(n, s)
