#include "event_log.h"

#include <nlohmann/json.hpp>

namespace dataflow::jobs {
namespace {

constexpr uint64_t kMostBytes = 256 << 10;  // of one of the two files, but for its last line
constexpr uint64_t kMostRead = 16 << 20;
constexpr const char* kNew = "/events";
constexpr const char* kOld = "/events.1";

std::string line_of(const PipelineEvent& event) {
  const nlohmann::json json = {
      {"time_ms", event.when.value()}, {"event", event.kind}, {"message", event.words}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void read_lines(const std::string& text, std::vector<PipelineEvent>& events) {
  size_t from = 0;
  while (from < text.size()) {
    const size_t end = std::min(text.find('\n', from), text.size());
    const nlohmann::json json =
        nlohmann::json::parse(text.begin() + static_cast<std::ptrdiff_t>(from),
                              text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    from = end + 1;
    if (!json.is_object() || !json.contains("time_ms") || !json["time_ms"].is_number_integer() ||
        !json.contains("event") || !json["event"].is_string()) {
      continue;
    }
    const bool has_words = json.contains("message") && json["message"].is_string();
    events.push_back({Timestamp(json["time_ms"].get<int64_t>()), json["event"].get<std::string>(),
                      has_words ? json["message"].get<std::string>() : ""});
  }
}

}  // namespace

std::vector<PipelineEvent> EventLog::read(size_t most) {
  std::vector<PipelineEvent> events;
  for (const char* name : {kOld, kNew}) {
    const Result<std::string> text = env_.read_file(dir_ + name, kMostRead);
    if (text.ok()) read_lines(*text, events);
  }
  if (events.size() > most) {
    events.erase(events.begin(), events.end() - static_cast<std::ptrdiff_t>(most));
  }
  return events;
}

Status EventLog::open() {
  DF_RETURN_IF_ERROR(env_.create_dirs(dir_));
  DF_ASSIGN_OR_RETURN(file_, env_.open(dir_ + kNew, OpenMode::kReadWrite));
  DF_ASSIGN_OR_RETURN(end_, file_->size());
  if (end_ == 0) return {};
  // Behind a line that was torn begins another one.
  char last = 0;
  DF_RETURN_IF_ERROR(file_->read_at(end_ - 1, std::span(&last, 1)).status());
  if (last == '\n') return {};
  DF_RETURN_IF_ERROR(file_->write_at(end_, "\n"));
  ++end_;
  return {};
}

Status EventLog::append(const PipelineEvent& event) {
  if (file_ != nullptr && end_ >= kMostBytes) {
    file_.reset();
    DF_RETURN_IF_ERROR(env_.rename(dir_ + kNew, dir_ + kOld));
  }
  if (file_ == nullptr) {
    const Status opened = open();
    if (!opened.ok()) file_.reset();
    DF_RETURN_IF_ERROR(opened);
  }
  const std::string line = line_of(event);
  DF_RETURN_IF_ERROR(file_->write_at(end_, line));
  end_ += line.size();
  return {};
}

Status EventLog::move_to(const std::string& dir) {
  file_.reset();
  const std::string from = std::exchange(dir_, dir);
  return env_.exists(from) ? env_.rename(from, dir) : Status();
}

}  // namespace dataflow::jobs
