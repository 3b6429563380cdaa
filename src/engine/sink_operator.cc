#include "operators.h"

namespace dataflow::engine {
namespace {

class SinkOperator final : public Operator {
 public:
  SinkOperator(Sink& sink, std::mutex& opening) : sink_(sink), opening_(opening) {}

  Status open(OperatorContext& context) override {
    context_ = &context;
    DF_ASSIGN_OR_RETURN(const auto named, context.named_state());
    const std::lock_guard lock(opening_);
    DF_ASSIGN_OR_RETURN(writer_, sink_.make_writer(context.task(), named));
    return {};
  }

  Status on_batch(size_t /*input*/, const Batch& batch, Collector& /*out*/) override {
    faults_.clear();
    DF_RETURN_IF_ERROR(writer_->write(batch, faults_));
    for (const RowFault& fault : faults_) {
      DF_RETURN_IF_ERROR(
          context_->dead_letter(batch, fault.row, DeadReason::kSink, fault.field, fault.reason));
    }
    return {};
  }

  Status on_barrier(CheckpointId id, Collector& /*out*/) override {
    std::map<std::string, std::string> named;
    DF_RETURN_IF_ERROR(writer_->on_barrier(id, committables_, named));
    for (auto& [name, bytes] : named) context_->put_named_state(name, std::move(bytes));
    return {};
  }

  int64_t staged_bytes() const override { return writer_ ? writer_->staged_bytes() : 0; }
  std::vector<std::string> take_committables() override { return std::exchange(committables_, {}); }

 private:
  Sink& sink_;
  std::mutex& opening_;
  OperatorContext* context_ = nullptr;
  std::unique_ptr<SinkWriter> writer_;
  std::vector<RowFault> faults_;
  std::vector<std::string> committables_;
};

}  // namespace

std::unique_ptr<Operator> make_sink_operator(Sink& sink, std::mutex& opening) {
  return std::make_unique<SinkOperator>(sink, opening);
}

}  // namespace dataflow::engine
