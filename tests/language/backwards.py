"""A cluster of this process alone, which is done with the last part first."""

from collections.abc import Callable, Iterable, Iterator

from foretaste.domain.cluster import PartT, ResultT, Seat, StateT
from foretaste.domain.ports import Progress


class Backwards:
    """It counts its parts, and those who work together are one."""

    def __init__(self) -> None:
        self.is_engaged, self.parts_done = True, 0

    def map(
        self,
        prepare: Callable[[], StateT],
        work: Callable[[StateT, PartT], ResultT],
        parts: Iterable[PartT],
    ) -> Iterator[tuple[int, ResultT]]:
        state = prepare()
        for number, part in reversed(list(enumerate(parts))):
            self.parts_done += 1
            yield number, work(state, part)

    def replicate(self, work: Callable[[Seat, Progress], ResultT], progress: Progress) -> ResultT:
        self.parts_done += 1
        return work(Seat(0, 1, "nowhere"), progress)

    def release(self) -> None:
        self.is_engaged = False
