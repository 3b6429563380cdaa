"""Queries of every kind, run by Apache Flink and by us over the same files: the same final rows come out.

Flink is given what EXPLAIN FLINK prints of ours. All queries are one statement set, so that Flink starts one job. Those of STREAMS run as
streams too, where they only add rows.
"""

import random
import subprocess

import pytest

from test_cli import Cli
from test_sql_flink import PEER, pytestmark, table, written  # noqa: F401

BIDS = {"id": "BIGINT", "item": "STRING", "bidder": "INT", "price": "DECIMAL(10, 2)", "score": "DOUBLE", "ts": "TIMESTAMP(3)"}
ITEMS = {"item": "STRING", "name": "STRING", "weight": "INT", "ts": "TIMESTAMP(3)"}
MINUTE = "TABLE(TUMBLE(TABLE {}, DESCRIPTOR(ts), INTERVAL '1' MINUTE))"
TUMBLED = MINUTE.format("bids")
BY_WINDOW = f"(SELECT window_start, window_end, item, SUM(price) AS s FROM {TUMBLED} GROUP BY window_start, window_end, item)"


def ranked(order, where, by="item"):
    return (f"(SELECT *, ROW_NUMBER() OVER (PARTITION BY {by} ORDER BY {order}) AS place FROM bids) WHERE {where}")


