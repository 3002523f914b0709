"""Who signs in, and how products come to know it: an OpenID Connect provider in the same process."""

from vokrug.accounts.authorize_api import routes as authorize_routes
from vokrug.accounts.clients_api import routes as client_routes
from vokrug.accounts.gateways import ConsoleMessages, HttpLogoutDoor, HttpMessages, Messenger
from vokrug.accounts.jobs import jobs, schedule_all
from vokrug.accounts.oauth_api import routes as oauth_routes
from vokrug.accounts.operations.codes import Policy
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.second_api import routes as second_routes
from vokrug.accounts.security_api import routes as security_routes
from vokrug.accounts.settings import SignInSettings
from vokrug.accounts.sign_in_api import routes as sign_in_routes
from vokrug.accounts.vault import AccountKeys

all_routes = [client_routes, oauth_routes, authorize_routes, sign_in_routes, second_routes, security_routes]

__all__ = [
    "AccountKeys",
    "ConsoleMessages",
    "HttpLogoutDoor",
    "HttpMessages",
    "Messenger",
    "Policy",
    "Provider",
    "SignInSettings",
    "all_routes",
    "jobs",
    "schedule_all",
]
