"""SQL on a running server, by clients that send it in their own ways: asyncpg and SQLAlchemy."""

import asyncio
import datetime
import decimal
import io
import uuid

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy import orm

UTC = datetime.timezone.utc
MOMENT = datetime.datetime(2026, 1, 2, 3, 4, 5, 678000)
ORDERS = """CREATE TABLE orders (id BIGINT, who STRING, amount DECIMAL(10, 2), at TIMESTAMP_LTZ(3), tags ARRAY<STRING>,
  PRIMARY KEY (id) NOT ENFORCED)"""


def ask(server, work):
    """What work(connection) gives, on asyncpg."""
    host, port = server.postgres.split(":")

    async def run():
        connection = await asyncpg.connect(host=host, port=int(port), user="somebody", database="dataflow", timeout=60)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.mark.parametrize("cast, value", [
    ("int", 5), ("smallint", 5), ("bigint", 5), ("real", 1.5), ("float8", 2.5), ("boolean", True), ("text", "x"), ("bpchar", "x"),
    ("numeric", decimal.Decimal("1.55")), ("numeric(10, 2)", decimal.Decimal("1.55")), ("bytea", b"\0x"), ("oid", 5), ("name", "x"),
    ("date", datetime.date(2026, 1, 2)), ("time", datetime.time(1, 2, 3)), ("timestamp", MOMENT), ("jsonb", '{"a":1}'),
    ("timestamptz", MOMENT.replace(tzinfo=UTC)), ("interval", datetime.timedelta(days=1, seconds=2)), ("int[]", [1, None]),
    ("text[]", ["a", "b,c"]), ("bigint[]", []), ("numeric[]", [decimal.Decimal("1.5")]), ("timestamp[]", [MOMENT])])
def test_asyncpg_parameters(server, cast, value):
    async def work(db):
        statement = await db.prepare(f"SELECT $1::{cast}")
        return await statement.fetchval(value), await statement.fetchval(None)

    assert ask(server, work) == (value, None)


def test_asyncpg_as_applications_use_it(server):
    async def work(db):
        await db.execute(ORDERS)
        async with db.transaction(isolation="serializable"):
            await db.executemany("INSERT INTO orders VALUES ($1, $2, $3, $4, $5)",
                                 [(i, "ann", decimal.Decimal(i), MOMENT.replace(tzinfo=UTC), ["x"]) for i in range(100)])
        rows = await db.fetch("SELECT id, tags FROM orders WHERE id = ANY($1::bigint[]) ORDER BY id", [1, 3])
        assert [tuple(row) for row in rows] == [(1, ["x"]), (3, ["x"])]
        assert await db.fetchval("SELECT pg_backend_pid()") == db.get_server_pid()
        assert await db.fetchval("SELECT $1::uuid", uuid.UUID(int=5)) == str(uuid.UUID(int=5))
        async with db.transaction():
            assert [row["id"] async for row in db.cursor("SELECT id FROM orders ORDER BY id", prefetch=30)] == list(range(100))
        with pytest.raises(asyncpg.FeatureNotSupportedError, match="SUBSCRIBE"):
            await db.execute("LISTEN changes")
        assert await db.copy_records_to_table("orders", records=[(1000,), (1001,)], columns=["id"]) == "COPY 2"
        assert await db.execute("DELETE FROM orders WHERE id >= 1000") == "DELETE 2"
        copied = io.BytesIO()
        assert await db.copy_from_query("SELECT id FROM orders WHERE id < $1 ORDER BY id", 2, output=copied) == "COPY 2"
        assert copied.getvalue() == b"0\n1\n"
        return await db.fetchval("SELECT COUNT(*) FROM orders")

    assert ask(server, work) == 100


def test_asyncpg_pool_gives_connections_back(server):
    host, port = server.postgres.split(":")

    async def run():
        async with asyncpg.create_pool(host=host, port=int(port), user="somebody", database="dataflow", min_size=1, max_size=2) as pool:
            async def one(i):
                async with pool.acquire() as db:
                    await db.execute("SET application_name = 'busy'")
                    assert await db.fetchval("SELECT current_setting('application_name')") == "busy"
                    return await db.fetchval("SELECT $1::int", i)

            assert await asyncio.gather(*[one(i) for i in range(8)]) == list(range(8))
            async with pool.acquire() as db:
                return await db.fetchval("SELECT current_setting('application_name')")

    assert asyncio.run(run()) == ""


@pytest.fixture
def engine(server):
    engine = sa.create_engine(f"postgresql+psycopg://somebody@{server.postgres}/dataflow")
    yield engine
    engine.dispose()


class Base(orm.DeclarativeBase):
    pass


class Reading(Base):
    __tablename__ = "readings"
    id: orm.Mapped[int] = orm.mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(50))
    exact: orm.Mapped[decimal.Decimal | None] = orm.mapped_column(sa.Numeric(12, 3))
    rough: orm.Mapped[float | None] = orm.mapped_column(sa.Float(53))
    at: orm.Mapped[datetime.datetime | None] = orm.mapped_column(sa.DateTime(timezone=True))
    parts: orm.Mapped[list[int] | None] = orm.mapped_column(sa.ARRAY(sa.Integer))


