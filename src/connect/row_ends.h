// Where rows end in a file: at a line end, but in CSV not at one that stands in quotes.
#pragma once

#include <cstddef>
#include <string_view>

namespace dataflow::connect {

class RowEnds {
 public:
  // Of lines.
  RowEnds() = default;
  // Of CSV; `escape` 0: none. With `comments` a row that begins with # ends with its line.
  RowEnds(char delimiter, char quote, char escape, bool comments = false)
      : quoted_(true), comments_(comments), delimiter_(delimiter), quote_(quote), escape_(escape) {}

  // The first row's size with its line end; 0 if it does not end in `bytes`, which begin with it.
  size_t first(std::string_view bytes) const;

  struct Cut {
    size_t whole = 0;       // the rows that end in the bytes
    bool complete = false;  // all that begin before the limit are among them
  };
  // `bytes` begin with a row. Rows that begin at `limit` or later are left out.
  Cut cut(std::string_view bytes, size_t limit) const;

 private:
  size_t first_with_quotes(std::string_view bytes) const;

  bool quoted_ = false;
  bool comments_ = false;
  char delimiter_ = ',';
  char quote_ = '"';
  char escape_ = '\0';
};

}  // namespace dataflow::connect
