#include "meta/store.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <utility>

#include "base/bytes.h"
#include "base/durable_dirs.h"
#include "base/logger.h"
#include "database.h"
#include "log_check.h"
#include "sync_mark.h"

namespace dataflow::meta {

namespace {

constexpr uint8_t kStoreTable = 0;
constexpr uint8_t kLastTable = 254;
constexpr std::string_view kFormatKey{"\0format", 7};
// How often the store looks, without being asked, whether a full disk has space again.
constexpr std::chrono::seconds kSpaceCheckPeriod{1};

std::string with_table(Table table, std::string_view key) {
  std::string full_key(1, static_cast<char>(table.id));
  return full_key.append(key);
}

WriteBatch format_batch() {
  std::string format;
  append_le32(format, kStoreFormat);
  WriteBatch batch;
  batch.put({kStoreTable, "store"}, kFormatKey.substr(1), format);
  return batch;
}

// Whether a format is there; it is the one that this build knows then. A store without one is
// empty.
Result<bool> check_format(Database& database, const std::string& dir) {
  const std::string doing = "opening the metadata store " + dir + ": ";
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> found, database.get(kFormatKey));
  if (found) {
    if (found->size() != sizeof(uint32_t))
      return Status::corrupt(doing + "its format is no number");
    const uint32_t format = load_le32(found->data());
    if (format <= kStoreFormat) return true;
    return Status::unsupported(doing + "written by a newer DataFlow: format " +
                               std::to_string(format) + ", this build reads up to " +
                               std::to_string(kStoreFormat) + "; use a newer build");
  }
  bool empty = true;
  for (int table = kStoreTable; table <= kLastTable && empty; ++table) {
    DF_RETURN_IF_ERROR(
        database.scan(std::string(1, static_cast<char>(table)),
                      [&empty](std::string_view, std::string_view) { return empty = false; }));
  }
  if (!empty) return Status::corrupt(doing + "it has data but no format; restore it from a backup");
  return false;
}

}  // namespace

class Store::Impl {
 public:
  Impl(Env& env, std::string dir, StoreOptions options)
      : env_(env), dir_(std::move(dir)), options_(options) {}

  Status open();
  Result<std::optional<std::string>> get(std::string_view key);
  Status scan(std::string_view prefix,
              const std::function<bool(std::string_view, std::string_view)>& visit);
  uint64_t approximate_bytes(std::string_view prefix);
  void enqueue(WriteBatch batch, std::function<void(Status)> done);
  bool on_writer_thread() const { return std::this_thread::get_id() == writer_.get_id(); }
  Status health() const;
  Status close();

 private:
  struct Entry {
    WriteBatch batch;
    std::function<void(Status)> done;
    Status refused;  // found wrong when it was queued
  };

  Status open_database();
  Status closed() const { return Status::cancelled("the metadata store " + dir_ + " is closed"); }
  Status unreadable() const;
  Status check_batch(const WriteBatch& batch) const;

  // Of the writer thread.
  void run();
  std::vector<Entry> take_group();
  void commit_group(std::vector<Entry>& group);
  Status write_group(const std::vector<Entry>& group);
  Status become_writable();
  Status reopen();
  void note_synced_logs();
  void set_health(Status health);
  Status turn_read_only(const Status& cause);
  Status turn_full(const Status& cause);

  Env& env_;
  const std::string dir_;
  const StoreOptions options_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<SyncMark> mark_;
  std::shared_ptr<SyncWatch> watch_;

  // Held shared by readers; exclusively while the database is replaced or closed.
  std::shared_mutex database_mutex_;
  std::unique_ptr<Database> database_;  // null if it cannot even be read
  bool format_is_missing_ = false;      // the first write adds it

  mutable std::mutex health_mutex_;
  Status health_;  // changed by the writer thread alone

  std::mutex queue_mutex_;
  std::condition_variable queue_changed_;
  std::deque<Entry> queue_;
  size_t queued_bytes_ = 0;
  bool closing_ = false;
  bool close_done_ = false;
  Status close_status_;
  std::thread writer_;
};

