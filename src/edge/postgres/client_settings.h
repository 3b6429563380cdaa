// PostgreSQL's own settings of a session, as its clients set and ask for them: `SET name = value`,
// SHOW name, startup parameters. Most say only what is so; none reaches a query but TimeZone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dataflow::postgres {

class ClientSettings {
 public:
  ClientSettings();

  // Whether PostgreSQL's clients know such a setting; without regard to case, as everywhere here.
  static bool knows(std::string_view name);
  // As PostgreSQL writes it.
  static std::string spelled(std::string_view name);

  // 42704: there is none; 55P02: it cannot be changed; 22023: not to that.
  Status set(std::string_view name, std::string_view value);
  Status reset(std::string_view name);
  void reset_all();
  // What is so without being asked for, and what RESET goes back to.
  void set_default(std::string_view name, std::string_view value);

  std::optional<std::string> get(std::string_view name) const;
  // All of them, in the order of their names, as PostgreSQL writes them.
  std::vector<std::pair<std::string, std::string>> all() const;
  // Those of which a client is told, at the start and at each change; each once until it changes.
  std::vector<std::pair<std::string, std::string>> take_changed();

 private:
  std::map<std::string, std::string> values_;    // by the name in small letters
  std::map<std::string, std::string> defaults_;  // likewise
  std::map<std::string, std::string> told_;
};

}  // namespace dataflow::postgres
