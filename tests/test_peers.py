"""The bench with peers: one split for all, the same metric, and a failure is a row."""

import json
from pathlib import Path

import numpy as np
import pytest
from benchmarks import datasets
from benchmarks.peers import __main__ as bench
from benchmarks.peers import draw, running, shown, split
from benchmarks.peers.environments import OWN, THREADS, Environment, last_error
from benchmarks.peers.judged import judged
from benchmarks.peers.known import PEERS, Peer
from benchmarks.peers.running import Bench, Row
from benchmarks.peers.split import Held
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.evaluate import metrics
from foretaste.prepare.splits import split_leave_one_out
from prepare.helpers import LETTERS, behaving, made, row, sequences

ITEMS = len(LETTERS)


def small() -> Held:
    """Four people on sixteen items, one of them not tested."""
    found = sequences(ann="abcde", ben="bcdea", cleo="ab", dora="cdefg")
    return split.held(split_leave_one_out(found), ITEMS)


def at(folder: Path, held: Held) -> Bench:
    made = Bench("small", held, folder, cap=60)
    split.write(held, made.folder / "split")
    return made


def same(one: Held, other: Held) -> bool:
    return (
        one.items == other.items
        and [list(items) for items in one.train] == [list(items) for items in other.train]
        and list(one.valid) == list(other.valid)
        and list(one.targets) == list(other.targets)
    )


def test_the_split_is_that_of_foretaste() -> None:
    held = small()

    assert [list(items) for items in held.train] == [[0, 1, 2], [1, 2, 3], [0, 1], [2, 3, 4]]
    assert list(held.valid) == [3, 4, -1, 5]
    assert list(held.targets) == [4, 0, 6]
    assert list(held.people) == [0, 1, 3]
    assert list(held.seen(2)) == [2, 3, 4, 5]
    assert held.cold() == 1  # g
    assert held.again() == 0


def test_searches_and_refusals_are_not_given_to_peers() -> None:
    found = made(
        row("ann", "a", 0),
        row("ann", None, 1, "search", query="q"),
        row("ann", "b", 2, "hide"),
        row("ann", "c", 3),
        row("ann", "a", 4),
        row("ann", "d", 5),
    )
    held = split.held(split_leave_one_out(found), ITEMS)

    assert [list(items) for items in held.train] == [[0, 2]]
    assert (list(held.valid), list(held.targets)) == ([0], [3])


@given(behaving())
@settings(max_examples=30, deadline=None)
def test_the_files_hold_the_split(tmp_path_factory: pytest.TempPathFactory, found: object) -> None:
    held = split.held(split_leave_one_out(found), ITEMS)  # type: ignore[arg-type]
    folder = tmp_path_factory.mktemp("held") / "split"
    split.write(held, folder)

    assert same(split.read(folder), held)


def test_the_test_items_are_not_among_the_files_of_the_split(tmp_path: Path) -> None:
    held = split.held(split_leave_one_out(sequences(ann="abcp", ben="bcdo")), ITEMS)
    split.write(held, tmp_path / "split")

    words = " ".join(path.read_text() for path in (tmp_path / "split").iterdir()).split()
    assert not {str(item) for item in held.targets} & set(words)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["split", "targets.npz"]


def lists(scores: np.ndarray, held: Held, path: Path) -> Path:
    """As a peer writes them, with lists long enough for everything."""
    masked = scores.copy()
    for case in range(len(scores)):
        masked[case, held.seen(case)] = -np.inf
    kept = {}
    for variant, matrix in (("masked", masked), ("unmasked", scores)):
        order = np.argsort(-matrix, axis=1, kind="stable")
        values = np.take_along_axis(matrix, order, axis=1)
        kept[f"{variant}_items"] = np.where(np.isneginf(values), -1, order)
        kept[f"{variant}_scores"] = values
    np.savez(path, allow_pickle=False, **kept)
    return path


@given(st.integers(0, 2**32 - 1), st.integers(2, 40))
@settings(max_examples=30, deadline=None)
def test_lists_are_judged_as_the_scores_behind_them(
    tmp_path_factory: pytest.TempPathFactory, seed: int, levels: int
) -> None:
    held = small()
    scores = np.random.default_rng(seed).integers(levels, size=(3, ITEMS)).astype(float)  # ties
    result = judged(lists(scores, held, tmp_path_factory.mktemp("lists") / "out.npz"), held)

    seen = [held.seen(case) for case in range(3)]
    expected = metrics.ranks(scores.astype(np.float32), held.targets, seen)
    assert list(result.ranks.unmasked) == list(expected.unmasked)
    assert list(result.ranks.masked) == list(expected.masked)


def test_an_item_that_is_not_in_the_list_is_below_all_that_are(tmp_path: Path) -> None:
    held = small()
    items = np.array([[0, 1], [0, 2], [3, -1]])
    scores = np.array([[2.0, 1.0], [2.0, 1.0], [2.0, -np.inf]])
    kept = {f"{variant}_items": items for variant in ("masked", "unmasked")}
    kept |= {f"{variant}_scores": scores for variant in ("masked", "unmasked")}
    np.savez(tmp_path / "out.npz", allow_pickle=False, **kept)
    ranks = judged(tmp_path / "out.npz", held).ranks.masked

    assert list(ranks) == [2 + 2, 0, 1 + 5]  # below the others, in the order of the catalogue


