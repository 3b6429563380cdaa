#include "connection.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/logger.h"
#include "foreign_protocol.h"

namespace dataflow::kafka {

namespace {

constexpr size_t kLengthBytes = 4;
constexpr int64_t kCloseLogIntervalMs = 200;
constexpr size_t kFirstRead = 4096;
// A request without records takes many times its size once it is decoded.
constexpr size_t kMaxPlainRequest = 8u << 20;
constexpr int kReadsPerTurn = 8;
constexpr size_t kFlushMost = 2u << 20;
// Answers that a client does not take: no further request of its is started.
constexpr size_t kOutputBacklog = 256u << 10;
constexpr size_t kCompactSlotsFrom = 256;
// A half-sent request that stands still while others wait for memory.
constexpr int64_t kStallNanos = 10'000'000'000;
// One that others wait for moves at least this fast on the average, beside kStallNanos.
constexpr int64_t kSlowestNanosPerByte = 1'000'000'000 / (64 << 10);

int16_t peek_int16(const char* at) { return static_cast<int16_t>(load_be16(at)); }

}  // namespace

Connection::Connection(std::shared_ptr<IoThread> io, std::shared_ptr<Broker> broker,
                       std::unique_ptr<Transport> transport, ClientAddress address)
    : io_(std::move(io)),
      broker_(std::move(broker)),
      transport_(std::move(transport)),
      address_(std::move(address)),
      input_(broker_->memory),
      last_activity_(io_->now()) {}

Connection::~Connection() = default;

void Connection::start() {
  io_->add(shared_from_this());
  arm_read();
}

void Connection::close(std::string_view reason) {
  if (closed_) return;
  closed_ = true;
  if (!reason.empty()) {
    log_limited("kafka-connection-closed", LogLevel::kWarn, "closed a Kafka client's connection",
                {{"peer", address_.peer_host + ":" + std::to_string(address_.peer_port)},
                 {"reason", reason}},
                kCloseLogIntervalMs);
  }
  broker_->metrics.connection_closed();
  transport_->close();
  if (auto poll = std::move(poll_)) poll->cancel();
  broker_->memory.release_overdraft(this);
  if (!processing_) input_.release();
  slots_.clear();
  output_ = {};
  count_unsent();
  io_->remove(shared_from_this());
}

void Connection::on_readable() {
  reading_ = false;
  if (closed_) return;
  read_some();
  io_->end_turn();
}

void Connection::on_writable() {
  write_blocked_ = false;
  if (closed_) return;
  last_activity_ = io_->now();
  flush();
  if (!write_blocked_) resume();
  io_->end_turn();
}

void Connection::on_memory() {
  io_->post([self = shared_from_this()] {
    self->waits_for_memory_ = false;
    self->input_since_ = self->io_->now();
    self->resume();
  });
}

void Connection::arm_read() {
  if (reading_ || !wants_input()) return;
  reading_ = true;
  transport_->wait_readable(shared_from_this());
}

void Connection::wait_for_memory() {
  waits_for_memory_ = true;
  broker_->memory.wait(weak_from_this());
}

// Reads until the socket is drained, in turns, so that one busy client leaves time to the others.
void Connection::read_some() {
  for (int i = 0; i < kReadsPerTurn && wants_input(); ++i) {
    IoOutcome outcome;
    size_t asked = 0;
    if (!input_.empty()) {
      if (!read_into_input(outcome, asked)) return;
    } else {
      read_into_scratch(outcome, asked);
    }
    if (outcome.state == IoState::kWouldBlock) break;
    if (outcome.state == IoState::kEnd) return close({});
    if (outcome.state == IoState::kFailed)
      return close({});  // reset by the peer: nothing to explain
    if (outcome.bytes < asked || (input_.empty() && asked < IoThread::kScratchBytes)) break;
  }
  arm_read();
}

bool Connection::read_into_input(IoOutcome& outcome, size_t& asked) {
  if (!make_room()) return false;
  asked = input_.room();
  outcome = transport_->read({input_.data() + input_.size(), asked});
  if (outcome.state != IoState::kDone) return true;
  last_activity_ = io_->now();
  input_.added(outcome.bytes);
  process_input();
  return true;
}

// Most requests arrive whole and are done before the next read: they never leave the thread's
// scratch. While the memory for requests is used up, only small ones can pass: no more is read at
// once than a connection may always keep.
void Connection::read_into_scratch(IoOutcome& outcome, size_t& asked) {
  std::span<char> scratch = io_->read_scratch();
  if (broker_->memory.exhausted()) scratch = scratch.first(kFirstRead);
  asked = scratch.size();
  outcome = transport_->read(scratch);
  if (outcome.state != IoState::kDone) return;
  last_activity_ = io_->now();
  size_t used = process(scratch.data(), outcome.bytes);
  if (closed_ || used == outcome.bytes) return;
  keep_input(scratch.data() + used, outcome.bytes - used);
  input_since_ = last_activity_;
}

// A large request that has begun gets the memory for its rest at once, so that its beginning is not
// copied again at the next read.
void Connection::keep_input(const char* from, size_t bytes) {
  if (bytes > kFirstRead) {
    const size_t frame = kLengthBytes + load_be32(from);
    if (frame > bytes) static_cast<void>(input_.grow_for(frame, false));
  }
  input_.append(from, bytes);
}

bool Connection::make_room() {
  if (input_.room() > 0) return true;
  size_t frame = kFirstRead;
  if (input_.size() >= kLengthBytes) frame = kLengthBytes + load_be32(input_.data());
  RequestMemory& memory = broker_->memory;
  if (input_.grow_for(frame, memory.holds_overdraft(this))) return true;
  if (memory.acquire_overdraft(this)) return input_.grow_for(frame, true);
  wait_for_memory();
  return false;
}

void Connection::resume() {
  if (closed_ || processing_ || write_blocked_) return;
  if (!input_.empty()) process_input();
  arm_read();
}

void Connection::process_input() {
  size_t used = process(input_.data(), input_.size());
  if (closed_) return input_.release();
  if (used == 0) return;
  input_.consume(used);
  input_since_ = last_activity_;
  broker_->memory.release_overdraft(this);
}

// Starts the requests at the front of `data` that may start; returns how many bytes they took.
size_t Connection::process(char* data, size_t size) {
  processing_ = true;
  stalled_ = false;
  size_t at = 0;
  while (!closed_ && size - at >= kLengthBytes) {
    char* frame = data + at + kLengthBytes;
    size_t have = size - at - kLengthBytes;
    int32_t length = static_cast<int32_t>(load_be32(data + at));
    if (!accepts_frame(data + at, have, length)) break;
    size_t bytes = static_cast<size_t>(length);
    if (have < bytes) break;
    if (!may_start(peek_int16(frame), bytes)) {
      stalled_ = true;
      break;
    }
    at += kLengthBytes + bytes;
    start_request({frame, bytes});
  }
  processing_ = false;
  return at;
}

// Refuses what can never become a request as soon as that can be seen, not when all of it is here.
bool Connection::accepts_frame(const char* data, size_t have, int32_t length) {
  size_t limit = broker_->options.max_request_bytes;
  if (length < static_cast<int32_t>(kMinRequestBytes) || static_cast<size_t>(length) > limit) {
    std::string_view start(data, std::min<size_t>(have, 8) + kLengthBytes);
    close(explain_bad_length(start, length, limit));
    return false;
  }
  if (have < 4) return true;
  int16_t key = peek_int16(data + kLengthBytes);
  if (key != static_cast<int16_t>(wire::ApiKey::kProduce) &&
      static_cast<size_t>(length) > kMaxPlainRequest) {
    close("it announces a request of API " + std::to_string(key) + " of " + std::to_string(length) +
          " bytes: only Produce may be larger than " + std::to_string(kMaxPlainRequest));
    return false;
  }
  int16_t version = peek_int16(data + kLengthBytes + 2);
  const wire::ApiRange* api = wire::find_api(key);
  if (api == nullptr || !api->served) {
    close("it asks for API " + std::to_string(key) + ", which is not served here");
    return false;
  }
  if (api->key == wire::ApiKey::kApiVersions || api->has(version)) return true;
  close("it asks for " + std::string(api->name) + " version " + std::to_string(version) +
        "; served are " + std::to_string(api->min) + " to " + std::to_string(api->max));
  return false;
}

bool Connection::may_start(int16_t api, size_t bytes) const {
  size_t unsent = output_.buffered_bytes();
  if (unsent > kOutputBacklog || (unsent > 0 && broker_->unsent.exhausted())) return false;
  size_t open = slots_.size() - head_;
  if (open == 0) return true;
  return api == static_cast<int16_t>(wire::ApiKey::kProduce) && slots_.back().produce &&
         open < broker_->options.max_in_flight &&
         in_flight_bytes_ + bytes <= broker_->options.max_in_flight_bytes;
}

void Connection::start_request(std::span<char> frame) {
  Result<RequestHead> head = parse_request_head({frame.data(), frame.size()});
  if (!head.ok()) return close(head.status().message());

  Slot& slot = slots_.emplace_back();
  slot.api = head->api_key;
  slot.produce = head->api_key == static_cast<int16_t>(wire::ApiKey::kProduce);
  slot.request_bytes = kLengthBytes + frame.size();
  slot.started = last_activity_;
  in_flight_bytes_ += slot.request_bytes;

  const wire::ApiRange& api = *wire::find_api(head->api_key);
  Request request{*broker_,
                  address_,
                  api,
                  head->client_id,
                  frame.subspan(head->size),
                  Reply(shared_from_this(), first_slot_ + slots_.size() - 1, api.key,
                        head->api_version, head->correlation)};
  find_handler(head->api_key)(request);
}

void Connection::deliver(uint64_t number, std::string_view bytes, std::span<AnswerSlice> slices) {
  if (closed_) return;
  size_t index = number - first_slot_;
  if (index >= slots_.size() || slots_[index].answered) return;  // nobody waits for it any more
  Slot& slot = slots_[index];
  poll_.reset();
  slot.answered = true;
  uint64_t slice_bytes = 0;
  for (const AnswerSlice& slice : slices) slice_bytes += slice.slice.length;
  finish_slot(slot, bytes.size() + slice_bytes);
  if (index == head_) {
    output_.add(bytes, slices);
    ++head_;
    pop_answered();
    mark_dirty();
  } else {
    slot.bytes = bytes;
    slot.slices.assign(std::make_move_iterator(slices.begin()),
                       std::make_move_iterator(slices.end()));
  }
  if (stalled_) resume();
}

void Connection::finish_slot(const Slot& slot, size_t answer_bytes) {
  in_flight_bytes_ -= slot.request_bytes;
  broker_->metrics.answered(slot.api, io_->now() - slot.started, slot.request_bytes, answer_bytes);
}

void Connection::pop_answered() {
  while (head_ < slots_.size() && slots_[head_].answered) {
    output_.add(slots_[head_].bytes, slots_[head_].slices);
    ++head_;
  }
  if (head_ == slots_.size()) {
    first_slot_ += head_;
    slots_.clear();
    head_ = 0;
    if (slots_.capacity() > 8) slots_ = {};
  } else if (head_ >= kCompactSlotsFrom) {
    slots_.erase(slots_.begin(), slots_.begin() + static_cast<ptrdiff_t>(head_));
    first_slot_ += head_;
    head_ = 0;
  }
}

void Connection::mark_dirty() {
  if (dirty_) return;
  dirty_ = true;
  io_->mark_dirty(shared_from_this());
}

void Connection::flush() {
  dirty_ = false;
  if (closed_ || write_blocked_) return;
  OutputQueue::Flush flushed = output_.flush(*transport_, io_->write_scratch(), kFlushMost);
  count_unsent();
  switch (flushed) {
    case OutputQueue::Flush::kAll:
      if (stalled_) resume();
      return;
    case OutputQueue::Flush::kWouldBlock:
    case OutputQueue::Flush::kMoreToDo:
      write_blocked_ = true;
      return transport_->wait_writable(shared_from_this());
    case OutputQueue::Flush::kFailed: return close(output_.problem());
  }
}

// Keeps the total of all connections true. Only what a socket would not take is counted.
void Connection::count_unsent() {
  size_t unsent = output_.buffered_bytes();
  if (unsent == counted_unsent_) return;
  if (unsent > counted_unsent_) {
    broker_->unsent.take_anyway(unsent - counted_unsent_);
  } else {
    broker_->unsent.give_back(counted_unsent_ - unsent);
  }
  counted_unsent_ = unsent;
}

bool Connection::hoards_input(int64_t now) const {
  bool half_sent = !input_.empty() && !stalled_ && !waits_for_memory_;
  if (!half_sent) return false;
  if (!broker_->memory.exhausted() && !broker_->memory.holds_overdraft(this)) return false;
  int64_t allowed = kStallNanos + static_cast<int64_t>(input_.size()) * kSlowestNanosPerByte;
  return now - last_activity_ > kStallNanos || now - input_since_ > allowed;
}

void Connection::check_idle(int64_t now, int64_t timeout_nanos) {
  int64_t quiet = now - last_activity_;
  if (hoards_input(now)) {
    return close("a half-sent request has not moved for 10 s, or too slowly (it has " +
                 std::to_string(input_.size()) +
                 " bytes), while other clients wait for request memory");
  }
  if (write_blocked_ && quiet > kStallNanos && broker_->unsent.exhausted()) {
    return close("it has not taken its answers for 10 s (" +
                 std::to_string(output_.buffered_bytes()) +
                 " bytes), and all clients together leave too many untaken");
  }
  bool waits_for_us = head_ < slots_.size();
  if (quiet > timeout_nanos && !waits_for_us) close({});
}

}  // namespace dataflow::kafka
