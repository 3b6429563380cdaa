"""Joins of two streams: from files and topics to their result, and held against DuckDB."""

import json
import random
import re

import pytest

from dataflow_server import ROOT
from eventually import eventually
from test_cli import VALIDATION, Cli

START_MS = 1_700_000_000_000
KINDS = ["inner", "left", "right", "full", "semi", "anti"]

FILES = """
name: joined
sources:
  bids: {{connector: file, path: "{folder}/bids.json", format: json,
          schema: {{item: STRING, price: BIGINT, ts: TIMESTAMP_LTZ(3)}},
          watermark: {{column: ts, delay: 1s}}}}
  offers: {{connector: file, path: "{folder}/offers.json", format: json,
            schema: {{offered: TIMESTAMP_LTZ(3), item: STRING, least: BIGINT}},
            watermark: {{column: offered, delay: 1s}}}}
steps:
  both: {{{join}}}
sinks:
  out: {{from: both, connector: console}}
job: {{parallelism: 2}}
"""
WINDOWS = "window_join: {{left: bids, right: offers, on: [item], kind: {kind}, size: 2s}}"
INTERVALS = ("interval_join: {{left: bids, right: offers, on: [item], kind: {kind}, "
             "between: [-500ms, 1s], where: price >= least}}")


@pytest.fixture
def offline(dataflow_cli, tmp_path):
    return Cli(dataflow_cli, tmp_path / "home")


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def random_rows(chance, count):
    """Bids and offers, out of order by less than the watermarks' delay; some have no item."""
    bids, offers = [], []
    for i in range(count):
        at = START_MS + i * 20 + chance.randrange(900)
        item = None if chance.random() < 0.03 else f"item {chance.randrange(20)}"
        if chance.random() < 0.5:
            bids.append({"item": item, "price": chance.randrange(100), "ts": at})
        else:
            offers.append({"offered": at, "item": item, "least": chance.randrange(100)})
    return bids, offers


def test_the_example_of_the_documentation_passes(offline, tmp_path):
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/pipelines.md").read_text(), re.DOTALL)
    path = tmp_path / "orders.yaml"
    path.write_text(next(block for block in blocks if "interval_join:" in block))
    assert offline("pipeline", "test", path).startswith("ok ")


def joined_by_duckdb(duckdb, bids, offers, kind, condition, folder):
    write_rows(folder / "left.json", bids)
    write_rows(folder / "right.json", offers)
    base = duckdb.connect()
    base.execute(f"CREATE TABLE l AS SELECT item::VARCHAR item, price::BIGINT price, ts::BIGINT ts "
                 f"FROM read_json('{folder}/left.json', format='newline_delimited', "
                 f"columns={{item: 'VARCHAR', price: 'BIGINT', ts: 'BIGINT'}})")
    base.execute(f"CREATE TABLE r AS SELECT * FROM read_json('{folder}/right.json', "
                 f"format='newline_delimited', columns={{offered: 'BIGINT', item: 'VARCHAR', least: 'BIGINT'}})")
    columns = "l.item, l.price, l.ts" + ("" if kind in ("semi", "anti") else ", r.offered, r.item, r.least")
    return sorted(map(str, base.execute(f"SELECT {columns} FROM l {kind} JOIN r ON {condition}").fetchall()))


