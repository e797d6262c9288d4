"""One module per way of checking.  Checkers measure and return evidence; they never decide."""
