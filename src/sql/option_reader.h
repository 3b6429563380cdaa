// The options of one table, read by their names in SQL. What nobody asked for is refused at its
// place, with the nearest of the names that were asked for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/catalog.h"

namespace dataflow::sql {

class TableOptions {
 public:
  // The table's options with those of a hint in their place.
  TableOptions(const Table& table, const std::vector<OptionText>& hints, const std::string& script);

  const Table& table() const { return table_; }
  const std::string& script() const { return script_; }

  std::optional<std::string> text(const std::string& key);
  std::string text_or(const std::string& key, const std::string& usual);
  Result<std::string> required(const std::string& key);
  Result<bool> boolean(const std::string& key, bool usual);
  Result<int64_t> integer(const std::string& key, int64_t usual, int64_t least);
  // As we write durations, "5000ms"; nothing where it is not given.
  Result<std::optional<int64_t>> duration_ms(const std::string& key);
  Result<std::optional<int64_t>> bytes(const std::string& key);
  // One of the words, in their spelling.
  Result<std::string> word(const std::string& key, const std::vector<std::string>& words,
                           const std::string& usual);
  // Known and without meaning here.
  void pass(std::initializer_list<std::string_view> keys);
  void pass_beginning(std::string beginning);
  // All that have not been asked for, which counts as asking.
  std::vector<OptionText> others();

  Status wrong(const std::string& key, const std::string& why) const;
  // At the table's connector, or nowhere.
  Status wrong_table(const std::string& why) const;
  // Last: kInvalid if an option is left that was not asked for.
  Status refuse_others() const;

 private:
  const OptionText* find(const std::string& key) const;
  bool is_known(const std::string& key) const;

  const Table& table_;
  const std::string& script_;
  std::vector<OptionText> options_;
  std::vector<std::string> known_;
  std::vector<std::string> beginnings_;
};

}  // namespace dataflow::sql
