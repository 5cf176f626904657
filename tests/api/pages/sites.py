"""What the tests of forms elsewhere share: a site that asks a survey, and what a browser says of it."""

import hashlib
import hmac
from typing import Any

import httpx

from tests.api.caller import Caller, done
from tests.api.pages.browser import HTML
from tests.api.pages.conftest import VISIT, words

SHOP = "https://shop.example"
PAGE = "/f/warm-homes/visit"
FRAMED = f"{PAGE}?embed=1"
FORM = "application/x-www-form-urlencoded"


async def publish(client: Caller, **details: Any) -> None:
    """Publish a version of the survey `visit` that says something more."""
    body = {"questions": VISIT, "page": {"title": words("Your visit", "A sua visita")}, **details}
    done(await client.post("/v1/surveys/visit/versions", body))
    done(await client.post("/v1/surveys/visit/publish"))


async def send(http: httpx.AsyncClient, fields: dict[str, Any], path: str = PAGE, **said: str) -> httpx.Response:
    """Send a form that stands on some site, with the headers a browser adds."""
    return await http.post(path, data=fields, headers={**HTML, "Content-Type": FORM, **said})


async def sign(client: Caller, case: str) -> str:
    """Sign a link as a mail tool does."""
    secret = (await client.read("/v1/workspace/link-secret"))["secret"]
    signature = hmac.new(secret.encode(), f"visit/{case}".encode(), hashlib.sha256).hexdigest()
    return f"{PAGE}?case={case}&sig={signature}"


def ancestors(response: httpx.Response) -> str:
    """Give who may frame a page."""
    policy: str = response.headers["content-security-policy"]
    return next(part for part in policy.split("; ") if part.startswith("frame-ancestors")).partition(" ")[2]
