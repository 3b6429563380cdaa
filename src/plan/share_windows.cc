// Statements compute what they aggregate in projections of their own, in front of their windows. So
// windows are compared as if they read what stands in front of these, and the one that takes their
// place has one projection for all. What may fail at a row must be the same in all: a row that one
// of them cannot read is no dead letter of the others.
#include "share_windows.h"

#include <algorithm>
#include <map>
#include <set>

#include "cannot_fail.h"
#include "expr/with_columns.h"
#include "spec_text.h"

namespace dataflow::plan {
namespace {

using expr::ExpressionPtr;
using expr::with_columns;
using Names = std::map<std::string, std::string, std::less<>>;

std::string free_name(const std::string& wanted, const auto& is_taken) {
  std::string name = wanted;
  for (int i = 2; is_taken(name); ++i) name = wanted + "_" + std::to_string(i);
  return name;
}

std::string free_id(const Plan& plan, const std::string& wanted) {
  return free_name(wanted, [&](const std::string& id) { return plan.find(id) != nullptr; });
}

// A window with the projection in front of it, if there is one, left out.
class Gathering {
 public:
  Gathering(const Plan& plan, const Node& window)
      : window_(&window), spec_(&std::get<WindowSpec>(window.spec)), base_(window.inputs[0]) {
    const Node& below = *plan.find(base_.node);
    if (const auto* project = std::get_if<ProjectSpec>(&below.spec)) {
      project_ = project;
      project_id_ = below.id;
      base_ = below.inputs[0];
    }
    schema_ = schema_of(plan, base_);
  }

  const Node& window() const { return *window_; }
  const WindowSpec& spec() const { return *spec_; }
  const Input& base() const { return base_; }
  const std::string& project_id() const { return project_id_; }  // empty: there is none

  // What the column that the window reads is made of.
  ExpressionPtr made_of(const std::string& column) const {
    if (project_ == nullptr) return expr::column(column);
    return std::ranges::find(project_->columns, column, &NamedExpression::name)->expression;
  }
  ExpressionPtr made_of(const ExpressionPtr& expression) const {
    return with_columns(expression,
                        [&](const ExpressionPtr& column) { return made_of(column->name); });
  }

  // The projection's columns at which a row may fail.
  std::vector<NamedExpression> may_fail() const {
    std::vector<NamedExpression> columns;
    if (project_ == nullptr) return columns;
    for (const NamedExpression& column : project_->columns) {
      if (!cannot_fail(*column.expression, *schema_)) columns.push_back(column);
    }
    return columns;
  }

  bool can_be_shared() const {
    if (!knows_what_is_read()) return false;
    if (spec_->late_output || spec_->emit_changes || draws_at_random(window_->spec)) return false;
    if (project_ != nullptr && draws_at_random(Spec(*project_))) return false;
    return spec_->time_column.empty() || made_of(spec_->time_column)->kind == expr::Kind::kColumn;
  }

  // Equal ones can share a window.
  std::vector<std::string> likeness() const {
    WindowSpec bare = *spec_;
    bare.keys.clear();
    bare.aggregates.clear();
    bare.time_column.clear();
    std::vector<std::string> all = {base_.node, base_.output, spec_text(bare),
                                    std::to_string(window_->parallelism.value_or(0))};
    all.push_back(spec_->time_column.empty() ? "" : made_of(spec_->time_column)->to_string());
    std::set<std::string> keys, failing;
    for (const std::string& key : spec_->keys) keys.insert(made_of(key)->to_string());
    for (const NamedExpression& column : may_fail()) failing.insert(column.expression->to_string());
    for (const Aggregate& each : spec_->aggregates) {
      const ExpressionPtr filter = each.filter == nullptr ? nullptr : made_of(each.filter);
      if (filter != nullptr && !cannot_fail(*filter, *schema_)) {
        failing.insert(filter->to_string());
      }
      const ExpressionPtr argument = each.argument == nullptr ? nullptr : made_of(each.argument);
      if (argument == nullptr || cannot_fail(*argument, *schema_)) continue;
      // It is computed for the rows that the filter lets through, and fails at these only.
      failing.insert(argument->to_string() + " FILTER " +
                     (filter == nullptr ? "" : filter->to_string()));
    }
    for (const std::set<std::string>* set : {&keys, &failing}) {
      all.push_back(std::to_string(set->size()));
      all.insert(all.end(), set->begin(), set->end());
    }
    return all;
  }

