// What aggregates take behind their argument.
#include <algorithm>
#include <array>

#include "plan/aggregate.h"
#include "types/decimal.h"

namespace dataflow::plan {
namespace {

bool is_text(const expr::Expression& given) {
  return given.kind == expr::Kind::kLiteral && !given.value.is_null() &&
         given.value.type().id() == TypeId::kString;
}

std::optional<double> number_of(const Value& value) {
  const Type& type = value.type();
  if (value.is_null() || !type.is_numeric()) return std::nullopt;
  if (type.is_float()) return value.as_double();
  if (type.id() != TypeId::kDecimal) return static_cast<double>(value.as_int());
  return static_cast<double>(value.as_decimal()) / static_cast<double>(power_of_ten(type.scale()));
}

// Of a literal, or of a list of them.
std::vector<Value> values_of(const expr::Expression& given, bool& is_array) {
  std::vector<Value> values;
  if (given.kind == expr::Kind::kCall && given.name == "ARRAY") {
    is_array = true;
    for (const auto& element : given.arguments) values.push_back(element->value);
  } else if (given.kind == expr::Kind::kLiteral) {
    is_array = !given.value.is_null() && given.value.type().id() == TypeId::kArray;
    values = is_array ? given.value.as_list() : std::vector<Value>{given.value};
  }
  return values;
}

// One of two words, which is no expression.
Status check_word(const AggregateFunction& function, const Aggregate& aggregate,
                  const std::array<const char*, 2>& words) {
  const expr::Expression& given = *aggregate.parameters[0];
  if (is_text(given) && std::ranges::find(words, given.value.as_text()) != words.end()) return {};
  return Status::invalid("it is written " + std::string(function.signature));
}

}  // namespace

std::pair<size_t, size_t> parameters_of(const AggregateFunction& function) {
  switch (function.kind) {
    case AggregateKind::kApproxPercentile:
    case AggregateKind::kPercentile:
    case AggregateKind::kPercentileDisc: return {1, 1};
    case AggregateKind::kListAgg:
    case AggregateKind::kArrayAgg:
    case AggregateKind::kJsonArrayAgg:
    case AggregateKind::kJsonObjectAgg: return {0, 1};
    default: return {0, 0};
  }
}

Status check_parameters(const AggregateFunction& function, const Aggregate& aggregate) {
  const auto [least, most] = parameters_of(function);
  const size_t given = aggregate.parameters.size();
  if (given < least || given > most) {
    return Status::invalid(std::string(function.name) + " is written " +
                           std::string(function.signature));
  }
  if (given == 0) return {};
  switch (function.kind) {
    case AggregateKind::kApproxPercentile: return place_of(aggregate).status();
    case AggregateKind::kPercentile:
    case AggregateKind::kPercentileDisc: return places_of(aggregate).status();
    case AggregateKind::kArrayAgg:
      return check_word(function, aggregate, {"RESPECT NULLS", "IGNORE NULLS"});
    case AggregateKind::kJsonArrayAgg:
    case AggregateKind::kJsonObjectAgg: return check_word(function, aggregate, {"NULL", "ABSENT"});
    default: break;
  }
  if (is_text(*aggregate.parameters[0])) return {};
  return Status::invalid("the separator of LISTAGG is a text that is a constant");
}

Result<Places> places_of(const Aggregate& aggregate) {
  Places places;
  if (aggregate.parameters.size() == 1) {
    for (const Value& value : values_of(*aggregate.parameters[0], places.is_array)) {
      places.of.push_back(number_of(value).value_or(-1));
    }
  }
  const bool fine = std::ranges::all_of(places.of, [](double at) { return at >= 0 && at <= 1; });
  if (fine && !places.of.empty()) return places;
  return Status::invalid(aggregate.function +
                         " takes a number and a constant from 0 to 1, such as 0.95");
}

Result<double> place_of(const Aggregate& aggregate) {
  DF_ASSIGN_OR_RETURN(const Places places, places_of(aggregate));
  if (!places.is_array) return places.of[0];
  return Status::invalid(aggregate.function + " takes one constant from 0 to 1, such as 0.95");
}

std::string separator_of(const Aggregate& aggregate) {
  return aggregate.parameters.empty() ? "," : aggregate.parameters[0]->value.as_text();
}

bool keeps_nulls(const AggregateFunction& function, const Aggregate& aggregate) {
  const auto says = [&](const char* word) {
    return !aggregate.parameters.empty() && aggregate.parameters[0]->value.as_text() == word;
  };
  switch (function.kind) {
    case AggregateKind::kArrayAgg: return !says("IGNORE NULLS");
    case AggregateKind::kJsonArrayAgg: return says("NULL");
    case AggregateKind::kJsonObjectAgg: return !says("ABSENT");
    default: return false;
  }
}

}  // namespace dataflow::plan
