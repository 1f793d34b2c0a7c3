"""Who came and who went, from one answer of a game to the next."""

from __future__ import annotations

from typing import Any

from palserver.clients.palworld import Location, Player
from palserver.services.games.rosters import Roster


def make_player(name: str, **changes: Any) -> Player:
    values: dict[str, Any] = {
        "name": name,
        "account_name": name,
        "player_id": f"ID-{name}",
        "user_id": f"steam_{name}",
        "ip": "203.0.113.10",
        "ping_ms": 20.0,
        "level": 1,
        "location": Location(0.0, 0.0),
        "building_count": 0,
        "loading": False,
    }
    return Player(**(values | changes))


ANN, BEN = make_player("ann"), make_player("ben")


def tell(roster: Roster, *players: Player) -> list[tuple[str, str | None]]:
    return [(event.event, event.player.name) for event in roster.update(list(players))]


def test_the_first_answer_announces_nobody():
    """They may have been there for hours; who is not among them comes later."""
    roster = Roster("pal")
    assert tell(roster, ANN) == []
    (event,) = roster.update([ANN, BEN])
    assert event == ("pal", "joined", BEN)


def test_the_first_answer_may_be_empty():
    """Then whoever is in the second has joined."""
    roster = Roster("pal")
    assert tell(roster) == []
    assert tell(roster, ANN) == [("joined", "ann")]


def test_two_answers_must_agree_that_somebody_is_gone():
    """One that leaves somebody out proves nothing, and is forgotten when they are seen again."""
    roster = Roster("pal")
    tell(roster, ANN, BEN)
    assert tell(roster, BEN) == []
    assert tell(roster, ANN, BEN) == []
    assert tell(roster, BEN) == []
    assert tell(roster, BEN) == [("left", "ann")]
    assert tell(roster, BEN) == []


def test_coming_back_is_a_new_arrival():
    """Once gone, somebody can join again."""
    roster = Roster("pal")
    tell(roster, ANN)
    tell(roster)
    tell(roster)
    assert tell(roster, ANN) == [("joined", "ann")]


def test_who_loads_has_not_come_yet():
    """Neither at the first answer nor later; with a player id they have."""
    loading = make_player("ann", player_id=None, loading=True)
    roster = Roster("pal")
    assert tell(roster, loading) == []
    assert tell(roster, loading) == []
    assert tell(roster, ANN) == [("joined", "ann")]


def test_who_loads_again_has_not_gone():
    """The id is in the list, and so is the player."""
    roster = Roster("pal")
    tell(roster, ANN)
    for _ in range(3):
        assert tell(roster, make_player("ann", player_id=None, loading=True)) == []
    assert tell(roster, ANN) == []


def test_who_gives_up_loading_never_came():
    """No word of somebody who left before arriving."""
    roster = Roster("pal")
    tell(roster)
    tell(roster, make_player("ann", loading=True))
    assert tell(roster) == tell(roster) == []


def test_names_do_not_matter():
    """Two of one name are two, somebody renamed is the same, and without a user id there is nobody."""
    roster = Roster("pal")
    tell(roster, ANN)
    assert tell(roster, make_player("zoe", user_id=ANN.user_id)) == []
    assert tell(roster, ANN, make_player("ann", user_id="gdk_2")) == [("joined", "ann")]
    assert tell(roster, ANN, make_player("ann", user_id="gdk_2"), make_player("x", user_id=None)) == []


def test_the_player_is_as_last_seen():
    """Who leaves is told with the level reached."""
    roster = Roster("pal")
    tell(roster, ANN)
    tell(roster, make_player("ann", level=7))
    tell(roster)
    (event,) = roster.update([])
    assert event.player.level == 7
