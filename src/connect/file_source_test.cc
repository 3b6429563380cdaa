// The source "file": rows once each, whatever the size of lines, blocks and stripes.
#include "file_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "connect_test_bed.h"
#include "file_position.h"

namespace dataflow::connect {
namespace {

class FileSource : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(bed_.open().ok()); }

  void write(const std::string& path, const std::string& bytes,
             OpenMode mode = OpenMode::kTruncate) {
    ASSERT_TRUE(bed_.env().create_dirs(parent_dir(path)).ok());
    auto file = bed_.env().open(path, mode);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->write_at((*file)->size().value(), bytes).ok());
  }
  void append(const std::string& path, const std::string& bytes) {
    write(path, bytes, OpenMode::kReadWrite);
  }
  static plan::SourceSpec spec(plan::Options options, const std::string& format = "raw") {
    plan::SourceSpec spec;
    spec.connector = "file";
    spec.format = format;
    spec.schema = payload_schema();
    spec.options = std::move(options);
    return spec;
  }
  Result<std::unique_ptr<engine::Source>> make(const plan::SourceSpec& spec) {
    return bed_.connectors().make_source(spec, {"job", "events", false});
  }
  std::unique_ptr<engine::Source> source(plan::Options options, const std::string& format = "raw") {
    auto made = make(spec(std::move(options), format));
    EXPECT_TRUE(made.ok()) << made.status();
    return std::move(*made);
  }
  static ReadRows read(engine::Source& source, const engine::Split& split) {
    Result<ReadRows> rows = read_split(source, split);
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? *rows : ReadRows();
  }
  // Of all splits, in their order.
  static std::vector<std::string> read_all(engine::Source& source) {
    std::vector<std::string> all;
    const auto splits = source.splits();
    EXPECT_TRUE(splits.ok()) << splits.status();
    for (const engine::Split& split : *splits) {
      const ReadRows rows = read(source, split);
      EXPECT_EQ(rows.last, engine::Polled::kEnd);
      all.insert(all.end(), rows.values.begin(), rows.values.end());
    }
    return all;
  }

  ConnectBed bed_;
};

using Words = std::vector<std::string>;

TEST_F(FileSource, ReadsLinesWithTheirOffsets) {
  write("in/a", "one\ntwo\r\n\nfour");
  auto s = source({{"path", "in/a"}});
  const std::vector<engine::Split> splits = s->splits().value();
  ASSERT_EQ(splits.size(), 1u);
  EXPECT_EQ(splits[0].id, "in/a");
  EXPECT_EQ(splits[0].position, "0;end=14");
  const ReadRows rows = read(*s, splits[0]);
  EXPECT_EQ(rows.values, (Words{"one", "two", "", "four"}));
  EXPECT_EQ(rows.offsets, (std::vector<int64_t>{0, 4, 9, 10}));
  EXPECT_TRUE(rows.position.starts_with("14;end=14;seen=0-14:")) << rows.position;
  EXPECT_TRUE(s->bounded());
}

TEST_F(FileSource, ReadsNothingFromAnEmptyFile) {
  write("in/a", "");
  EXPECT_EQ(read_all(*source({{"path", "in/a"}})), Words{});
}

TEST_F(FileSource, AFolderIsASplitForEachFile) {
  write("in/b", "b1\nb2\n");
  write("in/a", "a1\n");
  write("in/_new", "no\n");
  EXPECT_EQ(read_all(*source({{"path", "in"}})), (Words{"a1", "b1", "b2"}));
  EXPECT_EQ(read_all(*source({{"path", "in/[b]*"}})), (Words{"b1", "b2"}));
}

