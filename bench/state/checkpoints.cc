#include "checkpoints.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <future>
#include <random>
#include <thread>
#include <vector>

#include "base/env.h"
#include "base/hash.h"
#include "state/job_store.h"
#include "state/keyed_table.h"

namespace dataflow::state {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kBatch = 4096;
const TableSpec kSpec{"sums", 1, {ValueKind::kInt64, ValueKind::kInt64, ValueKind::kFloat64}};

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Of this process, of all threads: what a loaded machine does not change much.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

uint64_t number_in(const char* file, const std::string& name) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name)) return std::stoull(line.substr(name.size()));
  }
  return 0;
}
double anon_mib() { return static_cast<double>(number_in("/proc/self/status", "RssAnon:")) / 1024; }
double written_mib() {
  return static_cast<double>(number_in("/proc/self/io", "write_bytes:")) / (1 << 20);
}

// Batches of keys, made anew for each.
class Keys {
 public:
  explicit Keys(const CheckpointLoad& load)
      : size_(load.key_size), bytes_(kBatch * load.key_size, '\0'), numbers_(kBatch, load.number) {}

  void set(size_t i, uint64_t key) {
    char* to = bytes_.data() + i * size_;
    std::fill_n(to, size_, 'k');
    std::memcpy(to, &key, std::min<size_t>(size_, 8));
    views_[i] = {to, size_};
    hashes_[i] = hash64(views_[i]);
  }
  void add_to(KeyedTable& table, size_t count) {
    const std::span<RowNumber> rows(rows_, count);
    table.upsert_all({hashes_, count}, {views_, count}, {numbers_.data(), count}, rows, nullptr);
    int64_t* counts = table.ints(0);
    for (const RowNumber row : rows) ++counts[row];
    int64_t* sums = table.ints(1);
    for (const RowNumber row : rows) sums[row] += row;
    double* means = table.floats(2);
    for (const RowNumber row : rows) means[row] += 0.5;
  }

 private:
  const size_t size_;
  std::string bytes_;
  std::vector<int64_t> numbers_;
  uint64_t hashes_[kBatch];
  std::string_view views_[kBatch];
  RowNumber rows_[kBatch];
};

class Run {
 public:
  explicit Run(const CheckpointLoad& load)
      : load_(load), keys_(load), table_(std::make_unique<KeyedTable>(kSpec)) {}

  Status all() {
    DF_RETURN_IF_ERROR(env_.remove_tree(load_.dir));
    DF_ASSIGN_OR_RETURN(store_, JobStore::open(env_, load_.dir));
    DF_RETURN_IF_ERROR(fill());
    DF_RETURN_IF_ERROR(update());
    DF_RETURN_IF_ERROR(save());
    DF_RETURN_IF_ERROR(recover());
    return env_.remove_tree(load_.dir);
  }

 private:
  Status write(DeltaBlock delta) {
    Checkpoint checkpoint{store_->last() + 1, {}, {}, {}};
    checkpoint.deltas.push_back({"op", "sums", 0, std::move(delta)});
    return store_->write(checkpoint);
  }

  Status fill() {
    const double before = anon_mib();
    const double cpu_before = cpu_seconds();
    const auto begin = Clock::now();
    double in_table = 0;
    for (size_t key = 0; key < load_.keys;) {
      size_t count = 0;
      while (count < kBatch && key < load_.keys) keys_.set(count++, key++);
      const auto at = Clock::now();
      keys_.add_to(*table_, count);
      in_table += seconds_since(at);
      if (key % (kBatch << 7) == 0) {
        if (auto delta = table_->take_delta()) DF_RETURN_IF_ERROR(write(std::move(*delta)));
      }
    }
    if (auto delta = table_->take_delta()) DF_RETURN_IF_ERROR(write(std::move(*delta)));
    DF_RETURN_IF_ERROR(store_->fold());
    const auto keys = static_cast<double>(load_.keys);
    std::printf("%zu keys of %zu bytes, number %lld, three columns of 8 bytes\n", load_.keys,
                load_.key_size, static_cast<long long>(load_.number));
    std::printf("  filled in %.1f s (%.0f ns a row in the table), %.1f s of processor time\n",
                seconds_since(begin), in_table / keys * 1e9, cpu_seconds() - cpu_before);
    std::printf("  memory_bytes %.1f MiB, %.1f bytes a key; RssAnon grew by %.1f MiB\n",
                static_cast<double>(table_->memory_bytes()) / (1 << 20),
                static_cast<double>(table_->memory_bytes()) / keys, anon_mib() - before);
    return {};
  }

