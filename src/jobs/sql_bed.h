// For tests of a server's SQL: a log, an engine and a catalog over a disk in memory.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/fault_env.h"
#include "base/timer_queue.h"
#include "connect/connectors.h"
#include "engine/job.h"
#include "jobs/collect.h"
#include "jobs/pipelines.h"
#include "jobs/run_script.h"
#include "jobs/sql_server.h"
#include "log/log.h"
#include "log/producer_ids.h"

namespace dataflow::jobs {

class SqlBed : public testing::Test {
 protected:
  void SetUp() override {
    timers_.start();
    open();
  }
  void TearDown() override {
    close();
    timers_.stop();
  }

  // `starts`: also the pipelines.
  void open(bool starts = true) {
    auto store = meta::Store::open(env_, "/data/meta");
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = std::move(*store);
    log::LogOptions options;
    options.dir = "/data/log";
    auto log = log::Log::open(env_, *store_, options, nullptr);
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = std::move(*log);
    auto ids = log::ProducerIds::open(*store_);
    ASSERT_TRUE(ids.ok()) << ids.status();
    ids_ = std::move(*ids);
    inner_ = connect::make_connectors({env_, *log_, *ids_, nullptr, &timers_, nullptr, nullptr});
    connectors_ = std::make_unique<CollectConnectors>(*inner_);
    engine_ = engine::Engine::create(env_, timers_, *connectors_, engine_options_, nullptr);
    auto pipelines =
        Pipelines::open({env_, *store_, *engine_, *connectors_, "/data/jobs", "/data/savepoints"});
    ASSERT_TRUE(pipelines.ok()) << pipelines.status();
    pipelines_ = std::move(*pipelines);
    auto service =
        open_sql({env_, *store_, *log_, *engine_, *connectors_, *pipelines_, "/data/queries"});
    ASSERT_TRUE(service.ok()) << service.status();
    service_ = std::move(*service);
    if (starts) pipelines_->start_all();
    session_ = service_->open_session();
  }
  // `whole`: nothing is lost on the way.
  void close(bool whole = true) {
    session_.reset();
    if (pipelines_) pipelines_->close();
    service_.reset();
    pipelines_.reset();
    engine_.reset();
    connectors_.reset();
    inner_.reset();
    ids_.reset();
    if (log_) {
      const Status closed = log_->close();
      EXPECT_TRUE(closed.ok() || !whole) << closed;
    }
    log_.reset();
    if (store_) {
      const Status closed = store_->close();
      EXPECT_TRUE(closed.ok() || !whole) << closed;
    }
    store_.reset();
  }

  // The statement's tag or its rows ("1, a; 2, b"), or "error: " and the first line of its words.
  std::string run(const std::string& text, const std::vector<Value>& parameters = {}) {
    const auto said = [](const Status& status) {
      const std::string& message = status.message();
      return "error: " + message.substr(0, message.find('\n'));
    };
    auto parsed = session_->parse(text);
    if (!parsed.ok()) return said(parsed.status());
    std::string last;
    for (const sql::StatementAst& statement : *parsed) {
      std::vector<std::optional<Type>> types;
      for (const Value& value : parameters) types.emplace_back(value.type());
      auto prepared = session_->prepare(statement, text, types);
      if (!prepared.ok()) return said(prepared.status());
      auto answer = (*prepared)->execute(parameters);
      if (!answer.ok()) return said(answer.status());
      last = answer->tag;
      if (answer->rows == nullptr) continue;
      const Result<std::string> all = read(*answer->rows);
      last = all.ok() ? *all : said(all.status());
    }
    return last;
  }
  // The same in a session of its own.
  std::string elsewhere(const std::string& text) {
    std::unique_ptr<SqlSession> other = service_->open_session();
    std::swap(session_, other);
    std::string said = run(text);
    std::swap(session_, other);
    return said;
  }
  static Result<std::string> read(RowStream& rows) {
    std::string all;
    while (true) {
      DF_ASSIGN_OR_RETURN(const std::vector<Row> part, rows.next(2));
      if (part.empty()) return all;
      for (const Row& row : part) {
        std::string line;
        for (const Value& value : row) line += (line.empty() ? "" : ", ") + cell_text(value);
        all += (all.empty() ? "" : "; ") + line;
      }
    }
  }
  static std::string rows_of(RowStream& rows) {
    const Result<std::string> all = read(rows);
    EXPECT_TRUE(all.ok()) << all.status();
    return all.ok() ? *all : "";
  }

  // Of the next open().
  engine::EngineOptions engine_options_{2, 64, 2};
  FaultEnv env_;
  TimerQueue timers_{env_};
  std::unique_ptr<meta::Store> store_;
  std::unique_ptr<log::Log> log_;
  std::unique_ptr<log::ProducerIds> ids_;
  std::unique_ptr<engine::Connectors> inner_;
  std::unique_ptr<CollectConnectors> connectors_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<Pipelines> pipelines_;
  std::unique_ptr<SqlService> service_;
  std::unique_ptr<SqlSession> session_;
};

}  // namespace dataflow::jobs
