// KeyedTable against a std::map, by random sequences of operations from a printed seed.
#include "state/keyed_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <tuple>

#include "base/hash.h"

namespace dataflow::state {
namespace {

struct Values {
  int64_t number = 0;
  double real = 0;
  __int128 decimal = 0;
  std::string text;
  bool operator==(const Values&) const = default;
};
using Key = std::pair<std::string, int64_t>;
using Model = std::map<Key, Values>;

const TableSpec kSpec{
    "sums", 1, {ValueKind::kInt64, ValueKind::kFloat64, ValueKind::kInt128, ValueKind::kBytes}};

void PrintTo(const Values& values, std::ostream* out) {
  *out << values.number << "/" << values.real << "/" << static_cast<int64_t>(values.decimal) << "/"
       << values.text;
}

Values values_of(KeyedTable& table, RowNumber row) {
  return {table.ints(0)[row], table.floats(1)[row], table.decimals(2)[row], table.bytes(3)[row]};
}

void set_values(KeyedTable& table, RowNumber row, const Values& values) {
  table.ints(0)[row] = values.number;
  table.floats(1)[row] = values.real;
  table.decimals(2)[row] = values.decimal;
  table.note_bytes(std::ssize(values.text) - std::ssize(table.bytes(3)[row]));
  table.bytes(3)[row] = values.text;
}

Model contents(KeyedTable& table) {
  Model found;
  table.for_each([&](RowNumber row) {
    const bool is_new =
        found.emplace(Key(table.key(row), table.number(row)), values_of(table, row)).second;
    EXPECT_TRUE(is_new) << "a key has two rows";
    EXPECT_EQ(table.hash(row), hash64(table.key(row)));
  });
  EXPECT_EQ(found.size(), table.size());
  return found;
}

class World {
 public:
  explicit World(uint64_t seed) : random_(seed), keys_(1 + random_() % 300) {}

  void run(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
      switch (random_() % 12) {
        case 0:
        case 1:
        case 2: put_one(); break;
        case 3:
        case 4: put_many(); break;
        case 5:
        case 6:
        case 7: erase_one(); break;
        case 8: look(); break;
        case 9: change_one(); break;
        case 10: take(); break;
        default:
          if (random_() % 20 == 0) erase_all();
          break;
      }
    }
    ASSERT_EQ(contents(table_), model_);
    take();
    check_rescaled();
  }

 private:
  Key random_key() {
    const uint64_t n = random_() % keys_;
    // Of all lengths around what lies in a row, 0 included.
    std::string key = n == 0 ? "" : std::to_string(n);
    if (n % 3 == 0) key.append(n % 29, 'k');
    if (n % 50 == 7) key.append(3000, 'l');
    return {key, static_cast<int64_t>(random_() % 3) - 1};
  }
  Values random_values() {
    return {static_cast<int64_t>(random_()), static_cast<double>(random_() % 1000) / 8,
            static_cast<__int128>(random_()) * static_cast<int64_t>(random_()),
            std::string(random_() % 40, static_cast<char>('a' + random_() % 26))};
  }
  void expect_made(const Key& key, RowNumber row, bool made) {
    ASSERT_EQ(made, !model_.contains(key));
    EXPECT_EQ(values_of(table_, row), made ? Values() : model_[key]);
  }
  void put_one() {
    const Key key = random_key();
    bool made = false;
    const RowNumber row = table_.upsert(hash64(key.first), key.first, key.second, &made);
    expect_made(key, row, made);
    set_values(table_, row, model_[key] = random_values());
  }
  void put_many() {
    std::vector<Key> keys(random_() % 200);
    std::vector<uint64_t> hashes;
    std::vector<std::string_view> views;
    std::vector<int64_t> numbers;
    for (Key& key : keys) {
      key = random_key();
      hashes.push_back(hash64(key.first));
      views.push_back(key.first);
      numbers.push_back(key.second);
    }
    std::vector<RowNumber> rows(keys.size());
    std::vector<RowNumber> made;
    table_.upsert_all(hashes, views, numbers, rows, random_() % 4 == 0 ? nullptr : &made);
    std::set<Key> made_keys;
    for (const RowNumber row : made) made_keys.emplace(table_.key(row), table_.number(row));
    EXPECT_EQ(made.size(), made_keys.size());
    for (const Key& key : made_keys) EXPECT_FALSE(model_.contains(key));
    for (size_t i = 0; i < keys.size(); ++i) {
      ASSERT_EQ(table_.key(rows[i]), keys[i].first);
      ASSERT_EQ(table_.number(rows[i]), keys[i].second);
      set_values(table_, rows[i], model_[keys[i]] = random_values());
    }
  }
  void erase_one() {
    const Key key = random_key();
    const std::optional<RowNumber> row = table_.find(hash64(key.first), key.first, key.second);
    ASSERT_EQ(row.has_value(), model_.contains(key));
    if (!row) return;
    table_.erase(*row);
    model_.erase(key);
  }
  void erase_all() {
    std::vector<RowNumber> rows;
    table_.for_each([&](RowNumber row) { rows.push_back(row); });
    for (const RowNumber row : rows) table_.erase(row);
    model_.clear();
  }
  void change_one() {
    const Key key = random_key();
    const std::optional<RowNumber> row = table_.find(hash64(key.first), key.first, key.second);
    if (!row) return;
    table_.mark_changed(*row);
    set_values(table_, *row, model_[key] = random_values());
  }
  void look() {
    const std::string prefix = std::to_string(random_() % 10);
    std::vector<Key> expected;
    for (const auto& [key, values] : model_) {
      if (key.first.starts_with(prefix)) expected.push_back(key);
    }
    std::vector<Key> found;
    for (const RowNumber row : table_.scan(prefix)) {
      found.emplace_back(table_.key(row), table_.number(row));
    }
    EXPECT_EQ(found, expected);
  }
  void take() {
    const std::optional<DeltaBlock> delta = table_.take_delta();
    if (delta) {
      deltas_.push_back(*delta);
      const Status loaded = copy_.load(*delta, {});
      ASSERT_TRUE(loaded.ok()) << loaded;
    }
    ASSERT_EQ(contents(copy_), model_);
    EXPECT_FALSE(copy_.take_delta().has_value()) << "loaded rows count as changed";
    EXPECT_FALSE(table_.take_delta().has_value());
  }
  // All deltas, at another parallelism; each twice, from some point on.
  void check_rescaled() {
    const int parallelism = 1 + static_cast<int>(random_() % 7);
    const size_t again = deltas_.empty() ? 0 : random_() % deltas_.size();
    Model all;
    for (int task = 0; task < parallelism; ++task) {
      KeyedTable part(kSpec);
      const KeyGroupRange range = key_groups_of_task(task, parallelism);
      for (const DeltaBlock& delta : deltas_) ASSERT_TRUE(part.load(delta, range).ok());
      for (size_t i = again; i < deltas_.size(); ++i) {
        ASSERT_TRUE(part.load(deltas_[i], range).ok());
      }
      for (auto& [key, values] : contents(part)) {
        EXPECT_TRUE(range.contains(key_group_of(hash64(key.first))));
        EXPECT_TRUE(all.emplace(key, values).second);
      }
    }
    EXPECT_EQ(all, model_);
  }

