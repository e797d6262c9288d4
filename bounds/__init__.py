"""Rigorous mathematics behind published bounds: exact rationals, balls, formulas and their domains."""
