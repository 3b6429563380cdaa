"""Queries whose results change, as streams into keyed topics: what each key's last record says is what batch mode says.

The topics are those of the run's own log, written by upsert-kafka and read as kafka tables.
"""

import random

import pytest

from json_documents import json_documents
from test_cli import VALIDATION, Cli

ROWS = 20_000
TABLES = """
CREATE TABLE bids (id BIGINT, item STRING, bidder INT, price DECIMAL(10, 2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '{dir}/bids.csv', 'format' = 'csv');
CREATE TABLE items (item STRING, name STRING)
WITH ('connector' = 'filesystem', 'path' = '{dir}/items.csv', 'format' = 'csv');
"""
TOPIC = "'topic' = '{topic}', 'properties.bootstrap.servers' = 'unused:9092', {formats}"
# The columns, the first of which is the key, and the query.
QUERIES = {
    "group": ("k STRING, n BIGINT, total DECIMAL(38, 2), least BIGINT, bidders BIGINT",
              "SELECT item, COUNT(*), SUM(price), MIN(id), COUNT(DISTINCT bidder) FROM bids GROUP BY item"),
    "group_of_groups": ("k BIGINT, n BIGINT, most DECIMAL(38, 2)",
                        "SELECT MOD(n, 3), COUNT(*), MAX(s) FROM (SELECT item, bidder, COUNT(*) AS n, SUM(price) AS s FROM bids "
                        "GROUP BY item, bidder) GROUP BY MOD(n, 3)"),
    "join": ("k STRING, name STRING, n BIGINT",
             "SELECT g.item, i.name, g.n FROM (SELECT item, COUNT(*) AS n FROM bids GROUP BY item) AS g LEFT JOIN items AS i "
             "ON g.item = i.item"),
    "top": ("k BIGINT, id BIGINT, price DECIMAL(10, 2)",
            "SELECT place, id, price FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY price DESC, id) AS place FROM bids) WHERE place <= 20"),
    "last": ("k STRING, id BIGINT",
             "SELECT item, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY item ORDER BY ts DESC) AS place FROM bids) WHERE place = 1"),
    "semi": ("k STRING, n BIGINT",
             "SELECT item, COUNT(*) FROM bids WHERE bidder IN (SELECT bidder FROM bids GROUP BY bidder HAVING COUNT(*) > 3300) GROUP BY item"),
    "mark": ("k STRING, n BIGINT",
             "SELECT item, COUNT(*) FROM bids WHERE bidder IN (SELECT bidder FROM bids GROUP BY bidder HAVING COUNT(*) > 3300) OR price > 90 "
             "GROUP BY item"),
    "unknown": ("k BIGINT, within BOOLEAN, without BOOLEAN",
                "SELECT id, NULLIF(bidder, 3) IN (SELECT NULLIF(n, 5) FROM (SELECT COUNT(*) AS n FROM bids WHERE id < 30 GROUP BY bidder)), "
                "NULLIF(bidder, 3) NOT IN (SELECT bidder FROM bids WHERE id < 0) FROM bids WHERE id < 200"),
    "not_in": ("k STRING, n BIGINT",
               "SELECT item, COUNT(*) FROM bids WHERE NULLIF(bidder, 3) NOT IN (SELECT n FROM (SELECT NULLIF(COUNT(*), 9) + 2 AS n FROM bids "
               "WHERE id < 18 GROUP BY bidder)) GROUP BY item"),
    "all_of": ("k BIGINT, above BOOLEAN, beneath BOOLEAN, same BOOLEAN",
               "SELECT id, price > ALL (SELECT AVG(price) FROM bids WHERE id < 90 GROUP BY bidder), price < ANY (SELECT AVG(price) FROM bids "
               "WHERE id < 90 GROUP BY bidder), bidder <> ANY (SELECT MIN(bidder) FROM bids GROUP BY item) FROM bids WHERE id < 200"),
    "except_all": ("k STRING, n BIGINT",
                   "SELECT item, COUNT(*) FROM (SELECT item, bidder FROM bids EXCEPT ALL SELECT item, bidder FROM bids WHERE price > 30) GROUP BY item"),
    "intersect_all": ("k BIGINT, n BIGINT",
                      "SELECT n, COUNT(*) FROM (SELECT COUNT(*) AS n FROM bids GROUP BY item, bidder INTERSECT ALL SELECT COUNT(*) + 1 FROM bids "
                      "GROUP BY bidder, item HAVING COUNT(*) > 70) GROUP BY n"),
    "early": ("k TIMESTAMP(3), n BIGINT, total DECIMAL(38, 2)",
              "SELECT window_start, COUNT(*), SUM(price) FROM TUMBLE(bids, ts, INTERVAL '1' HOUR) GROUP BY window_start, window_end EMIT CHANGES"),
    "early_hop": ("k STRING, n BIGINT, most BIGINT",
                  "SELECT item || CAST(window_end AS STRING), COUNT(*), MAX(id) FROM HOP(bids, ts, INTERVAL '30' MINUTE, INTERVAL '1' HOUR) "
                  "GROUP BY window_start, window_end, item EMIT CHANGES"),
    "early_group": ("k BIGINT, windows BIGINT, bids BIGINT",
                    "SELECT n / 100, COUNT(*), SUM(n) FROM (SELECT item, COUNT(*) AS n FROM CUMULATE(bids, ts, INTERVAL '1' HOUR, INTERVAL '2' HOUR) "
                    "GROUP BY window_start, window_end, item) GROUP BY n / 100 EMIT CHANGES"),
}
BOUNDED = ("top", "early")  # what they keep is bounded


