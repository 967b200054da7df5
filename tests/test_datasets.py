"""The sets that benches measure on go in as files do."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest
from benchmarks.datasets import SHARED, _sequences, write

from foretaste.loop import Foretaste


def test_sequences_without_times_go_in_by_their_order(tmp_path: Path) -> None:
    source = tmp_path / "sequences.txt"
    source.write_text("7 3 1 2\n8 2 3\n")
    events = _sequences(source, tmp_path / "events.csv")
    shop = Foretaste.open(tmp_path / "shop")
    shop.add(events=events)
    assert [event.item for event in shop.store.history("7", None)] == ["3", "1", "2"]
    shop.close()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_shuffled_ties_move_within_their_day_alone(tmp_path: Path) -> None:
    days = []
    for name in ("ml-small", "ml-small-ties"):
        events, _ = write(name, tmp_path)
        by_day = defaultdict[tuple[str, int], list[dict[str, str]]](list)
        for row in rows_of(events):
            by_day[row["user"], int(row["at"]) // 86_400].append(row)
        days.append(by_day)
    before, after = days
    for day, rows in before.items():
        for column in ("item", "at"):
            moved = sorted(row[column] for row in after[day])
            assert moved == sorted(row[column] for row in rows)
    pairs = [{(row["item"], row["at"]) for row in rows} for rows in before.values()]
    moved_pairs = [{(row["item"], row["at"]) for row in after[day]} for day in before]
    changed = sum(len(old - new) for old, new in zip(pairs, moved_pairs, strict=True))
    assert changed > 0.5 * sum(map(len, pairs))


def test_items_without_a_matched_title_keep_their_few_words(tmp_path: Path) -> None:
    if not (SHARED / "amazon-sports-5core").is_dir():
        pytest.skip("../shared/data/amazon-sports-5core is not there")
    few_words, titles = (
        {row["id"]: row["title"] for row in rows_of(write(name, tmp_path)[1])}
        for name in ("sports", "sports-titles")
    )
    assert titles["1"] == "Ghost Inc Glock Armorers Tool 3/32 Punch"
    assert sum(titles[item] == few_words[item] for item in titles) / len(titles) < 0.1
    assert titles.keys() == few_words.keys()
    assert titles["3"] == few_words["3"]  # has no line in titles.jsonl
