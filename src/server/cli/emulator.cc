#include "cli/emulator.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/env.h"
#include "base/units.h"
#include "cli/child_server.h"
#include "cli/exit_codes.h"
#include "cli/home_dir.h"
#include "cli/http_get.h"
#include "cli/interrupt.h"
#include "cli/proc_files.h"

namespace dataflow::cli {
namespace {

constexpr int64_t kStartMs = 120'000;
constexpr int64_t kStopMs = 60'000;
constexpr int64_t kAnswerMs = 1'000;
constexpr int64_t kLetGoMs = 10'000;

std::string data_dir_of(const EmulatorPlace& place) {
  Result<std::string> noted = posix_env().read_file(place.data_note, 4096);
  return noted.ok() && !noted->empty() ? *noted : place.default_data_dir;
}

Document emulator_document(const RunningEmulator& running, const EmulatorPlace& place) {
  Document object = Document::object();
  object.put("running", true);
  object.put("pid", running.pid);
  object.put("kafka", running.kafka);
  object.put("http", running.http);
  object.put("metrics", running.metrics);
  object.put("postgres", running.postgres);
  object.put("data_dir", data_dir_of(place));
  object.put("log", place.log_file);
  return object;
}

void print_emulator(Session& session, const RunningEmulator& running, const EmulatorPlace& place) {
  if (session.structured()) {
    print_document(session.out(), session.format(), emulator_document(running, place));
    return;
  }
  Facts facts;
  facts.add("kafka", running.kafka);
  facts.add("http", "http://" + running.http);
  facts.add("metrics", "http://" + running.metrics + "/metrics");
  facts.add("postgres", running.postgres);
  facts.add("data", data_dir_of(place));
  facts.add("log", place.log_file);
  facts.add("process", running.pid, CellKind::kNumber);
  session.out().write(facts.to_table(true));
}

// How psql gets there.
std::string psql_line(const std::string& address) {
  const Result<Address> at = parse_address(address);
  if (!at.ok()) return "psql";  // of a server that said nothing of it
  return "psql -h " + at->host + " -p " + std::to_string(at->port);
}

std::string advice(const RunningEmulator& running, bool any_port) {
  std::string text =
      "\nTry next:\n"
      "  dataflow stream create user-events --partitions 3\n"
      "  dataflow publish user-events '{\"user_id\":\"usr_1\",\"event\":\"login\"}'\n"
      "  dataflow consume user-events --exit\n";
  text += "Any Kafka client works as well, with bootstrap server " + running.kafka +
          ".\nSQL: dataflow sql, or any client of PostgreSQL: " + psql_line(running.postgres);
  if (any_port) text += "\nThese commands find this emulator by themselves.";
  return text;
}

std::vector<std::string> server_arguments(const EmulatorStart& options, const EmulatorPlace& place,
                                          const std::string& data_dir) {
  std::vector<std::string> out = {"server", "--data-dir", data_dir, "--ready-file",
                                  place.ready_file};
  if (options.any_port) {
    for (const char* flag :
         {"--kafka-listen", "--http-listen", "--metrics-listen", "--postgres-listen"}) {
      out.insert(out.end(), {flag, "127.0.0.1:0"});
    }
  }
  return out;
}

Status not_running() {
  return with_exit_code(
      Status::not_found("no emulator is running; start one:  dataflow emulator start --background"),
      ExitCode::kNotFoundOrConflict);
}

Status end_server(int pid, const EmulatorPlace& place) {
  // Between the check and the signal nothing else takes the pid: it is at most a moment old.
  kill(pid, SIGTERM);
  DF_ASSIGN_OR_RETURN(bool ended, await_process_end(pid, kStopMs));
  if (ended) return {};
  return Status::timed_out("the emulator (process " + std::to_string(pid) +
                           ") has not ended after " + std::to_string(kStopMs / 1000) + " s; see " +
                           place.log_file);
}

// One that was killed a moment ago (kill -9) still holds its lock and its ports. It answers nobody,
// and is waited for; one that answers runs.
Status let_go() {
  std::optional<int> pid = find_ending_emulator();
  if (std::optional<RunningEmulator> running = find_running_emulator()) {
    Result<Address> http = parse_address(running->http);
    if (!http.ok() || !http_get(*http, "/health", kAnswerMs).ok()) pid = running->pid;
  }
  if (!pid) return {};
  // Whether it ended: what follows looks again.
  return await_process_end(*pid, kLetGoMs).status();
}

// Until the server ends, or Ctrl-C ends it.
Status accompany(Session& session, int pid, const EmulatorPlace& place) {
  while (!interrupted()) {
    DF_ASSIGN_OR_RETURN(bool ended, await_process_end(pid, 1000));
    if (!ended) continue;
    int state = 0;
    waitpid(pid, &state, 0);
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0) {
      session.note("the emulator was stopped");
      return {};
    }
    return Status::internal("the server ended by itself; see " + place.log_file);
  }
  session.note("\nstopping …");
  DF_RETURN_IF_ERROR(end_server(pid, place));
  waitpid(pid, nullptr, 0);
  session.note("stopped; the data is kept in " + data_dir_of(place));
  return {};
}

std::string with_port_advice(const std::string& message) {
  const bool port = message.find("another process listens there already") != std::string::npos;
  return message + (port ? "\n  take free ports:       dataflow emulator start --any-port"
                           "\n  see who has the port:  dataflow doctor"
                         : "");
}

// What a server keeps in its data directory.
constexpr const char* kOwnEntries[] = {"log", "meta", "jobs", "savepoints", "format", "lock"};

// Removes what the server wrote there, and the folder if nothing else is in it (false if there is).
Result<bool> remove_data(Env& env, const std::string& data_dir) {
  {
    // Its lock is held while the data goes, so that no server starts in the middle of it.
    DF_ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock,
                        env.lock(data_dir + "/lock", "dataflow emulator purge"));
    for (const char* entry : kOwnEntries) {
      const std::string path = data_dir + "/" + entry;
      if (env.exists(path)) DF_RETURN_IF_ERROR(env.remove_tree(path));
    }
  }
  DF_ASSIGN_OR_RETURN(std::vector<DirEntry> rest, env.list_dir(data_dir));
  if (!rest.empty()) return false;
  DF_RETURN_IF_ERROR(env.remove_tree(data_dir));
  return true;
}