def test_sqlalchemy_makes_tables_and_keeps_objects(engine):
    Base.metadata.create_all(engine)
    moment = MOMENT.replace(tzinfo=UTC)
    with orm.Session(engine) as session:
        session.add_all([Reading(id=1, name="One", exact=decimal.Decimal("1.55"), rough=0.1, at=moment, parts=[1, 2]),
                         Reading(id=2, name="two")])
        session.commit()
        one = session.get(Reading, 1)
        assert (one.name, one.exact, one.rough, one.at, one.parts) == ("One", decimal.Decimal("1.55"), 0.1, moment, [1, 2])
        one.name = "Other"
        session.commit()
        assert session.scalars(sa.select(Reading.id).where(Reading.name.ilike("oth%"))).all() == [1]
        assert session.scalar(sa.select(sa.literal(decimal.Decimal("1.55")))) == decimal.Decimal("1.55")
        session.delete(session.get(Reading, 2))
        session.commit()
        assert session.scalar(sa.select(sa.func.count()).select_from(Reading)) == 1
    found = sa.inspect(engine)
    assert found.get_table_names() == ["readings"]
    assert found.get_pk_constraint("readings")["constrained_columns"] == ["id"]
    types = {column["name"]: column["type"] for column in found.get_columns("readings")}
    assert isinstance(types["rough"], sa.Double) and isinstance(types["parts"], sa.ARRAY) and types["at"].timezone
    Base.metadata.drop_all(engine)
    assert sa.inspect(engine).get_table_names() == []


def test_asyncpg_reads_keys_and_arrays_of_the_catalog(server):
    async def work(db):
        await db.execute("CREATE TABLE pairs (a BIGINT, b STRING, c BIGINT, tags ARRAY<BIGINT>, PRIMARY KEY (c, a) NOT ENFORCED)")
        assert [list(row[0]) for row in await db.fetch("SELECT indkey FROM pg_index WHERE indisprimary")] == [[3, 1]]
        assert [row[0] for row in await db.fetch("SELECT conkey FROM pg_constraint WHERE contype = 'p'")] == [[3, 1]]
        await db.execute("INSERT INTO pairs VALUES ($1, 'x', 1, $2)", 1, [1, None])
        assert await db.fetchval("SELECT tags FROM pairs") == [1, None]
        assert await db.fetchval("SELECT format('%s of %I: %L%%', $1, 'My table', '50%s') FROM pg_namespace LIMIT 1", "100%s") == "100%s of \"My table\": '50%s'%"
        await db.execute("SELECT set_config('application_name', 'a' || 'b', false)")
        assert await db.fetchval("SHOW application_name") == "ab"
        await db.fetchval("SELECT set_config('application_name', upper($1), false)", "me")
        return await db.fetchval("SELECT current_setting('application_name')")

    assert ask(server, work) == "ME"


def test_advisory_locks_are_held_between_sessions(server):
    host, port = server.postgres.split(":")

    async def run():
        one, two = [await asyncpg.connect(host=host, port=int(port), user="somebody", database="dataflow", timeout=60) for _ in range(2)]
        await one.execute("SELECT pg_advisory_lock(7)")
        assert await two.fetchval("SELECT pg_try_advisory_lock($1)", 7) is False
        assert await two.fetchval("SELECT pg_try_advisory_lock(7, 0)") is True
        waits = asyncio.create_task(two.fetchval("SELECT pg_advisory_lock(6 + 1)"))
        assert await one.fetchval("SELECT pg_advisory_unlock(7)") is True
        await waits
        assert await one.fetchval("SELECT pg_advisory_unlock(7)") is False
        # One that waits is cancelled.
        with pytest.raises(asyncio.TimeoutError):
            await one.fetchval("SELECT pg_advisory_lock(7)", timeout=0.3)
        async with one.transaction():
            await one.execute("SELECT pg_advisory_xact_lock(hashtext('x'))")
            assert await two.fetchval("SELECT pg_try_advisory_lock(hashtext('x'))") is False
        assert await two.fetchval("SELECT pg_try_advisory_lock(hashtext('x'))") is True
        with pytest.raises(asyncpg.FeatureNotSupportedError, match="before any row is read"):
            await one.fetch("SELECT pg_try_advisory_lock(oid) FROM pg_class")
        # Of two that wait for each other one is told, and the other one goes on.
        both = asyncio.Barrier(2)

        async def takes(db, first, second):
            async with db.transaction():
                await db.execute(f"SELECT pg_advisory_xact_lock({first})")
                await both.wait()
                await db.execute(f"SELECT pg_advisory_xact_lock({second})")

        ends = await asyncio.gather(takes(one, 20, 21), takes(two, 21, 20), return_exceptions=True)
        assert sorted(type(end).__name__ for end in ends) == ["DeadlockDetectedError", "NoneType"]
        await one.close()
        await two.close()

    asyncio.run(run())
