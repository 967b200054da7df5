"""The files of others are those that npm gave, and each has its licence."""

import hashlib
import json
import re
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[3] / "src" / "foretaste" / "serve" / "pages"
FOLDERS = [PAGES / "static" / "vendor", Path(__file__).parent / "vendor"]
LICENCES = {"MIT", "ISC", "OFL-1.1", "MPL-2.0"}


@pytest.mark.parametrize("folder", FOLDERS, ids=["pages", "tests"])
def test_the_manifest_names_every_file_and_its_hash(folder: Path) -> None:
    packages = json.loads((folder / "vendor.json").read_text(encoding="utf-8"))["packages"]
    named = {"vendor.json"}
    for package in packages:
        assert package["licence"] in LICENCES
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/=]{88}", package["integrity"])
        assert len((folder / package["licence_file"]).read_text(encoding="utf-8")) > 400
        named.add(package["licence_file"])
        for name, digest in package["files"].items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
            named.add(name)
    assert named == {path.name for path in folder.iterdir()}


def test_every_icon_that_a_page_names_is_in_the_sprite() -> None:
    sprite = (PAGES / "static" / "vendor" / "icons.svg").read_text(encoding="utf-8")
    icons = set(re.findall(r'<symbol id="([a-z0-9-]+)"', sprite))
    for template in (PAGES / "templates").rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        named = set(re.findall(r"icon\(\"([a-z0-9-]+)\"", text))
        assert named <= icons, template.name
