// Paths into JSON: [lax|strict] $.name[0]['other name'][*].*
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "json_tree.h"

namespace dataflow::expr {

class JsonPath {
 public:
  static Result<JsonPath> parse(std::string_view text);

  // Strict is what a path is that does not say.
  bool is_lax() const { return lax_; }
  // Names one value; one with * names a list of them.
  bool is_definite() const { return definite_; }
  // The values that it names in the tree. False: there is none where a definite path leads.
  bool find(const JsonTree& tree, std::vector<uint32_t>& found) const;

 private:
  struct Step {
    enum class Kind : uint8_t { kMember, kElement, kAll };
    Kind kind = Kind::kAll;
    std::string name;
    int64_t index = 0;
  };

  Status read_steps(std::string_view text);
  Status read_bracket(std::string_view& text);

  bool lax_ = false;
  bool definite_ = true;
  std::vector<Step> steps_;
};

}  // namespace dataflow::expr
