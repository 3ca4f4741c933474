"""The composition root: from settings to a gateway, and from a gateway to the web application and the worker.

The only file that knows every room, and the only one that builds the actor `gateway`.
"""

from __future__ import annotations

from flask import Flask

from gateway.access.actors import Actor
from gateway.acts.gateway import Gateway
from gateway.conformance.served_types import served_with
from gateway.delivery import Pace, Worker
from gateway.delivery import build_worker as worker_over
from gateway.errors import ConfigError, MappingError
from gateway.mapping import Mappings
from gateway.settings import Environment, Settings
from gateway.store import migrate
from gateway.store.database import Database
from gateway.store.embedded import EmbeddedServer
from gateway.web import GATEWAY, coordinator, doors, fhir_api, health, hooks, records_api, sign_in
from gateway.web.authentication import check_keys
from gateway.web.headers import harden_answers, limit_requests
from gateway.web.metrics import measure
from gateway.web.outcomes import translate_errors
from gateway.web.refusals import audit_refusals
from gateway.web.request_log import configure_logging, log_requests
from gateway.web.request_shape import refuse_misshapen_requests


def build_gateway(settings: Settings) -> Gateway:
    """The gateway these settings describe, its database reachable and up to date.

    An embedded database is started and migrated here. One that the settings name is only looked at:
    ConfigError when it is behind (`care-gateway database upgrade` is the operator's decision),
    DatabaseUnreachable when it is away. Rule files that are wrong are told before a database is touched.
    """
    mappings = _mappings(settings)
    return Gateway(
        database=_database(settings),
        mappings=mappings,
        partners={partner.name: partner for partner in settings.partners},
        self_actor=Actor.gateway(),
        public_url=settings.public_url,
        secrets=settings.secret_at,
        served=served_with(settings.fhir_types),
        require_if_match=settings.require_if_match,
    )


def build_worker(settings: Settings, pace: Pace | None = None) -> Worker:
    """The worker of one process, over a gateway built from the settings.

    Raises ConfigError when a secret that a partner's file refers to is missing.
    """
    development = settings.environment is Environment.DEVELOPMENT
    return worker_over(build_gateway(settings), settings.secret_at, development=development, pace=pace)


def create_app(settings: Settings, gateway: Gateway | None = None) -> Flask:
    """The web application over `gateway`, or over one built from the settings.

    Raises ConfigError when a route declares no door (gateway/web/doors.py), and when a route of the FHIR API
    or a type that it serves has no policy (gateway/access/policy.py).
    """
    app = Flask("gateway.web", static_folder=None)
    production = settings.environment is Environment.PRODUCTION
    app.extensions[GATEWAY] = gateway = gateway or build_gateway(settings)
    app.secret_key = settings.secret("web-session")
    app.url_map.strict_slashes = (
        False  # a redirect would repeat the address, and addresses can hold identifiers
    )
    app.url_map.merge_slashes = False

    # What runs first is written first; after a view the order is the other way round, so the log sees the
    # last word.
    log_requests(app)
    measure(app)
    harden_answers(app, production=production)
    limit_requests(app, public_url=settings.public_url, production=production)
    check_keys(app)
    audit_refusals(app)
    refuse_misshapen_requests(app)
    app.register_blueprint(health.blueprint())
    app.register_blueprint(fhir_api.blueprint(gateway))
    records_api.register(app, gateway)
    app.register_blueprint(hooks.blueprint(gateway))
    coordinator.register(app, gateway)
    if not production:
        app.register_blueprint(sign_in.blueprint(gateway))
    translate_errors(app)
    doors.refuse_undeclared(app)
    fhir_api.refuse_undeclared(app, gateway)
    return app


def application() -> Flask:
    """What a WSGI server loads in each of its processes: the application of this process's environment."""
    configure_logging()
    return create_app(Settings.load())


def _mappings(settings: Settings) -> Mappings:
    """The rule files, and those of every partner with its overlays, all of them in order.

    Raises ConfigError with every problem of the first that is not: it does not start to map wrongly.
    """
    try:
        maps = Mappings.load()
        for partner in settings.partners:
            maps.with_overlays(partner.overlays)
    except MappingError as error:
        raise ConfigError(str(error)) from error
    return maps


def _database(settings: Settings) -> Database:
    if settings.database_url is not None:
        database = Database.connect(settings.database_url)
        migrate.ensure_current(database)
        return database
    database = Database.embedded(EmbeddedServer(settings.var))
    migrate.upgrade(database)
    return database
