#include "enum_names.h"
#include "json_fields.h"
#include "sample_plans.h"
#include "spec_kinds.h"

namespace dataflow::plan {
namespace {

// An archive that fills each field that json_fields.h names.
class RandomFiller {
 public:
  explicit RandomFiller(std::mt19937_64& random) : random_(random) {}

  template <class T>
  void required(const char*, T& out) {
    fill(out);
  }
  template <class T>
  void field(const char*, T& out) {
    fill(out);
  }
  void spec(Spec& out) {
    out = *spec_of_kind(kSpecKinds[below(kSpecKinds.size())]);
    std::visit([this](auto& of) { describe(*this, of); }, out);
  }

 private:
  size_t below(size_t limit) { return static_cast<size_t>(random_() % limit); }

  void fill(std::string& out) {
    static const std::vector<std::string> kTexts = {"",
                                                    "a",
                                                    "ts",
                                                    "it's \"quoted\"",
                                                    "back\\slash",
                                                    "tab\tand\nline",
                                                    "größe",
                                                    "日本",
                                                    "💧",
                                                    std::string("nul\0within", 10)};
    out = kTexts[below(kTexts.size())] + std::to_string(below(10));
  }
  void fill(bool& out) { out = below(2) == 1; }
  void fill(int64_t& out) { out = static_cast<int64_t>(random_()) >> below(64); }
  void fill(int& out) { out = static_cast<int>(random_()) >> below(32); }
  void fill(Options& out) {
    for (size_t i = below(4); i > 0; --i) {
      std::string key;
      fill(key);
      fill(out[key]);
    }
  }
  void fill(expr::ExpressionPtr& out) {
    static const std::vector<std::string> kTexts = {
        "a",
        "a + 1.5",
        "CASE WHEN b IS NULL THEN 'x' ELSE UPPER(c) END",
        "TRY_CAST(a AS DECIMAL(10, 2)) > 3 AND NOT b",
        "x IN (1, 2, 3)",
        "NULL"};
    out = parsed(kTexts[below(kTexts.size())]);
  }
  void fill(SchemaPtr& out) {
    const std::vector<Type> types = {
        Type::int64(),
        Type::string(),
        Type::decimal(12, 3),
        Type::timestamp_tz(6),
        Type::map(Type::string(), Type::array(Type::float32())),
        Type::row({{"a", Type::date(), false}, {"b c", Type::json()}})};
    std::vector<Field> fields;
    for (size_t i = below(5); i > 0; --i) {
      Field& field = fields.emplace_back();
      fill(field.name);
      field.type = types[below(types.size())];
      fill(field.nullable);
    }
    out = schema(std::move(fields));
  }
  template <class T>
  void fill(std::optional<T>& out) {
    if (below(2) == 1) fill(out.emplace());
  }
  template <class T>
  void fill(std::vector<T>& out) {
    for (size_t i = below(4); i > 0; --i) fill(out.emplace_back());
  }
  template <class T>
  void fill(T& out) {
    if constexpr (std::is_enum_v<T>) {
      out = EnumNames<T>::kTable[below(EnumNames<T>::kTable.size())].first;
    } else {
      describe(*this, out);
    }
  }

  std::mt19937_64& random_;
};

}  // namespace

Plan random_plan(std::mt19937_64& random) {
  Plan plan;
  RandomFiller filler(random);
  describe(filler, plan);
  return plan;
}

}  // namespace dataflow::plan
