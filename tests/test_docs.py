"""Pages that are made from the code say what the code says."""

import re
import subprocess

from dataflow_server import ROOT, binary


def test_configuration_reference_is_up_to_date():
    made = subprocess.run([binary(), "server", "--reference"], capture_output=True, text=True, check=True)
    page = (ROOT / "docs/configuration.md").read_text()
    assert page == made.stdout, "run: build/release/bin/dataflow server --reference > docs/configuration.md"


def test_the_examples_of_sql_over_http_work_as_printed(server):
    page = (ROOT / "docs/sql-http.md").read_text()
    commands = "\n".join(re.findall(r"^```\n(.*?)^```", page, re.DOTALL | re.MULTILINE))
    # One of them goes on until it is ended.
    script = "\n".join(line for line in commands.splitlines() if not line.startswith("curl -sN"))
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script.replace("localhost:8080", server.http)],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for words in ('"tag": "CREATE TABLE"', '"tag": "INSERT 0 2"', '[1,"ann"],[2,"bob"]', "id,who\n1,ann\n2,bob", '"rows":[["bob"]]',
                  '"state": "finished"', '"rows":[[1,"ann"]],"next"', '"rows":[[2,"bob"]],"state"', '"deleted": true'):
        assert words in done.stdout, (words, done.stdout)
    assert '"status"' not in done.stdout, done.stdout
