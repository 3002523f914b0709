"""Identifier types and attributes are data: an installation makes up its own while it runs.

After the commit the edge refreshes its `Directory`.
"""

from dataclasses import replace

from vokrug.customers import rules, store
from vokrug.customers.jobs import resettle
from vokrug.customers.types import AttributeType, IdentifierType
from vokrug.runtime.database import Tx


async def define_identifier_type(tx: Tx, kind: IdentifierType) -> IdentifierType:
    """Add a type, or change the rules of one. An external system's id is `ext:` and the system's name."""
    rules.require_sound_type(kind)
    before = await store.lock_identifier_type(tx, kind.code)
    if before and await store.is_type_in_use(tx, before.id):
        rules.require_same_meaning(before, kind)
    return replace(kind, id=await store.put_identifier_type(tx, kind))


async def define_attribute(tx: Tx, kind: AttributeType) -> AttributeType:
    """Add an attribute, or give one a new schema or rule. Values kept under the old schema stay; a new rule looks at
    everybody's observations again, as a job.
    """
    rules.require_sound_attribute(kind)
    before = await store.find_attribute_type(tx, kind.code)
    stored = replace(kind, version=await store.put_attribute_type(tx, kind))
    if before is not None and rules.survivorship(before) != rules.survivorship(kind):
        await resettle.enqueue(tx, code=kind.code, only_once=f"customers resettle {kind.code}")
    return stored
