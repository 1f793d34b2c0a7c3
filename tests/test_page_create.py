"""Making, changing and taking away servers on the page, in a real browser."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.axe import find_faults
from tests.browser import Visit, sign_in
from tests.game import remove_container
from tests.imitations import Made, ask_game
from tests.looks import IN_BOTH_LOOKS
from tests.panel import PASSWORD, Panel, find_free_port
from tests.test_create import hold
from tests.waiting import wait_until

SECRET = "admin-secret"
EXPECTED = "status of 409|status of 400"
NEEDED = {"en-US": "This is needed.", "ko-KR": "필수 항목입니다."}


@pytest.fixture
def open_page(visit: Visit, panel: Panel, made: Made) -> Callable[..., Page]:
    """Opens the panel as the admin."""

    def open_page(address: str, **options: Any) -> Page:
        page = visit(panel.url, **{"expected": EXPECTED, "timezone_id": "Asia/Seoul"} | options)
        sign_in(page, "admin", PASSWORD)
        expect(page.get_by_test_id("sign-out")).to_be_visible()
        page.evaluate(f"location.hash = {address!r}")
        return page

    return open_page


def create(panel: Panel, name: str, image: str) -> dict[str, int]:
    body: dict[str, Any] = {"name": name, "image": image, "admin_password": SECRET, "server_password": ""}
    # Those that panels side by side would propose are the same.
    body |= {"game_port": find_free_port(), "rest_port": find_free_port()}
    job = panel.call("POST", "/api/instances?wait=60", body).json()["job"]
    assert job["state"] == "succeeded"
    ports: dict[str, int] = job["result"]["ports"]
    ask_game(ports["rest_port"], SECRET)  # one that still starts does not hear that it is to end
    return ports


def fill_ports(page: Page) -> int:
    """Ports that nobody else has, whatever else runs on this host; returns the one of REST."""
    for field in ("game_port", "query_port"):
        page.get_by_test_id(f"create-{field}").fill(str(find_free_port()))
    rest_port = find_free_port()
    page.get_by_test_id("create-rest_port").fill(str(rest_port))
    return rest_port


@IN_BOTH_LOOKS
def test_a_form_makes_a_server(panel, images, made, open_page, say):
    """Free ports are shown, passwords are told once to be copied, and it leads on; all can read it."""
    page = open_page("#/create", permissions=["clipboard-read", "clipboard-write"])
    name = made.name()
    expect(page.get_by_test_id("create-time_zone")).to_have_value("Asia/Seoul")
    page.get_by_test_id("create-name").fill(name)
    page.get_by_test_id("create-server_name").fill("Pals 친구들")
    page.get_by_test_id("create-image").select_option(label=say("create.image.other"))
    page.get_by_test_id("create-own_image").fill(images.get("thijsvanloef"))
    page.get_by_test_id("create-environment").fill("COMMUNITY=false\n")
    for field in ("game_port", "query_port", "rest_port"):
        expect(page.get_by_test_id(f"create-{field}")).to_have_value("")
        expect(page.get_by_test_id(f"create-{field}")).to_have_attribute("placeholder", re.compile(r"^\d+$"))
    rest_port = fill_ports(page)
    page.get_by_test_id("create-submit").click()
    shown = page.get_by_test_id("secret-admin_password")
    expect(shown).to_be_visible()
    expect(page.get_by_test_id("secret-server_password")).to_be_visible()
    assert find_faults(page) == []
    page.get_by_test_id("copy-admin_password").click()
    expect(page.locator(".notices")).to_contain_text(say("create.copied"))
    assert page.evaluate("navigator.clipboard.readText()") == shown.inner_text()
    expect(page.get_by_test_id("create-open-server")).to_be_visible()
    assert find_faults(page) == []
    expect(page.get_by_test_id("create-made-ports")).to_contain_text(
        f"{say('create.rest_port')}: {rest_port}"
    )
    answer = ask_game(rest_port, shown.inner_text())
    assert (answer.status_code, answer.json()["servername"]) == (200, "Pals 친구들")
    page.get_by_test_id("create-open-server").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.evaluate("location.hash = '#/create'")
    expect(page.get_by_test_id("create-name")).to_have_value("")  # what is made is no draft any more
    assert "COMMUNITY=false" in made.client.api.inspect_container(name)["Config"]["Env"]


@IN_BOTH_LOOKS
def test_problems_stand_beside_their_fields(panel, images, made, open_page, say):
    """A port that is taken, and what cannot be written: each where it is, and the first one has the focus."""
    page = open_page("#/create")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("", 0))
        page.get_by_test_id("create-name").fill(made.name())
        fill_ports(page)
        page.get_by_test_id("create-game_port").fill(str(other.getsockname()[1]))
        page.get_by_test_id("create-submit").click()
        game_port = page.get_by_test_id("create-game_port")
        expect(game_port).to_have_attribute("aria-invalid", "true")
        expect(game_port).to_be_focused()
        expect(page.get_by_text(say("create.problem.port_in_use"))).to_be_visible()
    fill_ports(page)
    page.get_by_test_id("create-server_name").fill('a "name"')
    page.get_by_test_id("create-environment").fill("A B=c")
    page.get_by_test_id("create-submit").click()
    expect(page.get_by_test_id("create-server_name")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_test_id("create-environment")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_test_id("create-server_name")).to_be_focused()
    expect(page.get_by_text(say("create.problem.some", count=2))).to_be_visible()
    assert made.list_containers() == []


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("language", ["en-US", "ko-KR"])
def test_what_is_wrong_is_told_before_it_is_sent(panel, images, made, open_page, width, language):
    """All of it at once, in our words, and the first field is in sight with what is wrong with it."""
    page = open_page("#/create", viewport={"width": width, "height": 700}, locale=language)
    page.get_by_test_id("create-tag").fill("")
    page.get_by_test_id("create-max_players").fill("99")
    page.get_by_test_id("create-game_port").fill("70000")
    page.get_by_test_id("create-submit").click()
    for field in ("name", "tag", "max_players", "game_port"):
        expect(page.get_by_test_id(f"create-{field}")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("main [aria-invalid]")).to_have_count(4)
    name = page.get_by_test_id("create-name")
    expect(name).to_be_focused()
    expect(page.locator(".field", has=name).get_by_role("alert")).to_have_text(NEEDED[language])
    for part in ("main label[for='{}']", "#{}"):
        top = page.evaluate(
            "part => document.querySelector(part.replace('{}', document.activeElement.id))"
            ".getBoundingClientRect().top - document.querySelector('.head').getBoundingClientRect().bottom",
            part,
        )
        assert top >= 0
    name.fill("가나다")
    page.get_by_test_id("create-submit").click()
    expect(name).to_be_focused()
    expect(page.locator(".field", has=name).get_by_role("alert")).to_contain_text("2")
    assert made.list_containers() == []


def test_what_nobody_sees_is_not_checked(panel, images, made, open_page):
    """The version of an image that is not chosen any more does not stand in the way of another one."""
    page = open_page("#/create")
    page.get_by_test_id("create-tag").fill("")
    page.get_by_test_id("create-image").select_option(label="Another image …")
    page.get_by_test_id("create-submit").click()
    expect(page.locator("main [aria-invalid]")).to_have_count(2)
    expect(page.get_by_test_id("create-own_image")).to_have_attribute("aria-invalid", "true")


def test_what_was_filled_in_outlives_a_look_elsewhere(panel, images, made, open_page):
    """And a change of language; but not the one who signs out."""
    page = open_page("#/create")
    page.get_by_test_id("create-name").fill("half-done")
    page.get_by_test_id("create-tag").fill("v1.2")
    page.get_by_test_id("create-environment").fill("COMMUNITY=true")
    page.get_by_test_id("create-open").check()
    page.evaluate("location.hash = '#/'")
    expect(page.get_by_test_id("create-name")).to_have_count(0)
    page.evaluate("location.hash = '#/create'")
    page.get_by_test_id("language").select_option("한국어")
    expect(page.get_by_role("heading", name="서버 만들기")).to_be_visible()
    expect(page.get_by_test_id("create-name")).to_have_value("half-done")
    expect(page.get_by_test_id("create-tag")).to_have_value("v1.2")
    expect(page.get_by_test_id("create-environment")).to_have_value("COMMUNITY=true")
    expect(page.get_by_test_id("create-open")).to_be_checked()
    expect(page.get_by_test_id("create-server_password")).to_be_disabled()
    page.get_by_test_id("sign-out").click()
    sign_in(page, "admin", PASSWORD)
    expect(page.get_by_test_id("create-name")).to_have_value("")


@IN_BOTH_LOOKS
def test_who_cancels_is_back_at_the_list_and_nothing_is_kept(panel, images, made, open_page):
    page = open_page("#/create")
    page.get_by_test_id("create-name").fill("half-done")
    page.get_by_test_id("create-cancel").click()
    expect(page.get_by_test_id("create")).to_be_visible()
    page.get_by_test_id("create").click()
    expect(page.get_by_test_id("create-name")).to_have_value("")


@IN_BOTH_LOOKS
def test_a_failure_tells_why_and_leads_back(panel, made, open_page, say):
    """The job's own words, and the form again as it was filled in."""
    page = open_page("#/create")
    page.get_by_test_id("create-name").fill(made.name())
    page.get_by_test_id("create-image").select_option(label=say("create.image.other"))
    page.get_by_test_id("create-own_image").fill("127.0.0.1:9/nobody/has-this:1")
    page.get_by_test_id("create-saved_path").fill("/srv/Saved")
    fill_ports(page)
    page.get_by_test_id("create-submit").click()
    expect(page.get_by_test_id("create-progress")).to_contain_text(say("error.image_missing"))
    page.get_by_role("button", name=say("create.again")).click()
    expect(page.get_by_test_id("create-name")).to_have_value(made.name())
    expect(page.get_by_test_id("create-own_image")).to_have_value("127.0.0.1:9/nobody/has-this:1")
    expect(page.locator("main").get_by_text(say("error.image_missing"))).to_be_visible()


