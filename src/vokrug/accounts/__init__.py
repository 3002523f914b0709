"""Who signs in, and how products come to know it: an OpenID Connect provider in the same process."""

from vokrug.accounts.authorize_api import routes as authorize_routes
from vokrug.accounts.clients_api import routes as client_routes
from vokrug.accounts.errors import (
    AccessTokenWanted,
    FormMalformed,
    FormStale,
    FreshSignInNeeded,
    PhoneNotServed,
    ProductUnknown,
    ScopeNotGranted,
    SignInNeeded,
    TooManyTries,
)
from vokrug.accounts.gateways import (
    ByChannel,
    ConsoleMessages,
    HttpLogoutDoor,
    HttpMessages,
    MessageGateway,
    Messenger,
    gateway_to,
)
from vokrug.accounts.jobs import jobs, schedule_all
from vokrug.accounts.limits import DAY, HOUR, MINUTE, Limit
from vokrug.accounts.limits import of_messages as limits_of_messages
from vokrug.accounts.linking.api import routes as peer_routes
from vokrug.accounts.linking.gateways import Peers
from vokrug.accounts.linking.pages_api import routes as link_routes
from vokrug.accounts.me import Me, me, own, to_sign_in
from vokrug.accounts.oauth_api import routes as oauth_routes
from vokrug.accounts.operations.codes import Policy
from vokrug.accounts.operations.inviting import invitations, invite
from vokrug.accounts.operations.inviting import withdraw as withdraw_invitation
from vokrug.accounts.operations.meters import count as count_tries
from vokrug.accounts.operations.products import leave_product, products
from vokrug.accounts.operations.sessions import devices
from vokrug.accounts.operations.staff import (
    change_post,
    changes_of,
    colleague,
    forget_second,
    last_changes,
    staff,
    staff_of,
)
from vokrug.accounts.operations.staff import revoke as revoke_staff
from vokrug.accounts.operations.tokens import Holder, holder_of
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.reactions import close_account
from vokrug.accounts.second_api import routes as second_routes
from vokrug.accounts.security_api import routes as security_routes
from vokrug.accounts.settings import SignInSettings
from vokrug.accounts.sign_in_api import routes as sign_in_routes
from vokrug.accounts.staff_api import routes as staff_routes
from vokrug.accounts.staff_door import staff_here, staff_leaves
from vokrug.accounts.staff_pages_api import routes as staff_page_routes
from vokrug.accounts.store.attempts import last_messages
from vokrug.accounts.store.people import who_signs_in
from vokrug.accounts.telling import tell_logouts
from vokrug.accounts.types import (
    ROLE_WORDS,
    SCOPE_WORDS,
    Account,
    Acr,
    Colleague,
    LinkedProduct,
    Message,
    OpenInvitation,
    Post,
    Scope,
    Session,
    StaffChange,
    StaffMember,
    StaffRole,
)
from vokrug.accounts.vault import AccountKeys
from vokrug.accounts.visits import Visit, pages_of

all_routes = [
    client_routes,
    oauth_routes,
    authorize_routes,
    sign_in_routes,
    second_routes,
    security_routes,
    staff_routes,
    staff_page_routes,
    peer_routes,
    link_routes,
]

__all__ = [
    "DAY",
    "HOUR",
    "MINUTE",
    "ROLE_WORDS",
    "SCOPE_WORDS",
    "AccessTokenWanted",
    "Account",
    "AccountKeys",
    "Acr",
    "ByChannel",
    "Colleague",
    "ConsoleMessages",
    "FormMalformed",
    "FormStale",
    "FreshSignInNeeded",
    "Holder",
    "HttpLogoutDoor",
    "HttpMessages",
    "Limit",
    "LinkedProduct",
    "Me",
    "Message",
    "MessageGateway",
    "Messenger",
    "OpenInvitation",
    "Peers",
    "PhoneNotServed",
    "Policy",
    "Post",
    "ProductUnknown",
    "Provider",
    "Scope",
    "ScopeNotGranted",
    "Session",
    "SignInNeeded",
    "SignInSettings",
    "StaffChange",
    "StaffMember",
    "StaffRole",
    "TooManyTries",
    "Visit",
    "all_routes",
    "change_post",
    "changes_of",
    "close_account",
    "colleague",
    "count_tries",
    "devices",
    "forget_second",
    "gateway_to",
    "holder_of",
    "invitations",
    "invite",
    "jobs",
    "last_changes",
    "last_messages",
    "leave_product",
    "limits_of_messages",
    "me",
    "own",
    "pages_of",
    "products",
    "revoke_staff",
    "schedule_all",
    "staff",
    "staff_here",
    "staff_leaves",
    "staff_of",
    "tell_logouts",
    "to_sign_in",
    "who_signs_in",
    "withdraw_invitation",
]
