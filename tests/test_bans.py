"""The list of who is banned, read from a real save folder."""

from __future__ import annotations

import tarfile

import pytest

from tests.banned import LAMIA, MIA, write_list
from tests.game import Game
from tests.panel import Panel, receive


def list_bans(panel: Panel, game: Game, **options):
    return panel.get(f"/api/instances/{game.name}/bans", **options)


def tell(panel: Panel, game: Game, order: str, **body) -> None:
    answer = panel.call("POST", f"/api/server/{game.name}/{order}", body)
    assert answer.status_code == 200, answer.text


def test_a_ban_is_listed_with_what_is_known_of_it(panel, adopted):
    """Who it was, who ordered it, when, and what the player was told; the audit names the player too."""
    assert list_bans(panel, adopted) == {"bans": [], "is_cut": False}
    player_id = adopted.join("Lamia", userId=LAMIA)["playerId"]
    tell(panel, adopted, "ban", user_id=LAMIA, message="그만하세요")
    tell(panel, adopted, "ban", user_id=MIA)
    never_seen, lamia = list_bans(panel, adopted)["bans"]
    assert lamia.pop("banned_at") > "2026"
    assert lamia == {
        "user_id": LAMIA,
        "player_id": player_id,
        "line": None,
        "player_name": "Lamia",
        "reason": "그만하세요",
        "banned_by": "admin",
    }
    assert (never_seen["user_id"], never_seen["player_name"], never_seen["reason"]) == (MIA, None, None)
    newest = panel.get("/api/audit?limit=1")["entries"][0]
    assert (newest["action"], newest["target"]) == ("game.ban", f"{adopted.name}/{MIA}")


def test_an_unban_takes_it_off_the_list(panel, adopted):
    """And what was known of it is forgotten: a later ban from elsewhere is not told as the old one."""
    tell(panel, adopted, "ban", user_id=LAMIA, message="enough")
    tell(panel, adopted, "unban", user_id=LAMIA)
    assert list_bans(panel, adopted)["bans"] == []
    write_list(adopted, f"{LAMIA},{'A' * 32}\n".encode())
    (ban,) = list_bans(panel, adopted)["bans"]
    assert (ban["user_id"], ban["reason"], ban["banned_by"], ban["banned_at"]) == (LAMIA, None, None, None)


def test_the_list_of_a_stopped_server_is_read_by_a_viewer(panel, adopted):
    """It lies in the save folder, and nobody has to run for it to be read."""
    tell(panel, adopted, "ban", user_id=LAMIA)
    adopted.container.stop()
    token = panel.add_user(f"viewer-of-{adopted.name}", "viewer")
    (ban,) = list_bans(panel, adopted, token=token)["bans"]
    assert ban["user_id"] == LAMIA


def test_broken_lines_are_told_as_they_are(panel, adopted):
    """What somebody has typed into it is neither guessed at nor left out, and cut where it is endless."""
    lines = [
        f"\ufeff{LAMIA},{'a' * 32}",
        "",
        "   ",
        f"{MIA}",
        f"{LAMIA},{'a' * 32}\r",
        "<b>hello</b>, you",
        "x" * 5000,
    ]
    write_list(adopted, "\n".join(lines).encode() + b"\n\xff\xfe,broken")
    bans = list_bans(panel, adopted)["bans"]
    assert [ban["line"] for ban in bans] == [
        "\ufffd\ufffd,broken",
        "x" * 200,
        "<b>hello</b>, you",
        None,
        MIA,
    ]
    assert [ban["user_id"] for ban in bans] == [None, None, None, LAMIA, None]


def test_an_endless_list_is_cut_and_says_so(panel, adopted):
    """The first MiB is read, whole lines only."""
    line = f"{LAMIA[:-9]}{{:09d}},{'0' * 32}\n"
    write_list(adopted, "".join(line.format(number) for number in range(30_000)).encode())
    answer = list_bans(panel, adopted)
    assert answer["is_cut"]
    assert len(answer["bans"]) == 1024 * 1024 // len(line.format(0))
    assert all(ban["line"] is None for ban in answer["bans"])


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.DIRTYPE], ids=["link", "folder"])
def test_what_is_no_file_is_not_read(panel, adopted, kind):
    """A link would lead out of the save folder."""
    write_list(adopted, b"", kind)
    answer = panel.call("GET", f"/api/instances/{adopted.name}/bans")
    assert (answer.status_code, answer.json()["key"]) == (409, "bans_unreadable")


def test_who_watches_hears_of_a_ban(panel, adopted):
    """With the name of the server, and of no other."""
    with panel.watch("/api/events") as socket:
        tell(panel, adopted, "ban", user_id=LAMIA)
        while (message := receive(socket))["type"] != "news" or message["about"] != "bans":
            pass
        assert message == {"type": "news", "about": "bans", "instance": adopted.name}


def test_a_server_that_is_removed_takes_its_bans_along(panel, adopted):
    """Nothing of it meets the next server of the same name."""
    tell(panel, adopted, "ban", user_id=LAMIA, message="enough")
    job = panel.call("DELETE", f"/api/instances/{adopted.name}?container=keep").json()["job"]
    panel.get(f"/api/jobs/{job['id']}?wait=60")
    panel.adopt(adopted.name)
    (ban,) = list_bans(panel, adopted)["bans"]
    assert (ban["user_id"], ban["banned_by"]) == (LAMIA, None)
