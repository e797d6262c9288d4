PAPER = {"key": "dlm2024", "title": "Optimality and uniqueness of the D4 root system", "authors": "D. de Laat, N. Leijenhorst, W. H. H. de Muinck Keizer", "year": 2024, "arxiv": "2404.18794", "venue": "arXiv"}
STATEMENTS = ()