def test_lists_of_another_split_are_refused(tmp_path: Path) -> None:
    held = small()
    path = lists(np.zeros((3, ITEMS)), held, tmp_path / "out.npz")
    shorter = Held(ITEMS, held.train[:2], held.valid[:2], held.targets[:2])
    with pytest.raises(ValueError, match="one list for each of 2 cases"):
        judged(path, shorter)
    with pytest.raises(ValueError, match="item 15 in a list; there are 9 items"):
        judged(path, Held(9, held.train, held.valid, held.targets))


@pytest.mark.parametrize("key", ["popularity", "transition", "seqknn", "ease", "slim"])
def test_a_peer_is_run_and_judged(tmp_path: Path, key: str) -> None:
    found = at(tmp_path, small()).peer(key, PEERS[key])

    assert "failed" not in found
    assert found["settings"] == PEERS[key].settings
    assert found["train_cpu_seconds"] <= found["cpu_seconds"]
    assert set(found["masked"]) == {"recall@5", "recall@10", "ndcg@5", "ndcg@10"}
    assert 0 < found["masked"]["ndcg@10"] <= 1


def test_transition_counts_know_what_came_next(tmp_path: Path) -> None:
    held = split.held(split_leave_one_out(sequences(ann="abcde", ben="deabc", cleo="pp")), ITEMS)
    found = at(tmp_path, held).peer("transition", PEERS["transition"])

    assert found["masked"]["ndcg@10"] == 1  # ben had d, e; ann had b, c; not p
    assert found["versions"].keys() == {"numpy", "scipy"}


def test_states_on_the_way_are_judged_as_the_end_is(tmp_path: Path) -> None:
    """A program whose lists are right at the end and wrong before."""
    words = (
        "import argparse, json, pathlib, numpy as np\n"
        "parser = argparse.ArgumentParser()\n"
        "parser.add_argument('--out', type=pathlib.Path)\n"
        "out = parser.parse_known_args()[0].out\n"
        "def lists(items):\n"
        "    items = np.array(items)[:, None]\n"
        "    ones = np.ones(items.shape)\n"
        "    return {f'{v}_{k}': a for v in ('masked', 'unmasked')\n"
        "            for k, a in (('items', items), ('scores', ones))}\n"
        "np.savez(out, **lists([4, 0, 6]))\n"
        "np.savez(out.with_name('early.npz'), **lists([4, 1, 1]))\n"
        "point = {'epoch': 1, 'cpu_seconds': 2.5, 'lists': 'early.npz'}\n"
        "out.with_suffix('.json').write_text(json.dumps({'curve': [point]}))\n"
    )
    made = at(tmp_path, small())
    found = made.peer("fake", program(tmp_path, words))

    assert found["masked"]["ndcg@10"] == 1
    (point,) = found["curve"]
    assert (point["epoch"], point["cpu_seconds"]) == (1, 2.5)
    assert 1 / 3 <= point["ndcg@10"] < 1
    assert made.margin_over("fake") is None, "nothing of Foretaste's is there"
    ranks = np.array([0.0, 0.0, np.inf])
    np.savez(made.folder / "foretaste.npz", unmasked=ranks, masked=ranks)
    margin = made.margin_over("fake")
    assert margin is not None
    assert margin[0] == pytest.approx(-1 / 3)
    assert margin[1] <= margin[0] <= margin[2] <= 0


def test_the_people_of_a_small_set_are_always_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = draw.draw("ml-small", 5)
    assert people == draw.draw("ml-small", 5)
    (tmp_path / "few.txt").write_text("\n".join(people))
    monkeypatch.setattr(datasets, "DRAWN", tmp_path)
    events, items = datasets._drawn("ml-small", "few")(tmp_path)
    header, rows = datasets._read(events)
    assert {row[header.index("user")] for row in rows} == set(people)
    taken = {row[header.index("item")] for row in rows}
    assert {row[0] for row in datasets._read(items)[1]} == taken


def program(folder: Path, text: str, environment: Environment = OWN) -> Peer:
    path = folder / "program.py"
    path.write_text(text)
    return Peer("A peer", environment, str(path), {"epochs": 3}, "made up")


def test_a_peer_that_fails_is_a_row_that_says_why(tmp_path: Path) -> None:
    fails = program(
        tmp_path,
        "import sys\nprint('at work')\nprint('ValueError: no such loss', file=sys.stderr)\n"
        "print('bye')\nsys.exit(1)\n",
    )
    found = at(tmp_path, small()).peer("fake", fails)

    assert found["failed"] == "running: ValueError: no such loss"
    assert found["settings"] == {"epochs": 3}
    assert "did not run: running: ValueError: no such loss" in shown.table({"fake": found})
    assert "did not run: running: ValueError: no such loss" in shown.markdown({"fake": found})


