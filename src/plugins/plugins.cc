#include "plugins/plugins.h"

#include <algorithm>
#include <map>

#include "base/edit_distance.h"
#include "library.h"
#include "parts.h"

namespace dataflow::plugins {
namespace {

template <class Factory>
using ByName = std::map<std::string, Factory*>;

template <class Factory>
std::vector<std::string> names_of(const ByName<Factory>& by_name) {
  std::vector<std::string> names;
  for (const auto& [name, factory] : by_name) names.push_back(name);
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "`" : ", `") + name + "`";
  return all;
}

// What one plug-in adds.
class Added final : public abi::Registrar {
 public:
  void add_source(abi::Text name, abi::SourceFactory& factory) noexcept override {
    add(sources, "source", name, factory);
  }
  void add_sink(abi::Text name, abi::SinkFactory& factory) noexcept override {
    add(sinks, "sink", name, factory);
  }
  void add_operator(abi::Text name, abi::OperatorFactory& factory) noexcept override {
    add(operators, "operator", name, factory);
  }

  ByName<abi::SourceFactory> sources;
  ByName<abi::SinkFactory> sinks;
  ByName<abi::OperatorFactory> operators;
  Status problem;

 private:
  template <class Factory>
  void add(ByName<Factory>& to, const char* what, abi::Text text, Factory& factory) {
    const std::string name = from_abi(text);
    if (!problem.ok()) return;
    if (name.empty()) {
      problem = Status::invalid("has a " + std::string(what) + " without a name");
    } else if (!to.emplace(name, &factory).second) {
      problem = Status::invalid("has two " + std::string(what) + "s named `" + name + "`");
    }
  }
};

class LoadedPlugins final : public Plugins {
 public:
  LoadedPlugins(TimerQueue* timers, const TakenNames& taken) : timers_(timers) {
    for (const std::string& name : taken.sources) owners_["source `" + name + "`"] = "DataFlow";
    for (const std::string& name : taken.sinks) owners_["sink `" + name + "`"] = "DataFlow";
  }

  const std::vector<PluginInfo>& infos() const override { return infos_; }
  void add(const std::string& file, const abi::Plugin& plugin) override;
  void refuse(const std::string& file, const Status& status) {
    infos_.push_back({file});
    infos_.back().error = status.message();
  }

  Result<std::unique_ptr<engine::Source>> make_source(
      const plan::SourceSpec& spec, const engine::ConnectorContext& context) override {
    DF_ASSIGN_OR_RETURN(abi::SourceFactory * factory, find(sources_, "connector", spec.connector));
    return make_plugin_source(*factory, timers_, spec, context);
  }
  Result<std::unique_ptr<engine::Sink>> make_sink(
      const plan::SinkSpec& spec, const SchemaPtr& schema,
      const engine::ConnectorContext& context) override {
    DF_ASSIGN_OR_RETURN(abi::SinkFactory * factory, find(sinks_, "connector", spec.connector));
    return make_plugin_sink(*factory, spec, schema, context);
  }
  Result<std::unique_ptr<engine::Operator>> make_operator(
      const plan::CustomSpec& spec, const SchemaPtr& input,
      const engine::ConnectorContext& context) override {
    DF_ASSIGN_OR_RETURN(abi::OperatorFactory * factory, find(operators_, "operator", spec.name));
    return make_plugin_operator(*factory, spec, input, context);
  }
  Status describe_operator(plan::CustomSpec& spec, const Schema& input) override {
    DF_ASSIGN_OR_RETURN(abi::OperatorFactory * factory, find(operators_, "operator", spec.name));
    return describe_plugin_operator(*factory, spec, input);
  }
  std::vector<std::string> source_names() const override { return names_of(sources_); }
  std::vector<std::string> sink_names() const override { return names_of(sinks_); }

 private:
  Status use(const std::string& file, const abi::Plugin& plugin, PluginInfo& info);
  Status check_free(const std::string& what, const std::vector<std::string>& names) const;