Status Store::Impl::open() {
  const std::string doing = "opening the metadata store " + dir_;
  DF_RETURN_IF_ERROR(create_dirs_durably(env_, dir_).with_context(doing));
  Result<std::unique_ptr<FileLock>> lock = env_.lock(dir_ + "/LOCK", "DataFlow metadata store");
  if (!lock.ok()) return lock.status().with_context(doing);
  lock_ = std::move(*lock);
  Result<std::unique_ptr<SyncMark>> mark = SyncMark::open(env_, dir_);
  if (!mark.ok()) return mark.status().with_context(doing);
  mark_ = std::move(*mark);
  watch_ = std::make_shared<SyncWatch>();
  DF_RETURN_IF_ERROR(open_database());
  DF_RETURN_IF_ERROR(watch_->failure().with_context(doing));
  writer_ = std::thread([this] { run(); });
  return {};
}

Status Store::Impl::open_database() {
  DF_RETURN_IF_ERROR(check_logs(env_, dir_, *mark_));
  DF_ASSIGN_OR_RETURN(database_,
                      Database::open(env_, dir_, options_, watch_, Database::Access::kReadWrite));
  const Result<bool> has_format = check_format(*database_, dir_);
  if (!has_format.ok()) {
    database_.reset();
    return has_format.status();
  }
  format_is_missing_ = !*has_format;
  note_synced_logs();
  return {};
}

// Called where CURRENT and the log's name are durable: after an open and after a write.
void Store::Impl::note_synced_logs() {
  for (const LogKind kind : {LogKind::kWal, LogKind::kManifest}) {
    const SyncedBound bound = watch_->synced_bound(kind);
    // A bound that falls behind only makes damage harder to tell from a torn write.
    if (bound.bytes > 0) (void)mark_->note({kind, bound.number}, bound.bytes);
  }
}

Status Store::Impl::unreadable() const {
  const Status state = health();
  return state.ok() ? closed() : Status::unavailable(state.message());
}

Result<std::optional<std::string>> Store::Impl::get(std::string_view key) {
  std::shared_lock lock(database_mutex_);
  if (!database_) return unreadable();
  return database_->get(key);
}

Status Store::Impl::scan(std::string_view prefix,
                         const std::function<bool(std::string_view, std::string_view)>& visit) {
  std::shared_lock lock(database_mutex_);
  if (!database_) return unreadable();
  return database_->scan(prefix, visit);
}

uint64_t Store::Impl::approximate_bytes(std::string_view prefix) {
  std::shared_lock lock(database_mutex_);
  return database_ ? database_->approximate_bytes(prefix) : 0;
}

Status Store::Impl::check_batch(const WriteBatch& batch) const {
  const std::string doing = "committing to the metadata store " + dir_ + ": ";
  for (const WriteBatch::Operation& operation : batch.operations()) {
    const uint8_t table = static_cast<uint8_t>(operation.key.front());
    if (table != kStoreTable && table <= kLastTable) continue;
    return Status::invalid(doing + "table " + std::to_string(table) + " is the store's own");
  }
  if (batch.bytes() > options_.max_batch_bytes) {
    return Status::too_large(doing + "the batch has " + std::to_string(batch.bytes()) +
                             " bytes, at most " + std::to_string(options_.max_batch_bytes) +
                             " are allowed");
  }
  return {};
}

void Store::Impl::enqueue(WriteBatch batch, std::function<void(Status)> done) {
  Entry entry{std::move(batch), std::move(done), {}};
  entry.refused = check_batch(entry.batch);
  {
    std::unique_lock lock(queue_mutex_);
    if (closing_) {
      lock.unlock();
      entry.done(closed());
      return;
    }
    if (entry.refused.ok() && queued_bytes_ + entry.batch.bytes() > options_.max_queued_bytes) {
      entry.refused = Status::unavailable("committing to the metadata store " + dir_ + ": " +
                                          std::to_string(queued_bytes_) +
                                          " bytes wait for the disk already; try again later");
    }
    if (!entry.refused.ok()) entry.batch = WriteBatch();
    queued_bytes_ += entry.batch.bytes();
    queue_.push_back(std::move(entry));
  }
  queue_changed_.notify_one();
}

