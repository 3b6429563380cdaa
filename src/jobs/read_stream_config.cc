// The small form of a file: windows over one stream, with numbers in the units of their names.
//
//   app_name: "My Stream Processor"
//   processing: {parallelism: 4, queue_size: 10000, checkpoint_interval: 30.0}   # seconds
//   windowing:
//     windows:
//     - {type: tumbling, size_ms: 60000, allowed_lateness_ms: 5000}
//     - {type: sliding, size_ms: 300000, slide_ms: 30000}
//     - {type: session, gap_ms: 30000}
//   watermarks: {delay_seconds: 2.0}
//
// The stream is made up by the generator (a thousand rows a second, unless `sources` says another
// rate), or is the log's where the environment names a TOPIC (or TOPIC_NAME), or the one of
// `sources`. STREAM_NAME names the pipeline, AGGREGATION_TYPE the one aggregate, WINDOW_SIZE the
// size of sliding windows. Each window's rows go to the console, or to the one sink of `sinks`.
#include <algorithm>
#include <cmath>

#include "base/units.h"
#include "pipeline_reader.h"
#include "plan/aggregate.h"

namespace dataflow::jobs {
namespace {

constexpr double kLongestSeconds = 1e9;
const std::vector<std::string> kWindowTypes = {"tumbling", "sliding", "session"};
const std::vector<std::string> kUsualAggregates = {"COUNT", "SUM", "AVG", "MIN", "MAX"};

// A name that stands in paths and addresses: "My Stream" is "my-stream".
std::string plain_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 && byte < 128) {
      name.push_back(static_cast<char>(std::tolower(byte)));
    } else if (!name.empty() && name.back() != '-') {
      name.push_back('-');
    }
  }
  while (name.ends_with('-')) name.pop_back();
  return name.substr(0, 128);
}

std::string lower_of(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// A bare number of seconds, whole or not; a duration with its unit is taken as well.
Result<std::optional<int64_t>> seconds(YamlMap& map, const std::string& name) {
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> text, map.text(name));
  if (!text) return std::optional<int64_t>();
  const Result<double> number = parse_double(*text);
  if (number.ok() && *number >= 0 && *number <= kLongestSeconds) {
    return std::optional<int64_t>(std::llround(*number * 1000));
  }
  const Result<int64_t> ms = parse_duration_ms(*text);
  if (ms.ok()) return std::optional<int64_t>(*ms);
  return map.error_at(*map.find(name), "`" + name + "` is `" + *text +
                                           "`; it must be a number of seconds such as 2.0, or 2s");
}

Result<int64_t> required_ms(YamlMap& map, const std::string& name) {
  DF_ASSIGN_OR_RETURN(const std::optional<int64_t> ms, map.duration(name, 1));
  if (!ms) return map.error("`" + name + "` is missing");
  return *ms;
}

class StreamConfig {
 public:
  StreamConfig(YamlMap& root, const Variables& variables) : root_(root), variables_(variables) {}

  Result<plan::Plan> read();

 private:
  Status read_name();
  Status read_processing();
  Status read_source_node();
  Status made_up_source();
  static void pace(plan::SourceSpec& spec);
  Status read_delay();
  Status read_aggregation();
  Status read_windows();
  Result<plan::WindowSpec> read_one(YamlMap& map);
  Status sliding_from_environment();
  void add_window(plan::WindowSpec spec, expr::Place place);
  Status read_sinks();
  std::optional<std::string> variable(const std::string& name) const {
    std::optional<std::string> value = variables_(name);
    return value && !value->empty() ? value : std::nullopt;
  }

  YamlMap& root_;
  const Variables& variables_;
  plan::Plan plan_;
  std::string source_;
  std::string key_ = "key";
  std::string value_ = "value";
  int64_t delay_ms_ = 0;
  std::vector<std::string> aggregates_ = kUsualAggregates;
  std::optional<int64_t> window_size_;
  std::vector<std::string> windows_;
};

Status StreamConfig::read_name() {
  DF_ASSIGN_OR_RETURN(const auto name, root_.text("app_name"));
  const std::string wanted = variable("STREAM_NAME").value_or(name.value_or("stream"));
  plan_.name = plain_name(wanted);
  if (plan_.name.empty()) return root_.error("`app_name` has no letter or digit to name it by");
  return root_.boolean("debug").status();
}

Status StreamConfig::read_processing() {
  DF_ASSIGN_OR_RETURN(std::optional<YamlMap> map, root_.map("processing"));
  plan_.job.checkpoint_interval_ms = 1000;
  if (!map) return {};
  DF_ASSIGN_OR_RETURN(const auto parallelism, map->integer("parallelism", 1, 128));
  DF_ASSIGN_OR_RETURN(const auto queue, map->integer("queue_size", 1, 1LL << 32));
  DF_ASSIGN_OR_RETURN(const auto interval, seconds(*map, "checkpoint_interval"));
  plan_.job.parallelism = static_cast<int>(parallelism.value_or(0));
  plan_.job.queue_rows = queue.value_or(0);
  if (interval == 0) {
    return map->error_at(*map->find("checkpoint_interval"),
                         "`checkpoint_interval` must be longer than 0");
  }
  plan_.job.checkpoint_interval_ms = interval.value_or(plan_.job.checkpoint_interval_ms);
  return map->refuse_rest();
}

