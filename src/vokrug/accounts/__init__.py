"""Who signs in, and how products come to know it: an OpenID Connect provider in the same process."""

from vokrug.accounts.authorize_api import routes as authorize_routes
from vokrug.accounts.clients_api import routes as client_routes
from vokrug.accounts.gateways import HttpLogoutDoor
from vokrug.accounts.jobs import jobs, schedule_all
from vokrug.accounts.oauth_api import routes as oauth_routes
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.vault import AccountKeys

all_routes = [client_routes, oauth_routes, authorize_routes]

__all__ = ["AccountKeys", "HttpLogoutDoor", "Provider", "all_routes", "jobs", "schedule_all"]
