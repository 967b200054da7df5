"""A template and what it shows in; HTML for a notebook, or a page that stands alone, out.

A face takes its colours from the text colour of the notebook around it, so it is right on a light
and on a dark ground without knowing which. A page brings its own ground, light or dark as the
reader's system is, and light on paper. Neither loads anything.
"""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def face(template: str, **values: Any) -> str:
    """The HTML of a result in a notebook. template: its name, e.g. "evaluation"."""
    style = _style("face.css")
    return f'<div class="foretaste"><style>{style}</style>{_body(template, values)}</div>'


def page(template: str, title: str, **values: Any) -> str:
    """The same as a whole document with its styles inside."""
    return _environment().get_template("page.html.j2").render(
        title=title, style=_style("face.css") + _style("page.css"), body=_body(template, values)
    )  # fmt: skip


def _body(template: str, values: dict[str, Any]) -> Any:
    """Markup, as jinja2 has escaped all that needs it."""
    from markupsafe import Markup

    return Markup(_environment().get_template(f"{template}.html.j2").render(values).strip())


@cache
def _style(name: str) -> Any:
    from markupsafe import Markup

    text = files("foretaste.display").joinpath("templates", name).read_text(encoding="utf-8")
    return Markup(text.strip())


@cache
def _environment() -> "Environment":
    """Made when a face is first shown: jinja2 takes a tenth of a second."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from foretaste.display import words

    environment = Environment(
        loader=PackageLoader("foretaste.display"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        day=words.day,
        duration=words.duration,
        of_100=words.of_100,
        percent=words.percent,
        signed=words.signed,
        thousands=words.thousands,
        toml_value=words.toml_value,
        plain_expert=words.plain_expert,
    )
    return environment
