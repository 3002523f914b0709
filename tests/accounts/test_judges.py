"""Clients that nobody here wrote sign people in through us, with every check that they make."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client

from tests.accounts.street import Browser, Street, query_of
from tests.events.judges import judged, needs_node

HERE = Path(__file__).parent / "node"
BACK = "http://localhost:3000/cb"


async def judge(program: str, **given: Any) -> Any:
    return await asyncio.to_thread(judged, program, given, HERE)


def cookie(browser: Browser) -> str:
    return f"vokrug_session={browser.http.cookies['vokrug_session']}"


@needs_node
@pytest.mark.parametrize(
    ("via", "alg"), [("basic", "RS256"), ("post", "RS256"), ("none", "RS256"), ("par", "RS256"), ("basic", "ES256")]
)
async def test_openid_client_goes_every_way(live_street: Street, via: str, alg: str) -> None:
    """Discovery, code with proof, identity by signature, userinfo, renewal, introspection, revocation; a code replayed,
    a refresh token replayed and an issuer mixed up are refused.
    """
    street = live_street
    shop = await street.product(public=via == "none", redirect_uris=[BACK], id_token_alg=alg, needs_par=via == "par")
    anna = await street.signed_in(await street.person())
    given = {"issuer": street.issuer, "id": "shop", "cookie": cookie(anna), "redirect": BACK, "via": via}
    if alg == "ES256":
        given["alg"] = alg
    said = await judge("openid-client.mjs", **given, **({"secret": shop.secret} if shop.secret else {}))
    assert said["told"]["sub"] == said["sub"] == said["renewed"]
    assert (said["told"]["name"], said["told"]["phone_number"]) == ("Анна", "+79161234567")
    assert said["introspected"]["active"] if shop.secret else "introspected" not in said
    assert (said["revoked"], said["replayed"], said["reused"]) == ("invalid_grant",) * 3
    assert "iss" in said["mixed"] or "OAUTH" in said["mixed"]
    assert said["ended"] == "/sign-in"
    assert said["end_session"] == f"{street.issuer}/oauth/end-session"


@needs_node
@pytest.mark.parametrize("public", [True, False])
async def test_oauth4webapi_finds_nothing_amiss(live_street: Street, public: bool) -> None:
    street = live_street
    shop = await street.product(public=public, redirect_uris=[BACK])
    anna = await street.signed_in(await street.person())
    given = {"issuer": street.issuer, "id": "shop", "secret": shop.secret, "cookie": cookie(anna), "redirect": BACK}
    said = await judge("oauth4webapi.mjs", **given)
    assert said["told"]["sub"] == said["claims"]["sub"]
    assert said["told"]["phone_number_verified"] is True


@needs_node
async def test_oidc_client_ts_signs_in_and_renews(live_street: Street) -> None:
    street = live_street
    await street.product(public=True, redirect_uris=[BACK])
    anna = await street.signed_in(await street.person())
    said = await judge("oidc-client-ts.mjs", issuer=street.issuer, id="shop", cookie=cookie(anna), redirect=BACK)
    assert (said["profile"]["name"], said["renewed"]) == ("Анна", said["profile"]["sub"])


async def test_authlibs_own_client_signs_in(live_street: Street) -> None:
    street = live_street
    shop = await street.product(redirect_uris=[BACK])
    anna = await street.signed_in(await street.person())
    async with AsyncOAuth2Client(
        "shop", shop.secret, scope="openid profile", redirect_uri=BACK, code_challenge_method="S256"
    ) as client:
        address, state = client.create_authorization_url(
            f"{street.issuer}/oauth/authorize", code_verifier=shop.verifier
        )
        back = (await anna.opens(address)).headers["location"]
        assert query_of(back)["state"] == state
        token = await client.fetch_token(
            f"{street.issuer}/oauth/token", authorization_response=back, code_verifier=shop.verifier
        )
        assert token["expires_in"] == 600
        assert (await client.get(f"{street.issuer}/oauth/userinfo")).json()["name"] == "Анна"
