#include "chain.h"

#include <algorithm>
#include <utility>

#include "engine/failures.h"
#include "engine/resting.h"
#include "row_text.h"

namespace dataflow::engine {

// One operator with its context: state, timers, counters, and what it emits to.
class Chain::Slot final : public OperatorContext, public Collector {
 public:
  Slot(Chain& chain, size_t index, SlotPlan plan)
      : chain_(chain),
        index_(index),
        memory_(chain.context_.state_memory),
        plan_(std::move(plan)) {}

  const std::string& operator_id() const override { return plan_.operator_id; }
  int task() const override { return chain_.context_.task; }
  int parallelism() const override { return chain_.context_.parallelism; }
  int64_t now_millis() override { return chain_.now_millis(); }
  Result<state::KeyedTable*> table(state::TableSpec spec) override;
  Result<std::map<std::string, std::string>> named_state() override {
    return chain_.context_.store->named(plan_.operator_id);
  }
  void put_named_state(const std::string& name, std::string bytes) override {
    named_[name] = std::move(bytes);
  }
  void set_timer(int64_t processing_millis) override {
    chain_.timers_.emplace(processing_millis, index_);
  }
  Status dead_letter(const Batch& batch, int64_t row, DeadReason reason, std::string_view field,
                     std::string_view words) override;

  Status emit(Batch batch, size_t output) override {
    counters_.rows_out.fetch_add(static_cast<uint64_t>(batch.rows), std::memory_order_relaxed);
    if (output >= plan_.targets.size()) return {};
    return chain_.emit(plan_.targets[output], batch);
  }

  Status open() {
    DF_RETURN_IF_ERROR(plan_.op->open(*this));
    resting_ = dynamic_cast<Resting*>(plan_.op.get());
    is_open_ = true;
    return account();
  }
  Status on_batch(size_t input, const Batch& batch) {
    counters_.rows_in.fetch_add(static_cast<uint64_t>(batch.rows), std::memory_order_relaxed);
    set_table_time();
    DF_RETURN_IF_ERROR(plan_.op->on_batch(input, batch, *this));
    return account();
  }
  Status on_caught_up(size_t input) {
    set_table_time();
    DF_RETURN_IF_ERROR(plan_.op->on_caught_up(input, *this));
    DF_RETURN_IF_ERROR(account());
    // What it kept back goes on.
    return go_on_from(Watermark(counters_.watermark.load(std::memory_order_relaxed)));
  }
  Status on_timer(int64_t moment) {
    set_table_time();
    DF_RETURN_IF_ERROR(plan_.op->on_timer(moment, *this));
    return account();
  }
  bool is_full() { return resting_ != nullptr && resting_->is_full(chain_.context_.wake); }
  Status on_watermark(Watermark watermark);
  Status go_on();
  void collect(TaskPart& part);

  Operator& op() { return *plan_.op; }
  const SlotPlan& plan() const { return plan_; }
  const SlotCounters& counters() const { return counters_; }

 private:
  // Tells the watermark to those behind, or leaves it until all of the operator's rows have left.
  Status go_on_from(Watermark watermark);
  Status forward(Watermark watermark);
  // Of tables whose rows expire.
  void set_table_time();
  // Tells what the tables and what is beside them hold; how many bytes.
  size_t show_state();
  // What the tables take, held against the budget.
  Status account();

