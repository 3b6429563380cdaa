#include "table_index.h"

#include <algorithm>
#include <cstdlib>

namespace dataflow::jobs {
namespace {

// Of an index that nobody reads yet: so much is put in at once.
constexpr size_t kMostWaitingBytes = size_t{4} << 20;

int64_t offset_of(const engine::SplitReader& reader) {
  // A position begins with the offset.
  return std::strtoll(reader.position().c_str(), nullptr, 10);
}

}  // namespace

std::optional<std::string> end_of_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

Result<std::shared_ptr<TableIndex>> TableIndex::open(const plan::SourceSpec& source,
                                                     engine::Connectors& connectors, log::Log& log,
                                                     IndexMemory& memory) {
  const std::string& topic = source.options.at("topic");
  engine::ConnectorContext context;
  context.job = "index";
  context.node = topic;
  DF_ASSIGN_OR_RETURN(std::unique_ptr<engine::Source> made,
                      connectors.make_source(source, context));
  DF_ASSIGN_OR_RETURN(engine::StoredRows codec,
                      engine::StoredRows::make(made->schema(), source.upsert_keys));
  std::shared_ptr<TableIndex> index(new TableIndex(std::move(codec), memory));
  index->partition_ = log.partition(topic, PartitionIndex(0));
  DF_ASSIGN_OR_RETURN(const std::vector<engine::Split> splits, made->splits());
  if (index->partition_ == nullptr || splits.size() != 1) {
    return Status::unsupported("topic `" + topic + "` has not one partition");
  }
  index->split_ = splits.front();
  DF_ASSIGN_OR_RETURN(index->reader_, made->open(index->split_));
  DF_ASSIGN_OR_RETURN(index->decoder_, made->make_decoder());
  index->source_ = std::move(made);
  index->seen_ = offset_of(*index->reader_);
  return index;
}

TableIndex::~TableIndex() { memory_.used -= counted_; }

size_t TableIndex::rows() const {
  const std::shared_lock lock(seeing_);
  return rows_.size();
}

int64_t TableIndex::behind() const {
  return std::max<int64_t>(0, partition_->last_stable().value() - seen_.load());
}

std::unique_lock<std::mutex> TableIndex::hold_reader() {
  const std::lock_guard turn(next_);
  return std::unique_lock(advancing_);
}

Status TableIndex::catch_up() {
  const int64_t end = partition_->last_stable().value();
  if (seen_.load(std::memory_order_acquire) >= end) return {};
  const std::unique_lock held = hold_reader();
  if (seen_.load(std::memory_order_acquire) >= end) return {};
  return advance(end);
}

Status TableIndex::catch_up_and_wait(std::function<void()> wake) {
  while (true) {
    const std::unique_lock held = hold_reader();
    DF_RETURN_IF_ERROR(advance(partition_->last_stable().value()));
    const Result<bool> more = read_more();
    failed_ = more.status();
    DF_RETURN_IF_ERROR(failed_);
    if (*more) continue;
    // Nothing is behind what was read: there the committed end stood just now.
    DF_RETURN_IF_ERROR(advance(offset_of(*reader_)));
    reader_->wake_when_ready(std::move(wake));
    return {};
  }
}

// The end of what is committed moves by whole appends and transactions: what is seen ends where it
// once stood. Where it stands now may go on for ever while others write.
Status TableIndex::advance(int64_t end) {
  if (!failed_.ok()) return failed_;
  const auto read = [&]() -> Status {
    bool more = true;
    while (more && offset_of(*reader_) < end) {
      DF_ASSIGN_OR_RETURN(more, read_more());
      // Nobody reads it yet.
      if (!whole_ && waiting_.size() > kMostWaitingBytes) {
        DF_RETURN_IF_ERROR(put_in(offset_of(*reader_)));
      }
    }
    DF_RETURN_IF_ERROR(put_in(end));
    whole_ = true;
    if (seen_ < end) seen_.store(end, std::memory_order_release);
    return {};
  };
  failed_ = read();
  return failed_;
}

Result<bool> TableIndex::read_more() {
  if (memory_.closing) return Status::cancelled("the server ends");
  engine::Chunk chunk;
  DF_ASSIGN_OR_RETURN(const engine::Polled polled, reader_->poll(chunk));
  if (polled != engine::Polled::kMore) return false;
  DF_RETURN_IF_ERROR(take_chunk(chunk));
  return true;
}

Status TableIndex::take_chunk(const engine::Chunk& chunk) {
  engine::DecodedRows decoded;
  std::vector<engine::SourceFault> faults;
  DF_RETURN_IF_ERROR(decoder_->decode(split_, chunk, decoded, faults));
  if (!faults.empty()) {
    // A query says so; who reads by key must not be told less.
    return Status::invalid("the record at offset " + std::to_string(faults.front().offset) +
                           " is no row: " + faults.front().reason);
  }
  if (decoded.batch.rows == 0) return {};
  DF_RETURN_IF_ERROR(codec_.read(decoded.batch));
  for (int64_t row = 0; row < decoded.batch.rows; ++row) {
    const bool gone = decoded.batch.kind(row) == RowKind::kDelete;
    const std::string_view key = codec_.keys()[static_cast<size_t>(row)];
    const std::string_view bytes =
        gone ? std::string_view() : codec_.rows()[static_cast<size_t>(row)];
    changes_.push_back({decoded.offsets[static_cast<size_t>(row)],
                        static_cast<uint32_t>(key.size()), static_cast<uint32_t>(bytes.size()),
                        gone});
    waiting_.append(key).append(bytes);
  }
  return {};
}

Status TableIndex::put_in(int64_t end) {
  size_t done = 0, bytes = 0;
  {
    const std::unique_lock lock(seeing_);
    for (; done < changes_.size() && changes_[done].offset < end; ++done) {
      const Change& change = changes_[done];
      const std::string_view key(waiting_.data() + bytes, change.key_bytes);
      const std::string_view row(key.data() + key.size(), change.row_bytes);
      bytes += key.size() + row.size();
      if (change.gone) {
        rows_.erase(key);
      } else {
        rows_.put(key, row);
      }
    }
  }
  if (done == 0) return {};
  changes_.erase(changes_.begin(), changes_.begin() + static_cast<std::ptrdiff_t>(done));
  waiting_.erase(0, bytes);
  if (waiting_.capacity() > 2 * kMostWaitingBytes) waiting_.shrink_to_fit();
  const int64_t now = rows_.bytes();
  const int64_t all = memory_.used += now - counted_;
  counted_ = now;
  if (all <= memory_.most) return {};
  return Status::too_large("indexes of tables would take more than " +
                           std::to_string(memory_.most) + " bytes");
}

Result<std::optional<Batch>> TableIndex::read(const std::vector<KeyRange>& ranges, size_t most,
                                              bool stop_at_most) const {
  // Copies, so that nobody who writes waits for what is made of them.
  std::string bytes;
  std::vector<size_t> ends;
  bool too_many = false;
  const auto take = [&](std::string_view row) {
    if (ends.size() == most) {
      too_many = !stop_at_most;
      return false;
    }
    bytes += row;
    ends.push_back(bytes.size());
    return true;
  };
  {
    const std::shared_lock lock(seeing_);
    for (const KeyRange& range : ranges) {
      if (!range.one) {
        rows_.visit(range.from, range.to, take);
      } else if (const auto row = rows_.find(range.from)) {
        take(*row);
      }
    }
  }
  if (too_many) return std::optional<Batch>();
  std::vector<std::string_view> rows;
  rows.reserve(ends.size());
  for (size_t begin = 0; const size_t end : ends) {
    rows.push_back(std::string_view(bytes).substr(begin, end - begin));
    begin = end;
  }
  DF_ASSIGN_OR_RETURN(Batch batch, codec_.decode(rows));
  return std::optional<Batch>(std::move(batch));
}

}  // namespace dataflow::jobs