def test_a_peer_that_writes_nothing_is_a_row(tmp_path: Path) -> None:
    found = at(tmp_path, small()).peer("fake", program(tmp_path, "print('done')\n"))
    assert "fake.json" in found["failed"]


def test_a_peer_that_uses_up_its_cpu_seconds_is_a_row(tmp_path: Path) -> None:
    endless = program(
        tmp_path,
        "import os, resource, signal\nresource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "os.kill(os.getpid(), signal.SIGXCPU)\n",
    )
    found = at(tmp_path, small()).peer("fake", endless)
    assert "limit of CPU seconds" in found["failed"]


def test_an_installation_that_fails_is_a_row(tmp_path: Path) -> None:
    missing = Environment("missing", (f"{tmp_path}/no-such-wheel.whl",), {})
    found = at(tmp_path, small()).peer("fake", program(tmp_path, "", missing))

    assert found["failed"].startswith("installing: ")
    assert "no-such-wheel.whl" in found["failed"]
    assert not (tmp_path / "environments" / "missing" / "requirements.txt").exists()


def test_an_environment_that_is_there_is_kept(tmp_path: Path) -> None:
    home = tmp_path / "ready"
    home.mkdir()
    (home / "requirements.txt").write_text("one==1\n")

    assert Environment("ready", ("one==1",), {}).python(tmp_path) == home / "bin" / "python"


def test_the_last_error_line_has_no_addresses_and_no_folders(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("ERROR: first\nerror: https://user:key@host/simple of /home/me/x.py\n\nlast\n")
    assert last_error(log) == "error: <address> of …/x.py"
    log.write_text("only this\n")
    assert last_error(log) == "only this"
    log.write_text("")
    assert last_error(log) == ""


def example() -> dict[str, Row]:
    both = {"ndcg@10": 0.05, "recall@10": 0.09}
    done = {"masked": both, "unmasked": both, "interval": [0.04, 0.06], "cpu_seconds": 200.0}
    cut = {
        **running.about("Cut", {"epochs": 200}, "a paper"),
        **done,
        "train_cpu_seconds": 120.4,
        "epochs": 3.5,
        "capped": True,
        "published": 0.0531,
        "versions": {"rectools": "0.19.0", "torch": "2.13.0"},
    }
    stopped = {**cut, "title": "Stopped", "capped": False, "masked": {**both, "ndcg@10": 0.06}}
    failed = {**running.about("Failed", {}, "a paper"), "failed": "installing: no space left"}
    ours = {
        **running.about("Foretaste", {}, "the defaults"),
        **done,
        "masked": {**both, "ndcg@10": 0.07},
        "interval": [0.06, 0.08],
        "train_cpu_seconds": 0.014,
        "reading_cpu_seconds": 70.0,
        "versions": {"foretaste": "abc"},
    }
    return {"failed": failed, "cut": cut, "stopped": stopped, "foretaste": ours}


def test_the_table_has_the_best_first_and_says_what_was_cut() -> None:
    lines = shown.markdown(example()).splitlines()

    assert [line.split(" | ")[0].strip("| ") for line in lines[2:]] == [
        "Foretaste",
        "Stopped",
        "Cut",
        "Failed",
    ]
    assert "| commit abc | **.0700** | .0600 to .0800 | .0900 | .0500 / .0900 | 0.014 |" in lines[2]
    assert lines[3].endswith("| 120 | 3.5 epochs, stopped by itself |")
    assert "| rectools 0.19.0 |" in lines[4]
    assert lines[4].endswith("3.5 of 200 epochs, cut by the cap; to the end, published: .0531 |")
    assert len({line.count("|") for line in lines}) == 1
    assert "- Cut: epochs 200; a paper." in shown.settings(example())


def test_the_plot_is_written(tmp_path: Path) -> None:
    shown.plot(example(), "Beauty", tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes()[:4] == b"\x89PNG"


def test_the_bench_writes_its_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--sets", "nowhere", "ml-small", "--peers", "popularity", "transition")
    kept = ("--keep", str(tmp_path / "keep"), "--results", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["peers", *words, *kept])
    for name in THREADS:
        monkeypatch.setenv(name, "1")  # as the bench sets them, and back afterwards
    bench.main()
    told = json.loads((tmp_path / "peers.json").read_text())["ml-small"]

    assert "no data set 'nowhere'" in capsys.readouterr().out
    assert list(told["rows"]) == ["popularity", "transition"]
    assert (told["items"], told["cases"]) == (9066, 671)
    assert told["machine"]["cores"] >= 1
    assert (tmp_path / "peers-ml-small.png").exists()


def test_rows_that_were_not_asked_for_stay(tmp_path: Path) -> None:
    before = {"rows": {"transition": {"title": "old"}, "popularity": {"title": "old"}}}
    told = bench.told(at(tmp_path, small()), {"popularity": {"title": "new"}}, before)

    assert told["rows"] == {"popularity": {"title": "new"}, "transition": {"title": "old"}}
    assert (told["cases"], told["cold_targets"], told["cap_cpu_seconds"]) == (3, 1, 60)
