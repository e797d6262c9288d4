PAPER = {"key": "ck2007", "title": "Universally optimal distribution of points on spheres", "authors": "H. Cohn, A. Kumar", "year": 2007, "arxiv": "math/0607446", "venue": "Journal of the AMS 20"}
STATEMENTS = ()
