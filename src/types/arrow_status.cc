#include "types/arrow_status.h"

#include <arrow/status.h>

namespace dataflow {

Status from_arrow(const arrow::Status& status) {
  switch (status.code()) {
    case arrow::StatusCode::OK: return {};
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::TypeError: return Status::invalid(status.message());
    case arrow::StatusCode::KeyError: return Status::not_found(status.message());
    case arrow::StatusCode::IndexError: return Status::out_of_range(status.message());
    case arrow::StatusCode::CapacityError: return Status::too_large(status.message());
    case arrow::StatusCode::NotImplemented: return Status::unsupported(status.message());
    case arrow::StatusCode::OutOfMemory: return Status::unavailable(status.message());
    case arrow::StatusCode::IOError: return Status::io_error(status.message());
    case arrow::StatusCode::Cancelled: return Status::cancelled(status.message());
    default: return Status::internal(status.ToString());
  }
}

}  // namespace dataflow
