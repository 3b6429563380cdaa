#include "cli/consume.h"

#include <algorithm>
#include <optional>

#include "base/env.h"
#include "cli/exit_codes.h"
#include "cli/fetcher.h"
#include "cli/group_member.h"
#include "cli/interrupt.h"
#include "cli/moment.h"
#include "cli/record_format.h"
#include "cli/topic_offsets.h"

namespace dataflow::cli {
namespace {

constexpr int64_t kCommitNanos = 1'000'000'000;
// So large a number is rather a time in ms since 1970 than an offset.
constexpr int64_t kLikelyMoment = 1'000'000'000'000;
constexpr const char* kPlainFormat = "%v\n";
constexpr const char* kWideFormat = "%t/%p@%o\t%T\t%k\t%v\n";

class Consumer {
 public:
  Consumer(Session& session, const Consume& options) : session_(session), options_(options) {}

  Status prepare();
  Status run();

 private:
  Status start_alone();
  Status start_in_group();
  Status read_until_done();
  Status step(bool& done);
  Status tend_group();
  // Commits what has been written out, when that is due or has to be.
  Status commit(bool now);
  bool write(int32_t partition, const Record& record);
  void note_waiting();
  void note_missing_offset(const std::map<int32_t, int64_t>& positions);
  bool done() const { return options_.max_messages >= 0 && count_ >= options_.max_messages; }

