#include "base/config.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "base/edit_distance.h"
#include "config_yaml.h"

namespace dataflow {
namespace {

constexpr uint64_t kLargestYaml = 1 << 20;
constexpr std::string_view kEnvironmentPrefix = "DATAFLOW_";

std::string derived_flag(const std::string& name) {
  std::string flag = "--" + name;
  std::replace(flag.begin(), flag.end(), '.', '-');
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string derived_environment(const std::string& name) {
  std::string environment(kEnvironmentPrefix);
  for (char c : name) {
    const bool letter = c >= 'a' && c <= 'z';
    environment.push_back(letter ? static_cast<char>(c - 'a' + 'A') : c == '.' ? '_' : c);
  }
  return environment;
}

bool well_formed(const std::string& name) {
  if (name.empty() || name.front() == '.' || name.back() == '.') return false;
  if (name.find("..") != std::string::npos) return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._") == std::string::npos;
}

Result<double> as_number(OptionType type, std::string_view text) {
  switch (type) {
    case OptionType::kDouble: return parse_double(text);
    case OptionType::kInt: {
      DF_ASSIGN_OR_RETURN(const int64_t number, parse_int(text));
      return static_cast<double>(number);
    }
    case OptionType::kBytes: {
      DF_ASSIGN_OR_RETURN(const int64_t number, parse_bytes(text));
      return static_cast<double>(number);
    }
    case OptionType::kDuration: {
      DF_ASSIGN_OR_RETURN(const int64_t number, parse_duration_ms(text));
      return static_cast<double>(number);
    }
    default: return Status::invalid("only numbers have a range");
  }
}

// Ranges are compared as doubles: no limit that anybody declares lies where those lose whole
// numbers.
Status check_range(const Option& option, double number, std::string_view text) {
  const bool counts = option.type == OptionType::kBytes || option.type == OptionType::kDuration;
  const std::string least = option.min.empty() && counts ? "0" : option.min;
  if (!least.empty()) {
    DF_ASSIGN_OR_RETURN(const double limit, as_number(option.type, least));
    if (number < limit) {
      return Status::invalid("\"" + std::string(text) + "\" is below the least value " + least);
    }
  }
  if (!option.max.empty()) {
    DF_ASSIGN_OR_RETURN(const double limit, as_number(option.type, option.max));
    if (number > limit) {
      return Status::invalid("\"" + std::string(text) + "\" is above the greatest value " +
                             option.max);
    }
  }
  return {};
}

Result<ConfigValue> parse_whole(const Option& option, std::string_view text) {
  const Result<int64_t> number = option.type == OptionType::kInt     ? parse_int(text)
                                 : option.type == OptionType::kBytes ? parse_bytes(text)
                                                                     : parse_duration_ms(text);
  if (!number.ok()) return number.status();
  DF_RETURN_IF_ERROR(check_range(option, static_cast<double>(*number), text));
  const std::string printed = option.type == OptionType::kInt     ? std::to_string(*number)
                              : option.type == OptionType::kBytes ? format_bytes(*number)
                                                                  : format_duration_ms(*number);
  return ConfigValue{*number, printed, {}};
}

Result<ConfigValue> parse_choice(const Option& option, std::string_view text) {
  const auto& choices = option.choices;
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) {
    return ConfigValue{std::string(text), std::string(text), {}};
  }
  std::string all;
  for (const std::string& choice : choices) all += (all.empty() ? "" : ", ") + choice;
  return Status::invalid("\"" + std::string(text) + "\" is none of " + all +
                         suggestion(text, choices));
}

[[noreturn]] void stop_on_bug(std::string_view name, const char* problem) {
  std::fprintf(stderr, "configuration: option %.*s %s\n", static_cast<int>(name.size()),
               name.data(), problem);
  std::abort();
}

}  // namespace

Result<ConfigValue> parse_option_value(const Option& option, std::string_view text) {
  switch (option.type) {
    case OptionType::kBool: {
      DF_ASSIGN_OR_RETURN(const bool value, parse_bool(text));
      return ConfigValue{value, value ? "true" : "false", {}};
    }
    case OptionType::kInt:
    case OptionType::kBytes:
    case OptionType::kDuration: return parse_whole(option, text);
    case OptionType::kDouble: {
      DF_ASSIGN_OR_RETURN(const double value, parse_double(text));
      DF_RETURN_IF_ERROR(check_range(option, value, text));
      return ConfigValue{value, std::string(text), {}};
    }
    case OptionType::kString: return ConfigValue{std::string(text), std::string(text), {}};
    case OptionType::kEnum: return parse_choice(option, text);
    case OptionType::kAddress: {
      DF_ASSIGN_OR_RETURN(const Address address, parse_address(text));
      return ConfigValue{address.to_string(), address.to_string(), {}};
    }
  }
  return Status::internal("unknown type of option " + option.name);
}

ConfigSchema& ConfigSchema::add(Option option) {
  if (option.flag.empty()) option.flag = derived_flag(option.name);
  if (option.environment.empty()) option.environment = derived_environment(option.name);
  options_.push_back(std::move(option));
  return *this;
}

ConfigSchema& ConfigSchema::allow_environment(std::string name) {
  allowed_environment_.push_back(std::move(name));
  return *this;
}

const Option* ConfigSchema::find(std::string_view name) const {
  const auto found = std::find_if(options_.begin(), options_.end(),
                                  [&](const Option& option) { return option.name == name; });
  return found == options_.end() ? nullptr : &*found;
}

const Option* ConfigSchema::find_flag(std::string_view flag) const {
  const auto found = std::find_if(options_.begin(), options_.end(),
                                  [&](const Option& option) { return option.flag == flag; });
  return found == options_.end() ? nullptr : &*found;
}

Status ConfigSchema::check() const {
  std::set<std::string> taken;
  for (const Option& option : options_) {
    const auto bad = [&](const std::string& problem) {
      return Status::internal("declaring the option " + option.name + ": " + problem);
    };
    if (!well_formed(option.name)) return bad("the name is not lower case with dots");
    for (const std::string& name : {option.name, option.flag, option.environment}) {
      if (!taken.insert(name).second) return bad(name + " is taken by another option");
    }
    if (option.environment.rfind(kEnvironmentPrefix, 0) != 0) {
      return bad(option.environment + " does not begin with " + std::string(kEnvironmentPrefix));
    }
    if (option.doc.empty() || option.doc.find('\n') != std::string::npos) {
      return bad("it needs one line of documentation");
    }
    for (const std::string& limit : {option.min, option.max}) {
      if (!limit.empty() && !as_number(option.type, limit).ok()) return bad("limit " + limit);
    }
    const Status status = parse_option_value(option, option.default_value).status();
    if (!status.ok()) return bad("its default: " + status.message());
    for (const Option& other : options_) {
      if (other.name.rfind(option.name + ".", 0) == 0) return bad("also begins " + other.name);
    }
  }
  return {};
}

namespace {

// Collects values and problems of all layers, the weakest first.
class Loader {
 public:
  explicit Loader(const ConfigSchema& schema) : schema_(schema) {}

