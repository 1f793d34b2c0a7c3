"""The backups of a server and its jobs in a real browser, used as a person uses them."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from playwright.sync_api import Locator, Page, expect

from palserver.services.backups.reasons import BROKEN_SAVE, KEYS
from palserver.services.jobs.outcomes import SENTENCES
from palserver.web.page import FOLDER
from tests.axe import find_faults
from tests.browser import Visit, sign_in
from tests.game import Game
from tests.looks import DESK, FOUR_LOOKS, IN_BOTH_LOOKS, PHONE, Look
from tests.panel import PASSWORD, Panel
from tests.restored import ID, SPAN, Restored, list_announcements, live_on
from tests.saved_trees import Found, read_day
from tests.test_page_names import LOOK, NAMES
from tests.waiting import wait_until

OpenPage = Callable[..., Page]
Words = Callable[..., str]

HOSTILE = '<img src=x onerror="document.title=1"> \u202eback \U0001f98a ' + "길고 긴 메모 " * 35


@pytest.fixture
def open_page(visit: Visit) -> OpenPage:
    """Signs a visitor in and shows the backups of a server."""

    def open_page(
        panel: Panel,
        game: Game,
        look: Look = DESK,
        username: str = "admin",
        expected: str = "$^",
    ) -> Page:
        page = visit(panel.url, expected=expected, **look.options)
        sign_in(page, username, PASSWORD)
        expect(page.get_by_test_id("sign-out")).to_be_visible()
        page.goto(f"{panel.url}/#/servers/{game.name}")
        page.get_by_test_id("tab-backups").click()
        return page

    return open_page


@pytest.fixture
def restored(panel: Panel, make_game: Callable[..., Game]) -> Restored:
    """A server that a panel looks after, with a backup of day 5, on which it is day 9."""
    restored = Restored(panel, make_game(environment=SPAN).start())
    restored.adopt()
    return restored


@pytest.fixture
def adopted(panel: Panel, make_game: Callable[..., Game]) -> Game:
    """A running game without any backup."""
    game = make_game(environment=SPAN).start()
    panel.adopt(game.name)
    return game


def open_backup(page: Page, backup_id: str = ID) -> Locator:
    """Open one in the list; returns what is then shown of it."""
    page.get_by_test_id(f"backup-{backup_id}").click()
    details = page.locator(".backup-details")
    expect(details).to_be_visible()
    return details


def row_of(page: Page, backup_id: str) -> Locator:
    return page.get_by_test_id("backup").filter(has=page.get_by_test_id(f"backup-{backup_id}"))


def check_width(page: Page) -> None:
    """Nothing sticks out at the side."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def list_backups(panel: Panel, game: Game) -> list[Any]:
    backups: list[Any] = panel.get(f"/api/instances/{game.name}/backups")["backups"]
    return backups


@pytest.mark.parametrize("look", FOUR_LOOKS, ids=str)
def test_the_first_backup_is_made_with_a_note_of_any_kind(open_page, panel, adopted, look):
    """The empty list says what to do; what was made shows by itself, and the note is nothing but text."""
    say = look.say
    page = open_page(panel, adopted, look)
    expect(page.get_by_text(say("backup.empty.make"))).to_be_visible()
    page.get_by_test_id("backup-note").fill(HOSTILE)
    page.get_by_test_id("action-backup").click()
    row = page.get_by_test_id("backup")
    expect(row).to_contain_text(say("backup.kind.manual"))
    (made,) = list_backups(panel, adopted)
    assert made["note"] == HOSTILE[:300].strip()
    expect(row.locator(".backup-note")).to_have_text(made["note"])
    expect(page.get_by_text(say("backup.empty.make"))).to_be_hidden()
    check_width(page)
    expect(open_backup(page, made["id"])).to_contain_text(made["sha256"])
    check_width(page)
    page.get_by_test_id("tab-jobs").click()
    job = page.get_by_test_id("job")
    expect(job.locator(".about")).to_have_text(made["note"])
    expect(job.locator(".state")).to_have_text(say("job.state.succeeded"))
    check_width(page)
    job.get_by_test_id("job-backup").click()
    expect(page.locator(".backup-details")).to_contain_text(made["sha256"])
    expect(page.locator("main img")).to_have_count(0)
    assert page.title() == f"{adopted.name} · PalServer"


