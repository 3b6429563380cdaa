#include "sync_mark.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace dataflow::meta {

namespace {

constexpr uint32_t kMagic = 0x4d534644;  // "DFSM"
constexpr size_t kSlotStride = 512;
constexpr size_t kFileBytes = 4 * kSlotStride;
constexpr size_t kSlotBytes = 4 + 3 * 8 + 4;
constexpr size_t kChecksumAt = kSlotBytes - 4;

std::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

size_t first_slot(LogKind kind) { return static_cast<size_t>(kind) * 2; }

}  // namespace

std::optional<LogFile> parse_log_name(std::string_view name) {
  constexpr std::string_view kManifestPrefix = "MANIFEST-";
  constexpr std::string_view kWalSuffix = ".log";
  LogKind kind = LogKind::kWal;
  if (name.starts_with(kManifestPrefix)) {
    kind = LogKind::kManifest;
    name.remove_prefix(kManifestPrefix.size());
  } else if (name.ends_with(kWalSuffix)) {
    name.remove_suffix(kWalSuffix.size());
  } else {
    return std::nullopt;
  }
  const std::optional<uint64_t> number = parse_number(name);
  if (!number) return std::nullopt;
  return LogFile{kind, *number};
}

Result<std::unique_ptr<SyncMark>> SyncMark::open(Env& env, const std::string& dir) {
  const std::string path = dir + "/" + std::string(kFileName);
  DF_ASSIGN_OR_RETURN(std::unique_ptr<File> file, env.open(path, OpenMode::kReadWrite));
  // Whole from the start, so that a full disk cannot refuse a later mark.
  DF_ASSIGN_OR_RETURN(const uint64_t size, file->size());
  if (size < kFileBytes) {
    DF_RETURN_IF_ERROR(file->write_at(size, std::string(kFileBytes - size, '\0')));
  }
  std::unique_ptr<SyncMark> mark(new SyncMark(std::move(file)));
  DF_RETURN_IF_ERROR(mark->load().with_context("reading " + path));
  return mark;
}

Status SyncMark::load() {
  for (size_t i = 0; i < slots_.size(); ++i) {
    char raw[kSlotBytes];
    DF_ASSIGN_OR_RETURN(const size_t read, file_->read_at(i * kSlotStride, raw));
    if (read < kSlotBytes || load_le32(raw) != kMagic ||
        load_le32(raw + kChecksumAt) != crc32c({raw, kChecksumAt})) {
      continue;  // never written, or torn: the other slot of the pair holds an older bound
    }
    slots_[i] = {load_le64(raw + 4), {load_le64(raw + 12), load_le64(raw + 20)}};
  }
  return {};
}

uint64_t SyncMark::bound_of(LogFile file) const {
  std::lock_guard lock(mutex_);
  const size_t first = first_slot(file.kind);
  Slot newest;
  for (size_t i = first; i < first + 2; ++i) {
    if (slots_[i].bound.number == file.number && slots_[i].sequence > newest.sequence) {
      newest = slots_[i];
    }
  }
  return newest.bound.bytes;
}

SyncedBound SyncMark::newest_wal() const {
  std::lock_guard lock(mutex_);
  return std::max(slots_[0], slots_[1],
                  [](const Slot& a, const Slot& b) { return a.sequence < b.sequence; })
      .bound;
}

Status SyncMark::note(LogFile file, uint64_t bytes) {
  std::lock_guard lock(mutex_);
  const size_t first = first_slot(file.kind);
  const Slot& newest =
      slots_[first].sequence > slots_[first + 1].sequence ? slots_[first] : slots_[first + 1];
  if (newest.bound.number == file.number && newest.bound.bytes == bytes) return {};
  const bool second_is_older = slots_[first + 1].sequence < slots_[first].sequence;
  const size_t index = second_is_older ? first + 1 : first;
  const uint64_t sequence = newest.sequence + 1;

  std::string raw;
  append_le32(raw, kMagic);
  append_le64(raw, sequence);
  append_le64(raw, file.number);
  append_le64(raw, bytes);
  append_le32(raw, crc32c(raw));
  DF_RETURN_IF_ERROR(file_->write_at(index * kSlotStride, raw));
  slots_[index] = {sequence, {file.number, bytes}};
  return {};
}

}  // namespace dataflow::meta
