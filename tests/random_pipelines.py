"""Random pipelines, each as YAML and as the DuckDB query that must give the same rows.

A relation is what a step gives: its columns with their types, the name of the step (and of the query's CTE), and which
column carries its time. Values are such that sums of floats are exact, and times such that no row is late.
"""

import datetime
import decimal
import json
import random
import re
import signal
import subprocess

import duckdb

from dataflow_server import binary

START_MS = 1_767_225_600_000  # 2026-01-01
DELAY_MS = 2_000
SCHEMA = {"id": "BIGINT", "k": "STRING", "g": "STRING", "n": "BIGINT", "x": "DOUBLE", "d": "DECIMAL(10,2)",
          "b": "BOOLEAN", "ts": "TIMESTAMP(3)"}
DUCK = {"STRING": "VARCHAR"}


def events(rng, rows, path):
    """Files of JSON lines whose times go back by less than the watermark's delay."""
    keys, spacing = rng.choice([3, 20, 500]), rng.choice([5, 40, 300])
    last = {}
    path.mkdir()
    for number in range(rng.choice([1, 2, 3])):
        with open(path / f"part{number}.json", "w") as file:
            for i in range(rows // 3):
                key = f"k{rng.randrange(keys)}"
                ms = START_MS + i * spacing - rng.randrange(min(DELAY_MS, spacing * 40))
                while (key, ms) in last:  # of one key no two rows have one time
                    ms -= 1
                last[key, ms] = True
                row = {"id": i * 3 + number, "k": key, "g": rng.choice("abc"), "n": rng.randrange(-50, 50),
                       "x": rng.randrange(-400, 400) / 4, "d": f"{rng.randrange(-9999, 9999) / 100:.2f}",
                       "b": rng.random() < 0.5, "ts": text_of(ms)}
                for name in "kgnxdb":
                    if rng.random() < 0.05 and name != "k":
                        row[name] = None
                file.write(json.dumps(row) + "\n")


def text_of(ms):
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)
    return moment.isoformat(sep=" ", timespec="milliseconds")


class Relation:
    def __init__(self, name, columns, time):
        self.name, self.columns, self.time = name, columns, time

    def of(self, *types):
        return [name for name, type_ in self.columns.items() if type_ in types]


