"""What lives as long as the process: who we are to other programs, our keys, opened signing keys."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from vokrug.accounts.provider.signing import Signers
from vokrug.accounts.vault import AccountKeys


@dataclass(slots=True)
class Provider:
    """`issuer` is our address as browsers know it, without a slash at its end."""

    issuer: str
    keys: AccountKeys
    signers: Signers = field(init=False)
    has_keys: bool = False  # signing keys were seen; they change, and are never none again

    def __post_init__(self) -> None:
        self.issuer = self.issuer.rstrip("/")
        self.signers = Signers(self.keys)

    @property
    def host(self) -> str:
        return urlsplit(self.issuer).hostname or ""

    @property
    def is_encrypted(self) -> bool:
        return self.issuer.startswith("https://")

    @property
    def cookie_name(self) -> str:
        """A name that browsers let nobody but this very host set, when the connection is encrypted."""
        return "__Host-vokrug_session" if self.is_encrypted else "vokrug_session"
