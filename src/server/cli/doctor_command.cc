// dataflow doctor
#include <CLI/CLI.hpp>

#include "base/config.h"
#include "cli/command_tree.h"
#include "cli/doctor.h"
#include "cli/exit_codes.h"
#include "cli/home_dir.h"
#include "cli/http_get.h"
#include "server_options.h"

namespace dataflow::cli {
namespace {

constexpr int64_t kAskMs = 2000;

// What the running server says of itself; null if none answers.
Document ask_server(Session& session, std::vector<Check>& checks) {
  Check check{"server"};
  Result<HttpEndpoint> http = find_http_endpoint(session.endpoint());
  if (!http.ok()) {
    checks.push_back({check.name, Finding::kProblem, http.status().message(), "correct it"});
    return nullptr;
  }
  const std::string where = http->address.to_string() + " (from " + http->origin + ")";
  Result<HttpAnswer> answer = http_get(http->address, "/status", kAskMs);
  Result<Document> page =
      answer.ok() ? parse_json(answer->body) : Result<Document>(answer.status());
  if (!page.ok() || page->find("kafka") == nullptr) {
    // A server that was named should be there; nobody has promised one at the default address.
    const bool named = http->origin != "the default";
    check.finding = named ? Finding::kProblem : Finding::kOk;
    check.found = "none answers at " + where;
    check.advice = named ? "start it, or name another with --server"
                         : "start one when you want it: dataflow emulator start --background";
    checks.push_back(check);
    return nullptr;
  }
  const Document* version = page->find("version");
  check.found =
      "DataFlow " + (version == nullptr ? "" : version->to_cell()) + " answers at " + where;
  checks.push_back(check);
  const Document* troubled = page->find("read_only_partitions");
  Check partitions{"partitions", Finding::kOk, "all of them take records", ""};
  if (troubled != nullptr && troubled->is_array() && !troubled->items().empty()) {
    partitions.finding = Finding::kProblem;
    partitions.found = plural(static_cast<int64_t>(troubled->items().size()), "partition") +
                       " refuse records: " + troubled->items().front().to_json();
    partitions.advice =
        "stop the server, then: dataflow log verify --data-dir DIR, and dataflow log repair";
  }
  checks.push_back(partitions);
  return *page;
}

bool listens_on(const Document& page, const std::string& what, const Address& address) {
  const Document* own = page.find(what);
  return own != nullptr && own->text() != nullptr && *own->text() == address.to_string();
}

Result<Config> load_config(const std::string& yaml) {
  DF_ASSIGN_OR_RETURN(Config config, Config::load(server::server_schema(),
                                                  server::server_sources(yaml, {}), posix_env()));
  DF_RETURN_IF_ERROR(server::server_settings(config).status());
  return config;
}

void check_machine(const Config* config, const std::string& data_dir, const Document& page,
                   std::vector<Check>& checks) {
  for (const std::string what : {"kafka", "http", "metrics"}) {
    if (config == nullptr) break;
    const Address address = config->get_address(what + ".listen");
    checks.push_back(check_port(what, address, listens_on(page, what, address)));
  }
  checks.push_back(
      check_disk_space(data_dir, config == nullptr ? 0 : config->get_bytes("log.reserve")));
  checks.push_back(check_file_system(data_dir));
  checks.push_back(check_sync_time(data_dir));
  checks.push_back(check_clock());
  checks.push_back(check_open_files());
  checks.push_back(check_memory());
}

std::string word_of(Finding finding) {
  switch (finding) {
    case Finding::kOk: return "ok";
    case Finding::kWarning: return "warning";
    case Finding::kProblem: return "problem";
  }
  return "";
}

void print_checks(Session& session, const std::vector<Check>& checks) {
  if (session.structured()) {
    Listing listing({{"check"}, {"result"}, {"found"}, {"advice"}});
    for (const Check& check : checks) {
      listing.add({check.name, word_of(check.finding), check.found,
                   check.advice.empty() ? Document() : Document(check.advice)});
    }
    print_listing(session.out(), session.format(), listing);
    return;
  }
  size_t width = 0;
  for (const Check& check : checks) width = std::max(width, check.name.size());
  for (const Check& check : checks) {
    const Colour colour = check.finding == Finding::kOk        ? Colour::kGreen
                          : check.finding == Finding::kWarning ? Colour::kYellow
                                                               : Colour::kRed;
    std::string word = word_of(check.finding);
    word.resize(9, ' ');
    session.out().write(coloured_out(colour, word) + check.name +
                        std::string(width - check.name.size() + 2, ' ') + check.found + "\n");
    if (!check.advice.empty())
      session.out().write(std::string(width + 11, ' ') + "→ " + check.advice + "\n");
  }
}

}  // namespace

Status run_doctor(Session& session, const Doctor& options) {
  std::vector<Check> checks;
  Result<Config> config = load_config(options.config);
  const std::string file =
      server::server_sources(options.config, {}).yaml_path.value_or("the defaults");
  checks.push_back({"configuration", config.ok() ? Finding::kOk : Finding::kProblem,
                    config.ok() ? file + " and the environment" : config.status().message(),
                    config.ok() ? "" : "see each value and its origin: dataflow config print"});
  const Document page = ask_server(session, checks);
  std::string data_dir = options.data_dir;
  const Document* told = page.find("data_dir");
  if (data_dir.empty() && told != nullptr && told->text() != nullptr) data_dir = *told->text();
  if (data_dir.empty() && config.ok() &&
      config->origin("data_dir").layer != ConfigLayer::kDefault) {
    data_dir = config->get_string("data_dir");
  }
  if (data_dir.empty()) data_dir = emulator_place().default_data_dir;
  check_machine(config.ok() ? &*config : nullptr, absolute_path(data_dir), page, checks);
  print_checks(session, checks);
  int64_t problems = 0;
  int64_t warnings = 0;
  for (const Check& check : checks) {
    problems += check.finding == Finding::kProblem ? 1 : 0;
    warnings += check.finding == Finding::kWarning ? 1 : 0;
  }
  session.out().flush();
  if (problems > 0) {
    return with_exit_code(
        Status::internal(plural(problems, "problem") + " and " + plural(warnings, "warning")),
        ExitCode::kFailed);
  }
  session.note(warnings > 0 ? "no problem, " + plural(warnings, "warning")
                            : "everything looks well");
  return {};
}

void add_doctor_command(CommandTree& tree) {
  CLI::App& command =
      add_command(*tree.root, "doctor", "check this machine and the server, and say what to do",
                  {"dataflow doctor", "dataflow doctor --data-dir /var/lib/dataflow",
                   "dataflow doctor --config dataflow.yaml -o json"});
  auto options = std::make_shared<Doctor>();
  command.add_option("--config", options->config, "the server's YAML file")->type_name("FILE");
  command
      .add_option("--data-dir", options->data_dir,
                  "look at the disk of this folder (default: the server's,\nelse the emulator's)")
      ->type_name("DIR");
  set_action(tree, command, [options](Session& session) { return run_doctor(session, *options); });
}

}  // namespace dataflow::cli