@IN_BOTH_LOOKS
def test_a_port_that_was_taken_at_the_last_moment_stands_out(panel, images, made, open_page, say):
    """Back in the form, beside its field; another one, and it is made. The ports that it got are told."""
    page = open_page("#/create")
    page.get_by_test_id("create-name").fill(made.name())
    page.get_by_test_id("create-image").select_option(label=say("create.image.other"))
    page.get_by_test_id("create-own_image").fill(images.get("official"))
    rest_port = fill_ports(page)
    with hold(rest_port):
        page.get_by_test_id("create-submit").click()
        page.get_by_test_id("create-again").click()
    expect(page.get_by_test_id("create-rest_port")).to_be_focused()
    expect(page.get_by_test_id("create-rest_port")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text(say("create.problem.port_in_use"))).to_be_visible()
    page.get_by_test_id("create-rest_port").fill("")
    page.get_by_test_id("create-submit").click()
    expect(page.get_by_test_id("create-made-ports")).to_contain_text(f"{say('create.rest_port')}: ")


@IN_BOTH_LOOKS
def test_another_server_s_port_is_told_by_its_name(panel, images, made, open_page, say):
    """In the reader's language, and not only that something has it."""
    ports = create(panel, made.name("one"), images.get("official"))
    page = open_page("#/create")
    page.get_by_test_id("create-name").fill(made.name("two"))
    page.get_by_test_id("create-game_port").fill(str(ports["game_port"]))
    page.get_by_test_id("create-submit").click()
    expect(page.get_by_text(say("create.problem.port_taken_by", who=made.name("one")))).to_be_visible()


