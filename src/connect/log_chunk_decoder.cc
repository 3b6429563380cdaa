// The log source's decoder: record batches to rows.
#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>

#include <set>

#include "deletions.h"
#include "log_chunk.h"
#include "log_source.h"
#include "topic_names.h"
#include "types/arrow_status.h"
#include "types/batch_builder.h"
#include "types/record.h"

namespace dataflow::connect {
namespace {

constexpr size_t kMaxUncompressedBytes = size_t{256} << 20;
constexpr size_t kFaultPayloadBytes = 4096;

// Which batches a reader of committed data leaves out. The log names for each read the aborted
// transactions that reach into it, also those that began before.
class AbortFilter {
 public:
  explicit AbortFilter(std::vector<log::AbortedTransaction> ahead) : ahead_(std::move(ahead)) {}

  bool hides(const BatchHeader& batch, std::string_view bytes) {
    while (next_ < ahead_.size() && ahead_[next_].first_offset <= batch.last_offset()) {
      aborting_.insert(ahead_[next_++].producer_id);
    }
    if (!batch.is_control()) {
      return batch.is_transactional() && aborting_.contains(batch.producer_id);
    }
    Result<ControlRecord> end = parse_control_batch(bytes);
    if (end.ok() && end->type == ControlType::kAbort) aborting_.erase(batch.producer_id);
    return true;
  }

 private:
  std::vector<log::AbortedTransaction> ahead_;  // by first offset
  size_t next_ = 0;
  std::set<ProducerId> aborting_;
};

class LogChunkDecoder final : public engine::ChunkDecoder {
 public:
  LogChunkDecoder(std::shared_ptr<const LogSourceSpec> spec,
                  std::unique_ptr<format::Decoder> decoder, std::unique_ptr<Deletions> deletions)
      : spec_(std::move(spec)),
        decoder_(std::move(decoder)),
        deletions_(std::move(deletions)),
        metadata_(spec_->columns) {}

  Status decode(const engine::Split& split, const engine::Chunk& chunk, engine::DecodedRows& rows,
                std::vector<engine::SourceFault>& faults) override;

 private:
  Status decode_batch(std::string_view batch, const LogChunk& chunk, std::vector<int64_t>& offsets,
                      std::vector<engine::SourceFault>& faults);
  Status add(const Record& record, std::vector<int64_t>& offsets,
             std::vector<engine::SourceFault>& faults);
  Status add_metadata(const Record& record, int64_t rows);
  Status finish(engine::DecodedRows& rows, std::vector<engine::SourceFault>& faults);
  // Rows that are no deletions after all: their keys cannot be read.
  static Status leave_out(const std::vector<RowFault>& bad_keys, engine::DecodedRows& rows,
                          std::vector<engine::SourceFault>& faults);
  // The raw column with NULL where the record had no value.
  Result<ColumnPtr> with_tombstones(const ColumnPtr& column) const;

