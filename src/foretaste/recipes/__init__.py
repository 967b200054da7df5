"""Complete settings for four kinds of service. A name in, a foretaste.toml out."""

from importlib.resources import files
from pathlib import Path

from foretaste.domain.files import FOLDER_MODE
from foretaste.errors import InputError, did_you_mean

NAMES = ("shop", "video", "news", "music")


def check_name(name: str) -> None:
    """Raises InputError for what is no recipe."""
    if name not in NAMES:
        raise InputError(f"no recipe '{name}'; {did_you_mean(name, NAMES)}")


def recipe(name: str) -> str:
    """The settings of a kind of service. Raises InputError for another name."""
    check_name(name)
    return (files(__name__) / f"{name}.toml").read_text(encoding="utf-8")


def write(name: str, folder: Path, *, force: bool = False) -> Path:
    """The settings into a workspace, which is made if it is not there. → the file.

    Raises InputError where there are settings already, unless by `force`.
    """
    text, path = recipe(name), folder / "foretaste.toml"
    if path.exists() and not force:
        raise InputError(f"{path} is there already; keep it, or replace it with --force")
    folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