class Pipeline:
    """self.yaml and self.query of each sink, made of random steps."""

    def __init__(self, seed, steps=6):
        self.rng = random.Random(seed)
        self.steps, self.ctes = [], []
        source = Relation("events", dict(SCHEMA), "ts")
        self.relations, self.read = [source], set()
        self.count = 0
        kinds = [self.filter, self.select, self.window, self.union, self.split, self.session, self.window_join,
                 self.interval_join]
        weights = [3, 3, 3, 1, 1, 1, 1, 1]
        while self.count < steps:
            # Mostly what came last, so that pipelines are deep.
            relation = self.relations[-1] if self.rng.random() < 0.6 else self.rng.choice(self.relations)
            self.rng.choices(kinds, weights)[0](relation)
        # Every step needs a reader.
        self.sinks = {f"out_{relation.name}": relation for relation in self.relations[1:] if relation not in self.read}

    def yaml(self, parallelism, source, out):
        schema = ", ".join(f"{name}: '{type_}'" for name, type_ in SCHEMA.items())
        lines = ["name: random", "sources:", "  events:", "    connector: file", f"    path: {source}", "    format: json",
                 f"    schema: {{{schema}}}", f"    watermark: {{column: ts, delay: {DELAY_MS}ms}}", "steps:"]
        lines += [f"  {name}: {json.dumps(step)}" for name, step in self.steps]
        lines += ["sinks:"]
        for name, relation in self.sinks.items():
            lines.append(f"  {name}: {{from: {getattr(relation, 'path', relation.name)}, connector: file, path: {out}/{name}, format: json, "
                         "guarantee: exactly_once}")
        lines.append(f"job: {{parallelism: {parallelism}, checkpoint_interval: 1ms, on_error: fail}}")
        return "\n".join(lines) + "\n"

    def query(self, relation, source):
        columns = ", ".join(f"{name}: '{DUCK.get(type_, type_)}'" for name, type_ in SCHEMA.items())
        read = (f"events AS (SELECT * FROM read_json('{source}/*.json', format = 'newline_delimited', "
                f"columns = {{{columns}}}))")
        return f"WITH {', '.join([read, *self.ctes])} SELECT * FROM {relation.name}"

    def from_of(self, relation):
        self.read.add(relation)
        return getattr(relation, "path", relation.name)

    def add(self, name, step, query, columns, time, path=None):
        self.count += 1
        if step is not None:
            self.steps.append((name if path is None else path.split(".")[0], step))
        relation = Relation(name if path is None else path.replace(".", "_"), columns, time)
        if path is not None:
            relation.path = path
        self.ctes.append(f"{relation.name} AS ({query})")
        self.relations.append(relation)
        return relation

    def name(self):
        return f"s{self.count}"

    # Expressions: (ours, DuckDB's, type).

    def condition(self, relation):
        rng, made = self.rng, []
        for name in relation.of("BIGINT"):
            low = rng.randrange(-20, 20)
            made += [(f"{name} > {low}",) * 2, (f"MOD({name}, 3) = 1", f"{name} % 3 = 1"),
                     (f"{name} BETWEEN {low} AND {low + 30}",) * 2, (f"{name} IS NOT NULL",) * 2]
        for name in relation.of("DOUBLE"):
            made += [(f"{name} < {rng.randrange(-200, 200) / 4}",) * 2, (f"ABS({name}) > 10.5",) * 2]
        for name in relation.of("STRING"):
            made += [(f"{name} <> 'k1'",) * 2, (f"{name} LIKE '%1%'",) * 2, (f"{name} IN ('a', 'k2', 'k3', 'k7')",) * 2,
                     (f"CHAR_LENGTH({name}) < 3", f"length({name}) < 3")]
        for name in relation.of("BOOLEAN"):
            made += [(name,) * 2, (f"{name} IS NOT TRUE",) * 2]
        for name in relation.of("DECIMAL(10,2)"):
            made.append((f"{name} >= -12.5",) * 2)
        ours, duck = rng.choice(made or [("1 = 1",) * 2])
        if rng.random() < 0.4 and made:
            other = rng.choice(made)
            word = rng.choice(["AND", "OR"])
            return f"({ours}) {word} NOT ({other[0]})", f"({duck}) {word} NOT ({other[1]})"
        return ours, duck

    def computed(self, relation):
        rng, made = self.rng, []
        for name in relation.of("BIGINT"):
            made += [(f"{name} * 2 + 1",) * 2 + ("BIGINT",), (f"COALESCE({name}, 7)",) * 2 + ("BIGINT",),
                     (f"CAST({name} AS STRING)", f"CAST({name} AS VARCHAR)", "STRING"),
                     (f"CASE WHEN {name} > 3 THEN {name} ELSE -{name} END",) * 2 + ("BIGINT",),
                     (f"NULLIF({name}, 5)",) * 2 + ("BIGINT",)]
        for name in relation.of("DOUBLE"):
            made += [(f"{name} * 0.5", f"{name} * 0.5::DOUBLE", "DOUBLE"), (f"FLOOR({name})",) * 2 + ("DOUBLE",),
                     (f"ABS({name})",) * 2 + ("DOUBLE",)]
        for name in relation.of("STRING"):
            made += [(f"UPPER({name})",) * 2 + ("STRING",), (f"{name} || '-' || {name}",) * 2 + ("STRING",),
                     (f"SUBSTRING({name}, 2)",) * 2 + ("STRING",), (f"REPLACE({name}, 'k', 'key')",) * 2 + ("STRING",),
                     (f"COALESCE({name}, 'none')",) * 2 + ("STRING",)]
        for name in relation.of("BOOLEAN"):
            made.append((f"NOT {name}",) * 2 + ("BOOLEAN",))
        return rng.choice(made) if made else None

    # Steps.

    def filter(self, relation):
        ours, duck = self.condition(relation)
        self.add(self.name(), {"from": self.from_of(relation), "filter": ours},
                 f"SELECT * FROM {relation.name} WHERE {duck}", relation.columns, relation.time)

    def select(self, relation):
        kept = [name for name in relation.columns if name == relation.time or self.rng.random() < 0.7]
        columns = {name: relation.columns[name] for name in kept}
        ours, duck = {name: f"`{name}`" for name in kept}, list(kept)
        for i in range(self.rng.randrange(3)):
            made = self.computed(relation)
            name = f"c{self.count}{i}"
            if made is None or name in columns:
                continue
            ours[name], columns[name] = made[0], made[2]
            duck.append(f"{made[1]} AS {name}")
        if not columns:
            return
        self.add(self.name(), {"from": self.from_of(relation), "select": ours},
                 f"SELECT {', '.join(duck)} FROM {relation.name}", columns, relation.time)

    def aggregates(self, relation):
        made = [("COUNT(*)", "COUNT(*)", "BIGINT")]
        for name in relation.of("BIGINT"):
            made += [(f"SUM({name})", f"SUM({name})::BIGINT", "BIGINT"), (f"MAX({name})",) * 2 + ("BIGINT",),
                     (f"COUNT({name})",) * 2 + ("BIGINT",), (f"COUNT(DISTINCT {name})",) * 2 + ("BIGINT",),
                     (f"AVG({name})", f"(SUM({name})::HUGEINT // COUNT({name}))::BIGINT", "BIGINT")]
        for name in relation.of("DOUBLE"):
            made += [(f"{f}({name})",) * 2 + ("DOUBLE",) for f in ("SUM", "MIN", "AVG")]
        for name in relation.of("STRING"):
            made += [(f"MIN({name})",) * 2 + ("STRING",), (f"COUNT(DISTINCT {name})",) * 2 + ("BIGINT",)]
        chosen = self.rng.sample(made, k=min(len(made), self.rng.randrange(1, 5)))
        return {f"a{self.count}{i}": one for i, one in enumerate(chosen)}

    def grouped(self, relation, kind, bounds, keys):
        """`bounds` is a query that adds ws and we to the relation's rows."""
        made = self.aggregates(relation)
        columns = {"window_start": "TIMESTAMP(3)", "window_end": "TIMESTAMP(3)", "window_time": "TIMESTAMP(3)"}
        columns |= {name: relation.columns[name] for name in keys} | {name: one[2] for name, one in made.items()}
        listed = "".join(f", {name}" for name in keys)
        query = (f"SELECT ws AS window_start, we AS window_end, we - INTERVAL 1 MILLISECOND AS window_time{listed}"
                 + "".join(f", {one[1]} AS {name}" for name, one in made.items())
                 + f" FROM ({bounds}) GROUP BY ws, we{listed}")
        step = {"from": self.from_of(relation), "window": {**kind, "time": relation.time}, "group_by": keys,
                "aggregate": {name: one[0] for name, one in made.items()}}
        if not keys:
            del step["group_by"]
        self.add(self.name(), step, query, columns, "window_time")

    def window(self, relation):
        if relation.time is None:
            return
        size = self.rng.choice([100, 500, 2000, 7000, 60000])
        shape = self.rng.choice(["tumbling", "hopping", "cumulative"])
        ms = f"epoch_ms({relation.time})"
        if shape == "tumbling":
            kind, step, first = {"tumbling": f"{size}ms"}, size, size
        elif shape == "hopping":
            step = self.rng.choice([size, max(size // 4, 1), max(size * 3 // 7, 1), size * 2])
            kind, first = {"hopping": {"size": f"{size}ms", "slide": f"{step}ms"}}, size
        else:
            step = size // self.rng.choice([1, 2, 5])
            kind = {"cumulative": {"size": f"{size}ms", "step": f"{step}ms"}}
        if shape == "cumulative":
            bounds = (f"SELECT *, make_timestamp(({ms} // {size} * {size}) * 1000) AS ws, make_timestamp(w * 1000) AS we "
                      f"FROM (SELECT *, unnest(generate_series({ms} // {step} * {step} + {step}, "
                      f"{ms} // {size} * {size} + {size}, {step})) AS w FROM {relation.name})")
        else:
            bounds = (f"SELECT *, make_timestamp(w * 1000) AS ws, make_timestamp((w + {first}) * 1000) AS we "
                      f"FROM (SELECT *, unnest(generate_series(({ms} - {first}) // {step} * {step} + {step}, "
                      f"{ms} // {step} * {step}, {step})) AS w FROM {relation.name})")
        self.grouped(relation, kind, bounds, [name for name in relation.of("STRING") if self.rng.random() < 0.5])

    def session(self, relation):
        if relation.time is None:
            return
        gap = self.rng.choice([20, 300, 2000])
        keys = relation.of("STRING")[:1]
        part = f"PARTITION BY {', '.join(keys)}" if keys else ""
        ms = f"epoch_ms({relation.time})"
        marked = (f"SELECT *, CASE WHEN {ms} - lag({ms}) OVER w > {gap} THEN 1 ELSE 0 END AS opens FROM {relation.name} "
                  f"WINDOW w AS ({part} ORDER BY {ms})")
        # Of rows with one time it is all the same which is the one that opens: their sums have all of them.
        numbered = f"SELECT *, sum(opens) OVER ({part} ORDER BY {ms}) AS session FROM ({marked})"
        by = ", ".join([*keys, "session"])
        bounds = (f"SELECT *, make_timestamp(min({ms}) OVER (PARTITION BY {by}) * 1000) AS ws, "
                  f"make_timestamp((max({ms}) OVER (PARTITION BY {by}) + {gap}) * 1000) AS we FROM ({numbered})")
        self.grouped(relation, {"session": f"{gap}ms"}, bounds, keys)

    def union(self, relation):
        same = [other for other in self.relations if other.columns == relation.columns and other.time == relation.time
                and list(other.columns) == list(relation.columns)]
        if len(same) < 2:
            return
        one, two = self.rng.sample(same, 2)
        self.add(self.name(), {"union": [self.from_of(one), self.from_of(two)]},
                 f"SELECT * FROM {one.name} UNION ALL SELECT * FROM {two.name}", relation.columns, relation.time)

    def split(self, relation):
        name = self.name()
        big, rest = self.condition(relation), self.condition(relation)
        step = {"from": self.from_of(relation), "split": {"big": big[0], "some": rest[0]}}
        self.add(None, step, f"SELECT * FROM {relation.name} WHERE {big[1]}", relation.columns, relation.time,
                 path=f"{name}.big")
        self.add(None, None, f"SELECT * FROM {relation.name} WHERE ({big[1]}) IS NOT TRUE AND ({rest[1]})", relation.columns,
                 relation.time, path=f"{name}.some")
        self.add(None, None, f"SELECT * FROM {relation.name} WHERE ({big[1]}) IS NOT TRUE AND ({rest[1]}) IS NOT TRUE",
                 relation.columns, relation.time, path=f"{name}.default")

    # Joins: both sides get names of their own first.

    def sides(self, relation):
        others = [other for other in self.relations if other.of("STRING") and other.time]
        if not relation.of("STRING") or not relation.time or not others:
            return None
        sides = []
        for letter, side in (("l", relation), ("r", self.rng.choice(others))):
            key = self.rng.choice(side.of("STRING"))
            kept = [key, side.time] + [name for name in side.columns if name not in (key, side.time)][:2]
            names = {name: f"{letter}{i}" for i, name in enumerate(dict.fromkeys(kept))}
            sides.append(self.add(self.name(), {"from": self.from_of(side),
                                                "select": {new: f"`{old}`" for old, new in names.items()}},
                                  f"SELECT {', '.join(f'{old} AS {new}' for old, new in names.items())} FROM {side.name}",
                                  {new: side.columns[old] for old, new in names.items()}, names[side.time]))
        return sides

    KINDS = {"inner": "JOIN", "left": "LEFT JOIN", "right": "RIGHT JOIN", "full": "FULL JOIN", "semi": "SEMI JOIN",
             "anti": "ANTI JOIN"}

    def window_join(self, relation):
        sides = self.sides(relation)
        if sides is None:
            return
        left, right = sides
        size, kind = self.rng.choice([50, 400]), self.rng.choice(list(self.KINDS))
        start = {side.name: f"epoch_ms({side.name}.{side.time}) // {size} * {size}" for side in sides}
        outer = (f"COALESCE({start[left.name]}, {start[right.name]})" if kind not in ("semi", "anti")
                 else start[left.name])
        columns = {"window_start": "TIMESTAMP(3)", "window_end": "TIMESTAMP(3)", "window_time": "TIMESTAMP(3)",
                   **left.columns, **({} if kind in ("semi", "anti") else right.columns)}
        query = (f"SELECT make_timestamp(({outer}) * 1000) AS window_start, make_timestamp(({outer} + {size}) * 1000) AS "
                 f"window_end, make_timestamp(({outer} + {size} - 1) * 1000) AS window_time, "
                 f"{', '.join(name for name in columns if not name.startswith('window_'))} FROM {left.name} "
                 f"{self.KINDS[kind]} {right.name} ON {left.name}.l0 = {right.name}.r0 AND "
                 f"{start[left.name]} = {start[right.name]}")
        self.add(self.name(), {"window_join": {"left": self.from_of(left), "right": self.from_of(right), "on": {"l0": "r0"}, "kind": kind,
                                               "size": f"{size}ms"}}, query, columns, "window_time")

    def interval_join(self, relation):
        sides = self.sides(relation)
        if sides is None:
            return
        left, right = sides
        low = self.rng.choice([-300, -20, 0, 5])
        high, kind = low + self.rng.choice([0, 25, 200]), self.rng.choice(list(self.KINDS))
        columns = {**left.columns, **({} if kind in ("semi", "anti") else right.columns)}
        query = (f"SELECT {', '.join(columns)} FROM {left.name} {self.KINDS[kind]} {right.name} ON {left.name}.l0 = "
                 f"{right.name}.r0 AND epoch_ms({right.time}) - epoch_ms({left.time}) BETWEEN {low} AND {high}")
        time = {"right": right.time, "full": None}.get(kind, left.time)
        self.add(self.name(), {"interval_join": {"left": self.from_of(left), "right": self.from_of(right), "on": {"l0": "r0"}, "kind": kind,
                                                 "between": [f"{low}ms", f"{high}ms"]}}, query, columns, time)


def ours(folder):
    """The rows of a file sink, in a form to compare: a list for each run that began without state."""
    runs = {}
    for part in sorted(folder.glob("part-*")):
        rows = runs.setdefault(part.name.split("-")[1], [])
        rows += [json.loads(line) for line in part.read_text().splitlines()]
    return [sorted(tuple(normal(row[name]) for name in sorted(row)) for row in rows) for rows in runs.values()]


def duck(connection, query):
    result = connection.execute(query)
    names = [column[0] for column in result.description]
    order = sorted(range(len(names)), key=names.__getitem__)
    return sorted(tuple(normal(row[i]) for i in order) for row in result.fetchall())


TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,3}))?")


