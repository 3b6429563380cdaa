#include "base/metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <variant>

namespace dataflow {
namespace {

[[noreturn]] void stop_on_bug(std::string_view name, const char* problem) {
  std::fprintf(stderr, "metrics: %.*s %s\n", static_cast<int>(name.size()), name.data(), problem);
  std::abort();
}

bool well_formed(std::string_view name, bool colon_allowed) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c == ':' && colon_allowed);
  });
}

void append_escaped(std::string& to, std::string_view text, bool quotes_too) {
  for (char c : text) {
    if (c == '\\') {
      to.append("\\\\");
    } else if (c == '\n') {
      to.append("\\n");
    } else if (c == '"' && quotes_too) {
      to.append("\\\"");
    } else {
      to.push_back(c);
    }
  }
}

template <std::integral Number>
void append_number(std::string& to, Number value) {
  char digits[32];
  to.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_number(std::string& to, double value) {
  if (std::isnan(value)) return (void)to.append("NaN");
  if (std::isinf(value)) return (void)to.append(value > 0 ? "+Inf" : "-Inf");
  // People read bounds and counts more easily without an exponent, as long as they are not absurd.
  const double size = std::fabs(value);
  const bool plain = size == 0 || (size >= 1e-7 && size < 1e16);
  char digits[64];
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  to.append(digits, std::to_chars(digits, digits + sizeof digits, value, format).ptr);
}

// {topic="orders",partition="0"}; nothing for no labels.
std::string label_text(std::string_view name, const Labels& labels) {
  std::string text;
  for (const auto& [key, value] : labels) {
    if (!well_formed(key, false)) stop_on_bug(name, "has a malformed label name");
    text.push_back(text.empty() ? '{' : ',');
    text.append(key).append("=\"");
    append_escaped(text, value, true);
    text.push_back('"');
  }
  if (!text.empty()) text.push_back('}');
  return text;
}

// The same with one label more, for a histogram's buckets.
std::string with_bound(const std::string& labels, double bound) {
  std::string text = labels.empty() ? "{" : labels.substr(0, labels.size() - 1) + ",";
  text.append("le=\"");
  append_number(text, bound);
  text.append("\"}");
  return text;
}

const char* type_name(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return "counter";
    case MetricType::kGauge: return "gauge";
    case MetricType::kHistogram: return "histogram";
  }
  return "untyped";
}

void append_sample(std::string& to, const std::string& name, std::string_view suffix,
                   const std::string& labels, auto value) {
  to.append(name).append(suffix).append(labels).push_back(' ');
  append_number(to, value);
  to.push_back('\n');
}

void append_histogram(std::string& to, const std::string& name, const std::string& labels,
                      const Histogram& histogram) {
  const Histogram::Snapshot snapshot = histogram.snapshot();
  uint64_t count = 0;
  for (size_t i = 0; i < snapshot.counts.size(); ++i) {
    count += snapshot.counts[i];
    const double bound = i < histogram.bounds().size() ? histogram.bounds()[i] : HUGE_VAL;
    append_sample(to, name, "_bucket", with_bound(labels, bound), count);
  }
  append_sample(to, name, "_sum", labels, snapshot.sum);
  append_sample(to, name, "_count", labels, count);
}

using Metric =
    std::variant<std::shared_ptr<Counter>, std::shared_ptr<Gauge>, std::shared_ptr<Histogram>>;

struct Series {
  Labels labels;
  Metric metric;
};

struct Family {
  Family(MetricType kind, std::string words) : type(kind), help(std::move(words)) {}

  MetricType type;
  std::string help;
  std::map<std::string, Series> series;  // by label text
  std::vector<std::shared_ptr<MetricCallback::State>> callbacks;
};

void append_metric(std::string& to, const std::string& name, const std::string& labels,
                   const Metric& metric) {
  if (const auto* counter = std::get_if<std::shared_ptr<Counter>>(&metric)) {
    append_sample(to, name, "", labels, (*counter)->value());
  } else if (const auto* gauge = std::get_if<std::shared_ptr<Gauge>>(&metric)) {
    append_sample(to, name, "", labels, (*gauge)->value());
  } else {
    append_histogram(to, name, labels, *std::get<std::shared_ptr<Histogram>>(metric));
  }
}

class TextSink final : public SampleSink {
 public:
  TextSink(std::string& text, const std::string& name) : text_(text), name_(name) {}
  void add(const Labels& labels, double value) override {
    append_sample(text_, name_, "", label_text(name_, labels), value);
  }

 private:
  std::string& text_;
  const std::string& name_;
};

}  // namespace

struct MetricCallback::State {
  std::mutex mutex;                          // held during a call
  std::function<void(SampleSink&)> collect;  // null once it was taken back
};

MetricCallback::~MetricCallback() {
  if (state_ == nullptr) return;
  std::function<void(SampleSink&)> dropped;  // destroyed after the lock is let go
  const std::lock_guard lock(state_->mutex);
  dropped.swap(state_->collect);
}

MetricCallback& MetricCallback::operator=(MetricCallback&& other) noexcept {
  MetricCallback old(std::move(state_));
  state_ = std::move(other.state_);
  return *this;
}

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)),
      counts_(std::make_unique<std::atomic<uint64_t>[]>(bounds_.size() + 1)) {
  const auto end = bounds_.end();
  const bool ascending = std::adjacent_find(bounds_.begin(), end, std::greater_equal<>()) == end;
  const bool finite = std::all_of(bounds_.begin(), end, [](double b) { return std::isfinite(b); });
  if (!ascending || !finite) stop_on_bug("histogram", "needs ascending and finite bounds");
}