 private:
  // Under the projection's names, as it spells them.
  bool knows_what_is_read() const {
    if (project_ == nullptr) return true;
    std::vector<std::string> names = spec_->keys;
    if (!spec_->time_column.empty()) names.push_back(spec_->time_column);
    for (const Aggregate& each : spec_->aggregates) {
      for (const ExpressionPtr& part : {each.argument, each.filter}) {
        if (part == nullptr) continue;
        for (std::string& name : expr::columns_of(*part)) names.push_back(std::move(name));
      }
    }
    return std::ranges::all_of(names, [&](const std::string& name) {
      return std::ranges::find(project_->columns, name, &NamedExpression::name) !=
             project_->columns.end();
    });
  }

  const Node* window_;
  const WindowSpec* spec_;
  const ProjectSpec* project_ = nullptr;
  std::string project_id_;
  Input base_;
  SchemaPtr schema_;  // of the base
};

// The window that takes the place of several that are alike.
class Shared {
 public:
  explicit Shared(const std::vector<Gathering>& all) : spec_(all.front().spec()) {
    spec_.keys.clear();
    spec_.aggregates.clear();
    for (const std::string& key : all.front().spec().keys) {
      const std::string name = column(all.front().made_of(key), key);
      if (given_.insert(name).second) spec_.keys.push_back(name);
    }
    if (!spec_.time_column.empty()) {
      spec_.time_column = column(all.front().made_of(spec_.time_column), spec_.time_column);
    }
    for (const Gathering& each : all) {
      for (const NamedExpression& failing : each.may_fail()) {
        column(failing.expression, failing.name);
      }
      names_.push_back(add(each));
    }
  }

  const WindowSpec& spec() const { return spec_; }
  const std::vector<NamedExpression>& columns() const { return columns_; }
  // What the columns of each of the windows are called now.
  const std::vector<Names>& names() const { return names_; }

  bool reads_base_as_it_is() const {
    return std::ranges::all_of(columns_, [](const NamedExpression& column) {
      return column.expression->kind == expr::Kind::kColumn &&
             column.expression->name == column.name;
    });
  }

 private:
  // The name of the projection's column that is made so.
  std::string column(const ExpressionPtr& made, const std::string& wanted) {
    const auto [known, is_new] = by_text_.try_emplace(made->to_string());
    if (is_new) {
      known->second = free_name(wanted, [&](const std::string& name) {
        return std::ranges::find(columns_, name, &NamedExpression::name) != columns_.end();
      });
      columns_.push_back({known->second, made});
    }
    return known->second;
  }

  Names add(const Gathering& each) {
    Names names;
    for (const std::string& key : each.spec().keys) {
      names[key] = by_text_.at(each.made_of(key)->to_string());
    }
    for (Aggregate aggregate : each.spec().aggregates) {
      const std::string old = aggregate.name;
      for (ExpressionPtr* part : {&aggregate.argument, &aggregate.filter}) {
        if (*part == nullptr) continue;
        *part = with_columns(*part, [&](const ExpressionPtr& read) {
          return expr::column(column(each.made_of(read->name), read->name), read->place);
        });
      }
      names[old] = add(std::move(aggregate));
    }
    return names;
  }

  std::string add(Aggregate aggregate) {
    const std::string wanted = std::exchange(aggregate.name, "");
    const auto [known, is_new] = aggregates_.try_emplace(text_of(aggregate));
    if (is_new) {
      known->second = free_name(wanted, [&](const std::string& name) {
        return given_.contains(name) || name == "window_start" || name == "window_end" ||
               name == "window_time";
      });
      given_.insert(known->second);
      aggregate.name = known->second;
      spec_.aggregates.push_back(std::move(aggregate));
    }
    return known->second;
  }