  std::shared_ptr<const LogSourceSpec> spec_;
  std::unique_ptr<format::Decoder> decoder_;
  std::unique_ptr<Deletions> deletions_;  // null: rows do not replace each other
  MetadataBuilder metadata_;
  int32_t partition_ = 0;
  std::string scratch_;
  Record record_;
  std::vector<int64_t> tombstones_;  // rows
};

void add_fault(int64_t offset, const RowFault& why, std::string_view payload,
               std::vector<engine::SourceFault>& faults) {
  faults.push_back(
      {offset, why.field, why.reason, std::string(payload.substr(0, kFaultPayloadBytes))});
}

Status LogChunkDecoder::decode(const engine::Split& split, const engine::Chunk& chunk,
                               engine::DecodedRows& rows,
                               std::vector<engine::SourceFault>& faults) {
  rows.offsets.clear();
  tombstones_.clear();
  DF_ASSIGN_OR_RETURN(PartitionIndex partition, partition_of_split(split.id));
  partition_ = partition.value();
  DF_ASSIGN_OR_RETURN(LogChunk log_chunk, parse_log_chunk(chunk.bytes));
  AbortFilter filter(std::move(log_chunk.aborted));
  std::string_view rest = log_chunk.batches;
  while (!rest.empty()) {
    DF_ASSIGN_OR_RETURN(BatchHeader header, parse_batch_header(rest));
    if (header.total_bytes() > rest.size()) return Status::corrupt("a record batch is cut");
    const std::string_view batch = rest.substr(0, header.total_bytes());
    rest.remove_prefix(batch.size());
    if (!batch_crc_ok(batch)) {
      return Status::corrupt("reading " + split.id + ": the record batch at offset " +
                             std::to_string(header.base_offset.value()) + " fails its checksum");
    }
    const bool hidden = spec_->read_committed ? filter.hides(header, batch) : header.is_control();
    if (hidden || header.record_count == 0) continue;
    Status decoded = decode_batch(batch, log_chunk, rows.offsets, faults);
    if (!decoded.ok()) return decoded.with_context("reading " + split.id);
  }
  return finish(rows, faults);
}

Status LogChunkDecoder::finish(engine::DecodedRows& rows,
                               std::vector<engine::SourceFault>& faults) {
  const int64_t count = decoder_->rows();
  DF_ASSIGN_OR_RETURN(std::vector<ColumnPtr> payload, decoder_->take());
  if (!tombstones_.empty() && !payload.empty()) {
    DF_ASSIGN_OR_RETURN(payload[0], with_tombstones(payload[0]));
  }
  if (deletions_ == nullptr || !deletions_->any()) {
    DF_ASSIGN_OR_RETURN(rows.batch, metadata_.finish(std::move(payload), count));
    return {};
  }
  auto kinds = std::make_shared<std::vector<RowKind>>();
  std::vector<RowFault> bad_keys;
  DF_ASSIGN_OR_RETURN(payload, deletions_->put_among(std::move(payload), count, *kinds, bad_keys));
  DF_ASSIGN_OR_RETURN(rows.batch, metadata_.finish(std::move(payload), std::ssize(*kinds)));
  rows.batch.kinds = std::move(kinds);
  return bad_keys.empty() ? Status() : leave_out(bad_keys, rows, faults);
}

Status LogChunkDecoder::leave_out(const std::vector<RowFault>& bad_keys, engine::DecodedRows& rows,
                                  std::vector<engine::SourceFault>& faults) {
  std::set<int64_t> bad;
  for (const RowFault& fault : bad_keys) {
    bad.insert(fault.row);
    add_fault(rows.offsets[static_cast<size_t>(fault.row)], fault, "", faults);
  }
  std::vector<int32_t> good;
  std::vector<int64_t> offsets;
  for (int64_t row = 0; row < rows.batch.rows; ++row) {
    if (bad.contains(row)) continue;
    good.push_back(static_cast<int32_t>(row));
    offsets.push_back(rows.offsets[static_cast<size_t>(row)]);
  }
  rows.offsets = std::move(offsets);
  DF_ASSIGN_OR_RETURN(rows.batch, take(rows.batch, good));
  return {};
}

Status LogChunkDecoder::decode_batch(std::string_view batch, const LogChunk& chunk,
                                     std::vector<int64_t>& offsets,
                                     std::vector<engine::SourceFault>& faults) {
  DF_ASSIGN_OR_RETURN(RecordReader reader,
                      RecordReader::open(batch, kMaxUncompressedBytes, scratch_));
  while (true) {
    DF_ASSIGN_OR_RETURN(bool more, reader.next(record_));
    if (!more) return {};
    if (record_.offset < chunk.start) continue;
    if (record_.offset >= chunk.stop) return {};
    DF_RETURN_IF_ERROR(add(record_, offsets, faults));
  }
}

Status LogChunkDecoder::add(const Record& record, std::vector<int64_t>& offsets,
                            std::vector<engine::SourceFault>& faults) {
  const int64_t before = decoder_->rows();
  const int64_t offset = record.offset.value();
  RowFault why{before, "", ""};
  if (deletions_ != nullptr && !record.key) {
    why.reason = "the record has no key, by which rows of the topic replace each other";
    add_fault(offset, why, record.value.value_or(""), faults);
    return {};
  }
  if (deletions_ != nullptr && !record.value) {
    if (!deletions_->add(std::ssize(offsets), *record.key, why)) {
      add_fault(offset, why, *record.key, faults);
      return {};
    }
    offsets.push_back(offset);
    return add_metadata(record, 1);
  }
  if (!record.value && !spec_->null_values) {
    why.reason = "the record has no value (a tombstone)";
    add_fault(offset, why, record.key.value_or(""), faults);
    return {};
  }
  static constexpr char kNothing[format::kPayloadPadding] = {};
  const std::string_view payload = record.value.value_or(std::string_view(kNothing, 0));
  if (!decoder_->add(payload, why)) {
    add_fault(offset, why, payload, faults);
    return {};
  }
  const int64_t rows = decoder_->rows() - before;
  offsets.insert(offsets.end(), static_cast<size_t>(rows), offset);
  if (!record.value) tombstones_.push_back(before);
  return add_metadata(record, rows);
}

Status LogChunkDecoder::add_metadata(const Record& record, int64_t rows) {
  if (!spec_->columns.has_metadata()) return {};
  RowOrigin origin;
  origin.offset = record.offset.value();
  origin.partition = partition_;
  origin.timestamp_ms = record.timestamp.value();
  origin.key = record.key;
  origin.headers = &record.headers;
  return metadata_.append(origin, rows);
}

Result<ColumnPtr> LogChunkDecoder::with_tombstones(const ColumnPtr& column) const {
  const int64_t rows = column->length();
  const int64_t first = column->offset();
  DF_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> valid,
                      from_arrow(arrow::AllocateBuffer(arrow::bit_util::BytesForBits(first + rows))
                                     .Map([](std::unique_ptr<arrow::Buffer> buffer) {
                                       return std::shared_ptr<arrow::Buffer>(std::move(buffer));
                                     })));
  uint8_t* bits = valid->mutable_data();
  for (int64_t row = 0; row < rows; ++row) {
    arrow::bit_util::SetBitTo(bits, first + row, column->IsValid(row));
  }
  for (const int64_t row : tombstones_) arrow::bit_util::SetBitTo(bits, first + row, false);
  std::shared_ptr<arrow::ArrayData> data = column->data()->Copy();
  data->buffers[0] = std::move(valid);
  data->SetNullCount(arrow::kUnknownNullCount);
  return arrow::MakeArray(data);
}

}  // namespace

Result<std::unique_ptr<engine::ChunkDecoder>> make_log_chunk_decoder(
    std::shared_ptr<const LogSourceSpec> spec) {
  Result<std::unique_ptr<format::Decoder>> decoder = format::make_decoder(
      spec->format, spec->columns.payload(), spec->decoder, spec->columns.payload_read());
  if (!decoder.ok()) return decoder.status().with_context(spec->where);
  std::unique_ptr<Deletions> deletions;
  if (spec->upsert_key) {
    std::vector<Field> read;
    const Schema& payload = *spec->columns.payload();
    for (size_t i = 0; i < payload.size(); ++i) {
      if (spec->columns.payload_read()[i]) read.push_back(payload[i]);
    }
    DF_ASSIGN_OR_RETURN(deletions,
                        Deletions::make(*spec->upsert_key, std::make_shared<const Schema>(read)));
  }
  return std::unique_ptr<engine::ChunkDecoder>(std::make_unique<LogChunkDecoder>(
      std::move(spec), std::move(*decoder), std::move(deletions)));
}

}  // namespace dataflow::connect
