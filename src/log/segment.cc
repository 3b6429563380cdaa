#include "segment.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <vector>

namespace dataflow::log {
namespace {

constexpr size_t kWalkChunk = 8192;
constexpr int64_t kRemadeInterval = 4096;
constexpr size_t kScanChunk = 1 << 20;
constexpr size_t kMaxIndexFile = size_t{256} << 20;
constexpr size_t kZeroChunk = 64 << 10;
constexpr char kZeros[4096] = {};

}  // namespace

std::string segment_file_name(Offset base, std::string_view suffix) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%020lld", static_cast<long long>(base.value()));
  return std::string(digits) + std::string(suffix);
}

std::optional<Offset> parse_segment_file_name(std::string_view name) {
  if (name.size() != 24 || !name.ends_with(".log")) return std::nullopt;
  int64_t value = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + 20, value);
  if (error != std::errc() || end != name.data() + 20) return std::nullopt;
  return Offset(value);
}

BatchWalker::BatchWalker(File& file, uint64_t position, uint64_t limit)
    : file_(file), position_(position), limit_(limit) {}

Status BatchWalker::fill(size_t bytes) {
  if (position_ >= chunk_at_ && position_ + bytes <= chunk_at_ + chunk_.size()) return {};
  const size_t want = static_cast<size_t>(std::min<uint64_t>(kWalkChunk, limit_ - position_));
  chunk_.resize(want);
  chunk_at_ = position_;
  DF_ASSIGN_OR_RETURN(size_t got, file_.read_at(position_, {chunk_.data(), want}));
  chunk_.resize(got);
  if (got < bytes) return Status::corrupt("the file is shorter than the log it should hold");
  return {};
}

Result<std::optional<BatchHeader>> BatchWalker::peek() {
  if (position_ >= limit_) return std::optional<BatchHeader>();
  if (limit_ - position_ < kBatchHeaderBytes) {
    return Status::corrupt("no room for a batch header at position " + std::to_string(position_));
  }
  DF_RETURN_IF_ERROR(fill(kBatchHeaderBytes));
  Result<BatchHeader> header =
      parse_batch_header(std::string_view(chunk_).substr(position_ - chunk_at_, kBatchHeaderBytes));
  // A format or codec that append() would have refused is no less broken than anything else.
  if (!header.ok()) return Status::corrupt(header.status().message());
  if (header->total_bytes() > limit_ - position_) {
    return Status::corrupt("the batch at position " + std::to_string(position_) +
                           " passes the log's end");
  }
  return std::optional<BatchHeader>(*header);
}

Segment::Segment(Env& env, std::string dir, Offset base)
    : env_(env), dir_(std::move(dir)), base_(base) {
  summary_.base_offset = base;
  summary_.next_offset = base;
}

std::string Segment::log_path() const { return dir_ + "/" + segment_file_name(base_, ".log"); }
std::string Segment::index_path() const { return dir_ + "/" + segment_file_name(base_, ".index"); }

Result<std::shared_ptr<File>> Segment::file() {
  std::lock_guard lock(lazy_);
  if (!file_) {
    DF_ASSIGN_OR_RETURN(std::unique_ptr<File> opened, env_.open(log_path(), OpenMode::kRead));
    file_ = std::move(opened);
  }
  return file_;
}

Status Segment::open_for_append() {
  std::lock_guard lock(lazy_);
  DF_ASSIGN_OR_RETURN(std::unique_ptr<File> opened, env_.open(log_path(), OpenMode::kReadWrite));
  file_ = std::move(opened);
  return {};
}

Status Segment::create() {
  DF_RETURN_IF_ERROR(open_for_append());
  DF_ASSIGN_OR_RETURN(uint64_t size, file_->size());
  if (size != 0) return Status::already_exists("the new segment " + log_path() + " is not empty");
  start_index();
  return {};
}

Status Segment::write(std::string_view bytes) {
  if (has_junk_) DF_RETURN_IF_ERROR(trim());
  Status written = file_->write_at(summary_.bytes, bytes);
  if (!written.ok()) {
    has_junk_ = true;
    (void)trim().ok();
  }
  return written;
}

void Segment::write_zeros(uint64_t to) {
  const uint64_t from = summary_.bytes;
  if (has_zeros() || zeros_failed_ || to <= from) return;
  std::vector<std::string_view> parts((to - from) / sizeof kZeros, {kZeros, sizeof kZeros});
  parts.emplace_back(kZeros, (to - from) % sizeof kZeros);
  Status written = file_->write_parts_at(from, parts);
  zeros_end_ = to;  // a part of them may be there even so
  if (written.ok()) return;
  // Most likely the disk is full: then the space is for records.
  zeros_failed_ = true;
  (void)trim().ok();
}

