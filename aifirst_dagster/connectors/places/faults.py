"""What a store said, in our words: missing, forbidden, no credentials, unreachable, too slow; never with a secret."""

from __future__ import annotations

from ftplib import Error as FtpError

from aifirst_dagster.connectors.places.address import SCHEMES, hidden, scheme, shown
from aifirst_dagster.errors import AifirstError, InputError, ServiceError

_CREDENTIALS = {
    "http": "Put user and password into the address (from an environment variable), or sign it.",
    "s3": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
    "gs": "Set GOOGLE_APPLICATION_CREDENTIALS, or log in with gcloud.",
    "az": "Set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY.",
    "ftp": "Put user and password into the address (from an environment variable): ftp://user:password@host/file.",
}
_KIN = {"https": "http", "s3a": "s3", "gcs": "gs", "abfs": "az", "abfss": "az"}
#: Worth another try: time-outs, too many requests, a server's own trouble.
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_NETWORK = ("timeout", "connect", "disconnect", "payload", "incomplete", "endpointconnection", "serverdisconnected")
_NO_LOGIN = ("nocredentials", "partialcredentials", "defaultcredentials", "tokenretrieval", "profilenotfound")


def status(error: BaseException) -> int | None:
    """The HTTP status that an error of any of the stores' libraries carries."""
    if type(error).__module__ == "aiohttp.http_exceptions":
        return None  # an answer cut off carries a code that no server sent
    if isinstance(error, FtpError):
        said = str(error)[:3]
        return {"530": 401, "550": 404, "553": 403}.get(said, 503 if said[:1] == "4" else None)
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        found = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    else:
        found = next((getattr(error, name, None) for name in ("status", "status_code", "code")), None)
        found = found or getattr(error, "status_code", None) or getattr(error, "code", None)
    try:
        return int(found) if found is not None else None
    except (TypeError, ValueError):
        return None


def causes(error: BaseException | None) -> list[BaseException]:
    """An error and what lies behind it."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def passing(error: BaseException) -> bool:
    """Whether trying again may help."""
    if isinstance(error, AifirstError | FileNotFoundError | PermissionError):
        return False
    code = next((found for one in causes(error) if (found := status(one))), None)
    if code is not None:
        return code in _PASSING
    return any(word in type(one).__name__.lower() for one in causes(error) for word in _NETWORK)


def no_login(error: BaseException) -> bool:
    """Whether no credentials were found at all."""
    return any(word in type(one).__name__.lower() for one in causes(error) for word in _NO_LOGIN)


def worded(error: BaseException, url: str) -> AifirstError:
    """The error of a store as one of ours."""
    if isinstance(error, AifirstError):
        return error
    kind = scheme(url) or "http"
    store, hint = SCHEMES[kind], _CREDENTIALS[_KIN.get(kind, kind)]
    code = next((found for one in causes(error) if (found := status(one))), None)
    place = shown(url)
    if isinstance(error, FileNotFoundError) or code in (404, 410):
        return InputError(f"There is no such file ({store} says 404).", hint="Check the address.", file=place)
    if no_login(error) or _azure_lacks_account(error):
        return InputError(f"No credentials for {store} were found.", hint=hint, file=place)
    if isinstance(error, PermissionError) or code in (401, 403) or str(error).startswith("Forbidden"):  # gcsfs
        said = f"{code}" if code else "access denied"
        return InputError(f"{store[0].upper()}{store[1:]} does not let us read it ({said}).", hint=hint, file=place)
    if code is not None and code not in _PASSING and 400 <= code < 500:
        return InputError(
            f"{store[0].upper()}{store[1:]} refuses the request ({code}).", hint="Check the address.", file=place
        )
    said = " ".join(hidden(str(error), url).split())[:200] or type(error).__name__
    if code is not None:
        said = f"it answers {code}"
    elif "timeout" in type(error).__name__.lower():
        said = "it does not answer in time"
    return ServiceError(f"{store[0].upper()}{store[1:]} fails: {said}.", hint="Try again later.", file=place)


def _azure_lacks_account(error: BaseException) -> bool:
    return any("account" in str(one) and isinstance(one, ValueError) for one in causes(error))
