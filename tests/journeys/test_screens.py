"""A coordinator in a real browser: signs in, finds Ada, reads where each fact comes from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request

from gateway.access.actors import Actor, ActorKind
from gateway.acts.gateway import Gateway
from gateway.acts.write_record import create_record
from gateway.records import RECORDS

WIDTHS = (1280, 320)
# WCAG 2.2 AA needs its tag by name: axe leaves target size out otherwise.
RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}

pytestmark = pytest.mark.browser


@pytest.fixture
def ada(gateway: Gateway) -> str:
    """A person with a plan, a goal, a team and a referral, entered here."""
    amina = Actor(ActorKind.COORDINATOR, "amina", "here")

    def enter(kind: str, **fields: object) -> str:
        return create_record(gateway, amina, RECORDS[kind], fields).record["id"]

    name = {"use": "official", "family": "Okafor", "given": ["Ada"], "prefix": ["Mrs"]}
    person = enter("person", names=[name], birth_date="1941-03-03")
    activity = {"id": "walk", "title": "Walk every day", "status": "in-progress"}
    enter(
        "care_plan",
        person=person,
        status="active",
        intent="plan",
        title="Home after a broken hip",
        activities=[activity],
    )
    target = {"measure": "Distance", "value": 400, "unit": "m", "due_on": "2027-03-01"}
    enter("goal", person=person, status="active", description="Walk to church on Sundays", targets=[target])
    enter("care_team", person=person, status="active", name="Ada's team", members=[{"role_text": "Daughter"}])
    enter("referral", person=person, service_text="Somebody to walk with", priority="routine")
    return person


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A fresh browser window that fails the test on a request to elsewhere or a script error."""
    window = browser.new_page()
    troubles: list[str] = []

    def only_here(request: Request) -> None:
        if not request.url.startswith(site):
            troubles.append(f"asked {request.url}")

    window.on("request", only_here)
    window.on("pageerror", lambda error: troubles.append(str(error)))
    window.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    yield window
    window.close()

    assert troubles == []


def test_a_coordinator_signs_in_and_reads_adas_record(page: Page, site: str, ada: str) -> None:
    page.goto(site)
    page.get_by_role("button", name="Continue as").click()
    page.get_by_role("link", name="OKAFOR, Ada (Mrs)").click()

    assert page.url == f"{site}/people/{ada}"
    for heading in (
        "Home after a broken hip",
        "Walk to church on Sundays",
        "Ada's team",
        "Somebody to walk with",
    ):
        item = page.locator("article", has=page.get_by_role("heading", name=heading))
        assert "Source: Entered here" in item.inner_text()


def test_a_journey_needs_no_mouse(page: Page, site: str, ada: str) -> None:
    page.goto(site)
    page.get_by_role("button", name="Continue as").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="OKAFOR, Ada (Mrs)").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/people/{ada}")

    assert page.get_by_role("heading", level=1).inner_text() == "OKAFOR, Ada (Mrs)"


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_are_accessible_and_fit_the_window(page: Page, site: str, ada: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site}/sign-in")
    _assert_good(page, width)
    page.get_by_role("button", name="Continue as").click()
    for address in ("/", f"/people/{ada}"):
        page.goto(site + address)
        _assert_good(page, width)


def test_the_pages_work_without_javascript(browser: Browser, site: str, ada: str) -> None:
    window = browser.new_page(java_script_enabled=False)
    window.goto(site)
    window.get_by_role("button", name="Continue as").click()
    window.get_by_role("link", name="OKAFOR, Ada (Mrs)").click()
    shown = window.get_by_role("heading", level=1).inner_text()
    window.close()

    assert shown == "OKAFOR, Ada (Mrs)"


def _assert_good(page: Page, width: int) -> None:
    found = Axe().run(page, options=RULES).response["violations"]

    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_description_of_the_records_api_fits_a_narrow_window(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 320, "height": 900})
    page.goto(f"{site}/api/docs")

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
