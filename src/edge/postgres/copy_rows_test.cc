// What COPY … FROM STDIN sends, cut anywhere.
#include "copy_rows.h"

#include <gtest/gtest.h>

namespace dataflow::postgres {
namespace {

std::string shown(const std::vector<CopyFields>& rows) {
  std::string out;
  for (const CopyFields& row : rows) {
    for (const auto& field : row) out += (field ? "<" + *field + ">" : "NULL") + " ";
    out += "\n";
  }
  return out;
}

// The rows, or "error: …"; sent in parts of `part` bytes.
std::string read_in_parts(const CopyOptions& options, size_t columns, std::string_view bytes,
                          size_t part) {
  const auto reader = make_copy_rows(options, columns);
  std::vector<CopyFields> rows;
  Status status;
  for (size_t at = 0; at < bytes.size() && status.ok(); at += part) {
    status = reader->feed(bytes.substr(at, part), rows);
  }
  if (status.ok()) status = reader->finish(rows);
  return status.ok() ? shown(rows) : "error: " + status.message();
}

std::string read(const CopyOptions& options, size_t columns, std::string_view bytes) {
  const std::string whole = read_in_parts(options, columns, bytes, bytes.size() + 1);
  for (size_t part = 1; part <= bytes.size() && part < 9; ++part) {
    EXPECT_EQ(read_in_parts(options, columns, bytes, part), whole) << "parts of " << part;
  }
  return whole;
}

CopyOptions csv() {
  CopyOptions options;
  options.format = CopyFormat::kCsv;
  options.delimiter = ',';
  options.null.clear();
  options.escape = '"';
  return options;
}

TEST(CopyRows, OfText) {
  const CopyOptions text;
  EXPECT_EQ(read(text, 2, "1\ta b\n2\t\\N\n"), "<1> <a b> \n<2> NULL \n");
  EXPECT_EQ(read(text, 2, "\t\r\nx\ty"), "<> <> \n<x> <y> \n");
  EXPECT_EQ(read(text, 1, "a\\tb\\nc\\\\d\\101\\x41\\q\n"), "<a\tb\nc\\dAAq> \n");
  EXPECT_EQ(read(text, 1, "a\\\nb\n"), "<a\nb> \n");
  EXPECT_EQ(read(text, 2, "a\\\tb\tc\n"), "<a\tb> <c> \n");
  EXPECT_EQ(read(text, 1, "\\\\N\n\n"), "<\\N> \n<> \n");
  EXPECT_EQ(read(text, 1, "a\n\\.\nanything\tat\tall\n"), "<a> \n");
  EXPECT_EQ(read(text, 1, "a\\"), "<a\\> \n");
  EXPECT_EQ(read(text, 1, ""), "");
  EXPECT_EQ(read(text, 2, "1\t2\n1\n"),
            "error: COPY, line 2: missing data: the row has 1 of 2 columns");
  EXPECT_EQ(read(text, 1, "1\t2\n"), "error: COPY, line 1: extra data after last expected column");
  CopyOptions other;
  other.delimiter = '|';
  other.null = "none";
  other.header = true;
  EXPECT_EQ(read(other, 2, "a|b\n1|none\n"), "<1> NULL \n");
}

TEST(CopyRows, OfCsv) {
  EXPECT_EQ(read(csv(), 3, "1,\"a,\"\"b\"\"\nc\",\n,\"\",x\r\n"),
            "<1> <a,\"b\"\nc> NULL \nNULL <> <x> \n");
  EXPECT_EQ(read(csv(), 2, "a\"b,c\"d,e\n"), "<ab,cd> <e> \n");
  EXPECT_EQ(read(csv(), 1, "\n\"\"\n"), "NULL \n<> \n");
  EXPECT_EQ(read(csv(), 1, "\\N\n\\.\nmore\n"), "<\\N> \n");
  EXPECT_EQ(read(csv(), 1, "a\n\"b\n"), "error: COPY, line 1: unterminated CSV quoted field");
  CopyOptions other = csv();
  other.delimiter = ';';
  other.quote = '\'';
  other.escape = '\\';
  other.null = "-";
  EXPECT_EQ(read(other, 2, "'it\\'s';-\n'-';'a\\b'\n"), "<it's> NULL \n<-> <a\\b> \n");
}

TEST(CopyRows, OfBinary) {
  CopyOptions binary;
  binary.format = CopyFormat::kBinary;
  const std::string head("PGCOPY\n\xFF\r\n\0\0\0\0\0\0\0\0\0", 19);
  const std::string row("\0\2\0\0\0\1a\xFF\xFF\xFF\xFF", 11);
  EXPECT_EQ(read(binary, 2, head + row + row + "\xFF\xFF"), "<a> NULL \n<a> NULL \n");
  EXPECT_EQ(read(binary, 2, head + row), "<a> NULL \n");
  EXPECT_EQ(read(binary, 1, head + row), "error: row field count is 2, expected 1");
  EXPECT_EQ(read(binary, 2, head + row.substr(0, 6)), "error: unexpected EOF in COPY data");
  EXPECT_EQ(read(binary, 2, "1,2\n"), "error: COPY file signature not recognized");
  const std::string long_field("\0\2\x7F\0\0\0", 6);
  EXPECT_EQ(read(binary, 2, head + long_field), "error: invalid field size");
}

}  // namespace
}  // namespace dataflow::postgres