  void take(const Option& option, const std::string& text, ConfigOrigin origin) {
    Result<ConfigValue> value = parse_option_value(option, text);
    if (!value.ok()) {
      const bool placed = origin.layer == ConfigLayer::kFile;
      problem(origin.place + (placed ? ": " + option.name : "") + ": " + value.status().message());
      return;
    }
    value->origin = std::move(origin);
    values_[option.name] = std::move(value).value();
  }

  void problem(std::string text) { problems_.push_back(std::move(text)); }

  void take_file(const std::string& path, const std::vector<YamlEntry>& entries) {
    std::map<std::string, int> lines;
    std::vector<std::string> names;
    for (const Option& option : schema_.options()) names.push_back(option.name);
    for (const YamlEntry& entry : entries) {
      const std::string place = path + ":" + std::to_string(entry.line);
      const Option* option = schema_.find(entry.key);
      if (option == nullptr) {
        problem(place + ": unknown key \"" + entry.key + "\"" + suggestion(entry.key, names));
        continue;
      }
      const auto [first, is_first] = lines.emplace(entry.key, entry.line);
      if (!is_first) {
        problem(place + ": " + entry.key + " was already set in line " +
                std::to_string(first->second));
      } else if (!entry.has_value) {
        problem(place + ": " + entry.key + " needs one value");
      } else {
        take(*option, entry.text, {ConfigLayer::kFile, place});
      }
    }
  }

  void take_environment(const std::map<std::string, std::string>& environment) {
    std::vector<std::string> names = schema_.allowed_environment();
    const size_t others = names.size();
    for (const Option& option : schema_.options()) names.push_back(option.environment);
    for (const auto& [name, text] : environment) {
      if (name.rfind(kEnvironmentPrefix, 0) != 0) continue;
      const size_t index =
          static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
      if (index == names.size()) {
        problem("unknown environment variable " + name + suggestion(name, names));
      } else if (index >= others) {
        take(schema_.options()[index - others], text, {ConfigLayer::kEnvironment, name});
      }
    }
  }

  void take_flags(const std::map<std::string, std::string>& flags) {
    for (const auto& [flag, text] : flags) {
      const Option* option = schema_.find_flag(flag);
      if (option == nullptr) {
        problem(unknown_flag(flag));
      } else {
        take(*option, text, {ConfigLayer::kFlag, flag});
      }
    }
  }

