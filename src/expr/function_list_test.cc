// docs/functions.md says what the registry says. DATAFLOW_WRITE_PAGES=1 writes it anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "expr/bound.h"

namespace dataflow::expr {
namespace {

// A row of a table: what would end a cell is escaped.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

std::string page() {
  std::map<std::string, std::map<std::string, FunctionInfo>> groups;
  for (const FunctionInfo& info : functions()) groups[info.group][info.name] = info;
  std::string out =
      "# Functions and operators of expressions\n\n"
      "This page is made of the registry of functions (a test compares both). Names and meaning "
      "are those of\nApache Flink SQL. Where it is not said otherwise a function is NULL if an "
      "argument is NULL; positions of characters\nand elements count from 1; a row that fails "
      "goes to the dead letters.\n\n"
      "Regular expressions are RE2's: they take time in proportion to the text, whatever the "
      "expression. Java's lookaround\nand back references, which no such engine has, are refused "
      "where the expression is a constant; `$` stands for the\nend of the text only, not for a "
      "line feed before it.\n";
  for (const auto& [group, list] : groups) {
    out += "\n## " + group + "\n\n| Name | Written | |\n|---|---|---|\n";
    for (const auto& [name, info] : list) {
      out +=
          "| `" + cell(name) + "` | `" + cell(info.signature) + "` | " + cell(info.help) + " |\n";
    }
  }
  return out;
}

TEST(FunctionList, ThePageSaysWhatTheRegistrySays) {
  if (std::getenv("DATAFLOW_WRITE_PAGES") != nullptr) {
    std::ofstream(DATAFLOW_FUNCTIONS_PAGE) << page();
  }
  std::ifstream file(DATAFLOW_FUNCTIONS_PAGE);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), page()) << "write it anew: DATAFLOW_WRITE_PAGES=1 expr_test";
}

}  // namespace
}  // namespace dataflow::expr