  Session& session_;
  const Consume& options_;
  StartPoint start_;
  RecordFormat format_;
  FetcherOptions how_;
  std::unique_ptr<KafkaCluster> cluster_;
  TopicPlace topic_;
  std::optional<Fetcher> fetcher_;
  std::optional<GroupMember> member_;
  std::map<int32_t, int64_t> committed_;
  int64_t last_commit_ = 0;
  int64_t count_ = 0;
  bool told_waiting_ = false;
  // Unless the user says how an event is to be written, its bytes do not drive the terminal.
  bool on_terminal_ = false;
  std::string line_;
};

Status Consumer::prepare() {
  if (options_.exit_at_end && options_.follow)
    return usage_error("give either --exit or --follow, not both");
  if (!options_.group.empty() && !options_.partitions.empty()) {
    return usage_error(
        "--partition and --group exclude each other: a group shares the partitions out itself");
  }
  if (options_.has_format && session_.structured()) {
    return usage_error("--format and -o json or yaml exclude each other");
  }
  if (options_.isolation != "read_committed" && options_.isolation != "read_uncommitted") {
    return usage_error("--isolation " + options_.isolation +
                       ": it is read_committed or read_uncommitted");
  }
  how_.read_committed = options_.isolation == "read_committed";
  const std::string from = options_.from.empty() ? "earliest" : options_.from;
  DF_ASSIGN_OR_RETURN(start_, parse_start_point(from, posix_env().now().value()));
  const std::string format = options_.has_format ? options_.format
                             : session_.wide()   ? kWideFormat
                                                 : kPlainFormat;
  DF_ASSIGN_OR_RETURN(format_, RecordFormat::parse(format));
  on_terminal_ = !options_.has_format && stdout_is_terminal();
  return {};
}

Status Consumer::start_alone() {
  TopicPlace read = topic_;
  if (!options_.partitions.empty()) {
    for (const int32_t wanted : options_.partitions) {
      if (topic_.find(wanted) != nullptr) continue;
      return Status::not_found("stream \"" + topic_.name + "\" has no partition " +
                               std::to_string(wanted) + ": it has " +
                               std::to_string(topic_.partitions.size()) + ", numbered from 0");
    }
    std::erase_if(read.partitions, [&](const PartitionPlace& p) {
      return std::find(options_.partitions.begin(), options_.partitions.end(), p.index) ==
             options_.partitions.end();
    });
  }
  DF_ASSIGN_OR_RETURN(auto positions, resolve_start(*cluster_, read, start_));
  note_missing_offset(positions);
  fetcher_->assign(positions);
  return {};
}

void Consumer::note_missing_offset(const std::map<int32_t, int64_t>& positions) {
  if (start_.kind != StartPoint::Kind::kOffset) return;
  for (const auto& [partition, offset] : positions) {
    if (offset >= start_.value) return;
  }
  const std::string offset = std::to_string(start_.value);
  session_.note("no partition has offset " + offset + " yet: reading from the end" +
                (start_.value >= kLikelyMoment ? "; for a time write --from @" + offset : ""));
}

Status Consumer::start_in_group() {
  DF_RETURN_IF_ERROR(member_->join());
  DF_ASSIGN_OR_RETURN(auto positions, member_->committed());
  committed_ = positions;
  TopicPlace fresh = topic_;
  std::erase_if(fresh.partitions, [&](const PartitionPlace& p) {
    const auto& mine = member_->partitions();
    return positions.contains(p.index) ||
           std::find(mine.begin(), mine.end(), p.index) == mine.end();
  });
  if (!fresh.partitions.empty()) {
    DF_ASSIGN_OR_RETURN(auto started, resolve_start(*cluster_, fresh, start_));
    positions.insert(started.begin(), started.end());
  }
  fetcher_->assign(positions);
  std::string mine;
  for (const int32_t partition : member_->partitions())
    mine += (mine.empty() ? "" : ", ") + std::to_string(partition);
  session_.note("joined group \"" + options_.group + "\"" +
                (mine.empty() ? ", which has no partition to spare for this member"
                              : ", reading " +
                                    std::string(member_->partitions().size() == 1 ? "partition "
                                                                                  : "partitions ") +
                                    mine));
  return {};
}

bool Consumer::write(int32_t partition, const Record& record) {
  line_.clear();
  if (session_.format() == OutputFormat::kJson) {
    line_ = record_document(topic_.name, partition, record).to_json() + "\n";
  } else if (session_.format() == OutputFormat::kYaml) {
    line_ = "---\n" + record_document(topic_.name, partition, record).to_yaml();
  } else {
    format_.append(line_, topic_.name, partition, record);
    if (on_terminal_) line_ = printable_lines(line_);
  }
  session_.out().write(line_);
  ++count_;
  return !done() && !interrupted() && !session_.out().closed();
}

Status Consumer::commit(bool now) {
  if (!member_ || options_.no_commit) return {};
  const int64_t time = posix_env().monotonic_nanos();
  if (!now && time - last_commit_ < kCommitNanos) return {};
  last_commit_ = time;
  std::map<int32_t, int64_t> moved;
  for (const auto& [partition, offset] : fetcher_->positions()) {
    auto known = committed_.find(partition);
    if (known == committed_.end() || known->second != offset) moved[partition] = offset;
  }
  if (moved.empty()) return {};
  DF_ASSIGN_OR_RETURN(bool taken, member_->commit(moved));
  if (taken) {
    for (const auto& [partition, offset] : moved) committed_[partition] = offset;
  }
  return {};
}

Status Consumer::tend_group() {
  if (!member_) return {};
  DF_ASSIGN_OR_RETURN(bool settled, member_->keep_alive());
  if (settled) return commit(false);
  DF_RETURN_IF_ERROR(commit(true));
  session_.note("group \"" + options_.group + "\" shares its partitions out anew");
  return start_in_group();
}

void Consumer::note_waiting() {
  if (told_waiting_ || !stdout_is_terminal()) return;
  told_waiting_ = true;
  session_.note(
      coloured_err(Colour::kDim, "at the end after " + plural(count_, "event") +
                                     "; waiting for more (Ctrl-C stops, --exit would stop here)"));
}

Status Consumer::step(bool& finished) {
  DF_RETURN_IF_ERROR(tend_group());
  const bool had_all = fetcher_->at_end();
  if (had_all && !fetcher_->positions().empty()) {
    finished = options_.exit_at_end;
    if (finished) return {};
    note_waiting();
  }
  if (fetcher_->positions().empty()) {
    finished = options_.exit_at_end;
    pause_for(100'000'000);
    return {};
  }
  Status polled = fetcher_->poll(
      !options_.exit_at_end || had_all,
      [this](int32_t partition, const Record& record) { return write(partition, record); });
  session_.out().flush();
  finished = done() || session_.out().closed() || !session_.out().status().ok();
  return polled;
}

Status Consumer::read_until_done() {
  bool finished = done();
  while (!finished) {
    DF_RETURN_IF_ERROR(check_interrupt());
    DF_RETURN_IF_ERROR(step(finished));
  }
  return check_interrupt();
}

Status Consumer::run() {
  DF_ASSIGN_OR_RETURN(cluster_, session_.connect());
  DF_ASSIGN_OR_RETURN(topic_, cluster_->topic(options_.stream));
  catch_interrupts();
  fetcher_.emplace(*cluster_, topic_, how_,
                   [this](const std::string& words) { session_.note(words); });
  if (!options_.group.empty()) member_.emplace(*cluster_, options_.group, options_.stream);
  Status status = member_ ? start_in_group() : start_alone();
  if (status.ok()) status = read_until_done();
  // Also after Ctrl-C and after a failure: what was written out has been consumed.
  session_.out().flush();
  Status kept = session_.out().closed() ? Status() : commit(true);
  if (member_) member_->leave();
  if (interrupted()) {
    session_.note("interrupted: consumed " + plural(count_, "event") + " from \"" + topic_.name +
                  "\"");
  }
  return status.ok() ? kept : status;
}

}  // namespace

Status consume(Session& session, const Consume& options) {
  Consumer consumer(session, options);
  DF_RETURN_IF_ERROR(consumer.prepare());
  return consumer.run();
}

}  // namespace dataflow::cli
