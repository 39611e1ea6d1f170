"""One way to ask a server: encrypted, named, with a time limit, and with errors that say what else to do.

Only the standard library's urllib. Plain http is accepted from this machine alone.
"""

import ipaddress
from collections.abc import Collection, Mapping
from email.message import Message
from http.client import HTTPException, HTTPResponse
from importlib.metadata import version
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from crosslight.errors import DownloadError

TIMEOUT_SECONDS = 30.0
USER_AGENT = f"crosslight/{version('crosslight')} (parallel corpora for training)"

Response = HTTPResponse | HTTPError


def ask(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    accept: Collection[int] = (),
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Response:
    """Return the server's open answer, to be closed by the caller.

    Redirections are followed. An answer whose status is an HTTP error is an error here, too,
    unless ``accept`` names it. ``timeout_seconds`` is the longest silence, not the longest wait.

    Raises:
        DownloadError: not https, no connection, or an HTTP error.
    """
    require_safe(url)
    request = Request(url, method=method, headers={"User-Agent": USER_AGENT, **(headers or {})})
    handlers = [_SafeRedirects(), *([ProxyHandler({})] if _is_loopback(_host(url)) else [])]
    try:
        response: Response = build_opener(*handlers).open(request, timeout=timeout_seconds)
        return response
    except HTTPError as error:
        if error.code in accept:
            return error
        with error:
            raise _refused(url, error) from error
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise DownloadError(
            f"{_host(url)} cannot be reached: {reason}",
            "check the network, or the proxy named in HTTPS_PROXY; without a network, `crosslight demo` "
            "trains on a corpus that is already here, and "
            "`crosslight train --src yours.fr --tgt yours.en` on your own files",
        ) from error


def require_safe(url: str) -> None:
    """Return if ``url`` is encrypted or never leaves this machine.

    Raises:
        DownloadError: neither.
    """
    scheme = urlsplit(url).scheme
    if scheme == "https" or (scheme == "http" and _is_loopback(_host(url))):
        return
    raise DownloadError(
        f"{url} is not an https address, so what arrives could have been altered on the way",
        "use an address that begins with https://",
    )


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(url: str, error: HTTPError) -> DownloadError:
    if error.code in (404, 410):
        return DownloadError(
            f"{_host(url)} has no {urlsplit(url).path} ({error.code} {error.reason})",
            "list what there is now: `crosslight get` and the language pair, such as fr-en",
        )
    return DownloadError(
        f"{_host(url)} answered {error.code} {error.reason} to {url}",
        "try again later; what has already arrived is kept",
    )


class _SafeRedirects(HTTPRedirectHandler):
    """Follows a redirection only to where the first request could have gone."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        require_safe(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]
