"""The seam between a long piece of work and what does it side by side: processes of this machine or
of several.

Whatever is passed to them is pickled: functions of modules, `partial`s of those, and plain data.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from foretaste.domain.ports import Progress

StateT = TypeVar("StateT")
PartT = TypeVar("PartT")
ResultT = TypeVar("ResultT")


class WorkPool(Protocol):
    """Processes that do the parts of one work side by side."""

    def map(
        self,
        prepare: Callable[[], StateT],
        work: Callable[[StateT, PartT], ResultT],
        parts: Iterable[PartT],
    ) -> Iterator[tuple[int, ResultT]]:
        """(number of a part from 0, what `work` made of it), in the order in which they are done.

        prepare: what each process begins with, such as loading a model. Raises what `work` raises,
        and ClusterError where processes end again and again.
        """


@dataclass(frozen=True, slots=True)
class Seat:
    """A worker's place among those that train copies of one network."""

    rank: int
    """From 0."""
    size: int
    address: str
    """host:port where they meet."""


class Cluster(WorkPool, Protocol):
    """Workers that are there for the time of a long work, such as a training."""

    @property
    def is_engaged(self) -> bool:
        """Whether such a work goes on: only then others than itself may ask for workers."""

    def replicate(self, work: Callable[[Seat, Progress], ResultT], progress: Progress) -> ResultT:
        """What the first worker makes of a work that all do together, each in its seat.

        Where one dies all begin again, perhaps fewer: the work finds its own checkpoint. Raises
        what `work` raises, and ClusterError where workers die again and again.
        """

    def release(self) -> None:
        """Let go of the workers; the next work asks for others."""
