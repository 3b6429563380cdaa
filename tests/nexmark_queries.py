"""The queries of examples/nexmark, put to events and sinks of one's own."""

import re

from dataflow_server import ROOT

FOLDER = ROOT / "examples/nexmark"
ALL = range(23)
# OVER over rows that change: neither of the two takes that in a stream.
BATCH_ONLY = [6]
# Flink has no sessions in batch mode.
STREAM_ONLY_IN_FLINK = [11]


class Query:
    def __init__(self, number):
        name = f"q{number}"
        self.number = number
        self.text = (FOLDER / f"{name}.sql").read_text()
        views = self.text.index("CREATE VIEW bid")
        self.head = self.text[self.text.index("CREATE TABLE nexmark"):self.text.index("CREATE TABLE", views)]
        own = self.text[self.text.index(f"CREATE TABLE {name} ("):]
        self.columns = own[own.index("(") + 1:own.index(")\n")]
        self.query = own[own.index(f"INSERT INTO {name}\n"):].split("\n", 1)[1].rstrip().rstrip(";")
        partitions = re.search(r"PARTITIONED BY \(.*?\)", own)
        self.partitions = partitions.group() if partitions else ""

    def sink(self, options, partitions=True):
        return f"CREATE TABLE q{self.number} ({self.columns}) {self.partitions if partitions else ''} WITH ({options});\n"

    def insert(self):
        return f"INSERT INTO q{self.number}\n{self.query};\n"

    def plain_insert(self):
        """For Flink, which looks nothing up in files: what a bounded table says, a join of it says as well."""
        return self.insert().replace("FOR SYSTEM_TIME AS OF B.p_time ", "")


def head(options):
    """The table of events and its views, over the connector of `options`."""
    return re.sub(r"WITH \(.*?\);", lambda _: f"WITH ({options});", Query(0).head, count=1, flags=re.DOTALL)


def generated(events, rate=500, more=""):
    return f"'connector' = 'nexmark', 'events.num' = '{events}', 'first-event.rate' = '{rate}'{more}"


def files(path, format="json"):
    return f"'connector' = 'filesystem', 'path' = '{path}', 'format' = '{format}'"


def side_input(options):
    return f"CREATE TABLE side_input (key BIGINT, `value` STRING) WITH ({options});\n"


def side_rows():
    return "".join(f"{key},value {key}\n" for key in range(10_000))


def save_events(options, to):
    """A script that writes the events to the connector of `to`."""
    text = head(options)
    columns = text[text.index("(") + 1:text.index("  `dateTime` AS")].rstrip().rstrip(",")
    return text + (f"CREATE TABLE saved ({columns}) WITH ({to});\n"
                   "INSERT INTO saved SELECT event_type, person, auction, bid FROM nexmark;\n")


def statement_set(inserts):
    return "EXECUTE STATEMENT SET BEGIN\n" + "".join(inserts) + "END;\n"
