"""The world outside: products that hear of a logout."""

from typing import Protocol

import aiohttp

ANSWER_WITHIN_S = 3.0


class LogoutDoor(Protocol):
    async def tell(self, address: str, logout_token: str) -> bool:
        """Has the product taken note?"""
        ...


class HttpLogoutDoor:
    """Posts the token. Redirects are not followed: staff registered this address and no other."""

    def __init__(self) -> None:
        self._http: aiohttp.ClientSession | None = None

    async def tell(self, address: str, logout_token: str) -> bool:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S))
        try:
            async with self._http.post(address, data={"logout_token": logout_token}, allow_redirects=False) as answer:
                return answer.status in (200, 204)
        except (TimeoutError, aiohttp.ClientError, OSError):
            return False

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