Status Store::Impl::health() const {
  std::lock_guard lock(health_mutex_);
  return health_;
}

void Store::Impl::set_health(Status health) {
  std::lock_guard lock(health_mutex_);
  health_ = std::move(health);
}

Status Store::Impl::turn_read_only(const Status& cause) {
  set_health(Status::read_only("the metadata store " + dir_ +
                               " takes no changes since a failure: " + cause.to_string() +
                               "; mend the disk and start again"));
  log_error("metadata store is read-only until the next start", {{"dir", dir_}, {"cause", cause}});
  return health();
}

Status Store::Impl::turn_full(const Status& cause) {
  if (health().ok()) {
    log_error("metadata store refuses changes until its disk has space",
              {{"dir", dir_}, {"needed_bytes", options_.resume_free_bytes}, {"cause", cause}});
  }
  set_health(Status::no_space(
      "the metadata store " + dir_ + " takes no changes until the disk has " +
      std::to_string(options_.resume_free_bytes) + " bytes free: " + cause.message()));
  return health();
}

void Store::Impl::run() {
  std::unique_lock lock(queue_mutex_);
  while (true) {
    const auto wanted = [this] { return !queue_.empty() || closing_; };
    if (health().code() == StatusCode::kNoSpace) {
      queue_changed_.wait_for(lock, kSpaceCheckPeriod, wanted);
    } else {
      queue_changed_.wait(lock, wanted);
    }
    if (queue_.empty() && closing_) return;
    std::vector<Entry> group = take_group();
    lock.unlock();
    commit_group(group);
    group.clear();  // callbacks may own much, and are not destroyed under the lock
    lock.lock();
  }
}

