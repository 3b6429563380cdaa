// Checking every byte that is on disk, on request.
#include "log/fault.h"
#include "log_partition.h"

namespace dataflow::log {

Status LogPartition::verify(const std::function<void(uint64_t, uint64_t)>& progress) {
  struct Piece {
    std::shared_ptr<Segment> segment;
    uint64_t bytes;
  };
  std::vector<Piece> pieces;
  uint64_t total = 0;
  {
    std::lock_guard lock(mutex_);
    for (const auto& segment : segments_) {
      const bool last = segment->base() == high_place_.segment;
      pieces.push_back({segment, last ? high_place_.position : segment->bytes()});
      total += pieces.back().bytes;
      if (last) break;
    }
  }
  uint64_t done = 0;
  for (const Piece& piece : pieces) {
    Offset reached = piece.segment->base();
    Segment::ScanEnd end;
    auto check = [&](const BatchHeader& batch, std::string_view bytes) {
      DF_RETURN_IF_ERROR(check_epoch(batch));
      reached = batch.next_offset();
      end.position += bytes.size();
      done += bytes.size();
      if (progress) progress(done, total);
      return Status();
    };
    Result<Segment::ScanEnd> scanned =
        piece.segment->scan(0, piece.bytes, piece.segment->base(), check);
    if (scanned.ok()) {
      end = *scanned;
    } else if (scanned.status().code() == StatusCode::kCorrupt) {
      end = {end.position, false, scanned.status().message()};
    } else {
      return scanned.status();
    }
    if (end.clean) {
      piece.segment->mark_verified(0, piece.bytes);
      continue;
    }
    report_damage(*piece.segment, end.position, reached, end.what);
    return fault(Fault::kDamagedData, StatusCode::kCorrupt,
                 "segment " + piece.segment->log_path() + " position " +
                     std::to_string(end.position) + " offset " + std::to_string(reached.value()) +
                     ": " + end.what);
  }
  return {};
}

}  // namespace dataflow::log
