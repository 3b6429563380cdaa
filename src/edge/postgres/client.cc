#include "client.h"

#include <utility>

namespace dataflow::postgres {
namespace {

constexpr size_t kKeptOutput = 1 << 20;
// Between the messages of a batch; then others may write to the table that it has read, and it may
// have to be run again.
constexpr int64_t kBatchPatienceMs = 200;

char letter_of(jobs::TransactionState state) {
  switch (state) {
    case jobs::TransactionState::kOpen: return 'T';
    case jobs::TransactionState::kFailed: return 'E';
    default: return 'I';
  }
}

}  // namespace

Client::~Client() { end(); }

void Client::end() {
  if (key_) {
    around_.keys.leave(key_->process);
    around_.locks.leave(key_->process);
  }
  key_.reset();
  portals_.clear();
  statements_.clear();
  session_.reset();
}

void Client::serve() {
  const bool begun = begin();
  while (begun && !lost_) {
    // It may never end its batch.
    if (session_->in_batch() && reader_.is_silent(kBatchPatienceMs)) session_->let_others_write();
    const Result<std::optional<Message>> message = reader_.next();
    if (!message.ok()) {
      if (message.status().code() == StatusCode::kCorrupt) {
        fatal("08P01", message.status().message());
      }
      break;
    }
    if (!*message || (*message)->type == 'X' || !answer(**message)) break;
  }
  flush();
  end();
}

bool Client::answer(const Message& message) {
  if (skipping_ && message.type != 'S') return true;
  // What was cancelled before was something else.
  if (message.type == 'Q' || message.type == 'E') {
    session_->begin();
    told_to_end_ = gone_.load();
  }
  switch (message.type) {
    case 'Q': {
      const Result<std::string_view> text = read_text(message.payload);
      if (!text.ok()) return fatal("08P01", text.status().message());
      query(*text);
      ready();
      return true;
    }
    case 'S':
      if (const Status empty = read_empty(message.payload); !empty.ok()) {
        return fatal("08P01", empty.message());
      }
      return sync();
    case 'H': flush(); return true;
    // What is left of a COPY that has failed.
    case 'd':
    case 'c':
    case 'f': return true;
    case 'p': return fatal("08P01", "a password was sent and not asked for");
    case 'F':
      refuse(sql_error(SqlState::kUnsupported, "function calls are not supported; use SELECT"),
             Stage::kParse, nullptr);
      ready();
      return true;
    default: return answer_extended(message);
  }
}

// What a message says, and then what is done; behind what fails everything up to Sync is passed
// over.
bool Client::answer_extended(const Message& message) {
  bool went_well = true;
  const auto carry_out = [&](const auto& said, auto does) -> bool {
    if (!said.ok()) return fatal("08P01", said.status().message());
    went_well = (this->*does)(*said);
    return true;
  };
  bool understood = false;
  switch (message.type) {
    case 'P': understood = carry_out(read_parse(message.payload), &Client::parse); break;
    case 'B': understood = carry_out(read_bind(message.payload), &Client::bind); break;
    case 'D': understood = carry_out(read_named(message.payload), &Client::describe); break;
    case 'C': understood = carry_out(read_named(message.payload), &Client::close); break;
    case 'E': understood = carry_out(read_execute(message.payload), &Client::execute_portal); break;
    default:
      return fatal("08P01", "invalid frontend message type " +
                                std::to_string(static_cast<uint8_t>(message.type)));
  }
  if (!understood) return false;
  if (!went_well) {
    skipping_ = true;
    flush();
  }
  return true;
}

// All that stands in front of it is done, for good.
bool Client::sync() {
  skipping_ = false;
  if (session_->in_batch()) session_->begin();
  commit_batch(nullptr);
  ready();
  return true;
}

bool Client::commit_batch(const ReadStatement* read) {
  const Status committed = session_->commit_batch();
  return committed.ok() || refuse(committed, Stage::kExecute, read);
}

void Client::end_transaction() {
  if (in_block()) return;
  around_.locks.end_transaction(process_);
  std::erase_if(portals_, [](const auto& entry) { return !entry.second->hold; });
  for (const auto& [name, value] : std::exchange(before_local_, {})) {
    // It was so before.
    static_cast<void>(set_value(name, value));
  }
}

void Client::ready() {
  end_transaction();
  for (const auto& [name, value] : settings_.take_changed()) writer_.parameter_status(name, value);
  writer_.ready(letter_of(session_->transaction()));
  flush();
}

void Client::flush() {
  if (out_.empty()) return;
  if (!lost_ && !wire_.write(out_).ok()) lost_ = true;
  out_.clear();
  if (out_.capacity() > kKeptOutput) std::string().swap(out_);
}

bool Client::fatal(const char* sqlstate, std::string message) {
  ErrorFields fields;
  fields.severity = "FATAL";
  fields.sqlstate = sqlstate;
  fields.message = std::move(message);
  writer_.error(fields);
  return false;
}

bool Client::refuse(const Status& status, Stage stage, const ReadStatement* read) {
  if (session_->transaction() == jobs::TransactionState::kOpen) session_->fail_transaction();
  session_->drop_batch();
  ErrorFields fields = error_fields(status, stage, read != nullptr ? read->query : std::string());
  if (fields.position > 0) fields.position = read->before ? fields.position + *read->before : 0;
  writer_.error(fields);
  return false;
}

void Client::hung_up() {
  gone_ = true;
  if (const uint32_t process = process_; process != 0) around_.keys.close(process);
}

}  // namespace dataflow::postgres