// Half a batch behind the end would be a torn tail after a crash, and damage once something
// follows.
Status Segment::trim() {
  if (!has_junk_ && !has_zeros()) return {};
  DF_RETURN_IF_ERROR(file_->truncate(summary_.bytes));
  has_junk_ = false;
  zeros_end_ = 0;
  return {};
}

void Segment::note(const BatchHeader& batch, uint64_t position, Timestamp now,
                   int64_t index_interval) {
  if (active_index_) {
    active_index_->note_batch(static_cast<uint32_t>(batch.base_offset - base_),
                              static_cast<uint32_t>(position), summary_.max_time, index_interval);
  }
  summary_.bytes = position + batch.total_bytes();
  summary_.next_offset = batch.next_offset();
  summary_.max_time = std::max(summary_.max_time, batch.max_timestamp);
  summary_.last_append = now;
  if (first_append_ == kNoTimestamp) first_append_ = now;
}

bool Segment::load_summary(uint64_t file_bytes) {
  Result<std::unique_ptr<File>> opened = env_.open(index_path(), OpenMode::kRead);
  if (!opened.ok()) return false;
  char head[kIndexHeadBytes];
  Result<size_t> got = (*opened)->read_at(0, head);
  if (!got.ok()) return false;
  uint32_t entries = 0;
  std::optional<SegmentSummary> found = decode_index_head({head, *got}, &entries);
  if (!found || found->base_offset != base_ || found->bytes != file_bytes) return false;
  summary_ = *found;
  return true;
}

Result<uint64_t> Segment::find_zeros(uint64_t from, uint64_t file_bytes) {
  DF_ASSIGN_OR_RETURN(std::shared_ptr<File> log, file());
  std::string chunk;
  while (file_bytes > from) {
    chunk.resize(std::min<uint64_t>(kZeroChunk, file_bytes - from));
    const uint64_t at = file_bytes - chunk.size();
    DF_ASSIGN_OR_RETURN(size_t got, log->read_at(at, {chunk.data(), chunk.size()}));
    chunk.resize(got);
    const size_t last = chunk.find_last_not_of('\0');
    if (last != std::string::npos) return at + last + 1;
    file_bytes = at;
  }
  return from;
}

Result<Segment::ScanEnd> Segment::scan(
    uint64_t from, uint64_t file_bytes, Offset expected,
    const std::function<Status(const BatchHeader&, std::string_view)>& batch) {
  DF_ASSIGN_OR_RETURN(std::shared_ptr<File> log, file());
  ScanEnd end{from, true, {}};
  std::string chunk;
  uint64_t chunk_at = from;
  // Makes `bytes` bytes from end.position on available in the chunk; false if the file has fewer.
  auto have = [&](uint64_t bytes) -> Result<bool> {
    if (end.position + bytes > file_bytes) return false;
    if (end.position + bytes <= chunk_at + chunk.size()) return true;
    chunk.resize(
        std::min<uint64_t>(std::max<uint64_t>(bytes, kScanChunk), file_bytes - end.position));
    chunk_at = end.position;
    DF_ASSIGN_OR_RETURN(size_t got, log->read_at(chunk_at, {chunk.data(), chunk.size()}));
    chunk.resize(got);
    return got >= bytes;
  };
  auto stop = [&](std::string why) {
    end.clean = false;
    end.what = std::move(why);
    return end;
  };
  while (end.position < file_bytes) {
    DF_ASSIGN_OR_RETURN(bool head, have(kBatchHeaderBytes));
    if (!head) return stop("an incomplete batch header");
    Result<BatchHeader> header = parse_batch_header(
        std::string_view(chunk).substr(end.position - chunk_at, kBatchHeaderBytes));
    if (!header.ok()) return stop(header.status().message());
    if (header->base_offset != expected) {
      return stop("offset " + std::to_string(header->base_offset.value()) + " where " +
                  std::to_string(expected.value()) + " comes next");
    }
    DF_ASSIGN_OR_RETURN(bool body, have(header->total_bytes()));
    if (!body) return stop("an incomplete batch");
    std::string_view whole =
        std::string_view(chunk).substr(end.position - chunk_at, header->total_bytes());
    if (!batch_crc_ok(whole)) return stop("a batch that fails its checksum");
    DF_RETURN_IF_ERROR(batch(*header, whole));
    expected = header->next_offset();
    end.position += header->total_bytes();
  }
  return end;
}

