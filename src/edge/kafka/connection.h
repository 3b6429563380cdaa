// One client's connection: cuts its bytes into requests, starts them in order, and sends the
// answers in that order. Consecutive Produce requests may be under way together; every other
// request waits until all before it are answered, and nothing behind it starts before it is.
//
// Everything on the connection's io thread, except where a base class says otherwise.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker.h"
#include "io_thread.h"
#include "output_queue.h"
#include "reply.h"
#include "request.h"
#include "request_memory.h"
#include "transport.h"

namespace dataflow::kafka {

class Connection final : public ReplySink,
                         public TransportEvents,
                         public MemoryWaiter,
                         public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<IoThread> io, std::shared_ptr<Broker> broker,
             std::unique_ptr<Transport> transport, ClientAddress address);
  ~Connection() override;

  void start();
  // An empty reason is not logged.
  void close(std::string_view reason);
  bool closed() const { return closed_; }
  void flush();
  void check_idle(int64_t now, int64_t timeout_nanos);

  IoThread& io() override { return *io_; }
  void deliver(uint64_t slot, std::string_view bytes, std::span<AnswerSlice> slices) override;
  void refuse(std::string_view reason) override { close(reason); }
  void hold(std::shared_ptr<LongPoll> poll) override { poll_ = std::move(poll); }

  void on_readable() override;
  void on_writable() override;
  void on_memory() override;  // from any thread

 private:
  // A request that was started and whose answer has not gone to the output yet.
  struct Slot {
    bool answered = false;
    bool produce = false;
    int16_t api = 0;
    size_t request_bytes = 0;
    int64_t started = 0;
    std::string bytes;
    std::vector<AnswerSlice> slices;
  };

  bool wants_input() const {
    return !closed_ && !write_blocked_ && !stalled_ && !waits_for_memory_;
  }
  void arm_read();
  void read_some();
  bool read_into_input(IoOutcome& outcome, size_t& asked);
  void read_into_scratch(IoOutcome& outcome, size_t& asked);
  void keep_input(const char* from, size_t bytes);
  bool make_room();
  void wait_for_memory();
  void resume();
  void process_input();
  size_t process(char* data, size_t size);
  bool accepts_frame(const char* data, size_t have, int32_t length);
  bool may_start(int16_t api, size_t bytes) const;
  void start_request(std::span<char> frame);
  void finish_slot(const Slot& slot, size_t answer_bytes);
  void pop_answered();
  void mark_dirty();
  void count_unsent();
  bool hoards_input(int64_t now) const;

  const std::shared_ptr<IoThread> io_;
  const std::shared_ptr<Broker> broker_;
  const std::unique_ptr<Transport> transport_;
  const ClientAddress address_;

  InputBuffer input_;
  OutputQueue output_;
  std::vector<Slot> slots_;  // in the order of requests; those before head_ are done
  size_t head_ = 0;
  uint64_t first_slot_ = 0;  // the number of slots_[0]
  size_t in_flight_bytes_ = 0;
  size_t counted_unsent_ = 0;  // of output_, in the broker's total
  int64_t last_activity_;
  int64_t input_since_ = 0;  // when the request at the front of input_ began, or could go on
  std::shared_ptr<LongPoll> poll_;

  bool closed_ = false;
  bool reading_ = false;        // a wait for input is under way
  bool write_blocked_ = false;  // a wait for room in the socket is under way
  bool stalled_ = false;        // a whole request lies in input_ and may not start yet
  bool waits_for_memory_ = false;
  bool processing_ = false;
  bool dirty_ = false;
};

}  // namespace dataflow::kafka
