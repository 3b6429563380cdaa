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

Status TableIndex::catch_up() {
  const int64_t end = partition_->last_stable().value();
  if (seen_.load(std::memory_order_acquire) >= end) return {};
  const std::lock_guard lock(advancing_);
  if (seen_.load(std::memory_order_acquire) >= end) return {};
  return advance(false);
}

Status TableIndex::catch_up_and_wait(std::function<void()> wake) {
  const std::lock_guard lock(advancing_);
  DF_RETURN_IF_ERROR(advance(true));
  reader_->wake_when_ready(std::move(wake));
  return {};
}

// The end of what is committed moves by whole appends and transactions: what is seen ends where it
// once stood.
Status TableIndex::advance(bool to_idle) {
  if (!failed_.ok()) return failed_;
  const auto read = [&]() -> Status {
    while (true) {
      if (memory_.closing) return Status::cancelled("the server ends");
      engine::Chunk chunk;
      DF_ASSIGN_OR_RETURN(const engine::Polled polled, reader_->poll(chunk));
      const bool more = polled == engine::Polled::kMore;
      if (more) DF_RETURN_IF_ERROR(take_chunk(chunk));
      const bool at_end = !more || offset_of(*reader_) == partition_->last_stable().value();
      if (at_end || (!whole_ && waiting_.size() > kMostWaitingBytes)) DF_RETURN_IF_ERROR(apply());
      if (at_end) whole_ = true;
      if (!more || (at_end && !to_idle)) return {};
    }
  };
  failed_ = read();
  return failed_;
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
    changes_.push_back(
        {static_cast<uint32_t>(key.size()), static_cast<uint32_t>(bytes.size()), gone});
    waiting_.append(key).append(bytes);
  }
  return {};
}

Status TableIndex::apply() {
  {
    const std::unique_lock lock(seeing_);
    const char* at = waiting_.data();
    for (const Change& change : changes_) {
      const std::string_view key(at, change.key_bytes);
      const std::string_view row(at + change.key_bytes, change.row_bytes);
      at += key.size() + row.size();
      if (change.gone) {
        rows_.erase(key);
      } else {
        rows_.put(key, row);
      }
    }
    seen_.store(offset_of(*reader_), std::memory_order_release);
  }
  changes_.clear();
  waiting_.clear();
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
