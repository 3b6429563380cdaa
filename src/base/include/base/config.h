// Configuration: options are declared once, and from the declaration come the YAML key, the flag,
// the environment name, the check of the value and the reference page. A flag wins over the
// environment, that over the YAML file, that over the default; each value knows where it came from.
// What is not declared is refused by name, with its place and the nearest declared one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/env.h"
#include "base/status.h"
#include "base/units.h"

namespace dataflow {

enum class OptionType : uint8_t {
  kBool,
  kInt,
  kBytes,     // int64 bytes; "64MiB"
  kDuration,  // int64 milliseconds; "5s"
  kDouble,
  kString,
  kEnum,
  kAddress,  // host:port
};

// Texts for values are written as a user writes them.
struct Option {
  std::string name;  // lower case with dots, also the path in YAML: "log.segment.bytes"
  OptionType type = OptionType::kString;
  std::string default_value;
  std::string doc;  // one line for the reference page
  std::string min;  // for numbers; sizes and durations start at 0 if it is empty
  std::string max;
  std::vector<std::string> choices;  // of kEnum
  bool changeable = false;           // at run time
  std::string flag;                  // empty: "--log-segment-bytes"
  std::string environment;           // empty: "DATAFLOW_LOG_SEGMENT_BYTES"
};

class ConfigSchema {
 public:
  // In the order of the reference page. Fills in flag and environment name.
  ConfigSchema& add(Option option);
  // A DATAFLOW_ name that somebody else reads (the command line's DATAFLOW_ENDPOINT).
  ConfigSchema& allow_environment(std::string name);

  // Whether the declarations are sound: names unique and well formed, none the beginning of
  // another, defaults and ranges valid. Config::load() asks it first.
  Status check() const;

  const std::vector<Option>& options() const { return options_; }
  const std::vector<std::string>& allowed_environment() const { return allowed_environment_; }
  const Option* find(std::string_view name) const;
  const Option* find_flag(std::string_view flag) const;  // with its dashes

 private:
  std::vector<Option> options_;
  std::vector<std::string> allowed_environment_;
};

enum class ConfigLayer : uint8_t { kDefault, kFile, kEnvironment, kFlag };

struct ConfigOrigin {
  ConfigLayer layer = ConfigLayer::kDefault;
  std::string place;  // "--data-dir", "DATAFLOW_DATA_DIR", "dataflow.yaml:12" or "default"
};

struct ConfigValue {
  std::variant<std::string, bool, int64_t, double> value;
  std::string text;  // in the form that is printed, and that reads as the same value
  ConfigOrigin origin;
};

struct ConfigSources {
  std::map<std::string, std::string> flags;        // by "--flag"
  std::map<std::string, std::string> environment;  // only names with DATAFLOW_ are looked at
  std::optional<std::string> yaml_path;
};

class Config {
 public:
  // On failure the message lists everything that is wrong, one problem a line.
  static Result<Config> load(const ConfigSchema& schema, const ConfigSources& sources, Env& env);

  // Asking for an option that was not declared, or as another type, is a bug and ends the process.
  bool get_bool(std::string_view name) const;
  int64_t get_int(std::string_view name) const;
  int64_t get_bytes(std::string_view name) const;
  int64_t get_duration_ms(std::string_view name) const;
  double get_double(std::string_view name) const;
  const std::string& get_string(std::string_view name) const;  // also of kEnum
  Address get_address(std::string_view name) const;
  const ConfigOrigin& origin(std::string_view name) const;

  struct Entry {
    Option option;
    ConfigValue value;
  };
  const std::vector<Entry>& entries() const { return entries_; }  // in the order of the schema

  // `config print`: aligned columns of name, value and origin, or a JSON array of objects.
  std::string to_table() const;
  std::string to_json() const;

 private:
  const Entry& entry(std::string_view name, OptionType type) const;

  std::vector<Entry> entries_;
};

// "--flag value", "--flag=value", and for a bool "--flag" alone. An unknown flag or a missing value
// is refused. What is no flag is refused too, so the caller takes out its commands and own flags
// first.
Result<std::map<std::string, std::string>> parse_flags(const ConfigSchema& schema,
                                                       std::span<const std::string> arguments);

// The DATAFLOW_ variables of an environment block such as ::environ.
std::map<std::string, std::string> dataflow_environment(const char* const* block);

// The value of one option from its text, checked for type and range.
Result<ConfigValue> parse_option_value(const Option& option, std::string_view text);

// docs/configuration.md.
std::string config_reference(const ConfigSchema& schema);

}  // namespace dataflow
