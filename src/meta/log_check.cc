#include "log_check.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace dataflow::meta {

namespace {

constexpr size_t kBlockBytes = 32768;
constexpr size_t kHeaderBytes = 7;
enum RecordType : uint8_t { kWhole = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

// How many whole records can stand behind a torn one. The store syncs each record of the
// write-ahead log before it writes the next: none. RocksDB puts what a flush and a compaction have
// to say into the manifest before it syncs.
constexpr uint64_t kUnsyncedManifestRecords = 3;

constexpr std::string_view kWhatToDo = "; keep a copy of the folder and restore it from a backup";

uint32_t unmask(uint32_t masked) {
  const uint32_t rotated = masked - 0xa282ead8u;
  return (rotated >> 17) | (rotated << 15);
}

struct PhysicalRecord {
  bool valid = false;
  bool fits = false;  // the length could be right
  uint8_t type = 0;
  uint64_t end = 0;
};

// `position` lies within the log with room for a header in its block.
PhysicalRecord parse_record(std::string_view log, uint64_t position) {
  PhysicalRecord record;
  const uint64_t left_in_block = kBlockBytes - position % kBlockBytes;
  const uint64_t left = std::min<uint64_t>(left_in_block, log.size() - position);
  if (left < kHeaderBytes) return record;
  const char* header = log.data() + position;
  const uint16_t length = load_le16(header + 4);
  record.type = static_cast<uint8_t>(header[6]);
  record.fits = kHeaderBytes + length <= left;
  if (!record.fits) return record;
  record.end = position + kHeaderBytes + length;
  record.valid = record.type >= kWhole && record.type <= kLast &&
                 unmask(load_le32(header)) == crc32c({header + 6, size_t{1} + length});
  return record;
}

uint64_t skip_trailer(uint64_t position) {
  const uint64_t left_in_block = kBlockBytes - position % kBlockBytes;
  return left_in_block < kHeaderBytes ? position + left_in_block : position;
}

bool begins_record(uint8_t type) { return type == kWhole || type == kFirst; }

uint64_t count_records_behind(std::string_view log, uint64_t position) {
  uint64_t count = 0;
  while (true) {
    position = skip_trailer(position);
    if (position >= log.size()) return count;
    const PhysicalRecord record = parse_record(log, position);
    if (record.valid && begins_record(record.type)) ++count;
    position = record.fits ? record.end : (position / kBlockBytes + 1) * kBlockBytes;
  }
}

Status damaged(const std::string& path, const std::string& problem) {
  return Status::corrupt("opening the metadata store: " + path + ": " + problem +
                         std::string(kWhatToDo));
}

Result<std::string> manifest_name(Env& env, const std::string& dir) {
  const std::string path = dir + "/CURRENT";
  DF_ASSIGN_OR_RETURN(std::string name, env.read_file(path, 1024));
  if (name.ends_with('\n')) name.pop_back();
  const std::optional<LogFile> parsed = parse_log_name(name);
  if (!parsed || parsed->kind != LogKind::kManifest) {
    return damaged(path, "does not name a manifest");
  }
  return name;
}

Status check_log(Env& env, const std::string& path, LogFile log, bool newest,
                 const SyncMark& mark) {
  DF_ASSIGN_OR_RETURN(const uint64_t size, env.file_size(path));
  DF_ASSIGN_OR_RETURN(const std::string content, env.read_file(path, size));
  const LogFacts facts{log.kind, scan_log(content), mark.bound_of(log), newest};
  const LogVerdict verdict = judge_log(facts);
  if (verdict == LogVerdict::kDamaged) {
    return damaged(path, "damaged at byte " + std::to_string(facts.scan.valid_end) + " of " +
                             std::to_string(std::max(facts.scan.size, facts.synced_bytes)) +
                             ", in data that had been synced");
  }
  if (!newest) return {};
  DF_ASSIGN_OR_RETURN(std::unique_ptr<File> file, env.open(path, OpenMode::kReadWrite));
  if (verdict == LogVerdict::kTornTail) DF_RETURN_IF_ERROR(file->truncate(facts.scan.valid_end));
  // Also when nothing was cut: only the newest log may end in a torn record, and RocksDB is about
  // to begin a newer one. What is here must by then be as it will be found again.
  return file->sync();
}

struct Listing {
  std::vector<uint64_t> wals;  // ascending
  std::vector<std::string> wal_names;
  bool current = false;
  bool tables = false;
};

Result<Listing> list_logs(Env& env, const std::string& dir) {
  DF_ASSIGN_OR_RETURN(const std::vector<DirEntry> entries, env.list_dir(dir));
  Listing listing;
  std::vector<std::pair<uint64_t, std::string>> wals;
  for (const DirEntry& entry : entries) {
    const std::optional<LogFile> log = parse_log_name(entry.name);
    if (log && log->kind == LogKind::kWal) wals.emplace_back(log->number, entry.name);
    if (entry.name == "CURRENT") listing.current = true;
    if (entry.name.ends_with(".sst")) listing.tables = true;
  }
  std::sort(wals.begin(), wals.end());
  for (auto& [number, name] : wals) {
    listing.wals.push_back(number);
    listing.wal_names.push_back(std::move(name));
  }
  return listing;
}

}  // namespace

LogScan scan_log(std::string_view log) {
  LogScan scan;
  scan.size = log.size();
  bool in_parts = false;
  uint64_t position = 0;
  while (position < log.size()) {
    const uint64_t start = skip_trailer(position);
    if (start >= log.size()) break;
    const PhysicalRecord record = parse_record(log, start);
    if (!record.valid) {
      const uint64_t next_block = (start / kBlockBytes + 1) * kBlockBytes;
      scan.records_after_damage = count_records_behind(log, record.fits ? record.end : next_block);
      return scan;
    }
    if (begins_record(record.type) == in_parts) {
      scan.records_after_damage = count_records_behind(log, in_parts ? start : record.end);
      return scan;
    }
    position = record.end;
    in_parts = record.type == kFirst || record.type == kMiddle;
    if (!in_parts) scan.valid_end = position;
  }
  return scan;
}

LogVerdict judge_log(const LogFacts& facts) {
  if (facts.scan.valid_end < facts.synced_bytes) return LogVerdict::kDamaged;
  if (facts.scan.clean()) return LogVerdict::kClean;
  if (!facts.newest) return LogVerdict::kDamaged;
  const uint64_t possible = facts.kind == LogKind::kWal ? 0 : kUnsyncedManifestRecords;
  return facts.scan.records_after_damage > possible ? LogVerdict::kDamaged : LogVerdict::kTornTail;
}

Status check_logs(Env& env, const std::string& dir, const SyncMark& mark) {
  DF_ASSIGN_OR_RETURN(const Listing listing, list_logs(env, dir));
  if (!listing.current) {
    // A first open that was cut short has got neither tables nor a write-ahead log.
    if (!listing.tables && listing.wals.empty()) return {};
    return damaged(dir + "/CURRENT", "missing, although the store's data files are there");
  }
  DF_ASSIGN_OR_RETURN(const std::string manifest, manifest_name(env, dir));
  const LogFile manifest_file = *parse_log_name(manifest);
  if (!env.exists(dir + "/" + manifest)) return damaged(dir + "/" + manifest, "missing");
  DF_RETURN_IF_ERROR(check_log(env, dir + "/" + manifest, manifest_file, true, mark));

  const SyncedBound newest = mark.newest_wal();
  if (newest.bytes > 0 && (listing.wals.empty() || listing.wals.back() < newest.number)) {
    // RocksDB begins a newer log before it removes this one.
    char name[32];
    std::snprintf(name, sizeof name, "/%06llu.log", static_cast<unsigned long long>(newest.number));
    return damaged(dir + name, "missing");
  }
  for (size_t i = 0; i < listing.wals.size(); ++i) {
    const bool is_newest = i + 1 == listing.wals.size();
    DF_RETURN_IF_ERROR(check_log(env, dir + "/" + listing.wal_names[i],
                                 {LogKind::kWal, listing.wals[i]}, is_newest, mark));
  }
  return {};
}

}  // namespace dataflow::meta
