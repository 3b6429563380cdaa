// Details of a Status with which a job fails, for who says it in other words.
#pragma once

#include <cstdint>
#include <string_view>

namespace dataflow::engine {

// A row failed the job, as its plan says.
inline constexpr uint16_t kRowFailed = 0x4800;
// The end of such a message: how the pipeline would go on.
inline constexpr std::string_view kFailsForRow =
    ". The pipeline says on_error: fail; with on_error: dead_letter it would go on without this "
    "row";
// Keyed state took more memory than is allowed.
inline constexpr uint16_t kStateTooLarge = 0x4801;

}  // namespace dataflow::engine
