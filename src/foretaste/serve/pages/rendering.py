"""In: a template, a language, light or dark. Out: the page as it is sent, with what it may load.

No page holds anything of a person or a catalogue: what it shows, it asks of the public API. So
each is made once for a language and kept. No script and no style stands in a page itself.
"""

import gzip
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response

from foretaste import __version__
from foretaste.serve.pages.languages import LANGUAGE_NAMES, page_texts
from foretaste.serve.pages.static_files import SECURITY_HEADERS, accepts_gzip, static_address

THEMES = ("light", "dark")
PLOT_CLASS = "plot"
PLOT_STYLE = f"""\
:where(.{PLOT_CLASS}) {{
  --plot-background: white;
  display: block;
  height: auto;
  height: intrinsic;
  max-width: 100%;
}}
:where(.{PLOT_CLASS} text),
:where(.{PLOT_CLASS} tspan) {{
  white-space: pre;
}}"""
"""The one style that Observable Plot writes into each of its drawings; the class is set by us."""
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; font-src 'self'; "
    f"style-src 'self' 'sha256-{b64encode(sha256(PLOT_STYLE.encode()).digest()).decode()}'; "
    "img-src 'self' data: blob: {image_origins}; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Pictures of items come from where `serve.image_origins` says; nothing else comes from
elsewhere."""
PAGE_HEADERS = {
    **SECURITY_HEADERS,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding, Accept-Language, Cookie",
}


@dataclass(frozen=True)
class RenderedPage:
    """A page in one language."""

    html: str
    compressed: bytes
    etag: str


@cache
def environment(language: str) -> Environment:
    """The templates, with the texts of a language."""
    templates = Environment(
        loader=PackageLoader("foretaste.serve.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    templates.install_gettext_translations(  # type: ignore[attr-defined]  # of the extension
        page_texts(language).translations, newstyle=True
    )
    templates.globals.update(
        static=static_address, language=language, languages=LANGUAGE_NAMES, version=__version__
    )
    return templates


@cache
def rendered_page(template: str, language: str, theme: str | None) -> RenderedPage:
    """theme: one of `THEMES` where somebody chose it, else None for the system's."""
    html = environment(language).get_template(template).render(theme=theme)
    content = html.encode()
    return RenderedPage(html, gzip.compress(content, 9, mtime=0), sha256(content).hexdigest()[:16])


def page_response(
    page: RenderedPage,
    *,
    image_origins: Sequence[str] = (),
    accept_encoding: str = "",
    if_none_match: str = "",
) -> Response:
    """The page; nothing of it where the browser has it already."""
    policy = CONTENT_SECURITY_POLICY.replace("{image_origins}", " ".join(image_origins))
    headers = {**PAGE_HEADERS, "ETag": f'W/"{page.etag}"', "Content-Security-Policy": policy}
    if page.etag in if_none_match:
        return Response(status_code=304, headers=headers)
    content = page.html.encode()
    if accepts_gzip(accept_encoding):
        content, headers["Content-Encoding"] = page.compressed, "gzip"
    return Response(content, media_type="text/html; charset=utf-8", headers=headers)
