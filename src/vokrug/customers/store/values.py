"""Between the driver's values and ours."""

from uuid import UUID

import msgspec


def plain_uuid(value: UUID) -> UUID:
    """The driver has a UUID of its own, which encoders of JSON need not know."""
    return UUID(int=value.int)


def as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()
