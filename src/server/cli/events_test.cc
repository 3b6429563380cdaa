// The readers of JSON, JSON lines and CSV.
#include <gtest/gtest.h>

#include "cli/json_events.h"
#include "cli/record_input.h"

namespace dataflow::cli {
namespace {

std::vector<InputEvent> read_all(const std::string& text, std::optional<InputForm> form,
                                 size_t piece, bool csv_texts = false) {
  auto source = text_source(text, piece);
  auto reader = open_events(*source, {form, csv_texts});
  EXPECT_TRUE(reader.ok()) << reader.status();
  std::vector<InputEvent> out;
  while (reader.ok()) {
    InputEvent event;
    Result<bool> more = (*reader)->next(event);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) break;
    out.push_back(event);
  }
  return out;
}

// Whatever pieces the bytes come in, the events are the same.
std::vector<InputEvent> read_events(const std::string& text, std::optional<InputForm> form,
                                    bool csv_texts = false) {
  const auto whole = read_all(text, form, 1 << 20, csv_texts);
  const auto single = read_all(text, form, 1, csv_texts);
  EXPECT_EQ(whole.size(), single.size());
  for (size_t i = 0; i < std::min(whole.size(), single.size()); ++i) {
    EXPECT_EQ(whole[i].value, single[i].value);
    EXPECT_EQ(whole[i].line, single[i].line);
    EXPECT_EQ(whole[i].problem, single[i].problem);
  }
  return whole;
}

TEST(JsonEvents, ReadsAnArrayWithItsNumbersAsWritten) {
  const auto events = read_events(
      "[\n  {\"a\": 1.0, \"b\": \"x y\"},\n  {\"a\": 12345678901234567890}\n]\n", InputForm::kJson);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].value, "{\"a\":1.0,\"b\":\"x y\"}");
  EXPECT_EQ(events[0].line, 2u);
  EXPECT_EQ(events[0].problem, "");
  EXPECT_EQ(events[1].value, "{\"a\":12345678901234567890}");
  EXPECT_EQ(events[1].line, 3u);
}

TEST(JsonEvents, ReadsValuesOneBehindTheOther) {
  const auto events =
      read_events("\xEF\xBB\xBF{\"a\":\n1} 2 \"three\"\n[4,[5]] null", InputForm::kJson);
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events[0].value, "{\"a\":1}");
  EXPECT_EQ(events[2].value, "\"three\"");
  EXPECT_EQ(events[3].value, "[4,[5]]");
  EXPECT_EQ(events[4].value, "null");
  for (const auto& event : events) EXPECT_EQ(event.problem, "");
}

TEST(JsonEvents, NamesABadElementAndGoesOn) {
  const auto events =
      read_events("[{\"a\":1},\n{\"b\":tru},\n{\"c\":\"]}\\\"\"}]", InputForm::kJson);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].problem, "");
  EXPECT_EQ(events[1].line, 2u);
  EXPECT_NE(events[1].problem.find("not JSON"), std::string::npos) << events[1].problem;
  EXPECT_EQ(events[2].problem, "");
  EXPECT_EQ(events[2].value, "{\"c\":\"]}\\\"\"}");
}

TEST(JsonEvents, NamesWhatIsMissing) {
  auto events = read_events("[1 2]", InputForm::kJson);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_NE(events[1].problem.find("comma"), std::string::npos);
  events = read_events("[1,]", InputForm::kJson);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_NE(events[1].problem.find("missing"), std::string::npos);
  events = read_events("[1,\n2", InputForm::kJson);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[1].problem, "");
  EXPECT_NE(events[2].problem.find("']'"), std::string::npos);
  events = read_events("[1] 2", InputForm::kJson);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_NE(events[1].problem.find("follows"), std::string::npos);
  events = read_events("[{\"a\":", InputForm::kJson);
  ASSERT_GE(events.size(), 1u);
  EXPECT_NE(events[0].problem.find("ends within"), std::string::npos);
  EXPECT_TRUE(read_events("[]", InputForm::kJson).empty());
  EXPECT_TRUE(read_events(" \n", InputForm::kJson).empty());
}

TEST(JsonLines, SkipsEmptyLinesAndNamesBadOnes) {
  const auto events =
      read_events("{\"a\":1}\r\n\n  {\"a\":2}  \nnonsense\n{\"a\":3}", InputForm::kJsonLines);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0].value, "{\"a\":1}");
  EXPECT_EQ(events[1].value, "{\"a\":2}");
  EXPECT_EQ(events[1].line, 3u);
  EXPECT_EQ(events[2].line, 4u);
  EXPECT_NE(events[2].problem, "");
  EXPECT_EQ(events[3].value, "{\"a\":3}");
}

