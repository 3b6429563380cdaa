"""Fixtures that every integration test may use: servers, and the Java clients' class path."""

import os
import re
import shutil
import uuid
from pathlib import Path

import pytest

from dataflow_server import ROOT, Server, binary


def pytest_configure(config):
    if not os.access(binary(), os.X_OK):
        raise pytest.UsageError(
            f"{binary()} is not there: run script/build release, or set DATAFLOW_BIN"
        )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what its servers said, and keeps their folders."""
    report = (yield).get_result()
    if report.failed:
        item.stash[_failed] = True
        for server in item.stash.get(_servers, []):
            report.sections.append((f"log of the server in {server.folder}", server.log()))


_failed = pytest.StashKey()
_servers = pytest.StashKey()


@pytest.fixture
def start_server(request, tmp_path):
    """start_server(*arguments, name="server", env={}) → a running Server, ended after the test."""
    servers = request.node.stash.setdefault(_servers, [])

    def start(*args, name=None, env=None):
        server = Server(tmp_path / (name or f"server{len(servers)}"), args, env)
        servers.append(server)
        return server.start()

    yield start
    try:
        if not request.node.stash.get(_failed, False):
            for server in servers:
                server.stop()
    finally:
        for server in servers:
            server.discard()
            if not request.node.stash.get(_failed, False):
                shutil.rmtree(server.data_dir, ignore_errors=True)


@pytest.fixture
def server(start_server):
    """A running server on an empty data directory. It must still stop cleanly after the test."""
    return start_server()


@pytest.fixture
def bootstrap(request):
    """host:port of a broker for tests that only speak Kafka: a server of ours, or
    $KAFKA_BOOTSTRAP, so that the tests themselves can be held against Apache Kafka."""
    return os.environ.get("KAFKA_BOOTSTRAP") or request.getfixturevalue("server").kafka


@pytest.fixture
def topic_name(request):
    """A name that no other test uses."""
    word = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name).strip("-")
    return f"{word}-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def java_class_path():
    """Kafka's own Java clients and tools, for java -cp."""
    lib = ROOT / "build" / "java" / "lib"
    if not any(lib.glob("kafka-clients-*.jar")):
        pytest.fail(f"{lib} has no kafka-clients: run script/bootstrap")
    return f"{lib}/*"


@pytest.fixture
def dataflow_cli():
    """The path of dataflow-cli, beside the server's."""
    return str(Path(binary()).with_name("dataflow-cli"))
