// The formats' decoders, for make_decoder().
#pragma once

#include <memory>

#include "format/decoder.h"
#include "text_value.h"

namespace dataflow::format {

std::unique_ptr<Decoder> make_json_decoder(SchemaPtr schema, const DecoderOptions& options,
                                           const ReadStyle& style);
// Fields are known by their place in the schema: `read` says of each whether it becomes a column.
std::unique_ptr<Decoder> make_csv_decoder(SchemaPtr schema, const DecoderOptions& options,
                                          const ReadStyle& style, const std::vector<bool>& read);
std::unique_ptr<Decoder> make_raw_decoder(const SchemaPtr& schema, bool read);

}  // namespace dataflow::format
