"""What a real panel answers, held against what it says that it answers: every field, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.described import Description, Json
from tests.imitations import made_servers
from tests.panel import Panel, receive

SECOND = {"username": "vera", "password": "second password"}


@pytest.fixture(scope="module")
def description(panel: Panel) -> Description:
    return Description(panel.get("/api/openapi.json", token=""))


def test_a_field_that_is_not_described_is_noticed(description):
    """The tests below would pass for nothing if it were not."""
    message = {"type": "gap", "lost": 3}
    description.check_message("/api/events", message)
    with pytest.raises(AssertionError, match="surprise"):
        description.check_message("/api/events", message | {"surprise": 1})


def test_every_reading_call_answers_as_described(panel, adopted, description):
    """Each GET of the document, on a game that runs and on a job that has ended."""
    adopted.join("Anna")
    job = panel.run_job(f"/api/instances/{adopted.name}/backup", {"note": "before"})
    parts = {"instance_name": adopted.name, "job_id": job["id"], "backup_id": job["result"]["backup"]}
    for method, path, operation in description.list_operations():
        if method == "get" and {"200"} & operation["responses"].keys():
            answer = description.check(panel.call("GET", path.format(**parts)))
            assert answer.status_code == 200, answer.text


def test_jobs_answer_as_described(panel, adopted, description):
    """Started, waited for, refused while another runs, cancelled, and a dry run that starts none."""
    address = f"/api/instances/{adopted.name}"

    def call(method: str, path: str, body: Any = None) -> tuple[int, Json]:
        answer = description.check(panel.call(method, path, body))
        return answer.status_code, answer.json()

    changes = {"rest_address": "127.0.0.1:1", "admin_password": "x"}
    assert call("PATCH", f"{address}?dry_run=1", changes)[0] == 200
    assert call("PATCH", f"{address}?dry_run=perhaps", changes)[0] == 400
    status, said = call("POST", f"{address}/stop", {"wait_seconds": 60, "message": "Soon"})
    assert status == 202
    job = f"/api/jobs/{said['job']['id']}"
    assert call("GET", address)[1]["job"] is not None
    assert call("POST", f"{address}/start")[0] == 409
    assert call("POST", f"{job}/cancel")[0] == 202
    assert call("GET", f"{job}?wait=60")[1]["job"]["error"]["key"] == "cancelled"
    assert call("POST", f"{job}/cancel")[0] == 409
    assert call("POST", f"{address}/stop?wait=60")[0] == 200
    assert call("GET", address)[1]["state"] == "exited"
    assert call("GET", f"/api/server/{adopted.name}/players")[0] == 409
    assert call("POST", f"{address}/start?wait=60")[0] == 200
    assert call("GET", f"/api/jobs?instance={adopted.name}&limit=2")[0] == 200


def test_backups_answer_as_described(panel, adopted, description):
    """Pinned, checked, read in part, refused, removed."""
    backup = panel.run_job(f"/api/instances/{adopted.name}/backup")["result"]["backup"]
    address = f"/api/instances/{adopted.name}/backups/{backup}"

    def call(method: str, path: str, body: Any = None, **headers: str) -> int:
        answer = description.check(panel.call(method, path, body, headers=headers))
        return int(answer.status_code)

    etag = panel.call("HEAD", f"{address}/download").headers["ETag"]
    assert call("PATCH", address, {"pinned": True, "note": "keep"}) == 200
    assert call("PATCH", address, {"pinned": "perhaps"}) == 400
    assert call("DELETE", address) == 409
    assert call("POST", f"{address}/verify?wait=60") == 200
    assert call("GET", f"{address}/download", Range="bytes=0-9") == 206
    assert call("GET", f"{address}/download", Range="bytes=99999999999-") == 416
    assert call("GET", f"{address}/download", **{"If-None-Match": etag}) == 304
    assert call("PATCH", address, {"pinned": False}) == 200
    assert call("DELETE", address) == 204
    for method, path in (("DELETE", ""), ("PATCH", ""), ("GET", "/download"), ("POST", "/verify")):
        assert call(method, address + path) == 404


def test_servers_come_and_go_as_described(panel, engine, description):
    """Made, refused, cloned, changed for show, written as a compose file, deleted."""
    with made_servers(engine) as made:
        one, two = made.name("one"), made.name("two")

        def call(method: str, path: str, body: Any = None) -> int:
            return int(description.check(panel.call(method, path, body)).status_code)

        body = {
            "name": one,
            "image": "palserver:local",
            "saved_path": "/pal/Package/Pal/Saved",
            "start": False,
        }
        assert call("GET", "/api/creation") == 200
        assert call("POST", "/api/instances?wait=60", body) == 200
        assert call("POST", "/api/instances", body) == 409
        assert call("POST", "/api/instances", {**body, "name": "../x", "game_port": "no"}) == 400
        clone = {"name": two, "world": False, "start": False}
        assert call("POST", f"/api/instances/{one}/clone?wait=60", clone) == 200
        assert call("POST", f"/api/instances/{one}/clone", clone) == 409
        assert call("GET", f"/api/instances/{one}/compose") == 200
        assert call("PATCH", f"/api/instances/{one}?dry_run=1", {"memory_limit_bytes": 2**30}) == 200
        assert call("PATCH", f"/api/instances/{one}", {"memory_limit_bytes": 1}) == 400
        assert call("DELETE", f"/api/instances/{one}?data=everything") == 400
        for name in (one, two):
            assert call("DELETE", f"/api/instances/{name}?data=delete&wait=60") == 200
        assert call("DELETE", f"/api/instances/{one}") == 404
        assert (made.list_containers(), made.list_volumes()) == ([], [])


def test_orders_to_a_game_answer_as_described(panel, adopted, description):
    """Said yes to, refused by the game, and refused by us."""
    orders: list[tuple[str, Json | None, int]] = [
        ("announce", {"message": "Hello"}, 200),
        ("announce", {"message": "", "surprise": 1}, 400),
        ("save", None, 200),
        ("kick", {"user_id": "steam_76561190000000001"}, 400),
        ("kick", {"user_id": "not one!"}, 400),
    ]
    for order, body, status in orders:
        answer = description.check(panel.call("POST", f"/api/server/{adopted.name}/{order}", body))
        assert answer.status_code == status, answer.text


def test_accounts_answer_as_described(panel, description):
    """Users and sessions, from their first sign-in to their last."""

    def call(method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        answer = description.check(panel.call(method, path, body, token=token))
        return answer.json() if answer.content else {}

    call("POST", "/api/users", {"username": "vera", "password": "first password", "role": "viewer"})
    tokens = call("POST", "/api/auth/login", {"username": "vera", "password": "first password"}, "")
    token = tokens["access_token"]
    assert call("GET", "/api/instances", token=token)["key"] == "password_change_required"
    change = {"current_password": "first password", "new_password": "second password"}
    call("POST", "/api/auth/password", change, token)
    assert call("POST", "/api/auth/verify-password", {"password": "wrong"}, token) == {"verified": False}
    call("POST", "/api/auth/ticket", token=token)
    assert call("GET", "/api/audit", token=token)["key"] == "forbidden"
    session = call("GET", "/api/auth/sessions", token=token)["sessions"][0]["id"]
    tokens = call("POST", "/api/auth/refresh", token=tokens["refresh_token"])
    call("DELETE", f"/api/auth/sessions/{session}", token=tokens["access_token"])
    assert call("GET", "/api/auth/me", token=token)["key"] == "unauthorized"
    assert (
        call("POST", "/api/auth/login?cookie=1", {"username": "vera", "password": "no"}, "")["status"] == 401
    )
    assert "refresh_token" not in call("POST", "/api/auth/login?cookie=1", SECOND, "")
    call("PATCH", "/api/users/vera", {"role": "operator"})
    call("DELETE", "/api/users/vera")
    assert call("DELETE", "/api/users/vera")["key"] == "user_not_found"
    assert call("DELETE", "/api/users/admin")["key"] == "last_admin"
    call("POST", "/api/auth/logout", token=tokens["access_token"])


def test_refusals_are_described(panel, description):
    """What does not exist, what cannot be read, and what is of another kind."""
    answers = [
        panel.call("GET", "/api/instances/nobody"),
        panel.call("GET", "/api/jobs/none"),
        panel.call("GET", "/api/jobs?limit=0&state=odd"),
        panel.call("POST", "/api/instances/adopt", {"container": "no-such-container"}),
        panel.call("POST", "/api/instances/adopt", {}),
        panel.call("POST", "/api/users", data=b"<xml/>", headers={"Content-Type": "text/xml"}),
        panel.call("POST", "/api/users", data=b"x" * 1_100_000, headers={"Content-Type": "application/json"}),
        panel.call("DELETE", "/api/auth/sessions/none"),
    ]
    statuses = [description.check(answer).status_code for answer in answers]
    assert statuses == [404, 404, 400, 404, 400, 415, 413, 404]


def test_a_page_of_the_log_is_as_described(panel, adopted, description):
    """The address answers with text, or with a page in JSON."""
    path = f"/api/instances/{adopted.name}/logs"
    page = description.check(panel.call("GET", f"{path}?format=json&tail=2")).json()
    assert [len(message["lines"]) for message in page["messages"]] == [2]
    assert description.check(panel.call("GET", f"{path}?tail=2")).text.count("\n") == 2


def test_sockets_send_what_is_described(panel, adopted, description):
    """The snapshot and changes, a job's output to its end, and log lines."""
    with panel.watch("/api/events") as events:
        seen = {description.check_message("/api/events", receive(events))["type"]}
        job = panel.call("POST", f"/api/instances/{adopted.name}/restart").json()["job"]
        path = "/api/jobs/{job_id}/output"
        with panel.watch(path.format(job_id=job["id"])) as output:
            while description.check_message(path, receive(output))["type"] != "job":
                continue
        while not {"snapshot", "instance", "job", "sample"} <= seen:
            seen.add(description.check_message("/api/events", receive(events))["type"])
    path = "/api/instances/{instance_name}/logs"
    with panel.watch(path.format(instance_name=adopted.name)) as log:
        while description.check_message(path, receive(log))["type"] != "lines":
            continue