Status StreamConfig::read_delay() {
  DF_ASSIGN_OR_RETURN(std::optional<YamlMap> map, root_.map("watermarks"));
  if (!map) return {};
  DF_ASSIGN_OR_RETURN(const auto delay, seconds(*map, "delay_seconds"));
  delay_ms_ = delay.value_or(0);
  return map->refuse_rest();
}

// Rows that are made up come without end: not faster than somebody could look at them.
void StreamConfig::pace(plan::SourceSpec& spec) {
  if (spec.connector != "generator" || spec.options.contains("rows")) return;
  spec.options.emplace("rate", "1000");
}

Status StreamConfig::made_up_source() {
  plan::SourceSpec spec;
  spec.format = "json";
  const auto topic = variable("TOPIC");
  const auto named = topic ? topic : variable("TOPIC_NAME");
  spec.connector = named ? "log" : "generator";
  if (named) spec.options["topic"] = *named;
  pace(spec);
  spec.schema = std::make_shared<const Schema>(
      std::vector<Field>{{"key", Type::string(), true},
                         {"value", Type::float64(), true},
                         {"timestamp", Type::timestamp_tz(3), true}});
  spec.watermark = plan::WatermarkSpec{.column = "timestamp", .delay_ms = delay_ms_};
  plan::Node node;
  node.id = source_ = "events";
  node.spec = std::move(spec);
  node.place = YamlText::place(root_.node());
  plan_.nodes.push_back(std::move(node));
  return {};
}

Status StreamConfig::read_source_node() {
  DF_ASSIGN_OR_RETURN(std::optional<YamlMap> sources, root_.map("sources"));
  if (!sources) return made_up_source();
  if (sources->entries().size() != 1) {
    return sources->error("windows are over one stream; name one source, or write `steps`");
  }
  const YamlEntry& entry = sources->entries().front();
  DF_ASSIGN_OR_RETURN(YamlMap map,
                      YamlMap::open(root_.yaml(), entry.value, "source \"" + entry.name + "\""));
  DF_ASSIGN_OR_RETURN(plan::SourceSpec spec, read_source(map));
  if (spec.watermark && root_.has("watermarks")) spec.watermark->delay_ms = delay_ms_;
  pace(spec);
  plan::Node node;
  node.id = source_ = entry.name;
  node.spec = std::move(spec);
  node.place = YamlText::place(entry.key);
  plan_.nodes.push_back(std::move(node));
  return {};
}

Status StreamConfig::read_aggregation() {
  if (const auto size = variable("WINDOW_SIZE")) {
    const Result<int64_t> number = parse_int(*size);
    const Result<int64_t> ms = number.ok() ? number : parse_duration_ms(*size);
    if (!ms.ok() || *ms <= 0) {
      return root_.error("the variable WINDOW_SIZE is `" + *size +
                         "`; it must be a duration such as 30s, or a number of milliseconds");
    }
    window_size_ = *ms;
  }
  const auto wanted = variable("AGGREGATION_TYPE");
  if (!wanted) return {};
  const plan::AggregateFunction* function = plan::find_aggregate(*wanted);
  if (function == nullptr) {
    std::string all;
    for (const auto& known : plan::aggregate_functions()) {
      all += (all.empty() ? "" : ", ") + std::string(known.name);
    }
    return root_.error("the variable AGGREGATION_TYPE is `" + *wanted + "`; it must be one of " +
                       all);
  }
  aggregates_ = {std::string(function->name)};
  return {};
}

Result<plan::WindowSpec> StreamConfig::read_one(YamlMap& map) {
  plan::WindowSpec spec;
  for (const char* known : {"type", "size_ms", "slide_ms", "gap_ms", "allowed_lateness_ms"}) {
    (void)map.has(known);
  }
  DF_RETURN_IF_ERROR(map.refuse_rest());
  DF_ASSIGN_OR_RETURN(const auto type, map.choice("type", kWindowTypes));
  if (!type) return map.error("`type` is missing: tumbling, sliding or session");
  DF_ASSIGN_OR_RETURN(const auto lateness, map.duration("allowed_lateness_ms"));
  spec.allowed_lateness_ms = lateness.value_or(0);
  if (*type == 2) {
    spec.kind = plan::WindowKind::kSession;
    DF_ASSIGN_OR_RETURN(spec.gap_ms, required_ms(map, "gap_ms"));
  } else {
    DF_ASSIGN_OR_RETURN(spec.size_ms, required_ms(map, "size_ms"));
  }
  if (*type == 1) {
    spec.kind = plan::WindowKind::kHopping;
    DF_ASSIGN_OR_RETURN(spec.slide_ms, required_ms(map, "slide_ms"));
    spec.size_ms = window_size_.value_or(spec.size_ms);
  }
  if (*type != 1 && map.has("slide_ms")) return map.error("only a sliding window has `slide_ms`");
  if (*type != 2 && map.has("gap_ms")) return map.error("only a session window has `gap_ms`");
  return spec;
}

