#include "metrics_sink.h"

#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>

#include "engine/nothing_to_commit.h"
#include "options.h"
#include "types/value.h"

namespace dataflow::connect {
namespace {

constexpr int64_t kUsualSeries = 10'000;

struct MetricsSpec {
  std::string where;
  std::string job;
  std::string name;
  SchemaPtr schema;
  std::vector<size_t> labels;
  std::vector<size_t> values;
  size_t most_series = 0;
};

// A metric's name and a label's take no other characters, and begin with no digit.
std::string metric_word(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    out += plain ? c : '_';
  }
  return out.empty() || (out[0] >= '0' && out[0] <= '9') ? "_" + out : out;
}

// Of all writers of one sink.
class LastValues {
 public:
  explicit LastValues(std::shared_ptr<const MetricsSpec> spec) : spec_(std::move(spec)) {}

  // False where it would be one series too many.
  bool put(const std::vector<Value>& row) {
    Labels labels = {{"pipeline", spec_->job}};
    for (const size_t column : spec_->labels) {
      const Value& value = row[column];
      labels.emplace_back(metric_word((*spec_->schema)[column].name),
                          value.is_null() ? "" : value.to_string());
    }
    std::vector<std::optional<double>> numbers;
    for (const size_t column : spec_->values) {
      const Value& value = row[column];
      if (value.is_null()) {
        numbers.emplace_back();
      } else {
        numbers.emplace_back(std::strtod(value.to_string().c_str(), nullptr));
      }
    }
    const std::lock_guard lock(mutex_);
    const auto found = last_.find(labels);
    if (found == last_.end() && last_.size() >= spec_->most_series) return false;
    last_[labels] = std::move(numbers);
    return true;
  }

  void collect(size_t value, SampleSink& out) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [labels, numbers] : last_) {
      if (numbers[value]) out.add(labels, *numbers[value]);
    }
  }

 private:
  std::shared_ptr<const MetricsSpec> spec_;
  mutable std::mutex mutex_;
  std::map<Labels, std::vector<std::optional<double>>> last_;
};

class MetricsWriter final : public engine::SinkWriter {
 public:
  MetricsWriter(std::shared_ptr<const MetricsSpec> spec, std::shared_ptr<LastValues> last)
      : spec_(std::move(spec)), last_(std::move(last)) {}

  Status write(const Batch& batch, std::vector<RowFault>& faults) override {
    for (int64_t row = 0; row < batch.rows; ++row) {
      // What a row was before is told by the row that it is now.
      const RowKind kind = batch.kind(row);
      if (kind == RowKind::kUpdateBefore || kind == RowKind::kDelete) continue;
      if (last_->put(row_of(batch, row))) continue;
      faults.push_back({row, "",
                        "there are " + std::to_string(spec_->most_series) +
                            " series already (option `max_series`)"});
    }
    return {};
  }
  Status on_barrier(engine::CheckpointId, std::vector<std::string>&,
                    std::map<std::string, std::string>&) override {
    return {};
  }
  int64_t staged_bytes() const override { return 0; }

 private:
  std::shared_ptr<const MetricsSpec> spec_;
  std::shared_ptr<LastValues> last_;
};

class MetricsSink final : public engine::Sink {
 public:
  MetricsSink(Metrics& metrics, MetricsSpec spec)
      : metrics_(metrics),
        spec_(std::make_shared<const MetricsSpec>(std::move(spec))),
        last_(std::make_shared<LastValues>(spec_)) {}

  plan::Guarantee guarantee() const override { return plan::Guarantee::kAtLeastOnce; }
  Result<std::unique_ptr<engine::SinkWriter>> make_writer(
      int, const std::map<std::string, std::string>&) override {
    // Not before: a sink is also made to be looked at only.
    for (size_t i = shown_.size(); i < spec_->values.size(); ++i) {
      const std::string& column = (*spec_->schema)[spec_->values[i]].name;
      shown_.push_back(
          metrics_.callback("dataflow_result_" + spec_->name + "_" + metric_word(column),
                            "The last value of a pipeline's results.", MetricType::kGauge,
                            [last = last_, i](SampleSink& out) { last->collect(i, out); }));
    }
    return std::unique_ptr<engine::SinkWriter>(std::make_unique<MetricsWriter>(spec_, last_));
  }
  Result<std::unique_ptr<engine::SinkCommitter>> make_committer() override {
    return std::unique_ptr<engine::SinkCommitter>(std::make_unique<engine::NothingToCommit>());
  }

 private:
  Metrics& metrics_;
  std::shared_ptr<const MetricsSpec> spec_;
  std::shared_ptr<LastValues> last_;
  std::vector<MetricCallback> shown_;
};

// Columns whose names differ only in what a metric's name cannot have.
Status check_names(const MetricsSpec& spec) {
  std::map<std::string, std::string> taken = {{"pipeline", "pipeline"}};
  for (const auto* columns : {&spec.labels, &spec.values}) {
    for (const size_t column : *columns) {
      const std::string& name = (*spec.schema)[column].name;
      const auto [other, added] = taken.emplace(metric_word(name), name);
      if (added) continue;
      return Status::invalid(spec.where + ": column `" + name + "` would be called `" +
                             other->first + "` here, as `" + other->second +
                             "` is; give it another name before the sink");
    }
  }
  return {};
}

Status read_columns(MetricsSpec& out) {
  for (size_t i = 0; i < out.schema->size(); ++i) {
    const Field& field = (*out.schema)[i];
    const TypeId id = field.type.id();
    if (field.type.is_numeric()) {
      out.values.push_back(i);
    } else if (id == TypeId::kString || id == TypeId::kBoolean) {
      out.labels.push_back(i);
    } else if (!field.type.is_timestamp() && id != TypeId::kDate && id != TypeId::kTime) {
      return Status::invalid(out.where + ": column `" + field.name + "`: a " +
                             field.type.to_string() + " is neither a number nor a label");
    }
  }
  if (!out.values.empty()) return check_names(out);
  return Status::invalid(out.where + ": no column is a number");
}

}  // namespace

Result<std::unique_ptr<engine::Sink>> make_metrics_sink(Metrics* metrics,
                                                        const plan::SinkSpec& spec,
                                                        const SchemaPtr& schema,
                                                        const engine::ConnectorContext& context) {
  MetricsSpec out;
  out.where = "sink `" + context.node + "`";
  out.job = context.job;
  out.schema = schema;
  if (metrics == nullptr) {
    return Status::invalid(out.where + ": nobody reads metrics here; deploy it on a server");
  }
  OptionReader options(out.where, spec.options);
  out.name = metric_word(options.text("name").value_or(context.node));
  DF_ASSIGN_OR_RETURN(const int64_t most,
                      options.integer("max_series", kUsualSeries, 1, 1'000'000));
  out.most_series = static_cast<size_t>(most);
  DF_RETURN_IF_ERROR(options.refuse_others());
  DF_RETURN_IF_ERROR(read_columns(out));
  return std::unique_ptr<engine::Sink>(std::make_unique<MetricsSink>(*metrics, std::move(out)));
}

}  // namespace dataflow::connect
