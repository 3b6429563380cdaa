#include "http_sink.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/units.h"
#include "insert_lines.h"
#include "options.h"

namespace dataflow::connect {
namespace {

constexpr size_t kBatchBytes = size_t{1} << 20;
constexpr int64_t kUsualRows = 500;

// A committable is a batch: its rows, a line each. The committer puts the key in front.
class HttpSinkWriter final : public engine::SinkWriter {
 public:
  HttpSinkWriter(std::shared_ptr<const HttpSinkSpec> spec, std::unique_ptr<format::Encoder> encoder)
      : spec_(std::move(spec)), encoder_(std::move(encoder)) {}

  Status write(const Batch& batch, std::vector<RowFault>& faults) override {
    return add_insert_lines(*encoder_, batch, rows_, faults, "cannot be told to this sink",
                            [this](int64_t, std::string_view line) {
                              add(line);
                              return Status();
                            });
  }
  Status on_barrier(engine::CheckpointId, std::vector<std::string>& committables,
                    std::map<std::string, std::string>&) override {
    cut();
    for (std::string& batch : batches_) committables.push_back(std::move(batch));
    batches_.clear();
    staged_ = 0;
    return {};
  }
  int64_t staged_bytes() const override { return staged_; }

 private:
  void add(std::string_view line) {
    lines_ += line;
    lines_ += '\n';
    staged_ += static_cast<int64_t>(line.size()) + 1;
    if (++line_count_ >= spec_->batch_rows || lines_.size() >= kBatchBytes) cut();
  }
  void cut() {
    if (line_count_ == 0) return;
    batches_.push_back(std::move(lines_));
    lines_.clear();
    line_count_ = 0;
  }

  std::shared_ptr<const HttpSinkSpec> spec_;
  std::unique_ptr<format::Encoder> encoder_;
  format::EncodedRows rows_;
  std::string lines_;
  int64_t line_count_ = 0;
  std::vector<std::string> batches_;
  int64_t staged_ = 0;
};

class HttpSink final : public engine::Sink {
 public:
  HttpSink(HttpSinkParts parts, HttpSinkSpec spec)
      : parts_(std::move(parts)), spec_(std::make_shared<const HttpSinkSpec>(std::move(spec))) {}

  plan::Guarantee guarantee() const override { return plan::Guarantee::kAtLeastOnce; }
  bool takes_updates() const override { return false; }
  Result<std::unique_ptr<engine::SinkWriter>> make_writer(
      int, const std::map<std::string, std::string>&) override {
    DF_ASSIGN_OR_RETURN(
        std::unique_ptr<format::Encoder> encoder,
        in_place(format::make_encoder("json", spec_->schema, spec_->encoder), spec_->where));
    return std::unique_ptr<engine::SinkWriter>(
        std::make_unique<HttpSinkWriter>(spec_, std::move(encoder)));
  }
  Result<std::unique_ptr<engine::SinkCommitter>> make_committer() override {
    return make_http_sink_committer(parts_, spec_);
  }

 private:
  HttpSinkParts parts_;
  std::shared_ptr<const HttpSinkSpec> spec_;
};

Result<int64_t> duration(OptionReader& options, const std::string& name, int64_t usual) {
  const std::optional<std::string> text = options.text(name);
  if (!text) return usual;
  const Result<int64_t> ms = parse_duration_ms(*text);
  if (!ms.ok() || *ms < 1) return options.wrong(name, "give a duration such as `10s`");
  return ms;
}

void sleep_unless_interrupted(int64_t ms, const std::stop_token& interrupted) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  (void)changed.wait_for(lock, interrupted, std::chrono::milliseconds(ms), [] { return false; });
}

// `headers.X-Name: value`
Status read_headers(OptionReader& options, const plan::Options& given, HttpHeaders& out) {
  constexpr std::string_view kPrefix = "headers.";
  const auto plain = [](std::string_view text) {
    return text.find_first_of("\r\n") == std::string_view::npos;
  };
  for (const auto& [name, value] : given) {
    if (!name.starts_with(kPrefix)) continue;
    (void)options.text(name);
    const std::string header = name.substr(kPrefix.size());
    if (header.empty() || !plain(value) || header.find_first_of(" :\r\n\t") != std::string::npos) {
      return options.wrong(name, "it cannot stand in a request's head");
    }
    out.emplace_back(header, value);
  }
  return {};
}

}  // namespace

HttpSinkParts http_sink_parts(Env& env, CircuitBreakers& breakers) {
  return {env, breakers,
          [](const HttpSinkSpec& spec) {
            return make_http_sender(spec.parsed, spec.timeout_ms, spec.interrupted);
          },
          sleep_unless_interrupted};
}

Result<std::unique_ptr<engine::Sink>> make_http_sink(HttpSinkParts parts,
                                                     const plan::SinkSpec& spec,
                                                     const SchemaPtr& schema,
                                                     const engine::ConnectorContext& context) {
  HttpSinkSpec out;
  out.where = "sink `" + context.node + "`";
  out.schema = schema;
  out.interrupted = context.interrupted;
  if (spec.format != "json") {
    return Status::invalid(out.where + ": rows are sent as `json`, not as `" + spec.format + "`");
  }
  OptionReader options(out.where, spec.options);
  DF_ASSIGN_OR_RETURN(out.url, options.required("url"));
  Result<HttpUrl> url = parse_http_url(out.url);
  if (!url.ok()) return options.wrong("url", url.status().message());
  out.parsed = std::move(*url);
  DF_RETURN_IF_ERROR(read_headers(options, spec.options, out.headers));
  DF_ASSIGN_OR_RETURN(out.timeout_ms, duration(options, "timeout", 10'000));
  DF_ASSIGN_OR_RETURN(out.first_backoff_ms, duration(options, "backoff", 100));
  DF_ASSIGN_OR_RETURN(out.most_backoff_ms, duration(options, "max_backoff", 5'000));
  DF_ASSIGN_OR_RETURN(out.give_up_ms, duration(options, "give_up_after", 30'000));
  DF_ASSIGN_OR_RETURN(out.batch_rows, options.integer("batch_rows", kUsualRows, 1, 100'000));
  DF_RETURN_IF_ERROR(options.refuse_others());
  DF_ASSIGN_OR_RETURN(out.encoder,
                      in_place(format::encoder_options("json", spec.format_options), out.where));
  return std::unique_ptr<engine::Sink>(
      std::make_unique<HttpSink>(std::move(parts), std::move(out)));
}

}  // namespace dataflow::connect
