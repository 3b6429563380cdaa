// `dataflow publish`: events from a file, standard input or the command line into a stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/session.h"

namespace dataflow::cli {

struct Publish {
  std::string stream;
  std::string file;                  // "-": standard input
  std::optional<std::string> value;  // one event, instead of a file
  std::string key;                   // of every event
  bool has_key = false;
  std::string key_field;
  bool has_key_field = false;
  std::string key_separator;  // stands between a line's key and its event
  bool has_key_separator = false;
  std::vector<std::string> headers;  // "k=v"
  std::string rate;                  // "100/s"
  std::optional<int32_t> partition;
  std::string input = "auto";
  bool csv_texts = false;
  int32_t batch_size = 0;  // 0: 1000, and more while the server is busy
  std::string compression = "none";
  std::string acks = "all";
  bool idempotent = true;
};
Status publish(Session& session, const Publish& options);

// Events a second out of "100", "100/s", "6000/m" or "10/h"; 0 for an empty text.
Result<double> parse_rate(const std::string& text);

}  // namespace dataflow::cli
