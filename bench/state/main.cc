// What the engine's hottest loop costs: rows found in a KeyedTable, and its delta made and loaded.
//   state_bench                                               the loops alone
//   state_bench DIR [keys] [seconds] [key size] [number]   checkpoints of a large table, in DIR
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "base/hash.h"
#include "checkpoints.h"
#include "state/keyed_table.h"

namespace dataflow::state {
namespace {

double millis_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

struct Input {
  std::vector<std::string> keys;
  std::vector<std::string_view> views;
  std::vector<uint64_t> hashes;
  std::vector<int64_t> numbers;

  Input(size_t rows, size_t distinct, size_t key_size) {
    std::mt19937_64 random(1);
    for (size_t i = 0; i < rows; ++i) {
      std::string key = std::to_string(random() % distinct);
      key.insert(0, key_size - std::min(key_size, key.size()), '0');
      keys.push_back(std::move(key));
    }
    for (const std::string& key : keys) {
      views.push_back(key);
      hashes.push_back(hash64(key));
      numbers.push_back(static_cast<int64_t>(random() % 2));
    }
  }
};

void measure(size_t distinct, size_t key_size) {
  constexpr size_t kRows = 1 << 20;
  constexpr size_t kBatch = 4096;
  const Input input(kRows, distinct, key_size);
  KeyedTable table({"sums", 1, {ValueKind::kInt64, ValueKind::kInt64}});
  std::vector<RowNumber> rows(kBatch);
  std::vector<RowNumber> made;
  double nanos = 0;
  for (int round = 0; round < 4; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    for (size_t at = 0; at < kRows; at += kBatch) {
      made.clear();
      table.upsert_all(std::span(input.hashes).subspan(at, kBatch),
                       std::span(input.views).subspan(at, kBatch),
                       std::span(input.numbers).subspan(at, kBatch), rows, &made);
    }
    nanos = 1e6 * millis_since(begin) / kRows;
    if (round == 0) std::printf("%7zu keys of %2zu bytes: first %5.1f", distinct, key_size, nanos);
  }
  std::printf(", then %5.1f ns a row; %zu rows\n", nanos, table.size());

  auto begin = std::chrono::steady_clock::now();
  const std::optional<DeltaBlock> delta = table.take_delta();
  const double taken = millis_since(begin);
  begin = std::chrono::steady_clock::now();
  KeyedTable copy(table.spec());
  const Status loaded = copy.load(*delta, {});
  std::printf("        delta of %u rows, %zu bytes: taken in %.2f ms, loaded in %.2f ms%s\n",
              delta->rows, delta->bytes.size(), taken, millis_since(begin),
              loaded.ok() ? "" : " (failed)");
}

}  // namespace
}  // namespace dataflow::state

int main(int count, char** arguments) {
  if (count > 1) {
    dataflow::state::CheckpointLoad load;
    load.dir = std::string(arguments[1]) + "/state_bench";
    if (count > 2) load.keys = std::stoull(arguments[2]);
    if (count > 3) load.seconds = std::stod(arguments[3]);
    if (count > 4) load.key_size = std::stoull(arguments[4]);
    if (count > 5) load.number = std::stoll(arguments[5]);
    return dataflow::state::measure_checkpoints(load) ? 0 : 1;
  }
  for (const size_t distinct : {1000, 10'000, 50'000, 100'000, 500'000}) {
    dataflow::state::measure(distinct, 8);
    dataflow::state::measure(distinct, 24);
  }
}