  std::mt19937_64 random_;
  const uint64_t keys_;
  KeyedTable table_{kSpec};
  KeyedTable copy_{kSpec};  // by deltas alone
  Model model_;
  std::vector<DeltaBlock> deltas_;
};

TEST(KeyedTable, HoldsWhatAMapHoldsAndItsDeltasMakeTheSame) {
  const uint64_t seed = std::random_device()();
  for (uint64_t round = 0; round < 40 && !HasFailure(); ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed + round));
    World(seed + round).run(400);
  }
}

TEST(KeyedTable, AKeyMadeAndErasedBetweenDeltasLeavesNoTrace) {
  KeyedTable table(kSpec);
  for (int i = 0; i < 100'000; ++i) {
    const std::string key = "short-lived key " + std::to_string(i);
    table.erase(table.upsert(hash64(key), key, i));
  }
  EXPECT_EQ(table.take_delta(), std::nullopt);
  EXPECT_LT(table.memory_bytes(), 300u << 10);
}

TEST(KeyedTable, ADeltaHoldsOnlyWhatChanged) {
  KeyedTable table(kSpec);
  for (int i = 0; i < 1000; ++i) {
    const std::string key = std::to_string(i);
    (void)table.upsert(hash64(key), key, 0);
  }
  EXPECT_EQ(table.take_delta()->rows, 1000u);
  (void)table.upsert(hash64("7"), "7", 0);
  table.erase(*table.find(hash64("8"), "8", 0));
  table.erase(*table.find(hash64("9"), "9", 0));
  (void)table.upsert(hash64("9"), "9", 0);
  EXPECT_EQ(table.take_delta()->rows, 3u);
}

TEST(KeyedTable, ARowThatIsNotTouchedExpires) {
  KeyedTable table({"seen", 1, {ValueKind::kInt64, ValueKind::kBytes}, 100});
  const auto there = [&](const std::string& key) {
    return table.find(hash64(key), key, 0).has_value();
  };
  table.set_time(1000);
  for (const std::string& key : {std::string("a"), std::string("b"), std::string("c")}) {
    const RowNumber row = table.upsert(hash64(key), key, 0);
    table.ints(0)[row] = 7;
    table.bytes(1)[row] = key;
  }
  table.set_time(1099);
  EXPECT_TRUE(there("a"));
  bool made = true;
  (void)table.upsert(hash64("b"), "b", 0, &made);
  EXPECT_FALSE(made);
  KeyedTable copy(table.spec());
  ASSERT_TRUE(copy.load(*table.take_delta(), {}).ok());
  table.set_time(1100);
  EXPECT_FALSE(there("a"));
  EXPECT_TRUE(there("b"));
  EXPECT_EQ(table.scan("").size(), 1u);
  // What comes back begins anew.
  const RowNumber again = table.upsert(hash64("c"), "c", 0, &made);
  EXPECT_TRUE(made);
  EXPECT_EQ(table.ints(0)[again], 0);
  EXPECT_EQ(table.bytes(1)[again], "");

  EXPECT_EQ(table.size(), 3u);
  table.sweep();
  EXPECT_EQ(table.size(), 2u);
  const std::optional<DeltaBlock> delta = table.take_delta();
  ASSERT_TRUE(delta);
  EXPECT_EQ(delta->rows, 2u) << "one erased, one made anew";
  copy.set_time(1100);
  ASSERT_TRUE(copy.load(*delta, {}).ok());
  EXPECT_EQ(copy.size(), 2u);
  size_t rows = 0;
  copy.for_each([&](RowNumber row) {
    ++rows;
    EXPECT_EQ(copy.ints(0)[row], copy.key(row) == "b" ? 7 : 0);
  });
  EXPECT_EQ(rows, 2u);
  copy.set_time(1199);
  EXPECT_FALSE(copy.find(hash64("b"), "b", 0).has_value()) << "a row keeps its time over a restart";
  EXPECT_TRUE(copy.find(hash64("c"), "c", 0).has_value());
}

