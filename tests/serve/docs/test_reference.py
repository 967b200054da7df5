"""docs/api.md is what the service says of itself."""

from pathlib import Path

from foretaste.rank.filters import FILTER_REASONS
from foretaste.rank.omissions import REASONS_OF_CANDIDATES, REASONS_OF_PINS
from foretaste.serve.app import create_app
from foretaste.serve.docs.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


def test_the_page_is_current(tmp_path: Path) -> None:
    made = reference(create_app(tmp_path).openapi())
    assert PAGE.read_text(encoding="utf-8") == made, "run make api-docs"


def test_the_page_has_every_address_and_field(tmp_path: Path) -> None:
    document = create_app(tmp_path).openapi()
    page = PAGE.read_text(encoding="utf-8")
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"## `{method.upper()} {path}`" in page
    for name in ("next_page_of", "diversity", "propensity", "unattributed", "window"):
        assert f"| `{name}` |" in page
    for reason in (*FILTER_REASONS.values(), *REASONS_OF_PINS, *REASONS_OF_CANDIDATES):
        assert f"“{reason}”" in page
    assert '{"quota": "genres", "max_items": 3}' in page
