"""The figures in the prose are those measured, and a commit says whether it was clean."""

import re
from pathlib import Path
from typing import Any

import pytest
from benchmarks import markdown, measured, published, readme

REPOSITORY = Path(__file__).parents[1]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


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


def test_the_front_table_has_others_first_and_ours_last() -> None:
    reports: dict[str, dict[str, Any]] = {
        "High": {"beauty": [0.09, 0.1], "masked": "yes", "source": "https://x", "front": True},
        "Low": {"beauty": [0.01, None], "masked": "yes"},
    }
    results = {"beauty": {"0": {"machine": MACHINE, "figures": figures(0.07)}}}
    lines = readme.front(results, reports).splitlines()

    assert lines[2] == "| [High](https://x) | .0900 / .1000 | – | – |"
    assert lines[3] == "| **Foretaste** | **.0700 / .1400** (.0680 to .0760) | – | – |"
    assert lines[-1].endswith("commit abc.")
    assert "| Low | .0100 / – | – | – | yes |  |" in published.full_table(reports)
    assert readme.front({}, reports) == readme.ABSENT


def test_what_others_report_names_its_sets_and_is_sorted() -> None:
    reports = published.published()
    on_beauty = [report["beauty"][0] for report in reports.values() if "beauty" in report]

    assert on_beauty == sorted(on_beauty, reverse=True)
    for report in reports.values():
        assert report.keys() <= {*published.SETS, "masked", "source", "note", "front"}
        assert report["masked"] in ("yes", "no", "not stated")


def test_a_commit_with_changes_is_named_as_such() -> None:
    assert markdown.commit("63cc470e4855") == "commit 63cc470e4855"
    assert markdown.commit("63cc470e4855+") == "commit 63cc470e4855 with uncommitted changes"
    assert markdown.commit(None) == "commit not recorded"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_commit_has_a_plus(page: Path) -> None:
    assert re.findall(r"\b[0-9a-f]{12}\+", page.read_text(encoding="utf-8")) == []


def test_a_section_of_the_measured_page() -> None:
    rows = [{"case": "a | b", "nats": -2.5}, {"case": "c", "low": 0.00001, "bins": [1]}]
    machine = MACHINE | {"commit": "63cc470e4855+"}
    text = measured.section(
        "queries", "Queries", {"": {"protocol": "P", "machine": machine, "rows": rows}}
    )

    assert "P. Commit 63cc470e4855 with uncommitted changes." in text
    assert "| case | log P of the value | low |" in text
    assert "| a \\| b | -2.5000 |  |" in text
    assert "| c |  | 1.0e-05 |" in text


def test_the_measured_page_warns_before_the_table_of_peers() -> None:
    page = measured.page(
        {"quality": "Q", "published": "O", "peers_to_the_end": "E", "peers": "THE PEERS"}
    )
    section = page.split("## Peers in one run, with a cap")[1]

    assert section.index("cut by the cap") < section.index("THE PEERS")
    assert section.index("nothing else") < section.index("THE PEERS")
