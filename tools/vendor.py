"""Renews the files of others that the pages carry: `python tools/vendor.py` writes them anew.

In: npm's registry, by its own client. Out: each file under its package's name, its licence beside
it, and `vendor.json` with version, licence and hashes, which a test compares with the files.
"""

import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]
PAGES_FOLDER = REPOSITORY / "src" / "foretaste" / "serve" / "pages" / "static" / "vendor"
TEST_FOLDER = REPOSITORY / "tests" / "serve" / "pages" / "vendor"
MANIFEST = "vendor.json"
ICON_NAMES = """
arrow-left arrow-right ban bookmark bot check chevron-down chevron-left chevron-right
circle-alert clapperboard clock compass download ellipsis eye eye-off external-link flame funnel
gauge heart history info key languages list loader log-out menu message-circle minus moon
newspaper pencil play plus refresh-cw rotate-ccw search send settings shield-check shopping-bag
sliders-horizontal sparkles sun sun-moon thumbs-down trash-2 trending-up triangle-alert undo-2
upload user user-plus users wand-sparkles x activity boxes database chart-column flask-conical
scale music
"""
"""The icons of the sprite, by the names that Lucide gives them."""


@dataclass(frozen=True)
class Package:
    """What is taken of a package."""

    name: str
    version: str
    licence: str
    files: dict[str, str]
    """Path in the package → name of the file here."""
    folder: Path = PAGES_FOLDER
    licence_file: str | None = "LICENSE"
    copyright_line: str = ""
    """For a package that carries no licence file."""


PACKAGES = (
    Package(
        "@alpinejs/csp",
        "3.17.4",
        "MIT",
        {"dist/cdn.min.js": "alpine-csp.min.js"},
        licence_file=None,
        copyright_line="Copyright © 2019-2025 Caleb Porzio and contributors",
    ),
    Package("d3", "7.9.2", "ISC", {"dist/d3.min.js": "d3.min.js"}),
    Package("@observablehq/plot", "0.6.17", "ISC", {"dist/plot.umd.min.js": "plot.umd.min.js"}),
    Package(
        "@fontsource-variable/figtree",
        "5.3.0",
        "OFL-1.1",
        {
            "files/figtree-latin-wght-normal.woff2": "figtree-latin.woff2",
            "files/figtree-latin-ext-wght-normal.woff2": "figtree-latin-ext.woff2",
        },
    ),
    Package(
        "@fontsource-variable/bricolage-grotesque",
        "5.3.0",
        "OFL-1.1",
        {
            "files/bricolage-grotesque-latin-wght-normal.woff2": "bricolage-latin.woff2",
            "files/bricolage-grotesque-latin-ext-wght-normal.woff2": "bricolage-latin-ext.woff2",
        },
    ),
    Package("lucide-static", "1.62.0", "ISC", {"icons/*.svg": "icons.svg"}),
    Package("axe-core", "4.14.1", "MPL-2.0", {"axe.min.js": "axe.min.js"}, folder=TEST_FOLDER),
)


def main() -> None:
    """Fetch each package, check what npm says of it, and write its files."""
    entries: dict[Path, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for package in PACKAGES:
            archive = fetched(package, Path(temporary))
            package.folder.mkdir(parents=True, exist_ok=True)
            with tarfile.open(archive) as tar:
                names = [write_file(package, tar, *pair) for pair in package.files.items()]
                licence_name = write_licence(package, tar)
            entries.setdefault(package.folder, []).append(
                manifest_entry(package, archive, names, licence_name)
            )
    for folder, rows in entries.items():
        text = json.dumps({"packages": rows}, indent=2) + "\n"
        (folder / MANIFEST).write_text(text, encoding="utf-8")
        print(f"{folder.relative_to(REPOSITORY)}: {len(rows)} packages")


def fetched(package: Package, folder: Path) -> Path:
    """The package as npm gives it."""
    wanted = f"{package.name}@{package.version}"
    result = subprocess.run(
        ["npm", "pack", "--json", wanted], cwd=folder, capture_output=True, text=True, check=False
    )
    if result.returncode:
        sys.exit(f"npm has no {wanted}: {result.stderr.strip()[:300]}")
    return folder / json.loads(result.stdout)[0]["filename"]


def write_file(package: Package, tar: tarfile.TarFile, source: str, name: str) -> str:
    """One file of a package, or a sprite of its icons. → its name here"""
    if name == "icons.svg":
        content = icon_sprite(tar).encode()
    else:
        # a source map would be asked for, and is not there
        content = re.sub(rb"\n?//# sourceMappingURL=\S+", b"", read_member(tar, source))
    (package.folder / name).write_bytes(content)
    return name


def read_member(tar: tarfile.TarFile, path: str) -> bytes:
    """The bytes of a file in a package."""
    try:
        member = tar.extractfile(f"package/{path}")
    except KeyError:
        member = None
    if member is None:
        sys.exit(f"{path} is not in the package (any more)")
    return member.read()


def icon_sprite(tar: tarfile.TarFile) -> str:
    """One SVG with a symbol for each icon, to be named by `<use href="icons.svg#heart">`."""
    symbols = []
    for name in ICON_NAMES.split():
        drawing = read_member(tar, f"icons/{name}.svg").decode()
        inside = re.sub(r"\s+", " ", drawing.partition(">\n")[2].rpartition("</svg>")[0]).strip()
        inside = re.sub(r"<svg[^>]*>", "", re.sub(r"<!--.*?-->", "", inside)).strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inside}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def write_licence(package: Package, tar: tarfile.TarFile) -> str:
    """The licence beside the files. → its name"""
    name = f"{package.name.removeprefix('@').replace('/', '-')}.LICENSE.txt"
    if package.licence_file is not None:
        content = read_member(tar, package.licence_file)
    else:
        content = f"{package.licence}\n\n{package.copyright_line}\n\n{MIT_TEXT}".encode()
    (package.folder / name).write_bytes(content)
    return name


def manifest_entry(
    package: Package, archive: Path, names: list[str], licence_name: str
) -> dict[str, Any]:
    """The package's row of the manifest."""
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    return {
        "name": package.name,
        "version": package.version,
        "licence": package.licence,
        "licence_file": licence_name,
        "integrity": f"sha512-{digest}",
        "files": {
            name: hashlib.sha256((package.folder / name).read_bytes()).hexdigest() for name in names
        },
    }


MIT_TEXT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


if __name__ == "__main__":
    main()
