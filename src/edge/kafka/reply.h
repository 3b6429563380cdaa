// How a request is answered: once, now or later, from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "log/partition.h"
#include "output_queue.h"
#include "wire/api_key.h"
#include "wire/writer.h"

namespace dataflow::kafka {

class IoThread;

// Something that waits on behalf of a request, to be called off when its connection closes.
class LongPoll {
 public:
  virtual ~LongPoll() = default;
  virtual void cancel() = 0;
};

// What a Reply goes back to: the connection. All but io() on its io thread only.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  virtual IoThread& io() = 0;
  // `slot` is the request's place in the order of answers. Empty bytes: the request has no answer.
  virtual void deliver(uint64_t slot, std::string_view bytes, std::span<AnswerSlice> slices) = 0;
  virtual void refuse(std::string_view reason) = 0;
  virtual void hold(std::shared_ptr<LongPoll> poll) = 0;
};

// Copies are the same reply; exactly one of them answers, once.
class Reply {
 public:
  Reply(std::shared_ptr<ReplySink> sink, uint64_t slot, wire::ApiKey api, int16_t version,
        int32_t correlation)
      : sink_(std::move(sink)),
        slot_(slot),
        correlation_(correlation),
        api_(api),
        version_(version) {}

  int16_t version() const { return version_; }
  IoThread& io() const { return sink_->io(); }

  // `slices`: one for each records field that was encoded as external with a size above 0, in
  // order.
  template <class Response>
  void send(const Response& response, std::span<log::LogSlice> slices = {}) const {
    send_as(version_, response, slices);
  }
  // For the one answer that is encoded in another version than the request's.
  template <class Response>
  void send_as(int16_t version, const Response& response,
               std::span<log::LogSlice> slices = {}) const {
    wire::Writer& out = begin(version);
    response.encode(out, version);
    finish(out, slices);
  }

  void send_nothing() const;
  // Closes the connection, with one log line that says why.
  void refuse(std::string reason) const;
  // On the io thread: `poll` is cancelled if the connection closes before the answer.
  void hold(std::shared_ptr<LongPoll> poll) const { sink_->hold(std::move(poll)); }

 private:
  wire::Writer& begin(int16_t version) const;
  void finish(wire::Writer& out, std::span<log::LogSlice> slices) const;
  void deliver(std::string_view bytes, std::span<AnswerSlice> slices) const;

  std::shared_ptr<ReplySink> sink_;
  uint64_t slot_;
  int32_t correlation_;
  wire::ApiKey api_;
  int16_t version_;
};

}  // namespace dataflow::kafka
