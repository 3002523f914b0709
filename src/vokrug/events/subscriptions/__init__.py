"""Who reads the facts from outside: a wish, an approval, a way of delivery, a place in the log.

routes           a partner asks, staff approve, everybody sees how it goes
reading_routes   pages with a cursor, server-sent events
WebhookDeliverer runs the webhooks of a process
sweep            lets go of what nobody needs, and says whom it left behind
"""

from vokrug.events.subscriptions.again import redrive, replay
from vokrug.events.subscriptions.api import routes
from vokrug.events.subscriptions.jobs import Retention, jobs, schedule_all
from vokrug.events.subscriptions.lifecycle import pause, resume, subscription_for
from vokrug.events.subscriptions.metrics import LagMetrics
from vokrug.events.subscriptions.reading import Lenses
from vokrug.events.subscriptions.reading_api import Streams
from vokrug.events.subscriptions.reading_api import routes as reading_routes
from vokrug.events.subscriptions.topics import TopicCarriers, TopicDoor
from vokrug.events.subscriptions.types import Subscription, SubscriptionLag
from vokrug.events.subscriptions.upkeep import compact, stop_compacting, sweep
from vokrug.events.subscriptions.watch import LogWatch
from vokrug.events.subscriptions.webhooks.deliverer import WebhookDeliverer
from vokrug.events.subscriptions.webhooks.sender import HttpSender, WebhookDoor

__all__ = [
    "HttpSender",
    "LagMetrics",
    "Lenses",
    "LogWatch",
    "Retention",
    "Streams",
    "Subscription",
    "SubscriptionLag",
    "TopicCarriers",
    "TopicDoor",
    "WebhookDeliverer",
    "WebhookDoor",
    "compact",
    "jobs",
    "pause",
    "reading_routes",
    "redrive",
    "replay",
    "resume",
    "routes",
    "schedule_all",
    "stop_compacting",
    "subscription_for",
    "sweep",
]
