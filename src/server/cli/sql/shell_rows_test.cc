// How rows look: widths, formats, and what a stream of changes leaves.
#include <gtest/gtest.h>

#include <numeric>

#include "cli/sql/exact_json.h"
#include "cli/sql/live_rows.h"
#include "cli/sql/row_writer.h"
#include "cli/sql/text_width.h"

namespace dataflow::cli {
namespace {

TEST(TextWidth, CountsColumnsOfATerminal) {
  EXPECT_EQ(columns_of("abc"), 3u);
  EXPECT_EQ(columns_of("über"), 4u);
  EXPECT_EQ(columns_of("u\xCC\x88"), 1u);
  EXPECT_EQ(columns_of("日本"), 4u);
  EXPECT_EQ(columns_of("🎉"), 2u);
  EXPECT_EQ(columns_of("\xFF\xC0"), 2u);
}

TEST(TextWidth, GoesCharacterByCharacter) {
  const std::string text = "au\xCC\x88日\xFFz";
  std::vector<size_t> places;
  for (size_t at = 0; at < text.size();) {
    at = next_character(text, at);
    places.push_back(at);
  }
  EXPECT_EQ(places, (std::vector<size_t>{1, 4, 7, 8, 9}));
  std::vector<size_t> back;
  for (size_t at = text.size(); at > 0;) {
    at = character_before(text, at);
    back.push_back(at);
  }
  EXPECT_EQ(back, (std::vector<size_t>{8, 7, 4, 1, 0}));
}

TEST(TextWidth, CutsAndShowsWhatWouldDriveTheTerminal) {
  EXPECT_EQ(cut_to("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to("abcdef", 4), "abc…");
  EXPECT_EQ(cut_to("日本語", 4), "日…");
  EXPECT_EQ(on_one_line("a\n\t\x1b[31m\xC2\x9B\xE2\x80\xAE\xFF"),
            "a\\n\\t\\x1b[31m\\x9b\\u202e\xEF\xBF\xBD");
}

TEST(ExactJson, KeepsNumbersAsTheyWereWritten) {
  const std::string text =
      "[1,12345678901234567890.123456789,1.0E10,18446744073709551615,-7,\"x\",null,{\"a\":[true]}]";
  EXPECT_EQ(parse_exact_json(text).value().to_json(), text);
  EXPECT_FALSE(parse_exact_json("[1,").ok());
}

const std::vector<SqlColumn> kColumns = {{"id", "BIGINT"}, {"name", "STRING"}, {"ok", "BOOLEAN"}};
const std::vector<std::vector<Document>> kRows = {
    {1, "a", true}, {20, nullptr, false}, {300, "say \"é\", or\n<NULL>|", nullptr}};

std::string written(SqlFormat format, const RowLook& look = {}, size_t rows = SIZE_MAX) {
  std::string out;
  const auto writer = make_row_writer(format, look, [&](std::string_view text) { out += text; });
  writer->begin(kColumns);
  for (size_t i = 0; i < std::min(rows, kRows.size()); ++i) writer->row(kRows[i]);
  writer->end();
  return out;
}

TEST(RowWriter, DrawsATable) {
  EXPECT_EQ(written(SqlFormat::kTable),
            "+-----+----------------------+--------+\n"
            "|  id | name                 | ok     |\n"
            "+-----+----------------------+--------+\n"
            "|   1 | a                    | TRUE   |\n"
            "|  20 | <NULL>               | FALSE  |\n"
            "| 300 | say \"é\", or\\n<NULL>| | <NULL> |\n"
            "+-----+----------------------+--------+\n"
            "3 rows\n");
  EXPECT_EQ(written(SqlFormat::kTable, {}, 0),
            "+----+------+----+\n| id | name | ok |\n+----+------+----+\n0 rows\n");
}

TEST(RowWriter, CutsATableToTheTerminal) {
  RowLook look;
  look.width = 30;
  EXPECT_EQ(written(SqlFormat::kTable, look),
            "+-----+-------------+--------+\n"
            "|  id | name        | ok     |\n"
            "+-----+-------------+--------+\n"
            "|   1 | a           | TRUE   |\n"
            "|  20 | <NULL>      | FALSE  |\n"
            "| 300 | say \"é\", o… | <NULL> |\n"
            "+-----+-------------+--------+\n"
            "3 rows, cut to the width of the terminal (\\x shows them whole)\n");
}

TEST(RowWriter, MarksNullWithDimLetters) {
  RowLook look;
  look.coloured = true;
  EXPECT_NE(written(SqlFormat::kTable, look).find("\x1b[2m<NULL>\x1b[0m  "), std::string::npos);
}

TEST(RowWriter, WritesALineForEachValue) {
  RowLook look;
  look.expanded = true;
  EXPECT_EQ(written(SqlFormat::kTable, look, 2),
            "-[ row 1 ]----------------\n"
            "id   | 1\nname | a\nok   | TRUE\n"
            "-[ row 2 ]----------------\n"
            "id   | 20\nname | <NULL>\nok   | FALSE\n"
            "2 rows\n");
}

TEST(RowWriter, WritesCsv) {
  EXPECT_EQ(written(SqlFormat::kCsv),
            "id,name,ok\n1,a,true\n20,,false\n300,\"say \"\"é\"\", or\n<NULL>|\",\n");
}

TEST(RowWriter, TellsNullFromAnEmptyTextInCsv) {
  std::string out;
  const auto writer = make_row_writer(SqlFormat::kCsv, {}, [&](auto text) { out += text; });
  writer->begin({{"a", "STRING"}, {"b", "STRING"}});
  writer->row({"", nullptr});
  writer->end();
  EXPECT_EQ(out, "a,b\n\"\",\n");
}

TEST(RowWriter, WritesJsonAsAnArrayAndAsLines) {
  EXPECT_EQ(written(SqlFormat::kJson),
            "[\n{\"id\":1,\"name\":\"a\",\"ok\":true},\n{\"id\":20,\"name\":null,\"ok\":false},\n"
            "{\"id\":300,\"name\":\"say \\\"é\\\", or\\n<NULL>|\",\"ok\":null}\n]\n");
  EXPECT_EQ(written(SqlFormat::kJson, {}, 0), "[]\n");
  RowLook look;
  look.endless = true;
  EXPECT_EQ(written(SqlFormat::kJson, look, 1), "{\"id\":1,\"name\":\"a\",\"ok\":true}\n");
}

TEST(RowWriter, WritesMarkdownAndYaml) {
  EXPECT_EQ(written(SqlFormat::kMarkdown),
            "| id | name | ok |\n|---:|---|---|\n| 1 | a | TRUE |\n| 20 | *NULL* | FALSE |\n"
            "| 300 | say \"é\", or<br>&lt;NULL>\\| | *NULL* |\n");
  EXPECT_EQ(written(SqlFormat::kYaml, {}, 2),
            "- id: 1\n  name: a\n  ok: true\n- id: 20\n  name: null\n  ok: false\n");
}

TEST(RowWriter, HoldsNoMoreRowsThanSayHowWideTheColumnsAre) {
  size_t bytes = 0;
  const auto writer =
      make_row_writer(SqlFormat::kTable, {}, [&](std::string_view text) { bytes += text.size(); });
  writer->begin(kColumns);
  for (int i = 0; i < 999; ++i) writer->row(kRows[0]);
  EXPECT_EQ(bytes, 0u);
  writer->row(kRows[0]);
  EXPECT_GT(bytes, 1000u);
  const size_t before = bytes;
  writer->row(kRows[1]);
  EXPECT_GT(bytes, before);
}

TEST(RowWriter, FitsColumnsByTheWidest) {
  EXPECT_EQ(fitted({3, 10, 50}, 200), (std::vector<size_t>{3, 10, 50}));
  for (const size_t width : {size_t{79}, size_t{60}, size_t{40}}) {
    const std::vector<size_t> fit = fitted({3, 40, 50}, width);
    const size_t used = std::accumulate(fit.begin(), fit.end(), size_t{10});
    EXPECT_LE(used, width);
    EXPECT_GE(used + 1, width);
    EXPECT_EQ(fit[0], 3u);
    EXPECT_LE(fit[1], fit[2]);
  }
  EXPECT_EQ(fitted({30, 30}, 5), (std::vector<size_t>{6, 6}));
}

std::string standing(const LiveRows& rows) {
  std::string out;
  for (const LiveRows::Cells* row : rows.first(100)) out += (*row)[0] + (*row)[1] + " ";
  return out;
}

TEST(LiveRows, KeepsEachRowAtItsPlace) {
  LiveRows rows;
  for (const char* id : {"a", "b", "c"}) rows.apply("+I", {id, "1"});
  rows.apply("-U", {"b", "1"});
  EXPECT_EQ(standing(rows), "a1 c1 ");
  rows.apply("+U", {"b", "2"});
  EXPECT_EQ(standing(rows), "a1 b2 c1 ");
  rows.apply("-D", {"a", "1"});
  rows.apply("+I", {"d", "1"});
  EXPECT_EQ(standing(rows), "b2 c1 d1 ");
  EXPECT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows.changes(), 7u);
}

TEST(LiveRows, TakesWhatBelongsToNothing) {
  LiveRows rows;
  rows.apply("-D", {"a", "1"});
  rows.apply("+U", {"a", "2"});
  rows.apply("+I", {"a", "2"});
  EXPECT_EQ(standing(rows), "a2 a2 ");
  rows.apply("-D", {"a", "2"});
  EXPECT_EQ(standing(rows), "a2 ");
  rows.apply("-U", {"a", "2"});
  EXPECT_EQ(rows.size(), 0u);
}

TEST(LiveRows, PairsChangesThatComeTogetherInTheirOrder) {
  LiveRows rows;
  rows.apply("+I", {"a", "1"});
  rows.apply("+I", {"b", "1"});
  rows.apply("-U", {"a", "1"});
  rows.apply("-U", {"b", "1"});
  rows.apply("+U", {"a", "2"});
  rows.apply("+U", {"b", "2"});
  EXPECT_EQ(standing(rows), "a2 b2 ");
}

}  // namespace
}  // namespace dataflow::cli
