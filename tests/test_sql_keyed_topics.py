"""Tables of upsert-kafka that are read: topics whose records replace each other by key, and are deleted by tombstones.

A Kafka client writes the topics through a server; the scripts then run on its folder.
"""

import json
import random

import pytest
from confluent_kafka import Producer

from json_documents import json_documents
from kafka_topics import create_topic
from test_cli import VALIDATION, Cli

PARTITIONS = 3
USERS = """
CREATE TABLE users (id BIGINT, city STRING, n INT, o BIGINT METADATA FROM 'offset' VIRTUAL, twice AS n * 2,
  PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'upsert-kafka', 'topic' = 'users', 'properties.bootstrap.servers' = 'unused:9092',
  'key.format' = 'json', 'value.format' = 'json', 'scan.bounded.mode' = 'latest-offset');
"""
KEYED = """WITH ('connector' = 'upsert-kafka', 'topic' = '{topic}', 'properties.bootstrap.servers' = 'unused:9092',
  'key.format' = '{key}', 'value.format' = 'json', 'scan.bounded.mode' = 'latest-offset');"""


def keyed(topic, key="json"):
    return KEYED.format(topic=topic, key=key)


class Topics:
    """Writes records as a client does, and runs scripts over them."""

    def __init__(self, server, cli, folder):
        self.server, self.cli, self.folder = server, cli, folder

    def write(self, topic, records, partitions=PARTITIONS):
        create_topic(self.server.kafka, topic, partitions)
        producer = Producer({"bootstrap.servers": self.server.kafka, "linger.ms": 1})
        for key, value in records:
            producer.produce(topic, value if value is None else json.dumps(value), key)
        assert producer.flush(60) == 0

    def run(self, script, **options):
        self.server.stop()
        path = self.folder / "script.sql"
        path.write_text(script.replace("{dir}", str(self.folder)))
        return [document.get("rows") for document in
                json_documents(self.cli("run", path, "--data-dir", self.server.data_dir, "-o", "json", **options))]


@pytest.fixture
def topics(start_server, dataflow_cli, tmp_path):
    return Topics(start_server(), Cli(dataflow_cli, tmp_path / "home"), tmp_path)


def key_of(number):
    return json.dumps({"id": number})


def write_users(topics, count=6000):
    """What stands in the end."""
    rng, records, users = random.Random(5), [], {}
    for _ in range(count):
        number = rng.randrange(500)
        if rng.random() < 0.3:
            users.pop(number, None)
            records.append((key_of(number), None))
            continue
        users[number] = {"id": number, "city": rng.choice(["x", "y", "z", None]), "n": rng.randrange(9)}
        records.append((key_of(number), users[number]))
    topics.write("users", records)
    return [users[number] for number in sorted(users)]


def test_a_select_gives_the_rows_that_stand(topics):
    users = write_users(topics)
    rows, counted = topics.run(USERS + """
SELECT id, city, n, twice FROM users ORDER BY id;
SELECT COUNT(*), COUNT(DISTINCT o) FROM users WHERE n > 3;
""")[-2:]
    assert rows == [[user["id"], user["city"], user["n"], 2 * user["n"]] for user in users]
    assert counted[0][0] == sum(user["n"] > 3 for user in users)
    assert "dead letter" not in topics.cli.err


def test_groups_and_joins_of_a_stream_are_those_of_the_rows_that_stand(topics):
    users = write_users(topics)
    (topics.folder / "cities.csv").write_text("x,Xanten\ny,York\n")
    script = USERS + f"""
SET 'parallelism.default' = '2';
CREATE TABLE cities (city STRING, name STRING) WITH ('connector' = 'filesystem', 'path' = '{{dir}}/cities.csv', 'format' = 'csv');
CREATE TABLE by_n (n INT, c BIGINT, ids BIGINT, PRIMARY KEY (n) NOT ENFORCED) {keyed("by_n", "raw")}
CREATE TABLE pairs (id BIGINT, city STRING, n INT, PRIMARY KEY (id) NOT ENFORCED) {keyed("pairs")}
CREATE TABLE few (id BIGINT, n INT, PRIMARY KEY (id) NOT ENFORCED) {keyed("few")}
INSERT INTO by_n SELECT n, COUNT(*), SUM(id) FROM users GROUP BY n;
INSERT INTO few SELECT id, n FROM users WHERE n < 2;
INSERT INTO pairs SELECT u.id, u.city, f.n FROM users AS u LEFT JOIN few AS f ON u.id = f.id;
SELECT n, c, ids FROM by_n ORDER BY n;
SELECT id, n FROM few ORDER BY id;
SELECT id, city, n FROM pairs ORDER BY id;
SELECT u.id, c.name FROM users AS u JOIN cities AS c ON u.city = c.city ORDER BY id;
"""
    by_n, few, pairs, named = topics.run(script)[-4:]
    groups = {}
    for user in users:
        groups.setdefault(user["n"], []).append(user["id"])
    assert by_n == [[n, len(groups[n]), sum(groups[n])] for n in sorted(groups)]
    assert pairs == [[user["id"], user["city"], user["n"] if user["n"] < 2 else None] for user in users]
    names = {"x": "Xanten", "y": "York"}
    assert named == [[user["id"], names[user["city"]]] for user in users if user["city"] in names]
    assert few == [[user["id"], user["n"]] for user in users if user["n"] < 2]


