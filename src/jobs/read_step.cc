#include <algorithm>

#include "pipeline_reader.h"

namespace dataflow::jobs {
namespace {

const std::vector<std::string>& verbs() {
  static const std::vector<std::string> names = {"filter",      "select",        "window",
                                                 "union",       "split",         "deduplicate",
                                                 "window_join", "interval_join", "operator"};
  return names;
}

Result<std::string> verb_of(YamlMap& step) {
  std::string all;
  std::vector<std::string> found;
  for (const std::string& verb : verbs()) {
    all += (all.empty() ? "" : ", ") + verb;
    if (step.has(verb)) found.push_back(verb);
  }
  if (found.size() == 1) return found[0];
  if (found.size() > 1) {
    return step.error("does `" + found[0] + "` and `" + found[1] +
                      "`; make them two steps, one reading from the other");
  }
  // A mistyped verb is what is most likely meant.
  for (const char* known : {"from", "group_by", "aggregate", "parallelism", "late_output"}) {
    (void)step.has(known);
  }
  DF_RETURN_IF_ERROR(step.refuse_rest());
  return step.error("does not say what it does; give it one of " + all);
}

// {name: expression}, or a list of columns and of {name: expression}.
Result<plan::ProjectSpec> read_select(YamlMap& step) {
  plan::ProjectSpec spec;
  const YAML::Node& node = *step.find("select");
  const std::string what = step.what() + ": select";
  const auto add = [&](const YAML::Node& item) -> Status {
    DF_ASSIGN_OR_RETURN(YamlMap map, YamlMap::open(step.yaml(), item, what));
    for (const YamlEntry& entry : map.entries()) {
      plan::NamedExpression column{entry.name, nullptr};
      if (entry.value.IsNull()) {
        column.expression = expr::column(entry.name, YamlText::place(entry.key));
      } else {
        DF_ASSIGN_OR_RETURN(column.expression, read_expression(step.yaml(), entry.value,
                                                               what + ": `" + entry.name + "`"));
      }
      spec.columns.push_back(std::move(column));
    }
    return {};
  };
  if (!node.IsSequence()) {
    DF_RETURN_IF_ERROR(add(node));
    return spec;
  }
  for (const auto& item : node) {
    if (!item.IsScalar()) {
      DF_RETURN_IF_ERROR(add(item));
      continue;
    }
    DF_ASSIGN_OR_RETURN(expr::ExpressionPtr tree, read_expression(step.yaml(), item, what));
    if (tree->kind != expr::Kind::kColumn) {
      return step.error_at(item, "select: `" + item.Scalar() +
                                     "` needs a name; write {name: " + item.Scalar() + "}");
    }
    spec.columns.push_back({tree->name, tree});
  }
  return spec;
}

Result<plan::SplitSpec> read_split(YamlMap& step) {
  plan::SplitSpec spec;
  DF_ASSIGN_OR_RETURN(const YamlMap map, step.required_map("split"));
  for (const YamlEntry& entry : map.entries()) {
    DF_ASSIGN_OR_RETURN(
        expr::ExpressionPtr condition,
        read_expression(step.yaml(), entry.value, map.what() + ": `" + entry.name + "`"));
    spec.branches.push_back({entry.name, std::move(condition)});
  }
  return spec;
}

Result<plan::DeduplicateSpec> read_deduplicate(YamlMap& step) {
  plan::DeduplicateSpec spec;
  DF_ASSIGN_OR_RETURN(YamlMap map, step.required_map("deduplicate"));
  DF_ASSIGN_OR_RETURN(spec.keys, map.names("keys"));
  if (spec.keys.empty()) return map.error("`keys` is missing");
  DF_ASSIGN_OR_RETURN(const auto time, map.text("time"));
  DF_ASSIGN_OR_RETURN(const auto keep, map.choice("keep", {"first", "last"}));
  DF_ASSIGN_OR_RETURN(const auto ttl, map.duration("ttl"));
  spec.time_column = time.value_or("");
  spec.keep_last = keep == 1;
  spec.ttl_ms = ttl.value_or(0);
  DF_RETURN_IF_ERROR(map.refuse_rest());
  return spec;
}

Result<plan::CustomSpec> read_operator(YamlMap& step) {
  plan::CustomSpec spec;
  DF_ASSIGN_OR_RETURN(spec.name, step.required("operator"));
  DF_ASSIGN_OR_RETURN(spec.keys, step.names("group_by"));
  DF_ASSIGN_OR_RETURN(std::optional<YamlMap> options, step.map("options"));
  if (!options) return spec;
  for (const YamlEntry& entry : options->entries()) {
    DF_ASSIGN_OR_RETURN(
        spec.options[entry.name],
        step.yaml().scalar(entry.value, options->what() + ": `" + entry.name + "`"));
  }
  return spec;
}

Status read_inputs(YamlMap& step, const std::string& key, plan::Node& node) {
  DF_ASSIGN_OR_RETURN(const std::vector<std::string> names, step.names(key));
  if (names.empty()) return step.error("`" + key + "` is missing");
  for (const std::string& name : names) node.inputs.push_back(input_of(name));
  return {};
}

// The verb's own spec, and the inputs where they stand within it.
Status read_verb(YamlMap& step, const std::string& verb, plan::Node& node) {
  if (verb == "union") {
    node.spec = plan::UnionSpec{};
    return read_inputs(step, "union", node);
  }
  if (verb == "window_join" || verb == "interval_join") {
    DF_ASSIGN_OR_RETURN(YamlMap join, step.required_map(verb));
    if (verb == "window_join") {
      DF_ASSIGN_OR_RETURN(node.spec, read_window_join(join, node));
    } else {
      DF_ASSIGN_OR_RETURN(node.spec, read_interval_join(join, node));
    }
    return join.refuse_rest();
  }
  DF_RETURN_IF_ERROR(read_inputs(step, "from", node));
  if (verb == "filter") {
    DF_ASSIGN_OR_RETURN(
        expr::ExpressionPtr condition,
        read_expression(step.yaml(), *step.find("filter"), step.what() + ": `filter`"));
    node.spec = plan::FilterSpec{std::move(condition)};
  } else if (verb == "select") {
    DF_ASSIGN_OR_RETURN(node.spec, read_select(step));
  } else if (verb == "split") {
    DF_ASSIGN_OR_RETURN(node.spec, read_split(step));
  } else if (verb == "deduplicate") {
    DF_ASSIGN_OR_RETURN(node.spec, read_deduplicate(step));
  } else if (verb == "operator") {
    DF_ASSIGN_OR_RETURN(node.spec, read_operator(step));
  } else {
    DF_ASSIGN_OR_RETURN(node.spec, read_window(step, *step.find("window")));
  }
  return {};
}

}  // namespace

plan::Input input_of(const std::string& text) {
  const size_t dot = text.find('.');
  if (dot == std::string::npos) return {text, ""};
  return {text.substr(0, dot), text.substr(dot + 1)};
}

Status read_step(YamlMap& step, plan::Node& node) {
  DF_ASSIGN_OR_RETURN(const auto parallelism, step.integer("parallelism", 1, 128));
  if (parallelism) node.parallelism = static_cast<int>(*parallelism);
  DF_ASSIGN_OR_RETURN(const std::string verb, verb_of(step));
  DF_RETURN_IF_ERROR(read_verb(step, verb, node));
  return step.refuse_rest();
}

}  // namespace dataflow::jobs
