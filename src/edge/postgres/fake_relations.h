// For tests: a server's relations without a server.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "jobs/sql_session.h"

namespace dataflow::postgres {

class FakeRelations final : public jobs::SqlService {
 public:
  explicit FakeRelations(std::vector<jobs::RelationFacts> relations)
      : relations_(std::move(relations)) {}

  std::unique_ptr<jobs::SqlSession> open_session() override { return nullptr; }
  std::vector<jobs::RelationFacts> relations() const override {
    ++reads;
    return relations_;
  }
  uint64_t version() const override { return version_; }

  void set(std::vector<jobs::RelationFacts> relations) {
    relations_ = std::move(relations);
    ++version_;
  }

  mutable int reads = 0;

 private:
  std::vector<jobs::RelationFacts> relations_;
  uint64_t version_ = 1;
};

// A keyed table with a comment, one without a key, a view, a materialised view with a key.
inline std::vector<jobs::RelationFacts> some_relations() {
  using Kind = jobs::RelationFacts::Kind;
  std::vector<jobs::RelationFacts> out;
  out.push_back({"busiest",
                 Kind::kMaterializedView,
                 {{"meeting", Type::int64(), false}, {"n", Type::int64(), true}},
                 {"meeting"},
                 "SELECT meeting, n FROM busy",
                 ""});
  out.push_back({"busy",
                 Kind::kView,
                 {{"meeting", Type::int64(), true}, {"n", Type::int64(), false}},
                 {},
                 "SELECT meeting, COUNT(*) AS n FROM joins GROUP BY meeting",
                 ""});
  out.push_back({"joins",
                 Kind::kTable,
                 {{"meeting", Type::int64(), true},
                  {"who", Type::string(), true},
                  {"at", Type::timestamp_tz(3), true},
                  {"tags", Type::array(Type::string()), true}},
                 {},
                 "",
                 ""});
  out.push_back({"meetings",
                 Kind::kTable,
                 {{"id", Type::int64(), false},
                  {"title", Type::string(), false},
                  {"price", Type::decimal(10, 2), true},
                  {"started", Type::timestamp(3), true}},
                 {"id"},
                 "",
                 "The meetings"});
  return out;
}

}  // namespace dataflow::postgres
