"""script/lib/steps.sh: the end of a log shows why a step failed."""

import os
import subprocess
import tempfile
import unittest

PROJECT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


class StepsTest(unittest.TestCase):
    def run_steps(self, steps):
        with tempfile.TemporaryDirectory(prefix="dataflow-steps-") as logs:
            script = f"source {PROJECT}/script/lib/project.sh; source script/lib/steps.sh; " \
                     f"start_steps {logs}; {steps}; end_steps"
            done = subprocess.run(["bash", "-c", script, "script/test"], text=True, capture_output=True)
            return done.returncode, done.stdout

    def test_steps_that_pass_add_nothing(self):
        code, out = self.run_steps("step one echo hello; step two true")
        self.assertEqual(code, 0)
        self.assertIn("hello\n", out)
        self.assertNotIn("FAILED", out)
        self.assertNotIn("the last 60 lines", out)

    def test_a_failed_step_stands_at_the_end_with_its_last_lines(self):
        loop = "loop() { seq 1 100; echo why >&2; return 3; }; fine() { echo '100% tests passed, 0 failed'; }; "
        code, out = self.run_steps(loop + "step 'crash loop' loop; step 'unit tests' fine")
        self.assertEqual(code, 1)
        end = out[out.index("== the last 60 lines of: crash loop"):].splitlines()
        self.assertEqual(end[1:61], [str(n) for n in range(42, 101)] + ["why"])
        self.assertIn("100% tests passed, 0 failed", end[61:])
        self.assertEqual(end[-1], "test: FAILED: crash loop")
        self.assertNotIn("the last 60 lines of: unit tests", out)


if __name__ == "__main__":
    unittest.main()
