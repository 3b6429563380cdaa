// Arrow's errors as ours. Who calls from_arrow() with a result has Arrow's headers.
#pragma once

#include <utility>

#include "base/status.h"

namespace arrow {
class Status;
template <class T>
class Result;
}  // namespace arrow

namespace dataflow {

Status from_arrow(const arrow::Status& status);

template <class T>
Result<T> from_arrow(arrow::Result<T> result) {
  if (!result.ok()) return from_arrow(result.status());
  return std::move(result).ValueUnsafe();
}

}  // namespace dataflow
