"""The command line: what it prints where, its exit codes, and that it starts quickly."""

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from faults.nursery import Nursery
from foretaste import __version__
from foretaste.cli import main as cli
from foretaste.errors import ModelError
from foretaste.language.settings import LanguageSettings
from foretaste.language.shape import shape_of
from foretaste.language.weights import resolve_weights
from foretaste.loop import Foretaste

RUN = "from foretaste.cli.main import main; main()"
FORETASTE = (sys.executable, "-c", RUN)
METRICS = {"recall@5", "recall@10", "ndcg@5", "ndcg@10"}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def good(*arguments: object) -> str:
    """What it prints on stdout when it succeeds."""
    result = run(*arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(*arguments: object) -> str:
    """The one line of the error it ends with."""
    result = run(*arguments)
    assert result.exit_code == 2, result.stdout
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: ")
    return result.stderr


def one_object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    assert isinstance(value, dict)
    return value


def real(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own."""
    return subprocess.run(
        [*FORETASTE, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


# Starting -----------------------------------------------------------------------------------------


def test_help_needs_neither_torch_nor_numpy() -> None:
    code = (
        "import sys\n"
        "from foretaste.cli.main import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        "heavy = {'torch', 'transformers', 'numpy', 'pandas', 'sqlalchemy', 'pydantic'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for command in (
        "demo",
        "init",
        "import",
        "train",
        "evaluate",
        "recommend",
        "search",
        "similar",
    ):
        assert f"  {command}" in done.stdout


NOT_FOR_A_LIST = {"sklearn", "pandas", "scipy.stats", "transformers", "matplotlib", "fastapi"}
NOT_WITHOUT_A_LIST = NOT_FOR_A_LIST | {"torch"}
COMMANDS_WITHOUT_A_LIST = (
    ("models", "list"),
    ("record", "u1", "space-1"),
    ("items", "export"),
    ("items", "set", "space-1", '{"image": null}'),
    ("keys", "list"),
    ("tenants", "list"),
)
RUN_AND_TELL_IMPORTS = """
import json, sys
from foretaste.cli.main import main
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["foretaste", *arguments]
    try:
        main()
    except SystemExit as end:
        assert not end.code, (arguments, end.code)
    loaded = sorted(set(sys.argv[2:]) & set(sys.modules))
    print("imported", loaded, "by", arguments[0], file=sys.stderr)
"""


def imports_of(commands: Sequence[Sequence[str]], unneeded: set[str], folder: Path) -> list[str]:
    """What commands, one after another in a new process, have imported of what none needs: a line
    each. What they print fits a terminal.
    """
    code = RUN_AND_TELL_IMPORTS.replace("set(sys.argv[2:])", repr(unneeded))
    words = [[*command, "-w", str(folder)] for command in commands]
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert not any(line.endswith("...") for line in done.stdout.splitlines()[1:])
    return [line for line in done.stderr.splitlines() if line.startswith("imported ")]


def test_commands_without_a_list_import_only_what_they_need(trained: Path) -> None:
    imports = imports_of(COMMANDS_WITHOUT_A_LIST, NOT_WITHOUT_A_LIST, trained)
    assert imports == [f"imported [] by {command[0]}" for command in COMMANDS_WITHOUT_A_LIST]


def test_a_list_imports_only_what_it_needs(trained: Path) -> None:
    command = ("recommend", "u1", "-n", "2")
    weights = resolve_weights(LanguageSettings().encoder)
    shape_of(weights, trained / "cache")  # remembered by the first command that opens them
    assert imports_of([command], NOT_FOR_A_LIST, trained) == ["imported [] by recommend"]


def test_only_plots_need_matplotlib(nursery: Nursery, trained: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None; from foretaste.cli.main import main; main()"
    )

    def report(*arguments: str) -> subprocess.CompletedProcess[str]:
        return nursery.run_script(code, "report", "-w", trained, *arguments)

    page = tmp_path / "report.html"
    with_plots = report("--html", str(page))
    assert with_plots.returncode == 2
    assert "pip install 'foretaste[plots]'" in with_plots.stderr
    assert with_plots.stdout == "", "nothing is measured before it is said"
    assert not page.exists()
    as_text = report()
    assert as_text.returncode == 0, as_text.stderr
    assert "events" in as_text.stdout


def test_help_is_there_in_a_fraction_of_a_second() -> None:
    times = []
    for _ in range(3):  # the best of three, in CPU seconds: this machine may be busy
        start = os.times()
        assert real("--help").returncode == 0
        end = os.times()
        times.append(end.children_user + end.children_system)
        times[-1] -= start.children_user + start.children_system
    assert min(times) < 1.0


def test_every_command_has_help_and_takes_a_workspace() -> None:
    commands = [[name] for name in ("init", "import", "train", "report", "evaluate", "demo")]
    commands += [[name] for name in ("recommend", "search", "similar", "record", "serve")]
    commands += [["models", name] for name in ("list", "promote", "rollback", "canary")]
    for command in commands:
        assert "--workspace" in good(*command, "--help"), command


def test_version() -> None:
    assert good("--version") == f"foretaste {__version__}\n"


# Errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ["train"],
        ["evaluate"],
        ["report"],
        ["recommend", "u1"],
        ["search", "moon"],
        ["similar", "space-1"],
        ["record", "u1", "space-1"],
        ["take-back", "event-1"],
        ["serve"],
        ["models", "list"],
        ["models", "rollback"],
    ],
)
def test_a_folder_that_is_no_workspace_is_said_and_not_made(
    command: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "mistyped"
    assert "is no workspace" in refused(*command, "--workspace", folder)
    assert not folder.exists()


def test_usage_errors_exit_2() -> None:
    assert run("recomend").exit_code == 2
    assert run("recommend", "u1", "-n", "0").exit_code == 2
    assert run("init").exit_code == 2


def test_errors_are_one_line_in_a_real_process(nursery: Nursery, files: Path) -> None:
    (files / "foretaste.toml").write_text("[model]\nsede = 1\n")
    done = nursery.run_script(RUN, "train", "-w", files)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"error: {files}/foretaste.toml: [model] has no key 'sede'; did you mean 'seed'?"
    ]


def test_an_unexpected_error_is_one_line_and_debug_shows_more(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(loop: Foretaste, *_: object, **__: object) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr(Foretaste, "recommend", broken)
    line = refused("recommend", "u1", "-w", trained)
    assert "ZeroDivisionError: two lines" in line
    assert "--debug" in line
    told = run("--debug", "recommend", "u1", "-w", trained)
    assert told.exit_code == 2
    assert "Traceback" in told.stderr
    assert "Traceback" not in run("recommend", "u1", "-w", trained).stderr


def test_an_interrupt_is_one_line_and_exits_130(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Foretaste, "train", interrupted)
    done = run("train", "-w", trained)
    assert done.exit_code == 130
    assert done.stderr.count("\n") == 1


def test_a_closed_pipe_is_silent(trained: Path) -> None:
    writer = subprocess.Popen(
        [*FORETASTE, "models", "list", "-w", str(trained)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    assert writer.stderr is not None
    writer.stdout.close()  # before it has printed: what `| head -0` does
    said = writer.stderr.read()
    writer.stderr.close()
    writer.wait(timeout=60)
    assert said == ""


def test_a_workspace_that_is_a_file_is_an_error(files: Path) -> None:
    line = refused("import", "--items", files / "items.csv", "-w", files / "items.csv")
    assert "items.csv" in line


# init, import, report -----------------------------------------------------------------------------


def test_init_does_not_overwrite(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "shop"
    assert str(folder / "foretaste.toml") in good("init", "shop", "-w", folder)
    (folder / "foretaste.toml").write_text("# mine\n")
    assert "--force" in refused("init", "news", "-w", folder)
    assert (folder / "foretaste.toml").read_text() == "# mine\n"
    good("init", "news", "-w", folder, "--force")
    assert 'name = "News"' in (folder / "foretaste.toml").read_text()
    assert "did you mean 'shop'" in refused("init", "shpo", "-w", folder)


def test_import_counts_and_tells_the_rejects(files: Path) -> None:
    with (files / "events.csv").open("a") as file:
        file.write("u1,space-1,clik,1700000000\nu1,nowhere,click,1700000001\n")
    folder = files / "w"
    arguments = ("--events", files / "events.csv", "--items", files / "items.csv", "-w", folder)
    done = run("import", *arguments)
    assert done.exit_code == 0
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["file", "read", "added", "known", "rejected"],
        ["items.csv", "20", "20", "0", "0"],
        ["events.csv", "152", "150", "0", "2"],
        ["import", "1;", "'foretaste", "imports", "undo", "1'", "takes", "it", "back"],
    ]
    assert "events.csv:152: unknown event type 'clik'; did you mean 'click'?" in done.stderr
    assert "events.csv:153: " in done.stderr
    rejects = folder / "rejects" / "events-events.jsonl"
    assert (
        "2 of 152 rows of events.csv were rejected and are not stored; all of them are in "
        f"{rejects}" in done.stderr
    )
    assert len(rejects.read_text().splitlines()) == 2  # one JSON object a row
    assert good("import", *arguments).splitlines()[2].split() == [
        "events.csv",
        "152",
        "0",
        "150",
        "2",
    ]


def test_strict_import_stores_nothing_of_a_bad_file(files: Path) -> None:
    with (files / "events.csv").open("a") as file:
        file.write("u1,space-1,clik,1700000000\n")
    folder = files / "w"
    assert "events.csv:152: unknown event type 'clik'" in refused(
        "import", "--strict", "--events", files / "events.csv", "-w", folder
    )
    loop = Foretaste.open(folder)
    assert loop.store.counts()["events"] == 0
    loop.close()


def test_import_of_nothing_is_an_error(tmp_path: Path) -> None:
    assert "--events" in refused("import", "-w", tmp_path)
    assert "no.csv" in refused("import", "--events", tmp_path / "no.csv", "-w", tmp_path)


def test_report(trained: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    text = good("report", "-w", trained, "--html", page)
    assert "users      30" in text
    assert max(map(len, text.splitlines())) <= 80
    assert page.read_text().lstrip().startswith("<!")


# train, evaluate, models --------------------------------------------------------------------------


def test_train_promote_and_roll_back(trained: Path) -> None:
    first = one_object(good("models", "list", "--json", "-w", trained))["models"][0]["version"]
    said = good("train", "-w", trained)
    listed = one_object(good("models", "list", "--json", "-w", trained))["models"]
    assert [version["live"] for version in listed] == [False, True]
    second = listed[1]["version"]
    assert second in said
    good("models", "promote", first, "-w", trained)
    assert f"model {second} is live again" in good("models", "rollback", "-w", trained)
    lines = good("models", "list", "-w", trained).splitlines()
    assert [line.rstrip().endswith("live") for line in lines] == [False, False, True]
    assert second in refused("models", "promote", "2", "-w", trained)

    assert "no version is tried" in good("models", "canary", "-w", trained)
    said = good("models", "canary", first, "--share", "0.2", "-w", trained)
    assert f"model {first} answers 20.0% of the people" in said
    assert said == good("models", "canary", "-w", trained)
    assert "no model version 'x'" in refused("models", "canary", "x", "-w", trained)
    assert "--end takes no version" in refused("models", "canary", first, "--end", "-w", trained)
    assert "no version is tried" in good("models", "canary", "--end", "-w", trained)


def test_evaluate_prints_one_object_and_no_more(trained: Path) -> None:
    told = one_object(good("evaluate", "--json", "-w", trained))
    assert told["protocol"] == "leave-one-out"
    assert (told["users"], told["items"]) == (30, 20)
    assert set(told["masked"]) == set(told["unmasked"]) == METRICS
    assert {"sequence", "popularity", "neighbour"} <= set(told["experts"])
    for alone in told["experts"].values():
        assert set(alone["masked"]) == METRICS
    assert told["weights"]
    assert 0 <= told["calibration"]["ece"] <= 1
    assert told["hide_seen"] is True
    assert 0 < told["lists"]["coverage"] <= 1
    assert told["cpu_seconds"] > 0
    assert told["wall_seconds"] > 0


def test_evaluate_for_people_fits_80_columns(trained: Path) -> None:
    text = good("evaluate", "--protocol", "time", "-w", trained)
    assert "Foretaste in service" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "leave-one-out" in refused("evaluate", "--protocol", "random", "-w", trained)


# recommend, search, similar, record ---------------------------------------------------------------


def test_recommend_json_in_a_real_process(nursery: Nursery, trained: Path) -> None:
    words = ("recommend", "u1", "-n", "3", "--explain", "--json")
    done = nursery.run_script(RUN, *words, "-w", trained)
    assert done.returncode == 0, done.stderr
    told = one_object(done.stdout)
    assert told["recommendation_id"]
    assert told["model_version"]
    assert told["headline"] or any(item["reason"] for item in told["items"])
    assert [item["position"] for item in told["items"]] == [1, 2, 3]
    for item in told["items"]:
        assert item["title"]
        assert sum(term["nats"] for term in item["terms"]) == pytest.approx(item["score"], abs=1e-3)


def test_recommend_for_people(trained: Path) -> None:
    text = good("recommend", "u1", "-n", "3", "-w", trained)
    assert "[space-" in text  # a title's own brackets are no markup
    assert ["#", "item", "score", "why"] in [line.split() for line in text.splitlines()]
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    explained = good("recommend", "u1", "-n", "1", "--explain", "-w", trained)
    assert "the score, their sum" in explained
    assert "What follows the last item  " in explained
    assert "transition" not in explained


def test_profile_for_people_and_as_json(trained: Path) -> None:
    told = one_object(good("profile", "u1", "--json", "-w", trained))["profile"]
    for values in told.values():
        assert all(one["lift"] > 1 for one in values)
    text = good("profile", "u1", "-w", trained)
    assert all(one["value"] in text for values in told.values() for one in values)
    assert "nothing sets" in good("profile", "nobody", "-w", trained)


def test_n_comes_from_the_settings(trained: Path) -> None:
    with (trained / "foretaste.toml").open("a") as file:
        file.write("[rank]\nn = 4\n")
    assert len(one_object(good("recommend", "u1", "--json", "-w", trained))["items"]) == 4


def test_nobody_known_and_nobody_named_get_a_list(trained: Path) -> None:
    for who in (["stranger"], [], ["--session", "visit"]):
        told = one_object(good("recommend", *who, "-n", "2", "--json", "-w", trained))
        assert len(told["items"]) == 2
        assert "terms" not in told["items"][0]


def test_search_and_similar(trained: Path) -> None:
    found = one_object(good("search", "the soup", "-n", "3", "--json", "-w", trained))
    assert "kitchen-1" in [item["id"] for item in found["items"]]
    found = one_object(good("search", "the soup", "--user", "u1", "--json", "-w", trained))
    assert found["items"]
    like = one_object(good("similar", "space-1", "-n", "3", "--json", "-w", trained))
    assert all(item["id"].startswith("space-") for item in like["items"])
    assert "space-1" not in [item["id"] for item in like["items"]]
    assert "space-x" in refused("similar", "space-x", "-w", trained)


def test_what_is_recorded_changes_the_very_next_list(trained: Path) -> None:
    def ids() -> list[str]:
        told = one_object(good("recommend", "u1", "-n", "20", "--json", "-w", trained))
        return [item["id"] for item in told["items"]]

    before = ids()
    good("record", "u1", before[0], "--event-type", "purchase", "-w", trained)
    good("record", "u1", before[1], "--kind", "hide", "-w", trained)
    after = ids()
    assert set(before) - set(after) == {before[0], before[1]}


def test_what_is_taken_back_is_as_if_it_had_not_been(trained: Path) -> None:
    def ids() -> list[str]:
        told = one_object(good("recommend", "u1", "-n", "20", "--json", "-w", trained))
        return [item["id"] for item in told["items"]]

    before = ids()
    event_id = good("record", "u1", before[0], "--event-type", "hide", "-w", trained).split()[-1]
    assert before[0] not in ids()
    assert "taken back: 1; already gone: 0" in good("take-back", event_id, "-w", trained)
    assert ids() == before
    told = good("take-back", event_id, "no-such-event", "-w", trained)
    assert "taken back: 0; already gone: 1" in told
    assert "no event has the id no-such-event" in told


def test_record_takes_searches_and_refuses_what_it_does_not_know(trained: Path) -> None:
    good("record", "u1", "--query", "moon", "-w", trained)
    good("record", "u1", "space-1", "--event-type", "rating", "--value", "4.5", "-w", trained)
    loop = Foretaste.open(trained)
    search, rating = loop.store.history("u1", None)[-2:]
    loop.close()
    assert (search.kind, search.query, search.item) == ("search", "moon", None)
    assert (rating.kind, rating.value) == ("rating", 4.5)
    assert "did you mean 'click'" in refused(
        "record", "u1", "space-1", "--kind", "clik", "-w", trained
    )
    assert "space-x" in refused("record", "u1", "space-x", "-w", trained)
    assert "item" in refused("record", "u1", "-w", trained)


def test_a_workspace_from_the_environment(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORETASTE_WORKSPACE", str(trained))
    assert len(one_object(good("models", "list", "--json"))["models"]) == 1


def test_without_a_model_it_says_what_to_do(files: Path) -> None:
    good("import", "--items", files / "items.csv", "-w", files)
    assert "foretaste train" in refused("recommend", "u1", "-w", files)
    assert "foretaste train" in good("models", "list", "-w", files)
    with pytest.raises(ModelError):
        Foretaste.open(files).recommend("u1")


def test_the_module_is_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["foretaste", "--version"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("foretaste", run_name="__main__")
    assert end.value.code in (0, None)
    assert capsys.readouterr().out.startswith("foretaste ")
