// A format's options as a plan has them, checked.
#pragma once

#include <string>

#include "format/decoder.h"
#include "format/encoder.h"
#include "plan/plan.h"

namespace dataflow::connect {

// kInvalid, naming the option and the nearest one that there is.
Result<format::DecoderOptions> decoder_options(const std::string& where,
                                               const plan::Options& options);
Result<format::EncoderOptions> encoder_options(const std::string& where,
                                               const plan::Options& options);

}  // namespace dataflow::connect
