"""examples/meetings: what its views say of made-up events is what plain Python makes of the same events."""

import collections
import datetime
import json
import math
import os
import re
import subprocess

import pytest

from dataflow_server import ROOT
from eventually import eventually
from test_cli import Cli

TOPICS = ("user_events", "chat_events", "meeting_events")
FILES = [ROOT / "examples/meetings" / name for name in ("events.sql", "metrics.sql")]
PARTITIONS = 10
START = datetime.datetime(2026, 1, 31, 23, 50, tzinfo=datetime.timezone.utc)
COUNT, MEETINGS, SEED = 4000, 5, int(os.environ.get("MEETINGS_SEED", "7"))
LATEST_MS = 60_000  # what is so much older than what came before comes too late
CLOSING = "closing"


@pytest.fixture
def cli(dataflow_cli, server, tmp_path):
    return Cli(dataflow_cli, tmp_path / "home", server)


def generated(cli, *args, seed=SEED):
    return cli("demo-meetings", COUNT, "--meetings", MEETINGS, "--seed", seed, "--start", START.isoformat(), *args)


def rows_of(cli, query):
    return json.loads(cli("sql", "-c", query, "--format", "json"))


def in_order_and_too_late(lines):
    in_order, late, newest = [], [], 0
    for line in lines:
        event = readable(line.split("|", 1)[1])
        too_late = event is not None and event["timestamp"] < newest - LATEST_MS
        (late if too_late else in_order).append(line)
        newest = max(newest, event["timestamp"]) if event else newest
    return in_order, late


def readable(text):
    """The event, or None where it cannot be read."""
    try:
        event = json.loads(text)
    except ValueError:
        return None
    numbers = [event["timestamp"], *(event[name] for name in ("latency_ms", "packet_loss") if name in event)]
    return event if all(isinstance(number, (int, float)) for number in numbers) else None


def reason_against(event):
    if "meeting_id" not in event:
        return "no meeting_id"
    return "latency_ms below 0" if event.get("latency_ms", 0) < 0 else None


def ms(window_text):
    return int(datetime.datetime.fromisoformat(window_text).replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)


def changes_of_presence(events):
    """When how many came to each meeting, or left it."""
    last, changes = {}, collections.defaultdict(list)
    for event in sorted((e for e in events if e["event_type"] in ("join", "leave")), key=lambda e: e["timestamp"]):
        who, kind = (event["meeting_id"], event["user_id"]), event["event_type"]
        if kind != last.get(who, "leave"):
            changes[who[0]].append((event["timestamp"], 1 if kind == "join" else -1))
        last[who] = kind
    return changes


def metrics(events, size, slide, until):
    """Of each meeting and window that ends by then."""
    windows = collections.defaultdict(list)
    for event in events:
        start = event["timestamp"] // slide * slide
        while start > event["timestamp"] - size:
            if start + size <= until:
                windows[event["meeting_id"], start].append(event)
            start -= slide
    changes = changes_of_presence(events)
    return {key: of_window(inside, changes[key[0]], size / 60_000) for key, inside in windows.items()}


def of_window(events, changes, minutes):
    def mean(name):
        samples = [event[name] for event in events if event["event_type"] == "network_quality"]
        return math.fsum(samples) / len(samples) if samples else None

    last = max(event["timestamp"] for event in events)
    users = sum(change for at, change in changes if at <= last)
    messages = sum(event["event_type"] == "message" for event in events)
    reactions = sum(event["event_type"] == "reaction" for event in events)
    latency, loss = mean("latency_ms"), mean("packet_loss")
    said = messages + reactions / 2
    rate = said / users / minutes if users else 0
    health = ("unknown" if latency is None else "poor" if latency >= 400 or loss >= 0.05
              else "fair" if latency >= 150 or loss >= 0.01 else "good")
    return {"active_users": users, "event_count": len(events), "message_count": messages, "reaction_count": reactions,
            "avg_latency_ms": latency, "packet_loss": loss, "engagement_score": 100 * rate / (rate + 1), "meeting_health": health}


def is_as_expected(cli, view, expected):
    names = next(iter(expected.values())).keys()
    found = {(row["meeting_id"], ms(row["window_start"])): row
             for row in rows_of(cli, f"SELECT * FROM {view} WHERE meeting_id <> '{CLOSING}'")}
    assert found.keys() == expected.keys()
    for key, wanted in expected.items():
        assert {name: found[key][name] for name in names} == {
            name: pytest.approx(value, rel=1e-9) if isinstance(value, float) else value for name, value in wanted.items()}, key
        assert found[key]["date_partition"] == found[key]["window_start"][:10]


