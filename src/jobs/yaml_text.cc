#include "yaml_text.h"

#include <charconv>

namespace dataflow::jobs {
namespace {

constexpr size_t kLargestFile = 1 << 20;
constexpr int kDeepestVariable = 8;

// Within `${…}`, characters that mean something to YAML travel as others, one for one, so that
// `{topic: ${TOPIC:-a,b}}` is read as it is meant and every place stays what it is.
constexpr std::string_view kMeaning = "{},[]#";
constexpr std::string_view kTravelling = "\x01\x02\x03\x04\x05\x06";

std::string hide_variables(std::string text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') depth = 0;
    if (text[i] == '{' && (depth > 0 || (i > 0 && text[i - 1] == '$'))) ++depth;
    if (depth == 0) continue;
    const bool closes = text[i] == '}';
    const size_t at = kMeaning.find(text[i]);
    if (at != std::string_view::npos) text[i] = kTravelling[at];
    if (closes) --depth;
  }
  return text;
}

std::string show_variables(std::string text) {
  for (char& c : text) {
    const size_t at = kTravelling.find(c);
    if (at != std::string_view::npos) c = kMeaning[at];
  }
  return text;
}

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!fits && c != '_') return false;
  }
  return true;
}

// Behind the brace that closes the one which was opened before `from`; npos if none does.
size_t end_of_variable(const std::string& text, size_t from) {
  int depth = 1;
  for (size_t i = from; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i + 1;
  }
  return std::string::npos;
}

}  // namespace

Status YamlText::error(expr::Place place, const std::string& what) const {
  return Status::invalid(file_ + ":" + std::to_string(place.line) + ":" +
                         std::to_string(place.column) + ": " + what);
}

Status YamlText::error(const YAML::Node& node, const std::string& what) const {
  return error(place(node), what);
}

expr::Place YamlText::place(const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  if (mark.is_null()) return {1, 1};
  return {mark.line + 1, mark.column + 1};
}

expr::Place YamlText::text_place(const YAML::Node& node) const {
  expr::Place place = YamlText::place(node);
  const YAML::Mark mark = node.Mark();
  if (mark.is_null() || static_cast<size_t>(mark.pos) >= text_.size()) return place;
  const auto at = static_cast<size_t>(mark.pos);
  const char first = text_[at];
  if (first == '"' || first == '\'') ++place.column;
  if (first != '|' && first != '>') return place;
  const size_t line = text_.find('\n', at);
  if (line == std::string::npos) return place;
  const size_t begin = text_.find_first_not_of(' ', line + 1);
  if (begin == std::string::npos) return place;
  return {place.line + 1, static_cast<int>(begin - line)};
}

Result<YAML::Node> YamlText::load() const {
  if (text_.size() > kLargestFile) {
    return Status::invalid(file_ + ": a pipeline has at most " + std::to_string(kLargestFile) +
                           " bytes");
  }
  const std::string hidden = hide_variables(text_);
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(hidden);
    if (documents.empty() || documents[0].IsNull()) {
      return Status::invalid(file_ +
                             ":1:1: there is no pipeline; expected name, sources and sinks");
    }
    if (documents.size() > 1) {
      return error(documents[1], "only one YAML document is read from a file");
    }
    return documents[0];
  } catch (const YAML::Exception& problem) {
    return error(expr::Place{problem.mark.line + 1, problem.mark.column + 1},
                 "this is not valid YAML: " + problem.msg);
  } catch (const std::exception& problem) {
    return Status::invalid(file_ + ": reading it as YAML failed: " + problem.what());
  }
}

Result<std::string> YamlText::fill_in(const YAML::Node& node, const std::string& text,
                                      int depth) const {
  if (depth > kDeepestVariable) return error(node, "variables are nested too deeply");
  std::string out;
  size_t done = 0;
  while (true) {
    const size_t at = text.find("${", done);
    if (at == std::string::npos) return out + text.substr(done);
    if (at > done && text[at - 1] == '$') {  // $${ is the text ${
      out += text.substr(done, at - 1 - done) + "${";
      done = at + 2;
      continue;
    }
    out += text.substr(done, at - done);
    const size_t end = end_of_variable(text, at + 2);
    if (end == std::string::npos) return error(node, "`${` is not closed by `}`");
    const std::string inside = text.substr(at + 2, end - at - 3);
    const size_t mark = inside.find(":-");
    const std::string name = inside.substr(0, mark);
    if (!is_variable_name(name)) {
      return error(node, "`${" + inside + "}` is not ${NAME} or ${NAME:-default}");
    }
    std::optional<std::string> value = variables_(name);
    if (mark != std::string::npos && (!value || value->empty())) {
      DF_ASSIGN_OR_RETURN(value, fill_in(node, inside.substr(mark + 2), depth + 1));
    }
    if (!value) {
      return error(
          node, "the variable " + name + " is not set; set it, or write ${" + name + ":-default}");
    }
    out += *value;
    done = end;
  }
}

Result<std::string> YamlText::scalar(const YAML::Node& node, const std::string& what) const {
  if (!node.IsScalar()) return error(node, what + " must be one value, not a list or mapping");
  const std::string text = show_variables(node.Scalar());
  if (text.find("${") == std::string::npos) return text;
  return fill_in(node, text, 0);
}

std::optional<PlacedWords> placed_words(const std::string& message) {
  constexpr std::string_view kLine = "line ";
  constexpr std::string_view kColumn = ", column ";
  if (!message.starts_with(kLine)) return std::nullopt;
  PlacedWords placed;
  const char* const end = message.data() + message.size();
  const auto first = std::from_chars(message.data() + kLine.size(), end, placed.place.line);
  const std::string_view rest(first.ptr, static_cast<size_t>(end - first.ptr));
  if (first.ec != std::errc() || !rest.starts_with(kColumn)) return std::nullopt;
  const auto second = std::from_chars(first.ptr + kColumn.size(), end, placed.place.column);
  const std::string_view behind(second.ptr, static_cast<size_t>(end - second.ptr));
  if (second.ec != std::errc() || !behind.starts_with(": ")) return std::nullopt;
  placed.words = behind.substr(2);
  return placed;
}

Status with_file(const std::string& file, const Status& status, const std::string& what) {
  if (status.ok()) return status;
  const std::string context = what.empty() ? "" : what + ": ";
  const std::optional<PlacedWords> placed = placed_words(status.message());
  if (!placed) {
    return Status(status.code(), file + ": " + context + status.message(), status.detail());
  }
  return Status(status.code(),
                file + ":" + std::to_string(placed->place.line) + ":" +
                    std::to_string(placed->place.column) + ": " + context + placed->words,
                status.detail());
}

}  // namespace dataflow::jobs
