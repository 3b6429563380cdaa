// An index beside writers who never rest.
#include "table_index.h"

#include <atomic>
#include <future>
#include <thread>

#include "sql/parser.h"
#include "sql_bed.h"
#include "sql_server.h"
#include "types/batch_builder.h"

namespace dataflow::jobs {
namespace {

// Readers at whose every step another record is written.
class BusyReader final : public engine::SplitReader {
 public:
  BusyReader(std::unique_ptr<engine::SplitReader> reader, std::function<void()> write)
      : reader_(std::move(reader)), write_(std::move(write)) {}

  Result<engine::Polled> poll(engine::Chunk& chunk) override {
    Result<engine::Polled> polled = reader_->poll(chunk);
    write_();
    return polled;
  }
  void wake_when_ready(std::function<void()> wake) override {
    reader_->wake_when_ready(std::move(wake));
  }
  std::string position() const override { return reader_->position(); }
  int64_t lag() const override { return reader_->lag(); }

 private:
  const std::unique_ptr<engine::SplitReader> reader_;
  const std::function<void()> write_;
};

class BusySource final : public engine::Source {
 public:
  BusySource(std::unique_ptr<engine::Source> source, std::function<void()> write)
      : source_(std::move(source)), write_(std::move(write)) {}

  SchemaPtr schema() const override { return source_->schema(); }
  bool bounded() const override { return source_->bounded(); }
  Result<std::vector<engine::Split>> splits() override { return source_->splits(); }
  Result<std::unique_ptr<engine::SplitReader>> open(const engine::Split& split) override {
    DF_ASSIGN_OR_RETURN(auto reader, source_->open(split));
    return std::unique_ptr<engine::SplitReader>(
        std::make_unique<BusyReader>(std::move(reader), write_));
  }
  Result<std::unique_ptr<engine::ChunkDecoder>> make_decoder() override {
    return source_->make_decoder();
  }
  void on_checkpoint(const std::vector<engine::Split>& positions) override {
    source_->on_checkpoint(positions);
  }

 private:
  const std::unique_ptr<engine::Source> source_;
  const std::function<void()> write_;
};

class BusyConnectors final : public engine::Connectors {
 public:
  BusyConnectors(engine::Connectors& others, std::function<void()> write)
      : others_(others), write_(std::move(write)) {}

  Result<std::unique_ptr<engine::Source>> make_source(
      const plan::SourceSpec& spec, const engine::ConnectorContext& context) override {
    DF_ASSIGN_OR_RETURN(auto source, others_.make_source(spec, context));
    return std::unique_ptr<engine::Source>(std::make_unique<BusySource>(std::move(source), write_));
  }
  Result<std::unique_ptr<engine::Sink>> make_sink(
      const plan::SinkSpec& spec, const SchemaPtr& schema,
      const engine::ConnectorContext& context) override {
    return others_.make_sink(spec, schema, context);
  }
  std::vector<std::string> source_names() const override { return others_.source_names(); }
  std::vector<std::string> sink_names() const override { return others_.sink_names(); }

 private:
  engine::Connectors& others_;
  const std::function<void()> write_;
};

class TableIndexTest : public SqlBed {
 protected:
  void SetUp() override {
    SqlBed::SetUp();
    run("CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
    run("INSERT INTO t VALUES (1, 0)");
    busy_ = std::make_unique<BusyConnectors>(*connectors_, [this] { write_one(); });
    const auto& server = static_cast<const SqlServer&>(*service_);
    const auto parsed = sql::parse_statement("SELECT * FROM t");
    ASSERT_TRUE(parsed.ok());
    const auto made = sql::compile(*std::get<sql::SelectStatement>(parsed->what).query,
                                   *server.catalog(), sql::Settings(), "SELECT * FROM t", false);
    ASSERT_TRUE(made.ok()) << made.status();
    auto index = TableIndex::open(std::get<plan::SourceSpec>(made->compiled.plan.nodes[0].spec),
                                  *busy_, *log_, memory_);
    ASSERT_TRUE(index.ok()) << index.status();
    index_ = std::move(*index);
  }
  void TearDown() override {
    index_.reset();
    SqlBed::TearDown();
  }

  void write_one() {
    if (written_ >= kMost || !goes_on_) return;
    BatchBuilder builder;
    const std::string value = "{\"k\":1,\"v\":" + std::to_string(written_ + 1) + "}";
    ASSERT_TRUE(builder.add(env_.now(), "{\"k\":1}", value).ok());
    std::string bytes = builder.finish();
    const auto partition = log_->partition("t", PartitionIndex(0));
    const auto outcome = partition->append({bytes.data(), bytes.size()}, false);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    std::promise<Status> synced;
    partition->await_synced(outcome->next_offset, [&](Status s) { synced.set_value(s); });
    ASSERT_TRUE(synced.get_future().get().ok());
    if (++written_ == 1) began_.set_value();
  }
  std::string rows() const {
    auto batch = index_->read({KeyRange{"", std::nullopt}}, 10, false);
    if (!batch.ok() || !*batch) return "none";
    std::string text;
    for (int64_t i = 0; i < (*batch)->rows; ++i) text += row_of(**batch, i)[1].to_string() + ";";
    return text;
  }

  static constexpr int kMost = 5'000;
  std::atomic<int> written_ = 0;
  std::atomic<bool> goes_on_ = true;
  std::promise<void> began_;
  std::unique_ptr<BusyConnectors> busy_;
  IndexMemory memory_{int64_t{1} << 30};
  std::shared_ptr<TableIndex> index_;
};

TEST_F(TableIndexTest, WhoReadsWaitsForWhatWasThereAndNotForWhatFollows) {
  ASSERT_TRUE(index_->catch_up().ok());
  EXPECT_EQ(rows(), "0;");
  EXPECT_LT(written_, 5);
  ASSERT_TRUE(index_->catch_up().ok());
  EXPECT_LT(written_, 10);
  goes_on_ = false;
  const int last = written_;
  ASSERT_TRUE(index_->catch_up().ok());
  EXPECT_EQ(rows(), std::to_string(last) + ";");
  EXPECT_EQ(index_->behind(), 0);
}

TEST_F(TableIndexTest, WhoReadsGoesInFrontOfWhoFollowsAlong) {
  std::thread follower([this] { EXPECT_TRUE(index_->catch_up_and_wait([] {}).ok()); });
  began_.get_future().wait();
  for (int i = 0; i < 3; ++i) {
    const int before = written_;
    ASSERT_TRUE(index_->catch_up().ok());
    EXPECT_GE(std::stoi(rows()), before);
  }
  EXPECT_LT(written_, kMost) << "it came behind everybody who wrote";
  goes_on_ = false;
  follower.join();
  EXPECT_EQ(rows(), std::to_string(written_) + ";");
}

}  // namespace
}  // namespace dataflow::jobs
