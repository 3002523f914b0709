"""The key a till works with: the one it was given, or the one it fetched since."""

import json
import os
from contextlib import suppress
from pathlib import Path


class KeptKey:
    """A fetched key lives in a file that only its owner reads; it stands for the key that was given in the settings."""

    def __init__(self, path: Path, key_id: str, secret: str) -> None:
        self._path, self._given = path, key_id
        self.current = (key_id, secret)
        with suppress(OSError, ValueError, KeyError):
            kept = json.loads(path.read_text())
            if kept["given"] == key_id:  # another key in the settings is newer than what we fetched
                self.current = (kept["key_id"], kept["secret"])

    def keep(self, key_id: str, secret: str) -> None:
        """On the disk before it is used: the old key may end with the first use of this one."""
        draft = self._path.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"given": self._given, "key_id": key_id, "secret": secret}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        self.current = (key_id, secret)
