"""docs/offers.md, read aloud to a server."""

import re
from pathlib import Path
from typing import Any

import msgspec

from tests.pos.chain import Chain

PAGE = Path(__file__).parents[2] / "docs" / "offers.md"
BLOCK = re.compile(r"```(http|json)\n(.*?)```", re.DOTALL)


async def test_the_page_tells_the_truth(chain: Chain) -> None:
    answer: Any = None
    sent = 0
    for kind, text in BLOCK.findall(PAGE.read_text()):
        if kind == "http":
            head, _, body = text.partition("\n")
            method, path = head.split(" ")
            reply = await chain.staff.sends(path, body.encode(), method)
            assert reply.status < 300, (head, reply.body)
            answer, sent = reply.body, sent + 1
        else:
            expect(msgspec.json.decode(text), answer, "answer")
    assert sent == 6


def expect(part: Any, whole: Any, where: str) -> None:
    """Everything the page shows is there; more may be."""
    if isinstance(part, dict):
        for name, value in part.items():
            expect(value, whole[name], f"{where}.{name}")
    elif isinstance(part, list):
        assert len(part) == len(whole), (where, whole)
        for at, value in enumerate(part):
            expect(value, whole[at], f"{where}[{at}]")
    else:
        assert part == whole, where
