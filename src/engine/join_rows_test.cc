// JoinRows held against a multiset, also with a hash under which nearly all rows collide.
#include "join_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "operator_bed.h"

namespace dataflow::engine {
namespace {

using Random = std::mt19937_64;
using Counts = std::map<std::pair<int64_t, int64_t>, int64_t>;

SchemaPtr schema() {
  return std::make_shared<Schema>(std::vector<Field>{{"k", Type::int64()}, {"v", Type::int64()}});
}

uint64_t poor_hash(std::string_view row) { return static_cast<uint8_t>(row[9]) % 2; }
uint64_t no_hash(std::string_view /*row*/) { return UINT64_MAX; }
uint64_t good_hash(std::string_view row) { return std::hash<std::string_view>()(row); }

// Takes rows in and back, as their kinds say.
class RowsOperator final : public Operator {
 public:
  RowsOperator(JoinRows rows, Counts& counts) : rows_(std::move(rows)), counts_(counts) {}

  Status open(OperatorContext& context) override { return rows_.open(context, "rows"); }
  Status on_batch(size_t /*input*/, const Batch& batch, Collector& /*out*/) override {
    DF_RETURN_IF_ERROR(rows_.read(batch));
    if (batch.kinds == nullptr) {
      (void)rows_.add_all();
      return show();
    }
    for (size_t row = 0; row < static_cast<size_t>(batch.rows); ++row) {
      if (batch.kind(static_cast<int64_t>(row)) == RowKind::kInsert) {
        rows_.add(row);
      } else if (const auto found = rows_.find(row)) {
        rows_.take_back(*found);
      } else {
        return Status::not_found("what is taken back");
      }
    }
    return show();
  }

 private:
  Status show() {
    counts_.clear();
    Status decoded;
    rows_.table().for_each([&](JoinRows::Row row) {
      std::vector<ColumnPtr> columns;
      const std::string_view bytes = rows_.bytes_of(row);
      decoded = rows_.codec().decode({&bytes, 1}, columns);
      if (!decoded.ok()) return;
      const auto at = std::pair(value_at(Type::int64(), *columns[0], 0).as_int(),
                                value_at(Type::int64(), *columns[1], 0).as_int());
      if (!counts_.emplace(at, rows_.times(row)).second) decoded = Status::invalid("twice");
    });
    return decoded;
  }

  JoinRows rows_;
  Counts& counts_;
};

Result<Batch> batch_of_changes(const std::vector<std::pair<int64_t, int64_t>>& rows,
                               const std::vector<RowKind>& kinds) {
  std::vector<std::vector<Value>> values;
  for (const auto& [k, v] : rows) values.push_back({Value::int64(k), Value::int64(v)});
  DF_ASSIGN_OR_RETURN(Batch batch, batch_of(schema(), values));
  if (std::ranges::count(kinds, RowKind::kInsert) < std::ssize(kinds)) {
    batch.kinds = std::make_shared<std::vector<RowKind>>(kinds);
  }
  return batch;
}

TEST(JoinRowsTest, RandomChangesAreThoseOfAMultisetWhateverTheHash) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const JoinRows::HashRow hash : {good_hash, poor_hash, no_hash}) {
    Counts counts, expected;
    OperatorBed bed(
        [&]() -> Result<std::unique_ptr<Operator>> {
          DF_ASSIGN_OR_RETURN(JoinRows rows, JoinRows::make({{"k"}, schema()}, hash));
          return std::unique_ptr<Operator>(std::make_unique<RowsOperator>(std::move(rows), counts));
        },
        {0});
    ASSERT_TRUE(bed.start(1).ok());
    for (int i = 0; i < 200; ++i) {
      std::vector<std::pair<int64_t, int64_t>> rows;
      std::vector<RowKind> kinds;
      const bool only_adds = random() % 3 == 0;
      for (uint64_t n = 1 + random() % 12; n > 0; --n) {
        const bool adds = only_adds || expected.empty() || random() % 2 == 0;
        rows.emplace_back(random() % 3, random() % 8);
        if (!adds)
          rows.back() =
              std::next(expected.begin(), static_cast<ptrdiff_t>(random() % expected.size()))
                  ->first;
        kinds.push_back(adds ? RowKind::kInsert : RowKind::kDelete);
        int64_t& times = expected[rows.back()];
        times += adds ? 1 : -1;
        if (times == 0) expected.erase(rows.back());
      }
      const Status status = bed.batch(*batch_of_changes(rows, kinds));
      ASSERT_TRUE(status.ok()) << status;
      ASSERT_EQ(counts, expected);
      if (random() % 10 != 0) continue;
      ASSERT_TRUE(bed.barrier().ok());
      ASSERT_TRUE(bed.start(1).ok());
    }
  }
}

}  // namespace
}  // namespace dataflow::engine
