// The options of one source or sink, read by name. What nobody asked for is refused, with the
// nearest of the names that were asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"

namespace dataflow::connect {

class OptionReader {
 public:
  // `where` begins every message: "source `orders`". `options` outlives the reader.
  OptionReader(std::string where, const plan::Options& options)
      : where_(std::move(where)), options_(options) {}

  std::optional<std::string> text(const std::string& name);
  // Under the first of the names; kInvalid if it stands under both.
  Result<std::optional<std::string>> text(const std::string& name, const std::string& synonym);
  Result<std::string> required(const std::string& name, const std::string& synonym = "");
  Result<int64_t> integer(const std::string& name, int64_t usual, int64_t least, int64_t most);
  Result<bool> boolean(const std::string& name, bool usual);
  // One of `words`; the first is the usual one. Gives its place.
  Result<size_t> choice(const std::string& name, const std::vector<std::string>& words);

  // kInvalid, naming the option: "source `orders`: option `start`=`x`: why".
  Status wrong(const std::string& name, std::string_view why) const;
  // Last: kInvalid if an option is left that was not read.
  Status refuse_others() const;

 private:
  std::string where_;
  const plan::Options& options_;
  std::vector<std::string> known_;
};

// The same result, its error beginning with `where`.
template <class T>
Result<T> in_place(Result<T> result, const std::string& where) {
  if (result.ok()) return result;
  return result.status().with_context(where);
}

// "`a`, `b` or `c`".
std::string any_of_words(const std::vector<std::string>& words);

}  // namespace dataflow::connect
