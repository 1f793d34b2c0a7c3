"""The live log: every line once, numbered, redacted, whole, whatever the reader does."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from contextlib import ExitStack, closing, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import gevent
import pytest
from docker.types import LogConfig
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from palserver.clients.engine import Engine
from palserver.clients.log_frames import LogReader
from tests.containers import Containers
from tests.game import ADMIN_PASSWORD, Game, remove_container
from tests.panel import Panel, receive
from tests.test_game_access import write_settings
from tests.waiting import wait_until


def log_path(game: Game, query: str = "") -> str:
    return f"/api/instances/{game.name}/logs{query}"


def read_until(viewer: ClientConnection, marker: str) -> list[list[Any]]:
    """All lines up to the one that contains `marker`, and what came with it; fails on a gap."""
    lines: list[list[Any]] = []
    deadline = time.monotonic() + 60
    while True:
        assert time.monotonic() < deadline, f"no {marker!r} within a minute"
        message = receive(viewer)
        assert message["type"] in ("lines", "state"), message
        lines += message.get("lines", [])
        if texts(message.get("lines", []), marker):
            return lines


def say_until_told(game: Game, viewer: ClientConnection, text: str) -> list[list[Any]]:
    """What is said in the moment before a viewer of no tail is there is not for it: so it is said again."""
    lines: list[list[Any]] = []

    def is_told() -> bool:
        game.say(text)
        with suppress(TimeoutError):
            lines.extend(receive(viewer, 1).get("lines", []))
        return bool(texts(lines, text))

    wait_until(is_told, f"{text!r} is told")
    return lines


def wait_until_held(game: Game, text: str) -> None:
    """The engine has it: it may be behind by as much as a pipe holds. The panel is not asked."""
    wait_until(lambda: text in game.container.logs(tail=100).decode(), f"{text!r} was said")


def end_log(game: Game) -> None:
    """From now on nothing is added to it, neither by the panel's polling nor by what was still on its way."""
    game.container.kill()
    game.container.wait()


def texts(lines: list[list[Any]], containing: str = "") -> list[str]:
    return [line[3] for line in lines if containing in line[3]]


def test_a_line_has_a_number_a_time_a_stream_and_a_text(panel, adopted):
    """Numbers grow by one; both streams come with the engine's own times."""
    with panel.watch(log_path(adopted)) as viewer:
        adopted.say("to the output")
        lines = read_until(viewer, "to the output")  # the engine takes each stream in its own time
        adopted.say("to the errors", stream="stderr")
        lines += read_until(viewer, "to the errors")
    numbers = [line[0] for line in lines]
    assert numbers == list(range(numbers[0], numbers[0] + len(lines)))
    said = {line[3]: line[2] for line in lines}
    assert (said["to the output"], said["to the errors"]) == ("stdout", "stderr")
    assert all(line[1].endswith("Z") and len(line[1]) == 30 for line in lines)


def test_the_tail_comes_first(panel, adopted):
    """A new viewer gets the newest lines of what was said before, as many as it asked for."""
    adopted.say("before", repeat=50)
    adopted.say("the last of before")
    wait_until_held(adopted, "the last of before")
    lines: list[list[Any]] = []
    with panel.watch(log_path(adopted, "?tail=20")) as viewer:
        while len(lines) < 20:  # what the panel's own polling has caused may stand behind it
            lines += receive(viewer).get("lines", [])
    assert "the last of before" in texts(lines[:20])
    assert "before 30" not in texts(lines)
    with panel.watch(log_path(adopted, "?tail=0")) as viewer:
        lines = say_until_told(adopted, viewer, "only this")
    assert "the last of before" not in texts(lines)


def test_a_reader_resumes_where_it_was(panel, adopted):
    """With `after` it gets exactly what it has not seen: nothing twice, nothing missing."""
    with panel.watch(log_path(adopted)) as viewer:
        adopted.say("seen")
        last = read_until(viewer, "seen")[-1][0]
    adopted.say("missed", repeat=20)
    adopted.say("missed the last")
    with panel.watch(log_path(adopted, f"?after={last}")) as viewer:
        lines = read_until(viewer, "missed the last")
    assert lines[0][0] == last + 1
    assert len(texts(lines, "missed")) == 21
    assert "seen" not in texts(lines)


def test_a_number_that_is_not_held_any_more_is_told_as_a_gap(panel, adopted):
    """A number from before the panel's start is not answered with other lines as if nothing was missing."""
    with panel.watch(log_path(adopted, "?after=5")) as viewer:
        assert receive(viewer) == {"type": "gap", "lost": None}


