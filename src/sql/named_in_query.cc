#include "named_in_query.h"

#include "same_name.h"

namespace dataflow::sql {
namespace {

class Walk {
 public:
  void query(const Query& query) {
    const size_t outside = hidden_.size();
    for (const CommonTable& table : query.with) {
      if (table.query) this->query(*table.query);
      hidden_.push_back(table.name);
    }
    std::visit([this](const auto& body) { this->body(body); }, query.body);
    order(query.order_by);
    expression(query.limit);
    expression(query.offset);
    hidden_.resize(outside);
  }

  NamedThings take() { return std::move(found_); }

 private:
  void body(const Select& select) {
    for (const SelectItem& item : select.items) expression(item.expression);
    if (select.from) table(*select.from);
    expression(select.where);
    all(select.group_by);
    expression(select.having);
    expression(select.qualify);
    for (const auto& [name, definition] : select.windows) window(definition);
  }
  void body(const Values& values) {
    for (const std::vector<ExpressionPtr>& row : values.rows) all(row);
  }
  void body(const SetOperation& set) {
    if (set.left) query(*set.left);
    if (set.right) query(*set.right);
  }

  void table(const TableRef& ref) {
    std::visit([this](const auto& what) { this->from(what); }, ref.what);
  }
  void from(const NamedTable& named) {
    relation(named.name.last(), named.name.parts.size() == 1);
    expression(named.as_of);
  }
  void from(const DerivedTable& derived) {
    if (derived.query) query(*derived.query);
  }
  void from(const TableFunction& function) {
    for (const TableArgument& argument : function.arguments) {
      all(argument.partition_by);
      if (const auto* ref = std::get_if<TableRefPtr>(&argument.value)) {
        if (*ref) table(**ref);
      } else if (const auto* value = std::get_if<ExpressionPtr>(&argument.value)) {
        // TUMBLE(t, ts, …): only the binder knows that `t` is a table; it does no harm to take a
        // column for one.
        if (*value && (*value)->kind == expr::Kind::kColumn) relation((*value)->name, true);
        expression(*value);
      }
    }
  }
  void from(const JoinedTable& joined) {
    if (joined.left) table(*joined.left);
    if (joined.right) table(*joined.right);
    expression(joined.on);
  }
  void relation(const std::string& name, bool plain) {
    for (const std::string& hidden : hidden_) {
      if (plain && same_name(hidden, name)) return;
    }
    found_.tables.insert(name);
  }

  void all(const std::vector<ExpressionPtr>& list) {
    for (const ExpressionPtr& each : list) expression(each);
  }
  void order(const std::vector<OrderItem>& items) {
    for (const OrderItem& item : items) expression(item.expression);
  }
  void window(const WindowDefinition& definition) {
    all(definition.partition_by);
    order(definition.order_by);
    if (!definition.frame) return;
    expression(definition.frame->from_offset);
    expression(definition.frame->to_offset);
  }
  void expression(const ExpressionPtr& each) {
    if (!each) return;
    if (each->kind == expr::Kind::kCall || each->kind == expr::Kind::kExtension) {
      found_.functions.insert(each->name);
    }
    all(each->arguments);
    if (const auto* clauses = dynamic_cast<const Clauses*>(each->extension.get())) {
      expression(clauses->filter);
      order(clauses->order_by);
      order(clauses->within_group);
      if (clauses->over) window(*clauses->over);
    } else if (const auto* subquery = dynamic_cast<const Subquery*>(each->extension.get())) {
      if (subquery->query) query(*subquery->query);
    }
  }

  std::vector<std::string> hidden_;  // names of common tables
  NamedThings found_;
};

}  // namespace

NamedThings named_in(const Query& query) {
  Walk walk;
  walk.query(query);
  return walk.take();
}

}  // namespace dataflow::sql
