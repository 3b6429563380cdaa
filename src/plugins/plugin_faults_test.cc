// What plug-ins do wrong comes back in words: nothing of it ends the process or changes results.
#include <dataflow/plugin.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "plugins/plugins.h"

namespace dataflow::plugins {
namespace {

namespace abi = plugin::abi;
namespace df = plugin;

std::string thrown_by(const std::function<void()>& run) {
  try {
    run();
  } catch (const df::Error& problem) {
    return problem.what();
  }
  return "";
}

// Does at its time what the option `does` names.
class Odd final : public df::Operator {
 public:
  Odd(std::string does, df::Schema schema) : does_(std::move(does)), rows_(std::move(schema)) {}
  ~Odd() override {
    if (table_ && does_ == "use a table at the end") table_->set_integer(row_, 0, 1);
  }
  void open(df::OperatorContext& context) override {
    table_.emplace(context.table({"t", {df::ValueKind::kInt64}}));
    if (does_ == "same table") context.table({"t", {}});
    if (does_ == "no name") context.table({"", {}});
    if (does_ == "wrong kind") context.table({"u", {static_cast<df::ValueKind>(3)}});
  }
  void on_batch(const df::Batch& batch, df::Output& out) override {
    row_ = table_->upsert(batch.key(0));
    if (does_ == "column of another kind") table_->set_bytes(row_, 0, "x");
    if (does_ == "column behind the last") table_->integer(row_, 1);
    if (does_ != "no first column") rows_.text(0, "a");
    rows_.integer(1, 1);
    try {
      out.emit(rows_);
    } catch (const df::Error&) {
      if (does_ != "catch all") throw;
    }
  }

 private:
  const std::string does_;
  df::BatchBuilder rows_;
  std::optional<df::Table> table_;
  df::Table::Row row_ = 0;
};

class OddReader final : public df::SplitReader {
 public:
  explicit OddReader(std::string does) : does_(std::move(does)) {}
  df::Read read(int64_t /*most_rows*/, df::BatchBuilder& rows) override {
    if (does_ == "no rows") return df::Read::rows();
    rows.text(0, "a");
    rows.integer(1, 1);
    return df::Read::rows();
  }
  std::string position() const override {
    if (does_ == "position") throw df::Error("lost its place");
    return "p";
  }
  int64_t lag() const override { throw df::Error("cannot count"); }

 private:
  const std::string does_;
};

class OddSource final : public df::Source {
 public:
  explicit OddSource(std::string does) : does_(std::move(does)) {}
  bool bounded() const override {
    if (does_ == "bounded") throw df::Error("does not know its end");
    return false;
  }
  std::vector<df::Split> splits() override { return {{"0", ""}}; }
  std::unique_ptr<df::SplitReader> open(const std::string&, const std::string&) override {
    return does_ == "null" ? nullptr : std::make_unique<OddReader>(does_);
  }

 private:
  const std::string does_;
};

class OddWriter final : public df::SinkWriter {
 public:
  void write(const df::Batch&, df::Faults&) override {}
  std::vector<std::string> checkpoint(int64_t) override { return {}; }
  int64_t staged_bytes() const override { throw df::Error("cannot count"); }
};

class OddSink final : public df::Sink {
 public:
  explicit OddSink(std::string does) : does_(std::move(does)) {}
  bool exactly_once() const override {
    if (does_ == "exactly_once") throw df::Error("cannot promise");
    return true;
  }
  bool takes_updates() const override {
    if (does_ == "takes_updates") throw df::Error("cannot tell");
    return false;
  }
  std::unique_ptr<df::SinkWriter> open(int) override {
    return does_ == "null" ? nullptr : std::make_unique<OddWriter>();
  }