def test_the_admin_password_is_masked(panel, adopted):
    """The game prints it in clear; nobody sees it here, nor what anybody typed as one."""
    adopted.say(f"the word is {ADMIN_PASSWORD}!")
    adopted.say("Lamia executed the command. adminpassword typed-by-hand now")
    with panel.watch(log_path(adopted)) as viewer:
        adopted.say("end of secrets")
        everything = json.dumps(read_until(viewer, "end of secrets"))
    assert ADMIN_PASSWORD not in everything
    assert "typed-by-hand" not in everything
    assert "the word is ********!" in everything
    assert "adminpassword ********" in everything


def is_ready(panel: Panel, game: Game) -> bool:
    return bool(panel.get(f"/api/instances/{game.name}")["game"]["status"] == "ready")


def assert_masked(panel: Panel, game: Game, viewer: ClientConnection, secret: str) -> None:
    """In the live log that was open before, in the search, and on the disk."""
    game.say(f"the secret is {secret}!")
    mark = f"end of secrets {time.monotonic()}"
    game.say(mark)
    assert "the secret is ********!" in texts(read_until(viewer, mark))
    assert read_text(panel, game, q=secret) == []
    ring = panel.folder / "server" / "logs" / game.name
    wait_until(lambda: mark in read_ring(ring), "it is on the disk")
    assert secret not in read_ring(ring)


def read_ring(folder: Path) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.log"))


def test_a_password_of_the_file_is_masked(panel, make_game):
    """Also for a viewer who was there before it became known, and when the game does not take it any more."""
    game = make_game(environment={"ADMIN_PASSWORD": "of long ago"})
    write_settings(game, f'AdminPassword="{ADMIN_PASSWORD}",RESTAPIEnabled=True')
    panel.adopt(game.name)
    with panel.watch(log_path(game)) as viewer:
        game.start()
        wait_until(lambda: is_ready(panel, game), "the panel has found the password")
        assert_masked(panel, game, viewer, ADMIN_PASSWORD)
        game.set_faults(unauthorized=True)
        assert panel.call("GET", f"/api/server/{game.name}/info").json()["key"] == "game_unauthorized"
        assert_masked(panel, game, viewer, ADMIN_PASSWORD)
    with panel.watch(log_path(game, "?tail=0")) as viewer:
        say_until_told(game, viewer, "here")
        assert_masked(panel, game, viewer, ADMIN_PASSWORD)


def test_a_password_set_by_hand_is_masked(panel, adopted):
    """From then on, for viewers who have been there before."""
    with panel.watch(log_path(adopted)) as viewer:
        say_until_told(adopted, viewer, "here")
        path = f"/api/instances/{adopted.name}?wait=60"
        assert panel.call("PATCH", path, {"admin_password": "set-by-hand"}).status_code == 200
        assert_masked(panel, adopted, viewer, "set-by-hand")


def test_a_token_is_masked(panel, make_game):
    """Whatever the name of a variable says is secret."""
    game = make_game(environment={"BOT_TOKEN": "token-of-a-bot"}).start()
    panel.adopt(game.name)
    with panel.watch(log_path(game)) as viewer:
        assert_masked(panel, game, viewer, "token-of-a-bot")


def test_odd_texts_arrive_whole(panel, adopted):
    """Korean, emoji, markup, control characters, and a line of 20,000 characters cut with a note."""
    odd = ["한글 로그", "🐑 <script>alert(1)</script>", "\u202e right to left", "tab\there", "\x1b[31mred"]
    with panel.watch(log_path(adopted, "?tail=0")) as viewer:
        say_until_told(adopted, viewer, "here")
        for text in odd:
            adopted.say(text)
        adopted.say("x" * 20_000)
        adopted.say("after the long one")
        lines = read_until(viewer, "after the long one")
    found = texts(lines)
    for text in odd:
        assert text in found
    long = next(text for text in found if text.startswith("xxx"))
    assert "… (+" in long
    assert len(long) < 17_000


def test_viewers_share_one_engine_stream(panel, adopted, engine):
    """Ten viewers cost the engine as much as one."""

    def count_streams() -> int:
        """Connections to the engine that ask for a followed log, by the panel's own descriptors."""
        assert panel.process is not None
        return sum(1 for entry in list_unix_peers(panel.process.pid))

    with panel.watch(log_path(adopted)) as first:
        adopted.say("one viewer")
        read_until(first, "one viewer")
        with_one = count_streams()
        with ExitStack() as stack:
            others = [stack.enter_context(panel.watch(log_path(adopted))) for _ in range(9)]
            adopted.say("ten viewers")
            for viewer in [first, *others]:
                read_until(viewer, "ten viewers")
            with_ten = count_streams()
    assert with_ten < with_one + 5  # nine would be one for each; connections of ordinary calls come and go


def list_unix_peers(pid: int) -> list[str]:
    """The connected unix sockets of a process."""
    links = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.append(os.readlink(entry))
        except OSError:
            continue
    inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
    unix = Path(f"/proc/{pid}/net/unix").read_text().splitlines()[1:]
    return [line for line in unix if line.split()[6] in inodes]


