#include "job_run.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "operators.h"
#include "plan/rewrite.h"
#include "split_state.h"
#include "state/recovery.h"

namespace dataflow::engine {
namespace {

const std::string kDelivering = "delivering output to sink ";

std::map<std::string, std::string> committer_state(
    const std::map<std::string, std::string>& named) {
  std::map<std::string, std::string> found;
  for (const auto& [name, bytes] : named) {
    if (name.starts_with(kCommitterPrefix)) found[name.substr(kCommitterPrefix.size())] = bytes;
  }
  return found;
}

// A filter that is tested in several places is one operator to its user. It has no state, and no
// tasks of its own.
void join_parts(std::vector<OperatorStats>& operators) {
  std::vector<OperatorStats> joined;
  for (OperatorStats& part : operators) {
    const auto same = std::ranges::find(joined, part.id, &OperatorStats::id);
    if (same == joined.end()) {
      joined.push_back(std::move(part));
      continue;
    }
    same->rows_in += part.rows_in;
    same->rows_out += part.rows_out;
    same->watermark_ms = std::min(same->watermark_ms, part.watermark_ms);
    same->tasks = std::max(same->tasks, part.tasks);
  }
  operators = std::move(joined);
}

Result<plan::Plan> plan_to_run(const RunContext& context) {
  if (context.config.as_written) return context.config.plan;
  return plan::to_run(context.config.plan);
}

// What stands now on the right side of such a join has no event time.
std::optional<size_t> timed_input(const plan::Node& node) {
  const auto* join = std::get_if<plan::TemporalJoinSpec>(&node.spec);
  if (join == nullptr || join->time != plan::TimeKind::kProcessing) return std::nullopt;
  return 0;
}

// All tasks of an operator have the same tables, in one order.
void add_tables(const SlotCounters& counters, OperatorStats& stats) {
  for (size_t i = 0; i < counters.tables.size(); ++i) {
    const TableCounters& table = *counters.tables[i];
    if (i == stats.tables.size()) stats.tables.push_back({table.name});
    stats.tables[i].rows += table.rows.load();
    stats.tables[i].bytes += table.bytes.load();
  }
}

void add_windows(const std::optional<OpenWindows>& more, OperatorStats& stats) {
  if (!more) return;
  if (!stats.windows) {
    stats.windows = more;
    return;
  }
  OpenWindows& all = *stats.windows;
  const int64_t newest = std::max(all.newest_end_ms, more->newest_end_ms);
  if (more->oldest_end_ms < all.oldest_end_ms) {
    all = *more;
  } else if (more->oldest_end_ms == all.oldest_end_ms &&
             more->oldest_start_ms == all.oldest_start_ms) {
    all.oldest_rows += more->oldest_rows;
  }
  all.newest_end_ms = newest;
}

void add_stored(const std::vector<state::TableSize>& sizes, std::vector<OperatorStats>& operators) {
  for (const state::TableSize& size : sizes) {
    for (OperatorStats& stats : operators) {
      if (stats.id != size.operator_id) continue;
      for (TableStats& table : stats.tables) {
        if (table.table == size.table) table.stored_bytes = size.bytes;
      }
    }
  }
}

}  // namespace

Result<std::unique_ptr<JobRun>> JobRun::make(const RunContext& context) {
  DF_ASSIGN_OR_RETURN(plan::Plan plan, plan_to_run(context));
  std::unique_ptr<JobRun> run(new JobRun(context, std::move(plan)));
  context.tell_doing("opening its sources and sinks");
  DF_RETURN_IF_ERROR(run->make_sources());
  DF_RETURN_IF_ERROR(run->make_sinks([](const std::string&) { return true; }));
  DF_RETURN_IF_ERROR(run->commit_left_over());
  return run;
}

// A committer may hold output back that is in no committable: restored, it lets go of it.
Status JobRun::deliver(const RunContext& context) {
  DF_ASSIGN_OR_RETURN(plan::Plan plan, plan_to_run(context));
  JobRun run(context, std::move(plan));
  std::set<std::string> owed;
  DF_ASSIGN_OR_RETURN(const auto left, context.store.committables());
  for (const state::StoredCommittable& one : left) owed.insert(one.committable.sink);
  DF_ASSIGN_OR_RETURN(const std::vector<std::string> operators, context.store.operators());
  for (const std::string& id : operators) {
    DF_ASSIGN_OR_RETURN(const auto named, context.store.named(id));
    if (!committer_state(named).empty()) owed.insert(id);
  }
  context.tell_doing("opening its sinks");
  DF_RETURN_IF_ERROR(run.make_sinks([&](const std::string& node) { return owed.contains(node); }));
  return run.commit_left_over();
}

JobRun::~JobRun() { stop(); }

Status JobRun::make_sources() {
  for (const plan::Node& node : plan_.nodes) {
    const auto* source = std::get_if<plan::SourceSpec>(&node.spec);
    if (source == nullptr) continue;
    DF_ASSIGN_OR_RETURN(
        auto made, context_.connectors.make_source(
                       *source, {plan_.name, node.id, plan_.job.bounded, context_.interrupted}));
    const bool ends = plan_.job.bounded || made->bounded();
    // New splits begin a new attempt, which goes on with what is kept.
    if (!ends && !context_.store.keeps_tables()) {
      return Status::invalid("the source " + node.id +
                             " does not end, and nothing is kept of the job");
    }
    DF_ASSIGN_OR_RETURN(std::vector<Split> splits, made->splits());
    if (made->bounded()) DF_RETURN_IF_ERROR(add_saved_splits(node.id, splits));
    std::sort(splits.begin(), splits.end(),
              [](const Split& a, const Split& b) { return a.id < b.id; });
    splits_[node.id] = std::move(splits);
    sources_[node.id] = std::move(made);
  }
  return {};
}

Status JobRun::make_sinks(const std::function<bool(const std::string&)>& wanted) {
  for (const plan::Node& node : plan_.nodes) {
    const auto* sink = std::get_if<plan::SinkSpec>(&node.spec);
    if (sink == nullptr || !wanted(node.id)) continue;
    DF_RETURN_IF_ERROR(add_sink(node.id, *sink, schema_of(plan_, node.inputs.at(0))));
  }
  if (plan_.job.dead_letters && plan_.job.on_error == plan::ErrorPolicy::kDeadLetter &&
      wanted(kDeadLetterNode)) {
    DF_RETURN_IF_ERROR(add_sink(kDeadLetterNode, *plan_.job.dead_letters, dead_letter_schema())
                           .with_context("the dead letters' sink"));
  }
  return {};
}

// Those that the job has begun and a listing does not name any more (a file that was moved away):
// read to their end they say so, else what is missing of them is an error and not the end.
Status JobRun::add_saved_splits(const std::string& node, std::vector<Split>& splits) {
  DF_ASSIGN_OR_RETURN(const auto named, context_.store.named(node));
  std::set<std::string> listed;
  for (const Split& split : splits) listed.insert(split.id);
  for (const auto& [name, bytes] : named) {
    if (!name.starts_with(kSplitPrefix)) continue;
    const std::string id = name.substr(kSplitPrefix.size());
    if (listed.contains(id)) continue;
    DF_ASSIGN_OR_RETURN(SplitState state, decode_split_state(bytes));
    splits.push_back({id, std::move(state.position)});
  }
  return {};
}

Status JobRun::add_sink(const std::string& node, const plan::SinkSpec& spec,
                        const SchemaPtr& schema) {
  SinkParts parts;
  DF_ASSIGN_OR_RETURN(
      parts.sink, context_.connectors.make_sink(
                      spec, schema, {plan_.name, node, plan_.job.bounded, context_.interrupted}));
  DF_ASSIGN_OR_RETURN(parts.committer, parts.sink->make_committer());
  DF_ASSIGN_OR_RETURN(const auto named, context_.store.named(node));
  DF_RETURN_IF_ERROR(parts.committer->restore(committer_state(named)));
  sinks_[node] = std::move(parts);
  return {};
}

Status JobRun::commit_left_over() {
  DF_ASSIGN_OR_RETURN(const std::vector<state::StoredCommittable> left,
                      context_.store.committables());
  // What sinks have staged besides is theirs to drop; none says up to where it has committed.
  state::RecoveryFacts facts{context_.store.last()};
  for (const auto& one : left) {
    facts.carried.push_back({one.checkpoint, one.index, one.committable.sink});
  }
  for (const auto& [sink, parts] : sinks_) facts.sinks.insert(sink);
  DF_RETURN_IF_ERROR(state::decide_recovery(facts).status());
  size_t at = 0;
  while (at < left.size()) {
    const CheckpointId id = left[at].checkpoint;
    std::map<std::string, std::vector<std::string>> by_sink;
    for (; at < left.size() && left[at].checkpoint == id; ++at) {
      by_sink[left[at].committable.sink].push_back(left[at].committable.bytes);
    }
    for (const auto& [sink, bytes] : by_sink) {
      context_.tell_doing(kDelivering + sink);
      DF_RETURN_IF_ERROR(sinks_.at(sink)
                             .committer->commit(id, bytes, true)
                             .with_context("delivering the output of checkpoint " +
                                           std::to_string(id.value()) + " to " + sink));
    }
    context_.store.acknowledge(id);
  }
  return {};
}

Status JobRun::open() {
  context_.tell_doing("opening the state");
  std::map<std::string, size_t> split_counts;
  for (const auto& [node, splits] : splits_) split_counts[node] = splits.size();
  const int wanted =
      plan_.job.parallelism > 0 ? plan_.job.parallelism : context_.scheduler.threads();
  DF_ASSIGN_OR_RETURN(stages_, cut_into_stages(plan_, wanted, split_counts));
  for (const Stage& stage : stages_.stages) {
    first_task_.push_back(tasks_.size());
    for (int i = 0; i < stage.parallelism; ++i) {
      tasks_.push_back(
          std::make_unique<Task>(tasks_.size(), stage.nodes.front()->id + "-" + std::to_string(i),
                                 context_.scheduler, context_.timers, context_.listener));
    }
  }
  DF_RETURN_IF_ERROR(make_channels());
  for (size_t s = 0; s < stages_.stages.size(); ++s) {
    for (int i = 0; i < stages_.stages[s].parallelism; ++i) {
      DF_ASSIGN_OR_RETURN(std::unique_ptr<Chain> chain, make_chain(s, i));
      std::unique_ptr<SourceDriver> driver;
      std::unique_ptr<Gate> gate;
      if (stages_.stages[s].is_source()) {
        DF_ASSIGN_OR_RETURN(driver, make_driver(s, i));
      } else {
        std::vector<std::shared_ptr<Channel>> lanes;
        for (size_t e = 0; e < stages_.edges.size(); ++e) {
          if (stages_.edges[e].to_stage != s) continue;
          for (const auto& producer : channels_[e]) {
            if (producer[static_cast<size_t>(i)]) lanes.push_back(producer[static_cast<size_t>(i)]);
          }
        }
        gate = std::make_unique<Gate>(std::move(lanes), timed_input(*stages_.stages[s].nodes[0]));
      }
      task(s, i).set_up(std::move(chain), std::move(driver), std::move(gate),
                        context_.store.last());
    }
  }
  return open_tasks();
}

// As many at once as there are threads: most of it is loading state, each task its own key groups.
Status JobRun::open_tasks() {
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  Status first;
  const auto open_some = [&] {
    for (size_t i = next++; i < tasks_.size(); i = next++) {
      const Status status = tasks_[i]->open();
      const std::lock_guard lock(mutex);
      if (first.ok()) first = status;
      if (!first.ok()) next = tasks_.size();
    }
  };
  const bool loads = context_.store.last() > CheckpointId(0);
  const size_t threads =
      loads ? std::min(tasks_.size(), static_cast<size_t>(context_.scheduler.threads())) : 1;
  std::vector<std::thread> helpers;
  for (size_t i = 1; i < threads; ++i) helpers.emplace_back(open_some);
  open_some();
  for (std::thread& helper : helpers) helper.join();
  return first;
}

Status JobRun::make_channels() {
  for (const StageEdge& edge : stages_.edges) {
    const int producers = stages_.stages[edge.from_stage].parallelism;
    const int consumers = stages_.stages[edge.to_stage].parallelism;
    auto& channels = channels_.emplace_back();
    for (int p = 0; p < producers; ++p) {
      auto& row = channels.emplace_back(static_cast<size_t>(consumers));
      for (int c = 0; c < consumers; ++c) {
        if (edge.routing == Routing::kForward && p != c) continue;
        row[static_cast<size_t>(c)] = std::make_shared<Channel>(
            context_.options.queue_batches, edge.to_input,
            [waker = task(edge.to_stage, c).waker()] { waker->wake(); },
            [waker = task(edge.from_stage, p).waker()] { waker->wake(); });
      }
    }
  }
  return {};
}

std::vector<std::vector<Target>> JobRun::targets_of(
    size_t stage, const plan::Node& node, const std::map<std::string, size_t>& slots) const {
  std::vector<std::vector<Target>> targets(output_count(node));
  for (const plan::Node* consumer : stages_.stages[stage].nodes) {
    if (consumer == stages_.stages[stage].nodes.front()) continue;
    for (size_t i = 0; i < consumer->inputs.size(); ++i) {
      if (consumer->inputs[i].node != node.id) continue;
      targets[output_index(node, consumer->inputs[i].output)].push_back(
          {false, slots.at(consumer->id), i});
    }
  }
  size_t output = 0;
  for (const StageEdge& edge : stages_.edges) {
    if (edge.from_stage != stage) continue;
    if (edge.from_node == node.id) targets[edge.from_output].push_back({true, output, 0});
    ++output;
  }
  return targets;
}

Result<std::unique_ptr<Chain>> JobRun::make_chain(size_t stage, int task) {
  const Stage& made_of = stages_.stages[stage];
  std::map<std::string, size_t> slots;
  for (const plan::Node* node : made_of.nodes) {
    if (!std::holds_alternative<plan::SourceSpec>(node->spec))
      slots.emplace(node->id, slots.size());
  }
  std::vector<SlotPlan> parts;
  std::vector<Target> entry{{false, 0, 0}};
  for (const plan::Node* node : made_of.nodes) {
    std::vector<std::vector<Target>> targets = targets_of(stage, *node, slots);
    if (std::holds_alternative<plan::SourceSpec>(node->spec)) {
      entry = std::move(targets[0]);
      continue;
    }
    SlotPlan part{node->shown_id(), operator_kind(*node), nullptr, std::move(targets)};
    if (std::holds_alternative<plan::SinkSpec>(node->spec)) {
      part.op = make_sink_operator(*sinks_.at(node->id).sink, *sinks_.at(node->id).opening);
    } else {
      DF_ASSIGN_OR_RETURN(part.op, make_operator(plan_, *node, context_.connectors));
    }
    parts.push_back(std::move(part));
  }
  std::vector<std::unique_ptr<Output>> outputs;
  for (size_t e = 0; e < stages_.edges.size(); ++e) {
    if (stages_.edges[e].from_stage != stage) continue;
    std::vector<std::shared_ptr<Channel>> channels;
    for (const auto& channel : channels_[e][static_cast<size_t>(task)]) {
      if (channel) channels.push_back(channel);
    }
    outputs.push_back(std::make_unique<Output>(stages_.edges[e].routing, stages_.edges[e].keys,
                                               std::move(channels), task));
  }
  std::unique_ptr<SinkWriter> dead_writer;
  DF_ASSIGN_OR_RETURN(const auto named, context_.store.named(kDeadLetterNode));
  if (const auto it = sinks_.find(kDeadLetterNode); it != sinks_.end()) {
    DF_ASSIGN_OR_RETURN(dead_writer, it->second.sink->make_writer(task, {}));
  }
  const size_t number = first_task_[stage] + static_cast<size_t>(task);
  auto dead =
      std::make_unique<DeadLetters>(plan_.name, static_cast<int>(number), std::move(dead_writer),
                                    plan_.job.on_error == plan::ErrorPolicy::kFail);
  for (const auto& [name, counts] : named) {
    if (!name.starts_with("counts/")) continue;
    // The first task takes over from those that a lower parallelism has no more.
    const bool orphan = number == 0 && std::stoul(name.substr(7)) >= tasks_.size();
    if (orphan || name == dead->own_name()) dead->restore(name, decode_counts(counts));
  }
  return std::make_unique<Chain>(
      ChainContext{&context_.env, &context_.store, &context_.state_memory, task,
                   made_of.parallelism,
                   [waker = this->task(stage, task).waker()] { waker->wake(); }},
      std::move(parts), std::move(entry), std::move(outputs), std::move(dead));
}

Result<std::unique_ptr<SourceDriver>> JobRun::make_driver(size_t stage, int task) {
  const plan::Node& node = *stages_.stages[stage].nodes.front();
  Source& source = *sources_.at(node.id);
  const auto& spec = std::get<plan::SourceSpec>(node.spec);
  SourceDriverOptions options{
      node.id,      node.schema, spec.watermark, plan_.job.bounded, context_.options.batch_rows,
      spec.computed};
  auto driver = std::make_unique<SourceDriver>(
      source, std::move(options), [waker = this->task(stage, task).waker()] { waker->wake(); });
  DF_ASSIGN_OR_RETURN(const auto named, context_.store.named(node.id));
  const std::vector<Split>& splits = splits_.at(node.id);
  for (size_t i = static_cast<size_t>(task); i < splits.size();
       i += static_cast<size_t>(stages_.stages[stage].parallelism)) {
    const auto saved = named.find(std::string(kSplitPrefix) + splits[i].id);
    DF_RETURN_IF_ERROR(
        driver->add_split(splits[i], saved == named.end() ? nullptr : &saved->second));
  }
  return driver;
}

const std::string& JobRun::task_name(size_t task) const { return tasks_[task]->name(); }

void JobRun::start() {
  for (const std::unique_ptr<Task>& task : tasks_) task->wake();
}

void JobRun::stop() {
  for (const std::unique_ptr<Task>& task : tasks_) task->stop();
}

void JobRun::request_barrier(CheckpointId id, bool last) {
  for (const std::unique_ptr<Task>& task : tasks_) task->request_barrier(id, last);
}

Status JobRun::prepare(state::Checkpoint& checkpoint) {
  std::map<std::string, std::vector<std::string>> by_sink;
  for (state::Committable& committable : checkpoint.committables) {
    by_sink[committable.sink].push_back(std::move(committable.bytes));
  }
  checkpoint.committables.clear();
  for (auto& [sink, bytes] : by_sink) {
    std::map<std::string, std::string> named;
    DF_RETURN_IF_ERROR(sinks_.at(sink).committer->prepare(checkpoint.id, bytes, named));
    for (std::string& one : bytes) checkpoint.committables.push_back({sink, std::move(one)});
    for (auto& [name, value] : named) {
      checkpoint.named.push_back({sink, std::string(kCommitterPrefix) + name, std::move(value)});
    }
  }
  return {};
}

Status JobRun::commit(const state::Checkpoint& checkpoint) {
  std::map<std::string, std::vector<std::string>> by_sink;
  for (const state::Committable& committable : checkpoint.committables) {
    by_sink[committable.sink].push_back(committable.bytes);
  }
  for (const auto& [sink, bytes] : by_sink) {
    context_.tell_doing(kDelivering + sink);
    DF_RETURN_IF_ERROR(sinks_.at(sink).committer->commit(checkpoint.id, bytes, false));
  }
  context_.tell_doing("");
  std::map<std::string, std::vector<Split>> positions;
  for (const state::NamedState& state : checkpoint.named) {
    if (!state.bytes || !state.name.starts_with("split/")) continue;
    if (!sources_.contains(state.operator_id)) continue;
    DF_ASSIGN_OR_RETURN(const SplitState split, decode_split_state(*state.bytes));
    positions[state.operator_id].push_back({state.name.substr(6), split.position});
  }
  for (const auto& [node, splits] : positions) sources_.at(node)->on_checkpoint(splits);
  return {};
}

bool JobRun::has_new_splits() {
  if (plan_.job.bounded) return false;
  for (const auto& [node, source] : sources_) {
    if (source->bounded()) continue;
    // What is wrong with a source its readers find out.
    const Result<std::vector<Split>> now = source->splits();
    if (!now.ok()) continue;
    const std::vector<Split>& known = splits_.at(node);
    for (const Split& split : *now) {
      const bool read =
          std::binary_search(known.begin(), known.end(), split,
                             [](const Split& a, const Split& b) { return a.id < b.id; });
      if (!read) return true;
    }
  }
  return false;
}

uint64_t JobRun::activity() const {
  uint64_t sum = 0;
  for (const std::unique_ptr<Task>& task : tasks_) {
    for (const Chain::SlotView& slot : task->chain().slots()) {
      sum += slot.counters->rows_in.load() + slot.counters->rows_out.load();
    }
    sum += task->chain().dead_letters().total();
    if (task->source() == nullptr) continue;
    for (const SplitStats& split : task->source()->stats()) sum += split.rows + split.ended;
  }
  return sum;
}

int64_t JobRun::staged_bytes() const {
  int64_t bytes = 0;
  for (const std::unique_ptr<Task>& task : tasks_) bytes += task->staged_bytes();
  return bytes;
}

void JobRun::fill(JobStatus& status) const {
  status.operators.clear();
  status.splits.clear();
  status.dead_letters.clear();
  for (const std::unique_ptr<Task>& task : tasks_) {
    for (size_t i = 0; i < kDeadReasons; ++i) {
      const auto reason = static_cast<DeadReason>(i);
      const uint64_t count = task->chain().dead_letters().total(reason);
      if (count > 0) status.dead_letters[std::string(dead_reason_name(reason))] += count;
    }
  }
  for (size_t s = 0; s < stages_.stages.size(); ++s) {
    const Stage& stage = stages_.stages[s];
    const size_t first = status.operators.size();
    for (const plan::Node* node : stage.nodes) {
      status.operators.push_back({node->shown_id(), operator_kind(*node), stage.parallelism});
    }
    for (int i = 0; i < stage.parallelism; ++i) {
      const Task& one = task(s, i);
      const TaskTimes times = one.times();
      status.operators[first].busy_seconds += static_cast<double>(times.busy_nanos) / 1e9;
      status.operators[first].blocked_seconds += static_cast<double>(times.blocked_nanos) / 1e9;
      status.operators[first].idle_seconds += static_cast<double>(times.idle_nanos) / 1e9;
      const auto slots = one.chain().slots();
      const size_t skip = stage.is_source() ? 1 : 0;
      for (size_t n = 0; n < slots.size(); ++n) {
        OperatorStats& stats = status.operators[first + skip + n];
        const SlotCounters& counters = *slots[n].counters;
        stats.rows_in += counters.rows_in.load();
        stats.rows_out += counters.rows_out.load();
        stats.late_rows += counters.late.load();
        stats.dead_rows += counters.dead.load();
        stats.state_rows += counters.state_rows.load();
        stats.state_bytes += counters.state_bytes.load();
        stats.index_bytes += counters.index_bytes.load();
        add_tables(counters, stats);
        add_windows(counters.windows(), stats);
        const int64_t mark = counters.watermark.load();
        stats.watermark_ms = i == 0 ? mark : std::min(stats.watermark_ms, mark);
      }
      if (one.source() == nullptr) continue;
      for (SplitStats& split : one.source()->stats()) {
        status.operators[first].rows_out += split.rows;
        status.operators[first].dead_rows += split.dead_rows;
        status.splits.push_back(std::move(split));
      }
    }
  }
  join_parts(status.operators);
  for (const std::unique_ptr<Task>& task : tasks_) {
    task->chain().dead_letters().add_earlier(status.operators);
  }
  add_stored(context_.store.table_sizes(), status.operators);
}

}  // namespace dataflow::engine
