// What a client would have, of what there is.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace dataflow::http {

// Which of the types `accept` would have most, by RFC 9110: the highest q, each type's taken from
// what names it most closely. Between equals what is named itself goes before what `text/*` means,
// then what stands in front in `accept`, then in `types`. None: it takes none of them. An empty
// `accept` takes all.
std::optional<size_t> best_accepted(std::string_view accept,
                                    std::span<const std::string_view> types);

}  // namespace dataflow::http
