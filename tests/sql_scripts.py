"""Scripts of SQL that dataflow run carries out, over one file of rows, without a server."""

from test_cli import Cli


class SqlScripts:
    """Called with a script: what it prints, behind the tables that all of its kind have. {dir} in either is the folder."""

    def __init__(self, binary, folder, tables, rows):
        (folder / "in.csv").write_text(rows)
        self.cli = Cli(binary, folder / "home")
        self.dir = folder
        self.tables = tables

    def __call__(self, script, *options, **more):
        path = self.dir / "script.sql"
        path.write_text((self.tables + script).replace("{dir}", str(self.dir)))
        return self.cli("run", path, *options, **more)