@IN_BOTH_LOOKS
def test_a_change_is_shown_before_it_is_made(panel, images, made, open_page, say):
    """The difference stands in the question; confirmed, it is made."""
    create(panel, made.name(), images.get("thijsvanloef"))
    page = open_page(f"#/servers/{made.name()}/manage")
    expect(page.get_by_test_id("change-game_port")).not_to_have_value("")
    page.get_by_test_id("change-memory_limit_bytes").fill("1.5")
    page.get_by_test_id("change-environment").fill("COMMUNITY=true\nSOME_TOKEN=abc")
    page.get_by_test_id("change-submit").click()
    expect(page.get_by_test_id("change-memory_limit_bytes").last).to_be_visible()
    expect(page.get_by_test_id("change-compose")).to_have_count(0)
    row = say("manage.change.row", what="COMMUNITY", before=say("manage.change.none"), after="true")
    expect(page.get_by_test_id("change-environment.COMMUNITY")).to_have_text(row)
    expect(page.get_by_test_id("change-environment.SOME_TOKEN")).not_to_contain_text("abc")
    page.get_by_test_id("confirm").click()
    wait_until(
        lambda: (
            panel.get("/api/jobs?limit=1")["jobs"][0]["kind"] == "change"
            and panel.get("/api/jobs?limit=1")["jobs"][0]["state"] == "succeeded"
        ),
        "the change is made",
        60,
    )
    container = made.client.api.inspect_container(made.name())
    assert container["HostConfig"]["Memory"] == 3 * 2**29


