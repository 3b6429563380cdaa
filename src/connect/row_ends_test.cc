// Where rows end, in lines and in CSV.
#include "row_ends.h"

#include <gtest/gtest.h>

#include <string>

namespace dataflow::connect {
namespace {

const RowEnds kCsv(',', '"', '\0');
const RowEnds kEscaped(',', '"', '\\');

TEST(RowEnds, ALineEndsARow) {
  EXPECT_EQ(RowEnds().first("ab\ncd\n"), 3u);
  EXPECT_EQ(RowEnds().first("\n"), 1u);
  EXPECT_EQ(RowEnds().first("ab"), 0u);
  EXPECT_EQ(RowEnds().first("\"a\nb\"\n"), 3u);
}

TEST(RowEnds, ALineEndInQuotesEndsNone) {
  EXPECT_EQ(kCsv.first("\"a\nb\",c\nd\n"), 8u);
  EXPECT_EQ(kCsv.first("x,\"a\"\"\n\",c\nd\n"), 11u);
  EXPECT_EQ(kCsv.first("x,\"\"\ny"), 5u);
  // Not at the begin of a field it is a character as any other.
  EXPECT_EQ(kCsv.first("a\"b\nc\"\n"), 4u);
  EXPECT_EQ(kCsv.first("\"never closed\n\n"), 0u);
  // It may be half of a doubled one.
  EXPECT_EQ(kCsv.first("\"a\""), 0u);
}

TEST(RowEnds, AnEscapedQuoteClosesNothing) {
  EXPECT_EQ(kEscaped.first("\"a\\\"\n\",1\nb"), 9u);
  EXPECT_EQ(kEscaped.first("\"a\\"), 0u);
}

TEST(RowEnds, CutsBehindTheLastRowThatBeginsBeforeTheLimit) {
  for (const RowEnds& ends : {RowEnds(), kCsv}) {
    const std::string rows = "aa\nbb\ncc\n";
    EXPECT_EQ(ends.cut(rows, 1).whole, 3u);
    EXPECT_EQ(ends.cut(rows, 3).whole, 3u);
    EXPECT_EQ(ends.cut(rows, 4).whole, 6u);
    EXPECT_EQ(ends.cut(rows, 9).whole, 9u);
    EXPECT_TRUE(ends.cut(rows, 9).complete);
    EXPECT_EQ(ends.cut("aa\nb", 4).whole, 3u);
    EXPECT_FALSE(ends.cut("aa\nb", 4).complete);
    EXPECT_EQ(ends.cut("a", 1).whole, 0u);
  }
  EXPECT_EQ(kCsv.cut("\"\n\n\",1\n2,2\n", 2).whole, 7u);
  EXPECT_FALSE(kCsv.cut("1,1\n\"\n\n", 7).complete);
  EXPECT_EQ(kCsv.cut("1,1\n\"\n\n", 7).whole, 4u);
}

TEST(RowEnds, ACommentEndsWithItsLineWhateverQuotesItHas) {
  const RowEnds ends(',', '"', '\0', true);
  const std::string rows = "1,x\n# a remark,\"open\n2,y\n";
  EXPECT_EQ(ends.first(rows.substr(4)), 17u);
  EXPECT_EQ(ends.cut(rows, rows.size()).whole, rows.size());
  EXPECT_TRUE(ends.cut(rows, rows.size()).complete);
  EXPECT_FALSE(kCsv.cut(rows, rows.size()).complete);
}

}  // namespace
}  // namespace dataflow::connect
