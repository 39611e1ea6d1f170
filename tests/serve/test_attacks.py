"""What should not be sent: refused or answered, nothing leaked, never a 500."""

import gzip
import io
import json

import httpx
import pytest

from crosslight.serve import files, keys
from crosslight.serve.keys import Keys
from crosslight.serve.logs import Log
from crosslight.serve.refusals import Refusal
from crosslight.serve.settings import Limits, ServeSettings

HOST = b"Host: localhost\r\n"
FIELDS = {"q": "un", "source": "fr", "target": "en"}
HEADERS = (
    *("content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"),
    *("permissions-policy", "cross-origin-opener-policy"),
)


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def faults(site) -> list[bytes]:
    """The lines that count answers of 500."""
    return [line for line in site.service.metrics.text().splitlines() if b'status="500"' in line]


@pytest.fixture
def unharmed(site):
    """The service still answers after the test, and no fault was answered during it."""
    before = faults(site)
    yield
    assert httpx.post(f"{site.url}/translate", json=FIELDS).json() == {"translatedText": "UN"}
    assert faults(site) == before


pytestmark = pytest.mark.usefixtures("unharmed")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/..%5capp.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/....//....//etc/passwd",
        "/static/index.html%00.js",
        "/static/",
        "/static/.",
        "/../../etc/passwd",
        "/download_file/../../etc/passwd",
        "/download_file/..%2f..%2fetc%2fpasswd",
        "/download_file/%00",
        "/download_file/" + "a" * 5000,
    ],
)
def test_no_path_leads_out(site, path):
    answer = site.raw(f"GET {path} HTTP/1.1\r\nConnection: close\r\n".encode() + HOST + b"\r\n")
    assert status_of(answer) in (400, 404)
    assert b"root:" not in answer
    assert b"import" not in answer


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'"q"',
        b"12",
        b"\xff\xfe{}",
        b'{"q": NaN}',
        b'{"q": ' + b"9" * 20_000 + b"}",
        b"[" * 100_000,
        b'{"q":' * 50_000,
        b'{"q": {"a": [1]}, "source": "fr", "target": "en"}',
        b'{"q": 3, "source": "fr", "target": "en"}',
        b'{"q": ["a", null], "source": "fr", "target": "en"}',
        b'{"q": "a", "source": ["fr"], "target": {"en": 1}}',
        b'{"q": "a", "source": "' + b"f" * 5000 + b'", "target": "en"}',
    ],
    ids=range(15),
)
@pytest.mark.parametrize("path", ["/translate", "/v2/translate", "/api/v1/translate", "/api/v1/alternatives"])
def test_malformed_json_is_refused(site, path, body):
    answer = httpx.post(f"{site.url}{path}", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    reason = answer.json()["message" if path.startswith("/v2/") else "error"]
    assert 0 < len(reason) < 1000, "and what was sent is not sent back"


@pytest.mark.parametrize(
    "other", ['"alternatives": 1e400', '"alternatives": -1', '"format": "exe"', '"format": null']
)
def test_impossible_values_are_refused(site, other):
    body = f'{{"q": "a", "source": "fr", "target": "en", {other}}}'
    assert httpx.post(f"{site.url}/translate", content=body).status_code == 400


def test_a_fault_names_the_field_and_never_what_was_given(site):
    fields = {"q": {"private": "secret"}, "source": "fr"}
    answer = httpx.post(f"{site.url}/translate", json=fields)
    assert "q:" in answer.json()["error"]
    assert "target:" in answer.json()["error"]
    assert "secret" not in answer.text


def test_a_body_that_says_it_is_too_long_is_not_read(site):
    head = b"POST /translate HTTP/1.1\r\nContent-Length: 1000001\r\n" + HOST + b"\r\n"
    answer = site.raw(head + b"{")  # the rest never comes
    assert status_of(answer) == 413
    assert b"1,000,000" in answer


def test_a_body_in_chunks_is_counted_while_it_comes(site):
    def chunks():
        for _ in range(200):
            yield b"a" * 10_000

    with _Either() as got:
        got.append(httpx.post(f"{site.url}/translate", content=chunks()).status_code)
    assert got in ([413], ["closed"])
    raw = b"POST /translate HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HOST + b"\r\n"
    raw += (b"%x\r\n" % 1_000_001) + b"a" * 1_000_001
    assert status_of(site.raw(raw)) == 413


class _Either(list):
    """A server may close the connection while the client still sends."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind and issubclass(kind, httpx.TransportError):
            self.append("closed")
            return True
        return False


def test_a_packed_body_is_not_unpacked(site):
    bomb = gzip.compress(b" " * 50_000_000)
    answer = httpx.post(
        f"{site.url}/translate",
        content=bomb,
        headers={"content-encoding": "gzip", "content-type": "application/json"},
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"q": ["a"] * 129}, "129 texts, and 128"),
        ({"q": ["a"] * 100_000}, "100,000 texts"),
        ({"q": "a" * 5001}, "5,001 characters in a text, and 5,000"),
        ({"q": "a", "alternatives": 100}, "101 translations of a text, and 8"),
    ],
)
def test_too_much_is_refused_with_the_limit(site, fields, what):
    answer = httpx.post(f"{site.url}/translate", json={**FIELDS, **fields})
    assert answer.status_code == 413
    assert what in answer.json()["error"]


def test_a_huge_glossary_is_refused(site):
    terms = [{"source": f"a{i}", "target": "b"} for i in range(201)]
    answer = httpx.post(f"{site.url}/api/v1/translate", json={**FIELDS, "glossary": terms})
    assert answer.status_code == 413


def test_forms_of_too_many_fields_are_refused(site):
    answer = httpx.post(
        f"{site.url}/translate",
        content="q=a&" * 5000,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "text",
    ["\x00", "a\x00b", "\ud800", "a\udfffb", "\u202e\ufeff", "\r\n\x0b\x1b[31m", "🐈" * 50],
    ids=range(7),
)
@pytest.mark.parametrize("language", ["fr", "auto"])
def test_odd_characters_are_answered(real, text, language):
    """By the real model, down to the pieces."""
    fields = {"q": [text, "Bonjour !"], "source": language, "target": "en"}
    answer = httpx.post(f"{real.url}/translate", content=json.dumps(fields), timeout=60)
    assert answer.status_code in (200, 400)
    if language == "fr":
        assert answer.status_code == 200
        assert answer.json()["translatedText"][1] == "Hello."
    assert not faults(real)


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=x", "text/xml", "a/b;;;=", "\x80"]
)
def test_bodies_of_other_kinds_are_refused(site, kind):
    answer = httpx.post(
        f"{site.url}/translate", content=b"--x\r\nbroken", headers={b"content-type": kind.encode("latin-1")}
    )
    assert answer.status_code in (400, 415)


@pytest.mark.parametrize(
    "line",
    [
        b"Host: localhost\r\nX-A: b\r\n\tc",
        b"Host: localhost\r\nContent-Length: 1\r\nContent-Length: 2",
        b"Host: localhost\r\nContent-Length: -5",
        b"Host: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
        b"Host: localhost\r\nAuthorization: \xff\xfe\x00",
        b"Host: localhost\r\nAuthorization: DeepL-Auth-Key " + b"a" * 20_000,
        b"Host: localhost\r\nX: " + b"a" * 100_000,
        b"Host: ",
        b"Host: a b",
        b'Host: localhost"><script>',
        b"Host: localhost\r\nHost: evil.example",
    ],
    ids=range(11),
)
def test_odd_heads_are_refused_or_answered(site, line):
    answer = site.raw(b"GET /languages HTTP/1.1\r\nConnection: close\r\n" + line + b"\r\n\r\n")
    assert status_of(answer) in (200, 400, 403, 431)
    assert b"<script>" not in answer


def test_nothing_sent_becomes_a_header(serving):
    """A line break in the name of a document."""
    with serving.running([serving.fr_en], lambda one: serving.upper(), ServeSettings()) as site:
        body = (
            b'--x\r\nContent-Disposition: form-data; name="source"\r\n\r\nfr\r\n'
            b'--x\r\nContent-Disposition: form-data; name="target"\r\n\r\nen\r\n'
            b'--x\r\nContent-Disposition: form-data; name="file"; '
            b'filename="../../a%0d%0aSet-Cookie: b=1;\xc3\xa9.txt"\r\n\r\n'
            b"un\r\n--x--\r\n"
        )
        headers = {"content-type": "multipart/form-data; boundary=x"}
        place = httpx.post(f"{site.url}/translate_file", content=body, headers=headers).json()[
            "translatedFileUrl"
        ]
        assert place.startswith(f"{site.url}/download_file/")
        answer = httpx.get(place)
        assert answer.content == b"UN"
        assert "set-cookie" not in answer.headers
        assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''a")
        assert "/" not in answer.headers["content-disposition"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-type"] == "application/octet-stream"
        assert httpx.get(place[:-1]).status_code == 404


def test_documents_of_other_kinds_are_refused(serving):
    with serving.running([serving.fr_en], lambda one: serving.upper(), ServeSettings()) as site:
        for sent in (
            {"file": ("a.exe", io.BytesIO(b"MZ"))},
            {"file": ("a.docx", io.BytesIO(b"PK\x03\x04 is no package"))},
            {"other": ("a.txt", io.BytesIO(b"a"))},
        ):
            answer = httpx.post(
                f"{site.url}/translate_file", data={"source": "fr", "target": "en"}, files=sent
            )
            assert answer.status_code == 400


def test_only_so_many_documents_are_kept():
    shelf = files.Shelf(2)
    tokens = [shelf.put("a.txt", b"%d" % i) for i in range(3)]
    assert len(set(tokens)) == 3
    assert all(len(token) >= 32 for token in tokens)
    assert [bool(shelf.get(token)) for token in tokens] == [False, True, True]


# Keys

PROTECTED = (
    *("/translate", "/detect", "/suggest", "/translate_file"),
    *("/v2/translate", "/api/v1/translate", "/api/v1/alternatives", "/api/v1/inside/sentence"),
)


@pytest.fixture(scope="module")
def locked(serving):
    with serving.running([serving.fr_en], lambda one: serving.upper(), ServeSettings(keys=("right",))) as one:
        yield one


@pytest.mark.parametrize(
    "sent",
    [
        {"json": FIELDS},
        {"json": {**FIELDS, "api_key": "wrong"}},
        {"json": {**FIELDS, "api_key": ["right"]}},
        {"json": {**FIELDS, "api_key": ""}},
        {"json": {**FIELDS, "api_key": "right "}},
        {"content": json.dumps({**FIELDS, "api_key": "\ud800"})},
        {"json": FIELDS, "headers": {"authorization": "right"}},
        {"json": FIELDS, "headers": {"authorization": "Basic right"}},
        {"json": FIELDS, "headers": {"authorization": "DeepL-Auth-Key wrong"}},
        {"data": {**FIELDS, "api_key": ["right", "right"]}},
    ],
    ids=range(10),
)
def test_wrong_keys_open_nothing(locked, sent):
    for path in PROTECTED:
        answer = httpx.post(f"{locked.url}{path}", **sent)
        assert answer.status_code == 403, path
        assert "right" not in answer.text


def test_the_numbers_and_the_usage_need_a_key(locked):
    for path in ("/metrics", "/v2/usage"):
        assert httpx.get(f"{locked.url}{path}").status_code == 403
        assert httpx.get(f"{locked.url}{path}", headers={"authorization": "Bearer right"}).status_code == 200


def test_keys_are_compared_without_an_early_end(monkeypatch):
    """Every key is compared by the library's own comparison, whichever fits, and digests of equal length."""
    compared = []
    monkeypatch.setattr(keys.hmac, "compare_digest", lambda a, b: compared.append((len(a), len(b))) or a == b)
    own = Keys(["first", "second", "third"])
    own.require("first")
    with pytest.raises(Refusal):
        own.require("f")
    assert compared == [(32, 32)] * 6


# Other sites


def test_pages_of_other_sites_may_not_use_it(site):
    for origin in ("https://evil.example", "null", "http://localhost:1", "://"):
        answer = httpx.post(f"{site.url}/translate", data=FIELDS, headers={"origin": origin})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
    own = httpx.post(f"{site.url}/translate", data=FIELDS, headers={"origin": site.url})
    assert own.status_code == 200


def test_a_name_that_points_here_is_not_this_machine(site):
    """DNS rebinding: the page's own name, with the address of this machine."""
    answer = httpx.get(f"{site.url}/languages", headers={"host": "evil.example"})
    assert answer.status_code == 403
    assert "--name" in answer.json()["error"]
    assert httpx.get(f"{site.url}/languages", headers={"host": f"localhost:{site.port}"}).status_code == 200


def test_other_sites_and_names_that_are_allowed(serving):
    settings = ServeSettings(origins=("https://good.example",), hosts=("translate.example",))
    with serving.running([serving.fr_en], lambda one: serving.upper(), settings) as site:
        headers = {"origin": "https://good.example", "host": "translate.example"}
        answer = httpx.post(f"{site.url}/translate", data=FIELDS, headers=headers)
        assert answer.json() == {"translatedText": "UN"}
        assert answer.headers["access-control-allow-origin"] == "https://good.example"
        asked = {**headers, "access-control-request-method": "POST"}
        assert httpx.options(f"{site.url}/translate", headers=asked).status_code == 200
        bad = httpx.post(
            f"{site.url}/translate", data=FIELDS, headers={**headers, "origin": "https://evil.example"}
        )
        assert bad.status_code == 403
        assert "access-control-allow-origin" not in bad.headers


# What every answer has, and what none has


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/static/index.html", 200),
        ("GET", "/languages", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/translate", 405),
        ("DELETE", "/translate", 405),
        ("PROPFIND", "/translate", 405),
        ("POST", "/translate", 400),
        ("OPTIONS", "/translate", 204),
        ("HEAD", "/", 200),
        ("HEAD", "/languages", 200),
        ("GET", "/docs", 404),
        ("GET", "/redoc", 404),
        ("GET", "/openapi.json", 404),
        ("GET", "/docs/oauth2-redirect", 404),
    ],
)
def test_every_answer_has_the_headers(site, method, path, status):
    answer = httpx.request(method, f"{site.url}{path}")
    assert answer.status_code == status
    assert all(name in answer.headers for name in HEADERS)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "server" not in answer.headers
    if method == "HEAD":
        assert not answer.content
        assert int(answer.headers["content-length"]) == len(httpx.get(f"{site.url}{path}").content)
    if method == "OPTIONS":
        assert set(answer.headers["allow"].split(", ")) == {"POST", "OPTIONS"}
    if status >= 400:
        assert answer.json()["error"]


