"""The prose is true: blocks run, commands parse, paths and names exist, figures are as measured."""

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from benchmarks import readme

from foretaste.cli.main import app
from foretaste.config.load import parse_config
from foretaste.domain.data import Recommendation
from foretaste.model.experts import EXPERTS
from foretaste.serve.app import create_app
from foretaste.serve.schemas import EventsBody, ItemsBody, RankBody, RecommendBody, RequestSchema
from foretaste.serve.schemas.generation_schemas import GenerateBody

REPOSITORY = Path(__file__).parents[1]
README = REPOSITORY / "README.md"
PAGES = [
    README,
    REPOSITORY / "CONTRIBUTING.md",
    REPOSITORY / "CHANGELOG.md",
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]
BODIES: dict[str, type[RequestSchema]] = {
    "/v1/events": EventsBody,
    "/v1/generate": GenerateBody,
    "/v1/items": ItemsBody,
    "/v1/rank": RankBody,
    "/v1/recommend": RecommendBody,
}


def name(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> Iterator[list[str]]:
    """The words of each shell line: of sh blocks all, of console blocks those after a $."""
    lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
    for block in blocks(text, "console"):
        lines += [line.removeprefix("$ ") for line in block.splitlines() if line[:2] == "$ "]
    for line in lines:
        words = shlex.split(line, comments=True)
        if words:
            yield words


def spoken(text: str, program: str) -> Iterator[list[str]]:
    """The commands of one program, also those in the prose, without the program."""
    for words in commands(text):
        if words[0] == program:
            yield words[1:]
    for inline in re.findall(rf"`{program} ([^`…]+)`", text):
        yield shlex.split(inline)


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told: dict[str, Any] = {}
    for block in blocks(README.read_text(encoding="utf-8"), "python"):
        exec(compile(block, "README.md", "exec"), told)

    assert (tmp_path / "shop" / "behaviour.db").exists()
    assert isinstance(told["found"], Recommendation)
    assert told["found"].items[0].id == "lamp"  # of all items the one that is a light
    last = told["shop"].recommend("anna", n=3)
    assert "lamp" not in {one.id for one in last}  # clicked, so seen
    assert list(last.to_pandas().columns) == ["position", "id", "title", "score", "reason"]
    told["shop"].close()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_foretaste_command_parses(page: Path) -> None:
    for words in spoken(page.read_text(encoding="utf-8"), "foretaste"):
        _parse(words)


def _parse(words: list[str]) -> None:
    """As the command line would, without running anything."""
    command: Any = typer.main.get_command(app)
    if "--help" in words:
        words = [word for word in words if word != "--help"]
    while hasattr(command, "commands") and words:
        assert words[0] in command.commands, f"foretaste has no command '{words[0]}'"
        command, words = command.commands[words[0]], words[1:]
    if words:
        with command.make_context("foretaste", list(words)) as context:
            assert not context.args


def test_a_command_that_does_not_parse_is_found() -> None:
    with pytest.raises(AssertionError, match="no command 'recomend'"):
        _parse(["recomend", "395"])
    with pytest.raises(Exception, match="--explane"):
        _parse(["recommend", "395", "--explane"])


def test_the_readme_names_every_command() -> None:
    text = README.read_text(encoding="utf-8")
    command: Any = typer.main.get_command(app)
    names = set(command.commands) - {"models"}
    assert {one for one in names if not re.search(rf"`{one}`|foretaste {one}\b", text)} == set()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_target_exists(page: Path) -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = {words[0] for words in spoken(text, "make")}
    assert named <= targets


def test_the_two_commands_do_their_own_set_up() -> None:
    for target in ("demo", "test"):
        done = subprocess.run(
            ["make", "--dry-run", "--always-make", target],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "-r requirements.lock" in done.stdout


def requests() -> list[list[str]]:
    """The curl lines of the README."""
    found = [words for words in commands(README.read_text(encoding="utf-8")) if words[0] == "curl"]
    assert len(found) > 2
    return found


@pytest.mark.parametrize("words", requests(), ids=lambda words: words[2])
def test_the_curl_lines_are_requests_the_service_knows(words: list[str], tmp_path: Path) -> None:
    address = next(word for word in words if word.startswith("localhost:8000"))
    path = address.removeprefix("localhost:8000")
    document = create_app(tmp_path).openapi()
    body = json.loads(words[words.index("-d") + 1])

    assert "post" in document["paths"][path]
    if "usr" in body:  # shows what a mistake is told
        with pytest.raises(ValueError, match="did you mean 'user'"):
            BODIES[path].model_validate(body)
    else:
        BODIES[path].model_validate(body)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_settings_shown_are_settings(page: Path) -> None:
    for block in blocks(page.read_text(encoding="utf-8"), "toml"):
        parse_config(tomllib.loads(block), name(page))


def tree(text: str) -> Iterator[Path]:
    """The paths of the tree in the README, by their indentation."""
    block = next(one for one in blocks(text, "text") if one.startswith("src/foretaste/"))
    above: list[tuple[int, Path]] = []
    for line in block.splitlines():
        depth = len(line) - len(line.lstrip())
        while above and above[-1][0] >= depth:
            above.pop()
        path = (above[-1][1] if above else Path()) / line.split()[0]
        above.append((depth, path))
        yield path


def test_every_path_of_the_tree_exists_and_none_is_missing() -> None:
    paths = list(tree(README.read_text(encoding="utf-8")))

    assert [str(path) for path in paths if not (REPOSITORY / path).exists()] == []
    source = REPOSITORY / "src" / "foretaste"
    there = {
        path.relative_to(REPOSITORY)
        for path in source.iterdir()
        if path.name not in ("__init__.py", "__pycache__", "py.typed")
    }
    assert there - set(paths) == set()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_and_every_path_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        target, _, anchor = link.partition("#")
        if target.startswith("https:"):
            continue
        assert (page.parent / target).exists(), link
        if anchor and not target:
            assert anchor in _anchors(text), link
    for path in re.findall(r"`((?:src|tests|docs|benchmarks)/[\w./-]+)`", text):
        assert (REPOSITORY / path).exists(), path


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w-]", "", one.lower().replace(" ", "-")) for one in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_function_named_exists(page: Path) -> None:
    """Names as `catch_up()` or `Product.score()` in the prose."""
    modules = [*(REPOSITORY / "src").rglob("*.py")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in modules)
    text = page.read_text(encoding="utf-8")
    for owner, function in re.findall(r"`(?:(\w+)\.)?(\w+)\(\)`", text):
        assert re.search(rf"def {function}\(", source), function
        assert owner in ("", "foretaste") or f"class {owner}" in source, owner


@pytest.mark.parametrize("page", [README, REPOSITORY / "docs" / "model.md"], ids=name)
def test_the_tables_of_experts_have_every_expert_and_no_other(page: Path) -> None:
    rows = page.read_text(encoding="utf-8").split("| expert | P(item given U)")[1].split("\n\n")[0]
    named = re.findall(r"^\| (\w+)", rows, re.MULTILINE)
    assert sorted(named) == sorted(kind.name for kind in EXPERTS)


def test_the_figures_are_those_measured() -> None:
    for page, text in readme.pages().items():
        assert page.read_text(encoding="utf-8") == text, "run make readme"


MACHINE = {
    "cpu": "A CPU",
    "cores": 2,
    "memory_gb": 16,
    "python": "3.11.2",
    "libraries": {"torch": "2.13.0"},
    "commit": "abc",
}


def figures(ndcg: float) -> dict[str, Any]:
    both = {"ndcg@10": ndcg, "recall@10": 2 * ndcg}
    return {
        "protocol": "leave-one-out",
        "users": 22363,
        "items": 12101,
        "masked": both,
        "unmasked": both,
        "as_in_service": {"masked": both},
        "interval": [0.068, 0.076],
        "experts": {
            "popularity": {"masked": {"ndcg@10": 0.005}},
            "sequence": {"masked": {"ndcg@10": 0.05}},
        },
        "cpu_seconds": 217.4,
    }


def test_a_row_of_the_figures() -> None:
    results = {"beauty": {"0": {"machine": MACHINE, "figures": figures(0.07)}}}
    table = readme.figures(results)

    assert (
        "| Amazon Beauty, 5-core | leave-one-out | 22,363, 12,101 | **.0700** | .0680 to .0760 "
        "| .1400 | .0700 / .1400 | .0700 | sequence .0500 | 217 |" in table
    )
    assert "Amazon Beauty, 5-core: A CPU, 2 cores, 16 GB, Python 3.11.2, torch 2.13.0, " in table
    assert table.endswith("commit abc.")


def test_several_seeds_are_their_mean() -> None:
    runs = {
        str(seed): {"machine": MACHINE, "figures": figures(ndcg)}
        for seed, ndcg in enumerate((0.07, 0.08))
    }
    table = readme.figures({"beauty": runs})

    assert "leave-one-out, mean of 2 seeds" in table
    assert "**.0750**" in table
    assert table.count("commit abc") == 1


def test_nothing_measured_is_said() -> None:
    assert readme.figures({}) == readme.ABSENT
    assert readme.results(REPOSITORY / "no" / "file.json") == {}


def test_a_readme_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the markers"):
        readme.written("# Foretaste\n", "table")