// The emulator's own notes, and their folder unless something is left in it: somebody's files, or
// the data of an emulator that ran without --data-dir.
Status remove_place(Env& env, const EmulatorPlace& place) {
  if (!env.exists(place.dir)) return {};
  for (const std::string& file : {place.data_note, place.ready_file, place.log_file}) {
    if (env.exists(file)) DF_RETURN_IF_ERROR(env.remove_file(file));
  }
  DF_ASSIGN_OR_RETURN(std::vector<DirEntry> rest, env.list_dir(place.dir));
  return rest.empty() ? env.remove_tree(place.dir) : Status();
}

Status say_removed(Session& session, const std::string& data_dir, bool emptied) {
  if (data_dir.empty()) {
    session.note("there is nothing to remove");
  } else {
    session.note("removed " + std::string(emptied ? data_dir : "DataFlow's data from " + data_dir));
    if (!emptied) session.note("what else is in that folder was left there");
  }
  if (session.structured()) {
    Document object = Document::object();
    object.put("removed", !data_dir.empty());
    object.put("data_dir", data_dir.empty() ? Document() : Document(data_dir));
    print_document(session.out(), session.format(), object);
  }
  return {};
}

}  // namespace

Status start_emulator(Session& session, const EmulatorStart& options) {
  const EmulatorPlace place = emulator_place();
  DF_RETURN_IF_ERROR(let_go());
  if (std::optional<RunningEmulator> running = find_running_emulator()) {
    print_emulator(session, *running, place);
    return with_exit_code(
        Status::conflict("an emulator is running already (process " + std::to_string(running->pid) +
                         "); stop it first:  dataflow emulator stop"),
        ExitCode::kNotFoundOrConflict);
  }
  DF_RETURN_IF_ERROR(posix_env().create_dirs(place.dir));
  const std::string data_dir =
      options.data_dir.empty() ? place.default_data_dir : absolute_path(options.data_dir);
  DF_RETURN_IF_ERROR(posix_env().write_file_durably(place.data_note, data_dir));
  catch_interrupts();
  ServerStart start;
  start.arguments = server_arguments(options, place, data_dir);
  start.ready_file = place.ready_file;
  start.log_file = place.log_file;
  start.detached = options.background;
  Result<int> pid = start_server_process(start, kStartMs);
  if (!pid.ok())
    return Status(pid.status().code(), with_port_advice(pid.status().message()),
                  pid.status().detail());
  std::optional<RunningEmulator> running = find_running_emulator();
  if (!running) return Status::internal("the server started and then ended; see " + place.log_file);
  session.note(std::string("DataFlow ") + DATAFLOW_VERSION + " is running" +
               (options.background ? " in the background" : "; Ctrl-C stops it"));
  print_emulator(session, *running, place);
  session.out().flush();
  session.note(advice(*running, options.any_port) +
               (options.background ? "\nStop it with: dataflow emulator stop" : ""));
  return options.background ? Status() : accompany(session, *pid, place);
}

Status stop_emulator(Session& session) {
  std::optional<RunningEmulator> running = find_running_emulator();
  if (!running) return not_running();
  const EmulatorPlace place = emulator_place();
  DF_RETURN_IF_ERROR(end_server(running->pid, place));
  session.note("stopped; the data is kept in " + data_dir_of(place));
  if (session.structured()) {
    Document object = Document::object();
    object.put("running", false);
    object.put("pid", running->pid);
    object.put("data_dir", data_dir_of(place));
    print_document(session.out(), session.format(), object);
  }
  return {};
}

Status show_emulator(Session& session) {
  std::optional<RunningEmulator> running = find_running_emulator();
  if (running) {
    print_emulator(session, *running, emulator_place());
    return {};
  }
  if (session.structured()) {
    Document object = Document::object();
    object.put("running", false);
    print_document(session.out(), session.format(), object);
  }
  return not_running();
}

Status purge_emulator(Session& session, bool yes) {
  if (std::optional<RunningEmulator> running = find_running_emulator()) {
    return with_exit_code(
        Status::conflict("the emulator is running (process " + std::to_string(running->pid) +
                         "); stop it first:  dataflow emulator stop"),
        ExitCode::kNotFoundOrConflict);
  }
  Env& env = posix_env();
  const EmulatorPlace place = emulator_place();
  const std::string data_dir = data_dir_of(place);
  if (!env.exists(place.dir) && !env.exists(data_dir)) {
    return say_removed(session, "", true);
  }
  // Somebody else's folder is never touched, whatever the note says.
  if (env.exists(data_dir) && data_dir != place.default_data_dir &&
      !env.exists(data_dir + "/format")) {
    return Status::conflict(
        data_dir + " does not look like DataFlow's data; remove it by hand if it is to go");
  }
  if (!yes) DF_RETURN_IF_ERROR(confirm("Remove the emulator's data in " + data_dir + "?"));
  bool emptied = true;
  if (env.exists(data_dir)) {
    DF_ASSIGN_OR_RETURN(emptied, remove_data(env, data_dir));
  }
  DF_RETURN_IF_ERROR(remove_place(env, place));
  return say_removed(session, data_dir, emptied);
}

}  // namespace dataflow::cli
