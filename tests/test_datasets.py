"""The sets that benches measure on go in as files do."""

from pathlib import Path

from benchmarks.datasets import _sequences

from foretaste.loop import Foretaste


def test_sequences_without_times_go_in_by_their_order(tmp_path: Path) -> None:
    source = tmp_path / "sequences.txt"
    source.write_text("7 3 1 2\n8 2 3\n")
    events = _sequences(source, tmp_path / "events.csv")
    shop = Foretaste.open(tmp_path / "shop")
    shop.add(events=events)
    assert [event.item for event in shop.store.history("7", None)] == ["3", "1", "2"]
    shop.close()
