"""Identifiers that leave a domain: UUID version 7 (RFC 9562), so that they sort by their making."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A fresh id, made at the edge and passed inwards."""
    made: UUID = uuid_utils.compat.uuid7()
    return made
