"""Statements of the paper, in its order."""

STATEMENTS: tuple[()] = ()