TEST(KeyedTable, SweepsGiveAllExpiredRowsBack) {
  KeyedTable table({"seen", 1, {}, 10});
  table.set_time(1);
  for (int i = 0; i < 300'000; ++i) {
    const std::string key = std::to_string(i);
    (void)table.upsert(hash64(key), key, 0);
  }
  ASSERT_TRUE(table.take_delta());
  table.set_time(20);
  (void)table.upsert(hash64("7"), "7", 0);
  for (int i = 0; i < 64; ++i) table.sweep();
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.take_delta()->rows, 300'000u);
}

TEST(KeyedTable, SaysWhatItTakesWithinAFewPercent) {
  KeyedTable table({"sums", 1, {ValueKind::kInt64, ValueKind::kInt64, ValueKind::kFloat64}});
  constexpr size_t kKeys = 1'000'000;
  for (size_t i = 0; i < kKeys; ++i) {
    const std::string_view key(reinterpret_cast<const char*>(&i), sizeof i);
    (void)table.upsert(hash64(key), key, 0);
    if (i % 5000 == 0) (void)table.take_delta();
  }
  (void)table.take_delta();
  EXPECT_GT(table.memory_bytes(), 48 * kKeys);
  EXPECT_LT(table.memory_bytes(), 56 * kKeys);
}

TEST(KeyedTable, RefusesStateOfANewerVersionOrOtherColumns) {
  KeyedTable newer({"t", 2, {ValueKind::kInt64}});
  (void)newer.upsert(hash64("k"), "k", 0);
  const DeltaBlock delta = *newer.take_delta();
  KeyedTable older({"t", 1, {ValueKind::kInt64}});
  const Status refused = older.load(delta, {});
  EXPECT_EQ(refused.code(), StatusCode::kUnsupported);
  EXPECT_NE(refused.message().find("table t"), std::string::npos) << refused;
  KeyedTable other({"t", 2, {ValueKind::kFloat64}});
  EXPECT_EQ(other.load(delta, {}).code(), StatusCode::kUnsupported);
  KeyedTable stranger({"u", 2, {ValueKind::kInt64}});
  EXPECT_EQ(stranger.load(delta, {}).code(), StatusCode::kCorrupt);
  EXPECT_EQ(older.size() + other.size() + stranger.size(), 0u);
}

TEST(KeyedTable, ANotedRowIsThereUntilItIsErasedOrExpires) {
  KeyedTable table({"t", 1, {}, 10});
  EXPECT_FALSE(table.is_there(0));
  const RowNumber row = table.upsert(hash64("a"), "a", 0);
  EXPECT_TRUE(table.is_there(row));
  table.set_time(10);
  EXPECT_FALSE(table.is_there(row));
  EXPECT_EQ(table.upsert(hash64("a"), "a", 0), row);
  EXPECT_TRUE(table.is_there(row));
  table.erase(row);
  EXPECT_FALSE(table.is_there(row));
}

TEST(KeyedTable, AnyFlippedBitOfADeltaIsFound) {
  KeyedTable table(kSpec);
  for (int i = 0; i < 20; ++i) {
    const std::string key = std::to_string(i);
    const RowNumber row = table.upsert(hash64(key), key, i);
    table.bytes(3)[row] = key;
  }
  const DeltaBlock delta = *table.take_delta();
  for (size_t bit = 0; bit < 8 * delta.bytes.size(); ++bit) {
    DeltaBlock damaged = delta;
    damaged.bytes[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    KeyedTable copy(kSpec);
    const Status status = copy.load(damaged, {});
    ASSERT_FALSE(status.ok()) << "bit " << bit;
    EXPECT_EQ(copy.size(), 0u);
  }
  for (size_t size = 0; size < delta.bytes.size(); ++size) {
    KeyedTable copy(kSpec);
    EXPECT_EQ(copy.load({delta.bytes.substr(0, size), 0}, {}).code(), StatusCode::kCorrupt);
  }
}

}  // namespace
}  // namespace dataflow::state
