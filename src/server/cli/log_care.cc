#include "cli/log_care.h"

#include <unistd.h>

#include "base/edit_distance.h"
#include "base/env.h"
#include "cli/exit_codes.h"
#include "data_dir.h"
#include "log/repair.h"

namespace dataflow::cli {
namespace {

using log::PartitionCheck;
using log::StoredPartition;

std::string name_of(const log::TopicPartition& name) {
  return name.topic + "/" + std::to_string(name.partition.value());
}

// The data directory, locked, with the partitions that were asked for.
struct OpenLog {
  server::DataDir data;
  std::vector<StoredPartition> partitions;
};

Status choose_partitions(const LogCare& options, std::vector<StoredPartition>& partitions) {
  if (options.partition && options.topic.empty()) return usage_error("--partition needs --topic");
  if (options.topic.empty()) return {};
  std::vector<std::string> names;
  for (const StoredPartition& p : partitions) names.push_back(p.name.topic);
  std::erase_if(partitions,
                [&](const StoredPartition& p) { return p.name.topic != options.topic; });
  if (partitions.empty()) {
    return Status::not_found("there is no stream \"" + options.topic + "\" in " + options.data_dir +
                             suggestion(options.topic, names));
  }
  if (!options.partition) return {};
  const size_t count = partitions.size();
  std::erase_if(partitions, [&](const StoredPartition& p) {
    return p.name.partition.value() != *options.partition;
  });
  if (!partitions.empty()) return {};
  return Status::not_found("stream \"" + options.topic + "\" has no partition " +
                           std::to_string(*options.partition) + ": it has " +
                           std::to_string(count));
}

Result<OpenLog> open_log(const LogCare& options, const std::string& doing) {
  Env& env = posix_env();
  if (!env.exists(options.data_dir + "/meta")) {
    return Status::not_found(
        options.data_dir + " holds no data of DataFlow; name the server's folder with --data-dir");
  }
  OpenLog open;
  Result<server::DataDir> data = server::open_data_dir(
      env, options.data_dir,
      "process " + std::to_string(getpid()) + " (dataflow log " + doing + ")");
  if (!data.ok()) {
    if (data.status().code() != StatusCode::kConflict) return data.status();
    return Status::conflict(
        data.status().message() +
        "\n  stop the server first: the log is looked at while nobody writes it");
  }
  open.data = std::move(*data);
  DF_ASSIGN_OR_RETURN(std::unique_ptr<meta::Store> store,
                      meta::Store::open(env, options.data_dir + "/meta"));
  DF_ASSIGN_OR_RETURN(open.partitions, log::stored_partitions(*store, options.data_dir + "/log"));
  DF_RETURN_IF_ERROR(store->close());
  DF_RETURN_IF_ERROR(choose_partitions(options, open.partitions));
  return open;
}

log::CheckProgress progress_of(ProgressLine& line, const std::string& doing,
                               const StoredPartition& partition) {
  return [&line, doing, name = name_of(partition.name)](uint64_t done, uint64_t total) {
    if (!line.due()) return;
    line.show(doing + " " + name + ": " + human_bytes(static_cast<int64_t>(done)) + " of " +
              human_bytes(static_cast<int64_t>(total)));
  };
}

// "offsets 12 to 14 (3)"
std::string lost_words(const log::DamagedRange& range) {
  const int64_t count = range.end - range.first;
  if (count == 0) return "no offset";
  const std::string first = std::to_string(range.first.value());
  if (count == 1) return "offset " + first;
  return "offsets " + first + " to " + std::to_string(range.end.value() - 1) + " (" +
         grouped(count) + ")";
}

Document damage_document(const PartitionCheck& check) {
  Document list = Document::array();
  for (const log::DamagedRange& range : check.damage) {
    Document item = Document::object();
    item.put("first_lost_offset", range.first.value());
    item.put("lost_offsets", range.end - range.first);
    item.put("file", range.file);
    item.put("position", range.position);
    item.put("bytes", range.bytes);
    item.put("why", range.what);
    if (!range.kept_in.empty()) item.put("kept_in", range.kept_in);
    list.push(std::move(item));
  }
  return list;
}

void print_checks(Session& session, const std::vector<PartitionCheck>& checks,
                  const std::string& bad) {
  if (session.structured()) {
    Document list = Document::array();
    for (const PartitionCheck& check : checks) {
      Document item = Document::object();
      item.put("stream", check.name.topic);
      item.put("partition", check.name.partition.value());
      item.put("result", check.damage.empty() ? "sound" : bad);
      item.put("bytes", check.bytes);
      item.put("batches", check.batches);
      item.put("records", check.records);
      item.put("first_offset", check.start.value());
      item.put("end_offset", check.end.value());
      item.put("torn_tail_bytes", check.torn_tail_bytes);
      item.put("damage", damage_document(check));
      list.push(std::move(item));
    }
    print_document(session.out(), session.format(), list);
    return;
  }
  Listing listing({{"stream"},
                   {"partition", CellKind::kNumber},
                   {"result"},
                   {"size", CellKind::kBytes},
                   {"batches", CellKind::kNumber},
                   {"records", CellKind::kNumber},
                   {"first_offset", CellKind::kNumber, true},
                   {"end_offset", CellKind::kNumber, true}});
  for (const PartitionCheck& check : checks) {
    listing.add({check.name.topic, check.name.partition.value(),
                 check.damage.empty() ? "sound" : bad, check.bytes, check.batches, check.records,
                 check.start.value(), check.end.value()});
  }
  session.out().write(listing.to_table(session.wide()));
  for (const PartitionCheck& check : checks) {
    for (const log::DamagedRange& range : check.damage) {
      session.out().write("\n" + name_of(check.name) + ": " + lost_words(range) +
                          " lost: " + range.what + "\n  in " + range.file + ", " +
                          grouped(static_cast<int64_t>(range.bytes)) + " bytes at " +
                          std::to_string(range.position) + "\n");
      if (!range.kept_in.empty())
        session.out().write("  the damaged bytes are kept in " + range.kept_in + "\n");
    }
    if (check.torn_tail_bytes > 0) {
      session.out().write("\n" + name_of(check.name) + ": " +
                          human_bytes(static_cast<int64_t>(check.torn_tail_bytes)) +
                          " at the end were never acknowledged; the next start cuts them off\n");
    }
  }
}

int64_t damaged_count(const std::vector<PartitionCheck>& checks) {
  int64_t count = 0;
  for (const PartitionCheck& check : checks) count += check.damage.empty() ? 0 : 1;
  return count;
}

Result<std::vector<PartitionCheck>> check_all(const std::vector<StoredPartition>& partitions) {
  std::vector<PartitionCheck> checks;
  ProgressLine line;
  for (const StoredPartition& partition : partitions) {
    DF_ASSIGN_OR_RETURN(
        PartitionCheck check,
        log::check_partition(posix_env(), partition, progress_of(line, "verifying", partition)));
    checks.push_back(std::move(check));
  }
  return checks;
}

}  // namespace

Status verify_log(Session& session, const LogCare& options) {
  DF_ASSIGN_OR_RETURN(OpenLog open, open_log(options, "verify"));
  DF_ASSIGN_OR_RETURN(std::vector<PartitionCheck> checks, check_all(open.partitions));
  print_checks(session, checks, "damaged");
  session.out().flush();
  const int64_t damaged = damaged_count(checks);
  if (damaged == 0) {
    session.note("every batch of " + plural(static_cast<int64_t>(checks.size()), "partition") +
                 " is sound");
    return {};
  }
  return Status::corrupt(plural(damaged, "partition") + " of " + std::to_string(checks.size()) +
                         (damaged == 1 ? " is" : " are") +
                         " damaged; make it writable again, without the lost "
                         "records:\n  dataflow log repair --data-dir " +
                         options.data_dir);
}

Status repair_log(Session& session, const LogCare& options) {
  DF_ASSIGN_OR_RETURN(OpenLog open, open_log(options, "repair"));
  DF_ASSIGN_OR_RETURN(std::vector<PartitionCheck> checks, check_all(open.partitions));
  const int64_t damaged = damaged_count(checks);
  if (damaged == 0) {
    print_checks(session, checks, "damaged");
    session.note("nothing is damaged, nothing was changed");
    return {};
  }
  if (!options.yes) {
    for (const PartitionCheck& check : checks) {
      for (const log::DamagedRange& range : check.damage)
        say(name_of(check.name) + ": " + lost_words(range));
    }
    DF_RETURN_IF_ERROR(
        confirm("These are lost. Close the gaps with empty batches (a copy of the damaged bytes is "
                "kept)?"));
  }
  ProgressLine line;
  const std::string aside = options.data_dir + "/log/damaged";
  for (size_t i = 0; i < checks.size(); ++i) {
    if (checks[i].damage.empty()) continue;
    const StoredPartition& partition = open.partitions[i];
    DF_ASSIGN_OR_RETURN(checks[i],
                        log::repair_partition(posix_env(), partition, aside,
                                              progress_of(line, "repairing", partition)));
    DF_ASSIGN_OR_RETURN(PartitionCheck again, log::check_partition(posix_env(), partition, {}));
    if (!again.damage.empty()) {
      return Status::internal("repairing " + name_of(partition.name) +
                              " left damage behind; the copies are in " + aside);
    }
  }
  line.clear();
  print_checks(session, checks, "repaired");
  session.note("repaired " + plural(damaged, "partition") +
               "; start the server, it takes records again");
  return {};
}

}  // namespace dataflow::cli
