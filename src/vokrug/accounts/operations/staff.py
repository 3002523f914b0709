"""Who works here: who is at the page, what each is here for, and how that is changed. Every change says by whom."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from vokrug import events
from vokrug.accounts import rules
from vokrug.accounts.errors import LastOwner, OwnPost, StaffIdReused, StaffUnknown
from vokrug.accounts.facts import StaffChanged
from vokrug.accounts.operations import sessions
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.store import staff as store
from vokrug.accounts.types import Colleague, Post, StaffChange, StaffMember, StaffRole, StaffRow
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx

MOST = 500


async def staff_of(tx: Tx, provider: Provider, cookie: str | None, now: datetime) -> StaffMember | None:
    """The member of staff who holds the cookie; None for a customer, and for whoever signed in yesterday."""
    session = await sessions.session_of(tx, cookie, now)
    if session is None or not rules.is_at_work(session, now):
        return None
    found = await store.staff_of_account(tx, session.account_id)
    if found is None:
        return None
    called = called_of(provider, found)
    return StaffMember(
        found.id, found.account_id, called, found.post, session.id, session.acr, has_second=found.has_second
    )


async def post_of_account(tx: Tx, account_id: UUID) -> Post | None:
    """What the holder of an account is here for; None: they are not of the staff."""
    found = await store.staff_of_account(tx, account_id)
    return None if found is None else found.post


async def staff(tx: Tx, provider: Provider) -> list[Colleague]:
    """Everybody who works here, and after them those who did."""
    return [colleague_of(provider, row) for row in await store.list_staff(tx, MOST)]


async def colleague(tx: Tx, provider: Provider, id: UUID) -> Colleague:
    if (found := await store.find_staff(tx, id)) is None:
        raise StaffUnknown
    return colleague_of(provider, found)


async def changes_of(tx: Tx, id: UUID) -> Sequence[StaffChange]:
    return await store.changes_of(tx, id, MOST)


async def last_changes(tx: Tx) -> Sequence[StaffChange]:
    return await store.last_changes(tx, MOST)


async def add_staff(
    tx: Tx, provider: Provider, account_id: UUID, called: str, post: Post, *, by: str, now: datetime
) -> UUID:
    """The account's holder works here from now on."""
    rules.require_sound_post(post)
    id = new_id()
    roles, shops = sorted(post.roles), sorted(post.shops)
    await store.insert_staff(tx, id, account_id, provider.keys.seal(f"staff {id}", called.encode()), roles, shops, now)
    await _write_down(tx, StaffChange(new_id(), id, now, by, "joined", roles, shops, ""))
    return id


async def change_post(tx: Tx, id: UUID, post: Post, *, uid: UUID, by: str, why: str, now: datetime) -> None:
    """Other roles or shops, good from the next page on. Repeat freely, with the same `uid`."""
    rules.require_sound_post(post)
    roles, shops = sorted(post.roles), sorted(post.shops)
    wanted = StaffChange(uid, id, now, by, "roles_changed", roles, shops, why)
    if await _is_done(tx, wanted):
        return
    owners = await store.lock_owners(tx)
    found = await _at_work(tx, id, by)
    if StaffRole.OWNER not in post.roles and owners == {found.id}:
        raise LastOwner
    await store.set_post(tx, id, roles, shops)
    await _write_down(tx, wanted)


async def revoke(tx: Tx, id: UUID, *, uid: UUID, by: str, why: str, now: datetime) -> None:
    """Not of the staff any more, at once and everywhere: devices are signed out, tokens end. Repeat freely."""
    wanted = StaffChange(uid, id, now, by, "revoked", [], [], why)
    if await _is_done(tx, wanted):
        return
    owners = await store.lock_owners(tx)
    found = await _at_work(tx, id, by)
    if owners == {found.id}:
        raise LastOwner
    await _end(tx, found, wanted)


async def forget_second(tx: Tx, id: UUID, *, uid: UUID, by: str, why: str, now: datetime) -> None:
    """They lost their phone: neither app nor passkey opens anything, devices are signed out, and at the next
    sign-in they set up a second proof as on their first day. Repeat freely.
    """
    wanted = StaffChange(uid, id, now, by, "second_forgotten", [], [], why)
    if await _is_done(tx, wanted):
        return
    found = await _at_work(tx, id, by)
    await store.drop_second(tx, found.account_id)
    await sessions.end_all(tx, found.account_id, now, "the second proof was forgotten")
    await _write_down(tx, wanted)


async def forget_person(tx: Tx, account_id: UUID, now: datetime) -> None:
    """The person is forgotten, even if that leaves no owner: `vokrug staff invite` makes another."""
    found = await store.staff_of_account(tx, account_id)
    if found is not None:
        await _end(tx, found, StaffChange(new_id(), found.id, now, "system", "revoked", [], [], "forgotten"))
    await store.forget_name(tx, account_id)


async def _end(tx: Tx, found: StaffRow, change: StaffChange) -> None:
    await store.revoke(tx, found.id, change.at)
    await sessions.end_all(tx, found.account_id, change.at, "not of the staff any more")
    await _write_down(tx, change)


async def _at_work(tx: Tx, id: UUID, by: str) -> StaffRow:
    """A member of staff whom somebody else may change."""
    if by == str(id):
        raise OwnPost
    found = await store.find_staff(tx, id)
    if found is None or found.revoked_at is not None:
        raise StaffUnknown
    return found


async def _is_done(tx: Tx, wanted: StaffChange) -> bool:
    earlier = await store.find_change(tx, wanted.id)
    if earlier is None:
        return False
    if same_of(earlier) != same_of(wanted):
        raise StaffIdReused
    return True


def same_of(change: StaffChange) -> tuple[object, ...]:
    """What a repeat has in common with the first."""
    return (change.subject_id, change.what, change.by, sorted(change.roles), sorted(change.shops), change.why)


async def _write_down(tx: Tx, change: StaffChange) -> None:
    if not await store.insert_change(tx, change):
        raise StaffIdReused
    fact = StaffChanged(
        staff_id=change.subject_id, what=change.what, roles=change.roles, shops=change.shops, by=change.by
    )
    await events.publish(tx, fact, key=events.key_of(change.subject_id), subject=str(change.subject_id), at=change.at)


def called_of(provider: Provider, row: StaffRow) -> str:
    if row.called_sealed is None:
        return ""
    return provider.keys.open(f"staff {row.id}", row.called_sealed).decode()


def colleague_of(provider: Provider, row: StaffRow) -> Colleague:
    return Colleague(
        row.id,
        called_of(provider, row),
        row.post,
        row.since,
        row.revoked_at,
        has_second=row.has_second,
        seen_at=row.seen_at,
    )