def millis(text):
    """Of a time as JSON shows it."""
    from datetime import datetime, timezone
    if text is None:
        return None
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return round(moment.timestamp() * 1000)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("join", ["windows", "intervals"])
def test_joins_give_what_duckdb_gives(offline, tmp_path, kind, join):
    duckdb = pytest.importorskip("duckdb")
    seed = random.randrange(1 << 30)
    print("seed", seed)
    bids, offers = random_rows(random.Random(seed), 4000)
    write_rows(tmp_path / "bids.json", bids)
    write_rows(tmp_path / "offers.json", offers)
    step = (WINDOWS if join == "windows" else INTERVALS).format(kind=kind)
    path = tmp_path / "joined.yaml"
    path.write_text(FILES.format(folder=tmp_path, join=step))
    out = [json.loads(line) for line in offline("run", path).splitlines() if line.startswith("{")]
    rows = []
    for row in out:
        if join == "windows":
            time = row["ts"] if row["ts"] is not None else row["offered"]
            assert millis(row["window_start"]) == millis(time) // 2000 * 2000
            assert millis(row["window_end"]) == millis(row["window_start"]) + 2000
        left = (row["item"], row["price"], millis(row["ts"]))
        right = () if kind in ("semi", "anti") else (millis(row["offered"]), row["item0"], row["least"])
        rows.append(str(left + right))
    condition = "l.item = r.item AND " + (
        "l.ts // 2000 = r.offered // 2000" if join == "windows"
        else "r.offered BETWEEN l.ts - 500 AND l.ts + 1000 AND l.price >= r.least")
    assert sorted(rows) == joined_by_duckdb(duckdb, bids, offers, kind, condition, tmp_path)
    assert rows


TOPICS = """
name: settled
sources:
  orders: {connector: log, topic: orders, format: json, start: earliest,
           schema: {id: BIGINT, ts: TIMESTAMP_LTZ(3)}, watermark: {column: ts}}
  payments: {connector: log, topic: payments, format: json, start: earliest,
             schema: {order: BIGINT, at: TIMESTAMP_LTZ(3)}, watermark: {column: at}}
steps:
  settled: {interval_join: {left: orders, right: payments, on: {id: order}, kind: left, between: [0s, 10s]}}
sinks:
  out: {from: settled, connector: log, topic: out, format: json, guarantee: exactly_once}
"""


def test_a_join_of_topics_outlives_the_server(dataflow_cli, start_server, tmp_path):
    server = start_server()
    cli = Cli(dataflow_cli, tmp_path / "home", server)
    for topic in ("orders", "payments", "out"):
        cli("stream", "create", topic)
    path = tmp_path / "settled.yaml"
    path.write_text(TOPICS)
    cli("pipeline", "deploy", path)

    def publish(topic, **row):
        cli("publish", topic, json.dumps(row))

    def pairs():
        rows = [json.loads(line) for line in cli("consume", "out", "--exit").splitlines()]
        return sorted((row["id"], row["order"]) for row in rows)

    publish("orders", id=1, ts=START_MS)
    publish("orders", id=2, ts=START_MS + 1)
    publish("payments", order=1, at=START_MS + 500)
    eventually(lambda: pairs() == [(1, 1)], "the paid order is there")
    server.restart(kill=True)
    cli = Cli(dataflow_cli, tmp_path / "home", server)
    publish("payments", order=3, at=START_MS + 500)
    publish("orders", id=3, ts=START_MS + 400)
    eventually(lambda: pairs() == [(1, 1), (3, 3)], "an order of after the crash")
    # What goes on shows that nobody paid for the second one; the first one is not told again.
    publish("orders", id=4, ts=START_MS + 60_000)
    publish("payments", order=5, at=START_MS + 60_000)
    eventually(lambda: pairs() == [(1, 1), (2, None), (3, 3)], "the order that nobody paid for")


def test_a_join_of_results_that_change_is_refused(offline, tmp_path):
    path = tmp_path / "joined.yaml"
    steps = ("window_join: {{left: bids, right: offers, on: [item], kind: left, size: 2s, allowed_lateness: 1s}}"
             ).format()
    text = FILES.format(folder=tmp_path, join=steps).replace(
        "sinks:", "  again: {interval_join: {left: both, right: offers, on: [item], between: [0s, 1s]}}\nsinks:")
    path.write_text(text.replace("from: both", "from: again"))
    offline("pipeline", "validate", path, expect=VALIDATION)
    assert 'late rows change results of window_join "both" after they left' in offline.err