 private:
  const std::string does_;
};

template <class Made, class Base>
std::unique_ptr<Base> odd(const df::Request& request) {
  const std::string does = request.options.text("does", "");
  if (does == "no part") return nullptr;
  return std::make_unique<Made>(does);
}

void add_odd(df::Registry& registry) {
  registry.add_source("odd", odd<OddSource, df::Source>);
  registry.add_sink("odd", odd<OddSink, df::Sink>);
  registry.add_operator(
      "odd",
      [](const df::Request& request) {
        const bool nested = request.options.text("does", "") == "decimal";
        return df::Shape(
            df::Schema({{"k", "STRING"}, {"n", nested ? "DECIMAL(9, 2)" : "BIGINT", false}}));
      },
      [](const df::Request& request) -> std::unique_ptr<df::Operator> {
        const std::string does = request.options.text("does", "");
        if (does == "no part") return nullptr;
        const std::string type = does == "decimal" ? "DECIMAL(9, 2)" : "BIGINT";
        return std::make_unique<Odd>(does, df::Schema({{"k", "STRING"}, {"n", type, false}}));
      });
}

class Context final : public engine::OperatorContext, public engine::Collector {
 public:
  const std::string& operator_id() const override { return id_; }
  int task() const override { return 0; }
  int parallelism() const override { return 1; }
  int64_t now_millis() override { return 0; }
  Result<state::KeyedTable*> table(state::TableSpec spec) override {
    tables.push_back(std::make_unique<state::KeyedTable>(std::move(spec)));
    return tables.back().get();
  }
  Result<std::map<std::string, std::string>> named_state() override {
    return std::map<std::string, std::string>();
  }
  void put_named_state(const std::string&, std::string) override {}
  void set_timer(int64_t) override {}
  Status dead_letter(const Batch&, int64_t, engine::DeadReason, std::string_view,
                     std::string_view) override {
    return {};
  }
  Status emit(Batch, size_t) override { return std::exchange(answer, {}); }

  std::vector<std::unique_ptr<state::KeyedTable>> tables;
  Status answer;

 private:
  const std::string id_ = "step";
};

class PluginFaultsTest : public testing::Test {
 protected:
  PluginFaultsTest() {
    plugins_->add("odd.so", df::detail::make_plugin(
                                "odd", "1", [](abi::Registrar& to, abi::Texts& error) noexcept {
                                  return df::detail::guarded(error, [&] {
                                    df::Registry registry(to);
                                    add_odd(registry);
                                  });
                                }));
  }
  Result<std::unique_ptr<engine::Operator>> step(const std::string& does) {
    plan::CustomSpec spec;
    spec.name = "odd";
    spec.keys = {"k"};
    spec.options = {{"does", does}};
    DF_RETURN_IF_ERROR(plugins_->describe_operator(spec, *input_));
    return plugins_->make_operator(spec, input_, {"job", "step", false});
  }
  Result<std::unique_ptr<engine::Source>> source(const std::string& does) {
    plan::SourceSpec spec;
    spec.connector = "odd";
    spec.schema = input_;
    spec.options = {{"does", does}};
    return plugins_->make_source(spec, {"job", "in"});
  }
  Result<std::unique_ptr<engine::Sink>> sink(const std::string& does) {
    plan::SinkSpec spec;
    spec.connector = "odd";
    spec.options = {{"does", does}};
    return plugins_->make_sink(spec, input_, {"job", "out"});
  }
  Batch rows() const {
    return *batch_of(input_, {{Value::string("a"), Value::integer(Type::int32(), 1)}});
  }
  std::string opening(const std::string& does) {
    auto made = step(does);
    return made.ok() ? (*made)->open(context_).message() : made.status().message();
  }
  std::string running(const std::string& does) {
    auto made = step(does);
    if (!made.ok()) return made.status().message();
    const Status opened = (*made)->open(context_);
    return opened.ok() ? (*made)->on_batch(0, rows(), context_).message() : opened.message();
  }

