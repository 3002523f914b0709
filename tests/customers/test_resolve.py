"""Who is behind an identifier: in one read, redirects followed."""

import pytest

from vokrug.customers import Directory, attach, customer, resolve
from vokrug.customers.errors import CustomerUnknown, IdentifierTypeUnknown, PhoneMalformed
from vokrug.customers.types import Source, Strength
from vokrug.kernel import new_id
from vokrug.runtime.database import Database, Tx

from .till import NOON, Shop


def count_statements(tx: Tx) -> list[str]:
    seen: list[str] = []
    tx.connection.add_query_logger(lambda record: seen.append(record.query))
    return seen


async def test_many_are_found_in_one_read(db: Database, directory: Directory, shop: Shop) -> None:
    anna = (await shop.registers("+79161234567", "Анна", card="770011")).customer
    boris = (await shop.registers("+79161234568", "Борис")).customer
    async with db.transaction() as tx:
        statements = count_statements(tx)
        found = await resolve(
            tx,
            directory,
            [
                ("phone", "89161234568"),
                ("card", "77 00 11"),
                ("phone", "+79160000000"),
                ("phone", "9161234567"),
            ],
        )
    assert statements.index("COMMIT;") == 1, "one statement, then the end"
    assert found == [boris, anna, None, anna]


async def test_a_merged_customer_is_followed_to_the_one_who_stayed(
    db: Database, directory: Directory, shop: Shop
) -> None:
    anna = (await shop.registers("+79161234567", "Анна")).customer
    anya = (await shop.registers("+79161234568", "Аня")).customer
    async with db.transaction() as tx:
        await tx.run(
            "update customers_customer set state = 'merged', redirect_to = $1 where number = $2",
            anna.number,
            anya.number,
        )
    async with db.transaction() as tx:
        assert await resolve(tx, directory, [("phone", "+79161234568")]) == [anna]
        assert await customer(tx, directory, anya.id) == anna
    async with db.transaction() as tx:
        await attach(
            tx,
            directory,
            anya.id,
            ("card", "770011"),
            source=Source.STAFF,
            strength=Strength.CLAIMED,
            now=NOON,
        )
        assert await resolve(tx, directory, [("card", "770011")]) == [anna]


async def test_the_function_serves_a_join_and_reads_by_indexes_only(
    db: Database, directory: Directory, shop: Shop
) -> None:
    """A caller's own statement opens the function up: no function scan, no table scan in the plan."""
    anna = (await shop.registers("+79161234567", "Анна")).customer
    phone = directory.identify("phone", "+79161234567")
    sql = "select r.ord, r.number, r.id from customers_resolve($1::smallint[], $2::bytea[]) r"
    async with db.transaction() as tx:
        rows = await tx.rows(sql, [phone.type.id], [phone.hash])
        assert [(row["ord"], row["number"], row["id"]) for row in rows] == [(1, anna.number, anna.id)]
        await tx.run("set local enable_seqscan = off")
        plan = "\n".join(row[0] for row in await tx.rows("explain " + sql, [phone.type.id], [phone.hash]))
    assert "identifier_is_known_once" in plan
    assert "customers_customer_pkey" in plan
    assert "Function Scan on customers_resolve" not in plan
    assert "Seq Scan" not in plan


async def test_what_cannot_be_an_identifier_is_refused(db: Database, directory: Directory) -> None:
    async with db.transaction() as tx:
        with pytest.raises(PhoneMalformed):
            await resolve(tx, directory, [("phone", "1")])
        with pytest.raises(IdentifierTypeUnknown):
            await resolve(tx, directory, [("ext:nobody", "1")])
        assert await resolve(tx, directory, []) == []


async def test_a_stranger_is_unknown(db: Database, directory: Directory) -> None:
    async with db.transaction() as tx:
        with pytest.raises(CustomerUnknown):
            await customer(tx, directory, new_id())
