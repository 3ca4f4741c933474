"""What every screen shares: the templates' environment and a policy that lets no foreign code in.

Source: https://www.w3.org/TR/CSP3/ and https://service-manual.nhs.uk/design-system (components only)
"""

from __future__ import annotations

import re
import secrets
from typing import Final

from flask import Blueprint, Flask, Response, g
from flask_wtf.csrf import CSRFProtect
from jinja2 import ChainableUndefined, ChoiceLoader, PackageLoader
from markupsafe import Markup

# Bidirectional controls, blanks of no width, the byte order mark and the soft hyphen.
_UNSEEN: Final = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_FORMS: Final = CSRFProtect()
_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)


def prepare_pages(app: Flask) -> None:
    """Templates may use the design system's components; every value is escaped, whatever a file is called.

    Forms carry a token of their session. Only screens check it: machine clients have no session to misuse.

    The components' files end in `.jinja`, which Flask alone would not escape.
    """
    app.jinja_env.undefined = ChainableUndefined  # the components read parameters that nobody gave
    app.jinja_env.autoescape = True
    app.jinja_env.finalize = with_marks_shown
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    own = PackageLoader("gateway.web", "templates")
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    _FORMS.init_app(app)
    app.jinja_loader = ChoiceLoader([own, PackageLoader("nhsuk_frontend_jinja", "templates")])


def with_marks_shown(value: object) -> object:
    """The value as a page shows it: of a text, also the signs that change how it reads and are not seen.

    A name could otherwise look like another person's. Joiners stay, for names are written with them.
    Source: https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", value)


def guard_pages(blueprint: Blueprint) -> None:
    """Every page carries a policy with its own nonce and is kept by no cache; every form must be ours."""

    @blueprint.before_request
    def begin_page() -> None:
        g.csp_nonce = secrets.token_urlsafe(16)
        _FORMS.protect()

    @blueprint.after_request
    def protect(answer: Response) -> Response:
        # A request that is refused before it gets here has no nonce, and no page.
        nonce = g.get("csp_nonce") or secrets.token_urlsafe(16)
        answer.headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce)
        answer.headers["Cache-Control"] = "no-store"
        return answer