// Lines of any length, some of several blocks, in 1 to 9 stripes; and from every position that a
// reader tells, a new one goes on.
TEST_F(FileSource, StripesHaveEveryRowOnce) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 12; ++round) {
    std::string bytes;
    Words lines;
    while (bytes.size() < 9 * kFileBlock) {
      const size_t shape = random() % 8;
      const size_t number = std::to_string(lines.size()).size();
      size_t size = random() % 40000;
      if (shape == 0) size = kFileBlock + random() % (2 * kFileBlock);
      // A line that ends right before, with or behind a block's begin.
      const size_t left = kFileBlock - bytes.size() % kFileBlock + random() % 3;
      if (shape == 1 && left > number + 2) size = left - number - 2;
      lines.push_back(std::to_string(lines.size()) + std::string(size, 'x'));
      bytes += lines.back() + "\n";
    }
    if (round % 2 == 0) bytes.pop_back();
    write("in/a", bytes);
    const int stripes = 1 + round % 9;
    auto s = source({{"path", "in/a"}, {"stripes", std::to_string(stripes)}});
    std::vector<std::pair<int64_t, std::string>> found;
    const std::vector<engine::Split> splits = s->splits().value();
    for (engine::Split split : splits) {
      auto decoder = s->make_decoder().value();
      while (true) {
        auto reader = s->open(split).value();
        engine::Chunk chunk;
        const Result<engine::Polled> polled = reader->poll(chunk);
        ASSERT_TRUE(polled.ok()) << polled.status();
        if (*polled == engine::Polled::kEnd) break;
        ASSERT_EQ(*polled, engine::Polled::kMore);
        split.position = reader->position();
        engine::DecodedRows rows;
        std::vector<engine::SourceFault> faults;
        ASSERT_TRUE(decoder->decode(split, chunk, rows, faults).ok());
        for (int64_t i = 0; i < rows.batch.rows; ++i) {
          found.emplace_back(rows.offsets[static_cast<size_t>(i)],
                             row_of(rows.batch, i)[0].as_text());
        }
      }
    }
    std::sort(found.begin(), found.end());
    ASSERT_EQ(found.size(), lines.size()) << stripes << " stripes";
    for (size_t i = 0; i < lines.size(); ++i) ASSERT_EQ(found[i].second, lines[i]) << i;
  }
}

TEST_F(FileSource, AFileThatGrowsIsReadToWhereItEndedAtFirst) {
  write("in/a", "one\ntw");
  auto s = source({{"path", "in/a"}});
  const engine::Split split = s->splits().value()[0];
  append("in/a", "o\nthree\n");
  EXPECT_EQ(read(*s, split).values, (Words{"one", "two"}));
}

TEST_F(FileSource, FollowsWholeLines) {
  write("in/a", "one\ntw");
  auto s = source({{"path", "in/a"}, {"mode", "follow"}, {"poll_interval", "1s"}});
  EXPECT_FALSE(s->bounded());
  engine::Split split = s->splits().value()[0];
  EXPECT_EQ(split.position, "0");
  auto reader = s->open(split).value();
  engine::Chunk chunk;
  EXPECT_EQ(reader->poll(chunk).value(), engine::Polled::kMore);
  EXPECT_EQ(chunk.bytes, "one\n");
  EXPECT_EQ(reader->poll(chunk).value(), engine::Polled::kIdle);
  EXPECT_EQ(reader->lag(), 2);
  append("in/a", "o");
  EXPECT_EQ(reader->poll(chunk).value(), engine::Polled::kIdle);
  int woken = 0;
  reader->wake_when_ready([&] { ++woken; });
  bed_.env().advance_ms(999);
  bed_.timers().run_due();
  EXPECT_EQ(woken, 0);
  bed_.env().advance_ms(1);
  bed_.timers().run_due();
  EXPECT_EQ(woken, 1);
  append("in/a", "\nthree\n");
  EXPECT_EQ(reader->poll(chunk).value(), engine::Polled::kMore);
  EXPECT_EQ(chunk.bytes, "two\nthree\n");
  append("in/a", "four\n");
  split.position = reader->position();
  EXPECT_EQ(read(*s, split).values, Words{"four"});
  write("in/b", "new\n");
  EXPECT_EQ(source({{"path", "in"}, {"mode", "follow"}})->splits().value().size(), 2u);
}

TEST_F(FileSource, AFollowedFileThatGoesAwayEndsThere) {
  write("in/a", "one\n");
  auto s = source({{"path", "in/a"}, {"mode", "follow"}});
  auto reader = s->open(s->splits().value()[0]).value();
  engine::Chunk chunk;
  EXPECT_EQ(reader->poll(chunk).value(), engine::Polled::kMore);
  ASSERT_TRUE(bed_.env().remove_file("in/a").ok());
  EXPECT_EQ(reader->poll(chunk).value(), engine::Polled::kEnd);
}

