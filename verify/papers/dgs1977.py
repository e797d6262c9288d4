PAPER = {"key": "dgs1977", "title": "Spherical codes and designs", "authors": "P. Delsarte, J. M. Goethals, J. J. Seidel", "year": 1977, "arxiv": "", "venue": "Geometriae Dedicata 6"}
STATEMENTS = ()
