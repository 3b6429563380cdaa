// Any bytes: a script is read or refused, and every query in it prints as a text of the same tree.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "sql/parser.h"
#include "tree_text.h"

using dataflow::sql::QueryPtr;

namespace {

void check(const QueryPtr& query) {
  const std::string printed = dataflow::sql::to_string(*query);
  const auto again = dataflow::sql::parse_statement(printed);
  if (!again.ok()) {
    // Parentheses that printing adds may pass the limits of depth.
    if (again.status().message().find(" deeper than ") != std::string::npos) return;
    std::fprintf(stderr, "%s\n%s\n", printed.c_str(), again.status().message().c_str());
    std::abort();
  }
  const auto* select = std::get_if<dataflow::sql::SelectStatement>(&again->what);
  if (select == nullptr || tree_text(*select->query) != tree_text(*query)) {
    std::fprintf(stderr, "%s\n%s\n%s\n", printed.c_str(), tree_text(*query).c_str(),
                 select == nullptr ? "no query" : tree_text(*select->query).c_str());
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto script = dataflow::sql::parse_script(text);
  if (!script.ok()) return 0;
  for (const auto& statement : *script) {
    if (const auto* it = std::get_if<dataflow::sql::SelectStatement>(&statement.what)) {
      check(it->query);
    } else if (const auto* it = std::get_if<dataflow::sql::Insert>(&statement.what)) {
      check(it->query);
    }
  }
  return 0;
}
