#include "jobs/rows_at_hand.h"

#include <algorithm>
#include <iterator>

namespace dataflow::jobs {
namespace {

class RowsAtHand final : public RowStream {
 public:
  explicit RowsAtHand(std::vector<Row> rows) : rows_(std::move(rows)) {}
  Result<std::vector<Row>> next(size_t most) override {
    const size_t count = std::min(most, rows_.size() - at_);
    const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(at_);
    std::vector<Row> part(std::make_move_iterator(begin),
                          std::make_move_iterator(begin + static_cast<std::ptrdiff_t>(count)));
    at_ += count;
    return part;
  }

 private:
  std::vector<Row> rows_;
  size_t at_ = 0;
};

}  // namespace

std::unique_ptr<RowStream> rows_at_hand(std::vector<Row> rows) {
  return std::make_unique<RowsAtHand>(std::move(rows));
}

}  // namespace dataflow::jobs