  // One checkpoint at a time, as the engine does it: rows go on while one is written.
  Status update() {
    std::mt19937_64 random(1);
    std::vector<double> millis;
    std::vector<double> takes;
    std::future<Status> writing;
    std::atomic<bool> is_written = true;
    Clock::time_point barrier = Clock::now();
    const StoreStats before = store_->stats();
    const double disk_before = written_mib();
    const auto begin = Clock::now();
    size_t done = 0;
    double peak = 0;
    constexpr size_t kStep = 1000;
    while (seconds_since(begin) < load_.seconds) {
      while (static_cast<double>(done) / load_.updates_per_second > seconds_since(begin)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      for (size_t i = 0; i < kStep; ++i) keys_.set(i, random() % load_.keys);
      keys_.add_to(*table_, kStep);
      done += kStep;
      if (!is_written || seconds_since(barrier) * 1e3 < load_.interval_ms) continue;
      if (writing.valid()) DF_RETURN_IF_ERROR(writing.get());
      barrier = Clock::now();
      auto delta = table_->take_delta();
      takes.push_back(seconds_since(barrier) * 1e3);
      is_written = false;
      writing =
          std::async(std::launch::async, [&, from = barrier, block = std::move(*delta)]() mutable {
            Status status = write(std::move(block));
            millis.push_back(seconds_since(from) * 1e3);
            is_written = true;
            return status;
          });
      peak = std::max(peak, anon_mib());
    }
    if (writing.valid()) DF_RETURN_IF_ERROR(writing.get());
    const double seconds = seconds_since(begin);
    report(before, disk_before, static_cast<double>(done) / seconds, millis, takes, peak);
    return {};
  }

  void report(const StoreStats& before, double disk_before, double rate,
              std::vector<double>& millis, std::vector<double>& takes, double peak) {
    std::sort(millis.begin(), millis.end());
    std::sort(takes.begin(), takes.end());
    const auto at = [](const std::vector<double>& sorted, double part) {
      return sorted[static_cast<size_t>(part * static_cast<double>(sorted.size() - 1))];
    };
    const StoreStats after = store_->stats();
    const double deltas =
        static_cast<double>(after.delta_bytes_written - before.delta_bytes_written) / (1 << 20);
    const double folded =
        static_cast<double>(after.folded_bytes_written - before.folded_bytes_written) / (1 << 20);
    const double disk = written_mib() - disk_before;
    std::printf(
        "  %.0f updates/s, %zu checkpoints: p50 %.1f, p99 %.1f, most %.1f ms (delta taken p50 "
        "%.2f, p99 %.2f ms)\n",
        rate, millis.size(), at(millis, 0.5), at(millis, 0.99), millis.back(), at(takes, 0.5),
        at(takes, 0.99));
    std::printf(
        "  deltas %.1f MiB, blocks %.1f MiB, to the disk %.1f MiB: write amplification %.2f "
        "(blocks alone %.2f)\n",
        deltas, folded, disk, disk / deltas, folded / deltas);
    std::printf("  RssAnon at most %.1f MiB\n", peak);
  }

  Status save() {
    const auto begin = Clock::now();
    DF_ASSIGN_OR_RETURN(const SavepointInfo info, store_->save(load_.dir + "-saved", "bench"));
    std::printf("  savepoint of %.1f MiB in %.2f s\n", static_cast<double>(info.bytes) / (1 << 20),
                seconds_since(begin));
    return env_.remove_tree(load_.dir + "-saved");
  }

  // Two tasks, each with half of the key groups.
  Status recover() {
    const size_t rows = table_->size();
    store_.reset();
    table_.reset();
    const auto begin = Clock::now();
    const double cpu_before = cpu_seconds();
    DF_ASSIGN_OR_RETURN(store_, JobStore::open(env_, load_.dir));
    const double opened = seconds_since(begin);
    const StoreStats stats = store_->stats();
    KeyedTable halves[] = {KeyedTable(kSpec), KeyedTable(kSpec)};
    const auto load = [&](int task) {
      const KeyGroupRange groups = key_groups_of_task(task, 2);
      return store_->load("op", "sums", groups, [&](const DeltaBlock& block) {
        return halves[task].load(block, groups);
      });
    };
    std::future<Status> other = std::async(std::launch::async, load, 1);
    Status status = load(0);
    DF_RETURN_IF_ERROR(other.get());
    DF_RETURN_IF_ERROR(status);
    std::printf(
        "  recovered %.1f MiB, %zu rows in %.2f s (opened in %.3f s), %.2f s of processor time\n",
        static_cast<double>(stats.block_bytes + stats.delta_bytes) / (1 << 20),
        halves[0].size() + halves[1].size(), seconds_since(begin), opened,
        cpu_seconds() - cpu_before);
    std::printf(
        "  RssAnon %.1f MiB then, %.1f MiB of it tables\n", anon_mib(),
        static_cast<double>(halves[0].memory_bytes() + halves[1].memory_bytes()) / (1 << 20));
    if (halves[0].size() + halves[1].size() != rows) return Status::corrupt("rows are missing");
    return {};
  }

  const CheckpointLoad load_;
  Env& env_ = posix_env();
  Keys keys_;
  std::unique_ptr<KeyedTable> table_;
  std::unique_ptr<JobStore> store_;
};

}  // namespace

bool measure_checkpoints(const CheckpointLoad& load) {
  const Status status = std::make_unique<Run>(load)->all();
  if (!status.ok()) std::printf("  failed: %s\n", status.to_string().c_str());
  return status.ok();
}

}  // namespace dataflow::state
