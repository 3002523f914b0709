"""A person's own pages, and the same for apps: what accounts, customers, ledger and pos know of them, put together."""

from vokrug.cabinet.app_api import routes as app_routes
from vokrug.cabinet.card_api import routes as card_routes
from vokrug.cabinet.consents_api import routes as consents_routes
from vokrug.cabinet.leaving_api import routes as leaving_routes
from vokrug.cabinet.operations import balance, history
from vokrug.cabinet.pages_api import routes as pages_routes
from vokrug.cabinet.pocket_api import routes as pocket_routes
from vokrug.cabinet.types import Balance, HistoryPage

all_routes = [pages_routes, card_routes, pocket_routes, consents_routes, leaving_routes, app_routes]

__all__ = ["Balance", "HistoryPage", "all_routes", "balance", "history"]