@IN_BOTH_LOOKS
def test_a_change_that_the_compose_file_does_not_have_is_asked_about(panel, images, made, open_page, say):
    """The file stays as it is, and who goes by it would undo the change: that is said before it is made."""
    create(panel, made.name(), images.get("official"))
    page = open_page(f"#/servers/{made.name()}/manage")
    file = panel.folder / "server" / f"docker-compose-{made.name()}.yml"
    file.write_text("services: {}\n")
    page.get_by_test_id("change-memory_limit_bytes").fill("1.5")
    page.get_by_test_id("change-submit").click()
    expect(page.get_by_test_id("change-compose")).to_contain_text(
        say("manage.change.compose", name=made.name())
    )
    file.unlink()


@IN_BOTH_LOOKS
def test_a_world_is_deleted_only_by_who_types_its_name(panel, images, made, open_page):
    """Another word is refused by the form; the right one takes server and world away."""
    create(panel, made.name(), images.get("official"))
    page = open_page(f"#/servers/{made.name()}/manage")
    page.get_by_test_id("delete-delete").check()
    page.get_by_test_id("delete-submit").click()
    page.get_by_test_id("delete-name").fill("another")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_test_id("delete-name").fill(made.name())
    page.get_by_test_id("confirm").click()
    wait_until(lambda: made.list_volumes() == [], "the world is gone", 60)
    expect(page.get_by_test_id(f"instance-{made.name()}")).to_have_count(0)


@IN_BOTH_LOOKS
def test_a_server_is_cloned_and_its_compose_file_had(panel, images, made, open_page):
    """The clone appears in the list; the file is what the API hands out."""
    create(panel, made.name("one"), images.get("official"))
    page = open_page(f"#/servers/{made.name('one')}/manage")
    with page.expect_download() as download:
        page.get_by_test_id("compose").click()
    assert download.value.suggested_filename == f"docker-compose-{made.name('one')}.yml"
    page.get_by_test_id("clone-name").fill(made.name("two"))
    page.get_by_test_id("clone-submit").click()
    page.evaluate("location.hash = '#/'")
    expect(page.get_by_test_id(f"instance-{made.name('two')}")).to_be_visible(timeout=60_000)


def test_only_an_admin_may(panel, images, made, open_page):
    """An operator sees no such tab, and the address leads elsewhere."""
    create(panel, made.name(), images.get("official"))
    panel.add_user("olga", "operator")
    page = open_page("#/")
    page.get_by_test_id("sign-out").click()
    sign_in(page, "olga", PASSWORD)
    expect(page.get_by_test_id("sign-out")).to_be_visible()
    page.evaluate(f"location.hash = '#/servers/{made.name()}/manage'")
    expect(page.get_by_test_id("tab-jobs")).to_be_visible()
    expect(page.get_by_test_id("tab-manage")).to_have_count(0)
    expect(page.get_by_test_id("delete-submit")).to_have_count(0)


@pytest.mark.parametrize("language", ["en-US", "ko-KR"])
@pytest.mark.parametrize("width", [375, 1280])
def test_everything_fits_in_both_languages(panel, images, made, open_page, width, language):
    """No page scrolls sideways, each field has a label, and no key stands in the place of words."""
    if not panel.call("GET", f"/api/instances/{made.name()}").ok:
        create(panel, made.name(), images.get("official"))
    page = open_page("#/create", viewport={"width": width, "height": 800}, locale=language)
    expect(page.get_by_test_id("create-submit")).to_be_visible()
    for address, ready in (
        ("#/create", "create-submit"),
        (f"#/servers/{made.name()}/manage", "delete-submit"),
    ):
        page.evaluate(f"location.hash = {address!r}")
        expect(page.get_by_test_id(ready)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        unnamed = page.evaluate(
            "[...document.querySelectorAll('main :is(input, select, textarea)')]"
            ".filter((field) => field.labels.length === 0).length"
        )
        assert unnamed == 0
        words = page.locator("main").inner_text()
        assert not re.search(r"\b(create|manage|delete|clone)\.[a-z_]+", words)


@IN_BOTH_LOOKS
def test_a_server_without_its_container_is_started_again(panel, images, made, open_page, say):
    """The page says that a start makes it anew, asks for nothing that has no answer, and it comes back."""
    name = made.name()
    create(panel, name, images.get("official"))
    remove_container(made.client, name)
    wait_until(lambda: panel.get(f"/api/instances/{name}")["state"] == "missing", "it is missing")
    page = open_page(f"#/servers/{name}/settings")
    expect(page.get_by_text(say("settings.no_container.start"))).to_be_visible()
    page.get_by_test_id("vitals").get_by_test_id("action-start").click()
    expect(page.locator("[data-testid^=settings-group]").first).to_be_visible()
    assert made.list_containers() == [name]
