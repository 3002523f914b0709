"""HTTP of staff keys: who works here, who is invited, and as what."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from vokrug import customers
from vokrug.accounts.errors import (
    InvitationUnknown,
    LastOwner,
    OwnPost,
    PhoneNotServed,
    StaffIdReused,
    StaffPostMalformed,
    StaffUnknown,
    TooManyTries,
)
from vokrug.accounts.gateways import Messenger
from vokrug.accounts.operations import inviting, staff
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.settings import SignInSettings
from vokrug.accounts.telling import tell_logouts
from vokrug.accounts.types import Colleague, OpenInvitation, Post, StaffChange, StaffRole
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("staff")

Shop = Annotated[str, Meta(min_length=1, max_length=64)]
Why = Annotated[str, Meta(min_length=1, max_length=500)]
Roles = Annotated[Sequence[StaffRole], Meta(min_length=1, max_length=7)]
Shops = Annotated[Sequence[Shop], Meta(max_length=500)]
Moment = Annotated[datetime, Meta(tz=True)]


class StaffCard(Struct, kw_only=True):
    """A member of staff. No shops named: all of them."""

    id: UUID
    name: str
    roles: Sequence[StaffRole]
    shops: Sequence[str]
    since: Moment
    revoked_at: Moment | None
    has_second_proof: bool
    seen_at: Moment | None

    @classmethod
    def of(cls, one: Colleague) -> "StaffCard":
        return cls(
            id=one.id,
            name=one.called,
            roles=sorted(one.post.roles),
            shops=sorted(one.post.shops),
            since=one.since,
            revoked_at=one.revoked_at,
            has_second_proof=one.has_second,
            seen_at=one.seen_at,
        )


class InvitationCard(Struct, kw_only=True):
    """A link that waits for whom it was sent to."""

    id: UUID
    name: str
    channel: str
    roles: Sequence[StaffRole]
    shops: Sequence[str]
    invited_at: Moment
    expires_at: Moment

    @classmethod
    def of(cls, one: OpenInvitation) -> "InvitationCard":
        return cls(
            id=one.id,
            name=one.called,
            channel=one.channel,
            roles=sorted(one.post.roles),
            shops=sorted(one.post.shops),
            invited_at=one.invited_at,
            expires_at=one.expires_at,
        )


class StaffCards(Struct):
    staff: Sequence[StaffCard]
    invitations: Sequence[InvitationCard]


class ChangeCard(Struct, kw_only=True):
    """What was changed, by whom and why; roles and shops as they are from then on."""

    at: Moment
    by: str
    what: str
    roles: Sequence[str]
    shops: Sequence[str]
    why: str

    @classmethod
    def of(cls, one: StaffChange) -> "ChangeCard":
        return cls(at=one.at, by=one.by, what=one.what, roles=one.roles, shops=one.shops, why=one.why)


class ChangeCards(Struct):
    changes: Sequence[ChangeCard]


class SendTo(Struct, forbid_unknown_fields=True, kw_only=True):
    """A mailbox, or a phone: then whoever accepts signs in with that very phone."""

    by: Literal["email", "phone"]
    address: Annotated[str, Meta(min_length=3, max_length=254)]


class Invite(Struct, forbid_unknown_fields=True, kw_only=True):
    """Whom, where the link goes, and as what. `id` is made by the asker and sent again after a broken line."""

    id: UUID
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    to: SendTo
    roles: Roles
    shops: Shops = ()
    language: Annotated[str, Meta(pattern="^(ru|en)$")] = "ru"


class ChangePost(Struct, forbid_unknown_fields=True, kw_only=True):
    """Other roles or shops, and why. `uid` is made by the asker and sent again after a broken line."""

    uid: UUID
    roles: Roles
    shops: Shops = ()
    reason: Why


class Because(Struct, forbid_unknown_fields=True, kw_only=True):
    """Why. `uid` is made by the asker and sent again after a broken line."""

    uid: UUID
    reason: Why


@routes.get("/v1/staff", answers={200: StaffCards})
async def list_staff(call: Call) -> Answer[StaffCards]:
    """Who works here, who did, and who is invited."""
    provider = call.services.get(Provider)
    async with call.db.transaction(readonly=True) as tx:
        found = await staff.staff(tx, provider)
        waiting = await inviting.invitations(tx, provider, call.now)
    cards = StaffCards([StaffCard.of(one) for one in found], [InvitationCard.of(one) for one in waiting])
    return Answer(cards, headers={"cache-control": "no-store"})


INVITING = [
    *(StaffPostMalformed, StaffIdReused, PhoneNotServed, TooManyTries),
    *(customers.IdentifierMalformed, customers.PhoneMalformed, customers.IdentifierBlocked),
]


@routes.post("/v1/staff/invitations", answers={202: None}, refusals=INVITING)
async def invite(call: Call, body: Invite) -> Answer[None]:
    """Send a link, good once and for a day. It is in no answer: only whom it was sent to has it."""
    settings, directory = call.services.get(SignInSettings), call.services.get(customers.Directory)
    async with call.db.transaction() as tx:
        message = await inviting.invite(
            tx,
            call.services.get(Provider),
            directory,
            settings.policy,
            body.id,
            body.name,
            (body.to.by, body.to.address),
            Post.of(body.roles, body.shops),
            by=call.caller.key_id,
            language=body.language,
            now=call.now,
        )
    call.services.get(Messenger).post(message)
    return Answer(None, status=202)


@routes.post("/v1/staff/invitations/{id:uuid}:withdraw", answers={204: None}, refusals=[InvitationUnknown])
async def withdraw(call: Call) -> Answer[None]:
    """The link is worth nothing from now on."""
    async with call.db.transaction() as tx:
        await inviting.withdraw(tx, UUID(call.path["id"]), by=call.caller.key_id, now=call.now)
    return Answer(None, status=204)


CHANGING = [StaffUnknown, StaffIdReused, OwnPost]


@routes.post(
    "/v1/staff/{id:uuid}:change-roles",
    answers={200: StaffCard},
    refusals=[*CHANGING, StaffPostMalformed, LastOwner],
)
async def change_roles(call: Call, body: ChangePost) -> Answer[StaffCard]:
    """Other roles or shops, from the next page on."""
    id, by = UUID(call.path["id"]), call.caller.key_id
    async with call.db.transaction() as tx:
        post = Post.of(body.roles, body.shops)
        await staff.change_post(tx, id, post, uid=body.uid, by=by, why=body.reason, now=call.now)
        return Answer(StaffCard.of(await staff.colleague(tx, call.services.get(Provider), id)))


@routes.post("/v1/staff/{id:uuid}:revoke", answers={204: None}, refusals=[*CHANGING, LastOwner])
async def revoke(call: Call, body: Because) -> Answer[None]:
    """Not of the staff any more: signed out everywhere, at once."""
    async with call.db.transaction() as tx:
        id, by = UUID(call.path["id"]), call.caller.key_id
        await staff.revoke(tx, id, uid=body.uid, by=by, why=body.reason, now=call.now)
    await tell_logouts(call.services, call.now)
    return Answer(None, status=204)


@routes.post("/v1/staff/{id:uuid}:forget-second-proof", answers={204: None}, refusals=CHANGING)
async def forget_second(call: Call, body: Because) -> Answer[None]:
    """They lost their phone: signed out everywhere, and a second proof is set up at the next sign-in."""
    async with call.db.transaction() as tx:
        id, by = UUID(call.path["id"]), call.caller.key_id
        await staff.forget_second(tx, id, uid=body.uid, by=by, why=body.reason, now=call.now)
    await tell_logouts(call.services, call.now)
    return Answer(None, status=204)


@routes.get("/v1/staff/{id:uuid}/changes", answers={200: ChangeCards})
async def changes(call: Call) -> Answer[ChangeCards]:
    """What was changed about a member of staff, or came of an invitation, the newest first."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(ChangeCards([ChangeCard.of(one) for one in await staff.changes_of(tx, UUID(call.path["id"]))]))