  Chain& chain_;
  const size_t index_;
  SlotCounters counters_;
  std::vector<std::unique_ptr<state::KeyedTable>> tables_;
  bool any_expires_ = false;
  bool is_open_ = false;
  state::MemoryBudget::Share memory_;
  std::map<std::string, std::string> named_;
  Watermark forwarded_ = kNoWatermark;
  Watermark unfinished_ = kNoWatermark;  // at which the operator broke off
  Resting* resting_ = nullptr;           // the operator, where it is one
  SlotPlan plan_;  // ends first: the operator's destructor may still use its tables
};

Result<state::KeyedTable*> Chain::Slot::table(state::TableSpec spec) {
  auto table = std::make_unique<state::KeyedTable>(spec);
  const state::KeyGroupRange range = state::key_groups_of_task(task(), parallelism());
  state::JobStore& store = *chain_.context_.store;
  table->reserve(store.rows_stored(plan_.operator_id, spec.name, range));
  DF_RETURN_IF_ERROR(
      store.load(plan_.operator_id, spec.name, range,
                 [&](const state::DeltaBlock& block) { return table->load(block, range); }));
  any_expires_ |= spec.ttl_ms > 0;
  tables_.push_back(std::move(table));
  counters_.tables.push_back(std::make_unique<TableCounters>(spec.name));
  set_table_time();
  DF_RETURN_IF_ERROR(account());
  return tables_.back().get();
}

void Chain::Slot::set_table_time() {
  if (!any_expires_) return;
  for (const std::unique_ptr<state::KeyedTable>& table : tables_) table->set_time(now_millis());
}

size_t Chain::Slot::show_state() {
  const size_t index = is_open_ ? plan_.op->index_bytes() : 0;
  size_t rows = 0;
  size_t bytes = index;
  for (size_t i = 0; i < tables_.size(); ++i) {
    const size_t of_table = tables_[i]->memory_bytes();
    counters_.tables[i]->rows.store(tables_[i]->size(), std::memory_order_relaxed);
    counters_.tables[i]->bytes.store(of_table, std::memory_order_relaxed);
    rows += tables_[i]->size();
    bytes += of_table;
  }
  counters_.state_rows.store(rows, std::memory_order_relaxed);
  counters_.state_bytes.store(bytes, std::memory_order_relaxed);
  counters_.index_bytes.store(index, std::memory_order_relaxed);
  if (is_open_) counters_.set_windows(plan_.op->open_windows());
  return bytes;
}

Status Chain::Slot::account() {
  if (tables_.empty()) return {};
  const size_t bytes = show_state();
  if (memory_.set(bytes)) return {};
  const state::MemoryBudget& budget = *chain_.context_.state_memory;
  return Status(StatusCode::kTooLarge,
                "keyed state takes " + std::to_string(budget.used()) + " bytes of memory, and " +
                    std::to_string(budget.limit()) +
                    " are allowed (state_memory_bytes); this task of " + plan_.operator_id +
                    " takes " + std::to_string(bytes) +
                    "; allow more, shorten windows or give keys a time to live",
                kStateTooLarge);
}

Status Chain::Slot::dead_letter(const Batch& batch, int64_t row, DeadReason reason,
                                std::string_view field, std::string_view words) {
  (reason == DeadReason::kLate ? counters_.late : counters_.dead)
      .fetch_add(1, std::memory_order_relaxed);
  DeadRow dead{plan_.operator_id, reason, std::string(field), std::string(words)};
  if (batch.origins != nullptr) name_origin(*batch.origins, row, dead);
  dead.row = row_text(batch, row);
  return chain_.dead_row(std::move(dead));
}

Status Chain::Slot::on_watermark(Watermark watermark) {
  counters_.watermark.store(watermark.value(), std::memory_order_relaxed);
  set_table_time();
  DF_RETURN_IF_ERROR(plan_.op->on_watermark(watermark, *this));
  DF_RETURN_IF_ERROR(account());
  return go_on_from(watermark);
}

Status Chain::Slot::go_on_from(Watermark watermark) {
  if (plan_.op->has_more()) {
    unfinished_ = watermark;
    return {};
  }
  return forward(watermark);
}

Status Chain::Slot::go_on() {
  set_table_time();
  DF_RETURN_IF_ERROR(plan_.op->go_on(*this));
  DF_RETURN_IF_ERROR(account());
  if (plan_.op->has_more() || unfinished_ == kNoWatermark) return {};
  return forward(std::exchange(unfinished_, kNoWatermark));
}

Status Chain::Slot::forward(Watermark watermark) {
  const Watermark onward = plan_.op->forwarded(watermark);
  if (onward <= forwarded_) return {};
  forwarded_ = onward;
  for (const std::vector<Target>& targets : plan_.targets) {
    DF_RETURN_IF_ERROR(chain_.pass_watermark(targets, onward));
  }
  return {};
}

void Chain::Slot::collect(TaskPart& part) {
  set_table_time();  // rows expire although none come
  for (const std::unique_ptr<state::KeyedTable>& table : tables_) {
    table->sweep();
    if (!chain_.context_.store->keeps()) continue;
    if (std::optional<state::DeltaBlock> block = table->take_delta()) {
      part.deltas.push_back({plan_.operator_id, table->spec().name, task(), std::move(*block)});
    }
  }
  (void)show_state();
  for (auto& [name, value] : named_) {
    std::optional<std::string> bytes_or_none;
    if (!value.empty()) bytes_or_none = std::move(value);
    part.named.push_back({plan_.operator_id, name, std::move(bytes_or_none)});
  }
  named_.clear();
  for (std::string& committable : plan_.op->take_committables()) {
    part.committables.push_back({plan_.operator_id, std::move(committable)});
  }
}

Chain::Chain(ChainContext context, std::vector<SlotPlan> slots, std::vector<Target> entry,
             std::vector<std::unique_ptr<Output>> outputs,
             std::unique_ptr<DeadLetters> dead_letters)
    : context_(std::move(context)),
      entry_(std::move(entry)),
      outputs_(std::move(outputs)),
      dead_letters_(std::move(dead_letters)) {
  for (size_t i = 0; i < slots.size(); ++i) {
    slots_.push_back(std::make_unique<Slot>(*this, i, std::move(slots[i])));
  }
}

Chain::~Chain() = default;

Status Chain::open() {
  for (const std::unique_ptr<Slot>& slot : slots_) {
    DF_RETURN_IF_ERROR(slot->open().with_context("operator " + slot->operator_id()));
  }
  return {};
}

Status Chain::batch(size_t input, const Batch& batch) {
  for (const Target& target : entry_) {
    const Status status = target.is_output ? outputs_[target.index]->send(batch)
                                           : slots_[target.index]->on_batch(input, batch);
    DF_RETURN_IF_ERROR(status);
  }
  return {};
}

Status Chain::emit(const std::vector<Target>& targets, const Batch& batch) {
  for (const Target& target : targets) {
    const Status status = target.is_output ? outputs_[target.index]->send(batch)
                                           : slots_[target.index]->on_batch(target.input, batch);
    DF_RETURN_IF_ERROR(status);
  }
  return {};
}

Status Chain::watermark(Watermark watermark) { return pass_watermark(entry_, watermark); }

bool Chain::has_more() const {
  return std::ranges::any_of(entry_, [this](const Target& target) {
    return !target.is_output && slots_[target.index]->op().has_more();
  });
}

Status Chain::go_on() {
  for (const Target& target : entry_) {
    if (target.is_output || !slots_[target.index]->op().has_more()) continue;
    DF_RETURN_IF_ERROR(slots_[target.index]->go_on());
  }
  if (caught_up_ && !has_more()) send_caught_up();
  return {};
}

Status Chain::caught_up(size_t input, bool all) {
  for (const Target& target : entry_) {
    if (!target.is_output) DF_RETURN_IF_ERROR(slots_[target.index]->on_caught_up(input));
  }
  caught_up_ = all;
  if (caught_up_ && !has_more()) send_caught_up();
  return {};
}

void Chain::send_caught_up() {
  caught_up_ = false;
  for (const std::unique_ptr<Output>& output : outputs_) {
    output->send_to_all(Message::plain(Message::Kind::kCaughtUp));
  }
}

Status Chain::pass_watermark(const std::vector<Target>& targets, Watermark watermark) {
  for (const Target& target : targets) {
    if (target.is_output) {
      outputs_[target.index]->send_to_all(Message::of(watermark));
    } else {
      DF_RETURN_IF_ERROR(slots_[target.index]->on_watermark(watermark));
    }
  }
  return {};
}

Status Chain::collect(CheckpointId id, TaskPart& part) {
  for (const std::unique_ptr<Slot>& slot : slots_) slot->collect(part);
  return dead_letters_->on_barrier(id, part);
}

Status Chain::barrier(CheckpointId id, TaskPart& part) {
  for (const std::unique_ptr<Slot>& slot : slots_) {
    DF_RETURN_IF_ERROR(slot->op().on_barrier(id, *slot));
  }
  DF_RETURN_IF_ERROR(collect(id, part));
  for (const std::unique_ptr<Output>& output : outputs_) output->send_to_all(Message::barrier(id));
  return {};
}

Status Chain::end(CheckpointId next, TaskPart& part) {
  for (const std::unique_ptr<Slot>& slot : slots_) {
    DF_RETURN_IF_ERROR(slot->op().on_end(*slot));
    DF_RETURN_IF_ERROR(slot->op().on_barrier(next, *slot));
  }
  DF_RETURN_IF_ERROR(collect(next, part));
  for (const std::unique_ptr<Output>& output : outputs_) {
    output->send_to_all(Message::plain(Message::Kind::kEnd));
  }
  return {};
}

void Chain::send_idle(bool idle) {
  const Message message = Message::plain(idle ? Message::Kind::kIdle : Message::Kind::kActive);
  for (const std::unique_ptr<Output>& output : outputs_) output->send_to_all(message);
}

Status Chain::run_timers(int64_t now_millis) {
  while (!timers_.empty() && timers_.begin()->first <= now_millis) {
    const auto [moment, index] = *timers_.begin();
    timers_.erase(timers_.begin());
    DF_RETURN_IF_ERROR(slots_[index]->on_timer(moment));
  }
  return {};
}

std::optional<int64_t> Chain::next_timer() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first;
}

bool Chain::outputs_full() {
  bool any = false;
  for (const std::unique_ptr<Output>& output : outputs_) any |= output->full();
  for (const std::unique_ptr<Slot>& slot : slots_) any |= slot->is_full();
  return any;
}

int64_t Chain::staged_bytes() const {
  int64_t bytes = 0;
  for (const std::unique_ptr<Slot>& slot : slots_) bytes += slot->op().staged_bytes();
  return bytes;
}

Status Chain::dead_row(DeadRow row) { return dead_letters_->add(std::move(row), now_millis()); }

int64_t Chain::now_millis() const { return context_.env->now().value(); }

std::vector<Chain::SlotView> Chain::slots() const {
  std::vector<SlotView> views;
  for (const std::unique_ptr<Slot>& slot : slots_) {
    views.push_back({&slot->plan().operator_id, &slot->plan().kind, &slot->counters()});
  }
  return views;
}

}  // namespace dataflow::engine
