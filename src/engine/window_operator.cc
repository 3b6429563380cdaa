#include "operators.h"

namespace dataflow::engine {

Result<std::unique_ptr<Operator>> make_window(const plan::WindowSpec& spec, const Schema& input,
                                              SchemaPtr output) {
  switch (spec.kind) {
    case plan::WindowKind::kTumbling:
    case plan::WindowKind::kHopping:
    case plan::WindowKind::kCumulative: return make_slice_window(spec, input, std::move(output));
    case plan::WindowKind::kSession: return make_session_window(spec, input, std::move(output));
    case plan::WindowKind::kCount: return make_count_window(spec, input, std::move(output));
  }
  return Status::internal("a window of no kind");
}

}  // namespace dataflow::engine
