// The source "file": the rows of files, one split a file.
//
// A file is read in blocks of kFileBlock bytes. The rows that begin in a block are one chunk,
// whoever reads it and wherever the reader was opened. With `stripes` n a file is n splits and the
// blocks are dealt to them in turn: several tasks read one file, and all of them stand at about the
// same event time. Order is kept within a split only.
//
// A row's offset is that of its first byte in the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/env.h"
#include "base/timer_queue.h"
#include "engine/connectors.h"
#include "format/decoder.h"
#include "metadata_columns.h"
#include "path_partition.h"
#include "row_ends.h"

namespace dataflow::connect {

inline constexpr uint64_t kFileBlock = uint64_t{1} << 20;

struct FileSourceSpec {
  std::string where;  // "source `orders`"
  std::string path;   // a file, a folder or a pattern
  bool follow = false;
  int stripes = 1;
  int64_t poll_interval_ms = 0;
  uint64_t max_row_bytes = 0;
  std::string format;
  format::DecoderOptions decoder;
  SourceColumns columns;  // of what stands in the files
  PathPartition partition;
  SchemaPtr schema;  // of both
  RowEnds row_ends;
};

struct FileSourceParts {
  Env& env;
  TimerQueue* timers;  // may be null: then nothing can be followed
};

Result<std::unique_ptr<engine::Source>> make_file_source(FileSourceParts parts,
                                                         const plan::SourceSpec& spec,
                                                         const engine::ConnectorContext& context);

Result<std::unique_ptr<engine::SplitReader>> open_file_split(
    FileSourceParts parts, std::shared_ptr<const FileSourceSpec> spec, const engine::Split& split);
Result<std::unique_ptr<engine::ChunkDecoder>> make_file_chunk_decoder(
    Env& env, std::shared_ptr<const FileSourceSpec> spec);

// Fills `out` or fails.
Status read_fully(File& file, uint64_t position, std::span<char> out);

}  // namespace dataflow::connect
