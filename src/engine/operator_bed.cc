#include "operator_bed.h"

#include "row_text.h"

namespace dataflow::engine {

class OperatorBed::Task final : public OperatorContext, public Collector {
 public:
  Task(OperatorBed& bed, int task, int parallelism)
      : bed_(bed), task_(task), parallelism_(parallelism) {}

  const std::string& operator_id() const override { return id_; }
  int task() const override { return task_; }
  int parallelism() const override { return parallelism_; }
  int64_t now_millis() override { return bed_.clock_; }
  Result<state::KeyedTable*> table(state::TableSpec spec) override {
    tables_.push_back(std::make_unique<state::KeyedTable>(spec));
    for (const state::DeltaBlock& block : bed_.deltas_[spec.name]) {
      DF_RETURN_IF_ERROR(
          tables_.back()->load(block, state::key_groups_of_task(task_, parallelism_)));
    }
    set_table_time();
    return tables_.back().get();
  }
  Result<std::map<std::string, std::string>> named_state() override { return bed_.named_; }
  void put_named_state(const std::string& name, std::string bytes) override {
    named_[name] = std::move(bytes);
  }
  void set_timer(int64_t processing_millis) override { timers_.insert(processing_millis); }
  Status dead_letter(const Batch& batch, int64_t row, DeadReason reason, std::string_view field,
                     std::string_view /*words*/) override {
    bed_.dead_.push_back(std::string(dead_reason_name(reason)) + " " + std::string(field) + " " +
                         row_text(batch, row));
    return {};
  }
  Status emit(Batch batch, size_t output) override {
    if (batch.kind(batch.rows - 1) == RowKind::kUpdateBefore) ++bed_.split_pairs_;
    for (int64_t row = 0; row < batch.rows; ++row) {
      bed_.rows_[output].push_back(std::string(row_kind_name(batch.kind(row))) + " " +
                                   row_text(batch, row));
    }
    return {};
  }

  Status open() {
    DF_ASSIGN_OR_RETURN(operator_, bed_.make_());
    return operator_->open(*this);
  }
  Operator& op() {
    set_table_time();
    return *operator_;
  }
  void set_table_time() {
    for (const auto& table : tables_) {
      if (table->spec().ttl_ms > 0) table->set_time(bed_.clock_);
    }
  }
  Status run_timers() {
    while (!timers_.empty() && *timers_.begin() <= bed_.clock_) {
      const int64_t moment = *timers_.begin();
      timers_.erase(timers_.begin());
      DF_RETURN_IF_ERROR(operator_->on_timer(moment, *this));
    }
    return {};
  }
  Result<size_t> barrier() {
    DF_RETURN_IF_ERROR(operator_->on_barrier(CheckpointId(1), *this));
    set_table_time();
    size_t rows = 0;
    for (const auto& table : tables_) {
      table->sweep();
      auto delta = table->take_delta();
      if (!delta) continue;
      rows += delta->rows;
      bed_.deltas_[table->spec().name].push_back(std::move(*delta));
    }
    for (auto& [name, bytes] : named_) bed_.named_[name] = std::move(bytes);
    named_.clear();
    return rows;
  }
  size_t state_rows() const {
    size_t rows = 0;
    for (const auto& table : tables_) rows += table->size();
    return rows;
  }

 private:
  OperatorBed& bed_;
  const int task_;
  const int parallelism_;
  const std::string id_ = "operator";
  std::vector<std::unique_ptr<state::KeyedTable>> tables_;
  std::unique_ptr<Operator> operator_;
  std::map<std::string, std::string> named_;
  std::set<int64_t> timers_;
};

OperatorBed::OperatorBed(Make make, std::vector<size_t> keys, std::vector<size_t> second_keys)
    : make_(std::move(make)),
      keys_{KeyColumns(std::move(keys)), KeyColumns(std::move(second_keys))} {}

OperatorBed::~OperatorBed() = default;

Status OperatorBed::start(int parallelism) {
  tasks_.clear();
  for (int i = 0; i < parallelism; ++i) {
    tasks_.push_back(std::make_unique<Task>(*this, i, parallelism));
    DF_RETURN_IF_ERROR(tasks_.back()->open());
  }
  return {};
}

Status OperatorBed::batch(const Batch& batch, size_t input) {
  KeyColumns& keys = keys_[input];
  DF_RETURN_IF_ERROR(keys.read(batch));
  std::vector<std::vector<int32_t>> rows(tasks_.size());
  for (int64_t row = 0; row < batch.rows; ++row) {
    const state::KeyGroup group = state::key_group_of(keys.hashes()[static_cast<size_t>(row)]);
    const int task = state::task_of_key_group(group, static_cast<int>(tasks_.size()));
    rows[static_cast<size_t>(task)].push_back(static_cast<int32_t>(row));
  }
  for (size_t i = 0; i < tasks_.size(); ++i) {
    if (rows[i].empty()) continue;
    DF_ASSIGN_OR_RETURN(const Batch part, take(batch, rows[i]));
    DF_RETURN_IF_ERROR(tasks_[i]->op().on_batch(input, part, *tasks_[i]));
    DF_RETURN_IF_ERROR(finish(*tasks_[i]));
  }
  return {};
}

// What broke off goes on.
Status OperatorBed::finish(Task& task) {
  while (task.op().has_more()) {
    ++breaks_;
    DF_RETURN_IF_ERROR(task.op().go_on(task));
  }
  return {};
}

Status OperatorBed::caught_up(size_t input) {
  for (const auto& task : tasks_) {
    DF_RETURN_IF_ERROR(task->op().on_caught_up(input, *task));
    DF_RETURN_IF_ERROR(finish(*task));
  }
  return {};
}

Status OperatorBed::watermark(int64_t millis) {
  watermark_ = millis;
  for (size_t i = 0; i < tasks_.size(); ++i) {
    DF_RETURN_IF_ERROR(watermark_of(static_cast<int>(i), millis));
  }
  return {};
}

Status OperatorBed::watermark_of(int task, int64_t millis) {
  Task& of = *tasks_.at(static_cast<size_t>(task));
  DF_RETURN_IF_ERROR(of.op().on_watermark(Watermark(millis), of));
  return finish(of);
}

Result<size_t> OperatorBed::barrier() {
  size_t rows = 0;
  for (const auto& task : tasks_) {
    DF_ASSIGN_OR_RETURN(const size_t more, task->barrier());
    rows += more;
  }
  return rows;
}

Status OperatorBed::end() {
  for (size_t input = 0; input < keys_.size(); ++input) DF_RETURN_IF_ERROR(caught_up(input));
  DF_RETURN_IF_ERROR(watermark(kEndOfTime.value()));
  for (const auto& task : tasks_) DF_RETURN_IF_ERROR(task->op().on_end(*task));
  return {};
}

Status OperatorBed::set_clock(int64_t millis) {
  clock_ = millis;
  for (const auto& task : tasks_) DF_RETURN_IF_ERROR(task->run_timers());
  return {};
}

int64_t OperatorBed::forwarded() const {
  return tasks_.front()->op().forwarded(Watermark(watermark_)).value();
}

size_t OperatorBed::state_rows() const {
  size_t rows = 0;
  for (const auto& task : tasks_) rows += task->state_rows();
  return rows;
}

}  // namespace dataflow::engine
