"""Start, stop, restart, kill: real containers, with the world saved before anything ends."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import pytest

from palserver.clock import parse_time
from tests.game import Game, remove_container
from tests.panel import Panel
from tests.restored import list_posts
from tests.waiting import wait_until


def run(panel: Panel, game: Game, action: str, body: Any = None) -> Any:
    return panel.run_job(f"/api/instances/{game.name}/{action}", body)


def test_a_stop_saves_asks_and_waits(panel, adopted):
    """The world is saved, the game leaves by itself, and `unless-stopped` does not bring it back."""
    job = run(panel, adopted, "stop")
    assert job["state"] == "succeeded", job
    assert job["result"] == {
        "was_running": True,
        "saved": True,
        "save_error": None,
        "ended_by": "game",
        "exit_code": 0,
    }
    assert adopted.state == "exited"
    assert adopted.restart_policy == "unless-stopped"
    adopted.container.reload()
    assert adopted.container.attrs["RestartCount"] == 0


def test_the_save_comes_before_the_shutdown(panel, adopted):
    """What players did up to the last moment is in the world."""
    adopted.set_faults(never_exit=True)
    answer = panel.call("POST", f"/api/instances/{adopted.name}/stop")
    wait_until(lambda: "shutdown" in list_posts(adopted), "the game is asked to shut down")
    posts = list_posts(adopted)
    assert posts.index("save") < posts.index("shutdown")
    assert adopted.restart_policy == "no"
    adopted.control("POST", "/crash", {"exit_code": 0})
    job = panel.wait_for_job(answer.json()["job"]["id"])
    assert job["state"] == "succeeded"
    assert adopted.restart_policy == "unless-stopped"


def test_a_game_that_does_not_answer_is_still_stopped_and_the_save_is_told_truly(panel, adopted):
    """With REST closed nothing could be saved: the server stops, and the job does not claim otherwise."""
    adopted.set_faults(refuse=True)
    job = run(panel, adopted, "stop")
    assert job["state"] == "succeeded"
    assert job["result"]["saved"] is False
    assert job["result"]["save_error"] == "game_unreachable"
    assert job["result"]["ended_by"] == "engine"
    assert adopted.state == "exited"


def test_a_game_that_refuses_the_password_is_still_stopped(panel, adopted):
    """A 401 is told as what it is, and does not keep the server from stopping."""
    adopted.set_faults(unauthorized=True)
    job = run(panel, adopted, "stop")
    assert job["result"]["saved"] is False
    assert job["result"]["save_error"] == "game_unauthorized"
    assert adopted.state == "exited"


def test_a_save_that_fails_is_told(panel, adopted):
    """The game answered, and the answer was not a success."""
    adopted.set_faults(save_fails=True)
    job = run(panel, adopted, "stop")
    assert job["result"]["saved"] is False
    assert job["result"]["save_error"] == "game_bad_answer"
    assert job["result"]["ended_by"] == "game"


def test_stopping_what_is_stopped_is_no_failure(panel, adopted):
    """The wish is fulfilled already; nothing is claimed about a save."""
    run(panel, adopted, "stop")
    job = run(panel, adopted, "stop")
    assert job["state"] == "succeeded"
    assert (job["result"]["was_running"], job["result"]["saved"]) == (False, None)


def test_start_and_restart(panel, adopted):
    """A stopped server starts; a running one is saved, stopped and started, under one job."""
    run(panel, adopted, "stop")
    started = run(panel, adopted, "start")
    assert (started["state"], started["result"]["was_running"]) == ("succeeded", False)
    assert adopted.state == "running"
    adopted.wait_until_ready()
    adopted.container.reload()
    before = adopted.container.attrs["State"]["StartedAt"]
    restarted = run(panel, adopted, "restart")
    assert restarted["result"]["saved"] is True
    adopted.container.reload()
    assert adopted.container.attrs["State"]["StartedAt"] > before
    assert adopted.restart_policy == "unless-stopped"


def test_starting_what_runs_is_no_failure(panel, adopted):
    """It runs, as was wished."""
    assert run(panel, adopted, "start")["result"] == {"was_running": True}


def test_a_paused_container_is_woken_and_stopped(panel, adopted):
    """A paused game cannot save; it is woken first."""
    adopted.container.pause()
    job = run(panel, adopted, "stop")
    assert job["result"]["saved"] is True
    assert adopted.state == "exited"


def test_kill_ends_at_once_and_says_that_nothing_was_saved(panel, adopted):
    """It stays dead, although its policy would start it again."""
    job = run(panel, adopted, "kill")
    assert job["state"] == "succeeded"
    assert job["result"] == {"saved": False, "exit_code": 137}
    assert adopted.state == "exited"
    again = panel.call("POST", f"/api/instances/{adopted.name}/kill?wait=20").json()["job"]
    assert (again["state"], again["error"]["key"]) == ("failed", "instance_not_running")


def test_a_removed_container_cannot_be_started(panel, adopted):
    """The job fails with a sentence; the instance is still there."""
    remove_container(adopted.client, adopted.name)
    job = run(panel, adopted, "start")
    assert (job["state"], job["error"]["key"]) == ("failed", "container_missing")
    instance = f"/api/instances/{adopted.name}"
    wait_until(lambda: panel.get(instance)["state"] == "missing", "it is seen to be gone")


def test_players_see_the_countdown(panel, adopted):
    """The message and the time left are announced, then the world is saved, then the game ends."""
    job = run(panel, adopted, "stop", {"wait_seconds": 2, "message": "점검합니다"})
    assert job["state"] == "succeeded"
    output = panel.call("GET", f"/api/jobs/{job['id']}/output").text
    assert "Told the players: 점검합니다 (2 s)" in output
    assert output.index("Told the players") < output.index("The world is saved.")


def test_a_countdown_can_be_cancelled(panel, adopted):
    """The server keeps running and its players are told so."""
    answer = panel.call("POST", f"/api/instances/{adopted.name}/stop", {"wait_seconds": 600})
    job_id = answer.json()["job"]["id"]
    wait_until(lambda: "announce" in list_posts(adopted), "the countdown has begun")
    shown = panel.get(f"/api/jobs/{job_id}")["job"]
    left = parse_time(shown["step_ends_at"]) - parse_time(shown["started_at"])
    assert (shown["step"], round(left.total_seconds(), -1)) == ("counting_down", 600)
    assert panel.call("POST", f"/api/jobs/{job_id}/cancel").status_code == 202
    job = panel.get(f"/api/jobs/{job_id}?wait=20")["job"]
    assert (job["state"], job["error"]["key"]) == ("cancelled", "cancelled")
    assert job["step_ends_at"] is None
    assert adopted.state == "running"
    assert list_posts(adopted) == ["announce", "announce"]
    late = panel.call("POST", f"/api/jobs/{job_id}/cancel")
    assert (late.status_code, late.json()["key"]) == (409, "not_cancellable")


@pytest.mark.parametrize(
    "body",
    [{"wait_seconds": -1}, {"wait_seconds": 3601}, {"wait_seconds": "5"}, {"message": ""}, {"other": 1}, []],
)
def test_a_wrong_countdown_is_refused_before_anything_happens(panel, adopted, body):
    """Nothing is announced, saved or stopped."""
    answer = panel.call("POST", f"/api/instances/{adopted.name}/stop", body)
    assert (answer.status_code, answer.json()["key"]) == (400, "invalid")
    assert adopted.state == "running"
    assert list_posts(adopted) == []


def test_two_people_at_once(panel, adopted):
    """One of two simultaneous stops runs; the other is refused and told which job is in its way."""
    panel.token = panel.token or panel.sign_in()
    answers: list[Any] = []

    def stop() -> None:
        answers.append(panel.call("POST", f"/api/instances/{adopted.name}/stop", {"wait_seconds": 1}))

    threads = [threading.Thread(target=stop) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    accepted, refused = sorted(answers, key=lambda answer: answer.status_code)
    assert accepted.status_code == 202
    assert (refused.status_code, refused.json()["key"]) == (409, "instance_busy")
    assert refused.json()["fields"]["job"] == accepted.json()["job"]["id"]
    job = panel.wait_for_job(accepted.json()["job"]["id"])
    assert job["state"] == "succeeded"


def test_an_instance_shows_the_job_that_runs_on_it(panel, adopted):
    """While the job runs, everybody sees it with the instance; afterwards it is gone from there."""
    answer = panel.call("POST", f"/api/instances/{adopted.name}/stop", {"wait_seconds": 600})
    shown = panel.get(f"/api/instances/{adopted.name}")["job"]
    assert (shown["id"], shown["kind"]) == (answer.json()["job"]["id"], "stop")
    panel.call("POST", f"/api/jobs/{shown['id']}/cancel")
    panel.get(f"/api/jobs/{shown['id']}?wait=20")
    assert panel.get(f"/api/instances/{adopted.name}")["job"] is None


def test_a_panel_killed_in_the_middle_of_a_stop_gives_the_policy_back(
    make_panel: Callable[..., Panel], make_game: Callable[..., Game]
):
    """What the policy was is written down before it is changed, and put back at the next start."""
    panel, game = make_panel(), make_game().start()
    panel.start()
    panel.adopt(game.name)
    game.set_faults(never_exit=True)
    panel.call("POST", f"/api/instances/{game.name}/stop")
    wait_until(lambda: game.restart_policy == "no", "the policy is held")
    panel.kill()
    assert game.restart_policy == "no"
    with sqlite3.connect(panel.folder / "server" / "paladmin.db") as conn:
        held = conn.execute("SELECT held_restart_policy FROM instances").fetchone()[0]
    assert "unless-stopped" in held
    game.set_faults(never_exit=False)
    panel.start()
    wait_until(lambda: game.restart_policy == "unless-stopped", "the policy is back")
