"""Textbook statements on spherical codes: definitions, conversions, cap areas, volume bounds."""

from verify.papers.splag import caps, definitions, polynomials

PAPER = {
    "key": "splag",
    "title": "Sphere Packings, Lattices and Groups",
    "authors": "J. H. Conway, N. J. A. Sloane",
    "year": 1999,
    "arxiv": "",
    "venue": "Springer, third edition",
}

STATEMENTS = (*definitions.STATEMENTS, *polynomials.STATEMENTS, *caps.STATEMENTS)
