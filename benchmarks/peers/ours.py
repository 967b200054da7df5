"""A workspace in; Foretaste's own evaluation and its ranks out, as a program of its own.

    python -m benchmarks.peers.ours WORKSPACE RANKS.npz

The same as `foretaste evaluate --protocol leave-one-out --json`, which does not write the ranks.
"""

import json
import sys

import numpy as np

from foretaste.loop import Foretaste


def main() -> None:
    workspace, ranks = sys.argv[1:]
    loop = Foretaste.open(workspace)
    try:
        evaluation = loop.evaluate("leave-one-out")
    finally:
        loop.close()
    np.savez(ranks, **evaluation.product.ranks._asdict())
    print(json.dumps(evaluation.summary()))


if __name__ == "__main__":
    main()