TEST_F(FileSource, ALineOfDelimitersAloneIsARow) {
  plan::SourceSpec tabs = spec({{"path", "in"}}, "csv");
  tabs.format_options = {{"delimiter", "\\t"}};
  tabs.schema = std::make_shared<const Schema>(
      std::vector<Field>{{"payload", Type::string(), true}, {"n", Type::int64(), true}});
  write("in/a.csv", "x\t1\n\t\n  \n\n\t2\n");
  auto made = make(tabs);
  ASSERT_TRUE(made.ok()) << made.status();
  const ReadRows rows = read(**made, (*made)->splits().value()[0]);
  EXPECT_EQ(rows.values.size(), 3u);
  EXPECT_TRUE(rows.faults.empty());
}

TEST_F(FileSource, AnEmptyLineOfOneFieldIsNull) {
  plan::SourceSpec one = spec({{"path", "in"}}, "csv");
  one.format_options = {{"header", "true"}};
  one.schema =
      std::make_shared<const Schema>(std::vector<Field>{{"payload", Type::string(), true}});
  write("in/a.csv", "payload\nx\n\n\"\"\n");
  write("in/b.csv", "payload,other\ny,1\n\n");
  auto made = make(one);
  ASSERT_TRUE(made.ok()) << made.status();
  const auto splits = (*made)->splits().value();
  const ReadRows a = read(**made, splits[0]);
  ASSERT_EQ(a.batches.size(), 1u);
  EXPECT_EQ(a.batches[0].rows, 3);
  EXPECT_TRUE(row_of(a.batches[0], 1)[0].is_null());
  EXPECT_FALSE(row_of(a.batches[0], 2)[0].is_null());
  EXPECT_EQ(read(**made, splits[1]).batches[0].rows, 1);
}

TEST_F(FileSource, AFileThatWasReplacedIsNotTakenForTheOldOne) {
  const auto refusal = [&](const std::string& now, const char* mode) {
    write("in/a", "one\ntwo\n");
    auto s = source({{"path", "in/a"}, {"mode", mode}});
    engine::Split split = s->splits().value()[0];
    auto reader = s->open(split).value();
    engine::Chunk chunk;
    EXPECT_EQ(reader->poll(chunk).value(), engine::Polled::kMore);
    EXPECT_TRUE(bed_.env().remove_file("in/a").ok());
    if (!now.empty()) write("in/a", now);
    split.position = reader->position();
    Result<engine::Polled> polled = s->open(split).value()->poll(chunk);
    EXPECT_EQ(reader->poll(chunk).ok(), polled.ok());
    return polled.ok() ? std::string("ok") : polled.status().message();
  };
  EXPECT_NE(refusal("one\n", "follow").find("shrank"), std::string::npos);
  EXPECT_NE(refusal("1\n22\n333\n4444\n", "follow").find("was replaced"), std::string::npos);
  EXPECT_EQ(refusal("", "follow"), "ok");  // one that is gone has nothing more
  EXPECT_EQ(refusal("one\ntwo\nthree\n", "follow"), "ok");
  // Whoever has read it to its end does not look again.
  EXPECT_EQ(refusal("", "once"), "ok");
}

TEST_F(FileSource, ARowThatIsTooLongStopsTheJob) {
  write("in/a", "short\n" + std::string(3 * kFileBlock, 'x') + "\nshort\n");
  auto s = source({{"path", "in/a"}, {"max_row_bytes", "100000"}});
  const Status status = read_split(*s, s->splits().value()[0]).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalid);
  EXPECT_NE(status.message().find("the row at byte 6 is longer than 100000"), std::string::npos)
      << status;
}

TEST_F(FileSource, DecodesJsonAndGivesTheRestToTheFaults) {
  write("in/a", "\xef\xbb\xbf{\"payload\":\"x\"}\n\n{\"payload\":\nnot json\n{\"payload\":\"y\"}");
  auto s = source({{"path", "in/a"}}, "json");
  const ReadRows rows = read(*s, s->splits().value()[0]);
  EXPECT_EQ(rows.values, (Words{"x", "y"}));
  ASSERT_EQ(rows.faults.size(), 2u);
  EXPECT_EQ(rows.faults[0].offset, 20);
  EXPECT_EQ(rows.faults[1].offset, 32);
  EXPECT_EQ(rows.faults[1].payload, "not json");
}