  template <class Factory>
  Result<Factory*> find(const ByName<Factory>& in, const std::string& what,
                        const std::string& name) const {
    const auto found = in.find(name);
    if (found != in.end()) return found->second;
    const std::vector<std::string> names = names_of(in);
    std::string hint = suggestion(name, names);
    if (hint.empty()) {
      hint = names.empty() ? ": no plug-in that is loaded has one" : "; there is " + listed(names);
    }
    return Status::invalid("there is no " + what + " `" + name + "`" + hint);
  }

  TimerQueue* const timers_;
  std::vector<PluginInfo> infos_;
  ByName<abi::SourceFactory> sources_;
  ByName<abi::SinkFactory> sinks_;
  ByName<abi::OperatorFactory> operators_;
  std::map<std::string, std::string> owners_;  // of "source `name`", and of "plug-in `name`"
};

void LoadedPlugins::add(const std::string& file, const abi::Plugin& plugin) {
  PluginInfo info{file};
  const Status used = use(file, plugin, info);
  if (!used.ok()) info.error = used.message();
  infos_.push_back(std::move(info));
}

Status LoadedPlugins::check_free(const std::string& what,
                                 const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    const auto owner = owners_.find(what + " `" + name + "`");
    if (owner == owners_.end()) continue;
    return Status::conflict("its " + what + " `" + name + "` is there already, from " +
                            owner->second + "; take one of them away, or give it another name");
  }
  return {};
}

Status LoadedPlugins::use(const std::string& file, const abi::Plugin& plugin, PluginInfo& info) {
  DF_RETURN_IF_ERROR(check_fits(plugin));
  info.name = plugin.name;
  info.version = plugin.version;
  DF_RETURN_IF_ERROR(check_free("name", {info.name}));
  Added added;
  TextList error;
  if (!plugin.add_all(added, error)) return Status::invalid("cannot begin: " + error.words());
  DF_RETURN_IF_ERROR(added.problem);
  info.sources = names_of(added.sources);
  info.sinks = names_of(added.sinks);
  info.operators = names_of(added.operators);
  DF_RETURN_IF_ERROR(check_free("source", info.sources));
  DF_RETURN_IF_ERROR(check_free("sink", info.sinks));
  DF_RETURN_IF_ERROR(check_free("operator", info.operators));
  owners_["name `" + info.name + "`"] = file;
  for (const std::string& name : info.sources) owners_["source `" + name + "`"] = file;
  for (const std::string& name : info.sinks) owners_["sink `" + name + "`"] = file;
  for (const std::string& name : info.operators) owners_["operator `" + name + "`"] = file;
  sources_.merge(added.sources);
  sinks_.merge(added.sinks);
  operators_.merge(added.operators);
  return {};
}

}  // namespace

Result<std::unique_ptr<Plugins>> Plugins::load(Env& env, TimerQueue* timers,
                                               const std::string& folder, TakenNames taken) {
  auto made = std::make_unique<LoadedPlugins>(timers, taken);
  if (folder.empty() || !env.exists(folder)) return std::unique_ptr<Plugins>(std::move(made));
  Result<std::vector<DirEntry>> entries = env.list_dir(folder);
  if (!entries.ok()) return entries.status().with_context("the folder of plug-ins");
  std::vector<std::string> files;
  for (const DirEntry& entry : *entries) {
    if (entry.name.ends_with(".so")) files.push_back(entry.name);
  }
  std::ranges::sort(files);
  for (const std::string& file : files) {
    const Result<const abi::Plugin*> plugin = open_library(env, folder + "/" + file);
    if (plugin.ok()) {
      made->add(file, **plugin);
    } else {
      made->refuse(file, plugin.status());
    }
  }
  return std::unique_ptr<Plugins>(std::move(made));
}

}  // namespace dataflow::plugins
