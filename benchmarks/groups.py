"""Whether lists get better for a group of few whose people count for more in the training, and what
the others pay: `make bench-groups`.

MovieLens-1M has the gender of people: 28 % are women. Of 1,500 people the newest 100 films each;
the model is fitted as by `evaluate --protocol leave-one-out`, once for each weight, and NDCG@10 of
everybody's last film is compared, by group.
"""

import argparse
import csv
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import SHARED, write
from benchmarks.tables import keep_result, show
from foretaste.domain.data import Doubles, User
from foretaste.domain.order_charges import articles_of
from foretaste.evaluate.metrics import paired_interval
from foretaste.loop import Foretaste
from foretaste.model.training import showable_cases
from foretaste.training.candidate import fit_protocol

SET = "ml-1m-1500"
WEIGHTS: Mapping[str, Any] = {"1": {}, "2": {"gender": {"F": 2.0}}, "equal": {"gender": "equal"}}
NETWORK = {"model.sequence.epochs": 8, "model.sequence.check_every": 2}


def genders() -> dict[str, str]:
    """User, as the sequences name them → F or M."""
    folder = SHARED / "ml-1m"
    with (folder / "sasrec_users.tsv").open(encoding="utf-8", newline="") as file:
        names = {
            row["sas_user_id"]: row["movielens_id"] for row in csv.DictReader(file, delimiter="\t")
        }
    lines = (folder / "users.dat").read_text(encoding="latin-1").splitlines()
    gender_by_name = {name: gender for name, gender, *_ in (line.split("::") for line in lines)}
    return {user: gender_by_name[name] for user, name in names.items()}


def gains(folder: Path, weights: Mapping[str, Any]) -> tuple[Doubles, list[str]]:
    """([cases], NDCG@10 of each; whose it is)."""
    loop = Foretaste.open(folder, settings={**NETWORK, "model.group_weights": weights})
    fitted, encoded = fit_protocol(loop, "leave-one-out", articles_of(loop.store.items()))
    cases = showable_cases(encoded.split.test, True)
    values = np.zeros(len(cases))
    for start in range(0, len(cases), 64):
        contexts = cases.user_contexts(start, start + 64)
        scores = fitted.product.score(contexts)
        for row, context in enumerate(contexts):
            own = scores[row, cases.targets[start + row]]
            scores[row, context.consumed_items] = -np.inf
            rank = int((scores[row] > own).sum())
            values[start + row] = 1 / np.log2(rank + 2) if rank < 10 else 0.0
    users = [cases.interactions.users[index] for index in cases.user_indices.tolist()]
    loop.close()
    return values, users


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder = Path(passing) / "workspace"
        events, items = write(SET, Path(passing))
        gender_by_user = genders()
        loop = Foretaste.open(folder)
        loop.add(events=events, items=items)
        loop.store.put_users(
            [User(user, {"gender": (own,)}) for user, own in gender_by_user.items()]
        )
        loop.close()
        rows, plain = list[dict[str, Any]](), np.empty(0)
        for name, weights in WEIGHTS.items():
            values, users = gains(folder, weights)
            plain = values if not len(plain) else plain
            own = np.array([gender_by_user[user] for user in users])
            for group in ("F", "M"):
                members = own == group
                difference = paired_interval(
                    values[members],
                    plain[members],
                    np.arange(int(members.sum())),
                    np.random.default_rng(0),
                )
                rows.append(
                    {
                        "women count": name,
                        "group": group,
                        "people": int(members.sum()),
                        "N@10": float(values[members].mean()),
                        "change": difference.mean,
                        "low": difference.low,
                        "high": difference.high,
                    }
                )
                print(rows[-1], flush=True)
    protocol = f"{SET}: leave one out, NDCG@10; change: against 1, paired bootstrap over people"
    show(protocol, rows)
    keep_result("groups", SET, protocol, rows)


if __name__ == "__main__":
    main()
