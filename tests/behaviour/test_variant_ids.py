"""The ids of variants, read by many threads from a store that may not answer."""

from pathlib import Path
from threading import Event as Signal
from threading import Thread, current_thread

from foretaste.behaviour.store import SqlStore
from foretaste.behaviour.variant_ids import VariantIds


def test_nobody_waits_for_the_wait_of_another(tmp_path: Path) -> None:
    """Fifty events to a database that stands still have their answers at once, not in turns."""
    is_waiting, answers = Signal(), Signal()

    class StandingStore(SqlStore):
        def meta_text(self, name: str) -> str | None:
            if current_thread().name == "first":
                is_waiting.set()
                answers.wait(60)
            return super().meta_text(name)

    with StandingStore(tmp_path / "behaviour.db") as store:
        variant_ids = VariantIds(store)
        first = Thread(target=variant_ids.refresh, name="first", daemon=True)
        first.start()
        assert is_waiting.wait(60)
        second = Thread(target=variant_ids.refresh, daemon=True)
        second.start()
        second.join(20)
        is_ahead = not second.is_alive()
        answers.set()
        first.join()
        second.join()
    assert is_ahead
