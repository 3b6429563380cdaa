#include "reply.h"

#include <utility>

#include "io_thread.h"
#include "wire/api.h"

namespace dataflow::kafka {

namespace {

// An answer that was made on another thread, on its way to the connection's own.
class Delivery final : public IoTask {
 public:
  Delivery(std::shared_ptr<ReplySink> sink, uint64_t slot, std::string_view bytes,
           std::span<AnswerSlice> slices)
      : sink_(std::move(sink)),
        slot_(slot),
        bytes_(bytes),
        slices_(std::make_move_iterator(slices.begin()), std::make_move_iterator(slices.end())) {}

  void run() override {
    std::unique_ptr<Delivery> self(this);
    sink_->deliver(slot_, bytes_, slices_);
  }

 private:
  std::shared_ptr<ReplySink> sink_;
  uint64_t slot_;
  std::string bytes_;
  std::vector<AnswerSlice> slices_;
};

// An answer's buffer is used again by the next one on the thread, unless it was an outsized one.
constexpr size_t kKeptBuffer = 1u << 20;

struct AnswerBuffer {
  wire::Writer writer;
  std::vector<AnswerSlice> slices;
};
thread_local AnswerBuffer answer_buffer;

}  // namespace

wire::Writer& Reply::begin(int16_t version) const {
  wire::Writer& out = answer_buffer.writer;
  if (out.size() > kKeptBuffer) out = wire::Writer();
  out.clear();
  out.begin_frame();
  out.write_int32(correlation_);
  if (wire::response_header_version(api_, version) >= 1) out.write_varuint(0);
  return out;
}

void Reply::finish(wire::Writer& out, std::span<log::LogSlice> slices) const {
  out.end_frame({});
  if (!out.status().ok()) {
    return refuse("its " + std::string(wire::api_name(api_)) +
                  " answer cannot be encoded: " + out.status().message());
  }
  std::vector<AnswerSlice>& placed = answer_buffer.slices;
  placed.clear();
  auto marks = out.external_marks();
  for (size_t i = 0; i < marks.size() && i < slices.size(); ++i) {
    placed.push_back({marks[i].position, std::move(slices[i])});
  }
  deliver(out.view(), placed);
}

void Reply::send_nothing() const { deliver({}, {}); }

void Reply::deliver(std::string_view bytes, std::span<AnswerSlice> slices) const {
  IoThread& io = sink_->io();
  if (io.is_current()) {
    sink_->deliver(slot_, bytes, slices);
  } else {
    io.post(new Delivery(sink_, slot_, bytes, slices));
  }
}

void Reply::refuse(std::string reason) const {
  if (io().is_current()) return sink_->refuse(reason);
  io().post([sink = sink_, reason = std::move(reason)] { sink->refuse(reason); });
}

}  // namespace dataflow::kafka
