#include "coercion.h"

#include <algorithm>

#include "decimal_text.h"

namespace dataflow::expr {

namespace {

bool is_text(const Type& type) {
  return type.id() == TypeId::kString || type.id() == TypeId::kJson;
}

// Where digits do not all fit, the whole part is kept and the scale given up, but not below 6.
Type fitted(int precision, int scale) {
  if (precision <= kMaxDecimalPrecision) return Type::decimal(precision, scale);
  int whole = precision - scale;
  int kept = std::max(kMaxDecimalPrecision - whole, std::min(scale, 6));
  return Type::decimal(kMaxDecimalPrecision, kept);
}

std::optional<Type> common_numeric(const Type& a, const Type& b) {
  if (a.is_float() || b.is_float()) {
    bool decimal = a.id() == TypeId::kDecimal || b.id() == TypeId::kDecimal;
    bool wide = a.id() == TypeId::kFloat64 || b.id() == TypeId::kFloat64;
    return decimal || wide ? Type::float64() : Type::float32();
  }
  if (a.is_integer() && b.is_integer()) return a.id() > b.id() ? a : b;
  Type left = as_decimal(a);
  Type right = as_decimal(b);
  int scale = std::max(left.scale(), right.scale());
  int whole = std::max(left.precision() - left.scale(), right.precision() - right.scale());
  return fitted(whole + scale, scale);
}

std::optional<Type> common_nested(const Type& a, const Type& b) {
  if (a.id() != b.id() || a.fields().size() != b.fields().size()) return std::nullopt;
  std::vector<Field> fields;
  for (size_t i = 0; i < a.fields().size(); ++i) {
    auto type = common_type(a.fields()[i].type, b.fields()[i].type);
    if (!type) return std::nullopt;
    fields.push_back({a.fields()[i].name, *type, a.fields()[i].nullable || b.fields()[i].nullable});
  }
  if (a.id() == TypeId::kArray) return Type::array(fields[0].type);
  if (a.id() == TypeId::kMap) return Type::map(fields[0].type, fields[1].type);
  return Type::row(std::move(fields));
}

}  // namespace

Type as_decimal(const Type& type) {
  switch (type.id()) {
    case TypeId::kInt8: return Type::decimal(3, 0);
    case TypeId::kInt16: return Type::decimal(5, 0);
    case TypeId::kInt32: return Type::decimal(10, 0);
    case TypeId::kInt64: return Type::decimal(19, 0);
    default: return type;
  }
}

Type decimal_sum(const Type& a, const Type& b) {
  int scale = std::max(a.scale(), b.scale());
  int whole = std::max(a.precision() - a.scale(), b.precision() - b.scale());
  return fitted(whole + scale + 1, scale);
}

Type decimal_product(const Type& a, const Type& b) {
  return fitted(a.precision() + b.precision() + 1, a.scale() + b.scale());
}

Type decimal_quotient(const Type& a, const Type& b) {
  int scale = std::max(6, a.scale() + b.precision() + 1);
  return fitted(a.precision() - a.scale() + b.scale() + scale, scale);
}

Type decimal_remainder(const Type& a, const Type& b) {
  if (a.scale() == 0 && b.scale() == 0) return b;
  int scale = std::max(a.scale(), b.scale());
  int whole = std::min(a.precision() - a.scale(), b.precision() - b.scale());
  return fitted(std::max(whole + scale, 1), scale);
}

Type decimal_rounded(const Type& type, int digits) {
  if (digits >= type.scale()) return type;
  int whole = type.precision() - type.scale() + 1;
  if (digits < 0) return Type::decimal(std::min(whole, kMaxDecimalPrecision), 0);
  return Type::decimal(std::min(whole + digits, kMaxDecimalPrecision), digits);
}

std::optional<Type> common_type(const Type& a, const Type& b) {
  if (a == b || b.id() == TypeId::kNull) return a;
  if (a.id() == TypeId::kNull) return b;
  if (a.is_numeric() && b.is_numeric()) return common_numeric(a, b);
  if (is_text(a) && is_text(b)) return Type::string();
  if (a.is_nested() && b.is_nested()) return common_nested(a, b);
  int precision = std::max(a.precision(), b.precision());
  if (a.id() == TypeId::kTime && b.id() == TypeId::kTime) return Type::time(precision);
  bool a_day = a.id() == TypeId::kDate || a.is_timestamp();
  bool b_day = b.id() == TypeId::kDate || b.is_timestamp();
  if (!a_day || !b_day) return std::nullopt;
  if (a.id() == TypeId::kTimestampTz || b.id() == TypeId::kTimestampTz) {
    return Type::timestamp_tz(precision);
  }
  return Type::timestamp(precision);
}

std::optional<Type> comparison_type(const Type& a, const Type& b) {
  if (auto common = common_type(a, b)) return common;
  // A text is read as what it stands beside: a date as a timestamp would be, so that
  // '2026-01-31 12:00' compares with a date as Flink does.
  for (const auto& [text, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    if (!is_text(*text) || other->is_nested() || is_text(*other)) continue;
    if (other->id() == TypeId::kBytes || other->id() == TypeId::kMonths ||
        other->id() == TypeId::kMillis) {
      continue;
    }
    if (other->is_integer()) return Type::int64();
    if (other->is_timestamp() && other->precision() < 3) {
      return other->id() == TypeId::kTimestamp ? Type::timestamp(3) : Type::timestamp_tz(3);
    }
    return *other;
  }
  return std::nullopt;
}

Result<NodePtr> coerced(NodePtr node, const Type& to, const CallSite& site) {
  if (node->type() == to) return node;
  return bind_cast(std::move(node), to, site, false);
}

Result<Nodes> all_coerced(Nodes nodes, const Type& to, const CallSite& site) {
  for (NodePtr& node : nodes) {
    DF_ASSIGN_OR_RETURN(node, coerced(std::move(node), to, site));
  }
  return nodes;
}

}  // namespace dataflow::expr