std::vector<Store::Impl::Entry> Store::Impl::take_group() {
  std::vector<Entry> group;
  size_t bytes = 0;
  while (!queue_.empty()) {
    bytes += queue_.front().batch.bytes();
    if (!group.empty() && bytes > options_.max_batch_bytes) break;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return group;
}

void Store::Impl::commit_group(std::vector<Entry>& group) {
  Status status = become_writable();
  if (status.ok()) status = write_group(group);
  size_t bytes = 0;
  for (const Entry& entry : group) bytes += entry.batch.bytes();
  {
    std::lock_guard lock(queue_mutex_);
    queued_bytes_ -= bytes;
  }
  for (Entry& entry : group) entry.done(entry.refused.ok() ? status : entry.refused);
}

Status Store::Impl::write_group(const std::vector<Entry>& group) {
  std::vector<const WriteBatch*> batches;
  for (const Entry& entry : group) {
    if (!entry.batch.empty()) batches.push_back(&entry.batch);
  }
  if (batches.empty()) return {};
  const WriteBatch format = format_batch();
  if (format_is_missing_) batches.insert(batches.begin(), &format);
  const Status written = database_->write(batches);
  if (written.ok()) {
    format_is_missing_ = false;
    note_synced_logs();
    return {};
  }
  const Status failure = watch_->failure();
  if (failure.ok() && written.code() == StatusCode::kNoSpace) return turn_full(written);
  const Status& cause = failure.ok() ? written : failure;
  (void)turn_read_only(cause);
  return Status(cause.code() == StatusCode::kCorrupt ? StatusCode::kCorrupt : StatusCode::kIoError,
                "committing to the metadata store " + dir_ + ": " + cause.message() +
                    "; whether the changes are on disk is known only after the next start");
}

// On the writer thread, before each write: finds out what went wrong behind the store's back, and
// ends the state of a full disk. Nothing may be written unless it returns ok.
Status Store::Impl::become_writable() {
  const Status state = health();
  if (state.code() == StatusCode::kReadOnly) return state;
  const Status failure = watch_->failure();
  if (!failure.ok()) return turn_read_only(failure);
  if (state.ok()) {
    const Status background = database_->background_failure();
    if (background.ok()) return {};
    if (background.code() != StatusCode::kNoSpace) return turn_read_only(background);
    (void)turn_full(background);
  }
  const Result<uint64_t> free = env_.free_bytes(dir_);
  if (!free.ok() || *free < options_.resume_free_bytes) return health();
  return reopen();
}

// RocksDB could resume in place, but then what stands behind the refused write in its log would
// rest on its recovery from half-written buffers. An open starts from what is in the files.
Status Store::Impl::reopen() {
  std::unique_lock lock(database_mutex_);
  database_.reset();
  const Status opened = open_database();
  const Status failure = watch_->failure();
  if (opened.ok() && failure.ok()) {
    set_health({});
    log_info("metadata store takes changes again", {{"dir", dir_}});
    return {};
  }
  if (!database_) {
    Result<std::unique_ptr<Database>> readable =
        Database::open(env_, dir_, options_, watch_, Database::Access::kReadOnly);
    if (readable.ok()) database_ = std::move(*readable);
  }
  if (!failure.ok()) return turn_read_only(failure);
  if (opened.code() == StatusCode::kNoSpace) return turn_full(opened);
  return turn_read_only(opened);
}

Status Store::Impl::close() {
  {
    std::lock_guard lock(queue_mutex_);
    if (close_done_) return close_status_;
    closing_ = true;
  }
  queue_changed_.notify_one();
  if (writer_.joinable()) writer_.join();

  const Status state = health();
  if (state.code() == StatusCode::kReadOnly) close_status_ = state;
  std::unique_lock lock(database_mutex_);
  if (database_) {
    const Status closed = database_->close();
    if (state.ok()) note_synced_logs();
    // All that was promised is on disk: a full disk or an earlier failure cannot take it back.
    if (state.ok()) close_status_ = closed;
    database_.reset();
  }
  mark_.reset();
  lock_.reset();
  close_done_ = true;
  return close_status_;
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Store::~Store() { (void)impl_->close(); }

Result<std::unique_ptr<Store>> Store::open(Env& env, const std::string& dir, StoreOptions options) {
  auto impl = std::make_unique<Impl>(env, dir, options);
  DF_RETURN_IF_ERROR(impl->open());
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Result<std::optional<std::string>> Store::get(Table table, std::string_view key) {
  return impl_->get(with_table(table, key));
}

Status Store::scan(Table table, std::string_view prefix,
                   std::function<bool(std::string_view key, std::string_view value)> visit) {
  return impl_->scan(with_table(table, prefix),
                     [&visit](std::string_view key, std::string_view value) {
                       return visit(key.substr(1), value);
                     });
}

uint64_t Store::approximate_bytes(Table table, std::string_view prefix) {
  return impl_->approximate_bytes(with_table(table, prefix));
}

Status Store::commit(WriteBatch batch) {
  if (impl_->on_writer_thread()) {
    return Status::invalid(
        "committing to the metadata store: commit() and drain() would wait for "
        "themselves in a commit callback; use commit_async()");
  }
  // Shared: the waiting thread may be gone before set_value() returns on the other.
  auto outcome = std::make_shared<std::promise<Status>>();
  std::future<Status> waiting = outcome->get_future();
  commit_async(std::move(batch),
               [outcome](Status status) { outcome->set_value(std::move(status)); });
  return waiting.get();
}

void Store::commit_async(WriteBatch batch, std::function<void(Status)> done) {
  impl_->enqueue(std::move(batch), std::move(done));
}

Status Store::drain() {
  const Status reached = commit(WriteBatch());
  if (reached.code() == StatusCode::kInvalid || reached.code() == StatusCode::kCancelled) {
    return reached;
  }
  return health();
}

Status Store::health() const { return impl_->health(); }

Status Store::close() { return impl_->close(); }

}  // namespace dataflow::meta
