#include "cli/record_input.h"

#include <cctype>
#include <nlohmann/json.hpp>

#include "base/edit_distance.h"
#include "cli/csv_events.h"
#include "cli/exit_codes.h"
#include "cli/json_events.h"

namespace dataflow::cli {
namespace {

constexpr size_t kMaxLineBytes = 64 << 20;

class LineReader final : public EventReader {
 public:
  LineReader(ByteSource& source, bool json) : in_(source), json_(json) {}

  Result<bool> next(InputEvent& event) override {
    while (true) {
      event = {};
      event.line = in_.line();
      bool ended = false;
      DF_RETURN_IF_ERROR(take_line(event.value, ended));
      if (json_) trim(event.value);
      if (!event.value.empty() || (!json_ && !ended)) break;
      if (ended) return false;
    }
    if (json_) event.problem = json_problem(event.value);
    return true;
  }
  uint64_t bytes_taken() const override { return in_.bytes_taken(); }

 private:
  Status take_line(std::string& line, bool& ended) {
    if (in_.bytes_taken() == 0) DF_RETURN_IF_ERROR(in_.skip_mark());
    while (true) {
      DF_ASSIGN_OR_RETURN(int next, in_.peek());
      ended = next < 0;
      if (ended) return {};
      in_.take();
      if (next == '\n') break;
      if (line.size() == kMaxLineBytes) {
        return Status::too_large("line " + std::to_string(in_.line()) + " is over 64 MiB long");
      }
      line += static_cast<char>(next);
    }
    if (line.ends_with('\r')) line.pop_back();
    return {};
  }

  static void trim(std::string& text) {
    const size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string::npos) {
      text.clear();
      return;
    }
    text.erase(text.find_last_not_of(" \t\r") + 1);
    text.erase(0, first);
  }

  CharReader in_;
  bool json_;
};

// Gives back what was looked at to find out the form.
class PeekedSource final : public ByteSource {
 public:
  explicit PeekedSource(ByteSource& source) : source_(source) {}
  // What comes first, up to and with a character that is no white space.
  Result<std::string_view> peek() {
    while (first_.find_first_not_of(" \t\r\n\xEF\xBB\xBF") == std::string::npos) {
      DF_ASSIGN_OR_RETURN(std::string_view piece, source_.read());
      if (piece.empty()) break;
      first_ += piece;
    }
    return std::string_view(first_);
  }
  Result<std::string_view> read() override {
    if (!given_ && !first_.empty()) {
      given_ = true;
      return std::string_view(first_);
    }
    return source_.read();
  }
  int64_t size() const override { return source_.size(); }

 private:
  ByteSource& source_;
  std::string first_;
  bool given_ = false;
};

// The reader together with the source that it reads from.
class OwningReader final : public EventReader {
 public:
  OwningReader(std::unique_ptr<ByteSource> source, std::unique_ptr<EventReader> reader)
      : source_(std::move(source)), reader_(std::move(reader)) {}
  Result<bool> next(InputEvent& event) override { return reader_->next(event); }
  uint64_t bytes_taken() const override { return reader_->bytes_taken(); }

 private:
  std::unique_ptr<ByteSource> source_;
  std::unique_ptr<EventReader> reader_;
};

std::unique_ptr<EventReader> reader_for(ByteSource& source, InputForm form, bool csv_texts) {
  switch (form) {
    case InputForm::kJson: return json_events(source);
    case InputForm::kCsv: return csv_events(source, csv_texts);
    case InputForm::kText: return std::make_unique<LineReader>(source, false);
    case InputForm::kJsonLines: break;
  }
  return std::make_unique<LineReader>(source, true);
}

}  // namespace

Result<std::optional<InputForm>> parse_input_form(const std::string& name) {
  if (name == "auto") return std::optional<InputForm>();
  if (name == "json") return std::optional(InputForm::kJson);
  if (name == "ndjson" || name == "jsonl") return std::optional(InputForm::kJsonLines);
  if (name == "csv") return std::optional(InputForm::kCsv);
  if (name == "text") return std::optional(InputForm::kText);
  return usage_error("--input " + name + ": the forms are auto, json, ndjson, csv and text");
}

std::optional<InputForm> input_form_of_file(const std::string& path) {
  std::string name;
  for (const char c : path) name += static_cast<char>(std::tolower(static_cast<uint8_t>(c)));
  if (name.ends_with(".json")) return InputForm::kJson;
  if (name.ends_with(".ndjson") || name.ends_with(".jsonl")) return InputForm::kJsonLines;
  if (name.ends_with(".csv")) return InputForm::kCsv;
  if (name.ends_with(".txt") || name.ends_with(".log")) return InputForm::kText;
  return std::nullopt;
}

Result<std::unique_ptr<EventReader>> open_events(ByteSource& source, const InputOptions& options) {
  if (options.form) return reader_for(source, *options.form, options.csv_texts);
  auto peeked = std::make_unique<PeekedSource>(source);
  DF_ASSIGN_OR_RETURN(std::string_view first, peeked->peek());
  if (first.starts_with("\xEF\xBB\xBF")) first.remove_prefix(3);
  const size_t at = first.find_first_not_of(" \t\r\n");
  const bool array = at != std::string_view::npos && first[at] == '[';
  auto reader = reader_for(*peeked, array ? InputForm::kJson : InputForm::kJsonLines, false);
  return std::unique_ptr<EventReader>(new OwningReader(std::move(peeked), std::move(reader)));
}

Result<std::string> key_from_field(const std::string& json, const std::string& path) {
  const nlohmann::json whole = nlohmann::json::parse(json, nullptr, false);
  if (!whole.is_object())
    return Status::invalid("the event is no JSON object, so it has no field \"" + path + "\"");
  const nlohmann::json* at = &whole;
  std::string rest = path;
  while (true) {
    std::vector<std::string> names;
    if (at->is_object()) {
      if (auto exact = at->find(rest); exact != at->end()) {
        at = &*exact;
        break;
      }
      for (const auto& [name, value] : at->items()) names.push_back(name);
    }
    const size_t dot = rest.find('.');
    const std::string step = rest.substr(0, dot);
    if (!at->is_object() || dot == std::string::npos || !at->contains(step)) {
      return Status::invalid("it has no field \"" + path + "\"" + suggestion(step, names));
    }
    at = &(*at)[step];
    rest.erase(0, dot + 1);
  }
  if (at->is_null()) return Status::invalid("its field \"" + path + "\" is null");
  return at->is_string() ? at->get<std::string>() : at->dump();
}

}  // namespace dataflow::cli
