"""How a member of staff comes to a page: signed in today, and with two proofs."""

from vokrug.accounts.operations import sessions
from vokrug.accounts.operations.logout import end_session
from vokrug.accounts.operations.staff import staff_of
from vokrug.accounts.telling import tell_logouts
from vokrug.accounts.types import StaffMember
from vokrug.accounts.visits import Visit
from vokrug.runtime.http import Answer, Call


async def staff_here(call: Call, back: str) -> StaffMember | Answer[bytes] | None:
    """Who is at a page for staff; or where they are sent to prove more, and come `back` from. None: nobody of the staff
    is signed in, and the page leads them to `/sign-in?request=…`.
    """
    visit = Visit.of(call)
    if visit.is_new:
        return None
    async with call.db.transaction() as tx:
        member = await staff_of(tx, visit.provider, visit.cookie, call.now)
    if member is None or member.is_sure:
        return member
    return visit.go("/sign-in/second" if member.has_second else "/staff/second", request=back)


async def staff_leaves(call: Call) -> None:
    """Signs this device out. Products that were entered from it hear of it."""
    visit = Visit.of(call)
    async with call.db.transaction() as tx:
        session = await sessions.session_of(tx, visit.cookie, call.now)
        if session is not None:
            await end_session(tx, session, call.now)
    if session is not None:
        await tell_logouts(call.services, call.now)