  static std::string text_of(const Aggregate& aggregate) {
    WindowSpec alone;
    alone.aggregates.push_back(aggregate);
    return spec_text(alone);
  }

  WindowSpec spec_;
  std::vector<NamedExpression> columns_;
  std::map<std::string, std::string> by_text_;     // of columns_
  std::map<std::string, std::string> aggregates_;  // by what they are
  std::set<std::string> given_;                    // names of keys and aggregates
  std::vector<Names> names_;
};

// The columns of the window `was` under their old names.
ProjectSpec choice(const Schema& was, const Names& names) {
  ProjectSpec spec;
  for (const Field& field : was.fields()) {
    const auto now = names.find(field.name);
    spec.columns.push_back(
        {field.name, expr::column(now == names.end() ? field.name : now->second)});
  }
  return spec;
}

// Who reads the window `was` reads the window `id`.
void move_readers(Plan& plan, const Node& was, const Names& names, const std::string& id) {
  std::string chosen;
  for (size_t i = 0; i < plan.nodes.size(); ++i) {
    for (size_t input = 0; input < plan.nodes[i].inputs.size(); ++input) {
      if (plan.nodes[i].inputs[input].node != was.id) continue;
      if (auto* project = std::get_if<ProjectSpec>(&plan.nodes[i].spec)) {
        for (NamedExpression& column : project->columns) {
          column.expression = with_columns(column.expression, [&](const ExpressionPtr& read) {
            const auto now = names.find(read->name);
            return now == names.end() ? read : expr::column(now->second, read->place);
          });
        }
        plan.nodes[i].inputs[input].node = id;
        continue;
      }
      if (chosen.empty()) {
        Node node;
        node.id = chosen = free_id(plan, "project");
        node.inputs = {{id, ""}};
        node.spec = choice(*was.schema, names);
        node.place = was.place;
        plan.nodes.push_back(std::move(node));
      }
      plan.nodes[i].inputs[input].node = chosen;
    }
  }
}

bool is_read(const Plan& plan, const std::string& id) {
  return std::ranges::any_of(plan.nodes, [&](const Node& node) {
    return std::ranges::find(node.inputs, id, &Input::node) != node.inputs.end();
  });
}

// `all` holds nodes of a copy of the plan.
void share(Plan& plan, const std::vector<Gathering>& all) {
  const Shared shared(all);
  Node window = all.front().window();
  window.inputs = {all.front().base()};
  window.spec = shared.spec();
  for (const Gathering& each : all) {
    std::erase_if(plan.nodes, [&](const Node& node) { return node.id == each.window().id; });
  }
  for (const Gathering& each : all) {
    if (is_read(plan, each.project_id())) continue;
    std::erase_if(plan.nodes, [&](const Node& node) { return node.id == each.project_id(); });
  }
  if (!shared.reads_base_as_it_is()) {
    Node project;
    const std::string& known = all.front().project_id();
    project.id = free_id(plan, known.empty() ? "project" : known);
    project.inputs = window.inputs;
    project.spec = ProjectSpec{shared.columns()};
    project.place = window.place;
    window.inputs = {{project.id, ""}};
    plan.nodes.push_back(std::move(project));
  }
  plan.nodes.push_back(window);
  for (size_t i = 0; i < all.size(); ++i) {
    move_readers(plan, all[i].window(), shared.names()[i], window.id);
  }
}

}  // namespace

bool share_windows(Plan& plan) {
  const Plan before = plan;
  std::map<std::vector<std::string>, std::vector<Gathering>> alike;
  for (const Node& node : before.nodes) {
    if (!std::holds_alternative<WindowSpec>(node.spec)) continue;
    Gathering each(before, node);
    if (each.can_be_shared()) alike[each.likeness()].push_back(std::move(each));
  }
  for (const auto& [likeness, all] : alike) {
    if (all.size() < 2) continue;
    share(plan, all);
    return true;
  }
  return false;
}

}  // namespace dataflow::plan