@IN_BOTH_LOOKS
def test_a_world_is_compared_and_restored(open_page, restored, look):
    """What changes is told in words, the question says who is disconnected, and the job is found again."""
    say = look.say
    panel, game = restored.panel, restored.game
    game.join("Mia")
    live_on(game, 9)
    page = open_page(panel, game, look)
    expect(page.locator(".figure.players .value")).to_have_text("1")
    details = open_backup(page)
    details.get_by_test_id("backup-order-preview").click()
    expect(details.locator(".changes")).to_contain_text(say("restore.part.world"))
    expect(details.locator(".bad")).to_contain_text("1")
    check_width(page)
    details.get_by_test_id("restore").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text(
        re.compile("1 player is on it and will be disconnected|접속 중인 1명의 연결이 끊깁니다")
    )
    expect(question.locator(".steps li")).to_have_count(4)
    question.get_by_label(say("confirm.wait")).select_option("10")  # in which one has a look around
    page.get_by_test_id("confirm").click()
    job = page.get_by_test_id("job").first
    expect(job).to_contain_text(say("job.kind.restore"))
    page.get_by_test_id("tab-backups").click()
    expect(page.locator(".backups-tab .job")).to_contain_text(say("job.kind.restore"))
    page.get_by_test_id("tab-jobs").click()
    expect(job.locator(".state")).to_have_text(say("job.state.succeeded"))
    assert read_day(game) == 5
    copies = [backup["kind"] for backup in list_backups(panel, game)]
    assert "pre_restore" in copies
    job.get_by_test_id("job-backup").click()
    expect(page.get_by_test_id("backup")).to_have_count(len(copies))
    expect(page.get_by_text(say("backup.kind.pre_restore"))).to_be_visible()


@IN_BOTH_LOOKS
def test_who_would_lose_a_character_is_named(open_page, panel, make_game, look):
    """As the game called them, whatever that is; by an id only where no name is known or can be seen."""
    restored = Restored(panel, make_game(environment=SPAN).start())
    game = restored.game
    ids = {what: game.join(name)["playerId"] for what, name in NAMES.items()}
    game.join("unseen", loading=True)
    live_on(game, 9)
    restored.adopt()
    preview = f"{restored.path}/backups/{ID}/preview"
    wait_until(lambda: any(player["name"] for player in panel.get(preview)["players"]), "names are known", 60)
    names = {ids[what]: name for what, name in NAMES.items() if what not in ("empty", "nothing to see")}
    (unknown,) = {each["player_uid"] for each in panel.get(preview)["players"]} - set(ids.values())
    page = open_page(panel, game, look)
    details = open_backup(page)
    details.get_by_test_id("backup-order-preview").click()
    blank = {unknown, ids["empty"], ids["nothing to see"]}
    check_names(details.locator(".changes > div").last, names, blank)
    details.get_by_test_id("restore").click()
    check_names(page.get_by_role("dialog"), names, blank)
    page.keyboard.press("Escape")


def check_names(place: Locator, names: dict[str, str], blank: set[str]) -> None:
    """Each is told once, the long ones cut, stays in its place and turns nothing else."""
    told, page = place.locator(".named-players li"), place.page
    expect(told).to_have_count(len(names) + len(blank))
    by_ids = {
        each.get_attribute("title"): each.text_content() for each in told.and_(page.locator("[title]")).all()
    }
    assert by_ids == {uid: name if len(name) <= 80 else f"{name[:80]}…" for uid, name in names.items()}
    assert {each.text_content() for each in told.and_(page.locator(".code")).all()} == blank
    assert place.evaluate("(place) => place.scrollWidth <= place.clientWidth")
    assert page.evaluate(LOOK) == []
    assert find_faults(page) == []
    check_width(page)


def test_nobody_is_named_while_no_name_is_known(open_page, panel, make_game):
    """Who would lose a character is told by id, the first of many; the others are counted, as ever."""
    game = make_game(environment=SPAN).start()
    game.join("there from the beginning", loading=True)
    restored = Restored(panel, game)
    for number in range(14):
        game.join(f"there since {number}", loading=True)
    live_on(game, 9)
    restored.adopt()
    details = open_backup(open_page(panel, game))
    details.get_by_test_id("backup-order-preview").click()
    expect(details.locator(".changes > div")).to_have_count(2)
    changed, removed = details.locator(".changes > div").all()
    expect(changed).to_contain_text("the world and 1 player")
    expect(changed.locator(".named-players")).to_have_count(0)
    expect(removed).to_contain_text("14 players")
    expect(removed.locator(".named-players li")).to_have_text(
        [re.compile("^[0-9A-F]{32}$")] * 12 + ["and 2 more"]
    )


