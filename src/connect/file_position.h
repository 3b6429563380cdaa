// Where a reader of a file stands, and by what it knows the file again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace dataflow::connect {

// As text: "1048600;end=5000000;seen=1048344-1048600:9f3a01bc".
struct FilePosition {
  // Rows that begin before it have been read.
  uint64_t next = 0;
  // Of a file that is read once: rows that begin here or later do not count. It is where the file
  // ended when the job first saw it.
  std::optional<uint64_t> end;
  // The last bytes that were read, by their CRC-32C: a file that grew still has them.
  struct Seen {
    uint64_t from = 0;
    uint64_t to = 0;
    uint32_t crc = 0;
  };
  std::optional<Seen> seen;

  std::string text() const;
};

Result<FilePosition> parse_file_position(std::string_view text);

// The split of one file, or of every `stripes`-th block of it: "in/a.json", "in/a.json#03/16".
struct FileSplit {
  std::string path;
  int stripe = 0;
  int stripes = 1;

  std::string id() const;
};

// The other way round; `stripes` as the source has it.
Result<FileSplit> parse_file_split(std::string_view id, int stripes);

}  // namespace dataflow::connect