TEST(Events, FindsTheFormByTheFirstBracket) {
  EXPECT_EQ(read_events(" [1,2]", std::nullopt).size(), 2u);
  EXPECT_EQ(read_events("{\"a\":1}\n{\"a\":2}\n", std::nullopt).size(), 2u);
  EXPECT_TRUE(read_events("", std::nullopt).empty());
}

TEST(TextLines, KeepEveryLine) {
  const auto events = read_events("one\n\n three \nlast", InputForm::kText);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[1].value, "");
  EXPECT_EQ(events[2].value, " three ");
  EXPECT_EQ(events[3].value, "last");
}

TEST(CsvEvents, MakesObjectsNamedByTheHeading) {
  const auto events = read_events(
      "id,name,ok,note\r\n1,\"Doe, \"\"J\"\"\",true,\r\n007,x,\"true\",-1.5\r\n", InputForm::kCsv);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].value, "{\"id\":1,\"name\":\"Doe, \\\"J\\\"\",\"ok\":true,\"note\":null}");
  EXPECT_EQ(events[0].line, 2u);
  // A leading zero is a text's, and so is what stands in quotes.
  EXPECT_EQ(events[1].value, "{\"id\":\"007\",\"name\":\"x\",\"ok\":\"true\",\"note\":-1.5}");
}

TEST(CsvEvents, KeepsTextsWhenAsked) {
  const auto events = read_events("a,b\n1,\n", InputForm::kCsv, true);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].value, "{\"a\":\"1\",\"b\":\"\"}");
}

TEST(CsvEvents, NamesRowsThatDoNotFit) {
  const auto events = read_events("a,b\n1\n\n\"x\ny\",2\n3,4,5\n\"6\"x,7\n8,\"9", InputForm::kCsv);
  ASSERT_EQ(events.size(), 5u);
  EXPECT_NE(events[0].problem.find("1 field"), std::string::npos);
  EXPECT_EQ(events[0].line, 2u);
  EXPECT_EQ(events[1].value, "{\"a\":\"x\\ny\",\"b\":2}");
  EXPECT_EQ(events[1].line, 4u);
  EXPECT_EQ(events[2].line, 6u);
  EXPECT_NE(events[2].problem, "");
  EXPECT_NE(events[3].problem.find("quote"), std::string::npos);
  EXPECT_NE(events[4].problem.find("within quotes"), std::string::npos);
}

TEST(CsvEvents, RefusesAHeadingWithTwoOfAName) {
  auto source = text_source("a,b,a\n1,2,3\n", 100);
  auto reader = open_events(*source, {InputForm::kCsv, false});
  ASSERT_TRUE(reader.ok());
  InputEvent event;
  Result<bool> more = (*reader)->next(event);
  ASSERT_FALSE(more.ok());
  EXPECT_NE(more.status().message().find("twice"), std::string::npos);
}

TEST(KeyField, TakesTextsAsTheyAreAndTheRestAsJson) {
  EXPECT_EQ(key_from_field("{\"id\":\"u 1\"}", "id").value(), "u 1");
  EXPECT_EQ(key_from_field("{\"id\":7}", "id").value(), "7");
  EXPECT_EQ(key_from_field("{\"user\":{\"id\":\"x\"}}", "user.id").value(), "x");
  EXPECT_EQ(key_from_field("{\"user.id\":\"dotted\"}", "user.id").value(), "dotted");
}

TEST(KeyField, SaysWhatIsMissing) {
  EXPECT_NE(key_from_field("{\"user_id\":1}", "userid").status().message().find("user_id"),
            std::string::npos);
  EXPECT_FALSE(key_from_field("{\"id\":null}", "id").ok());
  EXPECT_FALSE(key_from_field("[1]", "id").ok());
  EXPECT_FALSE(key_from_field("{\"a\":1}", "a.b").ok());
}

TEST(InputForms, AreKnownByTheFilesName) {
  EXPECT_EQ(input_form_of_file("x/Events.JSON"), InputForm::kJson);
  EXPECT_EQ(input_form_of_file("a.jsonl"), InputForm::kJsonLines);
  EXPECT_EQ(input_form_of_file("a.ndjson"), InputForm::kJsonLines);
  EXPECT_EQ(input_form_of_file("a.csv"), InputForm::kCsv);
  EXPECT_EQ(input_form_of_file("-"), std::nullopt);
}

}  // namespace
}  // namespace dataflow::cli