def test_what_somebody_else_does_shows_by_itself(open_page, panel, adopted):
    """The list is asked for again when a job has ended, and not otherwise."""
    page = open_page(panel, adopted)
    expect(page.get_by_text("No backups yet.")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for count in (1, 2):
        panel.run_job(f"/api/instances/{adopted.name}/backup", {"note": f"number {count}"})
        expect(page.get_by_text(f"number {count}")).to_be_visible()
        expect(page.get_by_test_id("backup")).to_have_count(count)
    assert [url.rpartition("/")[2] for url in asked] == ["rollback", "versions", "backups"] * 2


def test_a_backup_is_checked_pinned_noted_and_removed(open_page, restored):
    """Each shows at once; a pinned one says why it cannot be removed, and a question comes before it is."""
    page = open_page(restored.panel, restored.game)
    row, details = page.get_by_test_id("backup"), open_backup(page)
    expect(row.locator(".condition")).to_have_text("Whole when made")
    details.get_by_test_id("backup-order-verify").click()
    expect(row.locator(".condition")).to_contain_text("Whole, checked")
    expect(page.get_by_text("Check of a backup of")).to_be_visible()

    remove, pin = (details.get_by_test_id(f"backup-order-{order}") for order in ("delete", "pin"))
    pin.click()
    expect(row.get_by_text("Pinned")).to_be_visible()
    expect(details).to_contain_text("Unpin it to delete it.")
    expect(remove).to_be_disabled()

    details.get_by_test_id("backup-order-note").click()
    details.get_by_test_id("note").fill("before the raid")
    page.keyboard.press("Enter")
    expect(details.locator(".backup-facts .fact-note")).to_contain_text("before the raid")
    (kept,) = list_backups(restored.panel, restored.game)
    assert (kept["pinned"], kept["note"]) == (True, "before the raid")

    pin.click()
    expect(row.get_by_text("Pinned")).to_be_hidden()
    remove.click()
    expect(page.get_by_role("dialog")).to_contain_text("before the raid")
    page.keyboard.press("Escape")
    expect(row).to_have_count(1)
    remove.click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_text("No backups yet.")).to_be_visible()
    assert list_backups(restored.panel, restored.game) == []


def test_a_broken_backup_is_called_so_wherever_it_is_seen(open_page, restored):
    """The job says why it failed and what to do, in Korean; the list says it, and so does the question."""
    (archive,) = restored.backups.glob("*.tar.gz")
    content = archive.read_bytes()
    archive.write_bytes(content[:-40] + bytes(40))
    page = open_page(restored.panel, restored.game, PHONE)
    details, say = open_backup(page), PHONE.say
    details.get_by_test_id("backup-order-verify").click()
    expect(page.get_by_test_id("backup").locator(".condition")).to_have_text(say("backup.condition.broken"))
    expect(details).to_contain_text(say("backup.reason.not_as_written"))
    details.get_by_test_id("backup-order-preview").click()
    details.get_by_test_id("restore").click()
    expect(page.get_by_role("dialog")).to_contain_text(say("backup.reason.not_as_written"))
    page.get_by_test_id("confirm").click()
    job = page.get_by_test_id("job").first
    expect(job.locator(".why")).to_have_text(say("error.archive_broken"))
    expect(job.locator(".advice")).to_have_text(say("job.advice.archive_broken"))
    assert read_day(restored.game) == 9
    restored.check_whole()


def test_a_backup_is_downloaded(open_page, restored, tmp_path):
    """What the browser saves is the archive, byte for byte."""
    page = open_page(restored.panel, restored.game)
    details = open_backup(page)
    with page.expect_download() as started:
        details.get_by_test_id("backup-order-download").click()
    saved = tmp_path / started.value.suggested_filename
    started.value.save_as(saved)
    (backup,) = list_backups(restored.panel, restored.game)
    assert saved.name == f"{restored.game.name}-{ID}.tar.gz"
    assert hashlib.sha256(saved.read_bytes()).hexdigest() == backup["sha256"]


