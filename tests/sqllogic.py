"""sqllogictest files: what they say, run by us and, where they do not say otherwise, by DuckDB.

A file is records with an empty line between them:

    statement ok | statement error WORDS
    SQL

    query [rowsort]
    SQL
    ----
    a row a line, its values with a tab between them

`skipif duckdb`, `onlyif duckdb` and `skipif flink` in front of a record say who runs it. All statements of a file see what those before
them have made. Rows of `rowsort` come in any order. ${folder} is one of the file's own.
"""

import datetime
import decimal
import json
import math
import re
from dataclasses import dataclass, field

from json_documents import json_documents


@dataclass
class Record:
    line: int
    sql: str
    is_query: bool = False
    error: str | None = None  # words that the message must have
    sorted: bool = False
    rows: list = field(default_factory=list)
    duckdb: bool = True
    ours: bool = True
    flink: bool = True  # files of functions are run by Apache Flink, too


def records(path):
    found = []
    blocks = re.split(r"\n\s*\n", path.read_text())
    line = 1
    for block in blocks:
        at, line = line, line + block.count("\n") + 2
        lines = [text for text in block.splitlines() if not text.startswith("#")]
        if not lines or not "".join(lines).strip():
            continue
        record = Record(at, "")
        while lines[0] in ("skipif duckdb", "onlyif duckdb", "skipif flink"):
            if lines[0] == "skipif flink":
                record.flink = False
            elif lines[0] == "skipif duckdb":
                record.duckdb = False
            else:
                record.ours = record.flink = False
            lines.pop(0)
        head = lines.pop(0).split(None, 2)
        if head[0] == "query":
            record.is_query, record.sorted = True, "rowsort" in head[1:]
            rule = lines.index("----")
            lines, record.rows = lines[:rule], lines[rule + 1:]
            if record.sorted:
                record.rows.sort()
        elif head[:2] == ["statement", "error"]:
            record.error = head[2] if len(head) > 2 else ""
        else:
            assert head == ["statement", "ok"], f"{path.name}:{at}: {head}"
        record.sql = "\n".join(lines).strip().rstrip(";")
        found.append(record)
    return found


def values_of(sql):
    """What stands between the commas of a SELECT without FROM."""
    values, depth, quoted, begin = [], 0, False, len("SELECT ")
    for at in range(begin, len(sql)):
        char = sql[at]
        quoted ^= char == "'"
        if quoted:
            continue
        depth += (char in "([") - (char in ")]")
        if char == "<" and sql[:at].endswith(("ROW", "MAP", "ARRAY")):
            depth += 1000  # of a type
        elif char == ">" and depth >= 1000:
            depth -= 1000
        elif char == "," and depth == 0:
            values.append(sql[begin:at].strip())
            begin = at + 1
    return values + [sql[begin:].strip()]


def text_of(value):
    """One spelling for what both engines give."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return f"{value:.10g}"
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        text = value.isoformat(sep=" ")
        return text.rstrip("0") if "." in text else text
    if isinstance(value, str):
        if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+", value):
            return value.rstrip("0").rstrip(".")
        return value if value else "(empty)"
    if isinstance(value, (list, dict)):
        return json.dumps(value, default=float)  # decimals within
    return str(value)


def rows_of(rows, sort):
    lines = ["\t".join(text_of(value) for value in row) for row in rows]
    return sorted(lines) if sort else lines


def run_ours(tool, folder, items):
    """Checks all records that are ours; the differences in words."""
    wrong = []
    script, queries = "", []
    path = folder / "script.sql"
    for item in items:
        if not item.ours:
            continue
        item.sql = item.sql.replace("${folder}", str(folder))
        if item.error is None:
            script += item.sql + ";\n"
            queries.append(item)
            continue
        path.write_text(script_without_queries(queries) + item.sql + ";\n")
        tool("run", path, expect=None)
        if item.error not in tool.err:
            wrong.append(f"line {item.line}: the message is {tool.err!r}, without {item.error!r}")
    path.write_text(script)
    out = tool("run", path, "-o", "json", expect=None)
    documents = json_documents(out, parse_float=decimal.Decimal)
    for item, document in zip(queries, documents):
        if not item.is_query:
            continue
        types = [column["type"] for column in document["columns"]]
        rows = [[float(v) if t.split()[0] in ("DOUBLE", "FLOAT") and v is not None else v for v, t in zip(row, types)]
                for row in document["rows"]]
        found = rows_of(rows, item.sorted)
        if found != item.rows:
            wrong.append(f"line {item.line}: {item.sql}\n  wanted {item.rows}\n  found  {found}")
    if len(documents) < len(queries):
        wrong.append(f"line {queries[len(documents)].line}: {tool.err}")
    return wrong


def script_without_queries(items):
    return "".join(item.sql + ";\n" for item in items if not item.is_query)


def run_duckdb(connection, items, write=False):
    wrong = []
    for item in items:
        if not item.duckdb or item.error is not None:
            continue
        cursor = connection.execute(item.sql)
        if not item.is_query:
            continue
        found = rows_of(cursor.fetchall(), item.sorted)
        if write:
            item.rows = found
        if found != item.rows:
            wrong.append(f"line {item.line}: {item.sql}\n  wanted {item.rows}\n  DuckDB {found}")
    return wrong
