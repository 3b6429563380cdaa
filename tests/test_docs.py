"""Pages that are made from the code say what the code says."""

import subprocess

from dataflow_server import ROOT, binary


def test_configuration_reference_is_up_to_date():
    made = subprocess.run([binary(), "server", "--reference"], capture_output=True, text=True, check=True)
    page = (ROOT / "docs/configuration.md").read_text()
    assert page == made.stdout, "run: build/release/bin/dataflow server --reference > docs/configuration.md"