  const SchemaPtr input_ =
      std::make_shared<Schema>(std::vector<Field>{{"k", Type::string()}, {"v", Type::int32()}});
  const std::unique_ptr<Plugins> plugins_ = *Plugins::load(posix_env(), nullptr, "", {});
  Context context_;
};

bool has(const std::string& words, const std::string& part) {
  return words.find(part) != std::string::npos;
}

TEST_F(PluginFaultsTest, TablesThatCannotBeAreRefused) {
  EXPECT_PRED2(has, opening("same table"), "opens table `t` twice");
  EXPECT_PRED2(has, opening("no name"), "opens a table without a name");
  EXPECT_PRED2(has, opening("wrong kind"), "with a column of kind 3, which there is not");
}

TEST_F(PluginFaultsTest, TableColumnsAreReadAsTheyAre) {
  EXPECT_PRED2(has, running("column of another kind"), "column 0 of table `t` does not hold bytes");
  EXPECT_PRED2(has, running("column behind the last"), "column 1 of table `t` does not hold int");
}

TEST_F(PluginFaultsTest, AnOperatorUsesItsTablesUntilItsEnd) {
  EXPECT_EQ(running("use a table at the end"), "");
  ASSERT_EQ(context_.tables.size(), 1U);
  EXPECT_EQ(context_.tables[0]->ints(0)[0], 1);
}

TEST_F(PluginFaultsTest, AFailedEmitFailsWhateverThePluginSays) {
  auto made = step("catch all");
  ASSERT_TRUE(made.ok()) << made.status();
  ASSERT_TRUE((*made)->open(context_).ok());
  context_.answer = Status::conflict("downstream is away");
  EXPECT_PRED2(has, (*made)->on_batch(0, rows(), context_).message(), "downstream is away");
  EXPECT_TRUE((*made)->on_batch(0, rows(), context_).ok());
}

TEST_F(PluginFaultsTest, RowsWithoutAFirstColumnAreNotLost) {
  EXPECT_PRED2(has, running("no first column"), "column `n` has 1 values, and the first one 0");
}

TEST_F(PluginFaultsTest, NullPointersAndColumnsThatCannotBeMadeAreRefusedEarly) {
  const std::string null = "its factory gives nothing";
  EXPECT_PRED2(has, step("no part").status().message(), null);
  EXPECT_PRED2(has, source("no part").status().message(), null);
  EXPECT_PRED2(has, sink("no part").status().message(), null);
  EXPECT_PRED2(has, step("decimal").status().message(), "which BatchBuilder cannot make");
  auto reads = source("null");
  ASSERT_TRUE(reads.ok());
  EXPECT_PRED2(has, (*reads)->open({"0", "0;"}).status().message(), "open() gives nothing");
  auto writes = sink("null");
  ASSERT_TRUE(writes.ok());
  EXPECT_PRED2(has, (*writes)->make_writer(0, {}).status().message(), "open() gives nothing");
}

TEST_F(PluginFaultsTest, WhatPropertiesThrowIsToldOrCountsAsNone) {
  EXPECT_PRED2(has, source("bounded").status().message(), "does not know its end");
  EXPECT_PRED2(has, sink("exactly_once").status().message(), "cannot promise");
  EXPECT_PRED2(has, sink("takes_updates").status().message(), "cannot tell");
  auto writes = sink("");
  ASSERT_TRUE(writes.ok());
  auto writer = (*writes)->make_writer(0, {});
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ((*writer)->staged_bytes(), 0);
}

TEST_F(PluginFaultsTest, APositionThatThrowsFailsAndNoRowsAreIdle) {
  auto reads = source("position");
  ASSERT_TRUE(reads.ok());
  auto reader = (*reads)->open({"0", "0;"});
  ASSERT_TRUE(reader.ok());
  engine::Chunk chunk;
  EXPECT_PRED2(has, (*reader)->poll(chunk).status().message(), "lost its place");
  EXPECT_EQ((*reader)->lag(), 0);
  reads = source("no rows");
  reader = (*reads)->open({"0", "0;"});
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(*(*reader)->poll(chunk), engine::Polled::kIdle);
  EXPECT_EQ((*reader)->position(), "0;p");
}

TEST(BatchBuilderTest, WhatAColumnCannotHoldIsRefused) {
  const std::vector<std::pair<std::string, int64_t>> mosts = {
      {"BOOLEAN", 1}, {"TINYINT", 127}, {"SMALLINT", 32767}, {"INT", INT32_MAX}};
  for (const auto& [type, most] : mosts) {
    df::BatchBuilder rows{df::Schema({{"c", type}})};
    EXPECT_EQ(thrown_by([&] { rows.integer(0, most); }), "");
    EXPECT_EQ(thrown_by([&] { rows.integer(0, most + 1); }),
              "column `c` is " + type + ", and is given the integer " + std::to_string(most + 1));
    EXPECT_EQ(rows.size(), 1);
  }
  EXPECT_EQ(thrown_by([] {
              df::BatchBuilder rows{df::Schema(std::vector<df::Field>{{"c", "ARRAY<INT>"}})};
            }),
            "column `c` is ARRAY<INT>, which BatchBuilder cannot make");
}

TEST(BatchBuilderTest, TextIsUtf8AndBytesAreAny) {
  df::BatchBuilder rows{df::Schema({{"s", "STRING"}, {"b", "BYTES"}})};
  for (const char* const good :
       {"", "plain words of ASCII", "gr\xC3\xBC\xC3\x9F", "\xE0\xA0\x80", "\xED\x9F\xBF",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(thrown_by([&] { rows.text(0, good); }), "");
  }
  for (const char* const bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "12345678\xC3", "\xE0\x9F\xBF", "\xE2\x82",
        "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(thrown_by([&] { rows.text(0, bad); }),
              "column `s` is STRING, and is given text that is not UTF-8");
    EXPECT_EQ(thrown_by([&] { rows.text(1, bad); }), "");
  }
}

}  // namespace
}  // namespace dataflow::plugins