TEST_F(FileSource, CsvHasQuotesAndAHeaderOfEachFile) {
  plan::SourceSpec csv = spec({{"path", "in"}}, "csv");
  csv.schema = std::make_shared<const Schema>(std::vector<Field>{{"payload", Type::string(), true},
                                                                 {"n", Type::int64(), true},
                                                                 {"path", Type::string(), true},
                                                                 {"at", Type::int64(), true}});
  csv.metadata = {{"path", plan::Metadata::kFile}, {"at", plan::Metadata::kOffset}};
  csv.format_options = {{"header", "true"}};
  write("in/a.csv", "payload,n\nx,1\n\"two\nlines\",2\n");
  write("in/b.csv", "n,other,payload\n3,-,\"say \"\"so\"\"\"\n");
  write("in/c.csv", "payload,n\nz,4\n\"never closed,5\nlost,6\n");
  auto made = make(csv);
  ASSERT_TRUE(made.ok()) << made.status();
  const auto splits = (*made)->splits().value();
  ASSERT_EQ(splits.size(), 3u);
  const ReadRows a = read(**made, splits[0]);
  EXPECT_EQ(a.values, (Words{"x", "two\nlines"}));
  EXPECT_EQ(row_of(a.batches[0], 1)[1].as_int(), 2);
  EXPECT_EQ(row_of(a.batches[0], 1)[2].as_text(), "in/a.csv");
  EXPECT_EQ(row_of(a.batches[0], 1)[3].as_int(), 14);
  const ReadRows b = read(**made, splits[1]);
  EXPECT_EQ(b.values, Words{"say \"so\""});
  EXPECT_EQ(row_of(b.batches[0], 0)[1].as_int(), 3);
  const ReadRows c = read(**made, splits[2]);
  EXPECT_EQ(c.values, Words{"z"});
  ASSERT_EQ(c.faults.size(), 1u);
  EXPECT_EQ(c.faults[0].offset, 14);
  // One decoder, from the middle of a file: it looks up the header.
  auto reader = (*made)->open({"in/b.csv", "16"}).value();
  engine::Chunk chunk;
  ASSERT_EQ(reader->poll(chunk).value(), engine::Polled::kMore);
  engine::DecodedRows rows;
  std::vector<engine::SourceFault> faults;
  ASSERT_TRUE((*made)->make_decoder().value()->decode(splits[1], chunk, rows, faults).ok());
  EXPECT_EQ(rows.batch.rows, 1);
}

TEST_F(FileSource, QuotedLineEndsAtTheEdgeOfABlockCutNothing) {
  std::string bytes;
  size_t count = 0;
  while (bytes.size() < 3 * kFileBlock) {
    bytes += "\"" + std::to_string(count++) + "\n\n\"\"\n,\"\n";
  }
  write("in/a.csv", bytes);
  auto s = source({{"path", "in/a.csv"}}, "csv");
  const ReadRows rows = read(*s, s->splits().value()[0]);
  EXPECT_TRUE(rows.faults.empty());
  ASSERT_EQ(rows.values.size(), count);
  EXPECT_EQ(rows.values.back(), std::to_string(count - 1) + "\n\n\"\n,");
}

TEST_F(FileSource, RefusesWhatItCannotDo) {
  write("in/a", "x\n");
  const auto refusal = [&](plan::Options options, const std::string& format = "raw") {
    auto made = make(spec(std::move(options), format));
    return made.ok() ? std::string("ok") : made.status().message();
  };
  EXPECT_EQ(refusal({}), "source `events`: option `path` is missing");
  EXPECT_EQ(refusal({{"path", "in/b"}}), "source `events`: there is no file or folder `in/b`");
  EXPECT_EQ(refusal({{"path", "in/a"}, {"mode", "folow"}}),
            "source `events`: option `mode`=`folow`: give `once` or `follow`; did you mean "
            "\"follow\"?");
  EXPECT_NE(refusal({{"path", "in/a"}, {"stripes", "2"}}, "csv").find("a CSV file is one split"),
            std::string::npos);
  EXPECT_NE(refusal({{"path", "in/a"}, {"stripes", "2"}, {"mode", "follow"}}).find("one split"),
            std::string::npos);
  EXPECT_NE(refusal({{"path", "in/a"}, {"stripe", "2"}}).find("\"stripes\""), std::string::npos);
  // What is not there yet may be followed.
  EXPECT_EQ(refusal({{"path", "in/*.new"}, {"mode", "follow"}}), "ok");
}

