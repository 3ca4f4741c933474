"""The first two pages: only for who is signed in, every source named, nothing executable from a record."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.unit.web.conftest import Knock

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def screen(app: Flask) -> FlaskClient:
    """A browser in which the demonstration's coordinator has signed in."""
    browser = app.test_client()
    form = browser.get("/sign-in").text
    [token] = re.findall(r'name="csrf_token" value="([^"]+)"', form)
    assert browser.post("/sign-in", data={"csrf_token": token}).status_code == 302
    return browser


@pytest.fixture
def person(knock: Knock) -> str:
    """A person whose name and plan try to be more than text."""
    api = knock("coordinator")
    made = api.post(
        "/api/people", json={"names": [{"family": HOSTILE, "given": ["Ada"]}], "birth_date": "1938"}
    )
    assert made.status_code == 201, made.text
    plan = {"person": made.json["id"], "status": "active", "intent": "plan", "title": HOSTILE}  # type: ignore[index]
    assert api.post("/api/care-plans", json=plan).status_code == 201
    return str(made.json["id"])  # type: ignore[index]


@pytest.mark.parametrize("address", ["/", "/people/8b0a7a3e-0000-4000-8000-000000000000"])
def test_nobody_sees_a_page_without_signing_in(nobody: FlaskClient, address: str) -> None:
    answer = nobody.get(address)

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in"


def test_the_list_shows_people_and_leads_to_their_records(screen: FlaskClient, person: str) -> None:
    page = screen.get("/").text

    assert f'href="/people/{person}"' in page
    assert re.search(r"1938 \(\d+y or \d+y\)", page)


def test_a_record_names_the_source_of_every_item(screen: FlaskClient, person: str) -> None:
    page = screen.get(f"/people/{person}").text

    assert page.count('<article class="care-item">') == page.count("Source: Entered here") == 1
    assert "No referral yet." in page


def test_nothing_in_a_record_is_run_as_code(screen: FlaskClient, person: str) -> None:
    page = screen.get(f"/people/{person}").text

    assert "&lt;script&gt;alert(1)" in page
    assert HOSTILE not in page


def test_a_page_allows_only_our_own_code(screen: FlaskClient) -> None:
    first, second = (screen.get("/").headers["Content-Security-Policy"] for _ in range(2))

    assert "default-src 'none'" in first
    assert "unsafe" not in first
    assert first != second, "every page has a nonce of its own"


def test_a_person_nobody_knows_is_a_page_that_says_so(screen: FlaskClient) -> None:
    answer = screen.get("/people/8b0a7a3e-0000-4000-8000-000000000000")

    assert answer.status_code == 404
    assert "<h1>This page does not exist</h1>" in answer.text


def test_a_form_that_is_not_ours_opens_no_session(app: Flask) -> None:
    browser = app.test_client()

    assert browser.post("/sign-in").status_code == 400
    assert browser.get("/").status_code == 302


def test_signing_out_ends_the_session_in_the_store(screen: FlaskClient) -> None:
    cookie = screen.get_cookie("care_gateway_session")
    assert cookie is not None
    [token] = re.findall(r'name="csrf_token" value="([^"]+)"', screen.get("/").text)
    screen.post("/sign-out", data={"csrf_token": token})
    screen.set_cookie("care_gateway_session", cookie.value)

    assert screen.get("/").status_code == 302


def test_the_demo_sign_in_answers_only_this_machine(app: Flask) -> None:
    answer = app.test_client().get("/sign-in", environ_base={"REMOTE_ADDR": "192.0.2.7"})

    assert answer.status_code == 403


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(app: Flask) -> None:
    browser = app.test_client()
    [token] = re.findall(r'name="csrf_token" value="([^"]+)"', browser.get("/sign-in").text)
    cookies = browser.post("/sign-in", data={"csrf_token": token}).headers.getlist("Set-Cookie")
    [session] = [cookie for cookie in cookies if cookie.startswith("care_gateway_session=")]

    assert "HttpOnly" in session
    assert "SameSite=Lax" in session


def test_the_style_sheet_and_script_come_from_here(screen: FlaskClient) -> None:
    page = screen.get("/").text

    for address in re.findall(r'(?:href|src)="([^"]+)"', page):
        assert address.startswith(("/", "#")), address
    with screen.get("/static/care-gateway.css") as style:
        assert style.status_code == 200
