"""Invitations to the staff: a link to a phone or a mailbox, good once and for a day; its hash is kept."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from vokrug.accounts import limits, rules
from vokrug.accounts.errors import (
    AlreadyStaff,
    InvitationNotYours,
    InvitationOver,
    InvitationUnknown,
    PhoneNotServed,
    StaffIdReused,
)
from vokrug.accounts.operations import entering, meters
from vokrug.accounts.operations.codes import Policy
from vokrug.accounts.operations.staff import add_staff
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.store import people
from vokrug.accounts.store import staff as store
from vokrug.accounts.types import Account, Invitation, Message, OpenInvitation, Post, StaffChange
from vokrug.accounts.vault import hashed, new_token
from vokrug.customers import Directory
from vokrug.kernel import Text, new_id
from vokrug.runtime.database import Tx

MAIL = Text(
    en="You are invited to work in Vokrug. Open this link within a day:\n{link}\nIf it is not for you, do nothing.",
    ru="Вас приглашают работать в Vokrug. Откройте ссылку за сутки:\n{link}\nЕсли это не вам, ничего не делайте.",
)


async def invite(
    tx: Tx,
    provider: Provider,
    directory: Directory,
    policy: Policy,
    id: UUID,
    called: str,
    login: tuple[str, str],
    post: Post,
    *,
    by: str,
    language: str,
    now: datetime,
) -> Message | None:
    """A link on its way; it goes out after the commit. None: this very invitation was made before."""
    rules.require_sound_post(post)
    kind, value = login
    address = directory.identify(kind, value)
    if kind == "phone" and not address.value.startswith(policy.sms_prefixes):
        raise PhoneNotServed
    roles, shops = sorted(post.roles), sorted(post.shops)
    channel = "sms" if kind == "phone" else "email"
    if (earlier := await store.find_invitation(tx, id)) is not None:
        same = (earlier.channel, earlier.login_hash, sorted(earlier.roles), sorted(earlier.shops), earlier.invited_by)
        if same != (channel, address.hash, roles, shops, by):
            raise StaffIdReused
        return None
    if kind == "phone":
        await meters.count(tx, provider.keys, limits.of_messages(address.value, hourly=policy.sms_hourly), now)
    else:
        await meters.count(tx, provider.keys, limits.of_email(address.value, "staff"), now)
    code = new_token("vks_invite")
    made = Invitation(
        id,
        channel,
        address.hash,
        provider.keys.seal(f"invited {id}", called.encode()),
        provider.keys.seal(f"invitation {id}", address.value.encode()),
        roles,
        shops,
        by,
        now,
        now + rules.INVITATION_LIFE,
        None,
        None,
    )
    is_new = await store.insert_invitation(tx, made, hashed(code))
    change = StaffChange(id, id, now, by, "invited", roles, shops, "")
    if not is_new or not await store.insert_change(tx, change):
        raise StaffIdReused
    link = f"{provider.issuer}/staff/invitation?code={code}"
    return Message(channel, address.value, MAIL.say(language, link=link))


async def look_at(tx: Tx, code: str, now: datetime) -> Invitation:
    """What the link is good for."""
    found = await store.invitation_by_code(tx, hashed(code))
    if found is None or not found.is_open(now):
        raise InvitationOver
    return found


async def accept(tx: Tx, provider: Provider, directory: Directory, account: Account, code: str, now: datetime) -> UUID:
    """Whoever has signed in and holds the link works here from now on. A link to a phone wants that very phone; one
    to a mailbox has shown that the mailbox is theirs, and it opens their account, too.
    """
    found = await look_at(tx, code, now)
    if await store.is_staff(tx, account.id):
        raise AlreadyStaff
    assert found.called_sealed is not None, "an open invitation keeps its name"
    assert found.login_sealed is not None, "and its address"
    if found.channel == "sms":
        holder = await people.account_of_login(tx, "phone", found.login_hash)
        if holder is None or holder.id != account.id:
            raise InvitationNotYours
    else:
        email = provider.keys.open(f"invitation {found.id}", found.login_sealed).decode()
        await entering.prove_email(tx, directory, account, email, now)
    called = provider.keys.open(f"invited {found.id}", found.called_sealed).decode()
    staff_id = await add_staff(tx, provider, account.id, called, found.post, by=found.invited_by, now=now)
    await store.use_invitation(tx, found.id, staff_id, now)
    return staff_id


async def withdraw(tx: Tx, id: UUID, *, by: str, now: datetime) -> None:
    """The link is worth nothing from now on. Repeat freely."""
    found = await store.find_invitation(tx, id)
    if found is None or found.used_at is not None:
        raise InvitationUnknown
    if await store.withdraw(tx, id, now):
        await store.insert_change(tx, StaffChange(new_id(), id, now, by, "withdrawn", [], [], ""))


async def invitations(tx: Tx, provider: Provider, now: datetime) -> Sequence[OpenInvitation]:
    """Those that wait."""
    found = await store.open_invitations(tx, made_after=now - rules.INVITATION_LIFE, now=now)
    return [
        OpenInvitation(
            one.id,
            provider.keys.open(f"invited {one.id}", one.called_sealed).decode() if one.called_sealed else "",
            one.channel,
            one.post,
            one.invited_at,
            one.expires_at,
        )
        for one in found
    ]