# Columns' types, and the query.
QUERIES = {
    # Groups.
    "count_all": ("BIGINT", "SELECT COUNT(*) FROM bids"),
    "count_none": ("BIGINT, DECIMAL(38, 2), BIGINT", "SELECT COUNT(*), SUM(price), MAX(id) FROM bids WHERE id < 0"),
    "group_all": ("STRING, BIGINT, BIGINT, DECIMAL(38, 2), BIGINT, BIGINT, DECIMAL(38, 6)",
                  "SELECT item, COUNT(*), COUNT(bidder), SUM(price), MIN(id), MAX(id), AVG(price) FROM bids GROUP BY item"),
    "group_deviations": ("STRING, BIGINT, BIGINT",
                         "SELECT item, CAST(ROUND(STDDEV_POP(score), 3) * 1000 AS BIGINT), CAST(ROUND(VAR_SAMP(score), 3) AS BIGINT) "
                         "FROM bids GROUP BY item HAVING COUNT(*) > 3"),
    "group_distinct": ("STRING, BIGINT, INT", "SELECT item, COUNT(DISTINCT bidder), SUM(DISTINCT bidder) FROM bids GROUP BY item"),
    "group_filter": ("INT, BIGINT, BIGINT",
                     "SELECT bidder, COUNT(*) FILTER (WHERE price > 50), SUM(id) FILTER (WHERE item = 'i1') FROM bids GROUP BY bidder"),
    "group_expression": ("INT, BIGINT", "SELECT bidder / 2, COUNT(*) FROM bids GROUP BY bidder / 2"),
    "group_null": ("STRING, BIGINT", "SELECT NULLIF(item, 'i1'), COUNT(*) FROM bids GROUP BY NULLIF(item, 'i1')"),
    "having": ("STRING, BIGINT", "SELECT item, SUM(id) FROM bids GROUP BY item HAVING SUM(id) > 2000 AND MIN(bidder) < 3"),
    "group_of_groups": ("BIGINT, BIGINT", "SELECT n, COUNT(*) FROM (SELECT bidder, COUNT(*) AS n FROM bids GROUP BY bidder) GROUP BY n"),
    "distinct": ("STRING, INT", "SELECT DISTINCT item, bidder FROM bids"),
    # Set operations.
    "union": ("STRING", "SELECT item FROM bids UNION SELECT item FROM items"),
    "intersect": ("STRING", "SELECT item FROM bids INTERSECT SELECT item FROM items"),
    "except": ("STRING", "SELECT item FROM items EXCEPT SELECT item FROM bids"),
    # Regular joins.
    "join": ("BIGINT, STRING, INT", "SELECT b.id, i.name, i.weight FROM bids b JOIN items i ON b.item = i.item WHERE b.price > 20 AND i.weight > 1"),
    "join_comma": ("BIGINT, STRING", "SELECT b.id, i.name FROM bids b, items i WHERE b.item = i.item AND b.bidder = i.weight"),
    "left_join": ("BIGINT, STRING, STRING", "SELECT b.id, b.item, i.name FROM bids b LEFT JOIN items i ON b.item = i.item"),
    "left_join_where": ("BIGINT, STRING", "SELECT b.id, i.name FROM bids b LEFT JOIN items i ON b.item = i.item WHERE i.name IS NULL"),
    "left_join_rest": ("BIGINT, STRING", "SELECT b.id, i.name FROM bids b LEFT JOIN items i ON b.item = i.item AND i.weight > b.bidder"),
    "right_join": ("BIGINT, STRING", "SELECT b.id, i.name FROM bids b RIGHT JOIN items i ON b.item = i.item AND b.id < 40"),
    "full_join": ("BIGINT, STRING", "SELECT b.id, i.name FROM (SELECT * FROM bids WHERE id < 60) b FULL JOIN items i ON b.item = i.item"),
    "self_join": ("BIGINT, BIGINT", "SELECT a.id, b.id FROM bids a JOIN bids b ON a.bidder = b.bidder AND a.item = b.item AND a.id < b.id"),
    "cross_join": ("STRING, STRING", "SELECT a.name, b.name FROM items a CROSS JOIN items b WHERE a.weight < b.weight"),
    "three_joins": ("BIGINT, STRING, BIGINT", "SELECT b.id, i.name, c.n FROM bids b JOIN items i ON b.item = i.item JOIN "
                    "(SELECT bidder, COUNT(*) AS n FROM bids GROUP BY bidder) c ON b.bidder = c.bidder"),
    "using": ("STRING, BIGINT, STRING", "SELECT item, id, name FROM bids JOIN items USING (item)"),
    "join_groups": ("STRING, DECIMAL(38, 2), STRING", "SELECT g.item, g.s, i.name FROM (SELECT item, SUM(price) AS s FROM bids GROUP BY item) g "
                    "LEFT JOIN items i ON g.item = i.item"),
    # Subqueries.
    "in": ("BIGINT", "SELECT id FROM bids WHERE item IN (SELECT item FROM items WHERE weight > 2)"),
    "not_in": ("BIGINT", "SELECT id FROM bids WHERE item NOT IN (SELECT item FROM items WHERE weight > 2 AND item IS NOT NULL)"),
    "not_in_null": ("BIGINT", "SELECT id FROM bids WHERE item NOT IN (SELECT NULLIF(item, 'i2') FROM items)"),
    "exists": ("BIGINT", "SELECT id FROM bids WHERE EXISTS (SELECT * FROM items WHERE weight > 2) AND id < 10"),
    "not_exists": ("BIGINT", "SELECT id FROM bids WHERE NOT EXISTS (SELECT * FROM items WHERE weight > 1000) AND id < 10"),
    "scalar": ("BIGINT, DECIMAL(10, 2)", "SELECT id, (SELECT MAX(price) FROM bids) FROM bids WHERE price > (SELECT AVG(price) FROM bids)"),
    # Windows.
    "tumble": ("TIMESTAMP(3), STRING, BIGINT, BIGINT", f"SELECT window_start, item, COUNT(*), COUNT(DISTINCT bidder) FROM {TUMBLED} GROUP BY window_start, window_end, item"),
    "hop": ("TIMESTAMP(3), STRING, DECIMAL(38, 2)", "SELECT window_end, item, SUM(price) FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '20' SECOND, "
            "INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, item"),
    "cumulate": ("TIMESTAMP(3), BIGINT", "SELECT window_end, COUNT(*) FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(ts), INTERVAL '20' SECOND, INTERVAL '1' MINUTE)) "
                 "GROUP BY window_start, window_end"),
    "window_rows": ("BIGINT, TIMESTAMP(3), TIMESTAMP(3), TIMESTAMP(3)", f"SELECT id, window_start, window_end, window_time FROM {TUMBLED}"),
    "hop_rows": ("BIGINT, TIMESTAMP(3)", "SELECT id, window_start FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '20' SECOND, INTERVAL '1' MINUTE))"),
    "window_join": ("BIGINT, STRING, TIMESTAMP(3)", f"SELECT l.id, r.name, l.window_start FROM (SELECT * FROM {TUMBLED}) l JOIN "
                    f"(SELECT * FROM {MINUTE.format('items')}) r ON l.item = r.item AND l.window_start = r.window_start AND l.window_end = r.window_end"),
    "window_left_join": ("BIGINT, STRING", f"SELECT l.id, r.name FROM (SELECT * FROM {TUMBLED}) l LEFT JOIN (SELECT * FROM {MINUTE.format('items')}) r "
                         "ON l.item = r.item AND l.window_start = r.window_start AND l.window_end = r.window_end"),
    "window_top": ("TIMESTAMP(3), STRING, DECIMAL(38, 2), BIGINT", "SELECT window_start, item, s, place FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY "
                   f"window_start, window_end ORDER BY s DESC, item) AS place FROM {BY_WINDOW}) WHERE place <= 3"),
    "window_first": ("TIMESTAMP(3), BIGINT", "SELECT window_start, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, item "
                     f"ORDER BY ts, id) AS place FROM {TUMBLED}) WHERE place = 1"),
    "windows_of_windows": ("TIMESTAMP(3), BIGINT, DECIMAL(38, 2)", f"SELECT window_start, COUNT(*), SUM(s) FROM {BY_WINDOW} GROUP BY window_start, window_end"),
    "of_window_copy": ("TIMESTAMP(3), TIMESTAMP(3), BIGINT", f"SELECT window_start, ws, COUNT(*) FROM (SELECT *, window_start AS ws FROM {TUMBLED}) "
                       "GROUP BY window_start, window_end, ws"),
    "of_window_text": ("STRING, BIGINT", f"SELECT part, COUNT(*) FROM (SELECT *, DATE_FORMAT(window_start, 'mm:ss') AS part FROM {TUMBLED}) "
                       "GROUP BY window_start, window_end, part"),
    # Interval joins.
    "interval_join": ("BIGINT, STRING", "SELECT b.id, i.name FROM bids b JOIN items i ON b.item = i.item AND b.ts BETWEEN i.ts - INTERVAL '30' SECOND AND i.ts + INTERVAL '1' MINUTE"),
    "interval_left": ("BIGINT, STRING", "SELECT b.id, i.name FROM bids b LEFT JOIN items i ON b.item = i.item AND b.ts >= i.ts AND b.ts < i.ts + INTERVAL '1' MINUTE"),
    "interval_full": ("BIGINT, STRING", "SELECT b.id, i.name FROM bids b FULL JOIN items i ON b.item = i.item AND b.ts > i.ts AND i.ts >= b.ts - INTERVAL '10' SECOND"),
    # Ranks.
    "top": ("BIGINT, STRING, BIGINT", "SELECT id, item, place FROM " + ranked("price DESC, id", "place <= 3")),
    "top_between": ("BIGINT, BIGINT", "SELECT id, place FROM " + ranked("score, id", "place BETWEEN 2 AND 4")),
    "last_row": ("BIGINT, STRING", "SELECT id, item FROM " + ranked("ts DESC, id DESC", "place = 1")),
    "limit": ("BIGINT, DECIMAL(10, 2)", "SELECT id, price FROM bids ORDER BY price DESC, id LIMIT 7"),
    "limit_offset": ("BIGINT", "SELECT id FROM (SELECT id FROM bids ORDER BY score, id LIMIT 5 OFFSET 3) WHERE id > 10"),
    "top_groups": ("STRING, BIGINT", "SELECT item, n FROM (SELECT item, n, ROW_NUMBER() OVER (ORDER BY n DESC, item) AS place FROM "
                   "(SELECT item, COUNT(*) AS n FROM bids GROUP BY item)) WHERE place <= 2"),
    # OVER.
    "over_running": ("BIGINT, BIGINT, DECIMAL(38, 2)", "SELECT id, COUNT(*) OVER w, SUM(price) OVER w FROM bids WINDOW w AS (PARTITION BY item ORDER BY ts)"),
    "over_rows": ("BIGINT, BIGINT, BIGINT", "SELECT id, SUM(id) OVER w, MAX(id) OVER w FROM bids WINDOW w AS (PARTITION BY item ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)"),
    "over_range": ("BIGINT, BIGINT", "SELECT id, COUNT(*) OVER (PARTITION BY item ORDER BY ts RANGE BETWEEN INTERVAL '20' SECOND PRECEDING AND CURRENT ROW) FROM bids"),
    "over_ahead": ("BIGINT, BIGINT", "SELECT id, SUM(id) OVER (PARTITION BY item ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM bids"),
    "over_whole": ("BIGINT, BIGINT", "SELECT id, COUNT(*) OVER (PARTITION BY bidder) FROM bids"),
    "over_numbers": ("BIGINT, BIGINT, BIGINT, BIGINT", "SELECT id, ROW_NUMBER() OVER (PARTITION BY item ORDER BY bidder, id), RANK() OVER (PARTITION BY item ORDER BY bidder), "
                     "DENSE_RANK() OVER (PARTITION BY item ORDER BY bidder) FROM bids"),
    "over_lag": ("BIGINT, BIGINT, BIGINT", "SELECT id, LAG(id) OVER (PARTITION BY item ORDER BY id), LEAD(id, 2, -1) OVER (PARTITION BY item ORDER BY id) FROM bids"),
    "over_first": ("BIGINT, BIGINT, BIGINT", "SELECT id, FIRST_VALUE(id) OVER (PARTITION BY item ORDER BY id), LAST_VALUE(id) OVER (PARTITION BY item ORDER BY id) FROM bids"),
    # Views and WITH.
    "with": ("STRING, BIGINT", "WITH totals AS (SELECT item, COUNT(*) AS n FROM bids GROUP BY item), best AS (SELECT MAX(n) AS n FROM totals) "
             "SELECT t.item, t.n FROM totals t JOIN best ON t.n = best.n"),
}
# What Flink has other words for.
QUERIES |= {
    "short_tumble": ("TIMESTAMP(3), BIGINT", "SELECT window_start, COUNT(*) FROM TUMBLE(Bids, TS, INTERVAL '1' MINUTE) GROUP BY window_start, window_end"),
    "short_hop": ("TIMESTAMP(3), STRING, BIGINT", "SELECT window_end, item, MAX(id) FROM HOP(bids, ts, INTERVAL '20' SECOND, INTERVAL '1' MINUTE) "
                  "GROUP BY window_start, window_end, item"),
    "short_session": ("TIMESTAMP(3), TIMESTAMP(3), INT, BIGINT", "SELECT window_start, window_end, bidder, COUNT(*) FROM SESSION(bids PARTITION BY bidder, ts, "
                      "INTERVAL '15' SECOND) GROUP BY window_start, window_end, bidder"),
    "window_of_query": ("TIMESTAMP(3), BIGINT", "SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE (SELECT * FROM bids WHERE bidder > 2), DESCRIPTOR(ts), "
                        "INTERVAL '1' MINUTE)) GROUP BY window_start, window_end"),
    "semi_join": ("BIGINT, STRING", "SELECT id, b.item FROM bids b LEFT SEMI JOIN items i ON b.item = i.item AND i.weight > 2 WHERE id < 90 OR id > 200"),
    "anti_join": ("BIGINT", "SELECT id FROM bids LEFT ANTI JOIN (SELECT item, weight FROM items WHERE weight > 2) w USING (item)"),
    "qualify": ("BIGINT, STRING", "SELECT id, item FROM bids QUALIFY ROW_NUMBER() OVER (PARTITION BY item ORDER BY price DESC, id) <= 2"),
    "any": ("BIGINT", "SELECT id FROM bids WHERE bidder > ANY (SELECT weight FROM items WHERE weight > 2)"),
    "all": ("BIGINT", "SELECT id FROM bids WHERE bidder <= ALL (SELECT weight FROM items WHERE weight > 2)"),
    "other_case": ("BIGINT, STRING", "SELECT BIDS.ID, Item FROM BIDS WHERE Price > 50"),
    "group_by_place": ("STRING, BIGINT", "SELECT UPPER(item) AS thing, COUNT(*) FROM bids GROUP BY 1"),
    "group_by_alias": ("STRING, BIGINT", "SELECT UPPER(item) AS thing, COUNT(*) FROM bids GROUP BY thing"),
    "unnest": ("BIGINT, STRING", "SELECT id, part FROM bids CROSS JOIN UNNEST(ARRAY[item, 'x']) AS parts (part) WHERE id < 50"),
    "words": ("BIGINT, STRING", "SELECT POSITION('1', item), OVERLAY(item, 'x', 1) FROM bids"),
    "json": ("STRING, STRING, BOOLEAN", "SELECT JSON_VALUE(j, '$.a' DEFAULT 'none' ON EMPTY), JSON_QUERY(j, '$.b' WITH WRAPPER), JSON_EXISTS(j, '$.a') FROM "
             "(SELECT '{\"a\": \"' || item || '\", \"b\": [1, 2]}' AS j FROM bids)"),
    "values": ("BIGINT, DATE, STRING", "VALUES (1, '2024-01-31', NULL), (2, NULL, 'x')"),
}
# They only add rows, so that files take them from a stream.
STREAMS = ["join", "join_comma", "self_join", "cross_join", "using", "tumble", "hop", "cumulate", "window_rows", "hop_rows",
           "window_join", "window_left_join", "window_top", "window_first", "windows_of_windows", "interval_join",
           "interval_left", "interval_full", "over_running", "over_range", "short_tumble", "short_hop", "short_session",
           "window_of_query", "other_case", "unnest", "words", "json"]
