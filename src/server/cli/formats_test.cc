// What the command line reads and writes as text.
#include <gtest/gtest.h>

#include "cli/document.h"
#include "cli/exit_codes.h"
#include "cli/moment.h"
#include "cli/publish.h"
#include "cli/record_format.h"
#include "cli/report.h"
#include "cli/stream_admin.h"
#include "cli/topic_view.h"

namespace dataflow::cli {
namespace {

Document sample() {
  Document inner = Document::object();
  inner.put("k", "a: b");
  inner.put("empty", Document::array());
  Document list = Document::array();
  list.push(1);
  list.push(std::move(inner));
  Document object = Document::object();
  object.put("name", "user-events");
  object.put("yes", "yes");
  object.put("number", "12");
  object.put("list", std::move(list));
  object.put("none", nullptr);
  object.put("ratio", 0.5);
  return object;
}

TEST(Document, WritesJson) {
  EXPECT_EQ(
      sample().to_json(),
      "{\"name\":\"user-events\",\"yes\":\"yes\",\"number\":\"12\",\"list\":[1,{\"k\":\"a: b\","
      "\"empty\":[]}],\"none\":null,\"ratio\":0.5}");
  Result<Document> again = parse_json(sample().to_pretty_json());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->to_json(), sample().to_json());
}

TEST(Document, WritesYamlThatReadsAsTheSame) {
  EXPECT_EQ(sample().to_yaml(),
            "name: user-events\n"
            "\"yes\": \"yes\"\n"
            "number: \"12\"\n"
            "list:\n"
            "  - 1\n"
            "  - k: \"a: b\"\n"
            "    empty: []\n"
            "none: null\n"
            "ratio: 0.5\n");
}

TEST(Document, EscapesWhatJsonCannotHold) {
  std::string out;
  append_json_string(out, std::string("\"\\\n\t\x01\xFF\xC3\xA4", 8));
  EXPECT_EQ(out, "\"\\\"\\\\\\n\\t\\u0001\xEF\xBF\xBD\xC3\xA4\"");
  EXPECT_TRUE(is_utf8("\xE2\x82\xAC"));
  EXPECT_FALSE(is_utf8("\xC0\xAF"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(is_utf8("\xE2\x82"));
}

TEST(Listing, AlignsItsColumns) {
  Listing listing({{"name"},
                   {"records", CellKind::kNumber},
                   {"size", CellKind::kBytes},
                   {"id", CellKind::kText, true}});
  listing.add({"a", 5, 2048, "x"});
  listing.add({"longer", 12345, nullptr, "y"});
  EXPECT_EQ(listing.to_table(false),
            "NAME    RECORDS     SIZE\n"
            "a             5  2.0 KiB\n"
            "longer    12345        -\n");
  EXPECT_NE(listing.to_table(true).find("ID"), std::string::npos);
  EXPECT_EQ(listing.to_document().to_json(),
            "[{\"name\":\"a\",\"records\":5,\"size\":2048,\"id\":\"x\"},{\"name\":\"longer\","
            "\"records\":12345,"
            "\"size\":null,\"id\":\"y\"}]");
}

TEST(Listing, ShowsControlCharactersInsteadOfSendingThem) {
  Listing listing({{"name"}});
  listing.add({"a\033[31m\nb"});
  EXPECT_EQ(listing.to_table(false), "NAME\na\\x1b[31m\\nb\n");
}

TEST(Moment, WritesAndReadsTimes) {
  EXPECT_EQ(format_moment(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_moment(1733049000123), "2024-12-01T10:30:00.123Z");
  const int64_t now = 1'000'000'000'000;
  EXPECT_EQ(parse_moment("2024-12-01T10:30:00.123Z", now).value(), 1733049000123);
  EXPECT_EQ(parse_moment("2024-12-01T10:30:00", now).value(), 1733049000000);
  EXPECT_EQ(parse_moment("2024-12-01 12:30+02:00", now).value(), 1733049000000);
  EXPECT_EQ(parse_moment("2024-12-01", now).value(), 1733011200000);
  EXPECT_EQ(parse_moment("@1733049000123", now).value(), 1733049000123);
  EXPECT_EQ(parse_moment("10m", now).value(), now - 600'000);
  EXPECT_EQ(parse_moment("10m ago", now).value(), now - 600'000);
  EXPECT_EQ(parse_moment("-2h", now).value(), now - 7'200'000);
  for (const char* bad : {"2024-13-01", "2024-12-01T25:00", "2024-02-30", "yesterday", "@-1", "@",
                          "", "2024-12-01T10:30:00X", "2024-12-01T10:30:00.Z"}) {
    EXPECT_FALSE(parse_moment(bad, now).ok()) << bad;
  }
}

TEST(StartPoint, ReadsEveryKind) {
  using Kind = StartPoint::Kind;
  EXPECT_EQ(parse_start_point("beginning", 0).value(), (StartPoint{Kind::kEarliest, 0}));
  EXPECT_EQ(parse_start_point("earliest", 0).value(), (StartPoint{Kind::kEarliest, 0}));
  EXPECT_EQ(parse_start_point("latest", 0).value(), (StartPoint{Kind::kLatest, 0}));
  EXPECT_EQ(parse_start_point("42", 0).value(), (StartPoint{Kind::kOffset, 42}));
  EXPECT_EQ(parse_start_point("-5", 0).value(), (StartPoint{Kind::kBeforeEnd, 5}));
  EXPECT_EQ(parse_start_point("1s", 5000).value(), (StartPoint{Kind::kMoment, 4000}));
  Result<StartPoint> bad = parse_start_point("somewhere", 0);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(exit_code_of(bad.status()), ExitCode::kUsage);
}

Record sample_record() {
  Record record;
  record.offset = Offset(7);
  record.timestamp = Timestamp(1733049000123);
  record.key = "k";
  record.value = "{\"a\": 1}";
  record.headers = {{"h", "v"}, {"n", std::nullopt}};
  return record;
}

std::string formatted(const std::string& format, const Record& record) {
  Result<RecordFormat> parsed = RecordFormat::parse(format);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  std::string out;
  if (parsed.ok()) parsed->append(out, "t", 3, record);
  return out;
}

TEST(RecordFormat, KnowsKcatsLanguage) {
  EXPECT_EQ(formatted("%t/%p@%o %k=%v (%s) %K %S %T %h %H %%\\n\\t\\x41\\\\", sample_record()),
            "t/3@7 k={\"a\": 1} ({\"a\": 1}) 1 8 1733049000123 h=v,n=NULL 2 %\n\tA\\");
  Record null;
  EXPECT_EQ(formatted("[%k|%v] %K %S", null), "[|] -1 -1");
  EXPECT_EQ(formatted("%R", sample_record()), std::string("\0\0\0\x08", 4));
}

TEST(RecordFormat, RefusesWhatItDoesNotKnow) {
  for (const char* bad : {"%q", "abc%", "\\z", "\\", "\\x4"}) {
    Result<RecordFormat> parsed = RecordFormat::parse(bad);
    ASSERT_FALSE(parsed.ok()) << bad;
    EXPECT_EQ(exit_code_of(parsed.status()), ExitCode::kUsage);
  }
}

TEST(RecordDocument, EmbedsJsonAndMarksBytes) {
  EXPECT_EQ(
      record_document("t", 3, sample_record()).to_json(),
      "{\"stream\":\"t\",\"partition\":3,\"offset\":7,\"timestamp\":\"2024-12-01T10:30:00.123Z\","
      "\"key\":\"k\",\"value\":{\"a\": 1},\"headers\":{\"h\":\"v\",\"n\":null}}");
  Record record = sample_record();
  record.value = "12";
  record.key = std::nullopt;
  record.headers.clear();
  std::string json = record_document("t", 0, record).to_json();
  EXPECT_NE(json.find("\"key\":null,\"value\":\"12\",\"headers\":{}"), std::string::npos) << json;
  record.value = "{\"a\":\n1}";
  json = record_document("t", 0, record).to_json();
  EXPECT_NE(json.find("\"value\":{\"a\":1}"), std::string::npos) << json;
  record.value = "\xFF\xFE";
  json = record_document("t", 0, record).to_json();
  EXPECT_NE(json.find("\"value\":{\"base64\":\"//4=\"}"), std::string::npos) << json;
}

TEST(Base64, PadsAsItShould) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
}

TEST(Rate, IsPerSecond) {
  EXPECT_DOUBLE_EQ(parse_rate("100").value(), 100);
  EXPECT_DOUBLE_EQ(parse_rate("100/s").value(), 100);
  EXPECT_DOUBLE_EQ(parse_rate("6000/m").value(), 100);
  EXPECT_DOUBLE_EQ(parse_rate("").value(), 0);
  EXPECT_FALSE(parse_rate("0").ok());
  EXPECT_FALSE(parse_rate("5/parsec").ok());
}

TEST(TopicSettings, ReadsPairsAndRetention) {
  auto settings = topic_settings({"cleanup.policy=compact"}, "7d", "1GiB");
  ASSERT_TRUE(settings.ok()) << settings.status();
  ASSERT_EQ(settings->size(), 3u);
  EXPECT_EQ((*settings)[0], (std::pair<std::string, std::string>("retention.ms", "604800000")));
  EXPECT_EQ((*settings)[1].second, "1073741824");
  EXPECT_EQ(topic_settings({}, "forever", "").value()[0].second, "-1");
  EXPECT_FALSE(topic_settings({"novalue"}, "", "").ok());
  EXPECT_FALSE(topic_settings({"=x"}, "", "").ok());
  EXPECT_FALSE(topic_settings({}, "soon", "").ok());
  EXPECT_FALSE(topic_settings({"retention.ms=5"}, "7d", "").ok());
  EXPECT_EQ(setting_for_people("retention.ms", "604800000"), "7d");
  EXPECT_EQ(setting_for_people("retention.bytes", "-1"), "unlimited");
  EXPECT_EQ(setting_for_people("cleanup.policy", "delete"), "");
}

TEST(Words, ReadWell) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(plural(1, "record"), "1 record");
  EXPECT_EQ(plural(1000, "record"), "1,000 records");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_bytes(int64_t{50} << 30), "50 GiB");
  EXPECT_EQ(human_duration(90'000), "1m 30s");
  EXPECT_EQ(human_duration(7 * 86'400'000), "7d");
}

TEST(ExitCodes, FollowTheKindOfFailure) {
  EXPECT_EQ(exit_code_of(Status()), ExitCode::kOk);
  EXPECT_EQ(exit_code_of(Status::internal("x")), ExitCode::kFailed);
  EXPECT_EQ(exit_code_of(usage_error("x")), ExitCode::kUsage);
  EXPECT_EQ(exit_code_of(cannot_connect("x")), ExitCode::kCannotConnect);
  EXPECT_EQ(exit_code_of(Status::not_found("x")), ExitCode::kNotFoundOrConflict);
  EXPECT_EQ(exit_code_of(Status::already_exists("x")), ExitCode::kNotFoundOrConflict);
  EXPECT_EQ(exit_code_of(Status::invalid("x")), ExitCode::kValidation);
  EXPECT_EQ(exit_code_of(Status::cancelled("x")), ExitCode::kInterrupted);
  EXPECT_EQ(exit_code_of(with_exit_code(Status::invalid("x"), ExitCode::kFailed).with_context("y")),
            ExitCode::kFailed);
}

}  // namespace
}  // namespace dataflow::cli
