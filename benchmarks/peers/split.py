"""A leave-one-out split as files that any program can read, without the test items.

    about.json   {"items": 12101}
    train.txt    one line a person: item numbers, oldest first
    times.txt    the same with the time of each, in seconds; only where times are known
    valid.txt    one line a person: the validation item, -1 for people who are not tested

An item number is the item's place in the catalogue. The test items are written to `targets.npz`
beside the folder, not into it: no peer reads them.
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.datasets import ORDER_ALONE
from benchmarks.datasets import write as write_set
from foretaste.domain.data import Doubles, Ints, Longs
from foretaste.domain.data import Split as Protocol
from foretaste.loop import Foretaste
from foretaste.prepare.splits import split_leave_one_out


@dataclass(frozen=True)
class Held:
    """The split."""

    items: int
    """How many there are in the catalogue; all of them are ranked."""
    train: list[Ints]
    """[people]"""
    valid: Ints
    """[people], -1 for people who are not tested."""
    targets: Ints
    """[cases], the test items, in the order of the tested people."""
    times: list[Doubles] | None = None
    """[people] when each item of `train` was taken; None where only the order is known."""

    @property
    def people(self) -> Longs:
        """[cases], who is tested."""
        return np.flatnonzero(self.valid >= 0)

    def seen(self, case: int) -> Ints:
        """What the person had before the test item."""
        person = self.people[case]
        return np.append(self.train[person], self.valid[person])

    def cold(self) -> int:
        """How many test items are in nobody's training part."""
        known = np.unique(np.concatenate(self.train))
        return int(np.count_nonzero(~np.isin(self.targets, known)))

    def again(self) -> int:
        """How many test items the person had before."""
        return sum(int(target in self.seen(case)) for case, target in enumerate(self.targets))


def held(protocol: Protocol, items: int, *, timed: bool = False) -> Held:
    """From the split that Foretaste itself is measured on: the items taken, in their order.

    timed: whether the times are known, and not only the order.
    """
    train, valid, test = protocol.train, protocol.valid, protocol.test
    takes = train.positive_mask()
    rows = [train.user_slice(person) for person in range(len(train))]
    chosen = np.full(len(train), -1, np.int32)
    chosen[valid.user_indices] = valid.targets
    return Held(
        items,
        [train.item[one][takes[one]] for one in rows],
        chosen,
        test.targets.astype(np.int32),
        [train.at[one][takes[one]] for one in rows] if timed else None,
    )


def of_set(name: str) -> Held:
    """Of a data set, imported and cleaned as `foretaste import` and `evaluate` do.

    Raises Absent where the set is not on this machine.
    """
    with tempfile.TemporaryDirectory() as folder:
        events, items = write_set(name, Path(folder))
        loop = Foretaste.open(Path(folder) / "workspace")
        try:
            loop.add(events=events, items=items)
            known = {item.id: item for _, item in loop.store.items()}
            found, _, _ = loop.interactions(known)
            return held(split_leave_one_out(found), len(known), timed=name not in ORDER_ALONE)
        finally:
            loop.close()


def write(split: Held, folder: Path) -> None:
    """The files; those of an earlier split are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "about.json").write_text(json.dumps({"items": split.items}), encoding="ascii")
    lines = [" ".join(str(item) for item in items) + "\n" for items in split.train]
    (folder / "train.txt").write_text("".join(lines), encoding="ascii")
    (folder / "times.txt").unlink(missing_ok=True)
    if split.times is not None:
        lines = [" ".join(f"{at:.0f}" for at in times) + "\n" for times in split.times]
        (folder / "times.txt").write_text("".join(lines), encoding="ascii")
    lines = [f"{item}\n" for item in split.valid]
    (folder / "valid.txt").write_text("".join(lines), encoding="ascii")
    np.savez(folder.with_name("targets.npz"), targets=split.targets)


def read(folder: Path) -> Held:
    """What `write` wrote."""
    lines = (folder / "train.txt").read_text(encoding="ascii").split("\n")[:-1]
    return Held(
        json.loads((folder / "about.json").read_text(encoding="ascii"))["items"],
        [np.array(line.split(), np.int32) for line in lines],
        np.array((folder / "valid.txt").read_text(encoding="ascii").split(), np.int32),
        np.load(folder.with_name("targets.npz"))["targets"],
    )
