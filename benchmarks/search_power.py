"""What "not refuted" is worth: the narrowest planted violations that each budget finds.

    python benchmarks/search_power.py search
    python benchmarks/search_power.py decision

``search`` prints, for every shape, dimension n and method, budget by budget, the smallest share of the input
space (a power of ten) down to which a violation at any of the random places is found; ``decision`` the
smallest relative excess over a claimed probability, and the smallest deviation of a slope, that are refuted
at 1/1000 in every repetition.
"""

from __future__ import annotations

import argparse
import sys

import sympy as sp

from verify import power


def shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.0e}".replace("e-0", "e-") if value < 0.01 else f"{value:g}"


def row(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def search(args: argparse.Namespace) -> None:
    row("shape", "n", *args.methods)
    row(*["---"] * (2 + len(args.methods)))
    for shape in power.SHAPES:
        for n in args.dimensions:
            row(shape, str(n), *(budgets(args, name, shape, n) for name in args.methods))


def budgets(args: argparse.Namespace, name: str, shape: str, n: int) -> str:
    """The shares of one method, budget by budget."""
    if name == "DIRECT" and n > 3:
        return ""
    found = (power.narrowest(power.METHODS[name], shape, n, p, args.placements) for p in args.profiles)
    return " / ".join(map(shown, found))


def decision(args: argparse.Namespace) -> None:
    row("claim", *args.profiles)
    row(*["---"] * (1 + len(args.profiles)))
    for claim in ("1/100", "1/10", "1/2"):
        found = [power.smallest_excess(sp.Rational(claim), p, args.placements) for p in args.profiles]
        row(f"probability at most {claim}, relative excess", *map(shown, found))
    row("slope 1, deviation", *(shown(power.smallest_deviation(p)) for p in args.profiles))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("search", "decision"))
    parser.add_argument("--placements", type=int, default=5, help="random places, or repetitions")
    parser.add_argument("--profiles", nargs="+", choices=power.PROFILES, default=power.PROFILES)
    parser.add_argument("--dimensions", nargs="+", type=int, default=power.DIMENSIONS)
    parser.add_argument("--methods", nargs="+", choices=list(power.METHODS), default=list(power.METHODS))
    (search if (args := parser.parse_args()).what == "search" else decision)(args)


if __name__ == "__main__":
    sys.exit(main())
