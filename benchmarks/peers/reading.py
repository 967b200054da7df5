"""A workspace in; the vectors of its items in its cache: what reading costs, apart from training.

python -m benchmarks.peers.reading WORKSPACE
"""

import sys

from foretaste.loop import Foretaste


def main() -> None:
    loop = Foretaste.open(sys.argv[1])
    try:
        loop.catalogue({item.id: item for _, item in loop.store.items()})
    finally:
        loop.close()


if __name__ == "__main__":
    main()