def test_the_manifest_is_saved_too(open_page, restored, tmp_path):
    """What is known of each file comes under a name that says of what it is."""
    details = open_backup(open_page(restored.panel, restored.game))
    with details.page.expect_download() as started:
        details.get_by_test_id("backup-order-manifest").click()
    started.value.save_as(tmp_path / "saved.json")
    assert started.value.suggested_filename == f"{restored.game.name}-{ID}.json"
    kept = json.loads((restored.backups / f"{ID}.json").read_text("utf-8"))
    assert json.loads((tmp_path / "saved.json").read_text("utf-8")) == kept


def test_what_an_operator_s_own_script_left_can_do_what_the_server_says(open_page, panel, adopted):
    """All that is possible is offered, nothing that would be refused; a size that nobody knows is no 0."""
    folder = panel.folder / "server" / "backup"
    (folder / f"{adopted.name}-20260101").mkdir(parents=True)
    archive = folder / f"{adopted.name}-20260102.tar.gz"
    archive.write_bytes(bytes(5120))
    world = folder / f"{adopted.name}-20260103"
    make_bottomless(world / adopted.name / "SaveGames")
    page = open_page(panel, adopted)
    expect(page.get_by_text("3 backups, at least 5 KiB in all")).to_be_visible()
    for name, condition, words, orders in (
        (f"{adopted.name}-20260101", "Unknown", "finds no save folder in it", ["Delete"]),
        (archive.name, "Unknown", "only be downloaded or deleted", ["Download", "Delete"]),
        (
            world.name,
            "Not checked yet",
            "can be checked and restored",
            ["Restore …", "Check", "Download", "Delete"],
        ),
    ):
        expect(row_of(page, name).locator(".condition")).to_have_text(condition)
        details = open_backup(page, name)
        expect(details.locator(".fact-origin")).to_contain_text(words)
        assert details.locator(".backup-orders button:visible").all_inner_texts() == orders
        page.get_by_test_id(f"backup-{name}").click()
    assert {backup["size_bytes"] for backup in list_backups(panel, adopted)} == {0, 5120, None}
    expect(row_of(page, world.name).locator(".size")).to_have_text("\N{EN DASH}")