void StreamConfig::add_window(plan::WindowSpec spec, expr::Place place) {
  spec.keys = {key_};
  for (const std::string& function : aggregates_) {
    plan::Aggregate aggregate;
    aggregate.function = function;
    if (function != "COUNT") aggregate.argument = expr::column(value_, place);
    aggregate.name = lower_of(function);
    spec.aggregates.push_back(std::move(aggregate));
  }
  const bool session = spec.kind == plan::WindowKind::kSession;
  plan::Node node;
  node.id = session ? "session" : spec.kind == plan::WindowKind::kHopping ? "sliding" : "tumbling";
  node.id += "_" + format_duration_ms(session ? spec.gap_ms : spec.size_ms);
  if (spec.slide_ms > 0) node.id += "_" + format_duration_ms(spec.slide_ms);
  for (char& c : node.id) c = c == ' ' || c == '.' ? '_' : c;
  const std::string base = node.id;
  for (int i = 2; plan_.find(node.id) != nullptr; ++i) node.id = base + "_" + std::to_string(i);
  node.inputs = {{source_, ""}};
  node.spec = std::move(spec);
  node.place = place;
  windows_.push_back(node.id);
  plan_.nodes.push_back(std::move(node));
}

Status StreamConfig::sliding_from_environment() {
  if (!window_size_) return root_.error("`windowing` is missing: it has a list of `windows`");
  plan::WindowSpec spec;
  spec.kind = plan::WindowKind::kHopping;
  spec.size_ms = *window_size_;
  spec.slide_ms = std::max<int64_t>(1, *window_size_ / 10);
  add_window(std::move(spec), YamlText::place(root_.node()));
  return {};
}

Status StreamConfig::read_windows() {
  DF_ASSIGN_OR_RETURN(std::optional<YamlMap> map, root_.map("windowing"));
  if (!map) return sliding_from_environment();
  DF_ASSIGN_OR_RETURN(const auto key, map->text("key"));
  DF_ASSIGN_OR_RETURN(const auto value, map->text("value"));
  key_ = key.value_or(key_);
  value_ = value.value_or(value_);
  const YAML::Node* list = map->find("windows");
  if (list == nullptr) {
    DF_RETURN_IF_ERROR(map->refuse_rest());
    return sliding_from_environment();
  }
  if (!list->IsSequence() || list->size() == 0) {
    return map->error_at(*list, "`windows` is a list, of at least one window");
  }
  for (const auto& item : *list) {
    DF_ASSIGN_OR_RETURN(YamlMap one, YamlMap::open(root_.yaml(), item, "windowing: window"));
    DF_ASSIGN_OR_RETURN(plan::WindowSpec spec, read_one(one));
    add_window(std::move(spec), YamlText::place(item));
  }
  return map->refuse_rest();
}

// All windows give the same columns, so one sink can take them all.
Status StreamConfig::read_sinks() {
  DF_ASSIGN_OR_RETURN(std::optional<YamlMap> sinks, root_.map("sinks"));
  plan::Node node;
  node.id = "results";
  if (sinks) {
    if (sinks->entries().size() != 1) {
      return sinks->error("name one sink, which takes the rows of every window, or write `steps`");
    }
    const YamlEntry& entry = sinks->entries().front();
    DF_ASSIGN_OR_RETURN(YamlMap map,
                        YamlMap::open(root_.yaml(), entry.value, "sink \"" + entry.name + "\""));
    DF_ASSIGN_OR_RETURN(node.spec, read_sink(map));
    node.id = entry.name;
    node.place = YamlText::place(entry.key);
  } else {
    plan::SinkSpec spec;
    spec.connector = "console";
    spec.format = "json";
    node.spec = std::move(spec);
    node.place = YamlText::place(root_.node());
  }
  if (windows_.size() == 1) {
    node.inputs = {{windows_[0], ""}};
  } else {
    plan::Node all;
    all.id = "all_windows";
    all.spec = plan::UnionSpec{};
    for (const std::string& window : windows_) all.inputs.push_back({window, ""});
    all.place = node.place;
    plan_.nodes.push_back(std::move(all));
    node.inputs = {{"all_windows", ""}};
  }
  plan_.nodes.push_back(std::move(node));
  return {};
}

Result<plan::Plan> StreamConfig::read() {
  (void)root_.find("tests");
  DF_RETURN_IF_ERROR(read_name());
  DF_RETURN_IF_ERROR(read_processing());
  DF_RETURN_IF_ERROR(read_delay());
  DF_RETURN_IF_ERROR(read_aggregation());
  DF_RETURN_IF_ERROR(read_source_node());
  DF_RETURN_IF_ERROR(read_windows());
  DF_RETURN_IF_ERROR(read_sinks());
  DF_RETURN_IF_ERROR(root_.refuse_rest());
  return std::move(plan_);
}

}  // namespace

Result<plan::Plan> read_stream_config(YamlMap& root, const Variables& variables) {
  return StreamConfig(root, variables).read();
}

}  // namespace dataflow::jobs