TEST(FilePosition, IsReadBackAsItWasWritten) {
  FilePosition position;
  position.next = 1048600;
  position.end = 5000000;
  position.seen = FilePosition::Seen{1048344, 1048600, 0x0f3a01bc};
  EXPECT_EQ(position.text(), "1048600;end=5000000;seen=1048344-1048600:0f3a01bc");
  EXPECT_EQ(parse_file_position(position.text()).value().text(), position.text());
  EXPECT_EQ(parse_file_position("7").value().text(), "7");
  for (const char* wrong : {"", "x", "1;end=", "1;seen=4-2:0", "1;seen=1", "1;more=1", "-1"}) {
    EXPECT_EQ(parse_file_position(wrong).status().code(), StatusCode::kCorrupt) << wrong;
  }
}

TEST(FilePosition, TheStripesOfAFileAreInOrderByName) {
  const FileSplit split{"in/a#b/c.json", 7, 16};
  EXPECT_EQ(split.id(), "in/a#b/c.json#007/16");
  const FileSplit back = parse_file_split(split.id(), 16).value();
  EXPECT_EQ(back.path, split.path);
  EXPECT_EQ(back.stripe, 7);
  EXPECT_EQ(parse_file_split("in/a", 1).value().path, "in/a");
  EXPECT_FALSE(parse_file_split("in/a", 2).ok());
}

plan::SourceSpec parted_spec(const std::string& by) {
  plan::SourceSpec spec;
  spec.connector = "file";
  spec.format = "csv";
  spec.schema = std::make_shared<const Schema>(std::vector<Field>{{"day", Type::date()},
                                                                  {"id", Type::int64()},
                                                                  {"kind", Type::string()},
                                                                  {"small", Type::int8()},
                                                                  {"ok", Type::boolean()}});
  spec.options = {{"path", "in"}, {"partition_by", by}, {"partition_default", "none"}};
  return spec;
}

std::vector<std::string> texts_of(engine::Source& source) {
  std::vector<std::string> all;
  const std::vector<engine::Split> splits = source.splits().value();
  for (const engine::Split& split : splits) {
    const ReadRows rows = read_split(source, split).value();
    for (const Batch& batch : rows.batches) {
      for (int64_t row = 0; row < batch.rows; ++row) {
        std::string text;
        for (const Value& value : row_of(batch, row)) {
          text += (text.empty() ? "" : ", ") + value.to_string();
        }
        all.push_back(std::move(text));
      }
    }
  }
  return all;
}

TEST_F(FileSource, FoldersSayWhatTheirRowsAreOf) {
  write("in/day=2024-02-29/kind=10%3A05%2f%25/small=-128/ok=true/a", "1\n2\n");
  write("in/day=none/kind=none/small=none/ok=none/b", "3\n");
  // A number of days, as Flink names them.
  write("in/more/day=-1/kind=x=y/small=127/ok=FALSE/c", "4\n");
  const auto made = make(parted_spec("day, kind,small,ok"));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ((*made)->schema()->size(), 5U);
  EXPECT_EQ(texts_of(**made),
            (Words{"2024-02-29, 1, 10:05/%, -128, true", "2024-02-29, 2, 10:05/%, -128, true",
                   "NULL, 3, NULL, NULL, NULL", "1969-12-31, 4, x=y, 127, false"}));
  // What nobody reads is not made.
  plan::SourceSpec some = parted_spec("day,kind,small,ok");
  some.read = {"id", "small"};
  EXPECT_EQ(texts_of(**make(some)), (Words{"1, -128", "2, -128", "3, NULL", "4, 127"}));
  some.read = {"day"};
  EXPECT_EQ(texts_of(**make(some)), (Words{"2024-02-29", "2024-02-29", "NULL", "1969-12-31"}));
}

TEST_F(FileSource, AFileOutsideOfItsPartitionsIsRefused) {
  const auto refusal = [&](const std::string& by) {
    const auto made = make(parted_spec(by));
    if (!made.ok()) return made.status().message();
    return (*made)->splits().status().message();
  };
  write("in/day=2024-02-29/kind=a/small=128/ok=maybe/a", "1\n");
  EXPECT_EQ(refusal("day,kind"), "");
  EXPECT_NE(refusal("id").find("lies in no folder `id=…`"), std::string::npos) << refusal("id");
  EXPECT_NE(refusal("small").find("`128` is no TINYINT for column `small`"), std::string::npos);
  EXPECT_NE(refusal("ok").find("`maybe` is no BOOLEAN"), std::string::npos);
  EXPECT_NE(refusal("hour").find("no column `hour`"), std::string::npos);
  EXPECT_NE(refusal("day,id,kind,small,ok").find("no column is left"), std::string::npos);
}

}  // namespace
}  // namespace dataflow::connect
