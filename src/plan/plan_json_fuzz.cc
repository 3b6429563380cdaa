// The text is read as a plan. One that is read is written, and what is written comes back the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "plan/plan.h"

namespace dataflow::plan {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_one_plan(const std::string& text) {
  auto plan = plan_from_json(text);
  if (!plan.ok()) return;
  const std::string written = to_json(*plan);
  const auto back = plan_from_json(written);
  require(back.ok() && to_json(*back) == written);
}

}  // namespace
}  // namespace dataflow::plan

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dataflow::plan::check_one_plan({reinterpret_cast<const char*>(data), size});
  return 0;
}
