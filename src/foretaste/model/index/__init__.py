"""Vector search behind one interface: exact for small catalogues, FAISS for large ones.

`base` has the interface, `exact` and `ivf` its two implementations, `build` chooses between them,
`softmax` makes probabilities of inner products.
"""
