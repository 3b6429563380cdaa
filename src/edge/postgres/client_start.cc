// Client: from the first packet to a session.
#include <algorithm>

#include "client.h"
#include "word_scanner.h"

namespace dataflow::postgres {
namespace {

constexpr int kMostRequests = 4;      // for encryption, before a client has to start
constexpr size_t kSecretBytes30 = 4;  // protocol 3.0 has room for no more
constexpr size_t kSecretBytes32 = 32;
constexpr uint32_t kMinor = 0xFFFF;
constexpr uint32_t kMinor32 = 2;

// There never was a 3.1.
uint32_t agreed_version(uint32_t asked) {
  return (asked & kMinor) >= kMinor32 ? kProtocol32 : kProtocol30;
}

bool says_no(std::string_view value) {
  return value.empty() || value == "false" || value == "off" || value == "no" || value == "0";
}

}  // namespace

bool Client::begin() {
  for (int i = 0; i < kMostRequests; ++i) {
    const Result<std::optional<std::string_view>> packet = reader_.startup();
    if (!packet.ok()) {
      if (packet.status().code() == StatusCode::kCorrupt) {
        return fatal("08P01", packet.status().message());
      }
      return false;
    }
    if (!*packet) return false;
    const Result<StartupPacket> read = read_startup(**packet);
    if (!read.ok()) {
      const bool unsupported = read.status().code() == StatusCode::kUnsupported;
      return fatal(unsupported ? "0A000" : "08P01", read.status().message());
    }
    switch (read->kind) {
      case StartupKind::kStart: return start_session(*read);
      case StartupKind::kCancel: around_.keys.cancel(read->process, read->key); return false;
      default:
        out_ += 'N';  // no encryption; the client goes on without, or goes
        flush();
    }
  }
  return fatal("08P01", "a startup packet was expected");
}

bool Client::start_session(const StartupPacket& packet) {
  const uint32_t version = agreed_version(packet.version);
  std::vector<std::string> unknown;
  for (const auto& [name, value] : packet.parameters) {
    if (name.starts_with("_pq_.")) unknown.emplace_back(name);
  }
  session_ = around_.service.open_session();
  key_ = around_.keys.enter(*session_, told_to_end_,
                            version == kProtocol32 ? kSecretBytes32 : kSecretBytes30);
  if (!key_) return fatal("53300", "sorry, too many clients already");
  process_ = key_->process;
  if (gone_) return false;
  if (version != packet.version || !unknown.empty()) writer_.negotiate_protocol(version, unknown);
  if (!apply_parameters(packet)) return false;
  writer_.authentication_ok();
  for (const auto& [name, value] : settings_.take_changed()) writer_.parameter_status(name, value);
  writer_.backend_key(key_->process, key_->secret);
  wire_.session_began();
  ready();
  return true;
}

bool Client::apply_parameters(const StartupPacket& packet) {
  bool user = false;
  for (const auto& [name, value] : packet.parameters) {
    if (name == "user") {
      user = !value.empty();
      settings_.set_default("session_authorization", value);
    } else if (name == "replication") {
      if (!says_no(value)) return fatal("0A000", "replication connections are not supported");
    } else if (name == "options") {
      if (!apply_options(value)) return false;
    } else if (name != "database" && !name.starts_with("_pq_.")) {
      if (!apply_startup(name, value)) return false;
    }
  }
  return user || fatal("28000", "no user name specified in startup packet");
}

// "-c name=value --name=value": as the server's own command line would have them. A backslash is
// in front of a blank that is part of a value.
bool Client::apply_options(std::string_view options) {
  std::vector<std::string> words(1);
  for (size_t i = 0; i < options.size(); ++i) {
    if (options[i] == '\\' && i + 1 < options.size()) {
      words.back() += options[++i];
    } else if (options[i] != ' ') {
      words.back() += options[i];
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  for (size_t i = 0; i < words.size(); ++i) {
    std::string word = words[i];
    if (word == "-c" && i + 1 < words.size()) {
      word = words[++i];
    } else if (word.starts_with("-c") || word.starts_with("--")) {
      word.erase(0, 2);
    } else {
      continue;
    }
    const size_t sign = word.find('=');
    if (sign == std::string::npos) continue;
    std::string name = word.substr(0, sign);
    std::replace(name.begin(), name.end(), '-', '_');
    if (!apply_startup(name, word.substr(sign + 1))) return false;
  }
  return true;
}

// What nobody here knows is passed over: drivers set what newer servers have.
bool Client::apply_startup(std::string_view name, std::string_view value) {
  if (!ClientSettings::knows(name)) return true;
  const std::string spelled = ClientSettings::spelled(name);
  // A driver sends its machine's zone unasked: one that is not known here is UTC.
  const Status set = set_value(spelled, std::string(value));
  if (!set.ok()) {
    if (spelled == "TimeZone") return true;
    return fatal(error_fields(set, Stage::kExecute, {}).sqlstate.c_str(), set.message());
  }
  settings_.set_default(spelled, settings_.get(spelled).value_or(std::string()));
  return true;
}

}  // namespace dataflow::postgres
