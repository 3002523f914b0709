"""Screens: server-rendered pages over the domains' front doors. No business decisions."""

from vokrug.web.built import address
from vokrug.web.built import routes as built_routes
from vokrug.web.console.colleagues_api import routes as colleagues_routes
from vokrug.web.console.customers_api import routes as customers_routes
from vokrug.web.console.home_api import routes as home_routes
from vokrug.web.console.lists_api import routes as lists_routes
from vokrug.web.console.offers.api import routes as offers_routes
from vokrug.web.console.offers.building_api import routes as building_routes
from vokrug.web.console.pulse import Pulse
from vokrug.web.console.reports_api import routes as reports_routes
from vokrug.web.console.staff import KeyDoor
from vokrug.web.console.upkeep_api import routes as upkeep_routes
from vokrug.web.sandbox import Sandbox, SandboxArticle, SandboxCard, SandboxTill
from vokrug.web.start_api import routes as start_routes
from vokrug.web.till_api import routes as till_routes

all_routes = [
    built_routes,
    start_routes,
    till_routes,
    home_routes,
    customers_routes,
    colleagues_routes,
    lists_routes,
    upkeep_routes,
    offers_routes,
    building_routes,
    reports_routes,
]

__all__ = ["KeyDoor", "Pulse", "Sandbox", "SandboxArticle", "SandboxCard", "SandboxTill", "address", "all_routes"]
