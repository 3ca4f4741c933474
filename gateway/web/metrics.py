"""/metrics: counts and durations for Prometheus, by route template. No identifier is ever a label.

With several web processes set PROMETHEUS_MULTIPROC_DIR to an empty folder that they share, else each scrape
shows the process that happened to answer. https://prometheus.github.io/client_python/multiprocess/
"""

from __future__ import annotations

import os
import time
from typing import Final

from flask import Blueprint, Flask, Response, g
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from gateway.web import doors
from gateway.web.doors import Door
from gateway.web.request_log import method_name, route_template

_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


def measure(app: Flask) -> None:
    """Every request to `app` is counted and timed, and /metrics shows it; each application for itself."""
    registry = CollectorRegistry()
    answered = Counter(
        "care_gateway_requests", "Requests answered.", ("method", "route", "status"), registry=registry
    )
    seconds = Histogram(
        "care_gateway_request_seconds",
        "Time to answer a request.",
        ("route",),
        buckets=_BUCKETS_S,
        registry=registry,
    )

    def _count(response: Response) -> Response:
        answered.labels(method_name(), route_template(), str(response.status_code)).inc()
        seconds.labels(route_template()).observe(time.perf_counter() - g.started)
        return response

    def _metrics() -> Response:
        return Response(generate_latest(_shared() or registry), content_type=CONTENT_TYPE_LATEST)

    app.after_request(_count)
    metrics = Blueprint("metrics", __name__)
    metrics.add_url_rule("/metrics", "metrics", _metrics)
    doors.declare(metrics, Door.OPEN)
    app.register_blueprint(metrics)


def _shared() -> CollectorRegistry | None:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return None
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped
    return registry
