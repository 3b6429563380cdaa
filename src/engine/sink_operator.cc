#include "engine/resting.h"
#include "operators.h"

namespace dataflow::engine {
namespace {

// As if so much waited.
constexpr int64_t kOverdue = int64_t{1} << 40;

class SinkOperator final : public Operator, public Resting {
 public:
  SinkOperator(Sink& sink, std::mutex& opening) : sink_(sink), opening_(opening) {}

  Status open(OperatorContext& context) override {
    context_ = &context;
    DF_ASSIGN_OR_RETURN(const auto named, context.named_state());
    const std::lock_guard lock(opening_);
    DF_ASSIGN_OR_RETURN(writer_, sink_.make_writer(context.task(), named));
    resting_ = dynamic_cast<Resting*>(writer_.get());
    return {};
  }

  Status on_batch(size_t /*input*/, const Batch& batch, Collector& /*out*/) override {
    faults_.clear();
    DF_RETURN_IF_ERROR(writer_->write(batch, faults_));
    for (const RowFault& fault : faults_) {
      DF_RETURN_IF_ERROR(
          context_->dead_letter(batch, fault.row, DeadReason::kSink, fault.field, fault.reason));
    }
    if (const std::optional<int64_t> moment = writer_->checkpoint_by(); moment != timer_) {
      timer_ = moment;
      if (timer_) context_->set_timer(*timer_);
    }
    return {};
  }
  Status on_timer(int64_t processing_millis, Collector& /*out*/) override {
    overdue_ = overdue_ || timer_ == processing_millis;
    return {};
  }
  bool is_full(const std::function<void()>& wake) override {
    return resting_ != nullptr && resting_->is_full(wake);
  }
  Status on_end(Collector& /*out*/) override { return writer_->on_end(); }

  Status on_barrier(CheckpointId id, Collector& /*out*/) override {
    std::map<std::string, std::string> named;
    DF_RETURN_IF_ERROR(writer_->on_barrier(id, committables_, named));
    overdue_ = false;
    for (auto& [name, bytes] : named) context_->put_named_state(name, std::move(bytes));
    return {};
  }

  int64_t staged_bytes() const override {
    if (writer_ == nullptr) return 0;
    return writer_->staged_bytes() + (overdue_ ? kOverdue : 0);
  }
  std::vector<std::string> take_committables() override { return std::exchange(committables_, {}); }

 private:
  Sink& sink_;
  std::mutex& opening_;
  OperatorContext* context_ = nullptr;
  std::unique_ptr<SinkWriter> writer_;
  Resting* resting_ = nullptr;  // the writer, where it is one
  std::vector<RowFault> faults_;
  std::vector<std::string> committables_;
  std::optional<int64_t> timer_;
  bool overdue_ = false;  // the writer's moment has come, and no checkpoint since
};

}  // namespace

std::unique_ptr<Operator> make_sink_operator(Sink& sink, std::mutex& opening) {
  return std::make_unique<SinkOperator>(sink, opening);
}

}  // namespace dataflow::engine
