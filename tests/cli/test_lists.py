"""Lists on the command line: filters, rules, an order of one's own, what is taken lately."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from foretaste.cli.main import app


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def listed(*arguments: object) -> list[dict[str, Any]]:
    """The items of the answer."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    items: list[dict[str, Any]] = json.loads(result.stdout)["items"]
    return items


def refused(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 2, result.stdout
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.mark.parametrize("command", [["recommend", "u1"], ["search", "the moon"], ["trending"]])
def test_a_filter_holds_in_every_list(command: list[str], trained: Path) -> None:
    found = listed(*command, "--filter", '{"genre": "kitchen"}', "-n", 20, "-w", trained)

    assert found
    assert all(item["id"].startswith("kitchen-") for item in found)


def test_a_rule_pins(trained: Path) -> None:
    plain = listed("recommend", "u1", "-n", 3, "-w", trained)
    ruled = listed(
        "recommend", "u1", "-n", 3, "--rules", '[{"pin": "kitchen-9", "at": 2}]', "-w", trained
    )

    assert "kitchen-9" not in [item["id"] for item in plain]
    assert [item["id"] for item in ruled][1] == "kitchen-9"


def test_a_pin_that_is_left_out_is_told(trained: Path) -> None:
    asked = ["recommend", "u1", "--filter", '{"genre": "space"}', "-n", 3, "-w", trained]
    asked += ["--rules", '[{"pin": "kitchen-9", "at": 2}]']

    assert "left out: kitchen-9: the filter leaves it out\n" in run(*asked).stderr
    left_out = json.loads(run(*asked, "--json").stdout)["left_out"]
    assert left_out == [
        {
            "id": "kitchen-9",
            "reason": "the filter leaves it out",
            "why": "the filter leaves it out",
        }
    ]


def test_a_placement_says_what_is_not_asked_for(trained: Path) -> None:
    settings = trained / "foretaste.toml"
    home = '[placements.home]\nn = 2\ndiversity = 0.3\nfilter = { genre = "kitchen" }\n'
    settings.write_text(settings.read_text() + home)
    asked = ["recommend", "u1", "-w", trained, "--placement", "home"]
    assert [item["id"].partition("-")[0] for item in listed(*asked)] == ["kitchen"] * 2
    assert len(listed(*asked, "-n", 3)) == 3
    assert "nothing is called 'front'; expected one of home" in refused(*asked[:-1], "front")


def test_an_empty_list_says_why_and_can_be_filled_up(trained: Path) -> None:
    asked = ["recommend", "u1", "--filter", '{"genre": "opera"}', "-n", 3, "-w", trained]
    result = run(*asked)
    assert result.stdout == "nothing to recommend\n"
    assert (
        "nothing can be shown: of the 20 items, 20 are not what the filter asks for"
        in result.stderr
    )
    shortfall = json.loads(run(*asked, "--json").stdout)["shortfall"]
    assert [(count["code"], count["items"]) for count in shortfall["counts"]] == [("filter", 20)]
    filled = listed(*asked, "--fill-up", "taken", "--fill-up", "unfiltered")
    assert [item["source"] for item in filled] == ["unfiltered"] * 3
    assert "nothing is called 'all'" in refused(*asked, "--fill-up", "all")


@pytest.mark.parametrize(
    ("option", "text", "told"),
    [
        ("--filter", '{"gerne": "space"}', "did you mean 'genre'"),
        ("--filter", '{"genre": ', "--filter: not JSON"),
        ("--rules", '[{"pin": "space-x", "at": 1}]', "no item 'space-x'"),
        ("--rules", "pin", "--rules: not JSON"),
    ],
)
def test_what_cannot_be_used_is_told(option: str, text: str, told: str, trained: Path) -> None:
    assert told in refused("recommend", "u1", option, text, "-w", trained)


def test_a_list_of_ones_own_is_put_in_order(trained: Path) -> None:
    given = ["kitchen-1", "space-9", "nothing"]
    result = run("rank", *given, "--user", "u1", "--json", "-w", trained)  # u1 keeps to space

    assert [item["id"] for item in json.loads(result.stdout)["items"]] == ["space-9", "kitchen-1"]
    assert "left out: nothing: there is no such item" in result.stderr


def test_what_is_taken_lately_leads(trained: Path) -> None:
    before = listed("trending", "--window", "1h", "-n", 3, "-w", trained)
    assert run("record", "u2", "kitchen-7", "-w", trained).exit_code == 0
    after = listed("trending", "--window", "1h", "-n", 3, "-w", trained)

    assert {item["source"] for item in before} == {"fallback"}
    assert (after[0]["id"], after[0]["source"]) == ("kitchen-7", "trending")
    assert refused("trending", "--window", "soon", "-w", trained)
