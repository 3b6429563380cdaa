#include "statement_error.h"

#include <string>
#include <string_view>

#include "engine/failures.h"

namespace dataflow::jobs {
namespace {

// "operator X (SPLIT, offset N): field F: words; the row is R. The pipeline says …"
std::string words_of_row(std::string_view message) {
  constexpr std::string_view kOperator = "operator ";
  constexpr std::string_view kField = "field ";
  if (message.ends_with(engine::kFailsForRow)) message.remove_suffix(engine::kFailsForRow.size());
  const size_t colon = message.find(": ");
  if (!message.starts_with(kOperator) || colon == std::string_view::npos) {
    return std::string(message);
  }
  const std::string_view of = message.substr(0, colon);
  message.remove_prefix(colon + 2);
  std::string words;
  if (const size_t end = message.find(": "); message.starts_with(kField) && end != message.npos) {
    words = "column `" + std::string(message.substr(kField.size(), end - kField.size())) + "`: ";
    message.remove_prefix(end + 2);
  }
  words += message;
  // Where the record can be named, it is.
  const size_t record = of.find(" (");
  if (record == std::string_view::npos || !of.ends_with(')')) return words;
  return words + "; it is " + std::string(of.substr(record + 2, of.size() - record - 3));
}

std::string words_of_state(std::string_view message) {
  constexpr std::string_view kTakes = " takes ";
  const size_t begin = message.find(kTakes);
  const size_t end = message.find(" (state_memory_bytes)");
  if (begin == std::string_view::npos || end == std::string_view::npos) {
    return std::string(message);
  }
  return "what queries keep" +
         std::string(message.substr(begin, end - begin)).replace(1, 5, "take") +
         " (sql.query_memory): read less at once, or allow more";
}

}  // namespace

Status statement_error(const Status& status) {
  const uint16_t detail = status.detail();
  if (detail == engine::kRowFailed) {
    return Status(status.code(), words_of_row(status.message()), detail);
  }
  if (detail == engine::kStateTooLarge) {
    return Status(status.code(), words_of_state(status.message()), detail);
  }
  return status;
}

}  // namespace dataflow::jobs
