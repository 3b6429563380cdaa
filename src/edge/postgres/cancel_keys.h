// Which session a cancel request means: each has a number and a secret that only its client knows.
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "jobs/sql_session.h"

namespace dataflow::postgres {

class CancelKeys {
 public:
  CancelKeys(Env& env, size_t most) : env_(env), most_(most) {}

  struct Key {
    uint32_t process = 0;
    std::string secret;
  };
  // The session stays until leave(), and so does `told`, which says that it is to end. None: there
  // are as many as there may be.
  std::optional<Key> enter(jobs::SqlSession& session, std::atomic<bool>& told, size_t secret_bytes);
  void leave(uint32_t process);
  // What the session does now ends. Nothing happens where number and secret do not fit.
  void cancel(uint32_t process, std::string_view secret);
  // Of the server's own accord, and for good.
  void close(uint32_t process);
  void close_all();

 private:
  struct Entry {
    std::string secret;
    jobs::SqlSession* session;
    std::atomic<bool>* told;
  };
  Env& env_;
  const size_t most_;
  std::mutex mutex_;
  uint32_t last_ = 0;
  std::map<uint32_t, Entry> entries_;
};

}  // namespace dataflow::postgres
