// For tests: evaluate a text over a batch, as values and as text.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "expr/bound.h"

namespace dataflow::expr {

struct Evaluated {
  Status status;
  Type type;
  std::vector<Value> values;  // of the selected rows
  std::vector<RowFault> faults;
};

Evaluated evaluate_text(const std::string& text, const Batch& batch,
                        const Selection& selection = {}, const std::string& zone = "UTC");

// Of an expression without columns: its value as text, "fault: …" or "error: …".
std::string value_of(const std::string& text, const std::string& zone = "UTC");

// A table of texts.
struct Case {
  const char* text;
  const char* value;  // what value_of() gives: "value:TYPE"
};
void check(std::initializer_list<Case> cases);

}  // namespace dataflow::expr
