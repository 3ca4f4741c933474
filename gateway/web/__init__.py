"""Inbound: the doors others come through. Each package beside this file offers `blueprint(gateway)`.

Views are thin: they read the request, call one act and answer. What may be seen or changed is never decided
here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import current_app

if TYPE_CHECKING:
    from gateway.acts.gateway import Gateway

GATEWAY: Final = "care-gateway"  # the key in `app.extensions`


def the_gateway() -> Gateway:
    """The gateway that the running application was built for."""
    gateway: Gateway = current_app.extensions[GATEWAY]
    return gateway