# Flink 2.3 cannot compile its own plan for the first in batch mode, and has no session windows there.
STREAMS_ONLY = ["over_range", "short_session"]


def names_of(mode):
    return STREAMS if mode == "streaming" else [name for name in QUERIES if name not in STREAMS_ONLY]


def bids(rows, seed):
    rng = random.Random(seed)
    for i in range(rows):
        yield (f"{i},i{rng.randrange(8)},{rng.randrange(6)},{rng.randrange(1, 10000) / 100},{rng.uniform(-5, 5)!r},"
               f"2024-01-31 10:{i // 30:02}:{i * 2 % 60:02}.{rng.randrange(3)}00\n")


def items(seed):
    rng = random.Random(seed)
    for i in range(14):
        second = rng.randrange(600)
        yield f"i{i % 10},name {i},{rng.randrange(6)},2024-01-31 10:{second // 60:02}:{second % 60:02}\n"


def script(folder, out, names, mode, explain=""):
    timed = ", WATERMARK FOR ts AS ts - INTERVAL {}"
    text = f"SET 'execution.runtime-mode' = '{mode}';\n" + table("bids", folder / "bids.csv", "csv", BIDS, timed.format("'1' SECOND"))
    inserts = ""
    text += table("items", folder / "items.csv", "csv", ITEMS, timed.format("'10' MINUTE"))
    for name in names:
        types, query = QUERIES[name]
        depth, columns, kinds = 0, [], [""]
        for letter in types:
            depth += {"(": 1, ")": -1}.get(letter, 0)
            if letter == "," and depth == 0:
                kinds.append("")
            else:
                kinds[-1] += letter
        columns = {f"c{i}": kind.strip() for i, kind in enumerate(kinds)}
        text += table(f"out_{name}", out / name, "csv", columns)
        inserts += f"INSERT INTO out_{name} {query};\n"
    return f"{text}{explain}EXECUTE STATEMENT SET BEGIN\n{inserts}END;\n"