  std::string unknown_flag(const std::string& flag) const {
    std::vector<std::string> names;
    for (const Option& option : schema_.options()) names.push_back(option.flag);
    return "unknown flag " + flag + suggestion(flag, names);
  }

  Status status() const {
    if (problems_.empty()) return {};
    std::string all;
    for (const std::string& each : problems_) all += (all.empty() ? "" : "\n") + each;
    return Status::invalid(std::move(all));
  }

  ConfigValue& value(const std::string& name) { return values_[name]; }

 private:
  const ConfigSchema& schema_;
  std::map<std::string, ConfigValue> values_;
  std::vector<std::string> problems_;
};

}  // namespace

Result<Config> Config::load(const ConfigSchema& schema, const ConfigSources& sources, Env& env) {
  DF_RETURN_IF_ERROR(schema.check());
  Loader loader(schema);
  for (const Option& option : schema.options()) {
    loader.take(option, option.default_value, {ConfigLayer::kDefault, "default"});
  }
  if (sources.yaml_path) {
    Result<std::string> text = env.read_file(*sources.yaml_path, kLargestYaml);
    if (!text.ok()) return text.status().with_context("reading the configuration");
    Result<std::vector<YamlEntry>> entries = flatten_yaml(*sources.yaml_path, *text);
    if (entries.ok()) {
      loader.take_file(*sources.yaml_path, *entries);
    } else {
      loader.problem(entries.status().message());
    }
  }
  loader.take_environment(sources.environment);
  loader.take_flags(sources.flags);
  DF_RETURN_IF_ERROR(loader.status());
  Config config;
  for (const Option& option : schema.options()) {
    config.entries_.push_back({option, std::move(loader.value(option.name))});
  }
  return config;
}

const Config::Entry& Config::entry(std::string_view name, OptionType type) const {
  for (const Entry& each : entries_) {
    if (each.option.name != name) continue;
    if (each.option.type != type) stop_on_bug(name, "was asked for as another type");
    return each;
  }
  stop_on_bug(name, "was asked for but not declared");
}

bool Config::get_bool(std::string_view name) const {
  return std::get<bool>(entry(name, OptionType::kBool).value.value);
}

int64_t Config::get_int(std::string_view name) const {
  return std::get<int64_t>(entry(name, OptionType::kInt).value.value);
}

int64_t Config::get_bytes(std::string_view name) const {
  return std::get<int64_t>(entry(name, OptionType::kBytes).value.value);
}

int64_t Config::get_duration_ms(std::string_view name) const {
  return std::get<int64_t>(entry(name, OptionType::kDuration).value.value);
}

double Config::get_double(std::string_view name) const {
  return std::get<double>(entry(name, OptionType::kDouble).value.value);
}

const std::string& Config::get_string(std::string_view name) const {
  for (const Entry& each : entries_) {
    if (each.option.name == name && each.option.type == OptionType::kEnum) {
      return std::get<std::string>(each.value.value);
    }
  }
  return std::get<std::string>(entry(name, OptionType::kString).value.value);
}

Address Config::get_address(std::string_view name) const {
  // It was parsed when it was loaded.
  return *parse_address(std::get<std::string>(entry(name, OptionType::kAddress).value.value));
}

const ConfigOrigin& Config::origin(std::string_view name) const {
  for (const Entry& each : entries_) {
    if (each.option.name == name) return each.value.origin;
  }
  stop_on_bug(name, "was asked for but not declared");
}

Result<std::map<std::string, std::string>> parse_flags(const ConfigSchema& schema,
                                                       std::span<const std::string> arguments) {
  std::map<std::string, std::string> flags;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument.rfind("--", 0) != 0) {
      return Status::invalid("unexpected argument \"" + argument + "\"; flags begin with --");
    }
    const size_t equals = argument.find('=');
    const std::string flag = argument.substr(0, equals);
    const Option* option = schema.find_flag(flag);
    if (option == nullptr) return Status::invalid(Loader(schema).unknown_flag(flag));
    std::string value = "true";
    if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (option->type != OptionType::kBool) {
      if (++i == arguments.size()) return Status::invalid(flag + " needs a value");
      value = arguments[i];
    }
    if (!flags.emplace(flag, value).second) return Status::invalid(flag + " is given twice");
  }
  return flags;
}

std::map<std::string, std::string> dataflow_environment(const char* const* block) {
  std::map<std::string, std::string> environment;
  for (; *block != nullptr; ++block) {
    const std::string_view variable(*block);
    const size_t equals = variable.find('=');
    if (equals == std::string_view::npos || variable.rfind(kEnvironmentPrefix, 0) != 0) continue;
    environment.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return environment;
}

}  // namespace dataflow