// A value on a bound belongs below it ("le"). NaN, which is below nothing, lands in the last
// bucket.
void Histogram::observe(double value) {
  size_t bucket = 0;
  while (bucket < bounds_.size() && !(value <= bounds_[bucket])) ++bucket;
  counts_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot snapshot;
  snapshot.counts.reserve(bounds_.size() + 1);
  for (size_t i = 0; i <= bounds_.size(); ++i) {
    snapshot.counts.push_back(counts_[i].load(std::memory_order_relaxed));
  }
  snapshot.sum = sum_.load(std::memory_order_relaxed);
  return snapshot;
}

const std::vector<double>& latency_bounds() {
  static const std::vector<double> bounds = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                             0.005,   0.01,   0.025,   0.05,   0.1,   0.25,
                                             0.5,     1,      2.5,     5,      10};
  return bounds;
}

struct Metrics::Registry {
  mutable std::mutex mutex;
  std::map<std::string, Family, std::less<>> families;

  Family& family(std::string_view name, std::string_view help, MetricType type) {
    if (!well_formed(name, true)) stop_on_bug(name, "is a malformed name");
    auto [found, is_new] = families.try_emplace(std::string(name), type, std::string(help));
    if (found->second.type != type) stop_on_bug(name, "is already registered with another type");
    return found->second;
  }

  template <class Kind>
  std::shared_ptr<Kind> get(std::string_view name, std::string_view help, MetricType type,
                            const Labels& labels, auto make) {
    const std::string text = label_text(name, labels);
    const std::lock_guard lock(mutex);
    Family& owner = family(name, help, type);
    auto found = owner.series.find(text);
    if (found == owner.series.end()) {
      found = owner.series.emplace(text, Series{labels, std::shared_ptr<Kind>(make())}).first;
    }
    return std::get<std::shared_ptr<Kind>>(found->second.metric);
  }
};

Metrics::Metrics() : registry_(std::make_unique<Registry>()) {}
Metrics::~Metrics() = default;

std::shared_ptr<Counter> Metrics::counter(std::string_view name, std::string_view help,
                                          const Labels& labels) {
  return registry_->get<Counter>(name, help, MetricType::kCounter, labels,
                                 [] { return std::make_shared<Counter>(); });
}

std::shared_ptr<Gauge> Metrics::gauge(std::string_view name, std::string_view help,
                                      const Labels& labels) {
  return registry_->get<Gauge>(name, help, MetricType::kGauge, labels,
                               [] { return std::make_shared<Gauge>(); });
}

std::shared_ptr<Histogram> Metrics::histogram(std::string_view name, std::string_view help,
                                              const std::vector<double>& bounds,
                                              const Labels& labels) {
  std::shared_ptr<Histogram> histogram =
      registry_->get<Histogram>(name, help, MetricType::kHistogram, labels,
                                [&] { return std::make_shared<Histogram>(bounds); });
  if (histogram->bounds() != bounds) stop_on_bug(name, "is already registered with other bounds");
  return histogram;
}

MetricCallback Metrics::callback(std::string_view name, std::string_view help, MetricType type,
                                 std::function<void(SampleSink&)> collect) {
  if (type == MetricType::kHistogram) stop_on_bug(name, "cannot be a histogram from a callback");
  auto state = std::make_shared<MetricCallback::State>();
  state->collect = std::move(collect);
  const std::lock_guard lock(registry_->mutex);
  registry_->family(name, help, type).callbacks.push_back(state);
  return MetricCallback(std::move(state));
}

void Metrics::remove(std::string_view name, const Labels& labels) {
  const std::string text = label_text(name, labels);
  const std::lock_guard lock(registry_->mutex);
  const auto found = registry_->families.find(name);
  if (found != registry_->families.end()) found->second.series.erase(text);
}

void Metrics::remove_labelled(std::string_view label, std::string_view value) {
  const std::lock_guard lock(registry_->mutex);
  for (auto& [name, family] : registry_->families) {
    std::erase_if(family.series, [&](const auto& entry) {
      const Labels& labels = entry.second.labels;
      return std::any_of(labels.begin(), labels.end(), [&](const auto& pair) {
        return pair.first == label && pair.second == value;
      });
    });
  }
}

std::string Metrics::render() const {
  // A copy, so that neither the text nor a callback holds up a thread that asks for a metric.
  std::vector<std::pair<std::string, Family>> families;
  {
    const std::lock_guard lock(registry_->mutex);
    for (auto& [name, family] : registry_->families) {
      // A use count of one means that only the registry still knows the callback.
      std::erase_if(family.callbacks, [](const auto& state) { return state.use_count() == 1; });
      families.emplace_back(name, family);
    }
  }
  std::string text;
  for (const auto& [name, family] : families) {
    std::string samples;
    for (const auto& [labels, series] : family.series) {
      append_metric(samples, name, labels, series.metric);
    }
    TextSink sink(samples, name);
    for (const auto& state : family.callbacks) {
      const std::lock_guard lock(state->mutex);
      if (state->collect) state->collect(sink);
    }
    if (samples.empty()) continue;
    text.append("# HELP ").append(name).push_back(' ');
    append_escaped(text, family.help, false);
    text.append("\n# TYPE ").append(name).append(" ").append(type_name(family.type));
    text.append("\n").append(samples);
  }
  return text;
}

}  // namespace dataflow