def make_bottomless(folder: Path) -> None:
    """So deep that nobody can tell its size by names, root included."""
    folder.mkdir(parents=True)
    here = os.open(folder, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("deep" * 60, dir_fd=here)
        here, above = os.open("deep" * 60, os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(here)


@IN_BOTH_LOOKS
def test_a_folder_by_an_operator_s_own_script_is_used_like_a_backup(open_page, restored, look):
    """Checked, compared and restored; it is deleted only after two questions, and then it is gone."""
    say, game = look.say, restored.game
    live_on(game, 9)
    name = f"{game.name}-20260103-0430"
    folder = restored.panel.folder / "server" / "backup" / name
    keep_folder(folder / game.name, restored.tree)
    page = open_page(restored.panel, game, look)
    row = row_of(page, name)
    expect(row.locator(".condition")).to_have_text(say("backup.condition.unread"))
    details = open_backup(page, name)
    details.get_by_test_id("backup-order-verify").click()
    expect(row.locator(".condition")).to_contain_text(re.compile("^Checked|검사$"))
    check_width(page)

    details.get_by_test_id("backup-order-preview").click()
    expect(details.locator(".changes")).to_contain_text(say("restore.part.world"))
    assert find_faults(page) == []
    details.get_by_test_id("restore").click()
    assert find_faults(page) == []
    page.get_by_test_id("confirm").click()
    job = page.get_by_test_id("job").first
    expect(job.locator(".state")).to_have_text(say("job.state.succeeded"))
    expect(job.locator(".outcome")).to_contain_text(name)
    assert read_day(game) == 5
    restored.check_whole()

    page.get_by_test_id("tab-backups").click()
    question, confirm = page.get_by_role("dialog"), page.get_by_test_id("confirm")
    open_backup(page, name).get_by_test_id("backup-order-delete").click()
    expect(question.locator(".bad")).to_have_text(say("backup.delete.foreign", name=name))
    confirm.click()
    expect(question).to_contain_text(say("backup.delete.again.what"))
    check_width(page)
    assert find_faults(page) == []
    page.keyboard.press("Enter")  # the answer that is at hand is a no
    expect(question).to_be_hidden()
    assert folder.is_dir()
    page.get_by_test_id("backup-order-delete").click()
    confirm.click()
    expect(question).to_contain_text(say("backup.delete.again.what"))
    confirm.click()
    expect(row).to_have_count(0)
    assert not folder.exists()


def keep_folder(folder: Path, tree: dict[str, Found]) -> None:
    """As the old backup.sh leaves it: a copy of the save folder."""
    for name, found in tree.items():
        path = folder / name.removeprefix("Saved/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(found.content)


def test_a_changed_folder_is_called_broken(open_page, restored):
    """Once it has been read, a change in it is noticed; the list says so, and the check's output where."""
    game = restored.game
    name = f"{game.name}-20260103-0430"
    folder = restored.panel.folder / "server" / "backup" / name
    keep_folder(folder / game.name, restored.tree)
    restored.panel.run_job(f"{restored.path}/backups/{name}/verify")
    (level,) = folder.rglob("Level.sav")
    level.write_bytes(level.read_bytes()[:-1])
    page = open_page(restored.panel, game, FOUR_LOOKS[2])
    details, say = open_backup(page, name), FOUR_LOOKS[2].say
    details.get_by_test_id("backup-order-verify").click()
    expect(details.locator(".fact-reason")).to_contain_text(say("backup.reason.not_as_written"))
    expect(row_of(page, name).locator(".condition")).to_have_text(say("backup.condition.broken"))


def test_a_viewer_sees_and_changes_nothing(open_page, restored):
    """The list and the comparison are there; what would change something is not."""
    restored.panel.add_user("vera", "viewer")
    page = open_page(restored.panel, restored.game, username="vera")
    details = open_backup(page)
    details.get_by_test_id("backup-order-preview").click()
    expect(details.locator(".changes")).to_contain_text("the world")
    orders = page.locator(".backups-tab button:visible:not(.opener)")
    assert orders.all_inner_texts() == ["Preview a restore", "Download the list of files"]
    expect(page.locator(".backups-tab input")).to_have_count(0)


@IN_BOTH_LOOKS
def test_the_overview_tells_of_the_last_backup_and_leads_on(open_page, panel, adopted, look):
    """One button makes one and shows it on its tab, where all else about backups and versions is."""
    say = look.say
    page = open_page(panel, adopted, look)
    page.get_by_test_id("tab-overview").click()
    last, make = page.get_by_test_id("last-backup"), page.get_by_test_id("action-backup")
    expect(last).to_have_text(say("care.backup.never"))
    expect(page.get_by_text(say("care.backup.none_yet"))).to_be_visible()
    expect(page.locator(".overview").get_by_role("textbox")).to_have_count(0)
    expect(page.get_by_test_id("action-update")).to_have_count(0)
    check_width(page)
    make.click()
    expect(page.get_by_test_id("tab-backups")).to_have_attribute("aria-current", "page")
    expect(page.get_by_test_id("backup")).to_have_count(1)
    page.get_by_test_id("tab-overview").click()
    expect(last).to_have_text(re.compile("^Last backup .*(ago|now)$|^마지막 백업: .*(전|지금)$"))
    panel.run_job(f"/api/instances/{adopted.name}/stop")
    expect(make).to_be_enabled()  # of a stopped server, too
    expect(page.get_by_test_id("action-kill")).to_be_disabled()


def test_a_viewer_reads_how_old_the_last_backup_is(open_page, restored):
    """And finds no button beside it."""
    restored.panel.add_user("otto", "viewer")
    page = open_page(restored.panel, restored.game, username="otto")
    page.get_by_test_id("tab-overview").click()
    expect(page.get_by_test_id("last-backup")).to_have_text(re.compile("^Last backup "))
    expect(page.locator(".care button")).to_have_count(0)


def test_a_server_is_ended_by_force_after_a_question(open_page, panel, adopted):
    """It says that nothing is saved."""
    page = open_page(panel, adopted)
    page.get_by_test_id("tab-overview").click()
    page.get_by_test_id("action-kill").click()
    expect(page.get_by_role("dialog")).to_contain_text("Nothing is saved first")
    page.get_by_test_id("confirm").click()
    expect(page.locator(".vitals .status .word")).to_have_text("Stopped")
    assert adopted.state == "exited"


def test_a_countdown_says_how_long_it_takes_and_is_cancelled(open_page, panel, adopted):
    """The seconds that remain are everywhere where the job is; the cancel is gone when it has ended."""
    adopted.join("Mia")
    page = open_page(panel, adopted)
    expect(page.locator(".figure.players .value")).to_have_text("1")
    page.get_by_test_id("action-restart").click()
    question = page.get_by_role("dialog")
    question.get_by_label("When").select_option("After a countdown of 60 seconds")
    page.get_by_test_id("confirm").click()
    counting = re.compile(r"Restart · counting down · (1m|[1-5]?\ds)")
    expect(page.locator(".note")).to_have_text(counting)
    page.locator(".note a").click()
    job = page.get_by_test_id("job")
    expect(job.locator("h2")).to_have_text(counting)
    expect(job).to_contain_text("Told the players")
    first = job.locator("h2").inner_text()
    expect(job.locator("h2")).not_to_have_text(first)
    job.get_by_test_id("job-cancel").click()
    expect(job.locator(".state")).to_have_text("Cancelled")
    expect(job.get_by_test_id("job-cancel")).to_be_hidden()


@pytest.fixture
def versions(engine: docker.DockerClient, adopted_name: str) -> Iterator[str]:
    """An image of two versions that are the same game."""
    for tag in ("one", "two"):
        engine.images.get("palserver:local").tag(adopted_name, tag)
    yield adopted_name
    for tag in ("one", "two"):
        engine.images.remove(f"{adopted_name}:{tag}", force=True)


@pytest.fixture
def adopted_name(tmp_path: Path) -> str:
    """A name that no other run uses."""
    return f"test-page-{abs(hash(tmp_path))}"


def test_an_update_and_the_way_back(open_page, panel, make_game, versions):
    """A version that is not there is told with what to do; another comes, and the one before comes back."""
    game = make_game(image=f"{versions}:one", environment=SPAN).start()
    panel.adopt(game.name)
    live_on(game, 5)
    page = open_page(panel, game)
    offered = page.get_by_test_id("update-choice")
    expect(offered.locator("option")).to_have_text(
        ["two · on this host", "one · runs now · on this host", "Another version …"]
    )
    expect(offered).to_have_value("two")
    expect(page.locator(".version-facts")).to_have_text(re.compile(r"^\d.* made .*\d{4}"))
    expect(page.get_by_test_id("update-version")).to_be_hidden()
    assert find_faults(page) == []
    offered.select_option("one")
    page.get_by_test_id("action-update").click()
    expect(page.get_by_role("dialog").locator(".bad")).to_contain_text("It runs this version already.")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("action-rollback")).to_be_hidden()
    job = page.get_by_test_id("job").first

    update(page, "three")
    expect(job.locator(".why")).to_have_text("The image is not on this host and could not be pulled.")
    expect(job.locator(".advice")).to_contain_text("Is the version spelled right?")

    page.get_by_test_id("tab-backups").click()
    update(page, "two")
    expect(job.locator(".outcome")).to_contain_text(f"It runs {versions}:two now.")
    game.container = game.client.containers.get(game.name)
    game.wait_until_ready()
    live_on(game, 8)

    page.get_by_test_id("tab-backups").click()
    expect(page.locator(".way-back")).to_contain_text(f"{versions}:one")
    page.get_by_test_id("action-rollback").click()
    page.get_by_test_id("rollback-world").check()
    expect(page.get_by_role("dialog")).to_contain_text("What was played since")
    page.get_by_test_id("confirm").click()
    expect(job.locator(".outcome")).to_contain_text(f"It runs {versions}:one again, with the world of then.")
    game.container = game.client.containers.get(game.name)
    wait_until(lambda: read_day(game) == 5, "the world of before is back")


def update(page: Page, version: str) -> None:
    """One of those at hand, or else by its name."""
    offered = page.get_by_test_id("update-choice")
    expect(offered).to_be_visible()
    if version in offered.locator("option").evaluate_all("all => all.map((one) => one.value)"):
        offered.select_option(version)
    else:
        offered.select_option("Another version …")
        page.get_by_test_id("update-version").fill(version)
    page.get_by_test_id("action-update").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"to {version}?")
    page.get_by_test_id("confirm").click()


@IN_BOTH_LOOKS
def test_players_are_warned_of_what_stops_their_server(open_page, panel, make_game, versions, look):
    """Offered where somebody plays, and not otherwise; it is cancelled where a stop's countdown is."""
    say, game = look.say, make_game(image=f"{versions}:one", environment=SPAN).start()
    restored = Restored(panel, game)
    restored.adopt()
    assert panel.run_job(f"{restored.path}/update", {"version": "two"})["state"] == "succeeded"
    game.container = game.client.containers.get(game.name)
    page = open_page(panel, game, look)
    players, question = page.locator(".figure.players .value"), page.get_by_role("dialog")
    when, words = question.get_by_label(say("confirm.wait")), question.get_by_label(say("confirm.message"))
    expect(players).to_have_text("0")
    open_backup(page).get_by_test_id("backup-order-preview").click()
    orders = {"restore": "restore", "action-update": "restart", "action-rollback": "restart"}
    for order in orders:
        page.get_by_test_id("update-choice").select_option("one")
        page.get_by_test_id(order).click()
        expect(question).to_be_visible()
        expect(when).to_have_count(0)
        page.keyboard.press("Escape")

    game.join("Mia")
    expect(players).to_have_text("1")
    for order, kind in orders.items():
        page.get_by_test_id("update-choice").select_option("one")
        page.get_by_test_id(order).click()
        expect(when).to_have_value("30")
        expect(words).to_have_attribute("placeholder", say(f"confirm.{kind}.message"))
        check_width(page)
        assert find_faults(page) == []
        when.select_option("300")
        page.get_by_test_id("confirm").click()
        expect(page.get_by_test_id("job").first).to_contain_text(say("job.step.counting_down"))
        page.get_by_test_id("vitals").get_by_test_id("action-cancel").click()
        expect(page.get_by_test_id("job").first.locator(".state")).to_have_text(say("job.state.cancelled"))
        told = say(f"confirm.{kind}.message")
        assert list_announcements(game)[-2:] == [f"{told} (5 min)", "Cancelled: the server keeps running."]
        page.get_by_test_id("tab-backups").click()
    assert (game.state, game.restart_policy) == ("running", "unless-stopped")


def test_a_version_is_typed_where_nobody_knows_which_are_there(open_page, panel, adopted):
    """The page says why none is offered; what is no version is told below the field, and nothing is asked."""
    page = open_page(panel, adopted, expected="ERR_FAILED")
    page.route("**/versions", lambda route: route.abort())
    page.reload()
    expect(page.locator(".version-facts")).to_have_text(re.compile("^Which versions .* unknown: .+"))
    expect(page.get_by_test_id("update-choice")).to_be_hidden()
    version = page.get_by_test_id("update-version")
    version.fill("no version")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This cannot be a version")).to_be_visible()
    assert find_faults(page) == []
    version.fill("1.0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("to 1.0?")


@IN_BOTH_LOOKS
def test_a_stopped_server_stays_stopped_after_its_restore(open_page, restored, look):
    """The question says so beforehand; the world is the other one, and nothing was started."""
    say, game = look.say, restored.game
    restored.panel.run_job(f"{restored.path}/stop")
    page = open_page(restored.panel, game, look)
    expect(page.locator(".vitals .status .word")).to_have_text(say("state.stopped"))
    details = open_backup(page)
    details.get_by_test_id("backup-order-preview").click()
    expect(details.locator(".changes")).to_contain_text(say("restore.part.world"))
    details.get_by_test_id("restore").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text(say("confirm.players.none_running"))
    expect(question.locator(".steps li")).to_have_count(3)
    expect(question.locator(".steps li").last).to_have_text(say("restore.step.stay"))
    started_at = game.container.attrs["State"]["StartedAt"]
    page.get_by_test_id("confirm").click()
    job = page.get_by_test_id("job").first
    expect(job.locator(".state")).to_have_text(say("job.state.succeeded"))
    expect(page.locator(".vitals .status .word")).to_have_text(say("state.stopped"))
    assert (game.state, game.container.attrs["State"]["StartedAt"]) == ("exited", started_at)
    assert read_day(game) == 5
    restored.check_whole()


# The game takes its time to get ready: enough to be in the middle of a restore.
SLOW = SPAN | {"DEMO_BOOT_SECONDS": "8"}
GONE = "WebSocket|Failed to load resource|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|ERR_SOCKET"


def begin_restore(page: Page, words: Words) -> Locator:
    """By way of the page, until the game is started on the other world; returns the job as it is shown."""
    details = open_backup(page)
    details.get_by_test_id("backup-order-preview").click()
    details.get_by_test_id("restore").click()
    page.get_by_test_id("confirm").click()
    job = page.get_by_test_id("job").filter(has=page.locator("h2", has_text=words("job.kind.restore")))
    expect(job.locator("h2")).to_contain_text(words("job.step.waiting_for_ready"), timeout=60_000)
    return job


def test_a_restore_that_ends_while_the_network_is_gone(open_page, panel, make_game):
    """Nothing is called done before it is known; when the network is back, the true end is there and told."""
    restored = Restored(panel, make_game(environment=SLOW).start())
    restored.adopt()
    page = open_page(panel, restored.game, expected=GONE)
    job = begin_restore(page, DESK.say)
    page.context.set_offline(True)
    expect(page.locator("html")).to_have_attribute("data-stale", "")
    wait_until(lambda: panel.get(restored.path)["job"] is None, "the restore has ended")
    expect(job.locator(".state")).to_have_text("Running")
    expect(page.locator("html")).to_have_attribute("data-stale", "")
    page.context.set_offline(False)
    expect(job.locator(".state")).to_have_text("Done")
    expect(job.locator(".outcome")).to_contain_text("is in place")
    expect(page.locator(".notice")).to_contain_text("is done.")
    expect(page.locator("html")).not_to_have_attribute("data-stale", "")
    assert read_day(restored.game) == 5


def test_what_others_began_is_found_at_its_end_too(open_page, panel, make_game):
    """Somebody else's restore, which this page saw begin and not end."""
    restored = Restored(panel, make_game(environment=SLOW).start())
    restored.adopt()
    page = open_page(panel, restored.game, expected=GONE)
    page.get_by_test_id("tab-jobs").click()
    panel.call("POST", f"{restored.path}/backups/{ID}/restore")
    job = page.get_by_test_id("job").first
    expect(job.locator("h2")).to_contain_text("waiting until the game is ready", timeout=60_000)
    page.context.set_offline(True)
    expect(page.locator("html")).to_have_attribute("data-stale", "")
    wait_until(lambda: panel.get(restored.path)["job"] is None, "the restore has ended")
    page.context.set_offline(False)
    expect(job.locator(".state")).to_have_text("Done")


def test_a_restore_in_which_the_panel_is_killed(open_page, make_panel, make_game):
    """It is called interrupted, and what became of the world is told in the reader's language."""
    panel, say = make_panel(), PHONE.say
    panel.start()
    restored = Restored(panel, make_game(environment=SLOW).start())
    restored.adopt()
    page = open_page(panel, restored.game, PHONE, expected=GONE)
    job = begin_restore(page, say)
    panel.kill()
    expect(page.locator("html")).to_have_attribute("data-stale", "")
    panel.start()
    expect(job.locator(".state")).to_have_text(say("job.state.interrupted"), timeout=60_000)
    expect(job.locator(".why")).to_have_text(say("error.interrupted"))
    recovery = page.get_by_test_id("job").filter(has=page.locator("h2", has_text=say("job.kind.recovery")))
    expect(recovery.locator(".state")).to_have_text(say("job.state.succeeded"), timeout=60_000)
    expect(recovery.locator(".outcome")).to_contain_text(say("job.outcome.world_old"))
    expect(recovery.locator(".outcome")).to_contain_text(say("job.outcome.started_again"))
    check_width(page)
    restored.game.wait_until_ready()
    assert read_day(restored.game) == 9
    restored.check_whole()


def test_the_page_has_words_for_every_reason_that_a_backup_gives():
    """It comes as a key, and so does what an interrupted job turned out to have done."""
    messages = json.loads((FOLDER / "locales/en.json").read_text("utf-8"))
    reasons = {f"backup.reason.{key}" for key in (*KEYS.values(), BROKEN_SAVE)}
    assert reasons | {f"job.outcome.{key}" for key in SENTENCES} <= messages.keys()
