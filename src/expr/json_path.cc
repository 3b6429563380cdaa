#include "json_path.h"

#include <charconv>

#include "expr/lexer.h"

namespace dataflow::expr {

namespace {

void skip_space(std::string_view& text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t' || text[0] == '\n')) {
    text.remove_prefix(1);
  }
}

Status wrong(const std::string& what) {
  return Status::invalid("the JSON path " + what +
                         "; it is like \"$.name[0]['other name'][*]\", with lax or strict before "
                         "it if wanted");
}

}  // namespace

Result<JsonPath> JsonPath::parse(std::string_view text) {
  JsonPath path;
  skip_space(text);
  for (const std::string_view mode : {"LAX", "STRICT"}) {
    if (text.size() <= mode.size() || text[mode.size()] != ' ') continue;
    if (in_capitals(text.substr(0, mode.size())) != mode) continue;
    path.lax_ = mode == "LAX";
    text.remove_prefix(mode.size());
    break;
  }
  skip_space(text);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (!text.starts_with("$")) return wrong("does not begin with $");
  DF_RETURN_IF_ERROR(path.read_steps(text.substr(1)));
  return path;
}

Status JsonPath::read_steps(std::string_view text) {
  constexpr size_t kMostSteps = 500;
  while (!text.empty()) {
    if (steps_.size() >= kMostSteps) return wrong("is too long");
    if (text[0] == '.' && text.substr(1).starts_with("[")) text.remove_prefix(1);
    if (text[0] == '[') {
      DF_RETURN_IF_ERROR(read_bracket(text));
      continue;
    }
    if (text[0] != '.') return wrong("has a wrong character behind a step");
    text.remove_prefix(1);
    const std::string_view name = text.substr(0, text.find_first_of(".[ ()?@"));
    if (name.empty()) return wrong("has a . that no name follows");
    text.remove_prefix(name.size());
    if (name == "*") {
      definite_ = false;
      steps_.push_back({Step::Kind::kAll, "", 0});
    } else {
      steps_.push_back({Step::Kind::kMember, std::string(name), 0});
    }
  }
  return {};
}

Status JsonPath::read_bracket(std::string_view& text) {
  text.remove_prefix(1);
  skip_space(text);
  Step step;
  if (text.starts_with("*")) {
    definite_ = false;
    text.remove_prefix(1);
  } else if (text.starts_with("'") || text.starts_with("\"")) {
    const char quote = text[0];
    step.kind = Step::Kind::kMember;
    size_t i = 1;
    for (; i < text.size() && text[i] != quote; ++i) {
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      step.name.push_back(text[i]);
    }
    if (i >= text.size()) return wrong("has a quote without its end");
    text.remove_prefix(i + 1);
  } else {
    step.kind = Step::Kind::kElement;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step.index);
    if (error != std::errc()) return wrong("has brackets without a number, a quoted name or *");
    text.remove_prefix(static_cast<size_t>(end - text.data()));
  }
  skip_space(text);
  if (!text.starts_with("]")) return wrong("has a [ without its ]");
  text.remove_prefix(1);
  steps_.push_back(std::move(step));
  return {};
}

bool JsonPath::find(const JsonTree& tree, std::vector<uint32_t>& found) const {
  found.assign(1, 0);
  std::vector<uint32_t> next;
  for (const Step& step : steps_) {
    next.clear();
    for (const uint32_t at : found) {
      const JsonKind kind = tree[at].kind;
      uint32_t child = JsonTree::kNone;
      if (step.kind == Step::Kind::kAll) {
        for (child = tree[at].first; child != JsonTree::kNone; child = tree[child].next) {
          next.push_back(child);
        }
        continue;
      }
      if (step.kind == Step::Kind::kMember && kind == JsonKind::kObject) {
        child = tree.member(at, step.name);
      } else if (step.kind == Step::Kind::kElement && kind == JsonKind::kArray) {
        child = tree.element(at, step.index);
      }
      if (child != JsonTree::kNone) next.push_back(child);
    }
    found.swap(next);
  }
  return !definite_ || !found.empty();
}

}  // namespace dataflow::expr
