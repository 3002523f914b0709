"""Pages: home, history, profile, products, language."""

from collections.abc import Mapping

from vokrug import accounts, customers
from vokrug.accounts import SCOPE_WORDS, ProductUnknown
from vokrug.cabinet import operations
from vokrug.cabinet.here import FORMS, PAGE, Here, at_page, by_form
from vokrug.cabinet.schemas import Moment
from vokrug.customers import CalledMalformed, FullNameNotWanted, LanguageUnknown
from vokrug.kernel import Refusal
from vokrug.pos import Checkout
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("cabinet")


@routes.get("/me", **PAGE)
async def home(call: Call) -> Answer[bytes]:
    """How many points there are, what lapses when, and where else one may go."""

    async def tell(here: Here) -> Answer[bytes]:
        found = await operations.balance(here.tx, here.person, here.now)
        programme = call.services.get(Checkout).reference.programme
        way = await operations.tier_way(here.tx, programme, here.person, here.visit.language, here.now)
        return await here.page("home.html", balance=found, way=way)

    return await at_page(call, tell)


@routes.get("/me/history", query={"before": Moment}, **PAGE)
async def history(call: Call) -> Answer[bytes]:
    """Purchases, returns, points: the newest first, a page at a time."""

    async def tell(here: Here) -> Answer[bytes]:
        found = await operations.history(here.tx, here.person, call.asked.get("before"), here.now)
        return await here.page("history.html", lines=found.lines, older=found.older)

    return await at_page(call, tell)


@routes.get("/me/profile", **PAGE)
async def profile(call: Call) -> Answer[bytes]:
    """How to call the person, how to reach them, what else is known."""
    return await at_page(call, _profile)


@routes.post("/me/profile", refusals=FORMS, **PAGE)
async def change_profile(call: Call, body: bytes) -> Answer[bytes]:
    """Another way to call them, another language."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        called, language = form.get("called", here.person.called), form.get("language", here.person.language)
        try:
            await customers.call_differently(here.tx, here.directory, here.person.id, called=called, language=language)
        except (CalledMalformed, FullNameNotWanted, LanguageUnknown) as refusal:
            return await _profile(here, refusal)
        return here.visit.go("/me" if "called" not in form else "/me/profile")

    return await by_form(call, body, tell)


async def _profile(here: Here, problem: Refusal | None = None) -> Answer[bytes]:
    contacts = await customers.contacts(here.tx, here.directory, here.person.id)
    card = await customers.profile(here.tx, here.directory, here.person.id)
    await here.directory.meet_attributes(here.tx, [one.code for one in card.attributes])
    known = [
        (here.directory.attribute_type(one.code).words.say(here.visit.language), one.value) for one in card.attributes
    ]
    return await here.page("profile.html", contacts=contacts, birthday=card.birthday, known=known, problem=problem)


@routes.get("/me/products", **PAGE)
async def products(call: Call) -> Answer[bytes]:
    """Who knows what, and since when."""
    return await at_page(call, _products)


@routes.post("/me/products:leave", refusals=FORMS, **PAGE)
async def leave_product(call: Call, body: bytes) -> Answer[bytes]:
    """That product knows nothing from now on."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        try:
            await accounts.leave_product(here.tx, here.me.account, form.get("product", ""), here.now)
        except ProductUnknown as refusal:
            return await _products(here, refusal)
        return here.visit.go("/me/products")

    return await by_form(call, body, tell)


async def _products(here: Here, problem: Refusal | None = None) -> Answer[bytes]:
    language = here.visit.language
    shown = [
        (
            one,
            one.name.say(language),
            [SCOPE_WORDS[scope].say(language) for scope in SCOPE_WORDS if scope in one.scopes],
        )
        for one in await accounts.products(here.tx, here.me.account)
    ]
    return await here.page("products.html", products=shown, problem=problem)
