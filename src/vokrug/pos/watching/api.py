"""How tills fare, over HTTP: for staff."""

from vokrug.pos.watching import operations
from vokrug.pos.watching.schemas import AlarmPolicy, AlarmPolicyDeclared, ShopsHealth
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("pos")


@routes.get("/v1/shops/health", answers={200: ShopsHealth})
async def get_shops_health(call: Call) -> Answer[ShopsHealth]:
    """One row a shop: last seen, software, clocks, queues, errors, times, deviations, waiting returns, open alarms."""
    async with call.services.reports.transaction(readonly=True) as tx:
        return Answer(await operations.shops_health(tx, call.now, call.caller.shop_id))


@routes.get("/v1/alarm-policy", answers={200: AlarmPolicyDeclared})
async def get_alarm_policy(call: Call) -> Answer[AlarmPolicyDeclared]:
    """From where on somebody should look; version 0 is the usual policy, never declared."""
    async with call.db.transaction(readonly=True) as tx:
        version, policy = await operations.policy(tx)
    return Answer(AlarmPolicyDeclared(version=version, policy=policy))


@routes.put("/v1/alarm-policy", answers={200: AlarmPolicyDeclared})
async def put_alarm_policy(call: Call, body: AlarmPolicy) -> Answer[AlarmPolicyDeclared]:
    """Declare other thresholds; alarms follow within a minute."""
    async with call.db.transaction() as tx:
        version = await operations.declare_policy(tx, body, call.caller.key_id, call.now)
    return Answer(AlarmPolicyDeclared(version=version, policy=body))
