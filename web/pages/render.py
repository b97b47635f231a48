"""The template environment and the response every page goes out as.

Values are escaped by Jinja, undefined names are faults, and every text that reaches a page loses the
characters that cannot be seen (`web.pages.text.visible`), whoever wrote it. Templates get `view`, `now_ms`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from web.pages import text, times
from web.pages.assets import static

TEMPLATES = Path(__file__).parent.parent / "templates"


def security_headers(form_action: Sequence[str] = ()) -> dict[str, str]:
    """What every page carries. `form_action`: where its forms may end up besides here.

    Chromium holds a form's redirects to `form-action`, too: the consent page must allow the provider.
    There is no Cross-Origin-Opener-Policy: it would cut the popup off from the chat that opened it.
    """
    targets = " ".join(["'self'", *form_action])
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"form-action {targets}; frame-ancestors 'none'; base-uri 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


def _shown(value: Any) -> Any:
    return text.visible(value) if type(value) is str else value


def _time_filter(form: str) -> Any:
    @pass_context
    def written(context: Context, ms: int) -> Markup:
        return times.tag(form, ms, context["now_ms"])

    return written


def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.globals["static"] = static
    env.filters |= {form: _time_filter(form) for form in times.FORMS}
    env.filters |= {name: getattr(text, name) for name in ("capital", "number", "plural", "quoted", "tint")}
    return env


environment = _environment()


def render(template: str, view: Any, *, now_ms: int, **more: Any) -> str:
    """The page as text. `more`: further names the template's frame needs (the admin's `frame`)."""
    return environment.get_template(template).render(view=view, now_ms=now_ms, **more)


def page(
    template: str,
    view: Any,
    *,
    now_ms: int,
    status: int = 200,
    form_action: Sequence[str] = (),
    cookies: Sequence[Cookie] = (),
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response[str]:
    """The page as a response, with every header a page must carry."""
    return Response(
        render(template, view, now_ms=now_ms, **more),
        status_code=status,
        media_type="text/html",
        headers=security_headers(form_action) | dict(headers or {}),
        cookies=list(cookies),
    )
