// The JSON form of a plan:
//   {"version": 1, "name": …, "job": {…}, "nodes": [{"id": …, "kind": "window", "spec": {…}, …},
//   …]}
// with the fields of json_fields.h. Types are written as SQL does, expressions in expr's own form.
#include <set>

#include "json_reader.h"
#include "json_writer.h"

namespace dataflow::plan {
namespace {

// Writing and reading walk the document with one stack frame a level.
constexpr int kMaxDepth = 500;

// Keys by the depth at which they stand: the parser alone would take the last of two equal ones.
class Strictness {
 public:
  bool operator()(int depth, Json::parse_event_t event, const Json& parsed) {
    if (depth > kMaxDepth) {
      if (error_.ok()) error_ = Status::invalid("is nested too deeply");
      return false;
    }
    const auto level = static_cast<size_t>(depth);
    if (event == Json::parse_event_t::object_start) {
      if (keys_.size() < level + 2) keys_.resize(level + 2);
      keys_[level + 1].clear();
    } else if (event == Json::parse_event_t::key && level < keys_.size()) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys_[level].insert(key).second && error_.ok()) {
        error_ = Status::invalid("has the key \"" + key + "\" twice in one object");
      }
    }
    return true;
  }

  const Status& error() const { return error_; }

 private:
  std::vector<std::set<std::string>> keys_;
  Status error_;
};

Result<Json> parse_strictly(const std::string& text) {
  Strictness strictness;
  const auto callback = [&](int depth, Json::parse_event_t event, Json& parsed) {
    return strictness(depth, event, parsed);
  };
  // The parser's one way to say where it failed is to throw.
  try {
    Json document = Json::parse(text, callback);
    if (!strictness.error().ok()) return strictness.error();
    return document;
  } catch (const Json::exception& failure) {  // a number may be too large for it
    return Status::invalid("is not JSON: " + std::string(failure.what()));
  }
}

// Ahead of everything else: a newer plan may have keys that mean nothing here.
Status check_version(const Json& document) {
  if (!document.is_object()) return Status::invalid("is no object");
  const auto version = document.find("version");
  if (version == document.end()) return Status::invalid("has no \"version\"");
  if (!version->is_number_integer() || *version < 1) {
    return Status::invalid("version " + version->dump() + " is no version");
  }
  if (*version > kPlanVersion) {
    return Status::unsupported("has version " + version->dump() + "; this build reads up to " +
                               std::to_string(kPlanVersion) + ": use a newer one");
  }
  return {};
}

}  // namespace

Json ObjectWriter::json_of(const expr::ExpressionPtr& expression) {
  return Json::parse(expr::to_json(*expression), nullptr, false);
}

Json ObjectWriter::json_of(const SchemaPtr& schema) {
  Json fields = Json::array();
  if (schema == nullptr) return fields;
  for (const Field& field : schema->fields()) {
    fields.push_back(
        {{"name", field.name}, {"type", field.type.to_string()}, {"nullable", field.nullable}});
  }
  return fields;
}

std::string to_json(const Plan& plan) {
  ObjectWriter writer;
  writer.required("version", kPlanVersion);
  describe(writer, plan);
  // Text that is no UTF-8 gets replacement characters; dump() would throw.
  return writer.take().dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Plan> plan_from_json(const std::string& json) {
  const auto document = parse_strictly(json);
  if (!document.ok()) return document.status().with_context("plan");
  if (const Status known = check_version(*document); !known.ok()) {
    return known.with_context("plan");
  }
  Status error;
  Plan plan;
  int version = 0;
  ObjectReader reader(*document, "plan", error);
  reader.required("version", version);
  describe(reader, plan);
  reader.finish();
  if (!error.ok()) return error;
  return plan;
}

}  // namespace dataflow::plan
