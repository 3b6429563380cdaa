#include "sql_flush.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "sql/parser.h"

namespace dataflow::jobs {
namespace {

constexpr std::chrono::milliseconds kLook{10};
// How long a pipeline may take to be started, and how often it may fail meanwhile.
constexpr std::chrono::seconds kMostWait{30};
constexpr int kMostRestarts = 3;

// Where the topics that a view reads end now: by source and split.
using Ends = std::map<std::pair<std::string, std::string>, int64_t>;

Ends ends_of(const plan::Plan& plan, log::Log& log) {
  Ends ends;
  for (const plan::Node& node : plan.nodes) {
    const auto* source = std::get_if<plan::SourceSpec>(&node.spec);
    if (source == nullptr || source->connector != "log") continue;
    const std::optional<log::TopicInfo> topic = log.topic(source->options.at("topic"));
    for (int32_t i = 0; topic && i < topic->partitions; ++i) {
      const auto partition = log.partition(topic->name, PartitionIndex(i));
      if (partition == nullptr) continue;
      ends[{node.id, topic->name + "-" + std::to_string(i)}] = partition->last_stable().value();
    }
  }
  return ends;
}

bool has_reached(const engine::JobStatus& status, const Ends& ends) {
  return std::ranges::all_of(ends, [&](const auto& end) {
    const auto& [place, offset] = end;
    if (offset == 0) return true;
    const auto split = std::ranges::find_if(status.splits, [&](const engine::SplitStats& each) {
      return each.source == place.first && each.split == place.second;
    });
    if (split == status.splits.end()) return false;
    // One that ends where the topic ended when it began has all that it will ever have. A position
    // begins with the offset.
    return split->ended || std::strtoll(split->position.c_str(), nullptr, 10) >= offset;
  });
}

// Until the view's pipeline has read that far, and what came of it can be seen.
class Flush {
 public:
  Flush(SqlClient& client, const std::string& view)
      : client_(client), view_(view), pipeline_(pipeline_of_view(view)) {}

  Status run() {
    Pipelines& pipelines = client_.server.parts().pipelines;
    const Result<PipelineView> found = pipelines.describe(pipeline_);
    if (!found.ok()) {
      return Status::conflict("view `" + view_ +
                              "` is not kept up to date: it has no pipeline; "
                              "the next start of the server makes one");
    }
    const PipelineView& first = *found;
    restarts_ = restarts_of(first);
    began_ = std::chrono::steady_clock::now();
    const Ends ends = ends_of(*first.plan, client_.server.parts().log);
    while (true) {
      if (client_.cancelled) return cancelled_by_user();
      DF_ASSIGN_OR_RETURN(const PipelineView now, pipelines.describe(pipeline_));
      // Its sources have ended, and all that they gave is written.
      if (now.state == "finished") return {};
      DF_RETURN_IF_ERROR(goes_on(now));
      if (now.job && now.state == "running" && has_reached(*now.job, ends)) {
        const Status written = pipelines.checkpoint(pipeline_).status();
        DF_ASSIGN_OR_RETURN(const PipelineView then, pipelines.describe(pipeline_));
        // Of a job that began again in between nobody knows what the checkpoint was of. One that
        // is late or has failed is tried again, as long as the pipeline goes on.
        const bool same = then.job && restarts_of(then) == restarts_of(now);
        if (written.ok() && same) return {};
      }
      std::this_thread::sleep_for(kLook);
    }
  }

 private:
  static int restarts_of(const PipelineView& view) { return view.job ? view.job->restarts : 0; }

  // Whether there is something to wait for.
  Status goes_on(const PipelineView& now) const {
    const auto stands = [&](const std::string& what) {
      return Status::conflict("view `" + view_ + "` is not kept up to date: its pipeline " +
                              pipeline_ + " " + what +
                              (now.reason.empty() ? std::string() : " (" + now.reason + ")"));
    };
    if (restarts_of(now) >= restarts_ + kMostRestarts) return stands("fails again and again");
    if (now.state == "running" || now.state == "starting" || now.state == "restarting") return {};
    // The server starts its pipelines one after the other.
    if (now.desired == Desired::kRunning && now.state == "stopped") {
      if (std::chrono::steady_clock::now() - began_ < kMostWait) return {};
      return stands("has not been started yet");
    }
    return stands("is " + now.state + "; dataflow pipeline start " + pipeline_ + " lets it go on");
  }

  SqlClient& client_;
  const std::string view_;
  const std::string pipeline_;
  int restarts_ = 0;
  std::chrono::steady_clock::time_point began_;
};

Status flush_one(SqlClient& client, const std::string& view) { return Flush(client, view).run(); }

// Those that it reads come before it.
Status flush_all(SqlClient& client, const sql::Catalog& catalog, const std::string& view,
                 std::set<std::string>& done) {
  if (!done.insert(view).second) return {};
  for (const auto& [name, other] : catalog.views()) {
    if (other.kept == nullptr) continue;
    const std::vector<std::string> readers = catalog.dependents_of(name, false);
    if (std::find(readers.begin(), readers.end(), view) == readers.end()) continue;
    DF_RETURN_IF_ERROR(flush_all(client, catalog, name, done));
  }
  return flush_one(client, view);
}

}  // namespace

Status flush(SqlClient& client, const sql::Flush& statement, const sql::Catalog& catalog,
             const std::string& text) {
  std::set<std::string> done;
  if (!statement.name.parts.empty()) {
    DF_ASSIGN_OR_RETURN(const std::string name, sql::Catalog::plain_name(statement.name, text));
    const sql::View* const view = catalog.find_view(name);
    if (view == nullptr || view->kept == nullptr) {
      return sql::error_at(text, statement.name.place,
                           "there is no materialized view `" + name + "`");
    }
    return flush_all(client, catalog, view->name, done);
  }
  for (const auto& [name, view] : catalog.views()) {
    if (view.kept != nullptr) DF_RETURN_IF_ERROR(flush_all(client, catalog, name, done));
  }
  return {};
}

}  // namespace dataflow::jobs
