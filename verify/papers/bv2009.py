PAPER = {"key": "bv2009", "title": "Optimality and uniqueness of the (4,10,1/6) spherical code", "authors": "C. Bachoc, F. Vallentin", "year": 2009, "arxiv": "0708.3947", "venue": "Journal of Combinatorial Theory A 116"}
STATEMENTS = ()