Result<std::optional<uint64_t>> Segment::find_sound_batch(uint64_t from, uint64_t file_bytes,
                                                          Offset above) {
  DF_ASSIGN_OR_RETURN(std::shared_ptr<File> log, file());
  std::string chunk;
  std::string whole;
  while (from + kBatchHeaderBytes <= file_bytes) {
    chunk.resize(std::min<uint64_t>(kScanChunk, file_bytes - from));
    DF_ASSIGN_OR_RETURN(size_t got, log->read_at(from, {chunk.data(), chunk.size()}));
    if (got < kBatchHeaderBytes) break;
    for (size_t i = 0; i + kBatchHeaderBytes <= got; ++i) {
      if (chunk[i + 16] != kBatchMagic) continue;
      Result<BatchHeader> header =
          parse_batch_header(std::string_view(chunk).substr(i, kBatchHeaderBytes));
      if (!header.ok() || header->base_offset <= above) continue;
      if (header->total_bytes() > file_bytes - (from + i)) continue;
      whole.resize(header->total_bytes());
      DF_ASSIGN_OR_RETURN(size_t read, log->read_at(from + i, {whole.data(), whole.size()}));
      if (read == whole.size() && batch_crc_ok(whole)) return std::optional<uint64_t>(from + i);
    }
    from += got - kBatchHeaderBytes + 1;
  }
  return std::optional<uint64_t>();
}

Result<std::shared_ptr<const SegmentIndex>> Segment::index() {
  DF_ASSIGN_OR_RETURN(std::shared_ptr<File> log, file());
  std::lock_guard lock(lazy_);  // against drop_index()
  if (active_index_) return std::shared_ptr<const SegmentIndex>(active_index_);
  if (loaded_index_) return loaded_index_;
  Result<std::string> bytes = env_.read_file(index_path(), kMaxIndexFile);
  if (bytes.ok()) {
    if (std::optional<SegmentIndex> found = decode_index(*bytes)) {
      loaded_index_ = std::make_shared<const SegmentIndex>(std::move(*found));
      return loaded_index_;
    }
  }
  DF_ASSIGN_OR_RETURN(SegmentIndex made, make_index(*log));
  loaded_index_ = std::make_shared<const SegmentIndex>(std::move(made));
  return loaded_index_;
}

// From the batch headers, as far as they follow each other soundly. Where they do not, readers find
// the damage by themselves.
Result<SegmentIndex> Segment::make_index(File& log) {
  SegmentIndex index;
  Timestamp max_time = kNoTimestamp;
  Offset expected = base_;
  BatchWalker walker(log, 0, summary_.bytes);
  while (true) {
    Result<std::optional<BatchHeader>> batch = walker.peek();
    if (!batch.ok() && batch.status().code() != StatusCode::kCorrupt) return batch.status();
    if (!batch.ok() || (*batch && (*batch)->base_offset != expected)) return index;
    if (!*batch) break;
    index.note_batch(static_cast<uint32_t>(expected - base_),
                     static_cast<uint32_t>(walker.position()), max_time, kRemadeInterval);
    max_time = std::max(max_time, (*batch)->max_timestamp);
    expected = (*batch)->next_offset();
    walker.skip(**batch);
  }
  // Readers go on without the file as well; then the next start makes it.
  (void)write_index(summary_, index).ok();
  return index;
}

Status Segment::write_index(const SegmentSummary& summary, const SegmentIndex& index) {
  const std::string temporary = index_path() + ".tmp";
  DF_ASSIGN_OR_RETURN(std::unique_ptr<File> out, env_.open(temporary, OpenMode::kTruncate));
  DF_RETURN_IF_ERROR(out->write_at(0, index.encode(summary)));
  return env_.rename(temporary, index_path());
}

void Segment::drop_index() {
  std::lock_guard lock(lazy_);
  active_index_.reset();
  loaded_index_.reset();
}

bool Segment::is_verified(uint64_t from, uint64_t to) const {
  std::lock_guard lock(lazy_);
  auto it = verified_.upper_bound(from);
  if (it == verified_.begin()) return from >= to;
  return std::prev(it)->second >= to;
}

void Segment::mark_verified(uint64_t from, uint64_t to) {
  std::lock_guard lock(lazy_);
  auto it = verified_.upper_bound(from);
  if (it != verified_.begin() && std::prev(it)->second >= from) {
    --it;
    from = it->first;
    to = std::max(to, it->second);
    it = verified_.erase(it);
  }
  while (it != verified_.end() && it->first <= to) {
    to = std::max(to, it->second);
    it = verified_.erase(it);
  }
  verified_.emplace(from, to);
}

}  // namespace dataflow::log
