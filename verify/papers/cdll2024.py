PAPER = {"key": "cdll2024", "title": "Optimality of spherical codes via exact semidefinite programming bounds", "authors": "H. Cohn, D. de Laat, N. Leijenhorst", "year": 2024, "arxiv": "2403.16874", "venue": "arXiv"}
STATEMENTS = ()