@pytest.mark.parametrize("mode", ["streaming", "batch"])
@pytest.mark.timeout(600)  # Flink makes code of all of them
def test_queries_of_every_kind_give_the_rows_that_flink_gives(dataflow_cli, tmp_path, mode):
    (tmp_path / "bids.csv").write_text("".join(bids(300, seed=11)))
    (tmp_path / "items.csv").write_text("".join(items(seed=5)))
    names = names_of(mode)
    theirs, ours = tmp_path / "flink", tmp_path / "ours"
    (tmp_path / "ours.sql").write_text(script(tmp_path, ours, names, mode))
    (tmp_path / "explain.sql").write_text(script(tmp_path, theirs, names, mode, "EXPLAIN FLINK "))
    cli = Cli(dataflow_cli, tmp_path / "home")
    cli("run", tmp_path / "ours.sql")
    (tmp_path / "flink.sql").write_text(cli("run", tmp_path / "explain.sql"))
    flink = subprocess.run(["bash", PEER, tmp_path / "flink.sql"], capture_output=True, text=True, timeout=600)
    assert flink.returncode == 0, flink.stderr[-3000:]
    different = [name for name in names if written(ours / name) != written(theirs / name)]
    for name in different[:3]:
        assert written(ours / name) == written(theirs / name), name
    assert not different