def test_the_page_is_asked_for_anew_and_not_sent_again(site):
    first = httpx.get(site.url)
    again = httpx.get(site.url, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_fault_inside_says_nothing_of_it_and_is_logged_without_text(serving):
    engine, stream = serving.upper(), io.StringIO()
    with serving.running([serving.fr_en], lambda one: engine, ServeSettings(), Log(stream)) as site:
        answer = httpx.post(f"{site.url}/translate", json={**FIELDS, "q": "crash"})
        assert answer.status_code == 500
        assert all(name in answer.headers for name in HEADERS)
        assert "secret" not in answer.text
        assert (
            httpx.post(
                f"{site.url}/translate?q=wort-im-pfad", json={"source": "fr", "target": "en"}
            ).status_code
            == 200
        )
        httpx.get(f"{site.url}/wort-im-pfad")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line.get("status")) for line in lines] == [
        ("fault", None),
        ("request", 500),
        ("request", 200),
        ("request", 404),
    ]
    assert lines[0]["kind"] == "RuntimeError"
    assert any("conftest.py" in place for place in lines[0]["at"])
    for word in ("secret", "crash", "wort-im-pfad", "127.0.0.1"):
        assert word not in stream.getvalue()


def test_limits_can_be_other_ones(serving):
    settings = ServeSettings(Limits(body_bytes=100, segments=1))
    with serving.running([serving.fr_en], lambda one: serving.upper(), settings) as site:
        assert httpx.post(f"{site.url}/translate", json={**FIELDS, "q": "a" * 100}).status_code == 413
        assert httpx.post(f"{site.url}/translate", json={**FIELDS, "q": ["a", "b"]}).status_code == 413
        assert httpx.post(f"{site.url}/translate", json=FIELDS).status_code == 200
