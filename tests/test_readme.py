"""The prose is true: blocks run, commands parse, outputs come out, paths and names exist."""

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from foretaste.cli.main import app
from foretaste.config.load import parse_config
from foretaste.domain.data import Recommendation
from foretaste.model.experts import EXPERTS
from foretaste.serve.app import create_app
from foretaste.serve.schemas import (
    EventsBody,
    ItemsBody,
    RankBody,
    RecommendBody,
    RequestSchema,
    SimilarBody,
)
from foretaste.serve.schemas.generation_schemas import GenerateBody
from foretaste.serve.schemas.list_schemas import FacetsBody
from foretaste.serve.schemas.page_schemas import PageBody

REPOSITORY = Path(__file__).parents[1]
README = REPOSITORY / "README.md"
CONTRIBUTING = REPOSITORY / "CONTRIBUTING.md"
DOCS = REPOSITORY / "docs"
GUIDES = [README, *sorted(DOCS.glob("*.md"))]
"""What somebody reads who uses Foretaste."""
PAGES = [
    *GUIDES,
    CONTRIBUTING,
    REPOSITORY / "CHANGELOG.md",
    *sorted((DOCS / "decisions").glob("*.md")),
]
BODIES: dict[str, type[RequestSchema]] = {
    "/v1/bought-together": SimilarBody,
    "/v1/events": EventsBody,
    "/v1/facets": FacetsBody,
    "/v1/generate": GenerateBody,
    "/v1/items": ItemsBody,
    "/v1/page": PageBody,
    "/v1/rank": RankBody,
    "/v1/recommend": RecommendBody,
}
LISTS = ("recommend", "search", "similar", "rank", "trending")
"""Commands that print a list."""
README_LINES = 250
PICTURE_BYTES = 200_000


