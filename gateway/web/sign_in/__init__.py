"""Who sits at the screen. So far only the demonstration's sign-in exists: development, this machine."""

from gateway.web.sign_in.demo import blueprint
from gateway.web.sign_in.session import need_session

__all__ = ["blueprint", "need_session"]
