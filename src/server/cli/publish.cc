#include "cli/publish.h"

#include <algorithm>
#include <cmath>

#include "base/env.h"
#include "base/units.h"
#include "cli/byte_source.h"
#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "cli/producer.h"
#include "cli/record_input.h"

namespace dataflow::cli {
namespace {

constexpr size_t kBadLinesShown = 10;
constexpr size_t kBadLinesKept = 1000;
// With --rate, a batch leaves at least this often.
constexpr int64_t kRateFlushNanos = 100'000'000;

using Headers = std::vector<std::pair<std::string, std::string>>;

struct BadLine {
  uint64_t line = 0;
  std::string why;
};

// Lets events through at an even rate.
class Pace {
 public:
  explicit Pace(double per_second) : per_second_(per_second) {}
  bool limited() const { return per_second_ > 0; }
  // How long to wait before the next event.
  int64_t due_in_nanos() {
    const int64_t now = posix_env().monotonic_nanos();
    if (start_ == 0) start_ = now;
    const double due = static_cast<double>(count_) / per_second_ * 1e9;
    return start_ + static_cast<int64_t>(due) - now;
  }
  void note_event() { ++count_; }

 private:
  double per_second_;
  int64_t start_ = 0;
  int64_t count_ = 0;
};

class Publisher {
 public:
  Publisher(Session& session, const Publish& options) : session_(session), options_(options) {}

  Status prepare();
  Status run();

 private:
  Status publish_file();
  Status take(const InputEvent& event);
  Status send(OutgoingRecord record);
  Status keep_pace();
  void note_bad(uint64_t line, const std::string& why);
  void show_progress();
  // What is left of the input counts as not published.
  void count_rest();
  Status finish(const Status& stopped);
  void print_result() const;
  void report_failures() const;
  // What to do about it, as a line of its own.
  std::string advice_on(const Status& why) const;
  double seconds() const {
    return static_cast<double>(posix_env().monotonic_nanos() - started_) / 1e9;
  }

