// One client: from its first packet to its end, on one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advisory_locks.h"
#include "backend.h"
#include "cancel_keys.h"
#include "catalog_queries.h"
#include "client_settings.h"
#include "frontend.h"
#include "jobs/sql_session.h"
#include "message_reader.h"
#include "sql_state.h"
#include "statement.h"
#include "wire.h"

namespace dataflow::postgres {

// What all clients share.
struct Surroundings {
  jobs::SqlService& service;
  CatalogQueries* catalog = nullptr;  // none: everything is a user's
  CancelKeys& keys;
  AdvisoryLocks& locks;
  size_t max_message_bytes = 64u << 20;
};

// Errors of statements go to the client at once; a function that can meet one returns whether it
// went well.
class Client {
 public:
  Client(Wire& wire, const Surroundings& around)
      : wire_(wire), around_(around), reader_(wire, around.max_message_bytes), writer_(out_) {}
  ~Client();

  // Until the client or the server has had enough.
  void serve();

  // From any thread: the client has hung up. What it has asked for ends.
  void hung_up();

 private:
  // client_start.cc
  bool begin();
  bool start_session(const StartupPacket& packet);
  bool apply_parameters(const StartupPacket& packet);
  bool apply_options(std::string_view options);
  bool apply_startup(std::string_view name, std::string_view value);

  // client.cc
  void end();
  bool answer(const Message& message);
  bool answer_extended(const Message& message);
  bool sync();
  void ready();
  // What a batch has written is there, or an error was sent.
  bool commit_batch(const ReadStatement* read);
  void end_transaction();
  void flush();
  bool fatal(const char* sqlstate, std::string message);
  bool refuse(const Status& status, Stage stage, const ReadStatement* read);

  // client_query.cc
  void query(std::string_view text);
  bool run_simple(const ReadStatement& read, bool last);
  // Up to `limit` rows, 0: all. `describe`: tells what the rows are.
  bool run(Portal& portal, uint64_t limit, bool describe, const ReadStatement* read);
  bool execute(Portal& portal, const ReadStatement* read);
  bool send_rows(Portal& portal, uint64_t limit, const ReadStatement* read);
  void complete(const Portal& portal, uint64_t rows);

  // client_copy.cc
  bool copy_in(Portal& portal, const ReadStatement* read);
  Status prepare_copy_in(const ReadStatement& read, Statement& out);

  // client_extended.cc
  bool parse(const ParseMessage& message);
  bool bind(const BindMessage& message);
  Result<std::shared_ptr<Portal>> bound(const BindMessage& message);
  bool describe(const NamedMessage& message);
  bool close(const NamedMessage& message);
  bool execute_portal(const ExecuteMessage& message);

  // client_prepare.cc
  // Where that fails, `out` still says what the error's place counts in.
  Status read(std::string_view sent, Span span, ReadStatement& out);
  // `once`: it will be executed now and not again.
  Result<std::shared_ptr<Statement>> prepare(const ReadStatement& read,
                                             const std::vector<uint32_t>& oids, bool once);
  Status prepare_query(const ReadStatement& read, const std::vector<uint32_t>& oids, bool once,
                       Statement& out);
  Status prepare_catalog(const ReadStatement& read, const std::vector<uint32_t>& oids, bool once,
                         Statement& out);
  Status prepare_own(const ReadStatement& read, const std::vector<uint32_t>& oids, bool once,
                     Statement& out);
  Status run_in_session(const std::string& text);
  CatalogSession catalog_session();

  // client_advisory.cc
  // Of one of PostgreSQL's functions of advisory locks: what it gives; none: nothing.
  Result<std::optional<bool>> advisory(const std::string& function,
                                       const std::vector<std::string>& arguments);
  Status wait_for(const AdvisoryLocks::Wanted& wanted);

  // client_prepared.cc
  Status prepare_prepare(const ReadStatement& read, Statement& out);
  Status prepare_execute(const OwnStatement& own, Statement& out);
  // What the texts between EXECUTE's parentheses say, as values of the statement's parameters.
  Result<std::vector<Value>> given_for(const Statement& statement, const OwnStatement& own);

  // client_cursor.cc
  Status prepare_declare(const ReadStatement& read, const std::vector<uint32_t>& oids,
                         Statement& out);
  Status prepare_fetch(const OwnStatement& own, Statement& out);
  Result<std::shared_ptr<Portal>> find_portal(const std::string& name) const;
  Result<jobs::StatementAnswer> declare(const OwnStatement& own, std::shared_ptr<Statement> query,
                                        const std::vector<Value>& parameters);
  Result<jobs::StatementAnswer> fetch(const OwnStatement& own);
  Result<jobs::StatementAnswer> move(const OwnStatement& own);
  Status close_cursor(const OwnStatement& own);

  // client_set.cc
  Result<jobs::StatementAnswer> run_own(const OwnStatement& own);
  Status set(const OwnStatement& own, jobs::StatementAnswer& answer);
  Status set_access(const OwnStatement& own, jobs::StatementAnswer& answer);
  // As SHOW says it.
  std::optional<std::string> setting(const std::string& name) const;
  Status set_value(const std::string& name, const std::optional<std::string>& value);
  Result<jobs::StatementAnswer> show(const OwnStatement& own);
  Status discard();

  // BEGIN, or a batch.
  bool in_block() const {
    return session_->transaction() != jobs::TransactionState::kNone || session_->in_batch();
  }
  bool failed() const { return session_->transaction() == jobs::TransactionState::kFailed; }

  Wire& wire_;
  const Surroundings around_;
  MessageReader reader_;
  std::string out_;
  BackendWriter writer_;
  bool lost_ = false;      // the wire
  bool skipping_ = false;  // up to Sync, behind an error
  std::unique_ptr<jobs::SqlSession> session_;
  std::optional<CancelKeys::Key> key_;
  ClientSettings settings_;
  std::map<std::string, std::string> before_local_;  // what SET LOCAL has changed
  std::map<std::string, std::shared_ptr<Statement>> statements_;
  std::map<std::string, std::shared_ptr<Portal>> portals_;
  std::atomic<uint32_t> process_ = 0;  // the session's number, once there is one
  std::atomic<bool> gone_ = false;
  std::atomic<bool> told_to_end_ = false;  // what it does now
};

}  // namespace dataflow::postgres