def test_everybody_gets_every_line_of_a_flood(panel, adopted):
    """Three quick readers get 20,000 lines each, in order and without a gap, although they come at once."""
    with ExitStack() as stack:
        viewers = [stack.enter_context(panel.watch(log_path(adopted))) for _ in range(3)]
        adopted.say("before the flood")
        for viewer in viewers:
            read_until(viewer, "before the flood")
        adopted.say("flood", repeat=20_000)
        adopted.say("the flood is over")
        for viewer in viewers:
            lines = read_until(viewer, "the flood is over")
            numbers = [line[0] for line in lines]
            assert numbers == list(range(numbers[0], numbers[0] + len(lines)))
            assert texts(lines, "flood ") == [
                *(f"flood {number}" for number in range(1, 20_001)),
                "the flood is over",
            ]


def test_a_slow_reader_is_told_what_it_lost_and_gets_whole_frames(panel, adopted):
    """A viewer that stops reading loses lines; sent plus told lost is what was said, and others lose none."""
    with panel.watch(log_path(adopted)) as quick:
        slow = open_raw_viewer(panel, log_path(adopted))
        frames = read_frames(slow)
        adopted.say("both are here")
        first = read_until(quick, "both are here")[-1][0] + 1
        while not any("both are here" in line[3] for line in next(frames).get("lines", [])):
            pass
        for number in range(6):  # each has room in the queue of a viewer that is quick, on a busy machine too
            adopted.say("filler-" + "x" * 900, repeat=1000)
            adopted.say(f"the end of part {number}")
            last = read_until(quick, f"the end of part {number}")[-1][0]
    seen, lost = 0, 0
    while seen + lost < last - first + 1:
        message = next(frames)
        if message["type"] == "gap":
            lost += message["lost"]
        else:
            seen += len(message["lines"])
    slow.close()
    assert lost > 0
    assert seen + lost == last - first + 1


def test_nobody_pays_for_a_viewer_that_stalls_or_vanishes(panel, adopted):
    """In the midst of a flood: what each of the others got and was told lost is what was said, exactly."""
    with panel.watch(log_path(adopted)) as quick, panel.watch(log_path(adopted)) as second:
        stalled, vanishing = (open_raw_viewer(panel, log_path(adopted)) for _ in range(2))
        frames, last_frames = read_frames(stalled), read_frames(vanishing)
        adopted.say("all are here")
        first = read_until(quick, "all are here")[-1][0] + 1
        read_until(second, "all are here")
        for each in (frames, last_frames):
            while not texts(next(each).get("lines", []), "all are here"):
                pass
        counts = [gevent.spawn(account, viewer, first, "the end of it") for viewer in (quick, second)]
        saying = gevent.spawn(adopted.say, "filler-" + "x" * 900, repeat=6000)
        while not texts(next(last_frames).get("lines", []), "filler-"):
            pass
        vanishing.shutdown(socket.SHUT_RDWR)
        saying.get()
        adopted.say("the end of it")
        end, other_end = (greenlet.get() for greenlet in counts)
        assert end == other_end > first + 6000
    seen, lost = 0, 0
    while seen + lost < end - first:
        message = next(frames)
        lost += message.get("lost", 0)
        seen += len(message.get("lines", []))
    for connection in (stalled, vanishing):
        connection.close()
    assert lost > 0
    assert seen + lost == end - first


def account(viewer: ClientConnection, expected: int, marker: str) -> int:
    """The number behind the message with the marker, each line before it either seen or told to be lost.

    The panel's own polling may have caused lines behind the marker; whoever gets a message gets all of it.
    """
    while True:
        message = receive(viewer, 60)
        expected += message.get("lost", 0)
        lines = message.get("lines", [])
        for line in lines:
            assert line[0] == expected
            expected += 1
        if texts(lines, marker):
            return expected


