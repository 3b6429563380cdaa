// One Fetch request: reads what is there, and waits for more if that is less than the client asks
// for.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "broker.h"
#include "io_thread.h"
#include "log/partition.h"
#include "reply.h"
#include "wire/messages/fetch.h"

namespace dataflow::kafka {

// Lives on the connection's io thread; partitions and the timer only ever enqueue it there.
class FetchRun final : public LongPoll,
                       public IoTimer,
                       public IoTask,
                       public std::enable_shared_from_this<FetchRun> {
 public:
  FetchRun(const Request& request, wire::FetchRequest question);

  void start();

  void cancel() override;
  void on_timer() override;
  void run() override;  // a partition has moved

 private:
  struct Part final : log::AdvanceListener {
    FetchRun* run = nullptr;
    const wire::FetchRequest::Partition* asked = nullptr;
    std::shared_ptr<log::Partition> partition;
    log::ReadOutcome found;
    wire::ErrorCode error = wire::ErrorCode::kNone;
    wire::FetchResponse::EpochEndOffset diverging;
    bool listening = false;
    std::atomic<bool> moved{false};

    void on_advance() override;
  };

  void look_up(const std::string& topic, const wire::FetchRequest::Partition& asked, Part& part);
  wire::ErrorCode check_epoch(const Part& part) const;
  bool check_divergence(Part& part) const;
  void read_all();
  void read(Part& part);
  bool enough() const;
  // Whether it waits now; if not, there is enough.
  bool listen_to_all();
  bool listen_to(size_t index);
  void stop_waiting();
  void answer();
  wire::FetchResponse build_answer(std::vector<log::LogSlice>& slices);
  void wake();

  Broker& broker_;
  const Reply reply_;
  wire::FetchRequest question_;
  const log::Isolation isolation_;
  uint32_t max_bytes_;
  uint32_t min_bytes_;
  std::unique_ptr<Part[]> parts_;
  size_t part_count_ = 0;
  uint64_t bytes_ = 0;   // found by all parts
  bool urgent_ = false;  // an error or a divergence: the client must hear of it now
  bool done_ = false;
  TimerKey timer_ = kNoTimer;
  std::atomic<bool> queued_{false};
  std::shared_ptr<FetchRun> kept_;  // by the one who set queued_, until run()
};

}  // namespace dataflow::kafka
