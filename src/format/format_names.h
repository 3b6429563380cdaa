// What decoders and encoders check alike before one is made.
#pragma once

#include <string>

#include "base/status.h"
#include "types/schema.h"

namespace dataflow::format {

// The format exists ("json", "csv", "raw") and can carry rows of the schema.
// CSV takes lists and rows of scalars where `csv_lists`.
Status check_format(const std::string& format, const Schema& schema, bool csv_lists = false);
Status check_csv_signs(char delimiter, char quote);

}  // namespace dataflow::format
