"""The page as it is served, and as it is written: its words, its modules, and what they must never do."""

from __future__ import annotations

import gzip
import inspect
import json
import posixpath
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from palserver import errors
from palserver.web import page
from palserver.web.page import FOLDER

Message = str | dict[str, str]
Locale = dict[str, Message]

LANGUAGES = ("en", "ko")
# The plural categories that each language's rules know; `zero` is our own, for none at all.
PLURAL_FORMS = {"en": {"one", "other"}, "ko": {"other"}}
SCRIPTS = sorted(FOLDER.glob("js/**/*.js"))
CODE = {script.relative_to(FOLDER).as_posix(): script.read_text("utf-8") for script in SCRIPTS}
INDEX = (FOLDER / "index.html").read_text("utf-8")
# `/api/docs` is a page of its own: it shares a few files with the first one, which loads none of the rest.
DOCS = (FOLDER / "docs.html").read_text("utf-8")
DOCS_FILES = re.compile(r"docs\.html|(?:css|js)/docs/.+")
FIRST_VIEW_BYTES = 75_000

PROJECT = FOLDER.parent.parent
STATIC_IMPORT = re.compile(r'^(?:import|export) (?:[^;"=()]* from )?"([^"]+)"', re.MULTILINE)
KEY = re.compile(r'"([a-z_]+(?:\.[a-z_]+)+)"')
KEY_PATTERN = re.compile(r"`([a-z_]+(?:\.[a-z_]+)*\.\$\{[^`]*)`")
MARKUP_MAKERS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser|srcdoc"
)
CALL = re.compile(r'\b(?:t|has|phrase)\("([^"]+)"')


@pytest.fixture
def client() -> FlaskClient:
    app = Flask(__name__)
    app.register_blueprint(page.bp)
    return app.test_client()


def read_locale(language: str) -> Locale:
    locale: Locale = json.loads((FOLDER / f"locales/{language}.json").read_text("utf-8"))
    return locale


def find_used_keys(known: set[str]) -> set[str]:
    """Every key that stands in the code, and every known one that a `pattern.${like}.this` may mean."""
    code = "\n".join(CODE.values())
    used = set(KEY.findall(code)) | set(CALL.findall(code))
    for written in KEY_PATTERN.findall(code):
        pattern = re.compile(r"[a-z_]+".join(map(re.escape, re.split(r"\$\{.*?\}(?=\.|$)", written))))
        matches = {key for key in known if pattern.fullmatch(key)}
        assert matches, f"no key is like {written}"
        used |= matches
    return used


def find_names(message: Message) -> set[str]:
    forms = [message] if isinstance(message, str) else message.values()
    return {name for form in forms for name in re.findall(r"\{(\w+)\}", form)}


def list_problem_keys() -> set[str]:
    classes = (value for _, value in inspect.getmembers(errors, inspect.isclass))
    return {value.key for value in classes if issubclass(value, errors.PalError)}


def test_all_languages_say_the_same_things():
    """Each language has every key of the others, with the same names to fill in."""
    first, *others = map(read_locale, LANGUAGES)
    for other in others:
        assert set(first) == set(other)
        assert [key for key in first if find_names(first[key]) != find_names(other[key])] == []


