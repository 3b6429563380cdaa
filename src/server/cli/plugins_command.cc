// dataflow plugins
#include <CLI/CLI.hpp>

#include "cli/command_tree.h"
#include "cli/exit_codes.h"
#include "cli/http_get.h"
#include "load_plugins.h"

namespace dataflow::cli {
namespace {

Document list_of(const std::vector<std::string>& names) {
  Document list = Document::array();
  for (const std::string& name : names) list.push(name);
  return list;
}

// As /status has them.
Document document_of(const plugins::PluginInfo& info) {
  Document one = Document::object();
  one.put("file", info.file);
  one.put("name", info.name);
  one.put("version", info.version);
  one.put("sources", list_of(info.sources));
  one.put("sinks", list_of(info.sinks));
  one.put("operators", list_of(info.operators));
  if (!info.error.empty()) one.put("error", info.error);
  return one;
}

Result<Document> of_folder(const std::string& folder) {
  DF_ASSIGN_OR_RETURN(const std::string there, server::plugins_folder(posix_env(), folder, ""));
  DF_ASSIGN_OR_RETURN(const auto loaded, server::load_plugins(posix_env(), nullptr, there));
  Document list = Document::array();
  for (const plugins::PluginInfo& info : loaded->infos()) list.push(document_of(info));
  return list;
}

Result<Document> of_server(Session& session) {
  DF_ASSIGN_OR_RETURN(const HttpEndpoint http, find_http_endpoint(session.endpoint()));
  const Result<HttpAnswer> answer = http_get(http.address, "/status", session.timeout_ms());
  if (!answer.ok()) return no_answer(http, answer.status());
  const Result<Document> page = parse_json(answer->body);
  const Document* const list = page.ok() ? page->find("plugins") : nullptr;
  if (answer->status != 200 || list == nullptr || !list->is_array()) {
    return Status::internal("the server at " + http.address.to_string() +
                            " answered /status without its plug-ins");
  }
  return *list;
}

std::string names_in(const Document& plugin, const char* member) {
  std::string all;
  const Document* const list = plugin.find(member);
  if (list == nullptr || !list->is_array()) return all;
  for (const Document& name : list->items()) all += (all.empty() ? "" : ", ") + name.to_cell();
  return all;
}

void print_table(Session& session, const Document& list) {
  Listing listing({{"file"}, {"name"}, {"version"}, {"sources"}, {"sinks"}, {"operators"}});
  std::string refused;
  for (const Document& one : list.items()) {
    const auto cell = [&](const char* member) {
      const Document* const found = one.find(member);
      return found == nullptr ? std::string() : found->to_cell();
    };
    if (one.find("error") != nullptr) {
      refused += printable(cell("file")) + " is not used: " + printable(cell("error")) + "\n";
      continue;
    }
    listing.add({cell("file"), cell("name"), cell("version"), names_in(one, "sources"),
                 names_in(one, "sinks"), names_in(one, "operators")});
  }
  session.out().write(listing.to_table(session.wide()) + (refused.empty() ? "" : "\n" + refused));
}

}  // namespace

void add_plugins_command(CommandTree& tree) {
  CLI::App& command =
      add_command(*tree.root, "plugins", "list the plug-ins, and why one is not used",
                  {"dataflow plugins                       of the server",
                   "dataflow plugins --plugins-dir build   of a folder, tried in this process",
                   "dataflow plugins -o json"});
  auto folder = std::make_shared<std::string>();
  command.add_option("--plugins-dir", *folder, "try the plug-ins of this folder, without a server")
      ->type_name("DIR");
  set_action(tree, command, [folder](Session& session) -> Status {
    DF_ASSIGN_OR_RETURN(const Document list,
                        folder->empty() ? of_server(session) : of_folder(*folder));
    if (session.structured()) {
      print_document(session.out(), session.format(), list);
    } else {
      print_table(session, list);
    }
    return {};
  });
}

}  // namespace dataflow::cli