def normal(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="milliseconds")
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, (int, float, decimal.Decimal)):
        return f"{float(value):.9g}"
    time = TIME.fullmatch(value)
    if time:  # zeros at the end of a fraction are not written
        return f"{time[1]} {time[2]}.{(time[3] or '').ljust(3, '0')}"
    return value


# A run, and what it is held against.


def run(file, data=None, kill_after=None):
    """False if it was killed."""
    words = [binary(), "run", file, "-o", "json"] + (["--data-dir", data] if data else [])
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, err = process.communicate(timeout=kill_after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return False
    assert process.returncode == 0, out + err
    return True


def check_against_duckdb(seed, folder, rows=6_000, steps=6, kills=11):
    """Whole, and in a process that dies again and again, each time begun at another parallelism."""
    rng = random.Random(seed)
    made = Pipeline(seed, steps)
    source, file = folder / "in", folder / "random.yaml"
    events(rng, rows, source)
    connection = duckdb.connect()
    expected = {name: duck(connection, made.query(relation, source)) for name, relation in made.sinks.items()}

    def begin(out, **how):
        file.write_text(made.yaml(rng.randrange(1, 5), source, out))
        return run(file, **how)

    def check(words, out):
        for name, wanted in expected.items():
            # One that died when all had been done, and only its process was still there, begins from the beginning.
            for found in ours(out / name) or [[]]:
                assert found == wanted, (f"seed {seed}, {words}, sink {name}: {len(found)} rows, {len(wanted)} expected\n"
                                         f"{file.read_text()}\n{made.query(made.sinks[name], source)}")

    begin(folder / "whole")
    check("whole", folder / "whole")
    for attempt in range(kills + 1):
        kill_after = rng.uniform(0.01, 0.15) if attempt < kills else None
        if begin(folder / "killed", data=folder / "data", kill_after=kill_after):
            break
    check("killed", folder / "killed")
