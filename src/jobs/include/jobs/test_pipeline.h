// Tests of a pipeline: given rows, expected rows, and a clock that only the test moves. Nothing of
// the machine is used: every source and sink is replaced by one in memory.
//
//   tests:                          # in the pipeline's file, or in one of its own with `pipeline:
//   - name: counts by meeting       # counts.yaml` beside it
//     now: 2026-01-01 12:00:00      # where the clock stands; else the guard against times in the
//                                   # future is off
//     given:
//     - events: [{meeting_id: a, ts: +1s}, {meeting_id: b, ts: +2s}]
//     - advance: 10s                # of the clock
//     - restart: true               # with a checkpoint, as a stop and start would
//     - expect: {counts: []}        # what has come out since the last look
//     expect:                       # when the sources have ended, unless `finish: false`
//       out: {order: exact, rows: [{meeting_id: a, n: 1}, {meeting_id: b, n: 1}]}
//       dead_letters: []
//
// A row names the columns that matter; with `columns: all` it names every one. `+1s` in a time
// column is a second behind where the clock began. `$op: +U` asks for a kind of change. A row that
// is a text is a payload as it stands, decoded by the source's own format. Outputs are sinks,
// steps, a step's other outputs (`routed.late`), and dead_letters: dead letters that no test
// expects fail it. The watermark moves with every row. `fails: words` expects the pipeline to fail
// with these.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/connectors.h"
#include "jobs/pipeline_yaml.h"

namespace dataflow::jobs {

enum class RowVerdict : uint8_t { kSame, kDiffers, kMissing, kUnexpected };
std::string_view row_verdict_name(RowVerdict verdict);

struct RowReport {
  RowVerdict verdict = RowVerdict::kSame;
  std::string expected;              // empty if nothing was
  std::string actual;                // empty if nothing came
  std::vector<std::string> columns;  // that differ
  int line = 0;                      // of the expected row
};

struct OutputReport {
  std::string output;
  int line = 0;
  std::vector<RowReport> rows;
  bool passed() const;
};

struct CaseReport {
  std::string name;
  int line = 0;
  std::string error;  // why it did not get to its end, or failed without a row to show
  std::vector<OutputReport> outputs;
  bool passed() const;
};

struct PipelineTestOptions {
  Variables variables;
  std::string only;  // cases whose names contain it
  // The pipeline's own file, beside the tests'.
  std::function<Result<std::string>(const std::string& path)> read_file;
  engine::Connectors* plugins = nullptr;  // for the operators of plug-ins; null: there are none
};

// kInvalid, as of read_pipeline(), if the pipeline or its tests cannot be understood; kNotFound if
// there is no test (of that name).
Result<std::vector<CaseReport>> test_pipeline(const std::string& file, const std::string& text,
                                              const PipelineTestOptions& options);

}  // namespace dataflow::jobs
