"""SymPy functions the bounds need and SymPy does not have."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.core.function import ArgumentIndexError


class CapArea(sp.Function):  # type: ignore[misc]
    """Normalised area A_d(theta) of a spherical cap of angular radius theta on the sphere S^{d-1}.

    ``A_d(theta) = I_{sin(theta)^2}((d-1)/2, 1/2) / 2`` for ``theta <= pi/2`` and ``1 - A_d(pi - theta)``
    beyond, with I the regularised incomplete beta function.  Real for ``d >= 2`` and
    ``0 <= theta <= pi``; ``A_d(0) = 0``, ``A_d(pi/2) = 1/2``, ``A_d(pi) = 1``.

    Source: S. Li, "Concise formulas for the area and volume of a hyperspherical cap", Asian J. Math.
    Stat. 4 (2011), equation (1), divided by the area of the sphere.
    """

    nargs = 2

    @classmethod
    def eval(cls, dimension: Any, angle: Any) -> Any:
        """Values which are known for every dimension (SymPy calls this on construction)."""
        known = {sp.S.Zero: sp.S.Zero, sp.pi / 2: sp.S.Half, sp.pi: sp.S.One}
        # A dimension below two has no cap; such an expression must stay, so that a reading can refuse it.
        if dimension.is_number and not (dimension - 2).is_nonnegative:
            return None
        return known.get(angle)

    def fdiff(self, argindex: int = 1) -> Any:
        """Derivative in the angle: the density of the angle to a fixed axis.

        Raises ArgumentIndexError for the derivative in the dimension, which has no closed form.
        """
        if argindex != 2:
            raise ArgumentIndexError(self, argindex)
        dimension, angle = self.args
        scale = sp.gamma(dimension / 2) / (sp.sqrt(sp.pi) * sp.gamma((dimension - 1) / 2))
        return scale * sp.sin(angle) ** (dimension - 2)

    def _eval_is_extended_real(self) -> bool | None:
        return True if all(a.is_extended_real for a in self.args) else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        dimension, angle = (printer.doprint(a) for a in self.args)
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"A_{{{dimension}}}{power}\left({angle}\right)"

    def _mathml_presentation(self, printer: Any) -> Any:
        dimension, angle = (printer._print(a) for a in self.args)
        make = printer.dom.createElement
        letter, name, fence, row = make("mi"), make("msub"), make("mrow"), make("mrow")
        letter.appendChild(printer.dom.createTextNode("A"))
        name.appendChild(letter)
        name.appendChild(dimension)
        for part in ("(", angle, ")"):
            node = part
            if isinstance(part, str):
                node = make("mo")
                node.appendChild(printer.dom.createTextNode(part))
            fence.appendChild(node)
        row.appendChild(name)
        row.appendChild(fence)
        return row