def test_the_generator_says_the_same_for_a_seed_whichever_topic_is_asked(cli):
    whole = generated(cli).splitlines()
    parts = {topic: generated(cli, "--topic", topic).splitlines() for topic in TOPICS}
    assert len(whole) == COUNT and sorted(whole) == sorted(sum(parts.values(), []))
    assert all(len(part) > 100 for part in parts.values())
    assert generated(cli, seed=SEED + 1).splitlines() != whole
    read = [event for event in map(readable, whole) if event]
    assert 0.005 * COUNT < COUNT - len(read) < 0.03 * COUNT
    assert {reason_against(event) for event in read} == {None, "no meeting_id", "latency_ms below 0"}
    # Some come late, of each by a little and by much; the others in order.
    behind, newest = [], 0
    for event in read:
        newest = max(newest, event["timestamp"])
        behind.append(newest - event["timestamp"])
    assert 0.02 * COUNT < sum(0 < late <= 4000 for late in behind) < 0.09 * COUNT
    assert 0 < sum(late > LATEST_MS for late in behind) < 0.01 * COUNT
    assert not [late for late in behind if 4000 < late <= LATEST_MS]


def test_the_metrics_are_those_that_python_computes(cli, server):
    lines = {topic: generated(cli, "--topic", topic, "--key-separator", "|").splitlines() for topic in TOPICS}
    parts = {topic: in_order_and_too_late(lines[topic]) for topic in TOPICS}
    assert sum(len(late) for _, late in parts.values()) > 3
    read = {topic: [event for event in (readable(line.split("|", 1)[1]) for line in lines[topic]) if event] for topic in TOPICS}
    end = max(event["timestamp"] for events in read.values() for event in events) + 60_000
    for topic in TOPICS:
        cli("stream", "create", topic, "--partitions", PARTITIONS)
        publish(cli, topic, parts[topic][0])
        close(cli, topic, end)
    cli("sql", *(part for file in FILES for part in ("-f", file)))

    in_time = [event for in_order, _ in parts.values() for event in (readable(line.split("|", 1)[1]) for line in in_order)
               if event and reason_against(event) is None]
    per_30s = metrics(in_time, 30_000, 30_000, end - 5000)
    per_60s = metrics(in_time, 60_000, 15_000, end - 5000)
    assert len(per_60s) > 300 and {"good", "fair"} <= {row["meeting_health"] for row in per_60s.values()}
    assert max(row["active_users"] for row in per_30s.values()) > 3 and any(row["engagement_score"] for row in per_30s.values())
    shown = f"SELECT COUNT(*) AS n FROM meeting_metrics_60s WHERE meeting_id <> '{CLOSING}'"
    eventually(lambda: rows_of(cli, shown) == [{"n": len(per_60s)}], lambda: (rows_of(cli, shown), len(per_60s)), 90)
    server.restart(kill=True)
    # All windows of these are closed.
    for topic in TOPICS:
        publish(cli, topic, parts[topic][1])
    cli("sql", "-c", "FLUSH")
    is_as_expected(cli, "meeting_metrics_30s", per_30s)
    is_as_expected(cli, "meeting_metrics_60s", per_60s)

    late = [event for _, part in parts.values() for event in (readable(line.split("|", 1)[1]) for line in part)
            if reason_against(event) is None]
    unread = sum(len(lines[topic]) - len(read[topic]) for topic in TOPICS)
    dead = "SELECT reason, COUNT(*) AS n FROM dead_letters GROUP BY reason"
    wanted = {"decode": unread, "late": len(late)}
    eventually(lambda: {row["reason"]: row["n"] for row in rows_of(cli, dead)} == wanted,
               lambda: (rows_of(cli, dead), wanted))
    rejected = collections.Counter((topic, reason_against(event)) for topic in TOPICS for event in read[topic]
                                   if reason_against(event))
    assert rejected == {(row["topic"], row["reason"]): row["n"] for row in rows_of(
        cli, "SELECT topic, reason, COUNT(*) AS n FROM rejected_events GROUP BY topic, reason")}


def publish(cli, topic, lines):
    cli("publish", topic, "--file", "-", "--key-separator", "|", stdin="".join(line + "\n" for line in lines))


def close(cli, topic, end):
    """An event of then in each partition: what ends five seconds before has ended."""
    kind = {"user_events": "join", "chat_events": "message", "meeting_events": "video"}[topic]
    event = {"event_id": "-", "meeting_id": CLOSING, "user_id": "-", "event_type": kind, "timestamp": end}
    for partition in range(PARTITIONS):
        cli("publish", topic, json.dumps(event), "--partition", partition)


def test_the_page_and_the_examples_own_tests_say_what_is_so(cli, dataflow_cli):
    page = (ROOT / "docs/meetings.md").read_text()
    commands = re.search(r"^```\n(.*?)^dataflow sql -c \"SUBSCRIBE", page, re.DOTALL | re.MULTILINE)[1]
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], capture_output=True, text=True, timeout=120, cwd=ROOT,
                          env={**cli.env, "PATH": f"{os.path.dirname(dataflow_cli)}:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stderr
    assert cli("sql", "-f", ROOT / "examples/meetings/tests.sql").count("CREATE TEST") == 3
    by_clock = re.search(r"^```sql\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[1]
    cli("sql", "-c", "CREATE MATERIALIZED VIEW by_clock AS " + by_clock)
    shown = [row["name"] for row in rows_of(cli, "DESCRIBE meeting_metrics_30s")]
    assert [name for name in shown if f"`{name}`" not in page] == ["window_start", "window_end"]
    eventually(lambda: rows_of(cli, "SELECT * FROM busiest_meetings"), "busiest meetings")
