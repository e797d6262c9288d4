"""Learned linear feature maps Phi(x) = W x: separation losses, their training, their minimisers, retrieval.

Wu et al. 2024 (U-Hop, arXiv 2404.03827) and Hu et al. 2024 (U-Hop+, arXiv 2410.23126) spread the features of
the memories over the sphere by gradient descent on a separation loss and then retrieve in feature space.
"""