def open_raw_viewer(panel: Panel, path: str) -> socket.socket:
    """A WebSocket spoken by hand, with a small buffer, that reads only when told to."""
    panel.token = panel.token or panel.sign_in()
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
    connection.settimeout(60)
    connection.connect(("127.0.0.1", panel.port))
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{panel.port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n"
        f"Authorization: Bearer {panel.token}\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    assert head.startswith(b"HTTP/1.1 101"), head
    return connection


def read_frames(connection: socket.socket) -> Any:
    """Decode the server's frames strictly: any wrong header fails."""
    stream = connection.makefile("rb")
    while header := stream.read(2):
        assert header[0] in (0x81, 0x89, 0x88), f"a corrupt frame begins with {header!r}"
        size = header[1]
        if size == 126:
            size = int.from_bytes(stream.read(2), "big")
        elif size == 127:
            size = int.from_bytes(stream.read(8), "big")
        payload = stream.read(size)
        if header[0] == 0x81:
            yield json.loads(payload)


def test_a_restarted_container_goes_on_in_the_same_view(panel, adopted):
    """The new beginning is told, and the log goes on without anybody reconnecting."""
    with panel.watch(log_path(adopted)) as viewer:
        adopted.say("first run")
        read_until(viewer, "first run")
        adopted.container.restart(timeout=1)
        states = []
        while "running" not in states:
            message = receive(viewer)
            if message["type"] == "state":
                states.append(message["state"])
        adopted.wait_until_ready()
        adopted.say("second run")
        read_until(viewer, "second run")
    assert states == ["exited", "running"]  # also where there was no time to see it stopped


def test_how_a_run_ended_is_told_behind_its_lines(panel, adopted):
    """When, and with which exit code, to who reads it and to who comes later; not while another goes on."""
    with panel.watch(log_path(adopted)) as viewer:
        adopted.say("the last words")
        read_until(viewer, "the last words")
        adopted.container.kill()
        told = read_end(viewer)
    adopted.container.reload()
    finished_at = adopted.container.attrs["State"]["FinishedAt"]
    assert told == {"type": "state", "state": "exited", "finished_at": finished_at, "exit_code": 137}
    with panel.watch(log_path(adopted)) as viewer:
        read_until(viewer, "the last words")
        assert read_end(viewer) == told
    adopted.start()
    wait_until_start_is_seen(panel, adopted)
    with panel.watch(log_path(adopted)) as viewer:
        adopted.say("the first words")
        while not texts((message := receive(viewer)).get("lines", []), "the first words"):
            assert "finished_at" not in message


def read_end(viewer: ClientConnection) -> dict[str, Any]:
    """The next word on the end of a run."""
    message: dict[str, Any] = {}
    while "finished_at" not in message:
        message = receive(viewer)
    return message


def list_runs(panel: Panel, game: Game) -> list[list[str]]:
    """What each run said, as a reader finds it who opens the log now; what stands before all marks first."""
    runs: list[list[str]] = [[]]
    for message in read_page(panel, game)["messages"]:
        if message["type"] == "state":
            runs.append([message["started_at"]])
        elif message["type"] == "lines":
            runs[-1] += [line[3] for line in message["lines"]]
    return runs


def wait_until_start_is_seen(panel: Panel, game: Game) -> str:
    """When it was started last, which the panel knows then as well."""
    game.container.reload()
    started_at = str(game.container.attrs["State"]["StartedAt"])
    path = f"/api/instances/{game.name}"
    wait_until(lambda: panel.get(path)["started_at"] == started_at, "the panel has seen the start")
    return started_at


def test_every_run_that_was_seen_is_marked_where_it_begins(panel, game):
    """Restarted twice while nobody read: each mark stands between the lines of two runs."""
    panel.adopt(game.name)
    started = []
    for number in range(3):
        if number:
            game.container.restart(timeout=0)
            game.wait_until_ready()
        game.say(f"in run {number}")
        wait_until_held(game, f"in run {number}")
        started.append(wait_until_start_is_seen(panel, game))
    before, *runs = list_runs(panel, game)
    assert [run[0] for run in runs] == started
    assert before == []
    for number, run in enumerate(runs):
        assert [text for text in run if text.startswith("in run")] == [f"in run {number}"]
        assert run[1].startswith("Shutdown handler")
        assert sum("Running Palworld dedicated server" in text for text in run) == 1


def test_a_run_that_nobody_saw_is_not_marked(make_panel, game):
    """What came before the panel is one: only the start that the engine still knows is told."""
    for number in range(3):
        if number:
            game.container.restart(timeout=0)
            game.wait_until_ready()
        game.say(f"in run {number}")
        wait_until_held(game, f"in run {number}")  # what the engine took later would be the next run's
    panel = make_panel()
    panel.start()
    panel.adopt(game.name)
    before, last = list_runs(panel, game)
    assert [text for text in before if text.startswith("in run")] == ["in run 0", "in run 1"]
    assert [text for text in last if text.startswith("in run")] == ["in run 2"]
    assert last[1].startswith("Shutdown handler")


def test_a_stopped_containers_log_can_be_read(panel, adopted):
    """What it said last is what its owner wants to know."""
    adopted.say("last words")
    adopted.container.kill()
    with panel.watch(log_path(adopted)) as viewer:
        lines = read_until(viewer, "last words")
    assert lines


def test_a_terminals_log_is_read_too(panel, make_game):
    """A container with a terminal has another format on the wire, and the same lines here."""
    game = make_game(tty=True).start()
    panel.adopt(game.name)
    with panel.watch(log_path(game)) as viewer:
        game.say("from a terminal 한글")
        lines = read_until(viewer, "from a terminal")
    assert texts(lines, "from a terminal") == ["from a terminal 한글"]


def test_a_stranger_is_refused_before_the_upgrade(panel, adopted):
    """401 without a sign-in, 404 without such an instance: a real HTTP answer, not an open socket."""
    for path, token, status in [
        (log_path(adopted), "", 401),
        (log_path(adopted), "rubbish", 401),
        ("/api/instances/missing-one/logs", None, 404),
        ("/api/events", "", 401),
    ]:
        with pytest.raises(InvalidStatus) as refused, panel.watch(path, token=token):
            pass
        assert refused.value.response.status_code == status
        assert json.loads(refused.value.response.body)["status"] == status


@pytest.mark.parametrize("query", ["?tail=-1", "?tail=x", "?tail=10001", "?after=-1"])
def test_a_wrong_query_is_refused_before_the_upgrade(panel, adopted, query):
    """The mistake is told in the answer's fields."""
    with pytest.raises(InvalidStatus) as refused, panel.watch(log_path(adopted, query)):
        pass
    assert refused.value.response.status_code == 400


def wait_for_close(viewer: ClientConnection) -> int:
    """Read to the end and return the close code."""
    try:
        while True:
            viewer.recv(60)
    except ConnectionClosed as closed:
        assert closed.rcvd is not None, "the connection was cut without a word"
        return closed.rcvd.code


def test_signing_out_closes_the_view(panel, adopted):
    """4401, within a moment."""
    panel.add_user("leaver", "viewer")
    token = panel.sign_in("leaver")
    with panel.watch(log_path(adopted), token=token) as viewer:
        assert panel.call("POST", "/api/auth/logout", token=token).status_code == 204
        assert wait_for_close(viewer) == 4401


def test_a_removed_user_loses_the_view(panel, adopted):
    """An account that is gone sees nothing more."""
    token = panel.add_user("goner", "viewer")
    with panel.watch(log_path(adopted), token=token) as viewer:
        assert panel.call("DELETE", "/api/users/goner").status_code == 204
        assert wait_for_close(viewer) == 4401


def test_a_ticket_opens_one_view(panel, adopted):
    """A browser cannot set a header on a socket; its ticket works once."""
    ticket = panel.call("POST", "/api/auth/ticket").json()["ticket"]
    with panel.watch(log_path(adopted, f"?ticket={ticket}"), token="") as viewer:
        adopted.say("by ticket")
        read_until(viewer, "by ticket")
    with (
        pytest.raises(InvalidStatus) as refused,
        panel.watch(log_path(adopted, f"?ticket={ticket}"), token=""),
    ):
        pass
    assert refused.value.response.status_code == 401


def test_another_sites_page_cannot_open_a_view(panel, adopted):
    """A browser's Origin must be ours, ticket or not."""

    ticket = panel.call("POST", "/api/auth/ticket").json()["ticket"]
    url = f"ws://127.0.0.1:{panel.port}{log_path(adopted, f'?ticket={ticket}')}"
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(url, origin=Origin("http://evil.example"), proxy=None),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_viewers_that_come_and_go_leave_nothing_behind(panel, adopted):
    """After five hundred viewers, closed well and badly, no descriptor and no greenlet has stayed."""
    with panel.watch(log_path(adopted)) as viewer:
        adopted.say("warm")
        read_until(viewer, "warm")
        before, greenlets = count_descriptors(panel), count_greenlets(panel)
        for number in range(500):
            if number % 2:
                with panel.watch(log_path(adopted)):
                    pass
            else:
                open_raw_viewer(panel, log_path(adopted)).close()
        wait_until(lambda: count_descriptors(panel) <= before + 3, "descriptors are back")
        wait_until(lambda: count_greenlets(panel) <= greenlets + 1, "greenlets are back")


def count_greenlets(panel: Panel) -> float:
    """Of connections and of work in the background, as the panel itself counts them."""
    text = panel.call("GET", "/metrics").text
    return sum(
        float(line.split()[-1]) for line in text.splitlines() if line.startswith("palserver_greenlets{")
    )


def count_descriptors(panel: Panel) -> int:
    assert panel.process is not None
    return len(list(Path(f"/proc/{panel.process.pid}/fd").iterdir()))


def test_messages_from_a_viewer_cost_nothing(panel, adopted):
    """A viewer that talks is not listened to; one that talks too long is closed."""
    with panel.watch(log_path(adopted)) as viewer:
        for _ in range(2000):
            viewer.send("x" * 1000)
        adopted.say("still here")
        read_until(viewer, "still here")
    with panel.watch(log_path(adopted)) as viewer:
        viewer.send("x" * 100_000)
        assert wait_for_close(viewer) == 1009


def test_numbers_go_on_over_restarts_of_panel_and_container(make_panel, game, tmp_path):
    """Stopped or killed, the next panel answers `after` as if it had been there all the time."""
    panel = make_panel()
    panel.start()
    panel.adopt(game.name)
    seen: list[list[Any]] = []
    for number, end in enumerate((panel.stop, panel.kill, panel.stop)):
        query = f"?after={seen[-1][0]}" if seen else ""
        with panel.watch(log_path(game, query)) as viewer:
            game.say(f"while it runs {number}")
            seen += read_until(viewer, f"while it runs {number}")
        end()
        game.say(f"while it is away {number}")
        game.container.restart(timeout=0)
        game.wait_until_ready()
        panel.start()
        panel.token = ""
    with panel.watch(log_path(game, f"?after={seen[-1][0]}")) as viewer:
        game.say("the end")
        seen += read_until(viewer, "the end")
    assert [line[0] for line in seen] == list(range(seen[0][0], seen[0][0] + len(seen)))
    assert len(texts(seen, "while it runs")) == len(texts(seen, "while it is away")) == 3
    assert len({(line[1], line[2]) for line in seen}) == len(seen)
    whole = [line.split(" ", 2)[2] for line in read_text(panel, game)]
    assert "\n".join(line[3] for line in seen) in "\n".join(whole)  # more may have been said since


def read_text(panel: Panel, game: Game, **query: Any) -> list[str]:
    answer = panel.call("GET", log_path(game), params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain")
    return answer.text.splitlines()


def test_the_log_can_be_read_as_text(panel, adopted):
    """All of it, or by stream, time, expression and number; passwords are masked here as well."""
    for number in range(5):
        adopted.say(f"사과 {number}")
        adopted.say(f"an error {number} with {ADMIN_PASSWORD}", stream="stderr")
    end_log(adopted)
    assert len(read_text(panel, adopted, q="error")) == 5
    everything = read_text(panel, adopted)
    times = [line.split(" ")[0] for line in everything]
    assert ADMIN_PASSWORD not in "".join(everything)
    assert [line.split(" ", 2)[2] for line in read_text(panel, adopted, q="^사과 [13]$")] == [
        "사과 1",
        "사과 3",
    ]
    assert len(read_text(panel, adopted, stream="stderr", tail=2)) == 2
    assert read_text(panel, adopted, tail=3) == everything[-3:]
    second, last_but_one = times[1], times[-2]
    later = read_text(panel, adopted, since=second[:26] + "Z")
    assert later in (everything[1:], everything)  # two lines may share a microsecond
    assert read_text(panel, adopted, since="0999-01-01T00:00:00Z") == everything
    assert read_text(panel, adopted, until="2020-01-01T00:00:00Z") == []
    assert len(read_text(panel, adopted, until=last_but_one[:19] + "+23:59")) == 0
    named = panel.call("GET", log_path(adopted, "?download=1"))
    assert f'filename="{adopted.name}-' in named.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?q=(", "q"),
        ("?q=" + "a" * 1001, "q"),
        ("?since=yesterday", "since"),
        ("?since=9999-12-31T23:59:59-14:00", "since"),
        ("?until=0001-01-01T00:00:00%2B14:00", "until"),
        ("?tail=0", "tail"),
        ("?stream=stdin", "stream"),
        ("?format=xml", "format"),
        ("?before=-1", "before"),
        ("?head=5&tail=5", "head"),
    ],
)
def test_a_wrong_search_is_refused(panel, adopted, query, field):
    """The problem names what is wrong."""
    answer = panel.call("GET", log_path(adopted, query))
    assert (answer.status_code, answer.json()["key"]) == (400, "invalid")
    assert list(answer.json()["fields"]) == [field]


def read_page(panel: Panel, game: Game, **query: Any) -> Any:
    return panel.get(log_path(game), params={"format": "json", **query})


def list_lines(page: Any) -> list[list[Any]]:
    return [line for message in page["messages"] for line in message.get("lines", [])]


def test_the_log_can_be_read_back_to_its_beginning(panel, adopted):
    """A page at a time, by the numbers of its lines: each once, in order, and with where each run began."""
    adopted.say("before", repeat=2500)
    end_log(adopted)
    page = read_page(panel, adopted, tail=1000)
    lines, messages = list_lines(page), list(page["messages"])
    assert (len(lines), page["after"]) == (1000, None)
    while page["before"] is not None:
        page = read_page(panel, adopted, before=page["before"], tail=700)
        assert page["after"] == lines[0][0] - 1
        lines[:0] = list_lines(page)
        messages[:0] = page["messages"]
    assert [line[0] for line in lines] == list(range(lines[0][0], lines[0][0] + len(lines)))
    assert [f"{line[1]} {line[2]} {line[3]}" for line in lines] == read_text(panel, adopted)
    assert [message["state"] for message in messages if message["type"] == "state"] == ["running"]
    forwards, page = [], read_page(panel, adopted, head=900)
    while True:
        forwards += list_lines(page)
        if page["after"] is None:
            break
        page = read_page(panel, adopted, head=900, after=page["after"])
    assert forwards == lines


def test_a_page_tells_what_it_left_out(panel, adopted):
    """Only matches, only so many, without the panel's own polling; a number leads on where there is more."""
    for number in range(10):
        adopted.say(f"rare {number}")
        adopted.say("common", repeat=300)
    assert panel.call("GET", f"/api/server/{adopted.name}/info").status_code == 200
    adopted.say("the end of it")
    wait_until(lambda: read_text(panel, adopted, q="the end of it"), "everything was said")
    page = read_page(panel, adopted, q="^rare", tail=3)
    assert texts(list_lines(page)) == ["rare 7", "rare 8", "rare 9"]
    rest = read_page(panel, adopted, q="^rare", before=page["before"], tail=100)
    assert (len(list_lines(rest)), rest["before"]) == (7, None)
    first = read_page(panel, adopted, q="^rare", after=list_lines(rest)[0][0], head=2)
    assert texts(list_lines(first)) == ["rare 1", "rare 2"]
    assert texts(list_lines(read_page(panel, adopted, tail=20)), "/v1/api/info") != []
    assert texts(list_lines(read_page(panel, adopted, tail=20, polling=0)), "/v1/api/info") == []
    assert not any("/v1/api/info" in line for line in read_text(panel, adopted, polling=0))
    assert [line.split(" ", 2)[2] for line in read_text(panel, adopted, q="^rare", head=1)] == ["rare 0"]


def test_a_page_of_long_lines_is_bounded_and_never_empty(panel, adopted):
    """What does not fit comes with the next one."""
    adopted.say("x" * 16_000, repeat=300)
    adopted.say("the end of it")
    wait_until(lambda: read_text(panel, adopted, q="the end of it"), "everything was said")
    page = read_page(panel, adopted, tail=2000)
    lines = list_lines(page)
    assert 100 < len(lines) < 200
    older = list_lines(read_page(panel, adopted, before=page["before"], tail=2000))
    assert older[-1][0] == lines[0][0] - 1


def test_what_stands_behind_a_number_that_is_gone_begins_with_a_gap(panel, adopted):
    """As a viewer that resumes is told."""
    adopted.say("here")
    wait_until(lambda: read_text(panel, adopted, q="here"), "it was said")
    oldest = list_lines(read_page(panel, adopted, head=1))[0][0]
    page = read_page(panel, adopted, after=oldest - 8, head=1)
    assert page["messages"][0] == {"type": "gap", "lost": 7}
    assert list_lines(page)[0][0] == oldest


def test_an_empty_log_has_an_empty_page(panel, engine):
    """There is nothing older and nothing newer."""
    containers = Containers(engine)
    labels = {"palserver.saved-path": "/pal/Saved"}
    try:
        container = containers.make("true", labels=labels, name=containers.name("silent"))
        name = str(container.name)[:32]
        body = {"container": container.name, "name": name}
        assert panel.call("POST", "/api/instances/adopt", body).status_code == 201
        page = panel.get(f"/api/instances/{name}/logs?format=json")
        assert page == {"messages": [], "before": None, "after": None}
    finally:
        containers.remove_all()


def test_an_expression_that_would_take_for_ever_takes_no_time(panel, adopted):
    """The one that stops Python's own engine; everybody else goes on meanwhile."""
    adopted.say("a" * 10_000 + "b")
    wait_until(lambda: read_text(panel, adopted, q="aab$"), "the line was said")
    assert read_text(panel, adopted, q="^(a+)+$") == []


def test_the_panels_own_polling_is_marked(panel, adopted):
    """So that a reader can hide it: the line and the empty one that the game prints behind it."""
    with panel.watch(log_path(adopted, "?tail=0")) as viewer:
        lines = say_until_told(adopted, viewer, "here")
        assert panel.call("GET", f"/api/server/{adopted.name}/info").status_code == 200
        assert panel.call("POST", f"/api/server/{adopted.name}/save").status_code == 200
        adopted.say("by the game")
        lines += read_until(viewer, "by the game")
    own = [line[3] for line in lines if line[4:] == [True]]
    others = [line[3] for line in lines if line[4:] == []]
    assert any("/v1/api/info" in text for text in own)
    assert all((one == "") != (other == "") for one, other in pairwise(own))  # in turn
    assert "by the game" in others
    assert any("/v1/api/save" in text for text in others)


def test_a_container_removed_while_it_is_watched(panel, adopted):
    """The end is told, the log stays readable, and the viewer stays open for what comes next."""
    with panel.watch(log_path(adopted)) as viewer:
        adopted.say("the last words")
        read_until(viewer, "the last words")
        remove_container(adopted.client, adopted.name)
        states = []
        while "missing" not in states:
            message = receive(viewer)
            states += [message["state"]] if message["type"] == "state" else []
    assert read_text(panel, adopted, q="the last words")


def test_a_line_that_never_ends_is_no_line(panel, engine):
    """Text without a newline waits for it, and harms nobody."""
    containers = Containers(engine)
    labels = {"palserver.saved-path": "/pal/Saved"}
    script = "import sys, time; print('one'); sys.stdout.write('no end' * 9000); time.sleep(99)"
    container = containers.make("python3", "-uc", script, labels=labels, name=containers.name("endless"))
    try:
        container.start()
        name = str(container.name)[:32]
        body = {"container": container.name, "name": name}
        assert panel.call("POST", "/api/instances/adopt", body).status_code == 201
        with panel.watch(f"/api/instances/{name}/logs") as viewer:
            assert texts(read_until(viewer, "one")) == ["one"]
            container.kill()
            while receive(viewer).get("state") != "exited":
                pass
    finally:
        containers.remove_all()


def test_a_viewer_that_is_frozen_is_closed_after_a_while(panel, adopted):
    """It takes no more than its own bounds, and nobody waits for it."""
    with panel.watch(log_path(adopted, "?tail=0")) as viewer:
        say_until_told(adopted, viewer, "before")
        wait_until(lambda: count_viewers(panel) == 1, "nobody else is here any more")
        with closing(open_raw_viewer(panel, log_path(adopted, "?tail=0"))):
            wait_until(lambda: count_viewers(panel) == 2, "it is here")
            for number in range(4):
                adopted.say("filler-" + "x" * 900, repeat=1000)
                adopted.say(f"the end of part {number}")
                read_until(viewer, f"the end of part {number}")
            wait_until(lambda: count_viewers(panel) == 1, "the frozen one is closed")
            adopted.say("after it")
            read_until(viewer, "after it")


def count_viewers(panel: Panel) -> int:
    (line,) = re.findall(r"^palserver_viewers (\S+)$", panel.call("GET", "/metrics").text, re.MULTILINE)
    return int(float(line))


def test_the_engines_repeats_at_a_rotation_are_removed(panel, make_game):
    """A log that is rotated every few lines sends some again; nobody sees a line twice, or misses one.

    One round after the other, and none before the log is followed: where an engine rotates faster than it
    sends, it loses lines, and its stream may stop.
    """
    rotation = LogConfig(type="json-file", config={"max-size": "20k", "max-file": "3"})
    game = make_game(log_config=rotation).start()
    panel.adopt(game.name)
    with panel.watch(log_path(game, "?tail=0")) as viewer:
        lines = say_until_told(game, viewer, "here")
        for number in range(40):
            game.say(f"round {number} " + "x" * 80, repeat=49)
            game.say(f"round {number} is over")
            lines += read_until(viewer, f"round {number} is over")
    said = texts(lines, "round ")
    assert len(said) == len(set(said)) == 40 * 50
    assert [line[0] for line in lines] == list(range(lines[0][0], lines[0][0] + len(lines)))


def test_what_the_engine_itself_has_lost_is_told(panel, make_game):
    """Nobody looked while its log was rotated away: a gap without a number, where we have read to."""
    rotation = LogConfig(type="json-file", config={"max-size": "20k", "max-file": "2"})
    game = make_game(log_config=rotation).start()
    panel.adopt(game.name)
    game.say("seen before")
    wait_until(lambda: read_text(panel, game, q="seen before"), "it was said")
    seen = list_lines(read_page(panel, game))[-1][0]
    game.say("x" * 80, repeat=2000)
    game.say("the end of it")
    wait_until_held(game, "the end of it")  # else some are read, and then more are rotated away
    messages = read_page(panel, game, after=seen, head=2000)["messages"]
    assert messages[0] == {"type": "gap", "lost": None}
    assert sum(message["type"] == "gap" for message in messages) == 1
    kept = list_lines({"messages": messages})
    assert kept[0][0] == seen + 1
    assert 0 < len(texts(kept, "xxx")) < 2000
    text = read_text(panel, game)
    assert text.count("… lines are missing here; nobody knows how many") == 1
    with panel.watch(log_path(game, f"?after={seen}")) as viewer:
        assert receive(viewer) == {"type": "gap", "lost": None}
        assert texts(read_until(viewer, "the end of it"), "xxx") == texts(kept, "xxx")


def test_a_silent_log_outlasts_every_time_out(engine):
    """The stream of a container that says nothing for longer than any call may take stays open."""
    containers = Containers(engine)
    container = containers.make("sh", "-c", "echo first; sleep 3; echo second")
    client = Engine({}, call_seconds=1)
    try:
        container.start()
        reader = LogReader(is_tty=False)
        with client.stream(f"/containers/{container.id}/logs", stdout=1, timestamps=1, follow=1) as pieces:
            read = [line.text for piece in pieces for line in reader.feed(piece)]
        assert read == ["first", "second"]
    finally:
        client.close()
        containers.remove_all()