@pytest.fixture
def run(dataflow_cli, tmp_path):
    rng = random.Random(17)
    with (tmp_path / "bids.csv").open("w") as file:
        for i in range(ROWS):
            file.write(f"{i},i{rng.randrange(40)},{rng.randrange(6)},{rng.randrange(1, 10000) / 100},"
                       f"2024-01-31 {10 + i // 3600}:{i // 60 % 60:02}:{i % 60:02}\n")
    (tmp_path / "items.csv").write_text("".join(f"i{i},name {i}\n" for i in range(0, 40, 2)))
    tool = Cli(dataflow_cli, tmp_path / "home")

    def run(script, **options):
        path = tmp_path / "script.sql"
        path.write_text((TABLES + script).replace("{dir}", str(tmp_path)))
        return json_documents(tool("run", path, "-o", "json", **options))

    run.cli = tool
    return run


@pytest.mark.parametrize("name", QUERIES)
def test_what_stands_at_the_end_of_a_stream_is_the_result_of_batch_mode(run, name):
    columns, query = QUERIES[name]
    names = [column.split()[0] for column in columns.replace(", 2)", "; 2)").split(", ")]
    keyed = TOPIC.format(topic=name, formats="'key.format' = 'json', 'value.format' = 'json'")
    read = TOPIC.format(topic=name, formats="'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', 'format' = 'json'")
    documents = run(f"""
CREATE TABLE out (PRIMARY KEY (k) NOT ENFORCED, {columns}) WITH ('connector' = 'upsert-kafka', {keyed});
SET 'parallelism.default' = '2';
INSERT INTO out {query};
CREATE TABLE said ({columns}, o BIGINT METADATA FROM 'offset') WITH ('connector' = 'kafka', {read});
SELECT {", ".join(names)} FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY o DESC) AS place FROM said) WHERE place = 1
ORDER BY k;
SELECT {", ".join(f"c{i}" for i in range(len(names)))} FROM ({query}) AS q ({", ".join(f"c{i}" for i in range(len(names)))})
ORDER BY 1;
SELECT COUNT(*) FROM said;
""")
    said, wanted, count = (document["rows"] for document in documents[-3:])
    assert said == wanted and wanted
    # It was said while it changed, not at the end alone.
    assert name == "join" or count[0][0] > len(wanted)
    assert ("can only grow" in run.cli.err) == (name not in BOUNDED)


@pytest.mark.parametrize("frame, grows", [("ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", True), ("RANGE UNBOUNDED PRECEDING", True),
                                          ("RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW", False)])
def test_over_tells_of_state_that_can_only_grow(run, frame, grows):
    script = """CREATE TABLE f (item STRING, n BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO f SELECT item, COUNT(*) OVER (PARTITION BY item ORDER BY ts {frame}) FROM bids;"""
    run(script.replace("{frame}", frame))
    assert ("can only grow" in run.cli.err) == grows
    run(script.replace("{frame}", frame).replace("PARTITION BY item ", ""))
    assert "can only grow" not in run.cli.err


def test_results_that_change_are_refused_by_files_with_the_way_out(run):
    script = """
CREATE TABLE f (item STRING, n BIGINT) WITH ('connector' = 'filesystem', 'path' = '{dir}/out', 'format' = 'csv');
INSERT INTO f SELECT item, COUNT(*) FROM bids GROUP BY item;
"""
    run(script, expect=VALIDATION)
    assert "SET 'execution.runtime-mode' = 'batch'" in run.cli.err
    run(script.replace("item;", "item EMIT ON WINDOW CLOSE;"), expect=VALIDATION)
    assert "rows are of none that closes" in run.cli.err
    windows = "SELECT MAX(item), COUNT(*) FROM TUMBLE(bids, ts, INTERVAL '1' HOUR) GROUP BY window_start, window_end"
    early = script[:script.index("SELECT")] + windows + " EMIT CHANGES;"
    run(early, expect=VALIDATION)
    assert "leave out EMIT CHANGES: windows give final rows then" in run.cli.err
    run("SET 'execution.runtime-mode' = 'batch';" + script)