  Session& session_;
  const Publish& options_;
  ProducerOptions how_;
  Headers headers_;
  InputOptions input_;
  Pace pace_{0};
  std::unique_ptr<KafkaCluster> cluster_;
  std::unique_ptr<Producer> producer_;
  ProgressLine progress_;
  std::unique_ptr<ByteSource> source_;
  std::unique_ptr<EventReader> events_;  // reads from the source
  int64_t size_ = -1;                    // of the source, -1 where nobody knows
  int64_t started_ = 0;
  int64_t last_flush_ = 0;
  int64_t bad_count_ = 0;
  int64_t unread_ = 0;
  std::vector<BadLine> bad_;
};

Result<Headers> parse_headers(const std::vector<std::string>& pairs) {
  Headers headers;
  for (const std::string& pair : pairs) {
    const size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return usage_error("--header " + pair + ": write it as name=value");
    }
    headers.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return headers;
}

Result<int16_t> parse_acks(const std::string& text) {
  if (text == "all" || text == "-1") return int16_t{-1};
  if (text == "1" || text == "leader") return int16_t{1};
  if (text == "0" || text == "none") return int16_t{0};
  return usage_error("--acks " + text + ": it is all, 1 or 0");
}

Status Publisher::prepare() {
  if (options_.file.empty() == !options_.value) {
    return usage_error(options_.value ? "give either an event or --file, not both"
                                      : "what shall be published? give an event, or --file F "
                                        "(.json, .ndjson, .csv, or - for standard input)");
  }
  if (options_.has_key_field && options_.key_field.empty()) {
    return usage_error("--key-field is empty: name the field that holds the key");
  }
  if (options_.has_key + options_.has_key_field + options_.has_key_separator > 1) {
    return usage_error("give one of --key, --key-field and --key-separator, not several");
  }
  if (options_.has_key_separator && options_.key_separator.empty()) {
    return usage_error("--key-separator is empty: give what stands behind each line's key");
  }
  DF_ASSIGN_OR_RETURN(headers_, parse_headers(options_.headers));
  DF_ASSIGN_OR_RETURN(how_.acks, parse_acks(options_.acks));
  Result<Codec> codec = codec_from_name(options_.compression);
  if (!codec.ok()) {
    return usage_error("--compression " + options_.compression +
                       ": it is none, gzip, snappy, lz4 or zstd");
  }
  how_.codec = *codec;
  how_.idempotent = options_.idempotent && how_.acks == -1;
  how_.may_grow = options_.batch_size == 0;
  if (options_.batch_size > 0) how_.batch_records = static_cast<size_t>(options_.batch_size);
  how_.partition = options_.partition;
  DF_ASSIGN_OR_RETURN(double rate, parse_rate(options_.rate));
  pace_ = Pace(rate);
  DF_ASSIGN_OR_RETURN(input_.form, parse_input_form(options_.input));
  if (!input_.form) input_.form = input_form_of_file(options_.file);
  input_.csv_texts = options_.csv_texts;
  if (options_.has_key_separator) {
    if (options_.value || (input_.form && input_.form != InputForm::kText)) {
      return usage_error("--key-separator is for lines of text: --file F --input text");
    }
    input_.form = InputForm::kText;
  }
  if (input_.form == InputForm::kText && !options_.key_field.empty()) {
    return usage_error("--key-field needs JSON or CSV; plain text has no fields");
  }
  return {};
}

Status Publisher::send(OutgoingRecord record) {
  record.headers = headers_;
  record.timestamp = posix_env().now().value();
  if (options_.has_key) record.key = options_.key;
  DF_RETURN_IF_ERROR(keep_pace());
  return producer_->add(std::move(record));
}

Status Publisher::keep_pace() {
  if (!pace_.limited()) return {};
  while (true) {
    DF_RETURN_IF_ERROR(check_interrupt());
    const int64_t wait = pace_.due_in_nanos();
    const int64_t now = posix_env().monotonic_nanos();
    // What is waiting goes out before this thread rests.
    if (producer_->has_pending() &&
        (wait > kRateFlushNanos || now - last_flush_ > kRateFlushNanos)) {
      DF_RETURN_IF_ERROR(producer_->flush());
      last_flush_ = now;
      continue;
    }
    show_progress();
    if (wait <= 0) break;
    pause_for(std::min(wait, kRateFlushNanos));
  }
  pace_.note_event();
  return {};
}

void Publisher::note_bad(uint64_t line, const std::string& why) {
  ++bad_count_;
  if (bad_.size() < kBadLinesKept) bad_.push_back({line, why});
  if (bad_count_ > static_cast<int64_t>(kBadLinesShown)) return;
  progress_.clear();
  const std::string place =
      (options_.file == "-" ? "standard input" : options_.file) + ":" + std::to_string(line);
  say(coloured_err(Colour::kYellow, place) + ": not published: " + why);
  if (bad_count_ == static_cast<int64_t>(kBadLinesShown)) say("further bad lines are only counted");
}

Status Publisher::take(const InputEvent& event) {
  if (!event.problem.empty()) {
    note_bad(event.line, event.problem);
    return {};
  }
  OutgoingRecord record;
  record.line = event.line;
  if (!options_.key_field.empty()) {
    Result<std::string> key = key_from_field(event.value, options_.key_field);
    if (!key.ok()) {
      note_bad(event.line, key.status().message());
      return {};
    }
    record.key = std::move(*key);
  }
  record.value = event.value;
  if (options_.has_key_separator) {
    const size_t at = event.value.find(options_.key_separator);
    if (at == std::string::npos) {
      note_bad(event.line, "there is no \"" + options_.key_separator + "\" behind a key");
      return {};
    }
    record.key = event.value.substr(0, at);
    record.value = event.value.substr(at + options_.key_separator.size());
  }
  return send(std::move(record));
}

void Publisher::show_progress() {
  if (session_.quiet() || !progress_.due()) return;
  const int64_t done = producer_->published();
  std::string text =
      grouped(done) + " published, " +
      grouped(static_cast<int64_t>(static_cast<double>(done) / std::max(seconds(), 0.001))) + "/s";
  if (events_ != nullptr && size_ > 0) {
    text += ", " + std::to_string(static_cast<int64_t>(events_->bytes_taken()) * 100 / size_) +
            "% read";
  }
  if (bad_count_ > 0) text += ", " + plural(bad_count_, "bad line");
  progress_.show(text);
}

void Publisher::count_rest() {
  InputEvent event;
  while (true) {
    Result<bool> more = events_->next(event);
    if (!more.ok() || !*more) return;
    ++unread_;
  }
}

Status Publisher::publish_file() {
  auto flush_early = [this]() -> Status {
    return producer_->has_pending() ? producer_->flush() : Status();
  };
  DF_ASSIGN_OR_RETURN(source_, open_source(options_.file, flush_early));
  size_ = source_->size();
  DF_ASSIGN_OR_RETURN(events_, open_events(*source_, input_));
  InputEvent event;
  while (true) {
    DF_RETURN_IF_ERROR(check_interrupt());
    DF_ASSIGN_OR_RETURN(bool more, events_->next(event));
    if (!more) return {};
    Status taken = take(event);
    if (!taken.ok()) {
      if (size_ >= 0 && !interrupted()) count_rest();
      return taken;
    }
    show_progress();
  }
}

void Publisher::report_failures() const {
  size_t shown = 0;
  for (const Producer::Failure& failure : producer_->failures()) {
    if (++shown > kBadLinesShown) break;
    std::string place = plural(failure.records, "event");
    if (failure.first_line > 0) {
      place += failure.first_line == failure.last_line
                   ? " (line " + std::to_string(failure.first_line) + ")"
                   : " (lines " + std::to_string(failure.first_line) + " to " +
                         std::to_string(failure.last_line) + ")";
    }
    say(coloured_err(Colour::kYellow, place) + ": not published: " + failure.why.message() +
        advice_on(failure.why));
  }
}

std::string Publisher::advice_on(const Status& why) const {
  if (why.code() != StatusCode::kTooLarge) return {};
  return "\n  allow larger ones:  dataflow stream alter " + options_.stream +
         " --config max.message.bytes=8MiB";
}

void Publisher::print_result() const {
  if (!session_.structured()) return;
  Document object = Document::object();
  object.put("stream", options_.stream);
  object.put("published", producer_->published());
  object.put("failed", producer_->failed() + bad_count_ + unread_);
  object.put("seconds", std::round(seconds() * 1000) / 1000);
  Document errors = Document::array();
  for (const BadLine& bad : bad_) {
    Document error = Document::object();
    error.put("line", bad.line);
    error.put("error", bad.why);
    errors.push(std::move(error));
  }
  for (const Producer::Failure& failure : producer_->failures()) {
    Document error = Document::object();
    error.put("line", failure.first_line);
    error.put("last_line", failure.last_line);
    error.put("events", failure.records);
    error.put("error", failure.why.message());
    errors.push(std::move(error));
  }
  object.put("errors", std::move(errors));
  print_document(session_.out(), session_.format(), object);
}

Status Publisher::finish(const Status& stopped) {
  progress_.clear();
  report_failures();
  print_result();
  const int64_t done = producer_->published();
  const int64_t not_done = producer_->failed() + bad_count_ + unread_;
  const std::string words =
      "published " + plural(done, "event") + " to \"" + options_.stream + "\"";
  if (stopped.ok() && not_done == 0) {
    char took[32];
    std::snprintf(took, sizeof took, " in %.2f s", seconds());
    session_.note(words + took);
    return {};
  }
  std::string all = words;
  if (not_done > 0) all += "; " + grouped(not_done) + " not published";
  if (!stopped.ok()) {
    if (interrupted()) {
      say("interrupted: " + all);
      return stopped;
    }
    return done + not_done == 0 ? stopped : stopped.with_context(all);
  }
  const Status cause =
      producer_->failures().empty() ? Status::invalid("") : producer_->failures().front().why;
  return with_exit_code(Status(StatusCode::kInvalid, all), exit_code_of(cause));
}

Status Publisher::run() {
  DF_ASSIGN_OR_RETURN(cluster_, session_.connect());
  DF_ASSIGN_OR_RETURN(producer_, Producer::open(*cluster_, options_.stream, how_));
  catch_interrupts();
  started_ = last_flush_ = posix_env().monotonic_nanos();
  Status stopped;
  if (options_.value) {
    OutgoingRecord record;
    record.value = *options_.value;
    if (!options_.key_field.empty()) {
      DF_ASSIGN_OR_RETURN(record.key, key_from_field(*options_.value, options_.key_field));
    }
    stopped = send(std::move(record));
  } else {
    stopped = publish_file();
  }
  Status flushed = producer_->flush();
  return finish(stopped.ok() ? flushed : stopped);
}

}  // namespace

Result<double> parse_rate(const std::string& text) {
  if (text.empty()) return 0.0;
  const size_t slash = text.find('/');
  Result<double> count = parse_double(text.substr(0, slash));
  const std::string unit = slash == std::string::npos ? "s" : text.substr(slash + 1);
  const double seconds = unit == "s" || unit == "sec"   ? 1
                         : unit == "m" || unit == "min" ? 60
                         : unit == "h"                  ? 3600
                                                        : 0;
  if (!count.ok() || *count <= 0 || seconds == 0) {
    return usage_error("--rate " + text + ": write it as 100/s, 6000/m or 10/h");
  }
  return *count / seconds;
}

Status publish(Session& session, const Publish& options) {
  Publisher publisher(session, options);
  DF_RETURN_IF_ERROR(publisher.prepare());
  return publisher.run();
}

}  // namespace dataflow::cli