def test_every_language_that_can_be_chosen_is_tested_and_has_its_files():
    """Those that the page offers are those of these tests, each with all its words."""
    block = re.search(r"LANGUAGES = \{(.*?)\}", CODE["js/preferences.js"])
    assert block is not None
    assert tuple(re.findall(r"(\w+):", block[1])) == LANGUAGES
    files = {path.name for path in (FOLDER / "locales").glob("*.json")}
    assert files == {f"{kind}{tag}.json" for kind in ("", "options.") for tag in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_empty_and_each_has_its_plural_forms(language):
    """A message is one text, or one for each plural category of its language."""
    for key, message in read_locale(language).items():
        forms = {"other": message} if isinstance(message, str) else message
        assert all(form.strip() for form in forms.values()), key
        assert isinstance(message, str) or set(forms) - {"zero"} == PLURAL_FORMS[language], key


def test_every_key_that_is_used_exists_and_every_key_is_used():
    """The page never shows a key in the place of words, and keeps no words that it never shows."""
    known = set(read_locale("en"))
    assert find_used_keys(known) == known


def test_every_problem_that_the_server_may_report_has_its_words():
    """What `errors.py` can say, the page says in each language."""
    assert {f"error.{key}" for key in list_problem_keys()} <= set(read_locale("en"))


@pytest.mark.parametrize(("prefix", "words"), [
    ("state", ("running", "stopped", "restarting", "paused", "dead", "missing", "unknown")),
    ("state", ("ready", "starting", "unresponsive", "unauthorized", "off")),
    ("job.state", ("queued", "running", "succeeded", "failed", "cancelled", "interrupted")),
    ("job.end", ("succeeded", "failed", "cancelled", "interrupted")),
    ("job.kind", ("start", "stop", "restart", "kill", "backup", "update")),
    ("source", ("created", "adopted", "compose")),
    ("role", ("viewer", "operator", "admin")),
])  # fmt: skip
def test_every_word_of_the_api_has_its_words(prefix, words):
    """States, kinds and roles come as words of the API and are shown as words of the language."""
    assert {f"{prefix}.{word}" for word in words} <= set(read_locale("en"))


@pytest.mark.parametrize("name", CODE)
def test_no_script_makes_markup_or_code_of_text(name):
    """Names of players are hostile: text only ever becomes text."""
    assert MARKUP_MAKERS.findall(CODE[name]) == []


@pytest.mark.parametrize("html", [INDEX, DOCS], ids=["index", "docs"])
def test_the_page_has_no_inline_script_or_style(html):
    """The policy would block it, and it is the door of every injection."""
    assert re.findall(r"<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son\w+=|javascript:", html) == []


def find_modules(start: str) -> set[str]:
    """What a module loads with it. What it fetches later with `import()` is not of these."""
    found, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            targets = STATIC_IMPORT.findall(CODE[name])
            waiting += [posixpath.normpath(f"{posixpath.dirname(name)}/{target}") for target in targets]
    return found


def test_the_page_loads_every_module_of_the_first_view_at_once_and_nothing_from_elsewhere():
    """A module that is not named up front costs a round trip more; every address is one of our own files."""
    linked = set(re.findall(r'(?:href|src)="([^"]+)"', INDEX))
    assert linked <= {f"assets/{name}" for name in page.list_assets()}
    plain = {"js/arrival.js", "js/theme.js"}
    assert {f"assets/{name}" for name in find_modules("js/main.js") | plain} == {
        address for address in linked if address.endswith(".js")
    }


def test_every_module_that_is_fetched_later_exists():
    """What `import()` names is one of our files or the library, and is not loaded up front for nothing."""
    at_once = find_modules("js/main.js")
    for name, text in CODE.items():
        for target in re.findall(r'(?:await |=> )import\("([^"]+)"\)', text):
            address = posixpath.normpath(f"{posixpath.dirname(name)}/{target}")
            assert address in page.list_assets(), (name, target)
            assert address not in at_once, (name, target)


def test_every_style_sheet_is_there_at_once_or_comes_with_what_it_is_for():
    """None is asked for that does not exist, none is loaded up front for nothing, none is never loaded."""
    at_once = {name for name in re.findall(r'href="assets/([^"]+)"', INDEX) if name.endswith(".css")}
    named = {name for text in CODE.values() for name in re.findall(r'"((?:css|vendor)/[^"]+\.css)"', text)}
    ours = {name for name in page.list_assets() if name.endswith(".css") and not DOCS_FILES.fullmatch(name)}
    assert named & at_once == set()
    assert named | at_once == ours


def test_the_page_about_the_api_loads_its_own_files():
    """It names all of its modules up front, from one folder deeper, and nothing from elsewhere."""
    linked = set(re.findall(r'(?:href|src)="(\.\./[^"]+|https?:[^"]+)"', DOCS))
    assert linked <= {f"../assets/{name}" for name in page.list_assets()}
    assert {f"../assets/{name}" for name in filter(DOCS_FILES.fullmatch, CODE)} <= linked


def test_every_module_that_is_imported_exists():
    """Each relative import leads to a file."""
    for name, text in CODE.items():
        for target in re.findall(r'^(?:import|export) .*?from "([^"]+)"', text, re.MULTILINE | re.DOTALL):
            assert (FOLDER / name).parent.joinpath(target).resolve() in SCRIPTS, (name, target)


def test_the_page_answers_with_a_strict_policy(client):
    """Nothing but our own files runs, nobody frames us, and an update of the panel shows at once."""
    answer = client.get("/")
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert answer.status_code == 200
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", page.list_assets())
def test_whatever_can_be_looked_at_by_itself_has_the_policy(client, name):
    """A picture opened by its address, too; a script, a sheet or words are nothing by themselves."""
    headers = client.get(f"/assets/{name}").headers
    assert ("Content-Security-Policy" in headers) is name.endswith((".html", ".svg"))
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(("name", "content_type"), [
    ("js/main.js", "text/javascript; charset=utf-8"),
    ("css/base.css", "text/css; charset=utf-8"),
    ("locales/ko.json", "application/json"),
    ("icon.svg", "image/svg+xml"),
])  # fmt: skip
def test_a_file_comes_as_what_it_is(client, name, content_type):
    """Also on a system whose own table calls JavaScript plain text."""
    answer = client.get(f"/assets/{name}")
    assert (answer.status_code, answer.content_type) == (200, content_type)
    assert answer.data == (FOLDER / name).read_bytes()


def test_a_file_that_has_not_changed_is_not_sent_again(client):
    """The browser asks with the tag it has, and gets 304 without a body."""
    etag = client.get("/assets/js/main.js").headers["ETag"]
    again = client.get("/assets/js/main.js", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


def test_a_client_that_takes_gzip_gets_the_same_file_compressed(client):
    """And one that does not gets it as it is; caches are told that there are two."""
    packed = client.get("/assets/js/main.js", headers={"Accept-Encoding": "br, gzip"})
    plain = client.get("/assets/js/main.js", headers={"Accept-Encoding": "gzip;q=0"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("name", [
    "", "nothing.js", "../web/page.py", "..%2Fweb%2Fpage.py", "%2e%2e/web/page.py", "js/../../web/page.py",
    "js", "/etc/passwd", "js/main.js/", "js%5Cmain.js", "js/main.js%00.css",
])  # fmt: skip
def test_nothing_but_the_page_s_files_is_served(client, name):
    """Whatever the address, it names a file of the folder or nothing."""
    assert client.get(f"/assets/{name}", follow_redirects=True).status_code == 404


def test_the_first_view_is_small():
    """All that a first visit loads, compressed, one language included."""
    assets = page.list_assets()
    linked = re.findall(r'(?:href|src)="assets/([^"]+)"', INDEX)
    pictures = [name for name in assets if name.endswith(".svg")]
    wanted = {"index.html", "locales/en.json", *linked, *pictures}
    assert sum(len(assets[name].packed) for name in wanted) < FIRST_VIEW_BYTES


def test_the_charts_are_a_stand_in_where_npm_is_not(monkeypatch, tmp_path):
    """A page without the library asks for the same files, and none of them is missing."""
    monkeypatch.setattr(page, "LIBRARIES", tmp_path)
    page.list_assets.cache_clear()
    assets = page.list_assets()
    page.list_assets.cache_clear()
    assert assets["vendor/uplot.js"].plain == b"export default null;\n"
    assert assets["vendor/uplot.css"].plain == b""


def test_the_library_is_pinned_and_its_list_names_no_registry():
    """Everybody gets the same files, from whichever registry their npm is set to."""
    pinned = json.loads((PROJECT / "package.json").read_text("utf-8"))["dependencies"]
    lock = (PROJECT / "package-lock.json").read_text("utf-8")
    packages = json.loads(lock)["packages"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in pinned.values())
    assert {name: packages[f"node_modules/{name}"]["version"] for name in pinned} == pinned
    assert "http" not in lock
