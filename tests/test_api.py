"""The Python API: from a frame to a list in five lines, in a notebook."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import foretaste
from foretaste.behaviour.presence import nobody_in
from foretaste.domain.data import OmittedItem, Recommendation, Recommended, Request
from foretaste.errors import InputError
from foretaste.loop import Foretaste

SETTINGS = "[language]\nthreads = 1\n[model.sequence]\nepochs = 2\n"


def test_a_with_block_closes_the_workspace(tmp_path: Path, items: pd.DataFrame) -> None:
    with foretaste.open(tmp_path / "shop") as shop:
        assert isinstance(shop, Foretaste)
        shop.add(items=items)
        assert shop.store.counts()["items"] == len(items)
        with pytest.raises(InputError), nobody_in([shop.folder]):
            pass
    with nobody_in([shop.folder]):
        pass
    with pytest.raises(ZeroDivisionError), foretaste.open(tmp_path / "shop"):
        _ = 1 / 0
    with nobody_in([shop.folder]):
        pass


def test_import_is_quick() -> None:
    code = (
        "import sys, foretaste\n"
        "foretaste.__version__\n"
        "heavy = {'torch', 'numpy', 'pandas', 'rich', 'typer'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_names_are_there() -> None:
    for name in foretaste.__all__:
        assert getattr(foretaste, name) is not None
    with pytest.raises(AttributeError, match="recomend"):
        _ = foretaste.recomend
    assert foretaste.Request is Request


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_five_lines_from_a_frame_to_a_list(
    kind: str, tmp_path: Path, items: pd.DataFrame, events: pd.DataFrame
) -> None:
    (tmp_path / "foretaste.toml").write_text(SETTINGS)
    frame: Any = {
        "pandas": lambda table: table,
        "polars": pl.from_pandas,
        "pyarrow": pa.Table.from_pandas,
    }[kind]
    folder, items, events = str(tmp_path), frame(items), frame(events)

    shop = foretaste.open(folder)
    shop.add(items=items, events=events)
    shop.train()
    found = shop.recommend("u1", n=5, explain=True)

    shop.close()
    assert len(found) == 5
    assert all(one.id.startswith("space-") for one in list(found)[:3])  # what u1 keeps to
    table = found.to_pandas()
    assert list(table.columns)[:6] == ["position", "id", "title", "score", "reason", "genre"]
    experts = [name for name in table.columns if name.startswith("score: ")]
    assert table[experts].sum(axis=1).tolist() == pytest.approx(table["score"].tolist())
    terms = found.terms_to_pandas()
    assert terms.groupby("position")["contribution"].sum().tolist() == pytest.approx(
        table["score"].tolist()
    )
    assert "The moon [space]" in set(terms["event_title"])
    assert list(table["position"]) == [1, 2, 3, 4, 5]
    assert table["score"].is_monotonic_decreasing


def test_a_request_can_be_written_in_either_way(trained: Path) -> None:
    loop = foretaste.open(trained)
    short = loop.recommend("u1", n=3, items=("kitchen-1",), filter={"genre": ("kitchen",)})
    whole = loop.recommend(
        Request(user="u1", n=3, items=("kitchen-1",), filter={"genre": ("kitchen",)})
    )
    assert [one.id for one in short] == [one.id for one in whole]
    assert [one.id for one in loop.search("soup", n=2)] == [
        one.id for one in loop.recommend(query="soup", n=2)
    ]
    assert len(loop.similar("space-1", n=4)) == 4
    with pytest.raises(TypeError, match="qery"):
        loop.recommend("u1", qery="soup")
    loop.close()


def test_a_notebook_shows_a_table_and_titles_are_no_markup() -> None:
    one = Recommended("a&b", 1, -1.5, title="<b>Pie</b>", reason=("it reads like “<i>”",))
    page = Recommendation("r", "m", (one,))._repr_html_()
    assert page.startswith('<div class="foretaste">')
    assert "&lt;b&gt;Pie&lt;/b&gt;" in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert "-1.50" in page
    assert Recommendation("r", "m", ()).to_pandas().empty


def test_a_notebook_shows_what_was_left_out_and_why(trained: Path) -> None:
    with closing(Foretaste.open(trained)) as loop:
        rules = ({"pin": "kitchen-3", "at": 1},)
        page = loop.recommend("u1", n=3, filter={"genre": "space"}, rules=rules)._repr_html_()
        assert "Left out:</p><ul><li>kitchen-3: the filter leaves it out</li></ul>" in page
        assert "Left out" not in loop.recommend("u1", n=3)._repr_html_()
    odd = Recommendation("r", "m", (), left_out=(OmittedItem("<9>", "it is <hidden>"),))
    assert "<li>&lt;9&gt;: it is &lt;hidden&gt;</li>" in odd._repr_html_()
