#include "compare_rows.h"

#include <algorithm>

namespace dataflow::jobs {
namespace {

constexpr size_t kNone = SIZE_MAX;

class Comparison {
 public:
  Comparison(const std::vector<ExpectedRow>& expected, const std::vector<ActualRow>& actual,
             const Schema& schema, const CompareOptions& options)
      : expected_(expected),
        actual_(actual),
        schema_(schema),
        options_(options),
        partner_(expected.size(), kNone),
        taken_(actual.size(), kNone) {}

  std::vector<RowReport> run() {
    if (options_.in_order) {
      match_in_order();
    } else {
      match_any();
    }
    pair_most_alike();
    return report();
  }

 private:
  bool same(size_t e, size_t a) const {
    return same_row(expected_[e], actual_[a], options_.all_columns);
  }
  void pair(size_t e, size_t a) {
    partner_[e] = a;
    taken_[a] = e;
  }
  // Finds `e` a row, giving another one its second choice where that helps.
  bool find_row(size_t e, std::vector<bool>& tried) {
    for (size_t a = 0; a < actual_.size(); ++a) {
      if (tried[a] || !same(e, a)) continue;
      tried[a] = true;
      if (taken_[a] != kNone && !find_row(taken_[a], tried)) continue;
      pair(e, a);
      return true;
    }
    return false;
  }
  void match_any() {
    for (size_t e = 0; e < expected_.size(); ++e) {
      std::vector<bool> tried(actual_.size(), false);
      find_row(e, tried);
    }
  }
  // The longest common subsequence.
  void match_in_order() {
    const size_t columns = actual_.size() + 1;
    std::vector<uint32_t> best((expected_.size() + 1) * columns, 0);
    for (size_t e = expected_.size(); e-- > 0;) {
      for (size_t a = actual_.size(); a-- > 0;) {
        best[e * columns + a] =
            same(e, a) ? best[(e + 1) * columns + a + 1] + 1
                       : std::max(best[(e + 1) * columns + a], best[e * columns + a + 1]);
      }
    }
    size_t e = 0;
    size_t a = 0;
    while (e < expected_.size() && a < actual_.size()) {
      if (same(e, a)) {
        pair(e++, a++);
      } else if (best[(e + 1) * columns + a] >= best[e * columns + a + 1]) {
        ++e;
      } else {
        ++a;
      }
    }
  }
  // Of what is left over, rows that agree in a column at least.
  void pair_most_alike() {
    for (size_t e = 0; e < expected_.size(); ++e) {
      if (partner_[e] != kNone) continue;
      size_t least = expected_[e].values.size();
      size_t found = kNone;
      for (size_t a = 0; a < actual_.size(); ++a) {
        if (taken_[a] != kNone) continue;
        const size_t differ = differing(expected_[e], actual_[a], false).size();
        if (differ < least) {
          least = differ;
          found = a;
        }
      }
      if (found != kNone) pair(e, found);
    }
  }
  std::vector<RowReport> report() const {
    std::vector<RowReport> rows;
    size_t last = 0;
    for (size_t e = 0; e < expected_.size(); ++e) {
      RowReport row;
      row.line = expected_[e].place.line;
      row.expected = text_of(expected_[e], schema_);
      row.verdict = RowVerdict::kMissing;
      if (const size_t a = partner_[e]; a != kNone) {
        row.actual = text_of(actual_[a], schema_);
        // Alike, but not where it stands: the order is wrong.
        const bool moved = options_.in_order && a < last;
        last = std::max(last, a);
        row.verdict = same(e, a) && !moved ? RowVerdict::kSame : RowVerdict::kDiffers;
        for (const size_t column : differing(expected_[e], actual_[a], options_.all_columns)) {
          row.columns.push_back(schema_[column].name);
        }
        if (expected_[e].kind && *expected_[e].kind != actual_[a].kind) {
          row.columns.emplace_back("$op");
        }
        if (row.verdict == RowVerdict::kDiffers && row.columns.empty()) {
          row.columns.emplace_back("order");
        }
      }
      rows.push_back(std::move(row));
    }
    for (size_t a = 0; a < actual_.size(); ++a) {
      if (taken_[a] != kNone) continue;
      rows.push_back({RowVerdict::kUnexpected, "", text_of(actual_[a], schema_), {}, 0});
    }
    return rows;
  }

  const std::vector<ExpectedRow>& expected_;
  const std::vector<ActualRow>& actual_;
  const Schema& schema_;
  const CompareOptions options_;
  std::vector<size_t> partner_;  // of each expected row
  std::vector<size_t> taken_;    // of each actual row
};

}  // namespace

std::vector<RowReport> compare_rows(const std::vector<ExpectedRow>& expected,
                                    const std::vector<ActualRow>& actual, const Schema& schema,
                                    const CompareOptions& options) {
  return Comparison(expected, actual, schema, options).run();
}

}  // namespace dataflow::jobs
