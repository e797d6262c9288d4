"""What the models do: variants, pattern ensembles, queries, retrieval and storage."""
