"""How many of a worker's threads a partner may hold."""

from __future__ import annotations

from gateway.delivery.shares import SLOW_S, Shares


def held_until_full(shares: Shares, partner: str) -> int:
    held = 0
    while shares.has_room(partner):
        shares.begin(partner)
        held += 1
    return held


def test_no_partner_has_all_threads_and_what_it_gives_back_is_free_again() -> None:
    shares = Shares(4)
    assert held_until_full(shares, "northside") == 3
    assert held_until_full(shares, "st-annes") == 3

    shares.end("northside")
    assert held_until_full(shares, "northside") == 1


def test_a_partner_that_hangs_has_one_until_it_answers() -> None:
    shares = Shares(4)
    shares.unavailable("northside", SLOW_S + 1)
    assert held_until_full(shares, "northside") == 1

    shares.answered("northside")
    assert held_until_full(shares, "northside") == 2


def test_one_that_fails_at_once_keeps_its_share() -> None:
    shares = Shares(4)
    shares.unavailable("northside", 0.01)
    assert held_until_full(shares, "northside") == 3


def test_a_worker_of_one_thread_serves_everybody() -> None:
    shares = Shares(1)
    shares.unavailable("northside", SLOW_S + 1)
    assert (held_until_full(shares, "northside"), held_until_full(shares, "st-annes")) == (1, 1)
