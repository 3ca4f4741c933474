"""The worker: claims lanes that are due and does their work, until it is told to stop.

Each message is delivered and acknowledged on its own. What a killed worker had claimed comes due again when
its lease ends, and is delivered again under the same delivery id.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import structlog

from gateway.delivery import reindex
from gateway.delivery.poll import lanes_of
from gateway.delivery.seal import KEY, SEAL
from gateway.delivery.shares import Shares
from gateway.delivery.verdict import Dead, any_chance, backoff_s, verdict
from gateway.delivery.workplace import LaneWork, Turn, Workplace
from gateway.errors import (
    DatabaseUnreachable,
    GatewayError,
    LeaseLost,
    PartnerError,
    PartnerUnavailable,
    VersionConflict,
)
from gateway.store import lanes
from gateway.store.lanes import Lease, Message

log = structlog.get_logger("gateway.worker")


class Worker:
    """Works the lanes of this gateway with `pace.threads` threads. Any number of workers may share a
    database.
    """

    def __init__(self, place: Workplace, works: Iterable[LaneWork]) -> None:
        self._place = place
        self._works: Mapping[str, LaneWork] = {work.name: work for work in works}
        self._stopping = threading.Event()
        self._shares = Shares(place.pace.threads)

    def run(self) -> None:
        """Works until `stop` is called; what is begun by then is finished first."""
        self._ensure_periodic_lanes()
        threads = [
            threading.Thread(target=self._work_until_stopped, name=f"lanes-{number}")
            for number in range(self._place.pace.threads)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def stop(self) -> None:
        """No further message is begun. Safe to call from a signal handler, and twice."""
        self._stopping.set()

    def work_once(self) -> bool:
        """One lane that is due is claimed and worked; False when there was none."""
        pace = self._place.pace
        ends = time.monotonic() + pace.lease_s
        with self._shares.claiming:
            with self._place.gateway.database.transaction(self._place.gateway.self_actor) as tx:
                claimed = lanes.claim(tx, limit=1, lease_s=pace.lease_s, destinations=self._destinations())
            for lease in claimed:
                self._shares.begin(_partner_of(lease))
        for lease in claimed:
            try:
                self._work(Turn(lease, ends))
            finally:
                self._shares.end(_partner_of(lease))
        return bool(claimed)

    def _ensure_periodic_lanes(self) -> None:
        gateway = self._place.gateway
        with gateway.database.transaction(gateway.self_actor) as tx:
            lanes.ensure_periodic(tx, SEAL, KEY, self._place.pace.seal_every_s)
            lanes.ensure_periodic(tx, reindex.REINDEX, reindex.KEY, self._place.pace.reindex_every_s)
            for name in self._place.systems:
                for destination, key, every_s in lanes_of(gateway.partners[name]):
                    lanes.ensure_periodic(tx, destination, key, every_s)

    def _destinations(self) -> list[str]:
        """Lanes of partners whose file is gone are left alone: they wait for the file, or for a person.

        So are those of a partner that has its share of the threads.
        """
        partners = [each for each in self._place.systems if self._shares.has_room(each)]
        plain = [name for name in self._works if name not in ("push", "poll", "referral")]
        named = [f"{name}:{each}" for name in ("push", "poll", "referral") for each in partners]
        return sorted(plain + named)

    def _work_until_stopped(self) -> None:
        while not self._stopping.is_set():
            try:
                is_busy = self.work_once()
            except (DatabaseUnreachable, VersionConflict) as error:
                log.warning("database away or busy", reason=str(error))
                is_busy = False
            except Exception as error:
                # Whatever it is, it may be mended; a thread that ended would never know.
                _tell("", error)
                is_busy = False
            if not is_busy:
                self._stopping.wait(self._place.pace.idle_s)

    def _work(self, turn: Turn) -> None:
        work = self._works[turn.lease.destination.partition(":")[0]]
        try:
            if work.run is not None:
                self._run(work, turn)
            else:
                self._deliver_all(work, turn)
        except LeaseLost as lost:
            # Another worker has the lane; what we sent carried the delivery id, so that it counts once.
            log.warning("lease lost", reason=str(lost))
        except (DatabaseUnreachable, VersionConflict) as error:
            # Nothing was written; the lane comes due again when the lease ends.
            log.warning("lane left until its lease ends", lane=turn.lease.destination, reason=str(error))

    def _deliver_all(self, work: LaneWork, turn: Turn) -> None:
        assert work.deliver is not None
        database, books = self._place.gateway.database, self._place.gateway.self_actor
        while not self._stopping.is_set() and turn.has_time_for_another(self._place.pace):
            with database.transaction(books) as tx:
                message = lanes.head(tx, turn.lease)
            if message is None:
                break
            try:
                with self._observed(turn.lease):
                    work.deliver(self._place, turn, message)
            except (LeaseLost, DatabaseUnreachable):
                raise
            except Exception as error:
                # A message that breaks the code must neither end the worker nor block its lane for ever.
                if self._judged(work, turn.lease, message, error):
                    return
        with database.transaction(books) as tx:
            lanes.release(tx, turn.lease)

    @contextmanager
    def _observed(self, lease: Lease) -> Iterator[None]:
        """Whether the partner answers is remembered, for its share of the threads."""
        began = time.monotonic()
        try:
            yield
        except PartnerUnavailable:
            self._shares.unavailable(_partner_of(lease), time.monotonic() - began)
            raise
        except PartnerError:
            self._shares.answered(_partner_of(lease))
            raise
        self._shares.answered(_partner_of(lease))

    def _judged(self, work: LaneWork, lease: Lease, message: Message, error: Exception) -> bool:
        """Writes down what becomes of the message; True when that ended the lease."""
        _tell(lease.destination, error)
        pace = self._place.pace
        claimed_at = lease.until - timedelta(
            seconds=pace.lease_s
        )  # by the database's clock, as enqueued_at is
        age_s = (claimed_at - message.enqueued_at).total_seconds()
        judged = verdict(error, attempts=message.attempts, age_s=age_s, pace=pace, chance=any_chance())
        gateway = self._place.gateway
        with gateway.database.transaction(gateway.self_actor) as tx:
            if isinstance(judged, Dead):
                lanes.dead_letter(tx, lease, message, judged.reason, work.owner)
                return False
            lanes.postpone(tx, lease, judged.delay_s, judged.reason)
            return True

    def _run(self, work: LaneWork, turn: Turn) -> None:
        assert work.run is not None
        database, books = self._place.gateway.database, self._place.gateway.self_actor
        try:
            with self._observed(turn.lease):
                work.run(self._place, turn)
        except (LeaseLost, DatabaseUnreachable):
            raise
        except Exception as error:
            # Periodic work comes round again by itself; a partner that stays away is asked ever more rarely.
            _tell(turn.lease.destination, error)
            every_s = float(turn.lease.every_s or 0)
            delay_s = every_s + min(backoff_s(turn.lease.attempts, self._place.pace, any_chance()), 60.0)
            with database.transaction(books) as tx:
                lanes.postpone(tx, turn.lease, delay_s, str(error) if isinstance(error, GatewayError) else "")
            return
        with database.transaction(books) as tx:
            lanes.release(tx, turn.lease)


def _partner_of(lease: Lease) -> str:
    """The partner's name; of lanes that concern none, nothing: their work is short."""
    return lease.destination.partition(":")[2]


def _tell(lane: str, error: Exception) -> None:
    """Says what failed, and for the unexpected where in the code: an exception's own words may quote a
    value.
    """
    if isinstance(error, GatewayError):
        log.warning("attempt failed", lane=lane, error=type(error).__name__, reason=error.message)
        return
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = [f"{frame.filename}:{frame.lineno}" for frame in frames]
    log.error("attempt broke", lane=lane, error=type(error).__name__, at=places)