def name(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> Iterator[list[str]]:
    """The words of each shell line: of sh blocks all, of console blocks those after a $."""
    lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
    lines += [line for line, _ in typed(text)]
    for line in lines:
        words = shlex.split(line, comments=True)
        if words:
            yield words


def typed(text: str) -> Iterator[tuple[str, str]]:
    """(line after the $, what the page says comes out) of the console blocks."""
    for block in blocks(text, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, output = part.partition("\n")
            yield line, output


def spoken(text: str, program: str) -> Iterator[list[str]]:
    """The commands of one program, also those in the prose, without the program."""
    for words in commands(text):
        if words[0] == program:
            yield words[1:]
    for inline in re.findall(rf"`{program} ([^`…]+)`", text):
        yield shlex.split(inline)


# What is typed ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the CSV files of the README."""
    folder = tmp_path_factory.mktemp("own")
    text = README.read_text(encoding="utf-8")
    files = re.findall(r"^`(\w+\.csv)`:\n\n```csv\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert [file for file, _ in files] == ["items.csv", "events.csv"]
    for file, rows in files:
        (folder / file).write_text(rows, encoding="utf-8")
    return folder


def test_own_files_give_the_list_that_the_readme_shows(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    lines = [
        (line, output)
        for line, output in typed(README.read_text(encoding="utf-8"))
        if line.endswith("--workspace shop")
    ]
    assert [line.split()[1] for line, _ in lines] == [
        "import", "train", "recommend", "record", "recommend",
    ]  # fmt: skip
    for line, output in lines:
        result = CliRunner().invoke(app, shlex.split(line)[1:])
        assert result.exit_code == 0, result.output
        same = same_list if line.split()[1] in LISTS else same_words
        assert same(output, result.stdout), f"{line} prints\n{result.stdout}"


def same_list(shown: str, printed: str) -> bool:
    """Whether the items and the strongest reason of each are the same.

    Weaker reasons may change places: what an event of today does depends a little on the day.
    """
    return _strongest(shown) == _strongest(printed) != []


def _strongest(text: str) -> list[tuple[str, str]]:
    """(item, strongest reason) of a printed list."""
    return re.findall(r"^\d+  .+ \[(\S+)\] +-?\d+\.\d\d  (\S.*?) *$", text, re.MULTILINE)


def same_words(shown: str, printed: str) -> bool:
    """Whether all but ids, figures and line breaks is the same; … stands for any text."""
    pattern = ".*".join(re.escape(part) for part in _without_figures(shown).split("…"))
    return re.fullmatch(pattern, _without_figures(printed)) is not None


def _without_figures(text: str) -> str:
    text = re.sub(r"\b[0-9a-f]{32}\b|\b\d{8}-\d{6}-[0-9a-f]{6}\b", "ID", text)
    return " ".join(re.sub(r"-?\d+(\.\d+)?", "0", text).split())


def test_words_that_differ_are_seen() -> None:
    assert same_words("1 Lamp -2.5 it fits\n   you\n", "1  Lamp  -2.49  it\nfits you")
    assert same_words(
        "model 20261128-170855-b8e5e7\n…\n", "model 20270101-000000-000000\nand so on"
    )
    assert not same_words("1 Lamp -2.5 it fits", "1 Stove -2.5 it fits")
    assert not same_words("1 Lamp -2.5 it fits", "1 Lamp -2.5 it fits, and more")
    assert same_list("1  Lamp [l]  -2.50  For camps", "1  Lamp [l]  -2.49  For camps   ")
    assert not same_list("1  Lamp [l]  -2.50  For camps", "1  Lamp [l]  -2.50  New here")
    assert not same_list("", "")


def test_the_python_of_the_readme_runs(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = run_python(README, shop, monkeypatch)
    assert isinstance(names["answer"], Recommendation)
    assert len(names["answer"]) == 2
    names["shop"].close()


def test_the_python_of_the_data_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = run_python(DOCS / "data.md", tmp_path, monkeypatch)
    assert (tmp_path / "shop" / "behaviour.db").exists()
    assert isinstance(names["answer"], Recommendation)
    assert names["answer"].items[0].id == "lamp"  # of all items the one that is a light
    last = names["shop"].recommend("anna", n=3)
    assert "lamp" not in {item.id for item in last}  # clicked, so consumed
    assert list(last.to_pandas().columns)[:5] == ["position", "id", "title", "score", "reason"]
    names["shop"].close()


def run_python(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names that the Python blocks of a page leave, run one after another in a folder."""
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    for block in blocks(page.read_text(encoding="utf-8"), "python"):
        exec(compile(block, page.name, "exec"), names)
    return names


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_foretaste_command_parses(page: Path) -> None:
    for words in spoken(page.read_text(encoding="utf-8"), "foretaste"):
        _parse(words)


@cache
def whole_command() -> Any:
    """`foretaste` with all that it can do."""
    return typer.main.get_command(app)


def _parse(words: list[str]) -> None:
    """As the command line would, without running anything."""
    command = whole_command()
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


def test_the_page_of_commands_names_every_command() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    table = text.split("## All commands")[1].split("\n## ")[0]
    named = {
        command
        for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
        for command in re.findall(r"`([\w-]+)`", row)
    }
    assert named == set(whole_command().commands)


def lists_shown() -> list[tuple[Path, str, str]]:
    """(page, line, output) of each list in the pages."""
    return [
        (page, line, output)
        for page in GUIDES
        for line, output in typed(page.read_text(encoding="utf-8"))
        if line.startswith("foretaste ") and line.split()[1] in LISTS and output
    ]


def test_lists_are_shown() -> None:
    assert {page.name for page, _, _ in lists_shown()} == {"README.md", "commands.md"}


@pytest.mark.parametrize(("page", "line", "output"), lists_shown())
def test_the_lists_shown_look_like_lists(page: Path, line: str, output: str) -> None:
    head, *rows = output.splitlines()
    assert head.split() == ["#", "item", "score", "why"]
    items = [row for row in rows if re.match(r"\d+  .+ \[\S+\] +-?\d+\.\d\d  \S", row)]
    assert len(items) == int(shlex.split(line)[shlex.split(line).index("-n") + 1])
    reason = re.compile(r" {20,}\S.*")
    assert [row for row in rows if row not in items and not reason.fullmatch(row)] == []
    assert not [row for row in rows if re.search(r"[+-]\d+\.\d\d\)", row)], "no bare figures"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_target_exists(page: Path) -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    assert {words[0] for words in spoken(text, "make")} <= targets


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


# What is sent ----------------------------------------------------------------------------------


def requests() -> list[tuple[str, dict[str, Any], str]]:
    """(path, body, answer shown) of the curl lines that send something to the service."""
    shown = [typed_line for page in GUIDES for typed_line in typed(page.read_text("utf-8"))]
    found = []
    for line, output in shown:
        words = shlex.split(line)
        if words[0] == "curl" and "-d" in words:
            address = next(word for word in words if word.startswith("localhost:8000"))
            path = address.removeprefix("localhost:8000")
            found.append((path, json.loads(words[words.index("-d") + 1]), output))
    assert len(found) > 2
    return found


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The OpenAPI document of the service."""
    return create_app(tmp_path_factory.mktemp("document")).openapi()


@pytest.mark.parametrize(("path", "body", "answer"), requests())
def test_the_curl_lines_are_requests_the_service_knows(
    document: dict[str, Any], path: str, body: dict[str, Any], answer: str
) -> None:
    responses = document["paths"][path]["post"]["responses"]
    if "usr" in body:  # shows the answer to a mistake
        with pytest.raises(ValueError, match="did you mean 'user'"):
            BODIES[path].model_validate(body)
        check_answer(document, responses["422"], answer)
    else:
        BODIES[path].model_validate(body)
        if answer:
            check_answer(document, responses["200"], answer)


def check_answer(document: dict[str, Any], response: dict[str, Any], answer: str) -> None:
    """Each object of the answer has only fields of its schema, and all that are required."""
    content = next(iter(response["content"].values()))
    unknown = list(misfits(document, content["schema"], json.loads(answer)))
    assert unknown == []


def misfits(document: dict[str, Any], schema: dict[str, Any], value: Any) -> Iterator[str]:
    """The fields that a value has too many or too few."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for option in schema.get("anyOf", ()):
        if option.get("type") != "null":
            yield from misfits(document, option, value)
    if isinstance(value, list):
        for part in value:
            yield from misfits(document, schema.get("items", {}), part)
    if isinstance(value, dict) and "properties" in schema:
        fields = schema["properties"]
        yield from (f"unknown: {field}" for field in value if field not in fields)
        yield from (
            f"missing: {field}" for field in schema.get("required", ()) if field not in value
        )
        for field in value.keys() & fields.keys():
            yield from misfits(document, fields[field], value[field])


def test_an_answer_with_a_field_of_yesterday_is_found(document: dict[str, Any]) -> None:
    response = document["paths"]["/v1/events"]["post"]["responses"]["200"]
    with pytest.raises(AssertionError, match="unknown: eaten"):
        check_answer(document, response, '{"accepted": 1, "eaten": 0, "rejected": []}')


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_settings_shown_are_settings(page: Path) -> None:
    for block in blocks(page.read_text(encoding="utf-8"), "toml"):
        parse_config(tomllib.loads(block), name(page))


# What is named ---------------------------------------------------------------------------------


def tree(text: str) -> Iterator[Path]:
    """The paths of the tree in CONTRIBUTING.md, by their indentation."""
    between = text.split("<!-- tree:")[1].split("<!-- end of tree -->")[0]
    above: list[tuple[int, Path]] = []
    for line in blocks(between, "text")[0].splitlines():
        depth = len(line) - len(line.lstrip())
        while above and above[-1][0] >= depth:
            above.pop()
        path = (above[-1][1] if above else Path()) / line.split()[0]
        above.append((depth, path))
        yield path


def test_every_path_of_the_tree_exists_and_none_is_missing() -> None:
    paths = list(tree(CONTRIBUTING.read_text(encoding="utf-8")))

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
        linked = page.parent / target if target else page
        assert linked.exists(), link
        if anchor and linked.suffix == ".md":
            assert anchor in _anchors(linked.read_text(encoding="utf-8")), link
    for path in re.findall(r"`((?:src|tests|docs|benchmarks|tools)/[\w./-]+)`", text):
        assert (REPOSITORY / path).exists(), path


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in headings}


@cache
def defined_names() -> tuple[set[str], set[str]]:
    """The functions and the classes of the package."""
    modules = [*(REPOSITORY / "src").rglob("*.py")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in modules)
    functions, classes = (re.findall(rf"{word} (\w+)", source) for word in ("def", "class"))
    return set(functions), set(classes)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_function_named_exists(page: Path) -> None:
    """Names as `catch_up()` or `Product.score()` in the prose."""
    functions, classes = defined_names()
    text = page.read_text(encoding="utf-8")
    for owner, function in re.findall(r"`(?:(\w+)\.)?(\w+)\(\)`", text):
        assert function in functions, function
        assert owner in ("", "foretaste") or owner in classes, owner


def test_the_table_of_experts_has_every_expert_and_no_other() -> None:
    text = (DOCS / "model.md").read_text(encoding="utf-8")
    rows = text.split("| expert | P(item given U)")[1].split("\n\n")[0]
    named = re.findall(r"^\| (\w+)", rows, re.MULTILINE)
    assert sorted(named) == sorted(expert.name for expert in EXPERTS)


# The first page --------------------------------------------------------------------------------


def test_the_readme_is_read_to_the_end() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= README_LINES


def test_every_guide_is_reached_from_the_readme() -> None:
    text = README.read_text(encoding="utf-8")
    assert {page.name for page in DOCS.glob("*.md") if f"](docs/{page.name}" not in text} == set()


def test_the_four_pictures_are_there_and_small() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    assert len(pictures) == 4
    for picture in map(README.parent.joinpath, pictures):
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size < PICTURE_BYTES


@pytest.mark.parametrize(
    "page",
    [page for page in GUIDES if page.name not in ("model.md", "api.md", "python.md")],
    ids=name,
)
def test_scores_are_explained_without_nats(page: Path) -> None:
    assert not re.search(r"\bnats?\b", re.sub(r"`[^`]*`", "", prose(page)))


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.M)
