// Events out of a file: JSON (an array, or values one behind the other), JSON lines, CSV with a
// heading, or plain lines. What cannot be read is named by its line and does not stop the rest.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "cli/byte_source.h"

namespace dataflow::cli {

enum class InputForm { kJson, kJsonLines, kCsv, kText };

// "json", "ndjson" or "jsonl", "csv", "text"; nothing for "auto".
Result<std::optional<InputForm>> parse_input_form(const std::string& name);
// By the file's name; nothing where that does not tell.
std::optional<InputForm> input_form_of_file(const std::string& path);

struct InputEvent {
  std::string value;    // JSON without white space around its parts, or the line's text
  uint64_t line = 0;    // where it begins
  std::string problem;  // not empty: it cannot be published, and why
};

class EventReader {
 public:
  virtual ~EventReader() = default;
  // False at the end.
  virtual Result<bool> next(InputEvent& event) = 0;
  virtual uint64_t bytes_taken() const = 0;
};

struct InputOptions {
  std::optional<InputForm>
      form;                // nothing: an opening bracket means a JSON array, otherwise JSON lines
  bool csv_texts = false;  // numbers and true/false of a CSV file stay texts
};
Result<std::unique_ptr<EventReader>> open_events(ByteSource& source, const InputOptions& options);

// The member's value as a record's key: a text as it is, anything else as JSON. `path`: "user.id"
// goes into objects. kInvalid where it is missing or null.
Result<std::string> key_from_field(const std::string& json, const std::string& path);

}  // namespace dataflow::cli
