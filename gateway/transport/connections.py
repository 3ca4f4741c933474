"""Connections that go to checked addresses only, for `requests` to pool: one pool per partner."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence
from typing import Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.timeout import Timeout

from gateway.transport import deadlines
from gateway.transport.addresses import Endpoint, IpNetwork, endpoints

CONNECTIONS_PER_PARTNER = 32


class CheckedAdapter(HTTPAdapter):
    """Pools connections to one partner; each is opened to an address that was checked after resolving.

    A failed connection is not tried again here: the lane is the only layer that repeats.
    """

    def __init__(self, allowed: Sequence[IpNetwork]) -> None:
        self._allowed = tuple(allowed)
        super().__init__(pool_connections=4, pool_maxsize=CONNECTIONS_PER_PARTNER, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._allowed)


class _Checked(HTTPConnection):
    """Resolves once, checks every address, connects to a checked one. TLS keeps the name."""

    allowed: ClassVar[tuple[IpNetwork, ...]] = ()

    def _new_conn(self) -> socket.socket:
        refusal: OSError | None = None
        for endpoint in endpoints(self._dns_host, self.port, self.allowed):
            try:
                sock = _connected(endpoint, self.timeout, self.socket_options or ())
            except OSError as error:
                refusal = error
                continue
            sys.audit("http.client.connect", self, self.host, self.port)
            return sock
        if isinstance(refusal, TimeoutError):
            raise ConnectTimeoutError(self, f"no connection to {self.host} in time") from refusal
        raise NewConnectionError(self, f"no connection to {self.host}: {refusal}") from refusal

    def connect(self) -> None:
        super().connect()
        self._watch()

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            self._watch()
        super().request(*args, **kwargs)

    def _watch(self) -> None:
        running = deadlines.current()
        if running is not None and self.sock is not None:
            running.watch(self.sock)


def _connected(endpoint: Endpoint, timeout: Any, options: Sequence[Any]) -> socket.socket:
    sock = socket.socket(endpoint.family, socket.SOCK_STREAM)
    try:
        for option in options:
            sock.setsockopt(*option)
        sock.settimeout(Timeout.resolve_default_timeout(timeout))
        sock.connect(endpoint.address)
    except OSError:
        sock.close()
        raise
    return sock


def _pools(networks: tuple[IpNetwork, ...]) -> dict[str, type[HTTPConnectionPool]]:
    """urllib3 looks for its connection class on the pool class: a partner with its own ranges has its own."""

    class PlainConnection(_Checked):
        allowed = networks

    class TlsConnection(_Checked, HTTPSConnection):
        allowed = networks

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = TlsConnection

    return {"http": PlainPool, "https": TlsPool}