RATES = """
CREATE TABLE rates (currency STRING, rate DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts, PRIMARY KEY (currency) NOT ENFORCED)
WITH ('connector' = 'upsert-kafka', 'topic' = 'rates', 'properties.bootstrap.servers' = 'unused:9092',
  'key.format' = 'raw', 'value.format' = 'json', 'scan.bounded.mode' = 'latest-offset');
CREATE TABLE orders (id BIGINT, currency STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
WITH ('connector' = 'filesystem', 'path' = '{dir}/orders.csv', 'format' = 'csv');
CREATE VIEW priced AS SELECT o.id AS id, r.rate AS rate
FROM orders AS o LEFT JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.currency = r.currency;
"""


def test_a_join_as_of_a_time_meets_the_version_of_then(topics):
    def rate(currency, number, minute):
        return currency, {"currency": currency, "rate": number, "ts": f"2024-01-31 10:{minute:02}:00"}

    topics.write("rates", [rate("EUR", 1.0, 0), rate("USD", 2.0, 5), rate("EUR", 1.1, 10), ("GBP", None), rate("GBP", 3.0, 12),
                           rate("USD", 2.2, 20), ("USD", None), rate("EUR", 1.2, 30)], partitions=1)
    (topics.folder / "orders.csv").write_text("".join(
        f"{number},{currency},2024-01-31 10:{minute:02}:00\n" for number, (currency, minute) in
        enumerate([("EUR", 0), ("USD", 4), ("USD", 5), ("EUR", 9), ("EUR", 10), ("GBP", 13), ("USD", 19), ("USD", 25), ("EUR", 59)])))
    stream, batch, last = topics.run(RATES + f"""
CREATE TABLE sums (id BIGINT, rate DOUBLE, PRIMARY KEY (id) NOT ENFORCED) {keyed("sums")}
INSERT INTO sums SELECT id, rate FROM priced;
SELECT id, rate FROM sums ORDER BY id;
SELECT id, rate FROM priced ORDER BY id;
SELECT currency, rate FROM rates ORDER BY currency;
""")[-3:]
    # What was deleted does not stand from its own time on.
    assert stream == [[0, 1.0], [1, None], [2, 2.0], [3, 1.0], [4, 1.1], [5, 3.0], [6, 2.0], [7, None], [8, 1.2]]
    assert batch == stream
    assert last == [["EUR", 1.2], ["GBP", 3.0]]


def test_a_lookup_join_meets_what_stands_in_a_topic_or_a_file(topics):
    users = write_users(topics)
    cities = {"x": "Xanten", "y": "York"}
    (topics.folder / "cities.csv").write_text("".join(f"{city},{name}\n" for city, name in cities.items()))
    (topics.folder / "orders.csv").write_text("".join(f"{n},{n % 500},2024-01-31 10:00:{n // 100:02}\n" for n in range(3000)))
    rows, minutes = topics.run(USERS + f"""
SET 'parallelism.default' = '2';
CREATE TABLE cities (city STRING, name STRING) WITH ('connector' = 'filesystem', 'path' = '{{dir}}/cities.csv', 'format' = 'csv');
CREATE TABLE orders (id BIGINT, buyer BIGINT, ts TIMESTAMP(3), proc_time AS PROCTIME(), WATERMARK FOR ts AS ts)
WITH ('connector' = 'filesystem', 'path' = '{{dir}}/orders.csv', 'format' = 'csv');
CREATE VIEW named AS
SELECT o.id, o.ts, c.name FROM orders AS o
JOIN users FOR SYSTEM_TIME AS OF o.proc_time AS u ON o.buyer = u.id
LEFT JOIN cities FOR SYSTEM_TIME AS OF o.proc_time AS c ON u.city = c.city;
CREATE TABLE found (id BIGINT, name STRING, PRIMARY KEY (id) NOT ENFORCED) {keyed("found")}
CREATE TABLE counted (w TIMESTAMP(3), n BIGINT, PRIMARY KEY (w) NOT ENFORCED) {keyed("counted")}
EXECUTE STATEMENT SET BEGIN
INSERT INTO found SELECT id, name FROM named;
INSERT INTO counted SELECT window_start, COUNT(*)
FROM TABLE(TUMBLE(TABLE named, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
END;
SELECT id, name FROM found ORDER BY id;
SELECT SECOND(w), n FROM counted ORDER BY w;
""")[-2:]
    city_of = {user["id"]: user["city"] for user in users}
    expected = [[n, cities.get(city_of[n % 500])] for n in range(3000) if n % 500 in city_of]
    assert rows == expected
    # The time of orders goes on behind the joins, and none of them is late there.
    assert minutes == [[s, sum(n // 1000 == s // 10 for n, _ in expected)] for s in (0, 10, 20)]


def test_a_record_without_a_key_is_a_dead_letter(topics):
    topics.write("users", [(None, {"id": 1, "city": "x", "n": 1}), (key_of(2), {"id": 2, "city": "y", "n": 2}),
                           ("no key", None), (key_of(3), None)])
    rows = topics.run(USERS + "SELECT id, n FROM users;")[-1]
    assert rows == [[2, 2]]
    assert "2 dead letters" in topics.cli.err, topics.cli.err


def test_windows_of_a_stream_refuse_rows_that_are_replaced(topics):
    script = RATES + """
CREATE TABLE p (n BIGINT) WITH ('connector' = 'print');
INSERT INTO p SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE rates, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
"""
    topics.write("rates", [("EUR", {"currency": "EUR", "rate": 1, "ts": "2024-01-31 10:00:00"})], partitions=1)
    (topics.folder / "orders.csv").write_text("")
    topics.run(script, expect=VALIDATION)
    assert "rows of a keyed topic replace each other" in topics.cli.err
