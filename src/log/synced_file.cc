#include "synced_file.h"

#include <string_view>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace dataflow::log {
namespace {

constexpr uint32_t kMagic = 0x59534644;  // "DFSY"
constexpr size_t kSlotBytes = 48;
constexpr uint64_t kSlotStride = 512;

}  // namespace

Result<std::unique_ptr<SyncedFile>> SyncedFile::open(Env& env, const std::string& path,
                                                     std::optional<SyncedBound>* bound) {
  bound->reset();
  DF_ASSIGN_OR_RETURN(std::unique_ptr<File> file, env.open(path, OpenMode::kReadWrite));
  std::unique_ptr<SyncedFile> synced(new SyncedFile(env, path));
  for (uint64_t at : {uint64_t{0}, kSlotStride}) {
    char slot[kSlotBytes];
    DF_ASSIGN_OR_RETURN(size_t got, file->read_at(at, slot));
    if (got < kSlotBytes || load_le32(slot) != kMagic) continue;
    if (load_le32(slot + 4) != crc32c(std::string_view(slot + 8, kSlotBytes - 8))) continue;
    const uint64_t turn = load_le64(slot + 8);
    if (bound->has_value() && turn <= synced->turn_) continue;
    synced->turn_ = turn;
    *bound = SyncedBound{Offset(static_cast<int64_t>(load_le64(slot + 16))),
                         Offset(static_cast<int64_t>(load_le64(slot + 24))), load_le64(slot + 32)};
  }
  return synced;
}

Status SyncedFile::write(const SyncedBound& bound) {
  if (!file_) {
    DF_ASSIGN_OR_RETURN(file_, env_.open(path_, OpenMode::kReadWrite));
  }
  ++turn_;
  char slot[kSlotBytes] = {};
  store_le32(slot, kMagic);
  store_le64(slot + 8, turn_);
  store_le64(slot + 16, static_cast<uint64_t>(bound.offset.value()));
  store_le64(slot + 24, static_cast<uint64_t>(bound.segment.value()));
  store_le64(slot + 32, bound.position);
  store_le32(slot + 4, crc32c(std::string_view(slot + 8, kSlotBytes - 8)));
  return file_->write_at((turn_ % 2) * kSlotStride, {slot, kSlotBytes});
}

}  // namespace dataflow::log
